// SPDX-License-Identifier: GPL-2.0-only

/* Snapshots: what was counted between two of them. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "snapshot_check.h"

static void test_snapshot_subtract_counts_since(void **state)
{
	struct snapshot earlier = make_snapshot(SLOTS_END), later = make_snapshot(SLOTS_END);
	const uint32_t cell = PORT_INDEX_SERVICE(2, PORT_TO_SERVER, true);

	(void)state;
	set(&earlier, PORT_INDEX_BUCKETS + PORT_ICMP, BIT_53, BIT_53);
	set(&later, PORT_INDEX_BUCKETS + PORT_ICMP, BIT_53 + 1, BIT_53 + 98);
	set(&earlier, cell, BIT_32 - 1, BIT_32 - 1);
	set(&later, cell, BIT_32 + 1, 2 * BIT_32);
	set(&earlier, PORT_INDEX_METHODS + PORT_TIE, 7, 0);
	set(&later, PORT_INDEX_METHODS + PORT_TIE, 7, 0);
	earlier.handshakes[2] = (struct port_handshakes){ BIT_53, 1, 0 };
	later.handshakes[2] = (struct port_handshakes){ BIT_53 + 3, 1, 2 };
	snapshot_subtract(&later, &earlier);
	assert_counter(snapshot_bucket(&later, PORT_ICMP), 1, 98);
	assert_counter(snapshot_service(&later, 2, PORT_TO_SERVER), 2, BIT_32 + 1);
	assert_int_equal(snapshot_method_packets(&later, PORT_TIE), 0);
	assert_handshakes(snapshot_handshakes(&later, 2), 3, 0, 2);
	assert_counter(snapshot_totals(&later).frames, 3, BIT_32 + 99);
	snapshot_fini(&earlier);
	snapshot_fini(&later);
}

/*
 * A map that began anew holds what was counted since, whole. It shows in any one counter that is
 * behind; others may have overtaken their old values already, bytes before packets.
 */
static void test_snapshot_subtract_map_restarted(void **state)
{
	struct snapshot earlier = make_snapshot(SLOTS_END), later = make_snapshot(SLOTS_END);

	(void)state;
	set(&earlier, PORT_INDEX_BUCKETS + PORT_ARP, 10, 600);
	set(&later, PORT_INDEX_BUCKETS + PORT_ARP, 4, 240);
	set(&earlier, PORT_INDEX_SERVICE(1, PORT_TO_SERVER, true), 10, 600);
	set(&later, PORT_INDEX_SERVICE(1, PORT_TO_SERVER, true), 5, 7500);
	set(&earlier, PORT_INDEX_SERVICE(2, PORT_TO_CLIENT, true), 10, 600);
	set(&later, PORT_INDEX_SERVICE(2, PORT_TO_CLIENT, true), 12, 720);
	set(&earlier, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT, true), 10, 600);
	snapshot_subtract(&later, &earlier);
	assert_counter(snapshot_bucket(&later, PORT_ARP), 4, 240);
	assert_counter(snapshot_service(&later, 1, PORT_TO_SERVER), 5, 7500);
	assert_counter(snapshot_service(&later, 2, PORT_TO_CLIENT), 12, 720);
	assert_counter(snapshot_service(&later, 3, PORT_TO_CLIENT), 0, 0);
	snapshot_fini(&earlier);
	snapshot_fini(&later);
}

/* The same, where only connections show it. */
static void test_snapshot_subtract_handshakes_restarted(void **state)
{
	static const struct {
		const char *desc;
		struct port_handshakes earlier, later, expected;
		bool is_restarted;
	} rows[] = {
		{ "goes on", { 5, 4, 3 }, { 6, 4, 5 }, { 1, 0, 2 }, false },
		{ "over 2^53", { BIT_53, 1, 1 }, { BIT_53 + 1, 1, 1 }, { 1, 0, 0 }, false },
		{ "attempted less", { 5, 4, 3 }, { 4, 4, 3 }, { 4, 4, 3 }, true },
		{ "accepted less", { 5, 4, 3 }, { 9, 3, 9 }, { 9, 3, 9 }, true },
		{ "reset less", { 5, 4, 3 }, { 5, 4, 2 }, { 5, 4, 2 }, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot earlier = make_snapshot(SLOTS_END),
				later = make_snapshot(SLOTS_END);
		bool is_restarted = rows[i].is_restarted;
		struct port_handshakes *found = &later.handshakes[SLOTS_END - 1];

		earlier.handshakes[SLOTS_END - 1] = rows[i].earlier;
		*found = rows[i].later;
		set(&earlier, PORT_INDEX_BUCKETS + PORT_ARP, 10, 600);
		set(&later, PORT_INDEX_BUCKETS + PORT_ARP, 12, 720);
		earlier.handshakes[0] = (struct port_handshakes){ 1, 1, 1 };
		later.handshakes[0] = (struct port_handshakes){ 1, 2, 3 };
		snapshot_subtract(&later, &earlier);
		if (memcmp(found, &rows[i].expected, sizeof(*found)) != 0)
			fail_msg("%s: %llu %llu %llu", rows[i].desc, found->attempted,
				 found->accepted, found->reset);
		if (snapshot_bucket(&later, PORT_ARP).packets != (is_restarted ? 12 : 2) ||
		    later.handshakes[0].reset != (is_restarted ? 3 : 2))
			fail_msg("%s: the rest", rows[i].desc);
		snapshot_fini(&earlier);
		snapshot_fini(&later);
	}
}

static void test_snapshot_subtract_slots_grown(void **state)
{
	struct snapshot earlier = make_snapshot(2), later = make_snapshot(SLOTS_END);

	(void)state;
	set(&earlier, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true), 3, 180);
	set(&later, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true), 5, 300);
	set(&later, PORT_INDEX_SERVICE(2, PORT_TO_SERVER, true), 7, 420);
	set(&later, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT, true), 9, 540);
	earlier.handshakes[1] = (struct port_handshakes){ 3, 3, 3 };
	later.handshakes[1] = (struct port_handshakes){ 4, 5, 6 };
	later.handshakes[3] = (struct port_handshakes){ 7, 8, 9 };
	snapshot_subtract(&later, &earlier);
	assert_handshakes(snapshot_handshakes(&later, 1), 1, 2, 3);
	assert_handshakes(snapshot_handshakes(&later, 3), 7, 8, 9);
	assert_counter(snapshot_service(&later, 1, PORT_TO_CLIENT), 2, 120);
	assert_counter(snapshot_service(&later, 2, PORT_TO_SERVER), 7, 420);
	assert_counter(snapshot_service(&later, 3, PORT_TO_CLIENT), 9, 540);
	snapshot_fini(&earlier);
	snapshot_fini(&later);
}

static void test_snapshot_subtract_fewer_slots(void **state)
{
	struct snapshot earlier = make_snapshot(SLOTS_END), later = make_snapshot(2);

	(void)state;
	set(&earlier, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT, true), 9, 540);
	set(&later, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true), 5, 300);
	snapshot_subtract(&later, &earlier);
	assert_counter(snapshot_service(&later, 1, PORT_TO_CLIENT), 5, 300);
	snapshot_fini(&earlier);
	snapshot_fini(&later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_subtract_counts_since),
		cmocka_unit_test(test_snapshot_subtract_map_restarted),
		cmocka_unit_test(test_snapshot_subtract_handshakes_restarted),
		cmocka_unit_test(test_snapshot_subtract_slots_grown),
		cmocka_unit_test(test_snapshot_subtract_fewer_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
