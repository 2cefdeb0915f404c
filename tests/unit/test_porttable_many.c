// SPDX-License-Identifier: GPL-2.0-only

/* The port table under loads that nobody writes by hand: random databases, and very large ones. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portdb.h"
#include "porttable.h"
#include "reference.h"
#include "slots.h"

#define ROUNDS 40
#define FILES 3
#define ENTRIES_MAX 60 /* of each file */
#define SERVICES 65000
#define NESTED 20000

static struct porttable table;

/* xorshift64* */
static uint32_t random_below(uint64_t *seed, uint32_t n)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)((*seed * UINT64_C(2685821657736338717)) >> 32) % n;
}

static void begin_file(struct portdb *db)
{
	static const char header[] = "Service Name,Port Number,Transport Protocol";

	assert_int_equal(portdb_open(db, "test"), 0);
	assert_int_equal(portdb_feed(db, header, sizeof(header) - 1), 0);
}

static void add_row(struct portdb *db, uint32_t name, uint32_t first, uint32_t last,
		    const char *transport)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "s%u,%u-%u,%s", name, first, last, transport);

	assert_int_equal(portdb_feed(db, line, (size_t)len), 0);
}

/* Most ranges are near one another or at an edge, where they overlap and touch. */
static uint32_t random_port(uint64_t *seed)
{
	static const uint16_t centres[] = { 20, 1024, 16384, 32768, 65500 };
	uint32_t kind = random_below(seed, 6);

	if (kind == 5)
		return 1 + random_below(seed, 65535);
	return centres[kind] - 15 + random_below(seed, 36);
}

/* A name that is not given twice in a file cannot make a row that is there twice. */
static void add_random_file(struct portdb *db, uint64_t *seed)
{
	static const char *const transports[] = { "tcp", "udp", "sctp", "dccp" };
	uint32_t rows = random_below(seed, ENTRIES_MAX + 1);

	begin_file(db);
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t first = random_port(seed), last = first;

		if (random_below(seed, 2))
			last = random_port(seed);
		if (last < first) {
			uint32_t swap = first;

			first = last;
			last = swap;
		}
		add_row(db, i, first, last, transports[random_below(seed, 4) & random_below(seed, 4)]);
	}
	assert_int_equal(portdb_finish(db), 0);
}

static size_t copy_entries(const struct portdb *db, struct ref_entry *entries)
{
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);

		entries[i] = (struct ref_entry){
			.transport = entry->transport,
			.first = entry->first,
			.last = entry->last,
			.file = entry->file,
			.line = entry->line,
		};
	}
	return portdb_count(db);
}

static void check_owners(const struct ref_entry *entries, size_t count, int round)
{
	for (uint32_t i = 0; i < PORT_TABLE_ENTRIES; i++) {
		const struct ref_entry *expected =
			reference_find_owner(entries, count, (int)(i >> 16), (uint16_t)i);
		uint32_t index = expected ? (uint32_t)(expected - entries) + 1 : 0;

		if (table.owners[i] != index)
			fail_msg("round %d: transport %u port %u: owner %u, not %u", round, i >> 16,
				 i & 0xffff, table.owners[i], index);
	}
}

/* Above 0 when a's owner outranks b's: the narrower range, then the later file. */
static int compare_owners(const struct ref_entry *a, const struct ref_entry *b)
{
	int a_width = a->last - a->first, b_width = b->last - b->first;

	if (a_width != b_width)
		return a_width < b_width ? 1 : -1;
	return (a->file > b->file) - (a->file < b->file);
}

static void check_ranks(const struct ref_entry *entries, uint64_t *seed, int round)
{
	uint32_t previous = 0;

	for (int i = 0; i < 2000; i++) {
		uint32_t at = PORT_TABLE_INDEX(random_below(seed, 4), random_port(seed));
		int got, expected;

		if (!table.owners[at])
			continue;
		if (previous) {
			got = (int)PORT_VALUE_RANK(table.values[at]) -
			      (int)PORT_VALUE_RANK(table.values[previous]);
			got = (got > 0) - (got < 0);
			expected = compare_owners(&entries[table.owners[at] - 1],
						  &entries[table.owners[previous] - 1]);
			if (got != expected)
				fail_msg("round %d: ranks at %#x and %#x", round, at, previous);
		}
		previous = at;
	}
}

static void test_porttable_compile_random(void **state)
{
	static struct ref_entry entries[FILES * ENTRIES_MAX];
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct portdb *db = portdb_new(NULL, NULL);
		struct slots *slots = slots_new();

		assert_true(db && slots);
		for (int file = 0; file < FILES; file++)
			add_random_file(db, &seed);
		assert_int_equal(porttable_compile(db, slots, &table), 0);
		check_owners(entries, copy_entries(db, entries), round);
		check_ranks(entries, &seed, round);
		slots_free(slots);
		portdb_free(db);
	}
}

/*
 * Claim by claim and port by port this would be four thousand million steps, each of which would
 * find the port taken.
 */
static void test_porttable_compile_all_everywhere(void **state)
{
	struct portdb *db = portdb_new(NULL, NULL);
	struct slots *slots = slots_new();

	(void)state;
	assert_true(db && slots);
	begin_file(db);
	for (uint32_t i = 1; i <= SERVICES; i++)
		add_row(db, i, 1, 65535, "tcp");
	assert_int_equal(portdb_finish(db), 0);
	assert_int_equal(porttable_compile(db, slots, &table), 0);
	assert_int_equal(slots_end(slots), SERVICES + 1);
	assert_int_equal(table.owners[PORT_TABLE_INDEX(PORT_TCP, 0)], 0);
	for (uint32_t port = 1; port < 65536; port++) {
		uint32_t value = 1 | PORT_VALUE_RANK_MAX << PORT_VALUE_RANK_SHIFT;

		if (port >= 32768)
			value |= PORT_VALUE_WEAK;
		if (table.owners[port] != 1 || table.values[port] != value)
			fail_msg("port %u: owner %u, value %#x", port, table.owners[port],
				 table.values[port]);
	}
	slots_free(slots);
	portdb_free(db);
}

/*
 * Ranges inside one another like onion skins: each keeps its two ends. There are more widths than
 * ranks; the widest share the lowest.
 */
static void test_porttable_compile_nested(void **state)
{
	struct portdb *db = portdb_new(NULL, NULL);
	struct slots *slots = slots_new();

	(void)state;
	assert_true(db && slots);
	begin_file(db);
	for (uint32_t i = 0; i < NESTED; i++)
		add_row(db, i, 1 + i, 65535 - i, "udp");
	assert_int_equal(portdb_finish(db), 0);
	assert_int_equal(porttable_compile(db, slots, &table), 0);
	for (uint32_t i = 0; i + 1 < NESTED; i++) {
		const uint32_t low = PORT_TABLE_INDEX(PORT_UDP, 1 + i);
		const uint32_t high = PORT_TABLE_INDEX(PORT_UDP, 65535 - i);
		const uint32_t narrower = NESTED - 1 - i;
		uint32_t rank = 1;

		if (narrower < PORT_VALUE_RANK_MAX)
			rank = PORT_VALUE_RANK_MAX - narrower;
		if (table.owners[low] != i + 1 || table.owners[high] != i + 1)
			fail_msg("skin %u: owners %u, %u", i, table.owners[low], table.owners[high]);
		if (PORT_VALUE_RANK(table.values[low]) != rank ||
		    PORT_VALUE_RANK(table.values[high]) != rank)
			fail_msg("skin %u: value %#x", i, table.values[low]);
	}
	slots_free(slots);
	portdb_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_porttable_compile_random),
		cmocka_unit_test(test_porttable_compile_all_everywhere),
		cmocka_unit_test(test_porttable_compile_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
