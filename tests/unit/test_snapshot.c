// SPDX-License-Identifier: GPL-2.0-only

/* Snapshots: sums over CPUs, what each cell stands for, and the closed account. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "snapshot_check.h"

static void test_snapshot_init_all_zero(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);
	struct account_totals totals = snapshot_totals(&snapshot);

	(void)state;
	for (uint32_t i = 0; i < CELLS; i++)
		assert_counter(snapshot.cells[i], 0, 0);
	assert_counter(totals.frames, 0, 0);
	for (uint32_t slot = 0; slot <= SLOTS_END; slot++)
		assert_handshakes(snapshot_handshakes(&snapshot, slot), 0, 0, 0);
	snapshot_fini(&snapshot);
	assert_null(snapshot.cells);
	assert_null(snapshot.handshakes);
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

			if (snapshot.cells[i].packets != packets ||
			    snapshot.cells[i].bytes != bytes)
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
	assert_int_equal(snapshot.cells[CELLS - 1].packets, 2 * (BIT_32 + (CELLS - 1) * 1000) + 1);
	assert_counter(snapshot.cells[CELLS - 3], 0, 0);
	snapshot_fold(&snapshot, CELLS, 3, cells, 2);
	snapshot_fini(&snapshot);
	free(cells);
}

/* In two parts, and more slots than the snapshot has. */
static void test_snapshot_fold_handshakes_cpus(void **state)
{
	static const unsigned int cpus_rows[] = { 1, 2, 3, 256 };
	const uint32_t slots = SLOTS_END + 3;

	(void)state;
	for (size_t row = 0; row < COUNT(cpus_rows); row++) {
		const unsigned int cpus = cpus_rows[row];
		struct port_handshakes *cells = calloc((size_t)slots * cpus, sizeof(*cells));
		struct snapshot snapshot = make_snapshot(SLOTS_END);

		assert_non_null(cells);
		for (uint32_t i = 0; i < slots * cpus; i++)
			cells[i] = (struct port_handshakes){ BIT_32 + i / cpus, BIT_53 + i / cpus,
							     i % cpus };
		snapshot_fold_handshakes(&snapshot, 0, 1, cells, cpus);
		snapshot_fold_handshakes(&snapshot, 1, slots - 1, cells + cpus, cpus);
		snapshot_fold_handshakes(&snapshot, SLOTS_END, 3, cells, cpus);
		for (uint32_t slot = 0; slot < SLOTS_END; slot++)
			assert_handshakes(snapshot_handshakes(&snapshot, slot),
					  cpus * (BIT_32 + slot), cpus * (BIT_53 + slot),
					  (uint64_t)cpus * (cpus - 1) / 2);
		snapshot_fini(&snapshot);
		free(cells);
	}
}

/* A cell for each thing that is counted, and the only place where it is read again. */
static const struct cell_row {
	const char *desc;
	uint32_t index;
	int bucket, slot, method; /* where it shows; -1: nowhere */
	bool is_frame, is_suspicious;
} cell_rows[] = {
	{ "a bucket", PORT_INDEX_BUCKETS + PORT_ARP, PORT_ARP, -1, -1, true, false },
	{ "the last bucket", PORT_INDEX_BUCKETS + PORT_OTHER_IP, PORT_OTHER_IP, -1, -1, true,
	  false },
	{ "unclassified, by handshake", PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_HANDSHAKE),
	  PORT_UNCLASSIFIED_TCP, -1, PORT_HANDSHAKE, true, false },
	{ "unclassified, by endpoint", PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_ENDPOINT),
	  PORT_UNCLASSIFIED_UDP, -1, PORT_ENDPOINT, true, false },
	{ "unclassified, by database", PORT_INDEX_UNCLASSIFIED(PORT_SCTP, PORT_DATABASE),
	  PORT_UNCLASSIFIED_SCTP, -1, PORT_DATABASE, true, false },
	{ "unclassified, by guess", PORT_INDEX_UNCLASSIFIED(PORT_DCCP, PORT_GUESS),
	  PORT_UNCLASSIFIED_DCCP, -1, PORT_GUESS, true, false },
	{ "a cell where the unclassified buckets would be", PORT_INDEX_BUCKETS, -1, -1, -1, false,
	  false },
	{ "method handshake", PORT_INDEX_METHODS + PORT_HANDSHAKE, -1, -1, PORT_HANDSHAKE, false,
	  false },
	{ "method tie", PORT_INDEX_METHODS + PORT_TIE, -1, -1, PORT_TIE, false, false },
	{ "method database, which is told by the services", PORT_INDEX_METHODS + PORT_DATABASE, -1,
	  -1, -1, false, false },
	{ "suspicious", PORT_INDEX_SUSPICIOUS, -1, -1, -1, false, true },
	{ "a service by another method", PORT_INDEX_SERVICE(1, PORT_TO_SERVER, false), -1, 1, -1,
	  true, false },
	{ "a service by the database", PORT_INDEX_SERVICE(3, PORT_TO_SERVER, true), -1, 3,
	  PORT_DATABASE, true, false },
	{ "slot 0, which is no service", PORT_INDEX_SERVICE(0, PORT_TO_SERVER, true), -1, -1, -1,
	  false, false },
};

static void check_cell(const struct cell_row *row, const struct snapshot *snapshot)
{
	struct account_totals totals = snapshot_totals(snapshot);
	bool good = totals.frames.packets == (row->is_frame ? 7 : 0) &&
		    totals.frames.bytes == (row->is_frame ? 700 : 0) &&
		    totals.services.packets == (row->slot > 0 ? 7 : 0) &&
		    snapshot_suspicious(snapshot).packets == (row->is_suspicious ? 7 : 0);

	for (int i = 0; i < PORT_BUCKETS; i++)
		good = good && snapshot_bucket(snapshot, i).packets == (i == row->bucket ? 7 : 0);
	for (int i = 0; i < PORT_METHODS; i++)
		good = good && snapshot_method_packets(snapshot, i) == (i == row->method ? 7 : 0);
	for (int i = 0; i <= SLOTS_END; i++)
		good = good && snapshot_service(snapshot, i, PORT_TO_SERVER).packets ==
				       (i == row->slot ? 7 : 0);
	if (!good)
		fail_msg("%s", row->desc);
}

static void test_snapshot_reads_each_cell(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cell_rows); i++) {
		struct snapshot snapshot = make_snapshot(SLOTS_END);

		set(&snapshot, cell_rows[i].index, 7, 700);
		check_cell(&cell_rows[i], &snapshot);
		snapshot_fini(&snapshot);
	}
}

static void test_snapshot_reads_sums_of_cells(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);

	(void)state;
	set(&snapshot, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT, true), BIT_53, UINT64_MAX - 60);
	set(&snapshot, PORT_INDEX_SERVICE(3, PORT_TO_CLIENT, false), 1, 60);
	set(&snapshot, PORT_INDEX_METHODS + PORT_ENDPOINT, 1, 0);
	set(&snapshot, PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_ENDPOINT), 2, 120);
	set(&snapshot, PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_ENDPOINT), 4, 240);
	set(&snapshot, PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_GUESS), 8, 480);
	assert_counter(snapshot_service(&snapshot, 3, PORT_TO_CLIENT), BIT_53 + 1, UINT64_MAX);
	assert_counter(snapshot_service(&snapshot, 3, PORT_TO_SERVER), 0, 0);
	assert_counter(snapshot_service(&snapshot, UINT32_MAX, PORT_TO_CLIENT), 0, 0);
	assert_counter(snapshot_bucket(&snapshot, PORT_UNCLASSIFIED_UDP), 12, 720);
	assert_int_equal(snapshot_method_packets(&snapshot, PORT_ENDPOINT), 7);
	assert_int_equal(snapshot_method_packets(&snapshot, PORT_DATABASE), BIT_53);
	assert_int_equal(snapshot_method_packets(&snapshot, PORT_GUESS), 8);
	snapshot_fini(&snapshot);
}

static void test_snapshot_connections_of_all(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);

	(void)state;
	snapshot.handshakes[0] = (struct port_handshakes){ 1, 2, 3 };
	snapshot.handshakes[1] = (struct port_handshakes){ BIT_53, 20, 30 };
	snapshot.handshakes[SLOTS_END - 1] = (struct port_handshakes){ 100, 200, BIT_32 };
	assert_handshakes(snapshot_connections(&snapshot), BIT_53 + 101, 222, BIT_32 + 33);
	assert_handshakes(snapshot_handshakes(&snapshot, 0), 1, 2, 3);
	assert_handshakes(snapshot_handshakes(&snapshot, SLOTS_END - 1), 100, 200, BIT_32);
	assert_handshakes(snapshot_handshakes(&snapshot, SLOTS_END), 0, 0, 0);
	snapshot_fini(&snapshot);
}

/* Each frame is in one service or one bucket; the rest counts some of the same frames again. */
static void test_snapshot_totals_closed(void **state)
{
	struct snapshot snapshot = make_snapshot(SLOTS_END);
	struct account_totals totals;
	uint64_t buckets = 0, services = 0;

	(void)state;
	for (uint32_t i = 0; i < PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0, 0); i++)
		set(&snapshot, i, 1000, 1000);
	for (uint32_t i = PORT_TRANSPORTS; i < PORT_BUCKETS; i++) {
		set(&snapshot, PORT_INDEX_BUCKETS + i, BIT_53 + i, 2 * (BIT_53 + i));
		buckets += BIT_53 + i;
	}
	for (uint32_t i = 0; i < PORT_TRANSPORTS * PORT_METHODS; i++) {
		set(&snapshot, PORT_INDEX_UNCLASSIFIED(i / PORT_METHODS, i % PORT_METHODS),
		    BIT_53 + i, 2 * (BIT_53 + i));
		buckets += BIT_53 + i;
	}
	for (uint32_t i = PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0, 0); i < CELLS; i++) {
		set(&snapshot, i, BIT_32 + i, 2 * (BIT_32 + i));
		services += BIT_32 + i;
	}
	totals = snapshot_totals(&snapshot);
	assert_counter(totals.buckets, buckets, 2 * buckets);
	assert_counter(totals.services, services, 2 * services);
	assert_counter(totals.frames, buckets + services, 2 * (buckets + services));
	snapshot_fini(&snapshot);
}

static void test_snapshot_copy_all(void **state)
{
	struct snapshot from = make_snapshot(SLOTS_END), to = make_snapshot(SLOTS_END);

	(void)state;
	for (uint32_t i = 0; i < CELLS; i++)
		set(&from, i, i + 1, BIT_53 + i);
	for (uint32_t slot = 0; slot < SLOTS_END; slot++)
		from.handshakes[slot] = (struct port_handshakes){ slot + 1, BIT_32 + slot, slot };
	snapshot_copy(&to, &from);
	assert_memory_equal(to.cells, from.cells, CELLS * sizeof(*to.cells));
	assert_memory_equal(to.handshakes, from.handshakes, SLOTS_END * sizeof(*to.handshakes));
	snapshot_fini(&from);
	snapshot_fini(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_init_all_zero),
		cmocka_unit_test(test_snapshot_fold_cpus),
		cmocka_unit_test(test_snapshot_fold_ignores_what_is_beyond),
		cmocka_unit_test(test_snapshot_fold_handshakes_cpus),
		cmocka_unit_test(test_snapshot_reads_each_cell),
		cmocka_unit_test(test_snapshot_reads_sums_of_cells),
		cmocka_unit_test(test_snapshot_connections_of_all),
		cmocka_unit_test(test_snapshot_copy_all),
		cmocka_unit_test(test_snapshot_totals_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
