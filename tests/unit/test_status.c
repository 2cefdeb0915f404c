// SPDX-License-Identifier: GPL-2.0-only

/* The state of the counting, as text and as JSON. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "status_check.h"

#define NOW UINT64_C(1767225600) /* 2026-01-01 00:00:00 UTC */

/* One that says of each kind of answer something, and of one several. */
static const struct features some_kernel = {
	.release = "5.10.0-\033]0;x\a",
	.has = {
		[FEATURE_BATCH_READS] = FEATURE_MISSING,
		[FEATURE_FRAGS] = FEATURE_PRESENT,
		[FEATURE_TCX] = FEATURE_MISSING,
		[FEATURE_CAPABILITIES] = FEATURE_PRESENT,
	},
};

static const struct features unknown_kernel = { .release = "6.18.0" };

struct scene {
	struct fixture fixture;
	struct device interfaces[3];
	struct devices all;
	struct status_device devices[5];
	struct status status;
};

/* Counted is what has an odd index. */
static bool is_counted(void *ctx, const struct device *device)
{
	(void)ctx;
	return device->ifindex % 2;
}

static void init_interfaces(struct scene *scene)
{
	scene->interfaces[0] = (struct device){ .name = "eth0", .ifindex = 1 };
	scene->interfaces[1] =
		(struct device){ .name = "w\033]0;x\a\"\\", .ifindex = 2, .master = 1 };
	scene->interfaces[2] =
		(struct device){ .name = "eth0.5", .ifindex = 3, .lower = 1, .kind = "vlan" };
	scene->all = (struct devices){ scene->interfaces, COUNT(scene->interfaces) };
}

/*
 * One with a closed account, a hostile one that is gone, whose transmitted frames are counted, one
 * that begins this instant, and one of which nothing but transmitted frames is counted.
 */
static void init(struct scene *scene)
{
	*scene = (struct scene){};
	fixture_init_egress(&scene->fixture);
	init_interfaces(scene);
	for (size_t i = 0; i < COUNT(scene->devices); i++) {
		scene->devices[i].measured = &scene->fixture.measurement.devices[i];
		scene->devices[i].version = "v1.2.3-4-gabcdef0";
		scene->devices[i].since = NOW - 3 * 3600 - 5 * 60 - 59;
		scene->devices[i].memory = (i + 1) * BIT_32;
	}
	scene->devices[1].version = "\033]2;x\a\n\xff";
	scene->devices[1].since = NOW - 12 * 86400;
	scene->devices[2].version = "";
	scene->devices[2].since = NOW + 5;
	scene->status = (struct status){
		.pin_dir = "/sys/fs/bpf/port\033acct",
		.agent_running = true,
		.agent_pid = 4711,
		.reloads = 3,
		.reload_failures = BIT_32 + 1,
		.last_reload = NOW - 312,
		.write_failures = 2,
		.devices = scene->devices,
		.count = COUNT(scene->devices),
		.services = 13,
		.capacity = 1023,
		.endpoint_cells = 1048576,
		.endpoint_age = 1572,
		.counts_ports = true,
		.memory = {
			.parts = { [FOOTPRINT_COUNTERS] = 5 * BIT_32 },
			.total = 6 * BIT_32,
			.device = BIT_32,
			.cpus = 256,
		},
		.cpus_online = 2,
		.kernel = &some_kernel,
		.now = NOW,
		.all = &scene->all,
		.is_counted = is_counted,
	};
}

/* What a reader is told who may not know all, of a state that counts nothing. */
static void init_no_device(struct scene *scene)
{
	init(scene);
	scene->status = (struct status){
		.pin_dir = "/sys/fs/bpf/portacct",
		.agent_pid = 4711, /* of the one that ran */
		.devices = scene->devices,
		.capacity = 1023,
		.memory = { .cpus = 4 },
		.cpus_online = 4,
		.kernel = &unknown_kernel,
		.now = NOW,
	};
}

static void fini(struct scene *scene)
{
	fixture_fini(&scene->fixture);
}

/* What the texts say the version is, for the golden files; test_status_version holds it. */
static const char *said_version(const struct status *status)
{
	static char version[128];
	struct fixture_text text;
	json_t *document = status_read(&text, status);

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
	status_text(&text, &scene.status);
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
	status_text(&text, &scene.status);
	fixture_assert_golden("status.txt", text.text, said_version(&scene.status));
	fixture_assert_lines("status", text.text, 160);
	fixture_text_free(&text);
	fini(&scene);
	init_no_device(&scene);
	status_text(&text, &scene.status);
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
	json_decref(status_read(&text, &scene.status));
	fixture_assert_golden("status.json", text.text, said_version(&scene.status));
	fixture_text_free(&text);
	fini(&scene);
	init_no_device(&scene);
	json_decref(status_read(&text, &scene.status));
	fixture_assert_golden("status_no_device.json", text.text, said_version(&scene.status));
	fixture_text_free(&text);
	fini(&scene);
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
	document = status_read(&text, &scene.status);
	json_array_foreach(json_object_get(document, "devices"), i, device)
	{
		const struct snapshot *total = &scene.devices[i].measured->total;
		struct expected_account sum = sum_cells(total);

		assert_int_equal(status_number(device, "service_frames"), sum.services);
		assert_int_equal(status_number(device, "frames_with_ports"),
				 sum.services + sum.unclassified);
		assert_int_equal(status_number(device, "frames_by_method"),
				 sum.services - sum.others + sum.methods + sum.unclassified);
		assert_int_equal(status_number(device, "service_frames") +
					 status_number(device, "bucket_frames"),
				 status_number(device, "frames"));
		assert_int_equal(status_number(device, "service_bytes") +
					 status_number(device, "bucket_bytes"),
				 status_number(device, "bytes"));
		connections = json_object_get(device, "connections");
		assert_int_equal(status_number(connections, "attempted"),
				 sum.connections.attempted);
		assert_int_equal(status_number(connections, "accepted"), sum.connections.accepted);
		assert_int_equal(status_number(connections, "reset"), sum.connections.reset);
		assert_int_equal(status_number(device, "suspicious_source_port_frames"),
				 total->cells[PORT_INDEX_SUSPICIOUS].packets);
	}
	assert_int_equal(i, 5);
	json_decref(document);
	fixture_text_free(&text);
	fini(&scene);
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
	scene.fixture.measurement.devices[0].base_frames = 0;
	scene.fixture.measurement.devices[0].interface_packets = NEARLY_ALL;
	scene.fixture.measurement.devices[0].interface_bytes = BIT_53 + 1;
	status_text(&text, &scene.status);
	assert_non_null(
		strstr(text.text,
		       "services 0 + buckets 18446744073709550616 = 18446744073709550616 frames, "
		       "18446744073709551615 bytes\n"));
	assert_non_null(strstr(text.text,
			       "received 18446744073709550616 frames since, counted 100.000 %\n"));
	fixture_text_free(&text);
	document = status_read(&text, &scene.status);
	assert_int_equal(status_number(json_array_get(json_object_get(document, "devices"), 0),
				       "interface_bytes"),
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

/* A member of the group sees the interfaces, and not what programs are on. */
static void test_status_without_stack(void **state)
{
	struct fixture_text text;
	struct scene scene;

	(void)state;
	init(&scene);
	status_text(&text, &scene.status);
	assert_non_null(strstr(text.text, "\nstack\n"));
	fixture_text_free(&text);
	for (size_t i = 0; i < COUNT(scene.interfaces); i++)
		scene.interfaces[i].ifindex = 2 * (uint32_t)(i + 1);
	status_text(&text, &scene.status);
	assert_null(strstr(text.text, "\nstack\n"));
	fixture_text_free(&text);
	fini(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_version),
		cmocka_unit_test(test_status_print_golden),
		cmocka_unit_test(test_status_json_print_golden),
		cmocka_unit_test(test_status_closed_account),
		cmocka_unit_test(test_status_numbers_exact),
		cmocka_unit_test(test_status_full),
		cmocka_unit_test(test_status_without_stack),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
