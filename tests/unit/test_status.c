// SPDX-License-Identifier: GPL-2.0-only

/* The state of the counting, as text and as JSON. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "status.h"

#define NOW UINT64_C(1767225600) /* 2026-01-01 00:00:00 UTC */

struct scene {
	struct fixture fixture;
	struct status_device devices[3];
	struct status status;
};

/* One with a closed account, a hostile one that is gone, one that begins this instant. */
static void init(struct scene *scene)
{
	*scene = (struct scene){};
	fixture_init_rich(&scene->fixture);
	for (size_t i = 0; i < COUNT(scene->devices); i++)
		scene->devices[i].measured = &scene->fixture.measurement.devices[i];
	scene->devices[0].version = "v1.2.3-4-gabcdef0";
	scene->devices[0].since = NOW - 3 * 3600 - 5 * 60 - 59;
	scene->devices[0].is_attached = true;
	scene->devices[0].has_interface = true;
	scene->devices[0].interface_packets = BIT_53 / 8 + BIT_32 + 2000;
	scene->devices[0].interface_bytes = BIT_53 + 8 * BIT_32;
	scene->devices[1].version = "\033]2;x\a\n\xff";
	scene->devices[1].since = NOW - 12 * 86400;
	scene->devices[2].version = "";
	scene->devices[2].since = NOW + 5;
	scene->devices[2].is_attached = true;
	scene->devices[2].has_interface = true;
	scene->status = (struct status){
		.pin_dir = "/sys/fs/bpf/port\033acct",
		.agent_running = true,
		.devices = scene->devices,
		.count = COUNT(scene->devices),
		.services = 13,
		.capacity = 1023,
		.endpoint_cells = 1048576,
		.endpoint_age = 1572,
		.counts_ports = true,
		.memory_bytes = 6 * BIT_32,
		.now = NOW,
	};
}

static void fini(struct scene *scene)
{
	fixture_fini(&scene->fixture);
}

static void print(struct fixture_text *text, const struct status *status)
{
	assert_int_equal(status_print(fixture_text_open(text), status), 0);
	fixture_text_close(text);
}

static json_t *print_json(struct fixture_text *text, const struct status *status)
{
	json_error_t error;
	json_t *document;

	assert_int_equal(status_json_print(fixture_text_open(text), status), 0);
	document = json_loads(fixture_text_close(text), JSON_REJECT_DUPLICATES, &error);
	if (!document)
		fail_msg("line %d: %s", error.line, error.text);
	return document;
}

/* What the texts say the version is, for the golden files; test_status_version holds it. */
static const char *said_version(const struct status *status)
{
	static char version[128];
	struct fixture_text text;
	json_t *document = print_json(&text, status);

	snprintf(version, sizeof(version), "%s",
		 json_string_value(json_object_get(document, "version")));
	json_decref(document);
	fixture_text_free(&text);
	return version;
}

static void test_status_version(void **state)
{
	struct fixture_text text;
	struct scene scene;
	char start[256];

	(void)state;
	init(&scene);
	assert_string_equal(said_version(&scene.status), fixture_version());
	print(&text, &scene.status);
	snprintf(start, sizeof(start), "portacct %s, pinned in ", fixture_version());
	assert_int_equal(strncmp(text.text, start, strlen(start)), 0);
	fixture_text_free(&text);
	fini(&scene);
}

static void test_status_print_golden(void **state)
{
	struct fixture_text text;
	struct scene scene;

	(void)state;
	init(&scene);
	print(&text, &scene.status);
	fixture_assert_golden("status.txt", text.text, said_version(&scene.status));
	fixture_assert_lines("status", text.text, 160);
	fixture_text_free(&text);
	scene.status.count = 0;
	scene.status.agent_running = false;
	scene.status.counts_ports = false;
	print(&text, &scene.status);
	fixture_assert_golden("status_no_device.txt", text.text, said_version(&scene.status));
	fixture_text_free(&text);
	fini(&scene);
}

static void test_status_json_print_golden(void **state)
{
	struct fixture_text text;
	struct scene scene;

	(void)state;
	init(&scene);
	json_decref(print_json(&text, &scene.status));
	fixture_assert_golden("status.json", text.text, said_version(&scene.status));
	fixture_text_free(&text);
	scene.status.count = 0;
	scene.status.agent_running = false;
	scene.status.counts_ports = false;
	json_decref(print_json(&text, &scene.status));
	fixture_assert_golden("status_no_device.json", text.text, said_version(&scene.status));
	fixture_text_free(&text);
	fini(&scene);
}

static json_int_t number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("'%s' is no integer", key);
	return json_integer_value(value);
}

/* From the cells themselves. */
struct expected_account {
	uint64_t services, others; /* of services: all, and those not by the database */
	uint64_t unclassified, methods;
	struct port_handshakes connections;
};

static struct expected_account sum_cells(const struct snapshot *total)
{
	struct expected_account sum = {};

	for (uint32_t slot = 1; slot < total->slots_end; slot++) {
		for (unsigned int i = 0; i < PORT_DIRECTIONS; i++) {
			uint32_t index = PORT_INDEX_SERVICE(slot, i, false);

			sum.services +=
				total->cells[index].packets + total->cells[index + 1].packets;
			sum.others += total->cells[index].packets;
		}
	}
	for (unsigned int i = 0; i < PORT_TRANSPORTS * PORT_METHODS; i++)
		sum.unclassified +=
			total->cells[PORT_INDEX_UNCLASSIFIED(i / PORT_METHODS, i % PORT_METHODS)]
				.packets;
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		if (i != PORT_DATABASE)
			sum.methods += total->cells[PORT_INDEX_METHODS + i].packets;
	for (uint32_t slot = 0; slot < total->slots_end; slot++) {
		sum.connections.attempted += total->handshakes[slot].attempted;
		sum.connections.accepted += total->handshakes[slot].accepted;
		sum.connections.reset += total->handshakes[slot].reset;
	}
	return sum;
}

/* Services and buckets are all frames; methods count services and unclassified frames. */
static void test_status_closed_account(void **state)
{
	struct fixture_text text;
	struct scene scene;
	json_t *document, *device, *connections;
	size_t i;

	(void)state;
	init(&scene);
	fixture_fill(&scene.fixture);
	document = print_json(&text, &scene.status);
	json_array_foreach(json_object_get(document, "devices"), i, device)
	{
		const struct snapshot *total = &scene.devices[i].measured->total;
		struct expected_account sum = sum_cells(total);

		assert_int_equal(number(device, "service_frames"), sum.services);
		assert_int_equal(number(device, "frames_with_ports"),
				 sum.services + sum.unclassified);
		assert_int_equal(number(device, "frames_by_method"),
				 sum.services - sum.others + sum.methods + sum.unclassified);
		assert_int_equal(number(device, "service_frames") + number(device, "bucket_frames"),
				 number(device, "frames"));
		assert_int_equal(number(device, "service_bytes") + number(device, "bucket_bytes"),
				 number(device, "bytes"));
		connections = json_object_get(device, "connections");
		assert_int_equal(number(connections, "attempted"), sum.connections.attempted);
		assert_int_equal(number(connections, "accepted"), sum.connections.accepted);
		assert_int_equal(number(connections, "reset"), sum.connections.reset);
		assert_int_equal(number(device, "suspicious_source_port_frames"),
				 total->cells[PORT_INDEX_SUSPICIOUS].packets);
	}
	assert_int_equal(i, 3);
	json_decref(document);
	fixture_text_free(&text);
	fini(&scene);
}

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
		struct status_device device = { .version = "1", .is_attached = true };
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
		print(&text, &status);
		if (!strstr(text.text,
			    rows[i].is_closed ? ": closed\n" : ": read while counting\n"))
			fail_msg("%s: %s", rows[i].desc, text.text);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

/* Exact in the text to the last bit. */
static void test_status_numbers_exact(void **state)
{
	struct port_counter *cell;
	struct fixture_text text;
	struct scene scene;
	json_t *document;

	(void)state;
	init(&scene);
	scene.status.count = 1;
	cell = &scene.fixture.measurement.devices[0].total.cells[PORT_INDEX_BUCKETS + PORT_ARP];
	memset(scene.fixture.measurement.devices[0].total.cells, 0,
	       PORT_INDEX_END(scene.fixture.catalog.end) * sizeof(*cell));
	*cell = (struct port_counter){ NEARLY_ALL, UINT64_MAX };
	scene.devices[0].interface_packets = NEARLY_ALL;
	scene.devices[0].interface_bytes = BIT_53 + 1;
	print(&text, &scene.status);
	assert_non_null(
		strstr(text.text,
		       "services 0 + buckets 18446744073709550616 = 18446744073709550616 frames, "
		       "18446744073709551615 bytes\n"));
	assert_non_null(strstr(text.text,
			       "received 18446744073709550616 frames since, counted 100.000 %\n"));
	fixture_text_free(&text);
	document = print_json(&text, &scene.status);
	assert_int_equal(
		number(json_array_get(json_object_get(document, "devices"), 0), "interface_bytes"),
		BIT_53 + 1);
	json_decref(document);
	fixture_text_free(&text);
	fini(&scene);
}

static void test_status_full(void **state)
{
	int (*const prints[])(FILE *, const struct status *) = { status_print, status_json_print };
	struct scene scene;

	(void)state;
	init(&scene);
	for (size_t i = 0; i < COUNT(prints); i++) {
		FILE *out = fixture_full();

		assert_int_equal(prints[i](out, &scene.status), -EIO);
		fclose(out);
	}
	fini(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_version),
		cmocka_unit_test(test_status_print_golden),
		cmocka_unit_test(test_status_json_print_golden),
		cmocka_unit_test(test_status_closed_account),
		cmocka_unit_test(test_status_print_verdict),
		cmocka_unit_test(test_status_numbers_exact),
		cmocka_unit_test(test_status_full),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
