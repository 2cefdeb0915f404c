/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unclassified frames of TCP and UDP by port, of all devices together, at one moment. Pure, as
 * snapshot.h is.
 */
#ifndef UNCLASSIFIED_H
#define UNCLASSIFIED_H

#include <stdint.h>

#include "port_abi.h"

struct unclassified {
	struct port_counter *ports; /* index: PORT_TABLE_INDEX(transport, port) */
	uint8_t *methods; /* likewise: by which a port was chosen, 1 << enum port_method */
};

/* All counters 0. 0 or -ENOMEM. */
int unclassified_init(struct unclassified *unclassified);
void unclassified_fini(struct unclassified *unclassified);
void unclassified_copy(struct unclassified *to, const struct unclassified *from);
/* Sums the cells of indices first to first + count - 1: cpus cells each, one behind the other. */
void unclassified_fold(struct unclassified *unclassified, uint32_t first, uint32_t count,
		       const struct port_counter *per_cpu, unsigned int cpus);
/*
 * Into later: what was counted since earlier; all of it where the map has begun anew. The methods
 * stay those of all that was counted.
 */
void unclassified_subtract(struct unclassified *later, const struct unclassified *earlier);

#endif
