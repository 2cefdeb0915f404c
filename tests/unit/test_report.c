// SPDX-License-Identifier: GPL-2.0-only

/* Reports: rows by each key, and that they are all frames. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "report.h"

#define SERVER(slot) PORT_INDEX_SERVICE(slot, PORT_TO_SERVER, true)
#define CLIENT(slot) PORT_INDEX_SERVICE(slot, PORT_TO_CLIENT, true)
#define UNCLASSIFIED(transport, method) PORT_INDEX_UNCLASSIFIED(transport, method)
#define BUCKET(bucket) (PORT_INDEX_BUCKETS + (bucket))
#define METHOD(method) (PORT_INDEX_METHODS + (method))

static void test_report_names_all(void **state)
{
	static const char *const keys[] = {
		"service", "port", "protocol", "device", "encryption", "method", "bucket",
	};

	(void)state;
	assert_int_equal(COUNT(keys), REPORT_KEYS);
	for (unsigned int key = 0; key < REPORT_KEYS; key++)
		assert_string_equal(report_key_name(key), keys[key]);
	assert_string_equal(report_sort_name(REPORT_BYTES), "bytes");
	assert_string_equal(report_sort_name(REPORT_PACKETS), "packets");
	assert_string_equal(report_sort_name(REPORT_CONNECTIONS), "connections");
}

/* Two share a port and two share a name; one is called like a bucket, one counted nothing. */
static const struct fixture_service small_services[] = {
	{ "web", PORT_TCP, PORTDB_TLS, "443", "" },
	{ "web", PORT_UDP, PORTDB_NATIVE, "443", "" },
	{ "alias", PORT_TCP, PORTDB_NONE, "443", "" },
	{ "gone", PORT_UDP, PORTDB_UNKNOWN, "", "" },
	{ "unclassified_tcp", PORT_TCP, PORTDB_NONE, "7", "" },
	{ "silent", PORT_DCCP, PORTDB_NONE, "1", "" },
};

static void init_small(struct fixture *fixture)
{
	static const struct {
		size_t device;
		uint32_t index;
		uint64_t packets;
	} counts[] = {
		{ 0, SERVER(1), 1 },
		{ 1, CLIENT(1), 2 },
		{ 0, SERVER(2), 4 },
		{ 1, SERVER(3), 8 },
		{ 1, CLIENT(4), 16 },
		{ 0, PORT_INDEX_SERVICE(5, PORT_TO_SERVER, false), 32 },
		{ 0, UNCLASSIFIED(PORT_TCP, PORT_GUESS), 64 },
		{ 1, UNCLASSIFIED(PORT_TCP, PORT_ENDPOINT), 128 },
		{ 1, BUCKET(PORT_ARP), 256 },
		{ 0, METHOD(PORT_GUESS), 512 },
		{ 1, METHOD(PORT_GUESS), 1024 },
		{ 1, METHOD(PORT_TIE), 2048 },
	};

	static const struct {
		size_t device;
		uint32_t slot;
		uint64_t attempted;
	} connections[] = {
		{ 0, 0, 1 }, { 1, 0, 2 }, { 0, 1, 4 }, { 1, 1, 8 }, { 1, 3, 16 }, { 0, 5, 32 },
	};

	fixture_init(fixture, small_services, COUNT(small_services), 2);
	for (size_t i = 0; i < COUNT(connections); i++) {
		uint64_t n = connections[i].attempted;

		fixture_set_handshakes(fixture, connections[i].device, connections[i].slot,
				       (struct port_handshakes){ n, 10 * n, 100 * n },
				       (struct port_handshakes){ 3 * n, 30 * n, 300 * n });
	}
	for (size_t i = 0; i < COUNT(counts); i++) {
		uint64_t packets = counts[i].packets;

		fixture_set(fixture, counts[i].device, counts[i].index,
			    (struct port_counter){ packets, packets * 100 },
			    (struct port_counter){ packets * 3, packets * 300 });
	}
}

/* Each counter has a bit of its own, so that a sum tells which are in it. By packets. */
static const struct key_row {
	enum report_key key;
	const char *label, *transport, *encryption;
	bool is_bucket;
	uint64_t to_server, to_client, undirected; /* packets of the interval */
	uint64_t attempted;                        /* connections likewise */
} key_rows[] = {
	{ REPORT_SERVICE, "arp", "", "", true, 0, 0, 256, 0 },
	{ REPORT_SERVICE, "unclassified_tcp", "tcp", "", true, 0, 0, 64 | 128, 0 },
	{ REPORT_SERVICE, "unclassified_tcp", "tcp", "none", false, 32, 0, 0, 32 },
	{ REPORT_SERVICE, "gone", "udp", "", false, 0, 16, 0, 0 },
	{ REPORT_SERVICE, "alias", "tcp", "none", false, 8, 0, 0, 16 },
	{ REPORT_SERVICE, "web", "udp", "native", false, 4, 0, 0, 0 },
	{ REPORT_SERVICE, "web", "tcp", "tls", false, 1, 2, 0, 4 | 8 },
	{ REPORT_PORT, "arp", "", "", true, 0, 0, 256, 0 },
	{ REPORT_PORT, "unclassified_tcp", "tcp", "", true, 0, 0, 64 | 128, 0 },
	{ REPORT_PORT, "7/tcp", "tcp", "none", false, 32, 0, 0, 32 },
	{ REPORT_PORT, "-/udp", "udp", "", false, 0, 16, 0, 0 },
	{ REPORT_PORT, "443/tcp", "tcp", "", false, 1 | 8, 2, 0, 4 | 8 | 16 },
	{ REPORT_PORT, "443/udp", "udp", "native", false, 4, 0, 0, 0 },
	{ REPORT_PROTOCOL, "arp", "", "", false, 0, 0, 256, 0 },
	{ REPORT_PROTOCOL, "tcp", "", "", false, 1 | 8 | 32, 2, 64 | 128, 4 | 8 | 16 | 32 },
	{ REPORT_PROTOCOL, "udp", "", "", false, 4, 16, 0, 0 },
	{ REPORT_DEVICE, "eth1", "", "", false, 8, 2 | 16, 128 | 256, 8 | 16 },
	{ REPORT_DEVICE, "eth0", "", "", false, 1 | 4 | 32, 0, 64, 4 | 32 },
	{ REPORT_ENCRYPTION, "unknown", "", "", false, 0, 16, 64 | 128 | 256, 0 },
	{ REPORT_ENCRYPTION, "none", "", "", false, 8 | 32, 0, 0, 16 | 32 },
	{ REPORT_ENCRYPTION, "native", "", "", false, 4, 0, 0, 0 },
	{ REPORT_ENCRYPTION, "tls", "", "", false, 1, 2, 0, 4 | 8 },
	{ REPORT_METHOD, "tie", "", "", false, 0, 0, 2048, 0 },
	{ REPORT_METHOD, "guess", "", "", false, 0, 0, 512 | 1024 | 64, 0 },
	{ REPORT_METHOD, "endpoint", "", "", false, 0, 0, 128, 0 },
	{ REPORT_METHOD, "database", "", "", false, 0, 0, 1 | 2 | 4 | 8 | 16, 0 },
	{ REPORT_METHOD, "handshake", "", "", false, 0, 0, 0, 0 },
	{ REPORT_BUCKET, "arp", "", "", true, 0, 0, 256, 0 },
	{ REPORT_BUCKET, "unclassified_tcp", "tcp", "", true, 0, 0, 64 | 128, 0 },
};

/* 10 times as many are accepted, 100 times as many reset. */
static bool has_connections(const struct port_handshakes *connections, uint64_t attempted)
{
	return connections->attempted == attempted && connections->accepted == 10 * attempted &&
	       connections->reset == 100 * attempted;
}

/* Bytes are 100 times the packets, totals three times the interval; methods have no bytes. */
static bool is_row(const struct report_row *row, const struct key_row *expected)
{
	const uint64_t packets[REPORT_SIDES] = { expected->to_server, expected->to_client,
						 expected->undirected };
	uint64_t size = expected->key == REPORT_METHOD ? 0 : 100;

	for (unsigned int i = 0; i < REPORT_SIDES; i++)
		if (row->interval[i].packets != packets[i] ||
		    row->interval[i].bytes != packets[i] * size ||
		    row->total[i].packets != packets[i] * 3 ||
		    row->total[i].bytes != packets[i] * size * 3)
			return false;
	return has_connections(&row->connections, expected->attempted) &&
	       has_connections(&row->connections_total, 3 * expected->attempted) && !row->is_port &&
	       !strcmp(row->label, expected->label) &&
	       !strcmp(row->transport, expected->transport) &&
	       !strcmp(row->encryption, expected->encryption) &&
	       row->is_bucket == expected->is_bucket;
}

static void test_report_build_each_key(void **state)
{
	struct fixture fixture;
	struct report report;
	size_t i = 0;

	(void)state;
	init_small(&fixture);
	for (unsigned int key = 0; key < REPORT_KEYS; key++) {
		assert_int_equal(report_build(&report, &fixture.measurement, key, REPORT_PACKETS),
				 0);
		for (size_t k = 0; k < report.count; k++, i++) {
			const struct report_row *row = &report.rows[k];

			if (i == COUNT(key_rows) || key_rows[i].key != key ||
			    !is_row(row, &key_rows[i]))
				fail_msg("by %s, row %zu: %s %s '%s' %llu %llu %llu, %llu",
					 report_key_name(key), k, row->label, row->transport,
					 row->encryption, row->interval[0].packets,
					 row->interval[1].packets, row->interval[2].packets,
					 row->connections.attempted);
		}
		if (i < COUNT(key_rows) && key_rows[i].key == key)
			fail_msg("by %s: no row %s", report_key_name(key), key_rows[i].label);
		assert_int_equal(report.key, key);
		assert_true(has_connections(&report.connections, 63));
		assert_true(has_connections(&report.connections_total, 3 * 63));
		assert_true(has_connections(&report.serviceless, 1 | 2));
		report_free(&report);
	}
	assert_int_equal(i, COUNT(key_rows));
	fixture_fini(&fixture);
}

static void add(struct port_counter *sum, struct port_counter counter)
{
	sum->packets += counter.packets;
	sum->bytes += counter.bytes;
}

static void assert_same(const char *desc, struct port_counter sum, struct port_counter expected)
{
	if (sum.packets != expected.packets || sum.bytes != expected.bytes)
		fail_msg("%s: %llu packets, %llu bytes; expected %llu, %llu", desc, sum.packets,
			 sum.bytes, expected.packets, expected.bytes);
}

/* From the counters themselves. */
static void sum_cells(const struct fixture *fixture, uint32_t first, uint32_t end,
		      struct port_counter *interval, struct port_counter *total)
{
	for (size_t i = 0; i < fixture->measurement.count; i++) {
		for (uint32_t index = first; index < end; index++) {
			add(interval, fixture->measurement.devices[i].interval.cells[index]);
			add(total, fixture->measurement.devices[i].total.cells[index]);
		}
	}
}

static void sum_buckets(const struct fixture *fixture, struct port_counter *interval,
			struct port_counter *total)
{
	sum_cells(fixture, BUCKET(PORT_ARP), BUCKET(PORT_BUCKETS), interval, total);
	for (unsigned int i = 0; i < PORT_TRANSPORTS; i++)
		sum_cells(fixture, UNCLASSIFIED(i, 0), UNCLASSIFIED(i, PORT_METHODS), interval,
			  total);
}

static void assert_closed(const struct fixture *fixture, enum report_key key, enum report_sort sort)
{
	struct port_counter interval = {}, total = {}, all_interval = {}, all_total = {};
	uint32_t end = PORT_INDEX_END(fixture->catalog.end);
	struct report report;

	assert_int_equal(report_build(&report, &fixture->measurement, key, sort), 0);
	for (size_t i = 0; i < report.count; i++) {
		add(&interval, report_sum(report.rows[i].interval));
		add(&total, report_sum(report.rows[i].total));
	}
	sum_buckets(fixture, &all_interval, &all_total);
	if (key != REPORT_BUCKET)
		sum_cells(fixture, PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0, 0), end, &all_interval,
			  &all_total);
	assert_same(report_key_name(key), interval, all_interval);
	assert_same(report_key_name(key), total, all_total);
	if (key != REPORT_BUCKET) {
		assert_same("all frames of the interval", report.interval, all_interval);
		assert_same("all frames", report.total, all_total);
	}
	report_free(&report);
}

/* Rows are disjoint and together are all frames; by bucket, all frames of buckets. */
static void test_report_build_closed_account(void **state)
{
	struct fixture fixtures[3];

	(void)state;
	init_small(&fixtures[0]);
	fixture_init_rich(&fixtures[1]);
	fixture_init_rich(&fixtures[2]);
	fixture_fill(&fixtures[2]);
	for (size_t i = 0; i < COUNT(fixtures); i++) {
		for (unsigned int key = 0; key < REPORT_KEYS; key++)
			for (unsigned int sort = 0; key != REPORT_METHOD && sort < REPORT_SORTS;
			     sort++)
				assert_closed(&fixtures[i], key, sort);
		fixture_fini(&fixtures[i]);
	}
}

/* The database's frames are told by the services' cells, the others' by cells of their own. */
static void test_report_build_methods_sum(void **state)
{
	struct port_counter interval = {}, total = {}, sum = {}, sum_total = {};
	struct fixture fixture;
	struct report report;

	(void)state;
	fixture_init_rich(&fixture);
	fixture_fill(&fixture);
	for (unsigned int i = 0; i < PORT_TRANSPORTS; i++)
		sum_cells(&fixture, UNCLASSIFIED(i, 0), UNCLASSIFIED(i, PORT_METHODS), &interval,
			  &total);
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		if (i != PORT_DATABASE)
			sum_cells(&fixture, METHOD(i), METHOD(i) + 1, &interval, &total);
	for (uint32_t slot = 1; slot < fixture.catalog.end; slot++) {
		sum_cells(&fixture, SERVER(slot), SERVER(slot) + 1, &interval, &total);
		sum_cells(&fixture, CLIENT(slot), CLIENT(slot) + 1, &interval, &total);
	}
	assert_int_equal(report_build(&report, &fixture.measurement, REPORT_METHOD, REPORT_BYTES),
			 0);
	assert_int_equal(report.count, PORT_METHODS);
	for (size_t i = 0; i < report.count; i++) {
		add(&sum, report_sum(report.rows[i].interval));
		add(&sum_total, report_sum(report.rows[i].total));
	}
	assert_int_equal(sum.packets, interval.packets);
	assert_int_equal(sum_total.packets, total.packets);
	report_free(&report);
	fixture_fini(&fixture);
}

static void test_report_build_empty(void **state)
{
	(void)state;
	for (unsigned int key = 0; key < REPORT_KEYS; key++) {
		for (size_t devices = 0; devices < 2; devices++) {
			struct fixture fixture;
			struct report report;
			size_t rows = key == REPORT_METHOD && devices ? PORT_METHODS : 0;

			fixture_init(&fixture, small_services, COUNT(small_services), devices);
			assert_int_equal(
				report_build(&report, &fixture.measurement, key, REPORT_BYTES), 0);
			assert_int_equal(report.count, rows);
			assert_int_equal(report.total.packets, 0);
			report_free(&report);
			assert_null(report.rows);
			fixture_fini(&fixture);
		}
	}
}

/* The catalog may have grown since the counters were made: what has no counter counted nothing. */
static void test_report_build_slots_beyond_snapshot(void **state)
{
	struct fixture fixture;
	struct report report;

	(void)state;
	init_small(&fixture);
	for (size_t i = 0; i < 2; i++) {
		fixture.measurement.devices[i].total.slots_end = 3;
		fixture.measurement.devices[i].interval.slots_end = 3;
	}
	assert_int_equal(
		report_build(&report, &fixture.measurement, REPORT_SERVICE, REPORT_PACKETS), 0);
	assert_int_equal(report.count, 4); /* two buckets and web over both transports */
	assert_string_equal(report.rows[2].label, "web");
	assert_string_equal(report.rows[3].label, "web");
	report_free(&report);
	fixture_fini(&fixture);
}

static void test_report_build_label_longer_than_room(void **state)
{
	static const char ports[] = "10001,10002,10003,10004,10005,10006,10007,10008,10009,10010,"
				    "10011,10012,10013,10014,10015,10016,10017";
	static const struct fixture_service services[] = {
		{ "many", PORT_TCP, PORTDB_NONE, ports, "" },
		{ "many", PORT_UDP, PORTDB_NONE, ports, "" },
	};
	struct fixture fixture;
	struct report report;

	(void)state;
	fixture_init(&fixture, services, COUNT(services), 1);
	fixture_fill(&fixture);
	assert_int_equal(report_build(&report, &fixture.measurement, REPORT_PORT, REPORT_BYTES), 0);
	assert_int_equal(report.count, 2 + PORT_BUCKETS);
	for (size_t i = 0; i < report.count; i++)
		assert_true(strlen(report.rows[i].label) < sizeof(report.rows[i].label));
	report_free(&report);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_names_all),
		cmocka_unit_test(test_report_build_each_key),
		cmocka_unit_test(test_report_build_closed_account),
		cmocka_unit_test(test_report_build_methods_sum),
		cmocka_unit_test(test_report_build_empty),
		cmocka_unit_test(test_report_build_slots_beyond_snapshot),
		cmocka_unit_test(test_report_build_label_longer_than_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
