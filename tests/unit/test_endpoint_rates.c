// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often an endpoint looks marked that is not, because others have written its two cells:
 * measured, against what bpf/endpoints.h promises. All numbers come from fixed seeds.
 *
 * Of endpoints at random, every table comes out as promised. Of endpoints in a row, as somebody
 * might choose them who wants to fill the table, that holds for all keys taken together: with one
 * set of keys their hashes may lie more or less evenly than at random, so the rate is a mean over
 * several.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint_cases.h"

#define RANDOM_LOOKUPS 500000
#define SEQUENTIAL_LOOKUPS 100000 /* with each of the sets of keys */
#define BITS_MAX 26

struct rate_row {
	uint32_t marked;
	unsigned int bits;
	int sets; /* of keys, for endpoints in a row */
};
static const struct rate_row rate_rows[] = {
	{ 10000, 20, 40 },
	{ 1000000, 20, 5 },
	{ 1000000, 24, 5 },
	{ 1000000, 26, 5 },
};

/* Who is marked, and who is looked up: the first so many, and the next. */
typedef struct endpoint choose_fn(struct rng *rng, bool is_ipv6, uint32_t i);

/* None is met twice: port and address hold the number, 24 bits of it. */
static struct endpoint choose_random(struct rng *rng, bool is_ipv6, uint32_t i)
{
	struct endpoint endpoint = random_endpoint(rng, is_ipv6);

	endpoint.port = (uint16_t)i;
	endpoint.address[0] = (endpoint.address[0] & ~0xffU) | i >> 16;
	return endpoint;
}

/* Hosts in a row, each with 64 ports in a row. */
static struct endpoint choose_sequential(struct rng *rng, bool is_ipv6, uint32_t i)
{
	struct endpoint endpoint = {
		.is_ipv6 = is_ipv6,
		.transport = PORT_UDP,
		.port = (uint16_t)(1024 + i % 64),
	};

	(void)rng;
	endpoint.address[is_ipv6 ? 3 : 0] = __builtin_bswap32(0x0a000000 + i / 64);
	return endpoint;
}

/* Cells that are used for all tables. */
static uint8_t *table;

static int make_table(void **state)
{
	(void)state;
	table = make_cells(BITS_MAX);
	return 0;
}

static int free_table(void **state)
{
	(void)state;
	free(table);
	return 0;
}

static double measure(const struct rate_row *row, bool is_ipv6, choose_fn *choose, uint32_t lookups,
		      struct rng *rng)
{
	const struct endpoint_size size = size_of(row->bits);
	__u64 keys[PORT_ENDPOINT_KEYS];
	unsigned int marked = 0;

	memset(table, 0, 1U << row->bits);
	draw_keys(rng, keys);
	for (uint32_t i = 0; i < row->marked; i++) {
		const struct endpoint endpoint = choose(rng, is_ipv6, i);

		endpoint_mark(table, size, hash_of(keys, &endpoint), 9);
	}
	for (uint32_t i = 0; i < lookups; i++) {
		const struct endpoint endpoint = choose(rng, is_ipv6, row->marked + i);

		marked += endpoint_is_marked(table, size, hash_of(keys, &endpoint), 9);
	}
	return (double)marked / lookups;
}

static double square(double x)
{
	return x * x;
}

/* e^-x for 0 <= x: by (e^(-x/2))^2 down to where three terms of the series do. */
static double exp_minus(double x)
{
	return x < 1e-4 ? 1 - x + x * x / 2 : square(exp_minus(x / 2));
}

static double promised(const struct rate_row *row)
{
	const double occupied = 1 - exp_minus(2.0 * row->marked / (1U << row->bits));

	return square(occupied) + row->marked / 4294967296.0;
}

static void print_rate(const struct rate_row *row, bool is_ipv6, const char *endpoints,
		       double found)
{
	print_message("%9u in 2^%u  IPv%d  %-10s  %.2e  %.2e  %5.1f %%\n", row->marked, row->bits,
		      is_ipv6 ? 6 : 4, endpoints, promised(row), found,
		      100 * found / promised(row));
}

/* One table; the variance is that of so many look-ups, each of which finds a mark or not. */
static void check_random(const struct rate_row *row, bool is_ipv6)
{
	const double expected = promised(row);
	const double variance = expected * (1 - expected) / RANDOM_LOOKUPS;
	double found;
	struct rng rng;

	rng_init(&rng, 4, NULL, 0);
	found = measure(row, is_ipv6, choose_random, RANDOM_LOOKUPS, &rng);
	print_rate(row, is_ipv6, "random", found);
	assert_true(square(found - expected) < square(5) * variance);
}

/*
 * Several tables; the variance is that of their mean. The promise is what must not be exceeded: in
 * a table that is much longer than what is marked, runs of neighbours often miss each other.
 */
static void check_sequential(const struct rate_row *row, bool is_ipv6)
{
	double sum = 0, squares = 0, mean, variance;
	struct rng rng;

	rng_init(&rng, 5, NULL, 0);
	for (int i = 0; i < row->sets; i++) {
		const double found =
			measure(row, is_ipv6, choose_sequential, SEQUENTIAL_LOOKUPS, &rng);

		sum += found;
		squares += square(found);
	}
	mean = sum / row->sets;
	variance = (squares / row->sets - square(mean)) / (row->sets - 1);
	print_rate(row, is_ipv6, "sequential", mean);
	assert_true(mean < promised(row) || square(mean - promised(row)) < square(4) * variance);
	assert_true(mean < 2 * promised(row));
}

static void test_endpoint_false_marks(void **state)
{
	(void)state;
	print_message("   marked        IP    endpoints   promised  measured  of it\n");
	for (size_t i = 0; i < sizeof(rate_rows) / sizeof(rate_rows[0]); i++) {
		for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
			check_random(&rate_rows[i], is_ipv6);
			check_sequential(&rate_rows[i], is_ipv6);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoint_false_marks),
	};

	return cmocka_run_group_tests(tests, make_table, free_table);
}
