// SPDX-License-Identifier: GPL-2.0-only
/* Which port is the service: the rules one by one and in their order, and what holds for all. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "generate.h"
#include "resolve_decide.h"
#include "seed.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static void check_row(const struct resolve_row *row)
{
	const struct resolve_frame *frame = &row->frame;
	const struct verdict v = judge(frame);
	const bool at_source = row->direction == PORT_TO_CLIENT;

	if (PORT_VALUE_SLOT(v.value) != row->slot ||
	    v.value != (at_source ? frame->source : frame->destination) ||
	    v.port != (at_source ? frame->source_port : frame->destination_port) ||
	    v.direction != row->direction || v.method != row->method)
		fail_msg("%s: value %#x, port %u, direction %u, method %u", row->desc, v.value,
			 v.port, v.direction, v.method);
}

static void test_resolve_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < resolve_rows_len; i++)
		check_row(&resolve_rows[i]);
}

static __u32 random_value(struct rng *rng, uint16_t port)
{
	__u32 value = RESOLVE_VALUE(1 + rng_below(rng, 3), 1 + rng_below(rng, 3));

	if (rng_below(rng, 3) == 0)
		return 0;
	if (port >= PORT_WEAK_FIRST)
		return value | PORT_VALUE_WEAK;
	return port < PORT_FIRM_END && rng_below(rng, 2) ? value | PORT_VALUE_FIRM : value;
}

static uint16_t random_port(struct rng *rng)
{
	static const uint16_t ends[] = { 0, 1023, 1024, 32767, 32768, 65535 };

	switch (rng_below(rng, 4)) {
	case 0:
		return ends[rng_below(rng, ARRAY_LEN(ends))];
	case 1:
		return (uint16_t)rng_below(rng, PORT_FIRM_END);
	case 2:
		return (uint16_t)rng_below(rng, PORT_WEAK_FIRST);
	default:
		return (uint16_t)rng_below(rng, 65536);
	}
}

static struct resolve_frame random_frame(struct rng *rng)
{
	struct resolve_frame frame = {
		.transport = (enum port_transport)rng_below(rng, PORT_TRANSPORTS),
		.source_port = random_port(rng),
		.destination_port = random_port(rng),
		.evidence = rng_below(rng, 8),
	};

	if (rng_below(rng, 16) == 0)
		frame.destination_port = frame.source_port;
	frame.source = random_value(rng, frame.source_port);
	frame.destination = frame.source_port == frame.destination_port
				    ? frame.source
				    : random_value(rng, frame.destination_port);
	return frame;
}

static struct resolve_frame mirror(const struct resolve_frame *frame)
{
	struct resolve_frame mirrored = *frame;

	mirrored.source = frame->destination;
	mirrored.destination = frame->source;
	mirrored.source_port = frame->destination_port;
	mirrored.destination_port = frame->source_port;
	mirrored.evidence &= RESOLVE_HAS_CLIENTS;
	if (frame->evidence & RESOLVE_SOURCE_SERVES)
		mirrored.evidence |= RESOLVE_DESTINATION_SERVES;
	if (frame->evidence & RESOLVE_DESTINATION_SERVES)
		mirrored.evidence |= RESOLVE_SOURCE_SERVES;
	return mirrored;
}

static void fail_random(const struct resolve_frame *frame, const char *what)
{
	fail_msg("%s: transport %d, flags %#x, ports %u to %u, values %#x to %#x, evidence %u",
		 what, (int)frame->transport, frame->flags, frame->source_port,
		 frame->destination_port, frame->source, frame->destination, frame->evidence);
}

#define RANDOM_FRAMES 1000000

/* Both sides of a class: for others than TCP nothing but marks tells them apart. */
static bool is_one_class(const struct resolve_frame *frame)
{
	const uint16_t a = frame->source_port, b = frame->destination_port;

	return (a < PORT_FIRM_END) == (b < PORT_FIRM_END) &&
	       (a < PORT_WEAK_FIRST) == (b < PORT_WEAK_FIRST);
}

/*
 * The way back leads to the same port, by the same method: but for equal ports, which always count
 * as to the server, and for what rule 6 gives to the destination.
 */
static void test_resolve_mirrors(void **state)
{
	unsigned int mirrored = 0, fixed = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, seed_choose(__func__), NULL, 0);
	for (unsigned int i = 0; i < RANDOM_FRAMES; i++) {
		const struct resolve_frame frame = random_frame(&rng), back = mirror(&frame);
		const struct choice there = decide(&frame), here = decide(&back);
		const bool is_decided =
			there.method == PORT_ENDPOINT || here.method == PORT_ENDPOINT;
		__u64 values = pair(frame.source, frame.destination);
		struct choice firm;
		bool is_fixed = frame.transport != PORT_TCP && is_one_class(&frame) && !is_decided;

		if (!(frame.evidence & RESOLVE_HAS_CLIENTS) && resolve_firm(values, &firm))
			is_fixed = false;
		if (frame.source_port == frame.destination_port)
			is_fixed = true;
		mirrored += !is_fixed;
		fixed += is_fixed;
		if (is_fixed ? there.side != DESTINATION || here.side != DESTINATION
			     : there.side == here.side || there.method != here.method)
			fail_random(&frame, "mirrored");
	}
	assert_true(mirrored > RANDOM_FRAMES / 4 && fixed > RANDOM_FRAMES / 16);
}

/* A connection's two first frames are of one service, whichever ports they are between. */
static void test_resolve_handshake_mirrors(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, seed_choose(__func__), NULL, 0);
	for (unsigned int i = 0; i < RANDOM_FRAMES; i++) {
		struct resolve_frame asks = random_frame(&rng), accepts = mirror(&asks);
		struct choice asked, accepted;

		asks.flags = TCP_FLAG_SYN;
		accepts.flags = TCP_FLAG_SYN | TCP_FLAG_ACK;
		asked = decide(&asks);
		accepted = decide(&accepts);
		if (asked.side != DESTINATION || asked.method != PORT_HANDSHAKE ||
		    accepted.method != PORT_HANDSHAKE ||
		    accepted.side !=
			    (asks.source_port == asks.destination_port ? DESTINATION : SOURCE))
			fail_random(&asks, "handshake");
	}
}

static bool has_one_mark(const struct resolve_frame *frame)
{
	return !(frame->evidence & RESOLVE_SOURCE_SERVES) !=
	       !(frame->evidence & RESOLVE_DESTINATION_SERVES);
}

/* What a method says of the port that was chosen by it. */
static void test_resolve_methods_mean_what_they_say(void **state)
{
	unsigned int counts[PORT_METHODS] = {};
	struct rng rng;

	(void)state;
	rng_init(&rng, seed_choose(__func__), NULL, 0);
	for (unsigned int i = 0; i < RANDOM_FRAMES; i++) {
		const struct resolve_frame frame = random_frame(&rng);
		const struct choice choice = decide(&frame);
		const struct verdict v = judge(&frame);
		const __u32 other = choice.side == SOURCE ? frame.destination : frame.source;

		counts[choice.method]++;
		if (choice.method == PORT_HANDSHAKE ||
		    (choice.method == PORT_ENDPOINT && !has_one_mark(&frame)) ||
		    (choice.method == PORT_GUESS && v.value) ||
		    (choice.method == PORT_DATABASE && !v.value) ||
		    (choice.method == PORT_TIE && (!v.value || !other)))
			fail_random(&frame, "method");
	}
	for (int method = PORT_ENDPOINT; method < PORT_METHODS; method++)
		assert_true(counts[method] > RANDOM_FRAMES / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_rules),
		cmocka_unit_test(test_resolve_mirrors),
		cmocka_unit_test(test_resolve_handshake_mirrors),
		cmocka_unit_test(test_resolve_methods_mean_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
