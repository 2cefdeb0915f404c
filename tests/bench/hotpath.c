// SPDX-License-Identifier: GPL-2.0-only
/* What a packet costs in the kernel: rounds over all programs and frames, then the table and its
 * verdicts. */
#include <errno.h>
#include <linux/bpf.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "frames.h"
#include "programs.h"
#include "timing.h"

#define ROUNDS 41
#define REPEAT 100000 /* runs of a frame in one round: a few milliseconds at most */
#define BUDGET_NS 8.0
#define BUDGET_MARKS_NS 14.0 /* where the ports alone do not decide */
#define BUDGET_SHARE 0.1
#define NOISE_NS 0.3 /* what two databases may differ by if the rounds differ by less */

struct hotpath {
	struct programs programs;
	struct packet frames[FRAME_CASES];
	double ns[PROGRAMS][FRAME_CASES][ROUNDS];
};

static bool applies(const struct hotpath *hot, enum program_id id, const struct frame_case *frame)
{
	if (id == PROGRAM_FILTER_TCP)
		return !hot->programs.no_filter && frame->filter == FRAME_FILTER_TCP;
	if (id == PROGRAM_FILTER_UDP)
		return !hot->programs.no_filter && frame->filter == FRAME_FILTER_UDP;
	if (id == PROGRAM_FILTER_ALL)
		return !hot->programs.no_filter && frame->filter != FRAME_NO_FILTER;
	return id != PROGRAM_VARY;
}

static enum program_id filter_of(const struct frame_case *frame)
{
	return frame->filter == FRAME_FILTER_UDP ? PROGRAM_FILTER_UDP : PROGRAM_FILTER_TCP;
}

static int run(const struct hotpath *hot, enum program_id id, size_t i, uint32_t repeat)
{
	return programs_run(&hot->programs, id, hot->frames[i].data, (uint32_t)hot->frames[i].len,
			    repeat);
}

static int measure(struct hotpath *hot, enum program_id id, enum program_id runs, size_t i,
		   size_t round)
{
	const double start = timing_cpu_ns();
	const int result = run(hot, runs, i, REPEAT);

	hot->ns[id][i][round] = (timing_cpu_ns() - start) / REPEAT;
	return result < 0 ? result : 0;
}

/* All frames through one program; or those that vary, by way of vary.bpf.c. */
static int measure_program(struct hotpath *hot, enum program_id id, bool varies, size_t round)
{
	int err = 0;

	if (hot->programs.fds[id] < 0 || id == PROGRAM_VARY)
		return 0;
	if (!varies)
		err = programs_select(&hot->programs, id);
	for (size_t i = 0; !err && i < FRAME_CASES; i++) {
		const struct frame_case *frame = &frame_cases[i];

		if (!frame->destinations == varies || !applies(hot, id, frame))
			continue;
		if (varies)
			err = programs_vary(&hot->programs, id, frame->destinations);
		if (!err)
			err = measure(hot, id, varies ? PROGRAM_VARY : id, i, round);
	}
	return err;
}

/* The programs start in another order every round, so that none always follows the same one. */
static int measure_round(struct hotpath *hot, size_t round)
{
	int err = 0;

	for (size_t i = 0; !err && i < PROGRAMS; i++)
		err = measure_program(hot, (enum program_id)((round + i) % PROGRAMS), false, round);
	if (!err)
		err = programs_select(&hot->programs, PROGRAM_VARY);
	for (size_t i = 0; !err && i < PROGRAMS; i++)
		err = measure_program(hot, (enum program_id)((round + i) % PROGRAMS), true, round);
	return err;
}

/* A bench of frames that are counted elsewhere than thought would measure something else. */
static int check_case(const struct hotpath *hot, enum program_id id, size_t i)
{
	const struct frame_case *frame = &frame_cases[i];
	uint64_t before;
	int result;

	if (id == PROGRAM_SMALL && frame->destinations > FRAME_FEW)
		return 0; /* to some of these ports and from others there are no entries */
	if (frame->destinations && programs_vary(&hot->programs, id, frame->destinations))
		return -errno;
	/* Of UDP the second frame is what the others are: the first makes the mark. */
	run(hot, frame->destinations ? PROGRAM_VARY : id, i, 1);
	before = programs_packets(&hot->programs, id, frame->cell);
	result = run(hot, frame->destinations ? PROGRAM_VARY : id, i, 1);
	if (result == XDP_PASS && programs_packets(&hot->programs, id, frame->cell) == before + 1)
		return 0;
	fprintf(stderr, "frame '%s': is not counted as the bench expects\n", frame->desc);
	return result < 0 ? result : -EINVAL;
}

static int prepare(struct hotpath *hot)
{
	cpu_set_t cpu;
	int err = 0;

	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	for (size_t i = 0; !err && i < FRAME_CASES; i++) {
		frame_cases[i].build(&hot->frames[i]);
		packet_finish(&hot->frames[i]);
		if (hot->frames[i].len < PACKET_ETH_MIN)
			packet_pad(&hot->frames[i], PACKET_ETH_MIN);
		err = check_case(hot, PROGRAM_SMALL, i);
		if (!err)
			err = check_case(hot, PROGRAM_LARGE, i);
	}
	return err;
}

/* Of two programs in the same round, as a slow round is slow for both. */
static void subtract(const struct hotpath *hot, enum program_id id, enum program_id from, size_t i,
		     double difference[ROUNDS])
{
	for (size_t round = 0; round < ROUNDS; round++)
		difference[round] = hot->ns[id][i][round] - hot->ns[from][i][round];
}

static double cost(const struct hotpath *hot, enum program_id id, size_t i)
{
	double values[ROUNDS];

	memcpy(values, hot->ns[id][i], sizeof(values));
	return timing_median(values, ROUNDS);
}

static double over_empty(const struct hotpath *hot, enum program_id id, size_t i)
{
	double values[ROUNDS];

	subtract(hot, id, PROGRAM_EMPTY, i, values);
	return timing_median(values, ROUNDS);
}

static double share_of(const struct hotpath *hot, enum program_id filter, size_t i)
{
	return over_empty(hot, PROGRAM_LARGE, i) / over_empty(hot, filter, i);
}

static void print_filter(const struct hotpath *hot, enum program_id filter, size_t i)
{
	if (applies(hot, filter, &frame_cases[i]))
		printf(" | %6.1f %6.1f %5.2f", cost(hot, filter, i), over_empty(hot, filter, i),
		       share_of(hot, filter, i));
	else
		printf(" | %6s %6s %5s", "-", "-", "-");
}

static void print_row(const struct hotpath *hot, size_t i)
{
	const double empty = cost(hot, PROGRAM_EMPTY, i), large = cost(hot, PROGRAM_LARGE, i);

	printf("%-20s %6.1f %6.1f %6.1f %6.1f | %6.1f %6.1f %6.1f %6.2f", frame_cases[i].desc,
	       empty, cost(hot, PROGRAM_PARSE, i), cost(hot, PROGRAM_SMALL, i), large,
	       over_empty(hot, PROGRAM_PARSE, i), over_empty(hot, PROGRAM_SMALL, i),
	       over_empty(hot, PROGRAM_LARGE, i), large / empty);
	print_filter(hot, filter_of(&frame_cases[i]), i);
	print_filter(hot, PROGRAM_FILTER_ALL, i);
	printf("\n");
}

static void print_table(const struct hotpath *hot)
{
	printf("ns a packet: CPU time of BPF_PROG_TEST_RUN, medians of %d rounds of %d runs; over "
	       "an empty\n"
	       "program in the same round; ratio to it; share: our overhead in that of xdp-filter, "
	       "of which\n"
	       "there is one program for TCP or UDP ports only, and one for ports, addresses and "
	       "Ethernet\n"
	       "that it loads when it is not told otherwise. The last rows write other ports into "
	       "each packet.\n\n",
	       ROUNDS, REPEAT);
	printf("%-20s %27s | %27s | %-19s | %s\n", "", "ns", "over empty", "xdp-filter ports",
	       "xdp-filter all");
	printf("%-20s %6s %6s %6s %6s | %6s %6s %6s %6s | %6s %6s %5s | %6s %6s %5s\n", "frame",
	       "empty", "parse", "100", "14,000", "parse", "100", "14,000", "ratio", "ns", "over",
	       "share", "ns", "over", "share");
	for (size_t i = 0; i < FRAME_CASES; i++)
		print_row(hot, i);
}

static void print_over_empty(const struct hotpath *hot, bool needs_marks, double budget)
{
	double worst = 0;
	size_t at = 0, within = 0, frames = 0;

	for (size_t i = 0; i < FRAME_CASES; i++) {
		const double over = over_empty(hot, PROGRAM_LARGE, i);

		if (frame_cases[i].needs_marks != needs_marks)
			continue;
		frames++;
		within += over <= budget;
		if (over > worst) {
			worst = over;
			at = i;
		}
	}
	printf("%s: at most %.0f ns over empty where %s: %zu of %zu frames are within; the dearest "
	       "is %s with %.1f ns\n",
	       bench_verdict(within == frames), budget,
	       needs_marks ? "marks are looked at" : "ports alone decide", within, frames,
	       frame_cases[at].desc, worst);
}

/* filter: PROGRAM_FILTER_ALL, or any other for the one of the frame's transport. */
static void print_over_filter(const struct hotpath *hot, enum program_id filter, const char *name)
{
	double worst = 0;
	size_t at = 0, within = 0, compared = 0;

	for (size_t i = 0; i < FRAME_CASES; i++) {
		const enum program_id id =
			filter == PROGRAM_FILTER_ALL ? filter : filter_of(&frame_cases[i]);

		if (!applies(hot, id, &frame_cases[i]))
			continue;
		compared++;
		within += share_of(hot, id, i) <= BUDGET_SHARE;
		if (share_of(hot, id, i) > worst) {
			worst = share_of(hot, id, i);
			at = i;
		}
	}
	printf("%s: at most %.2f of xdp-filter's overhead (%s): %zu of %zu frames are within; the "
	       "dearest is "
	       "%s with %.2f\n",
	       bench_verdict(within == compared), BUDGET_SHARE, name, within, compared,
	       frame_cases[at].desc, worst);
}

/* The same: less apart than the middle half of the rounds is. */
static void print_sizes(const struct hotpath *hot)
{
	double values[ROUNDS], difference, spread, most = 0;
	size_t at = 0, within = 0;

	for (size_t i = 0; i < FRAME_CASES; i++) {
		subtract(hot, PROGRAM_LARGE, PROGRAM_SMALL, i, values);
		difference = timing_median(values, ROUNDS);
		spread = timing_spread(values, ROUNDS);
		within += fabs(difference) <= fmax(spread, NOISE_NS);
		if (fabs(difference) > fabs(most)) {
			most = difference;
			at = i;
		}
	}
	printf("%s: the same for both databases: %zu of %d frames within noise; most apart is %s "
	       "by %+.1f ns\n",
	       bench_verdict(within == FRAME_CASES), within, FRAME_CASES, frame_cases[at].desc,
	       most);
}

int hotpath_bench(const char *objects, const char *device)
{
	struct hotpath *hot = calloc(1, sizeof(*hot));
	int err = hot ? programs_open(&hot->programs, objects, device) : -ENOMEM;

	if (!err)
		err = prepare(hot);
	for (size_t round = 0; !err && round < ROUNDS; round++)
		err = measure_round(hot, round);
	if (!err) {
		print_table(hot);
		printf("\n");
		print_over_empty(hot, false, BUDGET_NS);
		print_over_empty(hot, true, BUDGET_MARKS_NS);
		if (hot->programs.no_filter)
			printf("skipped: %s\n", hot->programs.no_filter);
		else
			print_over_filter(hot, PROGRAM_FILTER_TCP, "ports only");
		if (!hot->programs.no_filter)
			print_over_filter(hot, PROGRAM_FILTER_ALL, "all");
		print_sizes(hot);
		err = hot->programs.no_filter ? -ENOENT : 0;
	}
	if (hot)
		programs_close(&hot->programs);
	free(hot);
	return err;
}
