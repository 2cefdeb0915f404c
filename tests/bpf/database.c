// SPDX-License-Identifier: GPL-2.0-only

/* Makes the database as text in the format of services(5), so that it takes the way of a real one.
 */

#include "database.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "portdb.h"
#include "portdb_load.h"
#include "slots.h"

#define FILES 2
#define LINES 300 /* a file */
#define NAMES 250 /* fewer than lines: some services have several entries */
#define LINE_BYTES 64

static uint16_t choose_first(struct rng *rng)
{
	switch (rng_below(rng, 5)) {
	case 0:
		return (uint16_t)(1 + rng_below(rng, 1023));
	case 1:
		return (uint16_t)(1000 + rng_below(rng, 50));
	case 2:
		return (uint16_t)(32700 + rng_below(rng, 150));
	case 3:
		return (uint16_t)(32768 + rng_below(rng, 32768));
	default:
		return (uint16_t)(1024 + rng_below(rng, 31744));
	}
}

static uint16_t choose_last(struct rng *rng, uint16_t first)
{
	static const uint16_t widths[] = { 2, 3, 10, 100, 1000, 20000 };
	uint32_t last = first;

	if (rng_below(rng, 2))
		last += rng_below(rng, widths[rng_below(rng, sizeof(widths) / sizeof(widths[0]))]);
	return last < 65535 ? (uint16_t)last : 65535;
}

/* All transports alike, so that owners of two ports of one frame meet often. */
static size_t write_file(struct rng *rng, char *text)
{
	static const char *const transports[] = { "tcp", "udp", "sctp", "dccp" };
	size_t len = 0;

	for (unsigned int i = 0; i < LINES; i++) {
		const uint16_t first = choose_first(rng), last = choose_last(rng, first);
		const char *transport = transports[rng_below(rng, PORT_TRANSPORTS)];
		const unsigned int name = rng_below(rng, NAMES);

		len += (size_t)snprintf(text + len, LINE_BYTES, "service%u %u", name, first);
		if (last > first)
			len += (size_t)snprintf(text + len, LINE_BYTES, "-%u", last);
		len += (size_t)snprintf(text + len, LINE_BYTES, "/%s\n", transport);
	}
	return len;
}

static void report(void *ctx, const char *message)
{
	(void)ctx;
	print_error("%s\n", message);
}

static struct portdb *load(uint64_t seed)
{
	static char text[LINES * LINE_BYTES * 3];
	struct portdb *db = portdb_new(report, NULL);
	struct rng rng;

	assert_non_null(db);
	rng_init(&rng, seed, NULL, 0);
	for (unsigned int file = 0; file < FILES; file++) {
		const size_t len = write_file(&rng, text);

		assert_int_equal(portdb_load_buffer(db, file ? "second" : "first", text, len), 0);
	}
	return db;
}

/* The numbers of the entries, which are the contract's; what they lead to is for the reference to
 * say. */
static void copy_entries(struct database *database, const struct portdb *db,
			 const struct slots *slots)
{
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);

		database->entries[database->entries_len++] = (struct ref_entry){
			.transport = entry->transport,
			.first = entry->first,
			.last = entry->last,
			.file = entry->file,
			.line = entry->line,
			.slot = (uint16_t)slots_find(slots, entry->name, entry->transport),
		};
		for (int step = -1; step <= 1; step++) {
			database->ports[database->ports_len++] = (uint16_t)(entry->first + step);
			database->ports[database->ports_len++] = (uint16_t)(entry->last + step);
		}
	}
}

/* Frees db. */
static struct database *compile(struct portdb *db)
{
	struct database *database = calloc(1, sizeof(*database));
	struct slots *slots = slots_new();
	const size_t count = portdb_count(db);

	assert_true(database && slots);
	database->entries = calloc(count, sizeof(*database->entries));
	database->ports = calloc(6 * count, sizeof(*database->ports));
	assert_true(database->entries && database->ports);
	assert_int_equal(porttable_compile(db, slots, &database->table), 0);
	database->slots_end = slots_end(slots);
	copy_entries(database, db, slots);
	slots_free(slots);
	portdb_free(db);
	return database;
}

struct database *database_make(uint64_t seed)
{
	struct portdb *db = load(seed);

	assert_in_range(portdb_count(db), FILES * LINES / 2, FILES * LINES);
	return compile(db);
}

struct database *database_parse(const char *text)
{
	struct portdb *db = portdb_new(report, NULL);

	assert_non_null(db);
	assert_int_equal(portdb_load_buffer(db, "text", text, strlen(text)), 0);
	return compile(db);
}

void database_free(struct database *database)
{
	if (!database)
		return;
	free(database->entries);
	free(database->ports);
	free(database);
}
