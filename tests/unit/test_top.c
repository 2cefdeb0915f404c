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

static void print_sorted(struct fixture_text *text, const struct fixture *fixture,
			 enum report_key key, enum report_sort sort, size_t rows, bool colour)
{
	struct report report;

	assert_int_equal(report_build(&report, &fixture->measurement, key, sort), 0);
	assert_int_equal(
		top_print(fixture_text_open(text), &report, &fixture->measurement, rows, colour),
		0);
	fixture_text_close(text);
	report_free(&report);
}

static void print(struct fixture_text *text, const struct fixture *fixture, enum report_key key,
		  size_t rows, bool colour)
{
	print_sorted(text, fixture, key, REPORT_BYTES, rows, colour);
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
	fixture_set(fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_SERVER, true), all, all);
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

static void init_uncounted(struct fixture *fixture)
{
	fixture_init_rich(fixture);
	fixture->measurement.by_port = MEASURED_UNCOUNTED;
}

static void init_some_devices(struct fixture *fixture)
{
	fixture_init(fixture, NULL, 0, 1);
	fixture->measurement.by_port = MEASURED_SOME_DEVICES;
}

static void init_transmitted(struct fixture *fixture)
{
	fixture_init_egress(fixture);
	fixture->measurement.transmitted = true;
}

/* The agent was started without --egress. */
static void init_none_transmitted(struct fixture *fixture)
{
	fixture_init_rich(fixture);
	fixture->measurement.transmitted = true;
}

static const struct golden_row {
	const char *golden;
	void (*init)(struct fixture *fixture);
	enum report_key key;
	enum report_sort sort;
	size_t rows;
	bool colour;
} golden_rows[] = {
	{ "top.txt", fixture_init_rich, REPORT_SERVICE, REPORT_BYTES, 100, false },
	{ "top_colour.txt", fixture_init_rich, REPORT_SERVICE, REPORT_BYTES, 5, true },
	{ "top_port.txt", fixture_init_ports, REPORT_PORT, REPORT_BYTES, 100, false },
	{ "top_port_uncounted.txt", init_uncounted, REPORT_PORT, REPORT_PACKETS, 3, false },
	{ "top_port_some.txt", init_some_devices, REPORT_PORT, REPORT_BYTES, 15, false },
	{ "top_port_connections.txt", fixture_init_ports, REPORT_PORT, REPORT_CONNECTIONS, 100,
	  false },
	{ "top_connections.txt", fixture_init_rich, REPORT_SERVICE, REPORT_CONNECTIONS, 100,
	  false },
	{ "top_device.txt", fixture_init_rich, REPORT_DEVICE, REPORT_BYTES, 100, false },
	{ "top_encryption.txt", fixture_init_rich, REPORT_ENCRYPTION, REPORT_CONNECTIONS, 100,
	  false },
	{ "top_method.txt", fixture_init_rich, REPORT_METHOD, REPORT_BYTES, 100, false },
	{ "top_zero_seconds.txt", init_zero_seconds, REPORT_PROTOCOL, REPORT_BYTES, 100, false },
	{ "top_nothing.txt", init_nothing_counted, REPORT_SERVICE, REPORT_BYTES, 15, false },
	{ "top_no_device.txt", init_no_device, REPORT_SERVICE, REPORT_BYTES, 15, false },
	{ "top_huge.txt", init_huge, REPORT_SERVICE, REPORT_BYTES, 15, false },
	{ "top_restarted.txt", init_restarted, REPORT_BUCKET, REPORT_BYTES, 15, false },
	{ "top_received.txt", fixture_init_egress, REPORT_DEVICE, REPORT_BYTES, 15, false },
	{ "top_transmitted.txt", init_transmitted, REPORT_SERVICE, REPORT_BYTES, 15, false },
	{ "top_transmitted_connections.txt", init_transmitted, REPORT_DEVICE, REPORT_CONNECTIONS,
	  15, false },
	{ "top_transmitted_port.txt", init_transmitted, REPORT_PORT, REPORT_BYTES, 15, false },
	{ "top_transmitted_none.txt", init_none_transmitted, REPORT_PORT, REPORT_BYTES, 15, false },
};

static void test_top_print_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(golden_rows); i++) {
		struct fixture_text text;
		struct fixture fixture;

		golden_rows[i].init(&fixture);
		print_sorted(&text, &fixture, golden_rows[i].key, golden_rows[i].sort,
			     golden_rows[i].rows, golden_rows[i].colour);
		fixture_assert_golden(golden_rows[i].golden, text.text, "");
		if (!golden_rows[i].colour)
			fixture_assert_lines(golden_rows[i].golden, text.text, COLUMNS);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

/* By any key in any order, whatever the names are; random numbers in all counters. */
static void test_top_print_lines(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_ports(&fixture);
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int i = 0; i < REPORT_KEYS * REPORT_SORTS; i++) {
			struct fixture_text text;

			print_sorted(&text, &fixture, i / REPORT_SORTS, i % REPORT_SORTS, SIZE_MAX,
				     false);
			fixture_assert_lines(report_key_name(i / REPORT_SORTS), text.text, COLUMNS);
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
		const struct port_handshakes most = { rows[i].packets, rows[i].packets,
						      rows[i].packets };
		struct fixture_text text;
		struct fixture fixture;

		init_huge(&fixture);
		fixture.measurement.seconds = rows[i].seconds;
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_SERVER, true), all, all);
		fixture_set_handshakes(&fixture, 0, 1, most, most);
		fixture_set_handshakes(&fixture, 0, 0, most, most);
		print(&text, &fixture, REPORT_SERVICE, 15, false);
		fixture_assert_lines(rows[i].desc, text.text, COLUMNS);
		assert_non_null(strstr(text.text, " 100% ######\n"));
		fixture_text_free(&text);
		for (unsigned int k = 0; k < 2 * REPORT_SORTS; k++) {
			bool transmitted = k >= REPORT_SORTS;

			fixture.measurement.transmitted = transmitted;
			for (size_t m = 0; m < fixture.measurement.count; m++)
				fixture.measurement.devices[m].is_egress = transmitted;
			print_sorted(&text, &fixture, REPORT_PORT, k % REPORT_SORTS, 15, false);
			fixture_assert_lines(rows[i].desc, text.text, COLUMNS);
			fixture_text_free(&text);
			print_sorted(&text, &fixture, REPORT_SERVICE, k % REPORT_SORTS, 15, false);
			fixture_assert_lines(rows[i].desc, text.text, COLUMNS);
			fixture_text_free(&text);
		}
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
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, 0, true),
			    (struct port_counter){ 1, 1 }, (struct port_counter){ 1, 1 });
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

/* A name that is cut loses its end, never what tells the port and the methods. */
static void test_top_print_port_names(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t methods;
		const char *shown;
	} rows[] = {
		{ 1, 0, "1/tcp                                            " },
		{ 65535, 1 << PORT_GUESS, "65535/tcp  guess                          " },
		{ 10, 1 << PORT_HANDSHAKE | 1 << PORT_GUESS, "10/tcp     handshake+guess   " },
		{ 12345, 1 << PORT_ENDPOINT, "12345/tcp  endpoint udp: italk    " },
		{ 12345, 0, "12345/tcp  udp: italk     " },
		{ 12345, 1 << PORT_HANDSHAKE | 1 << PORT_ENDPOINT | 1 << PORT_GUESS,
		  "12345/tcp  handshake+endpoint+guess udp: italk  " },
		{ 9, 31, "9/tcp      handshake+endpoint+database+tie+gues  " },
		{ 12345, 31, "12345/tcp  handshake+endpoint+database+tie+gues  " },
		{ 77, 1 << PORT_HANDSHAKE, "77/tcp     handshake sctp: a-name-that-is-too-l  " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct port_counter one = { 1, 60 };
		struct fixture_text text;
		struct fixture fixture;

		fixture_init(&fixture, NULL, 0, 1);
		fixture_set(&fixture, 0, PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_GUESS), one, one);
		fixture_set_port(&fixture, PORT_TCP, rows[i].port, rows[i].methods, one, one);
		fixture_set_database(&fixture, "Service Name,Port Number,Transport Protocol\n"
					       "italk,12345,udp\n"
					       "a-name-that-is-too-long,77,sctp\n");
		print(&text, &fixture, REPORT_PORT, 15, false);
		if (!strstr(text.text, rows[i].shown))
			fail_msg("no '%s' in: %s", rows[i].shown, text.text);
		fixture_assert_lines(rows[i].shown, text.text, COLUMNS);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_print_golden),
		cmocka_unit_test(test_top_print_lines),
		cmocka_unit_test(test_top_print_widest_numbers),
		cmocka_unit_test(test_top_print_labels),
		cmocka_unit_test(test_top_print_port_names),
		cmocka_unit_test(test_top_print_rows_asked),
		cmocka_unit_test(test_top_print_colour_adds_only_colour),
		cmocka_unit_test(test_top_print_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
