// SPDX-License-Identifier: GPL-2.0-only

/*
 * The built-in database against an independent list of all that it was made from. Every
 * disagreement is told, not only the first.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "portdb.h"
#include "portdb_load.h"

#ifndef SERVICES_CSV
#define SERVICES_CSV "data/services.csv"
#endif
#ifndef SEED_ROWS
#define SEED_ROWS "tests/golden/seed_rows.tsv"
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROWS_MAX 256
/* Rows in each of the documents, of which a list that was cut short would have fewer. */
#define APPLE_ROWS 56
#define EMAIL_ROWS 10
#define COMMON_ROWS 18

enum column {
	SOURCE,
	ROW,
	FIRST,
	LAST,
	TRANSPORT,
	NAME,
	RFC,
	USED_BY,
	ENCRYPTION,
	SRV,
	COLUMNS,
};

struct seed {
	char line[1024];
	const char *cells[COLUMNS]; /* "-" has become "" */
	uint16_t first, last;
	enum port_transport transport;
};

static struct seed seeds[ROWS_MAX];
static size_t seeds_count;
static struct portdb *db;
static unsigned int disagreements;

static void __attribute__((format(printf, 2, 3)))
disagree(const struct seed *seed, const char *format, ...)
{
	va_list args;

	disagreements++;
	print_message("%s row %s, %u-%u/%s: ", seed->cells[SOURCE], seed->cells[ROW], seed->first,
		      seed->last, seed->cells[TRANSPORT]);
	va_start(args, format);
	vprint_message(format, args);
	va_end(args);
	print_message("\n");
}

static void split(struct seed *seed)
{
	static const char *const transports[] = { "tcp", "udp", "sctp", "dccp" };
	char *rest = seed->line;

	rest[strcspn(rest, "\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++) {
		const char *cell = strsep(&rest, "\t");

		assert_non_null(cell);
		seed->cells[i] = strcmp(cell, "-") == 0 ? "" : cell;
	}
	assert_null(rest);
	seed->first = (uint16_t)atoi(seed->cells[FIRST]);
	seed->last = (uint16_t)atoi(seed->cells[LAST]);
	while (strcmp(transports[seed->transport], seed->cells[TRANSPORT]) != 0)
		assert_true(++seed->transport < PORT_TRANSPORTS);
}

static void print_report(void *ctx, const char *message)
{
	(void)ctx;
	print_message("%s\n", message);
}

static int load_both(void **state)
{
	FILE *file = fopen(SEED_ROWS, "re");

	(void)state;
	if (!file) {
		print_message("%s: cannot be opened\n", SEED_ROWS);
		return -1;
	}
	while (seeds_count < ROWS_MAX &&
	       fgets(seeds[seeds_count].line, sizeof(seeds[0].line), file))
		if (seeds[seeds_count].line[0] != '#')
			split(&seeds[seeds_count++]);
	fclose(file);
	db = portdb_new(print_report, NULL);
	return db ? portdb_load_file(db, SERVICES_CSV) : -1;
}

static int free_both(void **state)
{
	(void)state;
	portdb_free(db);
	return 0;
}

static bool is_at(const struct portdb_entry *entry, const struct seed *seed)
{
	return entry->first == seed->first && entry->last == seed->last &&
	       entry->transport == seed->transport;
}

/* The first entry on exactly the seed's ports; its name must be the seed's, if there is one. */
static const struct portdb_entry *find_entry(const struct seed *seed)
{
	const char *name = seed->cells[NAME];

	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);

		if (is_at(entry, seed) && (!*name || portdb_entry_is(entry, name)))
			return entry;
	}
	return NULL;
}

static void check_seeds(void (*check)(const struct seed *seed, const struct portdb_entry *entry))
{
	disagreements = 0;
	for (size_t i = 0; i < seeds_count; i++) {
		const struct portdb_entry *entry = find_entry(&seeds[i]);

		if (entry)
			check(&seeds[i], entry);
	}
	assert_int_equal(disagreements, 0);
}

/* All rows of a document, one after the other, are in the list. */
static void test_seed_list_is_whole(void **state)
{
	static const struct {
		const char *source;
		int rows;
	} documents[] = {
		{ "apple", APPLE_ROWS },
		{ "email", EMAIL_ROWS },
		{ "common", COMMON_ROWS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		int row = 0;

		for (size_t k = 0; k < seeds_count; k++) {
			int number = atoi(seeds[k].cells[ROW]);

			if (strcmp(seeds[k].cells[SOURCE], documents[i].source) != 0)
				continue;
			if (number != row && number != row + 1)
				fail_msg("%s row %d follows %d", documents[i].source, number, row);
			row = number;
		}
		if (row != documents[i].rows)
			fail_msg("%s: %d rows", documents[i].source, row);
	}
}

static void test_services_ports_and_names(void **state)
{
	(void)state;
	disagreements = 0;
	for (size_t i = 0; i < seeds_count; i++)
		if (!find_entry(&seeds[i]))
			disagree(&seeds[i], "no entry named '%s'", seeds[i].cells[NAME]);
	assert_int_equal(disagreements, 0);
}

/* Names are found in either case, as RFC 6335 section 5.1 has them. */
static void check_case(const struct seed *seed, const struct portdb_entry *entry)
{
	char upper[64] = "", lower[64] = "";
	const char *name = seed->cells[NAME];

	if (!*name)
		return;
	for (size_t i = 0; name[i] && i + 1 < sizeof(upper); i++) {
		upper[i] = (char)toupper((unsigned char)name[i]);
		lower[i] = (char)tolower((unsigned char)name[i]);
	}
	if (!portdb_entry_is(entry, upper) || !portdb_entry_is(entry, lower))
		disagree(seed, "'%s' is not found as '%s' and '%s'", name, upper, lower);
}

static void test_services_names_in_either_case(void **state)
{
	(void)state;
	check_seeds(check_case);
}

static void check_reference(const struct seed *seed, const struct portdb_entry *entry)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "[RFC%s]", seed->cells[RFC]);
	if (*seed->cells[RFC] && !strstr(entry->reference, wanted))
		disagree(seed, "reference '%s' lacks %s", entry->reference, wanted);
}

static void test_services_references(void **state)
{
	(void)state;
	check_seeds(check_reference);
}

static bool is_mentioned(const struct portdb_entry *entry, const char *words)
{
	return strcasestr(entry->used_by, words) || strcasestr(entry->description, words) ||
	       strcasestr(entry->aliases, words);
}

static void check_used_by(const struct seed *seed, const struct portdb_entry *entry)
{
	char copy[1024], *rest = copy;
	const char *words;

	snprintf(copy, sizeof(copy), "%s", seed->cells[USED_BY]);
	while ((words = strsep(&rest, ";")))
		if (!is_mentioned(entry, words))
			disagree(seed, "'%s' is not mentioned", words);
}

static void test_services_used_by(void **state)
{
	(void)state;
	check_seeds(check_used_by);
}

static void check_encryption(const struct seed *seed, const struct portdb_entry *entry)
{
	const char *encryption = portdb_encryption_name(entry->encryption);

	if (*seed->cells[ENCRYPTION] && strcmp(seed->cells[ENCRYPTION], encryption) != 0)
		disagree(seed, "encryption '%s', not '%s'", encryption, seed->cells[ENCRYPTION]);
}

static void test_services_encryption(void **state)
{
	(void)state;
	check_seeds(check_encryption);
}

static void check_srv(const struct seed *seed, const struct portdb_entry *entry)
{
	if (*seed->cells[SRV] && strcmp(seed->cells[SRV], entry->srv) != 0)
		disagree(seed, "SRV '%s', not '%s'", entry->srv, seed->cells[SRV]);
}

static void test_services_srv(void **state)
{
	(void)state;
	check_seeds(check_srv);
}

/* And the other way round: nothing is there that no document has. */
static void test_services_come_from_seeds(void **state)
{
	(void)state;
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);
		size_t k = 0;

		while (k < seeds_count && !is_at(entry, &seeds[k]))
			k++;
		if (k == seeds_count)
			fail_msg(SERVICES_CSV ":%u: %s is in no document", entry->line, entry->name);
	}
}

/* A label belongs to the entry's transport, and one that no document has was made up. */
static void test_services_srv_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);
		size_t k = 0;

		if (!*entry->srv)
			continue;
		while (k < seeds_count &&
		       (!is_at(entry, &seeds[k]) || strcmp(entry->srv, seeds[k].cells[SRV]) != 0))
			k++;
		if (k == seeds_count)
			fail_msg(SERVICES_CSV ":%u: SRV '%s'", entry->line, entry->srv);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed_list_is_whole),
		cmocka_unit_test(test_services_ports_and_names),
		cmocka_unit_test(test_services_names_in_either_case),
		cmocka_unit_test(test_services_references),
		cmocka_unit_test(test_services_used_by),
		cmocka_unit_test(test_services_encryption),
		cmocka_unit_test(test_services_srv),
		cmocka_unit_test(test_services_come_from_seeds),
		cmocka_unit_test(test_services_srv_labels),
	};

	return cmocka_run_group_tests(tests, load_both, free_both);
}
