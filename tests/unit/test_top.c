// SPDX-License-Identifier: GPL-2.0-only

/* The table of --top: what it looks like, its 80 columns, and what never reaches a terminal. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "top.h"

#define COLUMNS 80
#define HEAD_LINES 3 /* devices, rates, column heads */

static void print(struct fixture_text *text, const struct fixture *fixture, enum report_key key,
		  size_t rows, bool colour)
{
	struct report report;

	assert_int_equal(report_build(&report, &fixture->measurement, key, REPORT_BYTES), 0);
	assert_int_equal(
		top_print(fixture_text_open(text), &report, &fixture->measurement, rows, colour),
		0);
	fixture_text_close(text);
	report_free(&report);
}

/* Each prepared measurement with the table that belongs to it. */
static void init_zero_seconds(struct fixture *fixture)
{
	fixture_init_rich(fixture);
	fixture->measurement.seconds = 0;
}

static void init_nothing_counted(struct fixture *fixture)
{
	fixture_init(fixture, NULL, 0, 1);
}

static void init_no_device(struct fixture *fixture)
{
	fixture_init(fixture, NULL, 0, 0);
	fixture->measurement.seconds = 0;
}

static void init_huge(struct fixture *fixture)
{
	static const struct fixture_service services[] = {
		{ "everything-at-once-and-more", PORT_SCTP, PORTDB_STARTTLS, "1-65535", "" },
	};
	const struct port_counter all = { NEARLY_ALL, NEARLY_ALL };

	fixture_init(fixture, services, COUNT(services), 8);
	fixture_set(fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_SERVER), all, all);
	for (size_t i = 0; i < 8; i++) {
		fixture->measurement.devices[i].name = "fifteen-letters";
		fixture->measurement.devices[i].mode = "generic";
	}
}

static void init_restarted(struct fixture *fixture)
{
	struct fixture before;

	fixture_init_rich(fixture);
	fixture_init_rich(&before);
	before.measurement.devices[0].total.cells[PORT_INDEX_BUCKETS + PORT_LLC].packets = 1;
	for (size_t i = 0; i < 3; i++) {
		fixture->measurement.devices[i].total.taken_ns = 2500000000;
		before.measurement.devices[i].total.taken_ns = 500000000;
	}
	measurement_compare(&fixture->measurement, &before.measurement);
	fixture_fini(&before);
}

static const struct golden_row {
	const char *golden;
	void (*init)(struct fixture *fixture);
	enum report_key key;
	size_t rows;
	bool colour;
} golden_rows[] = {
	{ "top.txt", fixture_init_rich, REPORT_SERVICE, 100, false },
	{ "top_colour.txt", fixture_init_rich, REPORT_SERVICE, 5, true },
	{ "top_port.txt", fixture_init_rich, REPORT_PORT, 100, false },
	{ "top_device.txt", fixture_init_rich, REPORT_DEVICE, 100, false },
	{ "top_encryption.txt", fixture_init_rich, REPORT_ENCRYPTION, 100, false },
	{ "top_method.txt", fixture_init_rich, REPORT_METHOD, 100, false },
	{ "top_zero_seconds.txt", init_zero_seconds, REPORT_PROTOCOL, 100, false },
	{ "top_nothing.txt", init_nothing_counted, REPORT_SERVICE, 15, false },
	{ "top_no_device.txt", init_no_device, REPORT_SERVICE, 15, false },
	{ "top_huge.txt", init_huge, REPORT_SERVICE, 15, false },
	{ "top_restarted.txt", init_restarted, REPORT_BUCKET, 15, false },
};

static void test_top_print_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(golden_rows); i++) {
		struct fixture_text text;
		struct fixture fixture;

		golden_rows[i].init(&fixture);
		print(&text, &fixture, golden_rows[i].key, golden_rows[i].rows,
		      golden_rows[i].colour);
		fixture_assert_golden(golden_rows[i].golden, text.text, "");
		if (!golden_rows[i].colour)
			fixture_assert_lines(golden_rows[i].golden, text.text, COLUMNS);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

/* By any key, whatever the names are; random numbers in all counters. */
static void test_top_print_lines(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_rich(&fixture);
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int key = 0; key < REPORT_KEYS; key++) {
			struct fixture_text text;

			print(&text, &fixture, key, SIZE_MAX, false);
			fixture_assert_lines(report_key_name(key), text.text, COLUMNS);
			fixture_text_free(&text);
		}
		fixture_fill(&fixture);
	}
	fixture_fini(&fixture);
}

/* One column more in any of the fields would be the 81st. */
static void test_top_print_widest_numbers(void **state)
{
	static const struct {
		const char *desc;
		uint64_t packets, bytes;
		double seconds;
	} rows[] = {
		{ "all bits", UINT64_MAX, UINT64_MAX, 1 },
		{ "2^64 - 1000", NEARLY_ALL, NEARLY_ALL, 1 },
		{ "rounds to 99.9 of a prefix", 99949, 99949000, 1 },
		{ "rounds to three digits", 999499, 999499000, 1 },
		{ "a bit rate of 99.9 Mbit/s", 12493625, 12493625, 1 },
		{ "above 2^53", BIT_53 + 1, BIT_53 + 1, 1 },
		{ "a long interval", NEARLY_ALL, NEARLY_ALL, 86400 },
		{ "a hundredth of a second", UINT64_MAX / 100, UINT64_MAX / 100, 0.01 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct port_counter all = { rows[i].packets, rows[i].bytes };
		struct fixture_text text;
		struct fixture fixture;

		init_huge(&fixture);
		fixture.measurement.seconds = rows[i].seconds;
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_SERVER), all, all);
		print(&text, &fixture, REPORT_SERVICE, 15, false);
		fixture_assert_lines(rows[i].desc, text.text, COLUMNS);
		assert_non_null(strstr(text.text, " 100% ######\n"));
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

/* A label is cut to its column and filled up to it, counted in characters. */
static void test_top_print_labels(void **state)
{
	static const struct {
		const char *name, *shown;
	} rows[] = {
		{ "ssh", "ssh                tcp  " },
		{ "seventeen-letters", "seventeen-letters  tcp  " },
		{ "eighteen-letters-x", "eighteen-letters-x tcp  " },
		{ "nineteen-letters-xy", "nineteen-letters-x tcp  " },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
		  "\xc3\xb6\xc3\xbc"
		  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc",
		  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
		  "\xc3\xb6\xc3\xbc"
		  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc tcp  " },
		{ "esc\033[2Jx", "esc?[2Jx           tcp  " },
		{ "line\nfeed\r\t", "line?feed??        tcp  " },
		{ "del\x7f", "del?               tcp  " },
		{ "c1\xc2\x9b", "c1??               tcp  " },
		{ "\x80\x80\xc3", "???                tcp  " },
		{ "surrogate\xed\xa0\x80", "surrogate???       tcp  " },
		{ "euro\xe2\x82\xac", "euro\xe2\x82\xac              tcp  " },
		{ "four\xf0\x90\x8d\x88", "four\xf0\x90\x8d\x88              tcp  " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fixture_service service = { .name = rows[i].name };
		struct fixture_text text;
		struct fixture fixture;

		fixture_init(&fixture, &service, 1, 1);
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, 0), (struct port_counter){ 1, 1 },
			    (struct port_counter){ 1, 1 });
		print(&text, &fixture, REPORT_SERVICE, 15, false);
		if (!strstr(text.text, rows[i].shown))
			fail_msg("no '%s' in: %s", rows[i].shown, text.text);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

static void test_top_print_rows_asked(void **state)
{
	static const size_t asked[] = { 0, 1, 15, 16, 17, 1000000 };
	struct fixture fixture;
	size_t there;

	(void)state;
	fixture_init_rich(&fixture);
	there = 12 + 4; /* services and buckets that counted something */
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct fixture_text text;

		print(&text, &fixture, REPORT_SERVICE, asked[i], false);
		assert_int_equal(fixture_count_lines(text.text),
				 HEAD_LINES + (asked[i] < there ? asked[i] : there));
		assert_null(strstr(text.text, "no frame yet"));
		fixture_text_free(&text);
	}
	fixture_fini(&fixture);
}

/* Colour adds sequences that begin and end on a line, and changes nothing else. */
static void test_top_print_colour_adds_only_colour(void **state)
{
	struct fixture_text plain, coloured;
	struct fixture fixture;
	size_t used = 0, begun = 0, ended = 0;

	(void)state;
	fixture_init_rich(&fixture);
	print(&plain, &fixture, REPORT_SERVICE, 100, false);
	print(&coloured, &fixture, REPORT_SERVICE, 100, true);
	for (const char *c = coloured.text; *c; c++) {
		if (*c == '\033') {
			assert_int_equal(c[1], '[');
			*(c[2] == '0' ? &ended : &begun) += 1;
			c += strcspn(c, "m");
			continue;
		}
		assert_int_equal(plain.text[used++], *c);
	}
	assert_int_equal(used, plain.len);
	assert_true(begun > 1);
	assert_int_equal(begun, ended);
	fixture_text_free(&plain);
	fixture_text_free(&coloured);
	fixture_fini(&fixture);
}

static void test_top_print_full(void **state)
{
	struct fixture fixture;
	struct report report;
	FILE *out = fixture_full();

	(void)state;
	fixture_init_rich(&fixture);
	assert_int_equal(report_build(&report, &fixture.measurement, REPORT_SERVICE, REPORT_BYTES),
			 0);
	assert_int_equal(top_print(out, &report, &fixture.measurement, 15, false), -EIO);
	fclose(out);
	report_free(&report);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_print_golden),
		cmocka_unit_test(test_top_print_lines),
		cmocka_unit_test(test_top_print_widest_numbers),
		cmocka_unit_test(test_top_print_labels),
		cmocka_unit_test(test_top_print_rows_asked),
		cmocka_unit_test(test_top_print_colour_adds_only_colour),
		cmocka_unit_test(test_top_print_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
