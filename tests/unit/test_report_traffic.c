// SPDX-License-Identifier: GPL-2.0-only

/* Reports of received and of transmitted frames, of a measurement that has both. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "report.h"

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

/* What the devices of one kind have counted, from their counters. */
struct expected {
	struct port_counter frames, frames_total, buckets;
	uint64_t attempted, serviceless;
};

static struct expected expect(const struct measurement *measurement, bool is_egress)
{
	struct expected expected = {};

	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		if (device->is_egress != is_egress)
			continue;
		add(&expected.frames, snapshot_totals(&device->interval).frames);
		add(&expected.frames_total, snapshot_totals(&device->total).frames);
		add(&expected.buckets, snapshot_totals(&device->interval).buckets);
		expected.attempted += snapshot_connections(&device->interval).attempted;
		expected.serviceless += device->interval.handshakes[0].attempted;
	}
	return expected;
}

static void assert_report(const struct fixture *fixture, enum report_key key)
{
	const struct measurement *measurement = &fixture->measurement;
	struct expected expected = expect(measurement, measurement->transmitted);
	struct port_counter rows = {};
	struct report report;

	assert_int_equal(report_build(&report, measurement, key, REPORT_BYTES), 0);
	assert_int_equal(report.transmitted, measurement->transmitted);
	assert_same(report_key_name(key), report.interval, expected.frames);
	assert_same(report_key_name(key), report.total, expected.frames_total);
	for (size_t i = 0; i < report.count; i++)
		add(&rows, report_sum(report.rows[i].interval));
	if (key != REPORT_METHOD)
		assert_same(report_key_name(key), rows,
			    key == REPORT_BUCKET ? expected.buckets : expected.frames);
	assert_int_equal(report.connections.attempted, expected.attempted);
	assert_int_equal(report.serviceless.attempted, expected.serviceless);
	report_free(&report);
}

static void test_report_build_either_traffic(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_egress(&fixture);
	fixture_fill(&fixture);
	for (unsigned int i = 0; i < 2 * REPORT_KEYS; i++) {
		fixture.measurement.transmitted = i % 2;
		assert_report(&fixture, i / 2);
	}
	fixture_fini(&fixture);
}

/* Ports are counted of received frames: of transmitted ones there are buckets, and that is said. */
static const struct {
	const char *desc;
	bool transmitted, any_egress;
	const char *rows[2]; /* labels in order */
	const char *note;    /* part of it; NULL: none */
} port_rows[] = {
	{ "received, nothing else counted", false, false, { "unclassified_tcp", "7/tcp" }, NULL },
	{ "received", false, true, { "unclassified_tcp", "7/tcp" }, NULL },
	{ "transmitted", true, true, { "unclassified_udp", NULL }, "received frames only" },
	{ "transmitted, not counted", true, false, { NULL, NULL }, "--egress" },
};

static void test_report_build_ports_of_received(void **state)
{
	const struct port_counter many = { 100, 6000 }, one = { 1, 60 };

	(void)state;
	for (size_t i = 0; i < COUNT(port_rows); i++) {
		size_t devices = port_rows[i].any_egress ? 2 : 1, count = 0;
		struct fixture fixture;
		struct report report;

		fixture_init(&fixture, NULL, 0, devices);
		fixture_set(&fixture, 0, PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_GUESS), many, many);
		fixture_set(&fixture, devices - 1, PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_GUESS),
			    port_rows[i].any_egress ? many : (struct port_counter){},
			    port_rows[i].any_egress ? many : (struct port_counter){});
		fixture.measurement.devices[devices - 1].is_egress = port_rows[i].any_egress;
		fixture_set_port(&fixture, PORT_TCP, 7, 1 << PORT_GUESS, one, one);
		fixture.measurement.transmitted = port_rows[i].transmitted;
		assert_int_equal(
			report_build(&report, &fixture.measurement, REPORT_PORT, REPORT_PACKETS),
			0);
		while (count < COUNT(port_rows[i].rows) && port_rows[i].rows[count])
			count++;
		if (report.count != count)
			fail_msg("%s: %zu rows", port_rows[i].desc, report.count);
		for (size_t k = 0; k < count; k++)
			assert_string_equal(report.rows[k].label, port_rows[i].rows[k]);
		assert_int_equal(report.note != NULL, port_rows[i].note != NULL);
		if (report.note)
			assert_non_null(strstr(report.note, port_rows[i].note));
		report_free(&report);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_build_either_traffic),
		cmocka_unit_test(test_report_build_ports_of_received),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
