// SPDX-License-Identifier: GPL-2.0-only

/* The report of an audit, as text and as JSON: what it looks like, and that both say the same. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "audit_print.h"
#include "catalog.h"
#include "fixture.h"

#define COLUMNS 80

static struct catalog_service services[] = {
	{},
	{ .name = "https" },
	{ .name = "facetime-rtp-16384-and-on" },
	{ .name = "esc\033[2J\xff" },
};
static const struct catalog catalog = { .services = services, .end = COUNT(services) };
static const char *const devices[] = { "gwlan", "w\033]0;x\a", "eth2" };

static struct audit_row busy_rows[] = {
	{ PORT_TCP, { 50123, 1, 0 }, { 443, 1, 1 }, 4711, 12 },
	{ PORT_UDP, { 32768, 28232, 0 }, { 16384, 1, 2 }, 999, 998 },
	{ PORT_SCTP, { 9000, 2, 3 }, { 40000, 17, 0 }, 20, 18 },
	{ PORT_DCCP, { 65535, 1, 3 }, { 65534, 1, 99 }, 10, 2 },
};

static struct audit_report busy(void)
{
	return (struct audit_report){
		.devices = devices,
		.device_count = COUNT(devices),
		.seconds = 10.04,
		.lost = 7,
		.catalog = &catalog,
		.sums = {
			.frames = 1006061,
			.portless = 17,
			.beyond = 5,
			.untracked = 1234,
			.midway = 65,
			.methods = {
				[PORT_HANDSHAKE] = { 4000, 4000 },
				[PORT_ENDPOINT] = { 1000000, 999999 },
				[PORT_DATABASE] = { 700, 1 },
				[PORT_GUESS] = { 40, 0 },
			},
			.all = { 1004740, 1004000 },
			.rows = busy_rows,
			.count = COUNT(busy_rows),
		},
	};
}

static struct audit_report nothing(void)
{
	return (struct audit_report){ .catalog = &catalog };
}

/* More rows than are shown, and every number as wide as it can be. */
static struct audit_row many_rows[12];

static struct audit_report huge(void)
{
	static const char *const names[] = {
		"fifteen-letters", "fifteen-letters", "fifteen-letters", "fifteen-letters",
		"fifteen-letters", "fifteen-letters", "fifteen-letters", "fifteen-letters",
	};
	struct audit_report report = {
		.devices = names,
		.device_count = COUNT(names),
		.seconds = 86400,
		.lost = 1,
		.catalog = &catalog,
		.sums = {
			.frames = 999999999999,
			.all = { 999999999999, 999999999998 },
			.methods = { { UINT64_MAX, UINT64_MAX - 1 }, { 3, 2 }, { 3, 1 } },
			.rows = many_rows,
			.count = COUNT(many_rows),
		},
	};

	for (size_t i = 0; i < COUNT(many_rows); i++)
		many_rows[i] = (struct audit_row){
			PORT_SCTP, { 65535, 1, 2 }, { 0, 65536, 2 }, 9999999999, 9999999,
		};
	return report;
}

static const struct {
	const char *text, *json;
	struct audit_report (*make)(void);
} rows[] = {
	{ "audit.txt", "audit.json", busy },
	{ "audit_nothing.txt", "audit_nothing.json", nothing },
	{ "audit_huge.txt", "audit_huge.json", huge },
};

static void test_audit_print_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct audit_report report = rows[i].make();
		struct fixture_text text;

		assert_int_equal(audit_print(fixture_text_open(&text), &report), 0);
		fixture_text_close(&text);
		fixture_assert_golden(rows[i].text, text.text, "");
		fixture_assert_lines(rows[i].text, text.text, COLUMNS);
		fixture_text_free(&text);

		assert_int_equal(audit_json_print(fixture_text_open(&text), &report), 0);
		fixture_text_close(&text);
		fixture_assert_golden(rows[i].json, text.text, "");
		fixture_text_free(&text);
	}
}

static json_int_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* "  1234 compared with conntrack" */
static void assert_line(const char *text, json_int_t frames, const char *what)
{
	char line[128];

	snprintf(line, sizeof(line), " %lld %s\n", (long long)frames, what);
	if (!strstr(text, line))
		fail_msg("no '%s' in %s", line, text);
}

/* Each number of the one is in the other. */
static void test_audit_print_same_numbers(void **state)
{
	struct audit_report report = busy();
	struct fixture_text text, json;
	json_t *document, *row;
	size_t i;

	(void)state;
	assert_int_equal(audit_print(fixture_text_open(&text), &report), 0);
	fixture_text_close(&text);
	assert_int_equal(audit_json_print(fixture_text_open(&json), &report), 0);
	document = json_loads(fixture_text_close(&json), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	assert_line(text.text, number(json_object_get(document, "compared"), "frames"),
		    "compared with conntrack");
	assert_line(text.text, number(document, "without_ports"), "without ports");
	assert_line(text.text, number(document, "not_tracked"), "not tracked");
	assert_line(text.text, number(document, "midway"),
		    "of TCP connections that conntrack met midway");
	assert_line(text.text, number(document, "beyond_room"),
		    "of more flows than there is room for");
	json_array_foreach(json_object_get(document, "methods"), i, row)
	{
		char line[128];

		snprintf(line, sizeof(line), "\n%-9s %12lld %12lld ",
			 json_string_value(json_object_get(row, "method")),
			 (long long)number(row, "frames"), (long long)number(row, "agree"));
		assert_non_null(strstr(text.text, line));
	}
	assert_int_equal(i, PORT_METHODS);
	assert_int_equal(json_array_size(json_object_get(document, "disagreements")),
			 COUNT(busy_rows));
	json_decref(document);
	fixture_text_free(&text);
	fixture_text_free(&json);
}

/* Rounded down: 100 % is all of them. */
static void test_audit_print_percent(void **state)
{
	static const struct {
		struct audit_share share;
		const char *shown;
	} shares[] = {
		{ { 0, 0 }, "        -\n" },
		{ { 1, 0 }, "    0.000\n" },
		{ { 1, 1 }, "  100.000\n" },
		{ { 3, 1 }, "   33.333\n" },
		{ { 3, 2 }, "   66.666\n" },
		{ { 100, 29 }, "   29.000\n" },
		{ { 100000, 99999 }, "   99.999\n" },
		{ { 1000000, 999999 }, "   99.999\n" },
		{ { BIT_53 * 2, BIT_53 * 2 - 1 }, "   99.999\n" },
		{ { UINT64_MAX, UINT64_MAX }, "  100.000\n" },
		{ { UINT64_MAX, 0 }, "    0.000\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(shares); i++) {
		struct audit_report report = nothing();
		struct fixture_text text;
		const char *all;

		report.sums.all = shares[i].share;
		assert_int_equal(audit_print(fixture_text_open(&text), &report), 0);
		all = strstr(fixture_text_close(&text), "\nall ");
		assert_non_null(all);
		if (strncmp(strchr(all + 1, '\n') + 1 - strlen(shares[i].shown), shares[i].shown,
			    strlen(shares[i].shown)))
			fail_msg("row %zu: %s", i, all);
		fixture_text_free(&text);
	}
}

static void test_audit_print_full(void **state)
{
	struct audit_report report = busy();
	FILE *out = fixture_full();

	(void)state;
	assert_int_equal(audit_print(out, &report), -EIO);
	fclose(out);
	out = fixture_full();
	assert_int_equal(audit_json_print(out, &report), -EIO);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audit_print_golden),
		cmocka_unit_test(test_audit_print_same_numbers),
		cmocka_unit_test(test_audit_print_percent),
		cmocka_unit_test(test_audit_print_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
