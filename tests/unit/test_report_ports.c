// SPDX-License-Identifier: GPL-2.0-only

/* Reports by port: unclassified ports in place of their buckets, and what is left of these. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "portdb.h"
#include "portdb_load.h"
#include "porttable.h"
#include "report.h"

#define GUESS (1 << PORT_GUESS)
#define HANDSHAKE (1 << PORT_HANDSHAKE)

static struct port_counter frames(uint64_t packets, uint64_t bytes)
{
	return (struct port_counter){ packets, bytes };
}

/* A service of 100 frames, and unclassified ones on two devices. */
static void init(struct fixture *fixture, struct port_counter tcp[2], struct port_counter udp[2])
{
	static const struct fixture_service service = { "http", PORT_TCP, PORTDB_NONE, "80", "" };

	fixture_init(fixture, &service, 1, 2);
	fixture_set(fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_SERVER, true), frames(100, 6000),
		    frames(200, 12000));
	fixture_set(fixture, 0, PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_GUESS), tcp[0], tcp[1]);
	fixture_set(fixture, 1, PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_GUESS), udp[0], udp[1]);
}

static void build(struct report *report, const struct fixture *fixture)
{
	assert_int_equal(report_build(report, &fixture->measurement, REPORT_PORT, REPORT_PACKETS),
			 0);
}

static const struct report_row *find(const struct report *report, const char *label)
{
	for (size_t i = 0; i < report->count; i++)
		if (!strcmp(report->rows[i].label, label))
			return &report->rows[i];
	return NULL;
}

static void assert_row(const char *desc, const struct report *report, const char *label,
		       struct port_counter interval, struct port_counter total)
{
	const struct report_row *row = find(report, label);
	struct port_counter found, found_total;

	if (!row && !interval.packets && !interval.bytes && !total.packets && !total.bytes)
		return;
	if (!row)
		fail_msg("%s: no row %s", desc, label);
	found = report_sum(row->interval);
	found_total = report_sum(row->total);
	if (memcmp(&found, &interval, sizeof(found)) ||
	    memcmp(&found_total, &total, sizeof(found_total)))
		fail_msg("%s: %s has %llu packets, %llu bytes; %llu, %llu", desc, label,
			 found.packets, found.bytes, found_total.packets, found_total.bytes);
}

/* Whatever the ports say, the rows together are all frames. */
static void assert_all_frames(const char *desc, const struct report *report)
{
	struct port_counter interval = {}, total = {};

	for (size_t i = 0; i < report->count; i++) {
		struct port_counter x = report_sum(report->rows[i].interval),
				    y = report_sum(report->rows[i].total);

		interval = frames(interval.packets + x.packets, interval.bytes + x.bytes);
		total = frames(total.packets + y.packets, total.bytes + y.bytes);
	}
	if (memcmp(&interval, &report->interval, sizeof(interval)) ||
	    memcmp(&total, &report->total, sizeof(total)))
		fail_msg("%s: the rows have %llu packets, %llu bytes; %llu, %llu", desc,
			 interval.packets, interval.bytes, total.packets, total.bytes);
}

/* Ports 7 and 9 of TCP against their bucket: {interval, total} each. */
static const struct split_row {
	const char *desc;
	struct port_counter bucket[2], seven[2], nine[2];
	struct port_counter left[2], seven_left[2], nine_left[2];
} split_rows[] = {
	{ "as many",
	  { { 3, 300 }, { 6, 600 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } },
	  { { 0, 0 }, { 0, 0 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } } },
	{ "some frames came after the ports were read",
	  { { 5, 500 }, { 9, 900 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } },
	  { { 2, 200 }, { 3, 300 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } } },
	{ "less in total only",
	  { { 3, 300 }, { 9, 900 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } },
	  { { 0, 0 }, { 3, 300 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } } },
	{ "bytes left without packets",
	  { { 3, 360 }, { 6, 660 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } },
	  { { 0, 60 }, { 0, 60 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } } },
	{ "more: off the busiest",
	  { { 2, 200 }, { 6, 600 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } },
	  { { 0, 0 }, { 0, 0 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 1, 100 }, { 4, 400 } } },
	{ "more than the busiest has",
	  { { 1, 50 }, { 1, 50 } },
	  { { 3, 300 }, { 3, 300 } },
	  { { 4, 400 }, { 4, 400 } },
	  { { 0, 0 }, { 0, 0 } },
	  { { 1, 50 }, { 1, 50 } },
	  { { 0, 0 }, { 0, 0 } } },
	{ "more packets, less bytes",
	  { { 1, 500 }, { 6, 600 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 2, 200 }, { 4, 400 } },
	  { { 0, 200 }, { 0, 0 } },
	  { { 1, 100 }, { 2, 200 } },
	  { { 0, 200 }, { 4, 400 } } },
	{ "nothing in the interval",
	  { { 0, 0 }, { 6, 600 } },
	  { { 0, 0 }, { 2, 200 } },
	  { { 1, 60 }, { 4, 400 } },
	  { { 0, 0 }, { 0, 0 } },
	  { { 0, 0 }, { 2, 200 } },
	  { { 0, 0 }, { 4, 400 } } },
	{ "above 2^53",
	  { { BIT_53 + 2, BIT_53 }, { BIT_53 + 2, BIT_53 } },
	  { { BIT_53, 1 }, { BIT_53, 1 } },
	  { { 1, 1 }, { 1, 1 } },
	  { { 1, BIT_53 - 2 }, { 1, BIT_53 - 2 } },
	  { { BIT_53, 1 }, { BIT_53, 1 } },
	  { { 1, 1 }, { 1, 1 } } },
};

static void test_report_build_splits_bucket(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(split_rows); i++) {
		struct split_row row = split_rows[i];
		struct port_counter udp[2] = { { 7, 700 }, { 8, 800 } };
		struct fixture fixture;
		struct report report;

		init(&fixture, row.bucket, udp);
		fixture_set_port(&fixture, PORT_TCP, 7, GUESS, row.seven[0], row.seven[1]);
		fixture_set_port(&fixture, PORT_TCP, 9, GUESS, row.nine[0], row.nine[1]);
		fixture_set_port(&fixture, PORT_UDP, 7, GUESS, udp[0], udp[1]);
		build(&report, &fixture);
		assert_row(row.desc, &report, "unclassified_tcp", row.left[0], row.left[1]);
		assert_row(row.desc, &report, "7/tcp", row.seven_left[0], row.seven_left[1]);
		assert_row(row.desc, &report, "9/tcp", row.nine_left[0], row.nine_left[1]);
		assert_row(row.desc, &report, "7/udp", udp[0], udp[1]);
		assert_row(row.desc, &report, "80/tcp", frames(100, 6000), frames(200, 12000));
		assert_null(find(&report, "unclassified_udp"));
		if (!memcmp(row.left, (struct port_counter[2]){}, sizeof(row.left)))
			assert_null(find(&report, "unclassified_tcp"));
		assert_all_frames(row.desc, &report);
		assert_null(report.note);
		report_free(&report);
		fixture_fini(&fixture);
	}
}

/* Its devices have counted nothing of the bucket: whoever the ports were counted for, not these. */
static void test_report_build_ports_without_bucket(void **state)
{
	struct port_counter none[2] = {}, udp[2] = { { 7, 700 }, { 8, 800 } };
	struct fixture fixture;
	struct report report;

	(void)state;
	init(&fixture, none, udp);
	fixture_set_port(&fixture, PORT_TCP, 7, GUESS, frames(1, 60), frames(1, 60));
	build(&report, &fixture);
	assert_null(find(&report, "7/tcp"));
	assert_row("the other", &report, "unclassified_udp", udp[0], udp[1]);
	assert_all_frames("no bucket", &report);
	report_free(&report);
	fixture_fini(&fixture);
}

static void test_report_build_all_ports(void **state)
{
	struct port_counter all[2] = { { 65536, 65536 * 60 }, { 65536, 65536 * 60 } };
	struct fixture fixture;
	struct report report;

	(void)state;
	init(&fixture, all, all);
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		fixture_set_port(&fixture, PORT_TCP, (uint16_t)port, GUESS, frames(1, 60),
				 frames(1, 60));
		fixture_set_port(&fixture, PORT_UDP, (uint16_t)port, GUESS, frames(1, 60),
				 frames(1, 60));
	}
	build(&report, &fixture);
	assert_int_equal(report.count, 1 + 2 * 65536);
	assert_non_null(find(&report, "0/tcp"));
	assert_int_equal(find(&report, "65535/udp")->port, 65535);
	assert_all_frames("all ports", &report);
	report_free(&report);
	fixture_fini(&fixture);
}

static const char database[] = "Service Name,Port Number,Transport Protocol\n"
			       "italk,12345,udp\n"
			       "web,8000-8010,tcp\n"
			       "diameter,3868,sctp\n"
			       "late,3868,dccp\n"
			       "both,99,tcp\n"
			       "both,99,udp\n";

/* The row of a port, and what the loaded database knows of it. */
static const struct port_row {
	const char *desc;
	enum port_transport transport;
	uint16_t port;
	uint8_t methods;
	const char *label, *hint_transport, *hint;
} port_rows[] = {
	{ "under another transport", PORT_TCP, 12345, HANDSHAKE | GUESS, "12345/tcp", "udp",
	  "italk" },
	{ "in a range", PORT_UDP, 8010, GUESS, "8010/udp", "tcp", "web" },
	{ "behind a range", PORT_UDP, 8011, GUESS, "8011/udp", NULL, NULL },
	{ "under two others: the first", PORT_TCP, 3868, HANDSHAKE, "3868/tcp", "sctp",
	  "diameter" },
	{ "under its own", PORT_UDP, 12345, GUESS, "12345/udp", NULL, NULL },
	{ "under its own and another", PORT_TCP, 99, GUESS, "99/tcp", "udp", "both" },
	{ "unknown", PORT_TCP, 54321, 0, "54321/tcp", NULL, NULL },
	{ "port 0", PORT_UDP, 0, GUESS, "0/udp", NULL, NULL },
};

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void check_port(const struct port_row *row, const struct report_row *found,
		       bool has_database)
{
	const char *hint = has_database ? row->hint : NULL;
	const char *hint_transport = has_database ? row->hint_transport : NULL;

	if (!found || !found->is_port || !found->is_bucket || found->port != row->port ||
	    found->methods != row->methods || !same(found->hint, hint) ||
	    !same(found->hint_transport, hint_transport) || *found->encryption)
		fail_msg("%s: %s, hint %s: %s", row->desc, found ? found->label : "no row",
			 found && found->hint ? found->hint_transport : "",
			 found && found->hint ? found->hint : "none");
}

static void test_report_build_port_rows(void **state)
{
	struct port_counter all[2] = { { 100, 6000 }, { 100, 6000 } };
	struct porttable *table = malloc(sizeof(*table));
	struct portdb *db = portdb_new(NULL, NULL);
	struct slots *slots = slots_new();

	(void)state;
	assert_non_null(table);
	assert_int_equal(portdb_load_buffer(db, "test", database, sizeof(database) - 1), 0);
	assert_int_equal(porttable_compile(db, slots, table), 0);
	for (int has_database = 0; has_database < 2; has_database++) {
		struct fixture fixture;
		struct report report;

		init(&fixture, all, all);
		for (size_t i = 0; i < COUNT(port_rows); i++)
			fixture_set_port(&fixture, port_rows[i].transport, port_rows[i].port,
					 port_rows[i].methods, frames(1, 60), frames(2, 120));
		fixture.measurement.ports->db = has_database ? db : NULL;
		fixture.measurement.ports->table = has_database ? table : NULL;
		build(&report, &fixture);
		for (size_t i = 0; i < COUNT(port_rows); i++)
			check_port(&port_rows[i], find(&report, port_rows[i].label), has_database);
		assert_false(find(&report, "unclassified_tcp")->is_port);
		assert_false(find(&report, "80/tcp")->is_bucket);
		report_free(&report);
		fixture_fini(&fixture);
	}
	slots_free(slots);
	portdb_free(db);
	free(table);
}

/* Without ports the buckets stay, and by port it is said why. */
static void test_report_build_note(void **state)
{
	static const struct {
		enum measured_by_port by_port;
		const char *note; /* part of it; NULL: there is none */
	} rows[] = {
		{ MEASURED_NOT_BY_PORT, NULL },
		{ MEASURED_UNCOUNTED, "--unclassified-ports on" },
		{ MEASURED_SOME_DEVICES, "leave out -i" },
	};
	struct port_counter all[2] = { { 100, 6000 }, { 100, 6000 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (unsigned int key = 0; key < REPORT_KEYS; key++) {
			bool is_told = key == REPORT_PORT && rows[i].note;
			struct fixture fixture;
			struct report report;

			init(&fixture, all, all);
			fixture.measurement.by_port = rows[i].by_port;
			assert_int_equal(
				report_build(&report, &fixture.measurement, key, REPORT_BYTES), 0);
			assert_int_equal(report.note != NULL, is_told);
			if (is_told)
				assert_non_null(strstr(report.note, rows[i].note));
			if (key == REPORT_PORT)
				assert_row("bucket", &report, "unclassified_tcp", all[0], all[1]);
			report_free(&report);
			fixture_fini(&fixture);
		}
	}
}

/* By any other key the ports change nothing. Connections are told where services are in a row. */
static void test_report_build_ports_by_each_key(void **state)
{
	struct port_counter all[2] = { { 100, 6000 }, { 100, 6000 } };

	(void)state;
	for (unsigned int key = 0; key < REPORT_KEYS; key++) {
		bool is_merged =
			key == REPORT_PROTOCOL || key == REPORT_DEVICE || key == REPORT_ENCRYPTION;
		struct fixture fixture;
		struct report report;

		init(&fixture, all, all);
		fixture_set_port(&fixture, PORT_TCP, 7, GUESS, frames(1, 60), frames(1, 60));
		assert_int_equal(report_build(&report, &fixture.measurement, key, REPORT_BYTES), 0);
		for (size_t i = 0; i < report.count; i++) {
			const struct report_row *row = &report.rows[i];
			bool is_service =
				!strcmp(row->label, "http") || !strcmp(row->label, "80/tcp");

			assert_true(key == REPORT_PORT || !row->is_port);
			assert_int_equal(report_has_connections(&report, row),
					 is_merged || is_service);
		}
		if (key != REPORT_METHOD && key != REPORT_BUCKET)
			assert_all_frames(report_key_name(key), &report);
		report_free(&report);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_build_splits_bucket),
		cmocka_unit_test(test_report_build_ports_without_bucket),
		cmocka_unit_test(test_report_build_all_ports),
		cmocka_unit_test(test_report_build_port_rows),
		cmocka_unit_test(test_report_build_note),
		cmocka_unit_test(test_report_build_ports_by_each_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
