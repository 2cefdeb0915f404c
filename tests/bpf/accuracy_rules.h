/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rule sets that are compared. The kernel half's is made of the kernel's own text (bpf/parse.h,
 * resolve.h, endpoints.h), with the marks and the clients of firm ports kept as bpf/flow.h keeps
 * them; others leave a rule out, or have another in its place.
 */
#ifndef ACCURACY_RULES_H
#define ACCURACY_RULES_H

#include "accuracy.h"
#include "resolve.h"

typedef enum side (*accuracy_side_fn)(uint64_t words, uint64_t values);

struct accuracy_rules {
	const char *name;
	const char *about;
	uint8_t without;             /* ACCURACY_RULE() of those that are left out */
	accuracy_side_fn everything; /* in place of all rules, or NULL */
	accuracy_side_fn tcp;        /* in place of rules 4 to 6 for TCP, or NULL */
	accuracy_side_fn udp;        /* likewise for the others */
};

#define ACCURACY_RULE(number) (1U << (number))
#define ACCURACY_RULE_2_EXCEPTION ACCURACY_RULE(7) /* the clients of firm ports */

extern const struct accuracy_rules accuracy_rules[];
extern const size_t accuracy_rules_count;
/* Which of them is the kernel's. */
#define ACCURACY_RULES_KERNEL 3
#define ACCURACY_RULES_MAX 24

#define ACCURACY_CELLS_SHIFT 20 /* as by default */
#define ACCURACY_CELLS (1U << ACCURACY_CELLS_SHIFT)

/* The keys of the marks, for the kernel, too: so that it marks the same cells. */
extern const __u64 accuracy_keys[PORT_ENDPOINT_KEYS];

/* What a rule set remembers. */
struct accuracy_memory {
	uint8_t *cells;
	uint8_t clients[PORT_TRANSPORTS * PORT_FIRM_END];
};

void accuracy_memory_init(struct accuracy_memory *memory);
void accuracy_memory_clear(struct accuracy_memory *memory);
void accuracy_memory_fini(struct accuracy_memory *memory);

/* What is asked about a frame that has ports. */
struct accuracy_question {
	uint64_t words, values, hashes;
	uint64_t ticks;
	uint8_t flags;
};

/* False: the frame has no ports. */
bool accuracy_ask(const struct trace *trace, size_t packet, const struct porttable *table,
		  struct accuracy_question *question);
struct choice accuracy_answer(const struct accuracy_rules *rules, struct accuracy_memory *memory,
			      const struct accuracy_question *question);

#endif
