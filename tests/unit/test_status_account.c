// SPDX-License-Identifier: GPL-2.0-only

/* The state of the counting: whether all frames are counted, and once. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "status_check.h"

/* What the kernel half counts in two places must agree; what it counts once cannot differ. */
static void test_status_print_verdict(void **state)
{
	static const struct {
		const char *desc;
		uint64_t by_database, by_others, unclassified, other, methods;
		bool is_closed;
	} rows[] = {
		{ "nothing", 0, 0, 0, 0, 0, true },
		{ "services by the database", 5, 0, 0, 0, 0, true },
		{ "services by other methods", 5, 3, 0, 0, 3, true },
		{ "unclassified frames have ports", 5, 3, 2, 0, 3, true },
		{ "other buckets have none", 5, 3, 2, 9, 3, true },
		{ "one frame without a method", 5, 3, 2, 9, 2, false },
		{ "one method without a frame", 5, 3, 2, 9, 4, false },
		{ "a method of the database counted besides", 5, 0, 0, 0, 5, false },
		{ "above 2^53", 1, BIT_53 + 1, 1, 0, BIT_53, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static const struct fixture_service service = { .name = "ssh" };
		struct fixture_text text;
		struct fixture fixture;
		struct status_device device = { .version = "1" };
		struct status status = { .pin_dir = "/", .devices = &device, .count = 1 };
		struct port_counter *cells;

		fixture_init(&fixture, &service, 1, 1);
		device.measured = &fixture.measurement.devices[0];
		cells = fixture.measurement.devices[0].total.cells;
		cells[PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true)].packets = rows[i].by_database;
		cells[PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, false)].packets = rows[i].by_others;
		cells[PORT_INDEX_UNCLASSIFIED(PORT_DCCP, PORT_GUESS)].packets =
			rows[i].unclassified;
		cells[PORT_INDEX_BUCKETS + PORT_ARP].packets = rows[i].other;
		cells[PORT_INDEX_METHODS + PORT_TIE].packets = rows[i].methods;
		status_text(&text, &status);
		if (!strstr(text.text,
			    rows[i].is_closed ? ": closed\n" : ": read while counting\n"))
			fail_msg("%s: %s", rows[i].desc, text.text);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

/* What the interface says beside what was counted since the program came to it. */
static const struct {
	const char *desc;
	uint64_t frames, base, interface_packets;
	const char *shown; /* behind "received " */
	double ratio;      /* in JSON; negative: null */
} interface_rows[] = {
	{ "all", 100, 0, 100, "100 frames since, counted 100.000 %\n", 1 },
	{ "none came", 0, 0, 0, "0 frames since, counted 100.000 %\n", 1 },
	{ "some before", 150, 50, 100, "100 frames since, counted 100.000 %\n", 1 },
	{ "one missed", 999, 0, 1000, "1000 frames since, counted 99.900 %, all but 1\n", 0.999 },
	{ "one of very many", 9999999, 0, 10000000,
	  "10000000 frames since, counted 100.000 %, all but 1\n", 0.9999999 },
	{ "all missed", 50, 50, 7, "7 frames since, counted 0.000 %, all but 7\n", 0 },
	{ "more counted", 1002, 0, 1000, "1000 frames since, counted 100.200 %\n", 1.002 },
	{ "none told", 3, 0, 0, "0 frames since, counted 3\n", -1 },
};

static void check_interface(const struct status *status, const char *shown, double ratio)
{
	struct fixture_text text;
	json_t *document, *found;

	status_text(&text, status);
	if (!strstr(text.text, shown))
		fail_msg("no '%s' in %s", shown, text.text);
	fixture_text_free(&text);
	document = status_read(&text, status);
	found = json_object_get(json_array_get(json_object_get(document, "devices"), 0),
				"coverage_ratio");
	assert_true(ratio < 0 ? json_is_null(found) : json_real_value(found) == ratio);
	json_decref(document);
	fixture_text_free(&text);
}

static void test_status_interface(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(interface_rows); i++) {
		struct port_counter frames = { interface_rows[i / 2].frames, 0 };
		struct status_device device = { .version = "1" };
		struct status status = { .pin_dir = "/", .devices = &device, .count = 1 };
		struct measured_device *measured;
		struct fixture fixture;
		char shown[128];

		fixture_init(&fixture, NULL, 0, 1);
		fixture_set(&fixture, 0, PORT_INDEX_BUCKETS + PORT_ESP, frames, frames);
		measured = &fixture.measurement.devices[0];
		device.measured = measured;
		measured->is_egress = i % 2;
		measured->base_frames = interface_rows[i / 2].base;
		measured->has_interface = true;
		measured->interface_packets = interface_rows[i / 2].interface_packets;
		snprintf(shown, sizeof(shown), "%s %s", i % 2 ? "transmitted" : "received",
			 interface_rows[i / 2].shown);
		check_interface(&status, shown, interface_rows[i / 2].ratio);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_print_verdict),
		cmocka_unit_test(test_status_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
