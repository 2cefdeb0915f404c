/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an audit has seen and been told: frames in, by flow, with the verdict on each; what
 * connection tracking knows of flows in; and in the end how often the two agree. Pure.
 *
 * Frames and knowledge may come in any order: they meet in a table of flows, each direction one of
 * its own, and are compared when all is there. Memory: 140 bytes for each direction of a flow that
 * was seen, or that began meanwhile; at most as many as the limit that the table is made with.
 * Frames of flows beyond are counted as such. A random key keeps anybody outside from choosing
 * addresses that make the table slow.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrack.h"
#include "port_abi.h"

#define AUDIT_FLOWS_MAX (1U << 19) /* 70 MiB at the most */

struct audit_tally;

/* NULL: out of memory. */
struct audit_tally *audit_tally_new(size_t limit);
void audit_tally_free(struct audit_tally *tally);
/* A frame with ports, and what was decided on it. */
void audit_tally_frame(struct audit_tally *tally, const struct conntrack_tuple *tuple,
		       enum port_method method, enum port_direction direction);
/* A frame without ports of its own, which cannot be compared. */
void audit_tally_portless(struct audit_tally *tally);
/*
 * A flow that connection tracking knows; of those that are not new, only what has been seen is
 * taken. What is told later of the same addresses and ports replaces what was told before.
 */
void audit_tally_learn(struct audit_tally *tally, const struct conntrack_flow *flow, bool is_new);

struct audit_share {
	uint64_t frames;
	uint64_t agree;
};

/* One side of a disagreement: a port, or several. */
struct audit_side {
	uint16_t port;  /* the lowest of them */
	uint32_t ports; /* how many different ones */
	uint32_t slot;  /* the service that all of them have; 0: none, or not the same */
};

/* What was counted for some ports and belongs to others, as connection tracking has it. */
struct audit_row {
	enum port_transport transport;
	struct audit_side counted;
	struct audit_side tracked;
	uint64_t frames;
	uint32_t flows;
};

/* frames = portless + beyond + untracked + midway + all.frames, the last by method. */
struct audit_sums {
	uint64_t frames;
	uint64_t portless;
	uint64_t beyond;    /* of flows that the table has no room for */
	uint64_t untracked; /* of flows that connection tracking did not tell of */
	uint64_t midway;    /* of TCP connections whose handshake it did not see */
	struct audit_share methods[PORT_METHODS];
	struct audit_share all;
	struct audit_row *rows; /* the most frames first */
	size_t count;
};

/* The values are those of the port table. 0 or -ENOMEM; audit_sums_fini() in any case. */
int audit_tally_sum(const struct audit_tally *tally, const uint32_t values[PORT_TABLE_ENTRIES],
		    struct audit_sums *sums);
void audit_sums_fini(struct audit_sums *sums);

#endif
