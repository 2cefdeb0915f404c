// SPDX-License-Identifier: GPL-2.0-only

/* Frames and what is known of their flows, in any order, to shares and rows. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "audit_tally.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIMIT 100000
#define STEPS_MAX 12

/* A host, 10.0.0.1 and so on, and a port there. */
struct end {
	uint8_t host;
	uint16_t port;
};

#define A                                                                                          \
	{                                                                                          \
		1, 50000                                                                           \
	}
#define B                                                                                          \
	{                                                                                          \
		2, 443                                                                             \
	}
#define GATEWAY                                                                                    \
	{                                                                                          \
		3, 1024                                                                            \
	} /* what A is masqueraded as */
#define C                                                                                          \
	{                                                                                          \
		4, 443                                                                             \
	}

enum step_kind { END, FRAME, FLOW, NEW, MIDWAY, PORTLESS };

struct step {
	enum step_kind kind;
	struct end from, to; /* of a frame, or of a flow's original direction */
	struct end reply_from, reply_to;
	enum port_method method;
	enum port_direction direction;
};

#define FRAME_TO(from, to, method)                                                                 \
	{                                                                                          \
		FRAME, from, to, {}, {}, PORT_##method, PORT_TO_SERVER                             \
	}
#define FRAME_OF(from, to, method)                                                                 \
	{                                                                                          \
		FRAME, from, to, {}, {}, PORT_##method, PORT_TO_CLIENT                             \
	}
#define KNOWN(kind, from, to)                                                                      \
	{                                                                                          \
		kind, from, to, {}, {}, 0, 0                                                       \
	}
#define TRANSLATED(from, to, back_from, back_to)                                                   \
	{                                                                                          \
		FLOW, from, to, back_from, back_to, 0, 0                                           \
	}
#define NO_PORTS                                                                                   \
	{                                                                                          \
		PORTLESS, {}, {}, {}, {}, 0, 0                                                     \
	}

static uint32_t values[PORT_TABLE_ENTRIES];

static struct conntrack_tuple tuple_of(struct end from, struct end to,
				       enum port_transport transport)
{
	struct conntrack_tuple tuple = {
		.source = { 10, 0, 0, from.host },
		.destination = { 10, 0, 0, to.host },
		.source_port = from.port,
		.destination_port = to.port,
		.transport = transport,
	};

	return tuple;
}

static void take_step(struct audit_tally *tally, const struct step *step,
		      enum port_transport transport)
{
	struct conntrack_flow flow = {
		.original = tuple_of(step->from, step->to, transport),
		.reply = tuple_of(step->reply_from, step->reply_to, transport),
		.is_midway = step->kind == MIDWAY,
	};

	switch (step->kind) {
	case FRAME:
		audit_tally_frame(tally, &flow.original, step->method, step->direction);
		break;
	case PORTLESS:
		audit_tally_portless(tally);
		break;
	default:
		if (!step->reply_from.port)
			flow.reply = tuple_of(step->to, step->from, transport);
		audit_tally_learn(tally, &flow, step->kind == NEW);
	}
}

static void assert_sums(const char *desc, const struct audit_sums *sums,
			const struct audit_sums *wanted)
{
	if (sums->frames != wanted->frames || sums->portless != wanted->portless ||
	    sums->beyond != wanted->beyond || sums->untracked != wanted->untracked ||
	    sums->midway != wanted->midway || sums->all.frames != wanted->all.frames ||
	    sums->all.agree != wanted->all.agree || sums->count != wanted->count)
		fail_msg("%s: %u = %u portless + %u beyond + %u untracked + %u midway + %u, agree "
			 "%u, rows %u",
			 desc, (unsigned int)sums->frames, (unsigned int)sums->portless,
			 (unsigned int)sums->beyond, (unsigned int)sums->untracked,
			 (unsigned int)sums->midway, (unsigned int)sums->all.frames,
			 (unsigned int)sums->all.agree, (unsigned int)sums->count);
}

static const struct row {
	const char *desc;
	struct step steps[STEPS_MAX];
	struct audit_sums wanted;
} rows[] = {
	{ "nothing", {}, {} },
	{ "frames without ports", { NO_PORTS, NO_PORTS }, { .frames = 2, .portless = 2 } },
	{ "a flow that is not tracked",
	  { FRAME_TO(A, B, GUESS), FRAME_OF(B, A, GUESS) },
	  { .frames = 2, .untracked = 2 } },
	{ "both directions agree, told of later",
	  { FRAME_TO(A, B, HANDSHAKE), FRAME_OF(B, A, HANDSHAKE), KNOWN(FLOW, A, B) },
	  { .frames = 2, .all = { 2, 2 } } },
	{ "both directions agree, told of before, as it is new",
	  { KNOWN(NEW, A, B), FRAME_TO(A, B, HANDSHAKE), FRAME_OF(B, A, HANDSHAKE) },
	  { .frames = 2, .all = { 2, 2 } } },
	{ "what is old is asked for again: not known before it is seen",
	  { KNOWN(FLOW, A, B), FRAME_TO(A, B, HANDSHAKE) },
	  { .frames = 1, .untracked = 1 } },
	{ "one direction is seen",
	  { FRAME_OF(B, A, DATABASE), KNOWN(FLOW, A, B) },
	  { .frames = 1, .all = { 1, 1 } } },
	{ "one frame of three differs",
	  { FRAME_TO(A, B, GUESS), FRAME_OF(A, B, GUESS), FRAME_OF(B, A, GUESS),
	    KNOWN(FLOW, A, B) },
	  { .frames = 3, .all = { 3, 2 }, .count = 1 } },
	{ "tracked the other way round: all differ",
	  { FRAME_TO(A, B, DATABASE), FRAME_OF(B, A, DATABASE), KNOWN(FLOW, B, A) },
	  { .frames = 2, .all = { 2, 0 }, .count = 1 } },
	{ "masqueraded: the request as it comes in, the answer as it comes back",
	  { FRAME_TO(A, B, TIE), FRAME_OF(B, GATEWAY, TIE), TRANSLATED(A, B, B, GATEWAY) },
	  { .frames = 2, .all = { 2, 2 } } },
	{ "masqueraded: what nobody receives is not tracked",
	  { FRAME_TO(GATEWAY, B, TIE), FRAME_OF(B, A, TIE), TRANSLATED(A, B, B, GATEWAY) },
	  { .frames = 2, .untracked = 2 } },
	{ "met midway",
	  { FRAME_TO(A, B, GUESS), FRAME_TO(B, A, GUESS), KNOWN(MIDWAY, A, B) },
	  { .frames = 2, .midway = 2 } },
	{ "the same addresses again, the other way round: the latest counts",
	  { FRAME_TO(A, B, ENDPOINT), KNOWN(NEW, A, B), KNOWN(NEW, B, A),
	    FRAME_TO(A, B, ENDPOINT) },
	  { .frames = 2, .all = { 2, 0 }, .count = 1 } },
	{ "two flows that differ alike are one row",
	  { FRAME_OF(A, B, GUESS), FRAME_OF(A, C, GUESS), KNOWN(FLOW, A, B), KNOWN(FLOW, A, C) },
	  { .frames = 2, .all = { 2, 0 }, .count = 1 } },
	{ "equal ports agree whatever was decided",
	  { FRAME_TO(B, C, DATABASE), FRAME_TO(C, B, DATABASE), KNOWN(FLOW, B, C) },
	  { .frames = 2, .all = { 2, 2 } } },
};

static void test_audit_tally_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct audit_tally *tally = audit_tally_new(LIMIT);
		struct audit_sums sums;

		assert_non_null(tally);
		for (const struct step *step = rows[i].steps; step->kind != END; step++)
			take_step(tally, step, PORT_TCP);
		assert_int_equal(audit_tally_sum(tally, values, &sums), 0);
		assert_sums(rows[i].desc, &sums, &rows[i].wanted);
		audit_sums_fini(&sums);
		audit_tally_free(tally);
	}
}

/* Transports, families and single bits of an address make another flow of it. */
static void test_audit_tally_tuples(void **state)
{
	const struct end a = A, b = B;
	struct conntrack_flow flow = { .original = tuple_of(a, b, PORT_TCP),
				       .reply = tuple_of(b, a, PORT_TCP) };
	struct audit_tally *tally = audit_tally_new(LIMIT);
	struct audit_sums sums;
	size_t others = 0;

	(void)state;
	audit_tally_learn(tally, &flow, true);
	for (size_t bit = 0; bit < 8 * offsetof(struct conntrack_tuple, transport); bit++) {
		struct conntrack_tuple other = flow.original;

		((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1U << bit % 8);
		audit_tally_frame(tally, &other, PORT_GUESS, PORT_TO_SERVER);
		others++;
	}
	flow.original.transport = PORT_UDP;
	audit_tally_frame(tally, &flow.original, PORT_GUESS, PORT_TO_SERVER);
	flow.original.transport = PORT_TCP;
	flow.original.is_ipv6 = 1;
	audit_tally_frame(tally, &flow.original, PORT_GUESS, PORT_TO_SERVER);
	assert_int_equal(audit_tally_sum(tally, values, &sums), 0);
	assert_int_equal(sums.untracked, others + 2);
	assert_int_equal(sums.frames, others + 2);
	audit_sums_fini(&sums);
	audit_tally_free(tally);
}

static void test_audit_tally_methods(void **state)
{
	const struct end a = A, b = B;
	struct conntrack_flow flow = { .original = tuple_of(a, b, PORT_SCTP),
				       .reply = tuple_of(b, a, PORT_SCTP) };
	struct audit_tally *tally = audit_tally_new(LIMIT);
	struct audit_sums sums;

	(void)state;
	audit_tally_learn(tally, &flow, true);
	for (unsigned int method = 0; method < PORT_METHODS; method++)
		for (unsigned int i = 0; i < 10; i++)
			audit_tally_frame(tally, &flow.original, method,
					  i < method ? PORT_TO_CLIENT : PORT_TO_SERVER);
	assert_int_equal(audit_tally_sum(tally, values, &sums), 0);
	for (unsigned int method = 0; method < PORT_METHODS; method++) {
		assert_int_equal(sums.methods[method].frames, 10);
		assert_int_equal(sums.methods[method].agree, 10 - method);
	}
	assert_int_equal(sums.all.frames, 50);
	assert_int_equal(sums.all.agree, 40);
	assert_int_equal(sums.count, 1);
	assert_int_equal(sums.rows[0].transport, PORT_SCTP);
	assert_int_equal(sums.rows[0].counted.port, 50000);
	assert_int_equal(sums.rows[0].tracked.port, 443);
	assert_int_equal(sums.rows[0].frames, 10);
	assert_int_equal(sums.rows[0].flows, 1);
	audit_sums_fini(&sums);
	audit_tally_free(tally);
}

static void test_audit_tally_limit(void **state)
{
	struct audit_tally *tally = audit_tally_new(1500); /* more than it begins with */
	struct audit_sums sums;

	(void)state;
	for (int pass = 0; pass < 2; pass++)
		for (uint16_t port = 1; port <= 2000; port++) {
			struct conntrack_tuple tuple =
				tuple_of((struct end){ 1, port }, (struct end){ 2, 443 }, PORT_TCP);

			audit_tally_frame(tally, &tuple, PORT_GUESS, PORT_TO_SERVER);
		}
	for (uint16_t port = 1; port <= 2000; port++) {
		struct conntrack_flow flow = {
			.original =
				tuple_of((struct end){ 1, port }, (struct end){ 2, 443 }, PORT_TCP),
			.reply =
				tuple_of((struct end){ 2, 443 }, (struct end){ 1, port }, PORT_TCP),
		};

		audit_tally_learn(tally, &flow, true);
	}
	assert_int_equal(audit_tally_sum(tally, values, &sums), 0);
	assert_int_equal(sums.all.frames, 3000);
	assert_int_equal(sums.all.agree, 3000);
	assert_int_equal(sums.beyond, 1000);
	assert_int_equal(sums.frames, 4000);
	audit_sums_fini(&sums);
	audit_tally_free(tally);
}

/* As many as a kernel of today tracks; it would not end if a look-up walked them all. */
static void test_audit_tally_many(void **state)
{
	const uint32_t flows = 262144;
	struct audit_tally *tally = audit_tally_new(AUDIT_FLOWS_MAX);
	struct audit_sums sums;

	(void)state;
	for (int told = 0; told < 2; told++)
		for (uint32_t i = 0; i < flows; i++) {
			struct conntrack_flow flow = {
				.original =
					tuple_of((struct end){ 1, (uint16_t)(i % 60000 + 1000) },
						 (struct end){ 2, 80 }, PORT_UDP),
				.reply = tuple_of((struct end){ 2, 80 },
						  (struct end){ 1, (uint16_t)(i % 60000 + 1000) },
						  PORT_UDP),
			};

			flow.original.source[1] = flow.reply.destination[1] = (uint8_t)(i / 60000);
			if (told) {
				audit_tally_learn(tally, &flow, false);
				continue;
			}
			audit_tally_frame(tally, &flow.original, PORT_DATABASE, PORT_TO_SERVER);
			audit_tally_frame(tally, &flow.reply, PORT_DATABASE,
					  i % 4 ? PORT_TO_CLIENT : PORT_TO_SERVER);
		}
	assert_int_equal(audit_tally_sum(tally, values, &sums), 0);
	assert_int_equal(sums.all.frames, 2 * flows);
	assert_int_equal(sums.all.agree, 2 * flows - flows / 4);
	assert_int_equal(sums.beyond + sums.untracked, 0);
	assert_int_equal(sums.count, 1);
	assert_int_equal(sums.rows[0].tracked.port, 80);
	assert_int_equal(sums.rows[0].flows, flows / 4);
	audit_sums_fini(&sums);
	audit_tally_free(tally);
}

/* What comes first makes no difference: each order of the same steps has the same sums. */
static void test_audit_tally_order(void **state)
{
	static const struct step steps[] = {
		FRAME_TO(A, B, ENDPOINT),
		FRAME_OF(A, B, GUESS),
		FRAME_OF(B, A, ENDPOINT),
		FRAME_TO(A, C, DATABASE),
		KNOWN(NEW, A, B),
		KNOWN(NEW, C, A),
		NO_PORTS,
		FRAME_TO(C, A, TIE),
	};
	const struct audit_sums wanted = {
		.frames = 6,
		.portless = 1,
		.all = { 5, 3 },
		.count = 2,
	};

	(void)state;
	srand(1);
	for (int pass = 0; pass < 1000; pass++) {
		struct audit_tally *tally = audit_tally_new(LIMIT);
		struct step shuffled[COUNT(steps)];
		struct audit_sums sums;

		memcpy(shuffled, steps, sizeof(steps));
		for (size_t i = COUNT(steps) - 1; i; i--) {
			size_t k = (size_t)rand() % (i + 1);
			struct step step = shuffled[i];

			shuffled[i] = shuffled[k];
			shuffled[k] = step;
		}
		for (size_t i = 0; i < COUNT(steps); i++)
			take_step(tally, &shuffled[i], PORT_TCP);
		assert_int_equal(audit_tally_sum(tally, values, &sums), 0);
		assert_sums("shuffled", &sums, &wanted);
		audit_sums_fini(&sums);
		audit_tally_free(tally);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audit_tally_rows),
		cmocka_unit_test(test_audit_tally_tuples),
		cmocka_unit_test(test_audit_tally_methods),
		cmocka_unit_test(test_audit_tally_limit),
		cmocka_unit_test(test_audit_tally_many),
		cmocka_unit_test(test_audit_tally_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
