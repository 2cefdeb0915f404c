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

		services[slots[i] - 1] = (struct fixture_service){ .name = names[i],
			.transport = i == 3 ? PORT_UDP : PORT_TCP };
	}
	fixture_init(&fixture, services, 4, 1);
	for (unsigned int i = 0; i < 4; i++)
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(slots[i], PORT_TO_CLIENT),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_build_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
