// SPDX-License-Identifier: GPL-2.0-only

/*
 * Holds the generator against its header, with the reference as the judge of what it reaches. Each
 * frame by itself: nothing is marked, so none is decided by its endpoints.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "reference.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define SEED 20240229
#define FRAMES 200000
#define REACHED_MIN 20

static const uint16_t ports[] = { 53, 80, 443, 5004, 8080, 6001, 6002, 50000, 60000, 2905, 79 };

static const struct ref_entry database[] = {
	{ PORT_TCP, 80, 80, 0, 1, 1 },	     { PORT_TCP, 443, 443, 0, 2, 2 },
	{ PORT_TCP, 8080, 8080, 0, 3, 3 },   { PORT_TCP, 6000, 6063, 0, 4, 4 },
	{ PORT_TCP, 50000, 50000, 0, 5, 5 }, { PORT_UDP, 53, 53, 0, 6, 6 },
	{ PORT_UDP, 5000, 5010, 0, 7, 7 },   { PORT_UDP, 60000, 60000, 1, 1, 8 },
	{ PORT_SCTP, 2905, 2905, 1, 2, 9 },  { PORT_DCCP, 5004, 5004, 1, 3, 10 },
};

/* How often each outcome came. */
struct reach {
	unsigned int services, transports[PORT_TRANSPORTS];
	unsigned int buckets[PORT_BUCKETS], methods[PORT_METHODS], directions[PORT_DIRECTIONS];
};

/* A copy of just the frame's size, so that the sanitizer sees the first byte read past it. */
static void judge(const uint8_t *frame, size_t len, bool starts_at_l3, struct reach *reach)
{
	uint8_t *copy = malloc(len);
	struct ref_verdict v;

	assert_non_null(copy);
	memcpy(copy, frame, len);
	reference_classify(copy, len, starts_at_l3, database, ARRAY_LEN(database), &v);
	free(copy);
	assert_in_range(v.bucket + 1, 0, PORT_BUCKETS);
	assert_true((v.bucket < 0) == (v.slot > 0));
	assert_true((v.transport < 0) == (v.method < 0));
	if (v.bucket < 0)
		reach->services++;
	else
		reach->buckets[v.bucket]++;
	if (v.transport < 0)
		return;
	reach->transports[v.transport]++;
	reach->methods[v.method]++;
	reach->directions[v.direction]++;
}

static void check_reached(const char *what, const unsigned int *counts, size_t n)
{
	print_message("%s:", what);
	for (size_t i = 0; i < n; i++)
		print_message(" %u", counts[i]);
	print_message("\n");
	for (size_t i = 0; i < n; i++)
		if (counts[i] < REACHED_MIN)
			fail_msg("%s %zu came out %u times only", what, i, counts[i]);
}

static void check_reach(const struct reach *reach)
{
	check_reached("services", &reach->services, 1);
	check_reached("buckets", reach->buckets, PORT_BUCKETS);
	check_reached("methods before endpoint", reach->methods, PORT_ENDPOINT);
	check_reached("methods behind endpoint", reach->methods + PORT_ENDPOINT + 1,
		      PORT_METHODS - PORT_ENDPOINT - 1);
	check_reached("directions", reach->directions, PORT_DIRECTIONS);
	check_reached("transports", reach->transports, PORT_TRANSPORTS);
}

static void test_generate_frame_reaches_everything(void **state)
{
	uint8_t frame[GENERATE_LONG_MAX];
	struct reach reach = {};
	struct rng rng;

	(void)state;
	rng_init(&rng, SEED, ports, ARRAY_LEN(ports));
	for (unsigned int i = 0; i < FRAMES; i++) {
		const bool starts_at_l3 = i % 4 == 3;

		judge(frame, generate_frame(&rng, frame, sizeof(frame), starts_at_l3), starts_at_l3,
		      &reach);
	}
	check_reach(&reach);
}

/* Damage must not leave everything malformed. */
static void test_mutate_frame_reaches_everything(void **state)
{
	uint8_t frame[GENERATE_LONG_MAX];
	struct reach reach = {};
	struct rng rng;

	(void)state;
	rng_init(&rng, SEED, ports, ARRAY_LEN(ports));
	for (unsigned int i = 0; i < FRAMES; i++) {
		const bool starts_at_l3 = i % 4 == 3;
		size_t len = generate_frame(&rng, frame, sizeof(frame), starts_at_l3);

		len = mutate_frame(&rng, frame, len, sizeof(frame));
		assert_in_range(len, 1, sizeof(frame));
		judge(frame, len, starts_at_l3, &reach);
	}
	check_reach(&reach);
}

/* Buffers of just cap bytes: a byte written past them is the sanitizer's to find. */
static void test_generate_frame_keeps_to_cap(void **state)
{
	unsigned int longer = 0, longest = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, SEED, NULL, 0);
	for (unsigned int i = 0; i < 20000; i++) {
		const size_t cap = 14 + rng_below(&rng, i % 2 ? 100 : 4000);
		const bool starts_at_l3 = i % 3 == 0;
		uint8_t *buf = malloc(cap);
		size_t len;

		assert_non_null(buf);
		len = generate_frame(&rng, buf, cap, starts_at_l3);
		assert_in_range(len, starts_at_l3 ? 1 : 14, cap < 3000 ? cap : 3000);
		longer += len > 1500;
		longest += len == cap;
		for (int times = 0; times < 4; times++) {
			len = mutate_frame(&rng, buf, len, cap);
			assert_in_range(len, 1, cap);
		}
		free(buf);
	}
	assert_in_range(longer, 20, 1000);
	assert_true(longest > 20);
}

static void test_generate_frame_repeats_by_seed(void **state)
{
	uint8_t a[GENERATE_LONG_MAX], b[GENERATE_LONG_MAX], c[GENERATE_LONG_MAX];
	struct rng rng_a, rng_b, rng_c;
	unsigned int differ = 0;

	(void)state;
	rng_init(&rng_a, SEED, ports, ARRAY_LEN(ports));
	rng_init(&rng_b, SEED, ports, ARRAY_LEN(ports));
	rng_init(&rng_c, SEED + 1, ports, ARRAY_LEN(ports));
	for (unsigned int i = 0; i < 1000; i++) {
		/* What the buffers held before must not matter. */
		memset(a, 0x00, sizeof(a));
		memset(b, 0xff, sizeof(b));
		size_t len_a = generate_frame(&rng_a, a, sizeof(a), i % 2);
		size_t len_b = generate_frame(&rng_b, b, sizeof(b), i % 2);
		const size_t len_c = generate_frame(&rng_c, c, sizeof(c), i % 2);

		differ += len_a != len_c || memcmp(a, c, len_a) != 0;
		len_a = mutate_frame(&rng_a, a, len_a, sizeof(a));
		len_b = mutate_frame(&rng_b, b, len_b, sizeof(b));
		assert_int_equal(len_a, len_b);
		assert_memory_equal(a, b, len_a);
	}
	assert_true(differ > 900);
}

/* SplitMix64's known first number for seed 0; a small range comes out in about equal parts. */
static void test_rng_next_and_below(void **state)
{
	unsigned int counts[10] = {};
	struct rng rng;

	(void)state;
	rng_init(&rng, 0, NULL, 0);
	assert_true(rng_next(&rng) == 0xe220a8397b1dcdaf);
	for (int i = 0; i < 100000; i++)
		counts[rng_below(&rng, 10)]++;
	for (int i = 0; i < 10; i++)
		assert_in_range(counts[i], 9500, 10500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rng_next_and_below),
		cmocka_unit_test(test_generate_frame_repeats_by_seed),
		cmocka_unit_test(test_generate_frame_keeps_to_cap),
		cmocka_unit_test(test_generate_frame_reaches_everything),
		cmocka_unit_test(test_mutate_frame_reaches_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
