// SPDX-License-Identifier: GPL-2.0-only

/* Measurements: what was added between two of them, connections and ports included. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"

#define SECOND UINT64_C(1000000000)
#define CELLS PORT_INDEX_END(3)

static const struct fixture_service services[] = {
	{ "ssh", PORT_TCP, PORTDB_NATIVE, "22", "" },
	{ "domain", PORT_UDP, PORTDB_NONE, "53", "" },
};

/* Every cell of total; the interval holds other numbers, which must not survive. */
static void fill(struct measured_device *device, uint64_t value, uint64_t taken_ns)
{
	for (uint32_t i = 0; i < PORT_INDEX_END(device->total.slots_end); i++) {
		device->total.cells[i] = (struct port_counter){ value + i, 100 * value + i };
		device->interval.cells[i] = (struct port_counter){ 77, 78 };
	}
	for (uint32_t slot = 0; slot < device->total.slots_end; slot++) {
		device->total.handshakes[slot] =
			(struct port_handshakes){ value + slot, 10 * value, 100 * value };
		device->interval.handshakes[slot] = (struct port_handshakes){ 77, 78, 79 };
	}
	device->total.taken_ns = taken_ns;
}

static void assert_connections(const char *desc, const struct measured_device *device,
			       uint32_t slot, uint64_t attempted, uint64_t accepted, uint64_t reset)
{
	const struct port_handshakes *found = &device->interval.handshakes[slot];

	if (found->attempted != attempted || found->accepted != accepted || found->reset != reset)
		fail_msg("%s, slot %u: %llu %llu %llu", desc, slot, found->attempted,
			 found->accepted, found->reset);
}

static void assert_interval(const char *desc, const struct measured_device *device, uint32_t first,
			    uint32_t end, struct port_counter expected, uint64_t step)
{
	for (uint32_t i = first; i < end; i++) {
		const struct port_counter *cell = &device->interval.cells[i];

		if (cell->packets != expected.packets + i * step ||
		    cell->bytes != expected.bytes + i * step)
			fail_msg("%s, cell %u: %llu packets, %llu bytes", desc, i, cell->packets,
				 cell->bytes);
	}
}

static void test_measurement_init_zero(void **state)
{
	struct measurement measurement;
	const struct catalog catalog = {};

	(void)state;
	for (size_t devices = 0; devices < 3; devices++) {
		assert_int_equal(measurement_init(&measurement, devices, 3, &catalog), 0);
		assert_int_equal(measurement.count, devices);
		assert_ptr_equal(measurement.catalog, &catalog);
		assert_null(measurement.ports);
		assert_int_equal(measurement.by_port, MEASURED_NOT_BY_PORT);
		assert_true(measurement.seconds == 0);
		for (size_t i = 0; i < devices; i++) {
			assert_int_equal(measurement.devices[i].total.slots_end, 3);
			assert_interval("new", &measurement.devices[i], 0, CELLS,
					(struct port_counter){}, 0);
			assert_int_equal(measurement.devices[i].total.cells[CELLS - 1].packets, 0);
			assert_connections("new", &measurement.devices[i], 2, 0, 0, 0);
		}
		measurement_fini(&measurement);
		assert_null(measurement.devices);
		measurement_fini(&measurement);
	}
}

static void test_measurement_compare_growth(void **state)
{
	static const struct {
		const char *desc;
		uint64_t before, now, packets, bytes;
	} rows[] = {
		{ "growth", 10, 13, 3, 300 },
		{ "none", 10, 10, 0, 0 },
		{ "over 2^32", BIT_32 - 1, BIT_32 + 1, 2, 200 },
		{ "over 2^53", BIT_53 - 1, BIT_53 + 1, 2, 200 },
		{ "up to the greatest", 0, UINT64_MAX / 200, UINT64_MAX / 200,
		  UINT64_MAX / 200 * 100 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct port_counter expected = { rows[i].packets, rows[i].bytes };
		struct fixture before, now;

		fixture_init(&before, services, COUNT(services), 1);
		fixture_init(&now, services, COUNT(services), 1);
		fill(&before.measurement.devices[0], rows[i].before, 5 * SECOND);
		fill(&now.measurement.devices[0], rows[i].now, 7 * SECOND + SECOND / 2);
		measurement_compare(&now.measurement, &before.measurement);
		assert_interval(rows[i].desc, &now.measurement.devices[0], 0, CELLS, expected, 0);
		assert_connections(rows[i].desc, &now.measurement.devices[0], 2, rows[i].packets,
				   10 * rows[i].packets, rows[i].bytes);
		assert_true(now.measurement.seconds == 2.5);
		assert_int_equal(now.measurement.devices[0].total.cells[0].packets, rows[i].now);
		fixture_fini(&before);
		fixture_fini(&now);
	}
}

/* Detached and attached again in between: all count from 0, even what is past its old value. */
static void test_measurement_compare_restart(void **state)
{
	struct fixture before, now;

	(void)state;
	fixture_init(&before, services, COUNT(services), 2);
	fixture_init(&now, services, COUNT(services), 2);
	for (size_t i = 0; i < 2; i++) {
		fill(&before.measurement.devices[i], 1000, SECOND);
		fill(&now.measurement.devices[i], 2000, 2 * SECOND);
	}
	now.measurement.devices[1].total.cells[PORT_INDEX_BUCKETS + PORT_ARP].bytes = 1;
	measurement_compare(&now.measurement, &before.measurement);
	assert_interval("the other device goes on", &now.measurement.devices[0], 0, CELLS,
			(struct port_counter){ 1000, 100000 }, 0);
	assert_interval("the device begins anew", &now.measurement.devices[1], PORT_ARP + 1, CELLS,
			(struct port_counter){ 2000, 200000 }, 1);
	assert_connections("the other device", &now.measurement.devices[0], 1, 1000, 10000, 100000);
	assert_connections("the device", &now.measurement.devices[1], 1, 2001, 20000, 200000);
	assert_int_equal(
		now.measurement.devices[1].interval.cells[PORT_INDEX_BUCKETS + PORT_ARP].bytes, 1);
	assert_true(now.measurement.seconds == 1);
	fixture_fini(&before);
	fixture_fini(&now);
}

/* By name, not by place; a device that was not there counts from 0; one that is gone is nowhere. */
static void test_measurement_compare_devices(void **state)
{
	struct fixture before, now;

	(void)state;
	fixture_init(&before, services, COUNT(services), 3);
	fixture_init(&now, services, COUNT(services), 3);
	for (size_t i = 0; i < 3; i++) {
		fill(&before.measurement.devices[i], 100 * (i + 1), SECOND);
		fill(&now.measurement.devices[i], 1000, 4 * SECOND);
	}
	now.measurement.devices[0].name = "eth2";
	now.measurement.devices[1].name = "eth0";
	now.measurement.devices[2].name = "new";
	measurement_compare(&now.measurement, &before.measurement);
	assert_interval("eth2", &now.measurement.devices[0], 0, CELLS,
			(struct port_counter){ 700, 70000 }, 0);
	assert_interval("eth0", &now.measurement.devices[1], 0, CELLS,
			(struct port_counter){ 900, 90000 }, 0);
	assert_interval("new", &now.measurement.devices[2], 0, CELLS,
			(struct port_counter){ 1000, 100000 }, 1);
	assert_true(now.measurement.seconds == 3);
	fixture_fini(&before);
	fixture_fini(&now);
}

/* Services that are new since count from 0. */
static void test_measurement_compare_more_slots(void **state)
{
	struct fixture before, now;

	(void)state;
	fixture_init(&before, services, 1, 1);
	fixture_init(&now, services, 2, 1);
	fill(&before.measurement.devices[0], 100, SECOND);
	fill(&now.measurement.devices[0], 150, SECOND);
	measurement_compare(&now.measurement, &before.measurement);
	assert_interval("old", &now.measurement.devices[0], 0, PORT_INDEX_END(2),
			(struct port_counter){ 50, 5000 }, 0);
	assert_interval("new", &now.measurement.devices[0], PORT_INDEX_END(2), CELLS,
			(struct port_counter){ 150, 15000 }, 1);
	assert_true(now.measurement.seconds == 0);
	fixture_fini(&before);
	fixture_fini(&now);
}

static void test_measurement_compare_with_nothing(void **state)
{
	struct measurement nothing = {};
	struct fixture now;

	(void)state;
	fixture_init(&now, services, COUNT(services), 1);
	now.measurement.seconds = 0;
	fill(&now.measurement.devices[0], 150, SECOND);
	measurement_compare(&now.measurement, &nothing);
	assert_interval("all of it", &now.measurement.devices[0], 0, CELLS,
			(struct port_counter){ 150, 15000 }, 1);
	assert_true(now.measurement.seconds == 0);
	measurement_compare(&nothing, &now.measurement);
	assert_int_equal(nothing.count, 0);
	fixture_fini(&now);
}

#define PORT PORT_TABLE_INDEX(PORT_UDP, 40000)

static void set_port(struct measurement *measurement, uint64_t packets)
{
	assert_int_equal(measurement_add_ports(measurement), 0);
	measurement->ports->total.ports[PORT] = (struct port_counter){ packets, 60 * packets };
	measurement->ports->total.methods[PORT] = 1 << PORT_GUESS;
}

static void assert_port(const struct measurement *measurement, uint64_t packets)
{
	assert_int_equal(measurement->ports->interval.ports[PORT].packets, packets);
	assert_int_equal(measurement->ports->interval.ports[PORT].bytes, 60 * packets);
	assert_int_equal(measurement->ports->interval.ports[PORT - 1].packets, 0);
}

static void test_measurement_compare_ports(void **state)
{
	struct fixture first, second, without;

	(void)state;
	fixture_init(&first, services, COUNT(services), 1);
	fixture_init(&second, services, COUNT(services), 1);
	fixture_init(&without, services, COUNT(services), 1);
	set_port(&first.measurement, 7);
	assert_int_equal(first.measurement.by_port, MEASURED_BY_PORT);
	assert_port(&first.measurement, 0);
	measurement_compare(&first.measurement, &without.measurement);
	assert_port(&first.measurement, 7);
	set_port(&second.measurement, 10);
	measurement_compare(&second.measurement, &first.measurement);
	assert_port(&second.measurement, 3);
	assert_int_equal(second.measurement.ports->interval.methods[PORT], 1 << PORT_GUESS);
	assert_int_equal(second.measurement.ports->total.ports[PORT].packets, 10);
	measurement_compare(&without.measurement, &second.measurement);
	assert_null(without.measurement.ports);
	fixture_fini(&first);
	fixture_fini(&second);
	fixture_fini(&without);
}

/* Those that are there stay. */
static void test_measurement_add_ports_twice(void **state)
{
	struct measurement measurement = {};
	struct measured_ports *ports;

	(void)state;
	assert_int_equal(measurement_add_ports(&measurement), 0);
	ports = measurement.ports;
	assert_null(ports->db);
	set_port(&measurement, 5);
	assert_ptr_equal(measurement.ports, ports);
	assert_int_equal(ports->total.ports[PORT].packets, 5);
	measurement_fini(&measurement);
	assert_null(measurement.ports);
}

/* The list of counted devices has moved on by the time of the next measurement. */
static void test_measurement_keeps_names(void **state)
{
	struct measurement before, now;
	char names[2][IFNAMSIZ] = { "eth0", "eth0" };

	(void)state;
	assert_int_equal(measurement_init(&before, 1, 3, NULL), 0);
	assert_int_equal(measurement_init(&now, 1, 3, NULL), 0);
	measured_set_name(&before.devices[0], names[0]);
	measured_set_name(&now.devices[0], names[1]);
	fill(&before.devices[0], 10, SECOND);
	fill(&now.devices[0], 15, 2 * SECOND);
	strcpy(names[0], "a device since");
	measurement_compare(&now, &before);
	assert_string_equal(before.devices[0].name, "eth0");
	assert_interval("kept", &now.devices[0], 0, CELLS, (struct port_counter){ 5, 500 }, 0);
	measurement_fini(&before);
	measurement_fini(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measurement_init_zero),
		cmocka_unit_test(test_measurement_compare_growth),
		cmocka_unit_test(test_measurement_compare_restart),
		cmocka_unit_test(test_measurement_compare_devices),
		cmocka_unit_test(test_measurement_compare_more_slots),
		cmocka_unit_test(test_measurement_compare_with_nothing),
		cmocka_unit_test(test_measurement_compare_ports),
		cmocka_unit_test(test_measurement_add_ports_twice),
		cmocka_unit_test(test_measurement_keeps_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
