// SPDX-License-Identifier: GPL-2.0-only

/* Snapshots: sums over CPUs, differences, and the closed account. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SLOTS_END 4
#define CELLS PORT_INDEX_END(SLOTS_END)
#define BIT_32 (UINT64_C(1) << 32)
#define BIT_53 (UINT64_C(1) << 53)

static void assert_counter(struct port_counter counter, uint64_t packets, uint64_t bytes)
{
	assert_int_equal(counter.packets, packets);
	assert_int_equal(counter.bytes, bytes);
}

static struct snapshot make_snapshot(uint32_t slots_end)
{
	struct snapshot snapshot;

	assert_int_equal(snapshot_init(&snapshot, slots_end), 0);
	return snapshot;
}

static void set(struct snapshot *snapshot, uint32_t index, uint64_t packets, uint64_t bytes)
{
	const struct port_counter counter = { packets, bytes };

	assert_true(index < PORT_INDEX_END(snapshot->slots_end));
	snapshot->cells[index] = counter;
}

static void test_snapshot_init_all_zero(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);
	struct account_totals totals = snapshot_totals(&snapshot);

	(void)state;
	for (uint32_t i = 0; i < CELLS; i++)
		assert_counter(snapshot.cells[i], 0, 0);
	assert_counter(totals.frames, 0, 0);
	snapshot_fini(&snapshot);
	assert_null(snapshot.cells);
}

/* Numbers that no two cells share, large enough to show a sum in 32 bits or in a double. */
static struct port_counter cell_of(uint32_t index, unsigned int cpu)
{
	const struct port_counter counter = {
		.packets = BIT_32 + index * 1000 + cpu,
		.bytes = BIT_53 + index * 1000 + cpu * 3 + 1,
	};

	return counter;
}

static struct port_counter *make_cells(uint32_t first, uint32_t count, unsigned int cpus)
{
	struct port_counter *cells = calloc((size_t)count * cpus, sizeof(*cells));

	assert_non_null(cells);
	for (uint32_t i = 0; i < count; i++)
		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			cells[(size_t)i * cpus + cpu] = cell_of(first + i, cpu);
	return cells;
}

static void test_snapshot_fold_cpus(void **state)
{
	static const unsigned int cpus_rows[] = { 1, 2, 3, 256 };

	(void)state;
	for (size_t row = 0; row < COUNT(cpus_rows); row++) {
		const unsigned int cpus = cpus_rows[row];
		struct port_counter *cells = make_cells(0, CELLS, cpus);
		struct snapshot snapshot = make_snapshot(SLOTS_END);

		/* In two parts, as a kernel hands out batches. */
		snapshot_fold(&snapshot, 0, 17, cells, cpus);
		snapshot_fold(&snapshot, 17, CELLS - 17, cells + (size_t)17 * cpus, cpus);
		for (uint32_t i = 0; i < CELLS; i++) {
			const uint64_t of_cpus = (uint64_t)cpus * (cpus - 1) / 2;
			uint64_t packets = cpus * (BIT_32 + i * 1000) + of_cpus;
			uint64_t bytes = cpus * (BIT_53 + i * 1000 + 1) + of_cpus * 3;

			if (snapshot.cells[i].packets != packets || snapshot.cells[i].bytes != bytes)
				fail_msg("%u CPUs: cell %u", cpus, i);
		}
		snapshot_fini(&snapshot);
		free(cells);
	}
}

static void test_snapshot_fold_ignores_what_is_beyond(void **state)
{
	struct port_counter *cells = make_cells(CELLS - 2, 5, 2);
	struct snapshot snapshot = make_snapshot(SLOTS_END);

	(void)state;
	/* A map has room to grow: more cells than the snapshot has. */
	snapshot_fold(&snapshot, CELLS - 2, 5, cells, 2);
	assert_int_equal(snapshot.cells[CELLS - 1].packets,
			 2 * (BIT_32 + (CELLS - 1) * 1000) + 1);
	assert_counter(snapshot.cells[CELLS - 3], 0, 0);
	snapshot_fold(&snapshot, CELLS, 3, cells, 2);
	snapshot_fini(&snapshot);
	free(cells);
}

static void test_snapshot_reads_its_cells(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);

	(void)state;
	set(&snapshot, PORT_INDEX_BUCKETS + PORT_ARP, 1, 60);
	set(&snapshot, PORT_INDEX_BUCKETS + PORT_OTHER_IP, 2, 120);
	set(&snapshot, PORT_INDEX_METHODS + PORT_GUESS, 3, 0);
	set(&snapshot, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT), 4, 240);
	set(&snapshot, PORT_INDEX_SERVICE(3, PORT_TO_SERVER), BIT_53 + 1, UINT64_MAX);
	assert_counter(*snapshot_bucket(&snapshot, PORT_ARP), 1, 60);
	assert_counter(*snapshot_bucket(&snapshot, PORT_OTHER_IP), 2, 120);
	assert_counter(*snapshot_bucket(&snapshot, PORT_LLC), 0, 0);
	assert_int_equal(snapshot_method_packets(&snapshot, PORT_GUESS), 3);
	assert_int_equal(snapshot_method_packets(&snapshot, PORT_TIE), 0);
	assert_counter(snapshot_service(&snapshot, 1, PORT_TO_CLIENT), 4, 240);
	assert_counter(snapshot_service(&snapshot, 1, PORT_TO_SERVER), 0, 0);
	assert_counter(snapshot_service(&snapshot, 3, PORT_TO_SERVER), BIT_53 + 1, UINT64_MAX);
	assert_counter(snapshot_service(&snapshot, 0, PORT_TO_SERVER), 0, 0);
	assert_counter(snapshot_service(&snapshot, SLOTS_END, PORT_TO_SERVER), 0, 0);
	assert_counter(snapshot_service(&snapshot, UINT32_MAX, PORT_TO_CLIENT), 0, 0);
	snapshot_fini(&snapshot);
}

/* Each frame is in one service or one bucket; methods count the same frames again. */
static void test_snapshot_totals_closed(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);
	struct account_totals totals;
	uint64_t buckets = 0, services = 0;

	(void)state;
	for (uint32_t i = 0; i < PORT_BUCKETS; i++) {
		set(&snapshot, PORT_INDEX_BUCKETS + i, BIT_53 + i, 2 * (BIT_53 + i));
		buckets += BIT_53 + i;
	}
	for (uint32_t i = 0; i < PORT_METHODS; i++)
		set(&snapshot, PORT_INDEX_METHODS + i, 1000, 1000);
	for (uint32_t i = PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0); i < CELLS; i++) {
		set(&snapshot, i, BIT_32 + i, 2 * (BIT_32 + i));
		services += BIT_32 + i;
	}
	totals = snapshot_totals(&snapshot);
	assert_counter(totals.buckets, buckets, 2 * buckets);
	assert_counter(totals.services, services, 2 * services);
	assert_counter(totals.frames, buckets + services, 2 * (buckets + services));
	snapshot_fini(&snapshot);
}

static void test_snapshot_subtract_counts_since(void **state)
{
	struct snapshot earlier = make_snapshot(SLOTS_END), later = make_snapshot(SLOTS_END);
	const uint32_t cell = PORT_INDEX_SERVICE(2, PORT_TO_SERVER);

	(void)state;
	set(&earlier, PORT_INDEX_BUCKETS + PORT_ICMP, BIT_53, BIT_53);
	set(&later, PORT_INDEX_BUCKETS + PORT_ICMP, BIT_53 + 1, BIT_53 + 98);
	set(&earlier, cell, BIT_32 - 1, BIT_32 - 1);
	set(&later, cell, BIT_32 + 1, 2 * BIT_32);
	set(&earlier, PORT_INDEX_METHODS + PORT_TIE, 7, 0);
	set(&later, PORT_INDEX_METHODS + PORT_TIE, 7, 0);
	snapshot_subtract(&later, &earlier);
	assert_counter(*snapshot_bucket(&later, PORT_ICMP), 1, 98);
	assert_counter(snapshot_service(&later, 2, PORT_TO_SERVER), 2, BIT_32 + 1);
	assert_int_equal(snapshot_method_packets(&later, PORT_TIE), 0);
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
	set(&earlier, PORT_INDEX_SERVICE(1, PORT_TO_SERVER), 10, 600);
	set(&later, PORT_INDEX_SERVICE(1, PORT_TO_SERVER), 5, 7500);
	set(&earlier, PORT_INDEX_SERVICE(2, PORT_TO_CLIENT), 10, 600);
	set(&later, PORT_INDEX_SERVICE(2, PORT_TO_CLIENT), 12, 720);
	set(&earlier, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT), 10, 600);
	snapshot_subtract(&later, &earlier);
	assert_counter(*snapshot_bucket(&later, PORT_ARP), 4, 240);
	assert_counter(snapshot_service(&later, 1, PORT_TO_SERVER), 5, 7500);
	assert_counter(snapshot_service(&later, 2, PORT_TO_CLIENT), 12, 720);
	assert_counter(snapshot_service(&later, 3, PORT_TO_CLIENT), 0, 0);
	snapshot_fini(&earlier);
	snapshot_fini(&later);
}

static void test_snapshot_subtract_slots_grown(void **state)
{
	struct snapshot earlier = make_snapshot(2), later = make_snapshot(SLOTS_END);

	(void)state;
	set(&earlier, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT), 3, 180);
	set(&later, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT), 5, 300);
	set(&later, PORT_INDEX_SERVICE(2, PORT_TO_SERVER), 7, 420);
	set(&later, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT), 9, 540);
	snapshot_subtract(&later, &earlier);
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
	set(&earlier, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT), 9, 540);
	set(&later, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT), 5, 300);
	snapshot_subtract(&later, &earlier);
	assert_counter(snapshot_service(&later, 1, PORT_TO_CLIENT), 5, 300);
	snapshot_fini(&earlier);
	snapshot_fini(&later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_init_all_zero),
		cmocka_unit_test(test_snapshot_fold_cpus),
		cmocka_unit_test(test_snapshot_fold_ignores_what_is_beyond),
		cmocka_unit_test(test_snapshot_reads_its_cells),
		cmocka_unit_test(test_snapshot_totals_closed),
		cmocka_unit_test(test_snapshot_subtract_counts_since),
		cmocka_unit_test(test_snapshot_subtract_map_restarted),
		cmocka_unit_test(test_snapshot_subtract_slots_grown),
		cmocka_unit_test(test_snapshot_subtract_fewer_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
