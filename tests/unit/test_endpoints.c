// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks of endpoints: how long they live, and that endpoints are told from each other, whoever
 * chooses them. All numbers come from fixed seeds.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "endpoint_cases.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define EPOCH_SHIFT 14
#define EPOCHS 600 /* they begin anew after 256 */

static uint8_t epoch_at(uint32_t epoch)
{
	return endpoint_epoch(((uint64_t)epoch << EPOCH_SHIFT) + epoch * 27 % (1 << EPOCH_SHIFT),
			      EPOCH_SHIFT);
}

static bool is_marked(const uint8_t *cells, unsigned int bits, uint32_t hash, uint32_t epoch)
{
	const uint32_t marked = endpoint_is_marked(cells, size_of(bits), hash, epoch_at(epoch));

	assert_in_range(marked, 0, 1);
	return marked;
}

/*
 * The epoch in which it is made and two more, at least; three more but for the one epoch in 256
 * whose number stands for "never written". Then not before epochs begin anew.
 */
static void test_endpoint_mark_lives_and_ends(void **state)
{
	const unsigned int bits = 16;
	const uint32_t hash = 0x12345678;
	uint8_t *cells = make_cells(bits);

	(void)state;
	for (uint32_t made = 0; made < EPOCHS; made++) {
		memset(cells, 0, 1U << bits);
		assert_false(is_marked(cells, bits, hash, made));
		endpoint_mark(cells, size_of(bits), hash, epoch_at(made));
		for (uint32_t age = 0; age < 252; age++) {
			const bool lives = age < (made % 256 ? 4 : 3);

			if (is_marked(cells, bits, hash, made + age) != lives)
				fail_msg("made in epoch %u: lives %d epochs later: %d", made, age,
					 !lives);
		}
	}
	free(cells);
}

/* A mark that is used does not end, through all epochs. */
static void test_endpoint_mark_renewed(void **state)
{
	const unsigned int bits = 16;
	const uint32_t hash = 0xfedcba98;
	uint8_t *cells = make_cells(bits);

	(void)state;
	endpoint_mark(cells, size_of(bits), hash, epoch_at(0));
	for (uint32_t epoch = 2; epoch < EPOCHS; epoch += 2) {
		assert_true(is_marked(cells, bits, hash, epoch));
		endpoint_mark(cells, size_of(bits), hash, epoch_at(epoch));
	}
	free(cells);
}

static void test_endpoint_cell_never_written(void **state)
{
	const unsigned int bits = 16;
	uint8_t *cells = make_cells(bits);

	(void)state;
	for (uint32_t epoch = 0; epoch <= EPOCHS; epoch++) {
		assert_false(endpoint_is_live(0, epoch_at(epoch)));
		assert_false(is_marked(cells, bits, 0, epoch));
		assert_false(is_marked(cells, bits, 0x80007fff, epoch));
		assert_int_not_equal(endpoint_stamp(epoch_at(epoch)), 0);
	}
	free(cells);
}

/* Every two values that an endpoint's cells can have, in every epoch. */
static void test_endpoint_is_marked_needs_both_cells(void **state)
{
	const struct endpoint_size size = size_of(16);
	const uint32_t hash = 0x00020003;
	uint8_t cells[8] = {};

	(void)state;
	for (uint32_t epoch = 0; epoch < 256; epoch++) {
		for (uint32_t values = 0; values < 65536; values++) {
			bool is_live;

			cells[2] = (uint8_t)(values >> 8);
			cells[3] = (uint8_t)values;
			is_live = endpoint_is_live(cells[2], (__u8)epoch) &&
				  endpoint_is_live(cells[3], (__u8)epoch);
			if (endpoint_is_marked(cells, size, hash, epoch) != is_live)
				fail_msg("epoch %u, cells %u and %u", epoch, cells[2], cells[3]);
		}
	}
}

/* The two cells are the hash's high and low bits, within the table for every size there is. */
static void test_endpoint_mark_writes_two_cells(void **state)
{
	static const uint32_t hashes[] = { 0, 1, 0x7fffffff, 0x80000000, 0xdeadbeef, 0xffffffff };

	(void)state;
	for (unsigned int bits = PORT_ENDPOINT_BITS_MIN; bits <= 24; bits += 2) {
		for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
			const uint32_t first = hashes[i] >> (32 - bits);
			const uint32_t second = hashes[i] & ((1U << bits) - 1);
			uint8_t *cells = make_cells(bits);
			unsigned int written = 0;

			endpoint_mark(cells, size_of(bits), hashes[i], 77);
			assert_int_equal(cells[first], 77);
			assert_int_equal(cells[second], 77);
			for (uint32_t cell = 0; cell < 1U << bits; cell++)
				written += cells[cell] != 0;
			assert_int_equal(written, first == second ? 1 : 2);
			free(cells);
		}
	}
}

/* Flips one of the bits by which endpoints differ. False: there are no more. */
static bool flip(struct endpoint *endpoint, unsigned int bit)
{
	const unsigned int address_bits = endpoint->is_ipv6 ? 128 : 32;

	if (bit < 16)
		endpoint->port ^= (uint16_t)(1U << bit);
	else if (bit < 18)
		endpoint->transport ^= 1U << (bit - 16);
	else if (bit < 18 + address_bits)
		endpoint->address[(bit - 18) / 32] ^= 1U << (bit - 18) % 32;
	else if (bit == 18 + address_bits)
		endpoint->is_ipv6 = !endpoint->is_ipv6;
	else
		return false;
	return true;
}

/* Whichever bit of an endpoint is another one, so is its hash; its IP version is such a bit. */
static void test_endpoint_hash_tells_all_bits(void **state)
{
	__u64 keys[PORT_ENDPOINT_KEYS];
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, NULL, 0);
	for (unsigned int i = 0; i < 500; i++) {
		const struct endpoint one = random_endpoint(&rng, i % 2);
		struct endpoint other = one;

		draw_keys(&rng, keys);
		assert_int_equal(hash_of(keys, &one), hash_of(keys, &other));
		for (unsigned int bit = 0; flip(&other, bit); other = one, bit++)
			if (hash_of(keys, &one) == hash_of(keys, &other))
				fail_msg("endpoint %u: the same hash with bit %u flipped", i, bit);
	}
}

static void test_endpoint_hash_depends_on_every_key(void **state)
{
	__u64 keys[PORT_ENDPOINT_KEYS];
	struct rng rng;

	(void)state;
	rng_init(&rng, 2, NULL, 0);
	for (unsigned int i = 0; i < 500; i++) {
		const struct endpoint endpoint = random_endpoint(&rng, i % 2);
		uint32_t hash;

		draw_keys(&rng, keys);
		hash = hash_of(keys, &endpoint);
		for (unsigned int key = 0; key < (endpoint.is_ipv6 ? PORT_ENDPOINT_KEYS : 3);
		     key++) {
			const __u64 before = keys[key];

			keys[key] = rng_next(&rng);
			assert_int_not_equal(hash_of(keys, &endpoint), hash);
			keys[key] = before;
		}
	}
}

/* An IPv4 address is four bytes, and nothing behind them is read: the sanitizer would see it. */
static void test_endpoint_hash_reads_four_bytes_of_ipv4(void **state)
{
	const __u64 keys[PORT_ENDPOINT_KEYS] = { 1, 2, 3, 4, 5, 6, 7 };
	__be32 *address = malloc(sizeof(*address));

	(void)state;
	assert_non_null(address);
	*address = 0x01020304;
	/* (1 + 80)(2 + x) + 3, the high half of 64 bits. */
	assert_int_equal(endpoint_hash(keys, false, address, 80),
			 (81 * (2 + 0x01020304ULL) + 3) >> 32);
	free(address);
}

#define DRAWS (1 << 20)
#define DRAW_BITS 12 /* so 256 collisions of DRAWS are expected */

/* Pairs that somebody might choose: neighbours, and those that differ in one thing only. */
static const struct pair_row {
	const char *desc;
	struct endpoint one, other;
} pairs[] = {
	{ "next port",
	  { .address = { 0x0a000001 }, .port = 80 },
	  { .address = { 0x0a000001 }, .port = 81 } },
	{ "next address",
	  { .address = { 0x0a000001 }, .port = 80 },
	  { .address = { 0x0a000002 }, .port = 80 } },
	{ "port up, address down",
	  { .address = { 0x0a000001 }, .port = 80 },
	  { .address = { 0x0a000000 }, .port = 81 } },
	{ "high bit of the address",
	  { .address = { 0x00000001 }, .port = 80 },
	  { .address = { 0x80000001 }, .port = 80 } },
	{ "transport",
	  { .address = { 1 }, .transport = PORT_TCP, .port = 53 },
	  { .address = { 1 }, .transport = PORT_UDP, .port = 53 } },
	{ "IP version",
	  { .address = { 1 }, .port = 53 },
	  { .is_ipv6 = true, .address = { 1, 0, 0, 0 }, .port = 53 } },
	{ "words of an IPv6 address swapped",
	  { .is_ipv6 = true, .address = { 1, 2, 3, 4 }, .port = 53 },
	  { .is_ipv6 = true, .address = { 1, 3, 2, 4 }, .port = 53 } },
	{ "last word of an IPv6 address",
	  { .is_ipv6 = true, .address = { 1, 2, 3, 4 }, .port = 53 },
	  { .is_ipv6 = true, .address = { 1, 2, 3, 5 }, .port = 53 } },
};

/* Over all keys, the high and the low bits of two hashes are equal as often as of random ones. */
static void test_endpoint_hash_collides_by_chance(void **state)
{
	const unsigned int expected = DRAWS >> DRAW_BITS, slack = 6 * 16; /* six deviations */
	__u64 keys[PORT_ENDPOINT_KEYS];
	struct rng rng;

	(void)state;
	rng_init(&rng, 3, NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		unsigned int high = 0, low = 0;

		for (unsigned int draw = 0; draw < DRAWS; draw++) {
			uint32_t differing;

			draw_keys(&rng, keys);
			differing = hash_of(keys, &pairs[i].one) ^ hash_of(keys, &pairs[i].other);
			high += differing >> (32 - DRAW_BITS) == 0;
			low += (differing & ((1 << DRAW_BITS) - 1)) == 0;
		}
		if (high < expected - slack || high > expected + slack || low < expected - slack ||
		    low > expected + slack)
			fail_msg("%s: %u and %u collisions, %u expected", pairs[i].desc, high, low,
				 expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoint_mark_lives_and_ends),
		cmocka_unit_test(test_endpoint_mark_renewed),
		cmocka_unit_test(test_endpoint_cell_never_written),
		cmocka_unit_test(test_endpoint_is_marked_needs_both_cells),
		cmocka_unit_test(test_endpoint_mark_writes_two_cells),
		cmocka_unit_test(test_endpoint_hash_tells_all_bits),
		cmocka_unit_test(test_endpoint_hash_depends_on_every_key),
		cmocka_unit_test(test_endpoint_hash_reads_four_bytes_of_ipv4),
		cmocka_unit_test(test_endpoint_hash_collides_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
