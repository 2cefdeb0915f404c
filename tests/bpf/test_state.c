// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel half remembers from frame to frame, against the reference: conversations at
 * random, with damaged frames and frames of any kind among them. After each batch every counter of
 * every map must be the reference's, for a program that counts and, with a clock that moves, for
 * one that replays, whose every report is compared as well.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "talk.h"
#include "world.h"

#define FRAMES 100000 /* for each of the variants */
#define REACHED_MIN 50

static const struct program_options variants[] = {
	{ .starts_at_l3 = false, .have_frags = true, .is_replay = false },
	{ .starts_at_l3 = true, .have_frags = false, .is_replay = false },
	{ .starts_at_l3 = false, .have_frags = false, .is_replay = true },
	{ .starts_at_l3 = true, .have_frags = false, .is_replay = true },
};

/* Epochs begin anew after 256: the clock of a batch stays below that. */
#define SECONDS_MAX (250 * (1 << PROGRAM_EPOCH_SHIFT) / PROGRAM_TICKS_PER_SECOND)

/* Mostly within a second; sometimes marks, clients and fragments grow old, or some of them. */
static uint32_t choose_pause(struct rng *rng, uint32_t second)
{
	static const uint32_t pauses[] = { 10, 30, 59, 60, 61, 120, 200 };

	if (second + 200 > SECONDS_MAX)
		return 0;
	if (rng_below(rng, 100) > 0)
		return rng_below(rng, 8) == 0;
	return pauses[rng_below(rng, sizeof(pauses) / sizeof(pauses[0]))];
}

static void add_frame(struct program *program, struct talk *talk)
{
	const bool starts_at_l3 = program->options.starts_at_l3;
	uint8_t bytes[GENERATE_LONG_MAX];
	struct packet p;
	size_t len;

	if (program->options.is_replay)
		program->second += choose_pause(&world.rng, program->second);
	if (rng_below(&world.rng, 8) == 0) {
		len = world_make_frame(bytes, starts_at_l3);
		program_add(program, "frame of any kind", bytes, len, PROGRAM_ALL_LINEAR);
		return;
	}
	talk_frame(talk, &p, starts_at_l3);
	if (rng_below(&world.rng, 10) == 0)
		p.len = mutate_frame(&world.rng, p.data, p.len, sizeof(p.data));
	while (p.len < WORLD_FRAME_MIN)
		p.data[p.len++] = 0;
	program_add(program, "conversation", p.data, p.len, PROGRAM_ALL_LINEAR);
}

static void check_reached(const char *what, uint64_t count)
{
	print_message("%s: %llu\n", what, (unsigned long long)count);
	if (count < REACHED_MIN)
		fail_msg("%s: %llu frames only", what, (unsigned long long)count);
}

/* So that a test that meets nothing cannot pass. */
static void check_reach(const struct program *program)
{
	const struct ledger *ledger = &program->expected;
	const struct port_counter *cells = ledger->counters;
	struct port_handshakes sum = {};
	uint64_t unclassified = 0, guessed = 0;

	for (uint32_t slot = 0; slot < ledger->slots_end; slot++) {
		sum.attempted += ledger->handshakes[slot].attempted;
		sum.accepted += ledger->handshakes[slot].accepted;
		sum.reset += ledger->handshakes[slot].reset;
	}
	for (int transport = 0; transport < PORT_TRANSPORTS; transport++) {
		unclassified += cells[PORT_INDEX_UNCLASSIFIED(transport, PORT_ENDPOINT)].packets;
		guessed += cells[PORT_INDEX_UNCLASSIFIED(transport, PORT_GUESS)].packets;
	}
	check_reached("services by handshake", cells[PORT_INDEX_METHODS + PORT_HANDSHAKE].packets);
	check_reached("services by endpoint", cells[PORT_INDEX_METHODS + PORT_ENDPOINT].packets);
	check_reached("services by tie", cells[PORT_INDEX_METHODS + PORT_TIE].packets);
	check_reached("unclassified by guess", guessed);
	check_reached("unclassified by endpoint", unclassified);
	check_reached("suspicious", cells[PORT_INDEX_SUSPICIOUS].packets);
	check_reached("attempted", sum.attempted);
	check_reached("accepted", sum.accepted);
	check_reached("reset", sum.reset);
	check_reached("fragments without their first", cells[PORT_FRAGMENT].packets);
	check_reached("fragments behind their first", program->followed);
}

static void test_state_random(void **state)
{
	(void)state;
	world_skip_without_bpf();
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct program_options options = variants[i];
		struct program *program;
		struct talk talk;

		options.endpoint_bits = program_many_bits();
		program = world_load(&options);
		talk_init(&talk, &world.rng, world.database);
		for (unsigned int frame = 0; frame < FRAMES; frame++)
			add_frame(program, &talk);
		program_check(program);
		check_reach(program);
		program_free(program);
	}
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_state");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_random),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
