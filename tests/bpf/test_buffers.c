// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames in several buffers: the linear part ends anywhere, in the headers or behind them. Each
 * frame by itself, with nothing remembered of the others.
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
#include "world.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define SPLIT_FRAMES 30000
#define LONG_LEN_MIN 5000 /* more than a page of 4096 bytes */
#define LONG_LEN_MAX 9000
#define LONG_FRAMES 2000

static const struct program_options variants[] = {
	{ .starts_at_l3 = false, .have_frags = true, .forgets = true },
	{ .starts_at_l3 = true, .have_frags = true, .forgets = true },
};

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

static void add_split(struct program *program, const char *desc, const uint8_t *bytes, size_t len,
		      uint32_t linear)
{
	if (!looks_whole(bytes, linear, program->options.starts_at_l3))
		program_add(program, desc, bytes, len, linear);
}

/* Every split near the start, where the headers are, and some behind. */
static void check_row_splits(struct program *program, const struct packet_row *row)
{
	const struct packet *p = &row->packet;

	if (p->len < WORLD_FRAME_MIN)
		return;
	for (uint32_t linear = 0; linear < p->len; linear += linear < 160 ? 1 : 37)
		add_split(program, row->desc, p->data, p->len, linear);
}

static void run_random_splits(struct program *program)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	for (unsigned int i = 0; i < SPLIT_FRAMES; i++) {
		const size_t len = world_make_frame(bytes, program->options.starts_at_l3);
		uint32_t linear = rng_below(&world.rng, (uint32_t)len + 1);

		if (rng_below(&world.rng, 2))
			linear %= 100;
		add_split(program, "random split", bytes, len, linear);
	}
	program_check(program);
}

static void test_program_short_linear_part(void **state)
{
	int error;

	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program;

		program = world_load(&variants[i]);
		if (!program_can_split(program, &error)) {
			program_free(program);
			print_message(
				"skipped: kernel runs no frame with a short linear part: %s\n",
				strerror(error));
			skip();
		}
		world_for_each_row(program, check_row_splits);
		run_random_splits(program);
		assert_true(program->expected.frames > SPLIT_FRAMES / 2);
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
static void add_long(struct program *program, const char *desc, const uint8_t *start,
		     size_t start_len, size_t len)
{
	static uint8_t bytes[LONG_LEN_MAX];

	memcpy(bytes, start, start_len);
	for (size_t i = start_len; i < len; i++)
		bytes[i] = (uint8_t)rng_next(&world.rng);
	if (!is_unsure(bytes, len, program->options.starts_at_l3))
		program_add(program, desc, bytes, len, PROGRAM_ALL_LINEAR);
}

static size_t choose_long(void)
{
	return LONG_LEN_MIN + rng_below(&world.rng, LONG_LEN_MAX - LONG_LEN_MIN + 1);
}

static void check_row_long(struct program *program, const struct packet_row *row)
{
	add_long(program, row->desc, row->packet.data, row->packet.len, choose_long());
}

/* The same with lengths that tell the truth. */
static void check_row_long_ip(struct program *program, const struct packet_row *row)
{
	const size_t len = choose_long();
	struct packet p = row->packet;

	if (!p.ip_version || row->bucket != PACKET_HAS_PORTS)
		return;
	packet_set_ip_length(&p, (uint16_t)(len - p.ip_at - (p.ip_version == 6 ? 40 : 0)));
	add_long(program, row->desc, p.data, p.len, len);
}

static void test_program_long_frames(void **state)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct program *program;

		program = world_load(&variants[i]);
		world_for_each_row(program, check_row_long);
		world_for_each_row(program, check_row_long_ip);
		for (unsigned int frame = 0; frame < LONG_FRAMES; frame++)
			add_long(program, "random long frame", bytes,
				 world_make_frame(bytes, variants[i].starts_at_l3), choose_long());
		program_check(program);
		assert_true(program->expected.frames > LONG_FRAMES / 2);
		program_free(program);
	}
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_buffers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_short_linear_part),
		cmocka_unit_test(test_program_long_frames),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
