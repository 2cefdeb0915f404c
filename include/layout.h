/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layouts of the pinned counters that this program can read: its own and those of earlier
 * versions (PORT_ABI_VERSION), whose counters it carries over. Cells are found again by what they
 * count: each index of an earlier layout has its place in port_abi.h's index space, or counts
 * nothing. A slot is the same service in both, as the records are carried over with them.
 *
 * What all layouts have had in common so far is not written here: the cells (struct port_counter,
 * port_handshakes), the records, the state of a device, four cells a service, the order of
 * transports and directions. Whoever changes one of them adds it here, with what it was before.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdint.h>

#include "port_abi.h"

struct port_layout {
	uint32_t version;
	uint32_t buckets, unclassified, methods, suspicious, services; /* where each begins */
	uint32_t transport_cells;    /* of the unclassified, for each transport */
	const uint8_t *bucket_names; /* enum port_bucket, in the order of the cells */
	const uint8_t *method_names; /* enum port_method */
	uint32_t bucket_count, method_count;
};

#define LAYOUT_NO_INDEX UINT32_MAX

/* NULL: not known, as it is newer. */
const struct port_layout *layout_find(uint32_t version);
/* The cells of so many slots and all that is before them: a map's number of entries. */
uint32_t layout_end(const struct port_layout *layout, uint32_t slots);
/* Where port_abi.h has what that layout counts at this index, or LAYOUT_NO_INDEX. */
uint32_t layout_index(const struct port_layout *layout, uint32_t index);

#endif
