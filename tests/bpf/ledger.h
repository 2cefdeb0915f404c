/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of one program: every number that its maps hold, as a test expects it or as it was
 * read. A ledger is made of verdicts, or read from the maps; two of them are compared cell by cell,
 * so that a frame counted twice, elsewhere or not at all is seen. What is wrong fails an assertion
 * of cmocka.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "port_abi.h"
#include "reference.h"

struct bpf_object;

struct ledger {
	uint32_t cells, slots_end;
	bool has_ports;                     /* whether unclassified frames are counted by port */
	struct port_counter *counters;      /* PORT_INDEX_* */
	struct port_handshakes *handshakes; /* by slot */
	struct port_counter *ports;         /* PORT_UNCLASSIFIED_ENTRIES, all zero without */
	uint64_t frames, bytes;             /* what was added */
};

void ledger_init(struct ledger *ledger, uint32_t slots_end, bool has_ports);
/* A zeroed one is taken. */
void ledger_fini(struct ledger *ledger);

/* The cell for a verdict: of its service, or what is left where the counters have no room for it.
 */
uint32_t ledger_cell(const struct ledger *ledger, const struct ref_verdict *verdict);
/* Of so many frames alike, which have so many bytes together. */
void ledger_add(struct ledger *ledger, const struct ref_verdict *verdict, uint32_t packets,
		uint64_t bytes);

/* What the maps of a loaded program hold now, the CPUs' copies summed. */
void ledger_read(struct ledger *ledger, const struct bpf_object *object);

/* Returns the number of differences; prints each if it is loud. */
unsigned int ledger_compare(const struct ledger *expected, const struct ledger *found,
			    bool is_loud);
/* Takes over what was found, so that a difference is met once. */
void ledger_copy(struct ledger *ledger, const struct ledger *found);
/* The closed account: services and buckets together are what was added. */
void ledger_check_sums(const struct ledger *ledger);

#endif
