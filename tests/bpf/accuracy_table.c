// SPDX-License-Identifier: GPL-2.0-only
#include "accuracy_run.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* Percent, cut and not rounded, so that only all is 100. */
static void print_share(struct accuracy_score score)
{
	unsigned long long share;

	if (!score.total) {
		print_message("      - |");
		return;
	}
	share = score.right * 100000 / score.total;
	if (score.right == score.total)
		print_message("    100 |");
	else
		print_message(" %2llu.%03llu |", share / 1000, share % 1000);
}

void accuracy_print_legend(void)
{
	print_message("\nPercent of packets that are attributed to the port which the first packet "
		      "of their flow\naddressed. TCP: its handshake seen; UDP: seen from the first "
		      "packet on; mid: the agent came in\nmid-flow. B: with the built-in database; "
		      "R: with a registry of %d rows behind it.\n\n| %-24s | %-69s |\n|---|---|\n",
		      ACCURACY_REGISTRY_ROWS, "rules", "what they are");
	for (size_t i = 0; i < accuracy_rules_count; i++)
		print_message("| %-24s | %-69s |\n", accuracy_rules[i].name,
			      accuracy_rules[i].about);
}

static void print_header(const char *first)
{
	print_message("| %-24s |  TCP B |  mid B |  UDP B |  mid B |  TCP R |  mid R |  UDP R |  "
		      "mid R |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
		      first);
}

/* In thousands where the column is too narrow. */
static void print_count(uint64_t count)
{
	if (count < 1000000)
		print_message(" %6llu |", (unsigned long long)count);
	else
		print_message(" %5lluk |", (unsigned long long)count / 1000);
}

static void print_counts(const struct accuracy_results *results, enum accuracy_view view,
			 bool captured)
{
	print_message("| %-24s |", "packets");
	for (unsigned int column = 0; column < 2 * ACCURACY_CLASSES; column++) {
		struct accuracy_score sum = accuracy_sum(results, view, column / ACCURACY_CLASSES,
							 0, captured, column % ACCURACY_CLASSES);

		print_count(sum.total);
	}
	print_message("\n");
}

void accuracy_print_rules(const struct accuracy_results *results, enum accuracy_view view,
			  bool captured)
{
	static const char *const views[] = { "both directions", "received on the WAN only" };
	static const char *const replies[] = { "both directions", "the servers' packets only" };

	print_message("\n%s, %s\n\n", captured ? "Captures" : "Synthetic traffic",
		      captured ? replies[view] : views[view]);
	print_header("rules");
	for (size_t i = 0; i < accuracy_rules_count; i++) {
		print_message("| %-24s |", accuracy_rules[i].name);
		for (unsigned int column = 0; column < 2 * ACCURACY_CLASSES; column++)
			print_share(accuracy_sum(results, view, column / ACCURACY_CLASSES, i,
						 captured, column % ACCURACY_CLASSES));
		print_message("\n");
	}
	print_counts(results, view, captured);
}

void accuracy_print_policies(const struct accuracy_results *results)
{
	print_message("\nThe kernel's rules by the client's range of ports, both directions\n\n");
	print_header("client ports");
	for (size_t i = 0; i < ACCURACY_POLICIES; i++) {
		char range[16];

		snprintf(range, sizeof(range), "%u-%u", accuracy_policies[i].first,
			 accuracy_policies[i].last);
		print_message("| %-24s |", range);
		for (unsigned int column = 0; column < 2 * ACCURACY_CLASSES; column++)
			print_share(results->policies[ACCURACY_BOTH][column / ACCURACY_CLASSES][i]
						     [column % ACCURACY_CLASSES]);
		print_message("\n");
	}
}

void accuracy_print_kinds(const struct accuracy_results *results)
{
	print_message("\nThe kernel's rules by kind of flow; W: received on the WAN only\n\n"
		      "| %-4s %-20s | packets | from B |  mid B | from R |  mid R | W from B | "
		      "W from R |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
		      "kind", "of flow");
	for (size_t kind = 0; kind < accuracy_kinds_count; kind++) {
		bool is_udp = accuracy_kinds[kind].transport == PORT_UDP;
		enum accuracy_class class = is_udp ? ACCURACY_UDP : ACCURACY_TCP;
		const struct accuracy_score *scores[ACCURACY_VIEWS][ACCURACY_DATABASES];

		for (unsigned int i = 0; i < ACCURACY_VIEWS * ACCURACY_DATABASES; i++)
			scores[i / 2][i % 2] =
				&results->scores[i / 2][i % 2][ACCURACY_RULES_KERNEL][kind][class];
		print_message("| %-4s %-20s | %7llu |", is_udp ? "udp" : "tcp",
			      accuracy_kinds[kind].name,
			      (unsigned long long)(scores[0][0][0].total + scores[0][0][1].total));
		print_share(scores[ACCURACY_BOTH][ACCURACY_BUILTIN][0]);
		print_share(scores[ACCURACY_BOTH][ACCURACY_BUILTIN][1]);
		print_share(scores[ACCURACY_BOTH][ACCURACY_REGISTRY][0]);
		print_share(scores[ACCURACY_BOTH][ACCURACY_REGISTRY][1]);
		print_message("  ");
		print_share(scores[ACCURACY_WAN][ACCURACY_BUILTIN][0]);
		print_message("  ");
		print_share(scores[ACCURACY_WAN][ACCURACY_REGISTRY][0]);
		print_message("\n");
	}
}
