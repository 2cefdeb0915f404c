// SPDX-License-Identifier: GPL-2.0-only

/* Where the counters of a layout are found again. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

#include "layout.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_layout_versions(void **state)
{
	(void)state;
	for (uint32_t version = 1; version <= PORT_ABI_VERSION; version++) {
		assert_non_null(layout_find(version));
		assert_int_equal(layout_find(version)->version, version);
	}
	assert_null(layout_find(0));
	assert_null(layout_find(PORT_ABI_VERSION + 1));
}

/* The row of this version says what port_abi.h says: every cell that is counted in is itself. */
static void test_layout_present(void **state)
{
	const struct port_layout *layout = layout_find(PORT_ABI_VERSION);

	(void)state;
	for (uint32_t i = 0; i < PORT_BUCKETS; i++)
		assert_int_equal(layout_index(layout, PORT_INDEX_BUCKETS + i),
				 PORT_INDEX_BUCKETS + i);
	for (uint32_t transport = 0; transport < PORT_TRANSPORTS; transport++)
		for (uint32_t i = 0; i < PORT_METHODS; i++)
			assert_int_equal(
				layout_index(layout, PORT_INDEX_UNCLASSIFIED(transport, i)),
				PORT_INDEX_UNCLASSIFIED(transport, i));
	for (uint32_t i = 0; i < PORT_METHODS; i++)
		assert_int_equal(layout_index(layout, PORT_INDEX_METHODS + i),
				 PORT_INDEX_METHODS + i);
	assert_int_equal(layout_index(layout, PORT_INDEX_SUSPICIOUS), PORT_INDEX_SUSPICIOUS);
	for (uint32_t i = PORT_INDEX_SERVICES; i < PORT_INDEX_END(1000); i++)
		assert_int_equal(layout_index(layout, i), i);
	assert_int_equal(layout_end(layout, 1000), PORT_INDEX_END(1000));
}

/* Everything somewhere else, and less of it. */
static const uint8_t buckets[] = { PORT_ARP, PORT_FRAGMENT, PORT_LLC };
static const uint8_t methods[] = { PORT_GUESS, PORT_HANDSHAKE };
static const struct port_layout other = {
	.version = 7,
	.buckets = 20,
	.unclassified = 2,
	.methods = 30,
	.suspicious = 1,
	.services = 40,
	.transport_cells = 3,
	.bucket_names = buckets,
	.bucket_count = COUNT(buckets),
	.method_names = methods,
	.method_count = COUNT(methods),
};

static void test_layout_by_names(void **state)
{
	static const struct {
		const char *desc;
		uint32_t index, wanted;
	} rows[] = {
		{ "nothing", 0, LAYOUT_NO_INDEX },
		{ "suspicious", 1, PORT_INDEX_SUSPICIOUS },
		{ "the first of the first transport", 2,
		  PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_GUESS) },
		{ "its second", 3, PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_HANDSHAKE) },
		{ "room behind them", 4, LAYOUT_NO_INDEX },
		{ "the second transport", 5, PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_GUESS) },
		{ "the last", 12, PORT_INDEX_UNCLASSIFIED(PORT_DCCP, PORT_HANDSHAKE) },
		{ "room behind the last", 13, LAYOUT_NO_INDEX },
		{ "behind that", 14, LAYOUT_NO_INDEX },
		{ "before the buckets", 19, LAYOUT_NO_INDEX },
		{ "the first bucket", 20, PORT_INDEX_BUCKETS + PORT_ARP },
		{ "the second", 21, PORT_INDEX_BUCKETS + PORT_FRAGMENT },
		{ "the third", 22, PORT_INDEX_BUCKETS + PORT_LLC },
		{ "no fourth", 23, LAYOUT_NO_INDEX },
		{ "the first method", 30, PORT_INDEX_METHODS + PORT_GUESS },
		{ "the second", 31, PORT_INDEX_METHODS + PORT_HANDSHAKE },
		{ "no third", 32, LAYOUT_NO_INDEX },
		{ "before the services", 39, LAYOUT_NO_INDEX },
		{ "slot 0", 40, PORT_INDEX_SERVICE(0, PORT_TO_SERVER, false) },
		{ "slot 1", 44, PORT_INDEX_SERVICE(1, PORT_TO_SERVER, false) },
		{ "slot 1, the other direction, by the database", 47,
		  PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true) },
		{ "the last slot", 40 + 4 * (PORT_SLOT_END - 1),
		  PORT_INDEX_SERVICE(PORT_SLOT_END - 1, PORT_TO_SERVER, false) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (layout_index(&other, rows[i].index) != rows[i].wanted)
			fail_msg("%s: %u", rows[i].desc, layout_index(&other, rows[i].index));
	assert_int_equal(layout_end(&other, 10), 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_versions),
		cmocka_unit_test(test_layout_present),
		cmocka_unit_test(test_layout_by_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
