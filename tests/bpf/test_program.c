// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel half as the verifier accepted it, run by BPF_PROG_TEST_RUN over the packet table,
 * every cut of it, and random frames, in each of the ways in which it can be loaded. No device is
 * touched.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bpf/parse.h"
#include "database.h"
#include "generate.h"
#include "packet_table.h"
#include "program.h"
#include "seed.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define INSTRUCTIONS_MAX 150000
#define FRAME_MIN 14        /* what BPF_PROG_TEST_RUN takes */
#define RANDOM_FRAMES 30000 /* for each of the four variants */
#define SPLIT_FRAMES 30000
#define LONG_LEN_MIN 5000 /* more than a page of 4096 bytes */
#define LONG_LEN_MAX 9000
#define LONG_FRAMES 2000

static const struct program_options variants[] = {
	{ .starts_at_l3 = false, .have_frags = false },
	{ .starts_at_l3 = false, .have_frags = true },
	{ .starts_at_l3 = true, .have_frags = false },
	{ .starts_at_l3 = true, .have_frags = true },
};

/* Shared by all tests, only read. */
static struct {
	struct database *database;
	struct packet_row *rows;
	size_t rows_len;
	struct rng rng;
} world;

static int make_world(void **state)
{
	const uint64_t seed = seed_choose("test_program");

	(void)state;
	world.rows_len = packet_table(&world.rows);
	world.database = database_make(seed);
	rng_init(&world.rng, ~seed, world.database->ports, world.database->ports_len);
	return world.rows_len > 1000 ? 0 : -1;
}

static int free_world(void **state)
{
	(void)state;
	database_free(world.database);
	free(world.rows);
	return 0;
}

static void skip_without_bpf(void)
{
	const char *obstacle = program_obstacle();

	if (!obstacle)
		return;
	print_message("skipped: %s\n", obstacle);
	skip();
}

static struct program *load(const struct program_options *variant)
{
	struct program_options options = *variant;

	options.database = world.database;
	return program_load(&options);
}

static void test_program_verified_instructions(void **state)
{
	(void)state;
	skip_without_bpf();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program = load(&variants[i]);
		const uint32_t instructions = program_verified_instructions(program);

		print_message("%s, %s fragments: verified instructions: %u\n",
			      variants[i].starts_at_l3 ? "IP header first"
						       : "Ethernet header first",
			      variants[i].have_frags ? "with" : "without", instructions);
		assert_in_range(instructions, 1, INSTRUCTIONS_MAX);
		program_free(program);
	}
}

/* Calls fn for each row that starts as the variant does. */
static void for_each_row(const struct program_options *variant, struct program *program,
			 void (*fn)(struct program *program, const struct packet_row *row))
{
	size_t count = 0;

	for (size_t i = 0; i < world.rows_len; i++) {
		if (world.rows[i].starts_at_l3 != variant->starts_at_l3)
			continue;
		fn(program, &world.rows[i]);
		count++;
	}
	assert_true(count > 50);
}

static void check_row(struct program *program, const struct packet_row *row)
{
	const struct packet *p = &row->packet;

	if (p->len < FRAME_MIN)
		return;
	program_add(program, p->data, p->len, PROGRAM_ALL_LINEAR);
	program_check(program, row->desc);
}

static void check_row_cuts(struct program *program, const struct packet_row *row)
{
	for (size_t len = FRAME_MIN; len < row->packet.len; len++)
		program_add(program, row->packet.data, len, PROGRAM_ALL_LINEAR);
	program_check(program, row->desc);
}

static void check_variants(void (*fn)(struct program *program, const struct packet_row *row))
{
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program = load(&variants[i]);

		for_each_row(&variants[i], program, fn);
		program_free(program);
	}
}

static void test_program_table(void **state)
{
	(void)state;
	skip_without_bpf();
	check_variants(check_row);
}

static void test_program_every_cut(void **state)
{
	(void)state;
	skip_without_bpf();
	check_variants(check_row_cuts);
}

static size_t make_frame(uint8_t *bytes, bool starts_at_l3)
{
	size_t len = generate_frame(&world.rng, bytes, GENERATE_LONG_MAX, starts_at_l3);

	if (rng_below(&world.rng, 2))
		len = mutate_frame(&world.rng, bytes, len, GENERATE_LONG_MAX);
	while (len < FRAME_MIN)
		bytes[len++] = (uint8_t)rng_next(&world.rng);
	return len;
}

static void run_random_frames(struct program *program)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	for (unsigned int i = 0; i < RANDOM_FRAMES; i++) {
		const size_t len = make_frame(bytes, program->options.starts_at_l3);

		program_add(program, bytes, len, PROGRAM_ALL_LINEAR);
	}
	program_check(program, "random frames");
}

static void test_program_random(void **state)
{
	(void)state;
	skip_without_bpf();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program = load(&variants[i]);

		run_random_frames(program);
		program_free(program);
	}
}

/* Frames with ports are all unclassified, whatever the table would have said. */
static void test_program_without_table(void **state)
{
	const struct program_options options = {};
	struct program *program;

	(void)state;
	skip_without_bpf();
	program = program_load(&options);
	for_each_row(&options, program, check_row);
	run_random_frames(program);
	program_free(program);
}

/* What has no room is unclassified, not lost. */
static void test_program_counters_too_small(void **state)
{
	const struct program_options options = {
		.database = world.database,
		.slots_end = world.database->slots_end / 2,
	};
	struct program *program;

	(void)state;
	skip_without_bpf();
	program = program_load(&options);
	run_random_frames(program);
	program_free(program);
}

/* From a copy that lies where the compiler expects headers: an IP header at a multiple of 4. */
static enum port_bucket parse_start(const uint8_t *bytes, size_t len, bool starts_at_l3,
				    struct pkt *pkt)
{
	static _Alignas(4) uint8_t block[PROGRAM_FRAME_MAX + 2];
	uint8_t *start = block + (starts_at_l3 ? 0 : 2);

	memcpy(start, bytes, len);
	return parse_frame(start, start + len, (__u32)len, 0, starts_at_l3, pkt);
}

/*
 * The length of a frame in several buffers is looked up where the packet's own length does not end
 * in the last bytes of the linear part. Whether this one's does, so that it would be taken for the
 * padding of a frame that ends there.
 */
static bool looks_whole(const uint8_t *bytes, uint32_t linear, bool starts_at_l3)
{
	struct pkt pkt;

	parse_start(bytes, linear, starts_at_l3, &pkt);
	return pkt.end && pkt.end <= linear && linear - pkt.end <= 64;
}

static void add_split(struct program *program, const uint8_t *bytes, size_t len, uint32_t linear)
{
	if (!looks_whole(bytes, linear, program->options.starts_at_l3))
		program_add(program, bytes, len, linear);
}

/* Every split near the start, where the headers are, and some behind. */
static void check_row_splits(struct program *program, const struct packet_row *row)
{
	const struct packet *p = &row->packet;

	if (p->len < FRAME_MIN)
		return;
	for (uint32_t linear = 0; linear < p->len; linear += linear < 160 ? 1 : 37)
		add_split(program, p->data, p->len, linear);
	program_check(program, row->desc);
}

static void run_random_splits(struct program *program)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	for (unsigned int i = 0; i < SPLIT_FRAMES; i++) {
		const size_t len = make_frame(bytes, program->options.starts_at_l3);
		uint32_t linear = rng_below(&world.rng, (uint32_t)len + 1);

		if (rng_below(&world.rng, 2))
			linear %= 100;
		add_split(program, bytes, len, linear);
	}
	program_check(program, "random splits");
}

static void test_program_short_linear_part(void **state)
{
	int error;

	(void)state;
	skip_without_bpf();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program;

		if (!variants[i].have_frags)
			continue;
		program = load(&variants[i]);
		if (!program_can_split(program, &error)) {
			program_free(program);
			print_message(
				"skipped: kernel runs no frame with a short linear part: %s\n",
				strerror(error));
			skip();
		}
		for_each_row(&variants[i], program, check_row_splits);
		run_random_splits(program);
		assert_true(program->frames > SPLIT_FRAMES / 2);
		program_free(program);
	}
}

/*
 * The kernel ends the linear part somewhere in the last 1024 bytes of the first page. Whether the
 * frame's headers, or its packet, end there or behind: what is expected of it depends on where.
 */
static bool is_unsure(const uint8_t *bytes, size_t len, bool starts_at_l3)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), sure = page - 1024;
	struct pkt pkt, start;

	if (len <= sure)
		return false;
	if (parse_start(bytes, len, starts_at_l3, &pkt) !=
	    parse_start(bytes, sure, starts_at_l3, &start))
		return true;
	return pkt.end > sure && pkt.end <= page;
}

/* Bytes of any kind up to a length that takes several buffers, and the whole into the batch. */
static void add_long(struct program *program, const uint8_t *start, size_t start_len, size_t len)
{
	static uint8_t bytes[LONG_LEN_MAX];

	memcpy(bytes, start, start_len);
	for (size_t i = start_len; i < len; i++)
		bytes[i] = (uint8_t)rng_next(&world.rng);
	if (!is_unsure(bytes, len, program->options.starts_at_l3))
		program_add(program, bytes, len, PROGRAM_ALL_LINEAR);
}

static size_t choose_long(void)
{
	return LONG_LEN_MIN + rng_below(&world.rng, LONG_LEN_MAX - LONG_LEN_MIN + 1);
}

static void check_row_long(struct program *program, const struct packet_row *row)
{
	add_long(program, row->packet.data, row->packet.len, choose_long());
	program_check(program, row->desc);
}

/* The same with lengths that tell the truth. */
static void check_row_long_ip(struct program *program, const struct packet_row *row)
{
	const size_t len = choose_long();
	struct packet p = row->packet;

	if (!p.ip_version || row->bucket != PACKET_HAS_PORTS)
		return;
	packet_set_ip_length(&p, (uint16_t)(len - p.ip_at - (p.ip_version == 6 ? 40 : 0)));
	add_long(program, p.data, p.len, len);
	program_check(program, row->desc);
}

static void test_program_long_frames(void **state)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	(void)state;
	skip_without_bpf();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program;

		if (!variants[i].have_frags)
			continue;
		program = load(&variants[i]);
		for_each_row(&variants[i], program, check_row_long);
		for_each_row(&variants[i], program, check_row_long_ip);
		for (unsigned int frame = 0; frame < LONG_FRAMES; frame++)
			add_long(program, bytes, make_frame(bytes, variants[i].starts_at_l3),
				 choose_long());
		program_check(program, "random long frames");
		assert_true(program->frames > LONG_FRAMES / 2);
		program_free(program);
	}
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
		cmocka_unit_test(test_program_short_linear_part),
		cmocka_unit_test(test_program_long_frames),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
