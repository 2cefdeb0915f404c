/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All rule sets over traces: how many packets each attributes to the port that the flow's first
 * packet addressed. And the tables of it on standard output, in Markdown, at most 100 columns wide.
 */
#ifndef ACCURACY_RUN_H
#define ACCURACY_RUN_H

#include "accuracy.h"
#include "accuracy_rules.h"

/* Which packets the agent sees. */
enum accuracy_view {
	ACCURACY_BOTH, /* as a gateway that counts on all its devices */
	ACCURACY_WAN,  /* those from outside only: of most flows the replies */
	ACCURACY_VIEWS,
};

struct accuracy_score {
	uint64_t right, total;
};

struct accuracy_results {
	struct accuracy_score scores[ACCURACY_VIEWS][ACCURACY_DATABASES][ACCURACY_RULES_MAX]
				    [ACCURACY_KINDS_MAX][ACCURACY_CLASSES];
	/* The kernel's rules, by where the client's port came from. */
	struct accuracy_score policies[ACCURACY_VIEWS][ACCURACY_DATABASES][ACCURACY_POLICIES + 1]
				      [ACCURACY_CLASSES];
};

/* Adds to the results. database: ACCURACY_BUILTIN or ACCURACY_REGISTRY. */
void accuracy_run(struct accuracy_results *results, const struct trace *trace,
		  struct accuracy_database *const databases[], unsigned int database,
		  enum accuracy_view view);

/* Of captures, or of all kinds of traffic that was made. */
struct accuracy_score accuracy_sum(const struct accuracy_results *results, enum accuracy_view view,
				   unsigned int database, size_t rules, bool captured,
				   enum accuracy_class class);

void accuracy_print_legend(void);
void accuracy_print_rules(const struct accuracy_results *results, enum accuracy_view view,
			  bool captured);
/* What the kernel's rules make of each kind of flow, and of each policy of client ports. */
void accuracy_print_policies(const struct accuracy_results *results);
void accuracy_print_kinds(const struct accuracy_results *results);

#endif
