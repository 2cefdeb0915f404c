// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel half as the verifier accepted it, run by BPF_PROG_TEST_RUN over the packet table,
 * every cut of it, and random frames, in each of the ways in which it can be loaded: each frame by
 * itself, with nothing remembered of the others. No device is touched.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "world.h"

#define INSTRUCTIONS_MAX 150000
#define RANDOM_FRAMES 30000 /* for each way to load it, unless PORTACCT_FRAMES tells */
#define CUT_BYTES 160       /* of a frame that is cut at every byte: as long as its headers */

/* A replay is loaded without have_frags, but it must be accepted all the same. */
static const struct program_options variants[] = {
	{ .starts_at_l3 = false, .have_frags = false, .is_replay = false },
	{ .starts_at_l3 = false, .have_frags = true, .is_replay = false },
	{ .starts_at_l3 = true, .have_frags = false, .is_replay = false },
	{ .starts_at_l3 = true, .have_frags = true, .is_replay = false },
	{ .starts_at_l3 = false, .have_frags = false, .is_replay = true },
	{ .starts_at_l3 = true, .have_frags = false, .is_replay = true },
	{ .starts_at_l3 = false, .have_frags = true, .is_replay = true },
	{ .starts_at_l3 = true, .have_frags = true, .is_replay = true },
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))
#define RUN_VARIANTS 6 /* frames are run through the first of them */

static struct program *load(size_t variant)
{
	struct program_options options = variants[variant];

	options.forgets = true;
	return world_load(&options);
}

static void test_program_verified_instructions(void **state)
{
	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < VARIANTS; i++) {
		const struct program_options *variant = &variants[i];
		struct program *program = load(i);
		const uint32_t instructions = program_verified_instructions(program);

		print_message("%s header first, %s fragments%s: verified instructions: %u\n",
			      variant->starts_at_l3 ? "IP" : "Ethernet",
			      variant->have_frags ? "with" : "without",
			      variant->is_replay ? ", replay" : "", instructions);
		assert_in_range(instructions, 1, INSTRUCTIONS_MAX);
		program_free(program);
	}
}

static void check_row(struct program *program, const struct packet_row *row)
{
	const struct packet *p = &row->packet;

	if (p->len >= WORLD_FRAME_MIN)
		program_add(program, row->desc, p->data, p->len, PROGRAM_ALL_LINEAR);
}

/* Behind CUT_BYTES only some: a payload is a payload, however long. */
static void check_row_cuts(struct program *program, const struct packet_row *row)
{
	for (size_t len = WORLD_FRAME_MIN; len < row->packet.len; len += len < CUT_BYTES ? 1 : 41)
		program_add(program, row->desc, row->packet.data, len, PROGRAM_ALL_LINEAR);
}

static void check_variants(void (*fn)(struct program *program, const struct packet_row *row))
{
	for (size_t i = 0; i < RUN_VARIANTS; i++) {
		struct program *program = load(i);

		world_for_each_row(program, fn);
		program_free(program);
	}
}

static void test_program_table(void **state)
{
	(void)state;
	world_skip_without_bpf();
	check_variants(check_row);
}

static void test_program_every_cut(void **state)
{
	(void)state;
	world_skip_without_bpf();
	check_variants(check_row_cuts);
}

static void run_random_frames(struct program *program)
{
	const char *wanted = getenv("PORTACCT_FRAMES");
	const unsigned long frames = wanted ? strtoul(wanted, NULL, 10) : RANDOM_FRAMES;
	uint8_t bytes[GENERATE_LONG_MAX];

	for (unsigned long i = 0; i < frames; i++) {
		const size_t len = world_make_frame(bytes, program->options.starts_at_l3);

		program_add(program, "random frame", bytes, len, PROGRAM_ALL_LINEAR);
	}
	program_check(program);
}

static void test_program_random(void **state)
{
	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < RUN_VARIANTS; i++) {
		struct program *program = load(i);

		run_random_frames(program);
		program_free(program);
	}
}

/* Frames with ports are all unclassified, whatever the table would have said. */
static void test_program_without_table(void **state)
{
	const struct program_options options = { .forgets = true };
	struct program *program;

	(void)state;
	world_skip_without_bpf();
	program = program_load(&options);
	world_for_each_row(program, check_row);
	run_random_frames(program);
	program_free(program);
}

/* What has no room is unclassified, not lost; its connections are no service's. */
static void test_program_counters_too_small(void **state)
{
	const struct program_options options = {
		.slots_end = world.database->slots_end / 2,
		.forgets = true,
	};
	struct program *program;

	(void)state;
	world_skip_without_bpf();
	program = world_load(&options);
	run_random_frames(program);
	program_free(program);
}

static void test_program_without_unclassified_ports(void **state)
{
	const struct program_options options = { .no_ports = true, .forgets = true };
	struct program *program;

	(void)state;
	world_skip_without_bpf();
	program = world_load(&options);
	run_random_frames(program);
	program_free(program);
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_program");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_verified_instructions),
		cmocka_unit_test(test_program_table),
		cmocka_unit_test(test_program_every_cut),
		cmocka_unit_test(test_program_random),
		cmocka_unit_test(test_program_without_table),
		cmocka_unit_test(test_program_counters_too_small),
		cmocka_unit_test(test_program_without_unclassified_ports),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
