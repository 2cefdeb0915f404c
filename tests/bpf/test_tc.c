// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program of the tc hook as the verifier accepted it, run by BPF_PROG_TEST_RUN: the packet
 * table, every cut of it and random frames against the reference, and against what the program of
 * the XDP hook makes of the same frame. No device is touched. test_tc_merged.c has merged frames,
 * test_tc_device.c what BPF_PROG_TEST_RUN does not take.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define INSTRUCTIONS_MAX 150000
#define RANDOM_FRAMES 5000 /* for each way to load it */
#define SAME_FRAMES 2000
#define CUT_BYTES 160 /* of a frame that is cut at every byte: as long as its headers */

static const struct program_options variants[] = {
	{ .is_tc = true, .forgets = true, .starts_at_l3 = false },
	{ .is_tc = true, .forgets = true, .starts_at_l3 = true },
	/* As it is loaded for transmitted frames. */
	{ .is_tc = true, .forgets = true, .starts_at_l3 = false, .no_ports = true },
	{ .is_tc = true, .forgets = true, .starts_at_l3 = true, .no_ports = true },
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static void test_tc_verified_instructions(void **state)
{
	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < VARIANTS; i++) {
		struct program *program = world_load(&variants[i]);
		const uint32_t instructions = program_verified_instructions(program);

		print_message("tc, %s header first, %s ports: verified instructions: %u\n",
			      variants[i].starts_at_l3 ? "IP" : "Ethernet",
			      variants[i].no_ports ? "without" : "with", instructions);
		assert_in_range(instructions, 1, INSTRUCTIONS_MAX);
		program_free(program);
	}
}

/* By which hook a tcx link has it attached is told to bpf_link_create() alone. */
static void test_tc_is_of_its_type(void **state)
{
	struct program *program;
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	(void)state;
	world_skip_without_bpf();
	program = world_load(&variants[0]);
	assert_int_equal(bpf_obj_get_info_by_fd(program->fd, &info, &size), 0);
	assert_int_equal(info.type, BPF_PROG_TYPE_SCHED_CLS);
	assert_string_equal(info.name, "portacct_tc");
	program_free(program);
}

static size_t not_run;

/*
 * An skb has 14 bytes of Ethernet, whatever the program takes them for, and where these name IP,
 * its header. What cannot be run is sent by test_tc_device.c.
 */
static bool can_run(const uint8_t *bytes, size_t len, uint32_t linear)
{
	const unsigned int type = len < WORLD_FRAME_MIN ? 0 : bytes[12] << 8 | bytes[13];
	const size_t needed = WORLD_FRAME_MIN + (type == 0x0800 ? 20 : type == 0x86dd ? 40 : 0);
	const bool is_taken = len >= needed && linear >= needed;

	not_run += !is_taken;
	return is_taken;
}

static void add(struct program *program, const char *desc, const uint8_t *bytes, size_t len,
		uint32_t linear)
{
	if (can_run(bytes, len, linear))
		program_add(program, desc, bytes, len, linear);
}

static void say_not_run(void)
{
	print_message("%zu frames left to test_tc_device: shorter than the header that they name\n",
		      not_run);
	not_run = 0;
}

static void check_row(struct program *program, const struct packet_row *row)
{
	add(program, row->desc, row->packet.data, row->packet.len, PROGRAM_ALL_LINEAR);
}

static void check_row_cuts(struct program *program, const struct packet_row *row)
{
	for (size_t len = WORLD_FRAME_MIN; len < row->packet.len; len += len < CUT_BYTES ? 1 : 41)
		add(program, row->desc, row->packet.data, len, PROGRAM_ALL_LINEAR);
}

static void check_variants(size_t variants_len,
			   void (*fn)(struct program *program, const struct packet_row *row))
{
	for (size_t i = 0; i < variants_len; i++) {
		struct program *program = world_load(&variants[i]);

		world_for_each_row(program, fn);
		program_free(program);
	}
}

static void test_tc_table(void **state)
{
	(void)state;
	world_skip_without_bpf();
	check_variants(VARIANTS, check_row);
	say_not_run();
}

static void test_tc_every_cut(void **state)
{
	(void)state;
	world_skip_without_bpf();
	check_variants(2, check_row_cuts);
	say_not_run();
}

static void test_tc_random(void **state)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < VARIANTS; i++) {
		struct program *program = world_load(&variants[i]);

		for (unsigned int frame = 0; frame < RANDOM_FRAMES; frame++) {
			const size_t len = world_make_frame(bytes, variants[i].starts_at_l3);

			add(program, "random frame", bytes, len, PROGRAM_ALL_LINEAR);
		}
		program_check(program);
		program_free(program);
	}
	say_not_run();
}

/* The two programs beside each other, and what they have counted. */
struct pair {
	struct program *tc, *xdp;
};

static struct pair load_pair(bool starts_at_l3)
{
	struct program_options options = { .starts_at_l3 = starts_at_l3 };
	struct pair pair = { .xdp = world_load(&options) };

	options.is_tc = true;
	pair.tc = world_load(&options);
	memcpy(pair.tc->endpoints, pair.xdp->endpoints, sizeof(struct port_endpoints));
	return pair;
}

static void free_pair(struct pair *pair)
{
	program_free(pair->tc);
	program_free(pair->xdp);
}

static void compare_pair(struct pair *pair, const char *desc)
{
	ledger_read(&pair->tc->found, pair->tc->object);
	ledger_read(&pair->xdp->found, pair->xdp->object);
	if (ledger_compare(&pair->xdp->found, &pair->tc->found, true))
		fail_msg("up to '%s': counted otherwise by tc than by XDP", desc);
}

static void run_pair(struct pair *pair, const char *desc, const uint8_t *bytes, size_t len)
{
	const struct frame frame = {
		.desc = desc,
		.bytes = bytes,
		.len = (uint32_t)len,
		.linear = PROGRAM_ALL_LINEAR,
	};

	if (!can_run(bytes, len, PROGRAM_ALL_LINEAR))
		return;
	program_run(pair->xdp, &frame);
	program_run(pair->tc, &frame);
}

/* With everything remembered from frame to frame: marks, clients, fragments. */
static void test_tc_same_as_xdp(void **state)
{
	uint8_t bytes[GENERATE_LONG_MAX];

	(void)state;
	world_skip_without_bpf();
	for (int starts_at_l3 = 0; starts_at_l3 < 2; starts_at_l3++) {
		struct pair pair = load_pair(starts_at_l3);

		for (size_t i = 0; i < world.rows_len; i++) {
			const struct packet_row *row = &world.rows[i];

			if (row->starts_at_l3 != starts_at_l3)
				continue;
			run_pair(&pair, row->desc, row->packet.data, row->packet.len);
			if (i % 16 == 0)
				compare_pair(&pair, row->desc);
		}
		for (unsigned int i = 0; i < SAME_FRAMES; i++)
			run_pair(&pair, "random frame", bytes,
				 world_make_frame(bytes, starts_at_l3));
		compare_pair(&pair, "random frame");
		free_pair(&pair);
	}
	say_not_run();
}

#define TYPE_AT 12
#define IP_AT 14
#define COPIED_BYTES 512 /* of a packet that is wrapped: as COPY_BYTES in bpf/cursor.h */

/* The length that the IP header behind an Ethernet header names; 0: none is behind it, or none. */
static size_t named_length(const uint8_t *bytes, size_t len)
{
	const unsigned int type = len < IP_AT + 20 ? 0 : bytes[TYPE_AT] << 8 | bytes[TYPE_AT + 1];
	const uint8_t *ip = bytes + IP_AT;

	if (type == 0x0800 && ip[0] >> 4 == 4)
		return (size_t)(ip[2] << 8 | ip[3]);
	if (type == 0x86dd && ip[0] >> 4 == 6 && (ip[4] || ip[5]))
		return 40 + (size_t)(ip[4] << 8 | ip[5]);
	return 0;
}

static size_t wrapped; /* packets that were known by their length */

/*
 * A packet behind a header that is not counted, as on some tunnels: BPF_PROG_TEST_RUN leaves the
 * kernel a link-layer header, which a program that wants none takes for what the packet was wrapped
 * in. XDP is shown the packet alone; or all, where the packet names no length to know it by.
 */
static void run_wrapped(struct pair *pair, const char *desc, const uint8_t *bytes, size_t len)
{
	const size_t named = named_length(bytes, len);
	const bool is_known =
		named >= WORLD_FRAME_MIN && IP_AT + named <= len && named <= COPIED_BYTES;
	struct frame frame = {
		.desc = desc,
		.bytes = bytes,
		.len = (uint32_t)len,
		.linear = PROGRAM_ALL_LINEAR,
	};

	if (!can_run(bytes, len, PROGRAM_ALL_LINEAR) || (named && !is_known))
		return;
	program_run(pair->tc, &frame);
	if (is_known) {
		frame.bytes += IP_AT;
		frame.len = (uint32_t)named;
		wrapped++;
	}
	program_run(pair->xdp, &frame);
	compare_pair(pair, desc);
}

/* Without its length: as a jumbogram, or merged to more than the field can tell. */
static void run_without_length(struct pair *pair, const struct packet_row *row)
{
	struct packet packet = row->packet;

	if (!named_length(packet.data, packet.len))
		return;
	if (packet.data[IP_AT] >> 4 == 4)
		memset(packet.data + IP_AT + 2, 0, 2);
	else
		memset(packet.data + IP_AT + 4, 0, 2);
	run_wrapped(pair, row->desc, packet.data, packet.len);
}

static void test_tc_wrapped(void **state)
{
	struct pair pair;

	(void)state;
	world_skip_without_bpf();
	pair = load_pair(true);
	for (size_t i = 0; i < world.rows_len; i++) {
		const struct packet_row *row = &world.rows[i];

		if (row->starts_at_l3)
			continue;
		run_wrapped(&pair, row->desc, row->packet.data, row->packet.len);
		run_without_length(&pair, row);
	}
	free_pair(&pair);
	assert_true(wrapped > 100);
	print_message("%zu packets behind what they are wrapped in\n", wrapped);
	not_run = 0;
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_tc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tc_verified_instructions),
		cmocka_unit_test(test_tc_is_of_its_type),
		cmocka_unit_test(test_tc_table),
		cmocka_unit_test(test_tc_every_cut),
		cmocka_unit_test(test_tc_random),
		cmocka_unit_test(test_tc_same_as_xdp),
		cmocka_unit_test(test_tc_wrapped),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
