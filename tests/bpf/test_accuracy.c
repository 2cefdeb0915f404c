// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many packets are attributed to the port that the first packet of their flow addressed: of
 * traffic that is made here, the same in every run, and of captures where there are some. Prints
 * tables by rule set, and fails where the kernel's rules are below the bars. The kernel's verdicts
 * come from the host's build of the same text, and from the program itself, packet by packet.
 * PORTACCT_SEED=n in the environment has other traffic, CAPTURES=DIR other captures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "accuracy.h"
#include "accuracy_kernel.h"
#include "accuracy_run.h"
#include "program.h"

#define CAPTURES "../shared/captures"
#define SEED "1"
#define NETWORKS 4 /* of ACCURACY_FLOWS flows each */

/* Of 100,000 packets, how many have to be right. */
#define BAR_TCP 99990
#define BAR_TCP_MIDFLOW 95000
#define BAR_UDP 97000

struct accuracy {
	struct accuracy_database *databases[ACCURACY_DATABASES];
	struct trace traffic[NETWORKS], captures, cut_captures;
	bool has_captures;
	struct accuracy_results results;
};

static const char *of_environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && value[0] ? value : otherwise;
}

static void run_all(struct accuracy *accuracy)
{
	for (unsigned int i = 0; i < ACCURACY_VIEWS * ACCURACY_DATABASES; i++) {
		unsigned int database = i % ACCURACY_DATABASES;
		enum accuracy_view view = i / ACCURACY_DATABASES;

		for (size_t j = 0; j < NETWORKS; j++)
			accuracy_run(&accuracy->results, &accuracy->traffic[j], accuracy->databases,
				     database, view);
		accuracy_run(&accuracy->results, &accuracy->captures, accuracy->databases, database,
			     view);
		accuracy_run(&accuracy->results, &accuracy->cut_captures, accuracy->databases,
			     database, view);
	}
}

static void print_all(const struct accuracy *accuracy)
{
	accuracy_print_legend();
	accuracy_print_rules(&accuracy->results, ACCURACY_BOTH, false);
	accuracy_print_rules(&accuracy->results, ACCURACY_WAN, false);
	if (accuracy->has_captures) {
		accuracy_print_rules(&accuracy->results, ACCURACY_BOTH, true);
		accuracy_print_rules(&accuracy->results, ACCURACY_WAN, true);
	}
	accuracy_print_policies(&accuracy->results);
	accuracy_print_kinds(&accuracy->results);
	print_message("\n");
}

static int setup(void **state)
{
	const char *directory = of_environment("CAPTURES", CAPTURES);
	struct accuracy *accuracy = calloc(1, sizeof(*accuracy));

	if (!accuracy)
		return -1;
	for (unsigned int i = 0; i < ACCURACY_DATABASES; i++)
		accuracy->databases[i] = accuracy_database_make(i == ACCURACY_REGISTRY);
	for (size_t i = 0; i < NETWORKS; i++)
		accuracy_traffic(&accuracy->traffic[i], accuracy->databases,
				 strtoull(of_environment("PORTACCT_SEED", SEED), NULL, 0) + i);
	accuracy->has_captures = accuracy_captures(&accuracy->captures, directory, false) &&
				 accuracy_captures(&accuracy->cut_captures, directory, true);
	run_all(accuracy);
	print_all(accuracy);
	*state = accuracy;
	return 0;
}

static int teardown(void **state)
{
	struct accuracy *accuracy = *state;

	for (unsigned int i = 0; i < ACCURACY_DATABASES; i++)
		accuracy_database_free(accuracy->databases[i]);
	for (size_t i = 0; i < NETWORKS; i++)
		trace_free(&accuracy->traffic[i]);
	trace_free(&accuracy->captures);
	trace_free(&accuracy->cut_captures);
	free(accuracy);
	return 0;
}

/* Returns 1 where a score is below the bar; a score of nothing is. */
static unsigned int is_below(struct accuracy_score score, uint64_t bar, const char *what,
			     unsigned int database)
{
	if (score.total && score.right * 100000 >= score.total * bar)
		return 0;
	print_message(
		"%s, %s database: %llu of %llu packets are right, the bar is %llu.%03llu %%\n",
		what, database == ACCURACY_BUILTIN ? "built-in" : "registry",
		(unsigned long long)score.right, (unsigned long long)score.total,
		(unsigned long long)bar / 1000, (unsigned long long)bar % 1000);
	return 1;
}

static void check_bars(const struct accuracy_results *results, bool captured)
{
	unsigned int below = 0;

	for (unsigned int i = 0; i < ACCURACY_DATABASES; i++) {
		struct accuracy_score scores[ACCURACY_CLASSES];

		for (unsigned int class = 0; class < ACCURACY_CLASSES; class ++)
			scores[class] = accuracy_sum(results, ACCURACY_BOTH, i,
						     ACCURACY_RULES_KERNEL, captured, class);
		below += is_below(scores[ACCURACY_TCP], BAR_TCP, "TCP, handshake seen", i);
		below +=
			is_below(scores[ACCURACY_TCP_MIDFLOW], BAR_TCP_MIDFLOW, "TCP, mid-flow", i);
		scores[ACCURACY_UDP].right += scores[ACCURACY_UDP_MIDFLOW].right;
		scores[ACCURACY_UDP].total += scores[ACCURACY_UDP_MIDFLOW].total;
		below += is_below(scores[ACCURACY_UDP], BAR_UDP, "UDP, all of it", i);
	}
	assert_int_equal(below, 0);
}

static void test_accuracy_of_made_traffic(void **state)
{
	const struct accuracy *accuracy = *state;

	for (size_t i = 0; i < NETWORKS; i++)
		assert_int_equal(accuracy->traffic[i].flows, ACCURACY_FLOWS);
	for (size_t kind = 0; kind < accuracy_kinds_count; kind++) {
		bool is_udp = accuracy_kinds[kind].transport == PORT_UDP;

		assert_true(accuracy->results
				    .scores[ACCURACY_BOTH][ACCURACY_BUILTIN][ACCURACY_RULES_KERNEL]
					   [kind][is_udp ? ACCURACY_UDP : ACCURACY_TCP]
				    .total > 0);
	}
	check_bars(&accuracy->results, false);
}

/* With less than 10,000 packets the bar of TCP lets none of them be wrong. */
static void test_accuracy_of_captures(void **state)
{
	const struct accuracy *accuracy = *state;

	if (!accuracy->has_captures) {
		print_message("skipped: no captures\n");
		skip();
	}
	check_bars(&accuracy->results, true);
}

/*
 * A rule that is not worth its cost is to go. Two make next to no difference here: 2 is there for
 * speed, 5 for who has entries of his own.
 */
static void test_accuracy_rules_contribute(void **state)
{
	const unsigned int needed = ACCURACY_RULE(1) | ACCURACY_RULE(3) | ACCURACY_RULE(4) |
				    ACCURACY_RULE(6) | ACCURACY_RULE_2_EXCEPTION;
	const struct accuracy *accuracy = *state;
	uint64_t right[ACCURACY_RULES_MAX] = {};

	for (size_t i = 0; i < accuracy_rules_count; i++)
		for (unsigned int j = 0; j < ACCURACY_DATABASES * ACCURACY_CLASSES; j++)
			right[i] +=
				accuracy_sum(&accuracy->results, ACCURACY_BOTH,
					     j / ACCURACY_CLASSES, i, false, j % ACCURACY_CLASSES)
					.right;
	for (size_t i = 0; i < accuracy_rules_count; i++)
		if (accuracy_rules[i].without & needed)
			assert_in_range(right[i], 0, right[ACCURACY_RULES_KERNEL] - 1);
}

static void test_accuracy_kernel_agrees(void **state)
{
	struct accuracy *accuracy = *state;
	const struct trace *traces[NETWORKS + 2] = { &accuracy->captures, &accuracy->cut_captures };
	const char *obstacle = program_obstacle();
	uint64_t with_ports = 0, differences = 0;

	if (obstacle) {
		print_message("skipped: the program itself: %s\n", obstacle);
		skip();
	}
	for (size_t i = 0; i < NETWORKS; i++)
		traces[2 + i] = &accuracy->traffic[i];
	for (unsigned int i = 0; i < ACCURACY_DATABASES; i++) {
		struct accuracy_kernel *kernel = accuracy_kernel_load(accuracy->databases[i]);

		for (size_t j = 0; j < sizeof(traces) / sizeof(traces[0]); j++)
			differences += accuracy_kernel_compare(kernel, traces[j], &with_ports);
		accuracy_kernel_free(kernel);
	}
	print_message("the program agrees on all but %llu of %llu packets with ports\n",
		      (unsigned long long)differences, (unsigned long long)with_ports);
	assert_int_equal(differences, 0);
	assert_true(with_ports > NETWORKS * accuracy->traffic[0].count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accuracy_of_made_traffic),
		cmocka_unit_test(test_accuracy_of_captures),
		cmocka_unit_test(test_accuracy_rules_contribute),
		cmocka_unit_test(test_accuracy_kernel_agrees),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
