// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting and reporting agree: the program is loaded twice, as for a device and as for a replay,
 * and every frame goes through both. The cell that the replay reports must be the one cell that the
 * counting program has added to, and what it reports of the frame be what the parser finds on the
 * host.
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

#include "agent.skel.h"

#include "../../bpf/parse.h"
#include "talk.h"
#include "world.h"

#define FRAMES 10000 /* of conversations, and as many of any kind */
#define BATCH 500

/* The two programs, and the account that the reports make. */
struct both {
	struct program *counting, *replay;
	struct ledger reports;
	unsigned int frames;
};

/* With the same keys, so that endpoints whose cells collide do so in both. */
static void load_both(struct both *both, bool starts_at_l3)
{
	struct program_options options = {
		.starts_at_l3 = starts_at_l3,
		.endpoint_bits = program_many_bits(),
	};

	*both = (struct both){ .counting = world_load(&options) };
	options.is_replay = true;
	both->replay = world_load(&options);
	memcpy(both->replay->endpoints, both->counting->endpoints, sizeof(struct port_endpoints));
	ledger_init(&both->reports, both->counting->expected.slots_end, true);
}

static struct port_counter read_cell(const struct program *program, uint32_t cell)
{
	const int cpus = libbpf_num_possible_cpus();
	struct port_counter *copies = calloc((size_t)cpus, sizeof(*copies)), sum = {};

	assert_non_null(copies);
	assert_int_equal(
		bpf_map_lookup_elem(bpf_map__fd(program_map(program, "counters")), &cell, copies),
		0);
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.packets += copies[cpu].packets;
		sum.bytes += copies[cpu].bytes;
	}
	free(copies);
	return sum;
}

/* Handshakes and suspicions are not reported: only what the two programs have counted of them. */
static void compare(struct both *both, const char *desc)
{
	struct ledger *counted = &both->counting->found, *replayed = &both->replay->found;

	ledger_read(counted, both->counting->object);
	ledger_read(replayed, both->replay->object);
	if (ledger_compare(counted, replayed, true))
		fail_msg("up to '%s': counted otherwise than replayed", desc);
	memcpy(both->reports.handshakes, counted->handshakes,
	       counted->slots_end * sizeof(*counted->handshakes));
	both->reports.counters[PORT_INDEX_SUSPICIOUS] = counted->counters[PORT_INDEX_SUSPICIOUS];
	if (ledger_compare(&both->reports, counted, true))
		fail_msg("up to '%s': counted otherwise than reported", desc);
	ledger_check_sums(&both->reports);
}

static void check_packet(const struct port_replay *replay, const struct frame *frame,
			 bool starts_at_l3)
{
	static _Alignas(4) uint8_t block[PACKET_MAX + GENERATE_LONG_MAX + 2];
	uint8_t *start = block + (starts_at_l3 ? 0 : 2); /* so that IP is at a multiple of 4 */
	enum port_bucket bucket;
	struct pkt pkt;

	memcpy(start, frame->bytes, frame->len);
	bucket = parse_frame(start, start + frame->len, frame->len, 0, starts_at_l3, &pkt);
	if (replay->has_ports != (bucket == PORT_NO_BUCKET))
		fail_msg("%s: has ports: %d", frame->desc, replay->has_ports);
	if (bucket != PORT_NO_BUCKET && bucket != PORT_FRAGMENT && replay->bucket != bucket)
		fail_msg("%s: bucket %u, not %d", frame->desc, replay->bucket, (int)bucket);
	if (replay->has_ports &&
	    (replay->source_port != pkt.source_port ||
	     replay->destination_port != pkt.destination_port ||
	     replay->transport != kind_transport(pkt.kind) || replay->is_ipv6 != pkt.is_ipv6 ||
	     replay->network != (const uint8_t *)pkt.ip - start))
		fail_msg("%s: ports %u to %u, IPv%d at %u", frame->desc, replay->source_port,
			 replay->destination_port, replay->is_ipv6 ? 6 : 4, replay->network);
}

static void check_frame(struct both *both, const char *desc, uint8_t *bytes, size_t len)
{
	const struct frame frame = {
		.desc = desc,
		.bytes = bytes,
		.len = (uint32_t)len,
		.linear = PROGRAM_ALL_LINEAR,
		.wire = (uint32_t)len,
	};
	struct port_counter before, after;
	struct ref_verdict report;
	uint32_t cell;

	program_run(both->replay, &frame);
	report = program_report(both->replay);
	check_packet(program_replay(both->replay), &frame, both->replay->options.starts_at_l3);
	cell = ledger_cell(&both->reports, &report);
	before = read_cell(both->counting, cell);
	program_run(both->counting, &frame);
	after = read_cell(both->counting, cell);
	if (after.packets != before.packets + 1 || after.bytes != before.bytes + len)
		fail_msg("%s: not counted in cell %u, as reported", desc, cell);
	ledger_add(&both->reports, &report, 1, len);
	if (++both->frames % BATCH == 0)
		compare(both, desc);
}

static void check_table(struct both *both)
{
	for (size_t i = 0; i < world.rows_len; i++) {
		struct packet_row *row = &world.rows[i];

		if (row->starts_at_l3 == both->replay->options.starts_at_l3 &&
		    row->packet.len >= WORLD_FRAME_MIN)
			check_frame(both, row->desc, row->packet.data, row->packet.len);
	}
}

static void check_random(struct both *both)
{
	const bool starts_at_l3 = both->replay->options.starts_at_l3;
	uint8_t bytes[GENERATE_LONG_MAX];
	struct packet p;
	struct talk talk;

	talk_init(&talk, &world.rng, world.database);
	for (unsigned int i = 0; i < FRAMES; i++) {
		check_frame(both, "frame of any kind", bytes,
			    world_make_frame(bytes, starts_at_l3));
		talk_frame(&talk, &p, starts_at_l3);
		check_frame(both, "conversation", p.data, p.len);
	}
}

static void test_replay_reports_what_is_counted(void **state)
{
	(void)state;
	world_skip_without_bpf();
	for (int starts_at_l3 = 0; starts_at_l3 < 2; starts_at_l3++) {
		struct both both;

		load_both(&both, starts_at_l3);
		check_table(&both);
		check_random(&both);
		compare(&both, "the last");
		print_message("%s header first: %u frames\n", starts_at_l3 ? "IP" : "Ethernet",
			      both.frames);
		assert_true(both.frames > 2 * FRAMES);
		ledger_fini(&both.reports);
		program_free(both.replay);
		program_free(both.counting);
	}
}

/* A replay counts bytes as the capture tells them, and nothing else of them. */
static void test_replay_bytes(void **state)
{
	static const uint32_t wires[] = { 0, 1, 60, 1514, 65549, UINT32_MAX };
	struct program_options options = { .is_replay = true };
	struct port_counter before, after;
	struct program *program;

	(void)state;
	world_skip_without_bpf();
	program = world_load(&options);
	for (size_t i = 0; i < sizeof(wires) / sizeof(wires[0]); i++) {
		uint8_t bytes[60] = { [12] = 0x08, 0x06 };
		const struct frame frame = {
			.desc = "ARP",
			.bytes = bytes,
			.len = sizeof(bytes),
			.linear = PROGRAM_ALL_LINEAR,
			.wire = wires[i],
		};

		before = read_cell(program, PORT_INDEX_BUCKETS + PORT_ARP);
		program_run(program, &frame);
		after = read_cell(program, PORT_INDEX_BUCKETS + PORT_ARP);
		assert_int_equal(after.packets - before.packets, 1);
		assert_int_equal(after.bytes - before.bytes, wires[i]);
		assert_int_equal(program_replay(program)->bucket, PORT_ARP);
	}
	program_free(program);
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_replay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_reports_what_is_counted),
		cmocka_unit_test(test_replay_bytes),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
