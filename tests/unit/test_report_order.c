// SPDX-License-Identifier: GPL-2.0-only

/* Reports: the order of the rows. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "report.h"

/* Busiest in the interval, then in total; equal bytes by packets; then by label and transport. */
static const struct order_row {
	const char *desc;
	struct port_counter interval[4], total[4]; /* of services a, b, c/tcp, c/udp */
	const char *by_bytes, *by_packets;
} order_rows[] = {
	{ "more bytes in fewer packets",
	  { { 9, 10 }, { 1, 90 } },
	  { { 9, 10 }, { 1, 90 } },
	  "ba",
	  "ab" },
	{ "interval before total", { { 2, 2 }, { 1, 1 } }, { { 2, 2 }, { 9, 9 } }, "ab", "ab" },
	{ "total where the interval is a tie",
	  { { 1, 1 }, { 1, 1 } },
	  { { 2, 2 }, { 9, 9 } },
	  "ba",
	  "ba" },
	{ "nothing in the interval comes last",
	  { {}, { 1, 1 }, { 2, 2 } },
	  { { 9, 9 }, { 1, 1 }, { 2, 2 } },
	  "cba",
	  "cba" },
	{ "bytes tie, packets decide", { { 1, 5 }, { 2, 5 } }, { { 1, 5 }, { 2, 5 } }, "ba", "ba" },
	{ "all ties: by label, then transport",
	  { { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
	  { { 3, 3 }, { 3, 3 }, { 3, 3 }, { 3, 3 } },
	  "abcC",
	  "abcC" },
	{ "above 2^32 and 2^53, where a double is not enough",
	  { { 1, BIT_53 }, { 1, BIT_53 + 1 }, { 1, BIT_32 } },
	  { { 1, BIT_53 }, { 1, BIT_53 + 1 }, { 1, BIT_32 } },
	  "bac",
	  "abc" },
	{ "differences that do not fit an int",
	  { { BIT_32, 1 }, { 1, NEARLY_ALL } },
	  { { BIT_32, 1 }, { 1, NEARLY_ALL } },
	  "ba",
	  "ab" },
};

static void assert_order(const struct order_row *row, const uint32_t slots[4],
			 enum report_sort sort, const char *expected)
{
	struct fixture_service services[4] = {};
	struct fixture fixture;
	struct report report;
	char order[8] = "";

	for (unsigned int i = 0; i < 4; i++) {
		static const char *const names[] = { "a", "b", "c", "c" };

		services[slots[i] - 1] =
			(struct fixture_service){ .name = names[i],
						  .transport = i == 3 ? PORT_UDP : PORT_TCP };
	}
	fixture_init(&fixture, services, 4, 1);
	for (unsigned int i = 0; i < 4; i++)
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(slots[i], PORT_TO_CLIENT, true),
			    row->interval[i], row->total[i]);
	assert_int_equal(report_build(&report, &fixture.measurement, REPORT_SERVICE, sort), 0);
	assert_true(report.count < sizeof(order));
	for (size_t i = 0; i < report.count; i++)
		order[i] = strcmp(report.rows[i].transport, "udp") ? report.rows[i].label[0] : 'C';
	if (strcmp(order, expected))
		fail_msg("%s, by %s: %s", row->desc, report_sort_name(sort), order);
	report_free(&report);
	fixture_fini(&fixture);
}

/* Whatever the order of the slots. */
static void test_report_build_order(void **state)
{
	static const uint32_t slots[][4] = {
		{ 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 3, 1, 4, 2 }, { 2, 4, 1, 3 }
	};

	(void)state;
	for (size_t i = 0; i < COUNT(order_rows); i++)
		for (size_t k = 0; k < COUNT(slots); k++) {
			assert_order(&order_rows[i], slots[k], REPORT_BYTES,
				     order_rows[i].by_bytes);
			assert_order(&order_rows[i], slots[k], REPORT_PACKETS,
				     order_rows[i].by_packets);
		}
}

/* Most attempts in the interval, then in total; then by packets, then by label and transport. */
static const struct connection_row {
	const char *desc;
	uint64_t attempted[4], total[4], packets[4]; /* of services a, b, c/tcp, c/udp */
	const char *order;
} connection_rows[] = {
	{ "interval before total", { 2, 3, 1 }, { 9, 5, 99 }, { 1, 1, 1 }, "bac" },
	{ "total where the interval is a tie", { 2, 2, 2 }, { 5, 9, 7 }, { 9, 1, 1 }, "bca" },
	{ "packets where both are", { 2, 2, 2 }, { 5, 5, 5 }, { 1, 7, 3 }, "bca" },
	{ "all ties", { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, "abcC" },
	{ "none at all comes last", { 0, 1, 0 }, { 0, 1, 1 }, { 99, 1, 1 }, "bca" },
	{ "above 2^53", { BIT_53, BIT_53 + 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 }, "bac" },
	{ "differences that do not fit an int",
	  { BIT_32, NEARLY_ALL, 1 },
	  { 1, 1, 1 },
	  { 1, 1, 1 },
	  "bac" },
};

/* Accepted and reset ones decide nothing. */
static void test_report_build_order_of_connections(void **state)
{
	static const struct fixture_service services[] = {
		{ .name = "c", .transport = PORT_UDP },
		{ .name = "a" },
		{ .name = "c" },
		{ .name = "b" },
	};
	static const uint32_t slots[] = { 2, 4, 3, 1 }; /* of a, b, c/tcp, c/udp */

	(void)state;
	for (size_t i = 0; i < COUNT(connection_rows); i++) {
		const struct connection_row *row = &connection_rows[i];
		struct fixture fixture;
		struct report report;
		char order[8] = "";

		fixture_init(&fixture, services, COUNT(services), 1);
		for (unsigned int k = 0; k < 4; k++) {
			const struct port_counter frames = { row->packets[k], 60 };

			fixture_set(&fixture, 0, PORT_INDEX_SERVICE(slots[k], 0, true), frames,
				    frames);
			fixture_set_handshakes(
				&fixture, 0, slots[k],
				(struct port_handshakes){ row->attempted[k], 100 - k, 100 + k },
				(struct port_handshakes){ row->total[k], 100 - k, 100 + k });
		}
		assert_int_equal(report_build(&report, &fixture.measurement, REPORT_SERVICE,
					      REPORT_CONNECTIONS),
				 0);
		assert_int_equal(report.sort, REPORT_CONNECTIONS);
		assert_true(report.count < sizeof(order));
		for (size_t k = 0; k < report.count; k++)
			order[k] = strcmp(report.rows[k].transport, "udp") ? report.rows[k].label[0]
									   : 'C';
		if (strcmp(order, row->order))
			fail_msg("%s: %s", row->desc, order);
		report_free(&report);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_build_order),
		cmocka_unit_test(test_report_build_order_of_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
