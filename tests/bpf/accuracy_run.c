// SPDX-License-Identifier: GPL-2.0-only
#include "accuracy_run.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void forget(struct accuracy_memory *memories)
{
	for (size_t i = 0; i < accuracy_rules_count; i++)
		accuracy_memory_clear(&memories[i]);
}

static void add(struct accuracy_score *score, bool right)
{
	score->right += right;
	score->total++;
}

void accuracy_run(struct accuracy_results *results, const struct trace *trace,
		  struct accuracy_database *const databases[], unsigned int database,
		  enum accuracy_view view)
{
	struct accuracy_memory memories[ACCURACY_RULES_MAX];
	struct accuracy_question question;

	for (size_t i = 0; i < accuracy_rules_count; i++)
		accuracy_memory_init(&memories[i]);
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_packet *packet = &trace->packets[i];

		if (packet->is_new)
			forget(memories);
		if (view == ACCURACY_WAN && !packet->from_outside)
			continue;
		if (!accuracy_ask(trace, i, &databases[database]->table, &question))
			continue;
		for (size_t j = 0; j < accuracy_rules_count; j++) {
			struct choice choice =
				accuracy_answer(&accuracy_rules[j], &memories[j], &question);
			bool right =
				(uint16_t)pair_side(question.words, choice.side) == packet->port;

			if (packet->class == ACCURACY_NO_CLASS)
				continue;
			add(&results->scores[view][database][j][packet->kind][packet->class],
			    right);
			if (j == ACCURACY_RULES_KERNEL)
				add(&results->policies[view][database][packet->policy]
						      [packet->class],
				    right);
		}
	}
	for (size_t i = 0; i < accuracy_rules_count; i++)
		accuracy_memory_fini(&memories[i]);
}

struct accuracy_score accuracy_sum(const struct accuracy_results *results, enum accuracy_view view,
				   unsigned int database, size_t rules, bool captured,
				   enum accuracy_class class)
{
	struct accuracy_score sum = {};

	for (size_t kind = 0; kind < ACCURACY_KINDS_MAX; kind++) {
		const struct accuracy_score *score =
			&results->scores[view][database][rules][kind][class];

		if ((kind == ACCURACY_KIND_CAPTURED) != captured)
			continue;
		sum.right += score->right;
		sum.total += score->total;
	}
	return sum;
}
