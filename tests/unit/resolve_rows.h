/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames as the rules see them, and what the rules make of them: one row or more for every rule,
 * for every two rules that could both apply, and for every end of a range that a rule names.
 */
#ifndef RESOLVE_ROWS_H
#define RESOLVE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_abi.h"

#define RESOLVE_VALUE(rank, slot) ((uint32_t)(rank) << PORT_VALUE_RANK_SHIFT | (slot))
#define RESOLVE_FIRM(rank, slot) (PORT_VALUE_FIRM | RESOLVE_VALUE(rank, slot))
#define RESOLVE_WEAK(rank, slot) (PORT_VALUE_WEAK | RESOLVE_VALUE(rank, slot))

/* What has been remembered: who serves, and that the port that rule 2 is about has clients. */
#define RESOLVE_SOURCE_SERVES 1U
#define RESOLVE_DESTINATION_SERVES 2U
#define RESOLVE_HAS_CLIENTS 4U

struct resolve_frame {
	enum port_transport transport;
	uint8_t flags; /* of TCP, or those that mean the same */
	uint16_t source_port, destination_port;
	uint32_t source, destination; /* the port table's values */
	unsigned int evidence;        /* RESOLVE_*_SERVES, RESOLVE_HAS_CLIENTS */
};

struct resolve_row {
	const char *desc;
	struct resolve_frame frame;
	uint32_t slot; /* 0: unclassified */
	enum port_direction direction;
	enum port_method method;
};

extern const struct resolve_row resolve_rows[];
extern const size_t resolve_rows_len;

#endif
