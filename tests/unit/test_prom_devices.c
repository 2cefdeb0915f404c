// SPDX-License-Identifier: GPL-2.0-only

/* The families of transmitted frames, and those that tell whether all frames are counted. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "names.h"
#include "prom.h"
#include "prom_reader.h"

struct written {
	struct fixture_text text;
	struct prom_text prom;
};

static void write_metrics(struct written *written, struct fixture *fixture, uint32_t max_series)
{
	const struct prom_self self = { .libbpf = "", .kernel = "", .max_series = max_series };
	struct prom_series series = { .measurement = &fixture->measurement,
				      .max_series = max_series };

	prom_decide_series(&series, fixture->slots);
	assert_int_equal(prom_write(fixture_text_open(&written->text), &fixture->measurement,
				    fixture->slots, &self),
			 0);
	if (!prom_read(&written->prom, fixture_text_close(&written->text)))
		fail_msg("line %s in:\n%s", written->prom.error, written->text.text);
}

static void free_metrics(struct written *written)
{
	prom_free(&written->prom);
	fixture_text_free(&written->text);
}

/* The sample of a family that has this device and no other label. */
static const struct prom_sample *of_device(const struct written *written, const char *family,
					   const char *device)
{
	return prom_find(&written->prom, family, "device", device, NULL);
}

static void assert_count(const struct prom_sample *sample, const char *desc, uint64_t expected)
{
	if (!sample)
		fail_msg("%s: no such series", desc);
	if (sample->count != expected)
		fail_msg("%s: %lu, not %lu", desc, sample->count, expected);
}

static void test_prom_write_without_transmitted(void **state)
{
	struct written written;
	struct fixture fixture;

	(void)state;
	fixture_init_rich(&fixture);
	write_metrics(&written, &fixture, 512);
	assert_null(strstr(written.text.text, "transmit"));
	free_metrics(&written);
	fixture_fini(&fixture);
}

static void assert_transmitted(const struct written *written, const struct measured_device *device,
			       struct slots *slots)
{
	const struct prom_text *prom = &written->prom;
	struct account_totals totals = snapshot_totals(&device->total);

	for (uint32_t i = 0; i < 2 * (slots_end(slots) - 1); i++) {
		const struct slot_record *record = slots_record(slots, i / 2 + 1);
		struct port_counter counter = snapshot_service(&device->total, i / 2 + 1, i % 2);

		assert_count(prom_find(prom, "portacct_service_transmit_packets_total", "device",
				       device->name, "service", record->name, "protocol",
				       transport_name(record->transport), "direction",
				       direction_name(i % 2), NULL),
			     record->name, counter.packets);
		assert_count(prom_find(prom, "portacct_service_transmit_bytes_total", "device",
				       device->name, "service", record->name, "protocol",
				       transport_name(record->transport), "direction",
				       direction_name(i % 2), NULL),
			     record->name, counter.bytes);
	}
	for (unsigned int i = 0; i < PORT_BUCKETS; i++) {
		assert_count(prom_find(prom, "portacct_bucket_transmit_packets_total", "device",
				       device->name, "bucket", bucket_name(i), NULL),
			     bucket_name(i), snapshot_bucket(&device->total, i).packets);
		assert_count(prom_find(prom, "portacct_bucket_transmit_bytes_total", "device",
				       device->name, "bucket", bucket_name(i), NULL),
			     bucket_name(i), snapshot_bucket(&device->total, i).bytes);
	}
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		assert_count(prom_find(prom, "portacct_method_transmit_packets_total", "device",
				       device->name, "method", method_name(i), NULL),
			     method_name(i), snapshot_method_packets(&device->total, i));
	assert_count(of_device(written, "portacct_device_transmit_packets_total", device->name),
		     device->name, totals.frames.packets);
	assert_count(of_device(written, "portacct_device_transmit_bytes_total", device->name),
		     device->name, totals.frames.bytes);
}

/* A device's transmitted frames are in families of their own, and connections in none. */
static void test_prom_write_all_transmitted(void **state)
{
	static const struct fixture_service services[] = {
		{ "ssh", PORT_TCP, PORTDB_NATIVE, "22", "" },
		{ "quote\"back\\slash\nfeed", PORT_UDP, PORTDB_NONE, "53", "" },
	};
	struct written written;
	struct fixture fixture;
	size_t told = 0;

	(void)state;
	fixture_init(&fixture, services, COUNT(services), 3);
	for (size_t i = 1; i < 3; i++)
		fixture.measurement.devices[i].is_egress = true;
	fixture.measurement.devices[1].name = fixture.measurement.devices[0].name;
	fixture_fill(&fixture);
	write_metrics(&written, &fixture, 512);
	for (size_t i = 1; i < 3; i++)
		assert_transmitted(&written, &fixture.measurement.devices[i], fixture.slots);
	for (size_t i = 0; i < written.prom.count; i++) {
		const char *device = prom_label(&written.prom.samples[i], "device");
		bool is_told = device && !strcmp(device, fixture.measurement.devices[2].name);

		told += is_told;
		if (is_told && !strstr(written.prom.samples[i].family, "_transmit_") &&
		    strcmp(written.prom.samples[i].family, "portacct_device_info"))
			fail_msg("%.*s", (int)written.prom.samples[i].series_len,
				 written.prom.samples[i].series);
	}
	/* Services, buckets, methods, the device; attached, the account's difference; its info. */
	assert_int_equal(told, 2 * 2 * 2 + 2 * PORT_BUCKETS + PORT_METHODS + 2 + 2 + 1);
	free_metrics(&written);
	fixture_fini(&fixture);
}

static uint64_t sum(const struct written *written, const char *family)
{
	uint64_t total = 0;

	for (size_t i = 0; i < written->prom.count; i++)
		if (!strcmp(written->prom.samples[i].family, family))
			total += written->prom.samples[i].count;
	return total;
}

/* Services, those summed as other included, and buckets are the device's frames. */
static void test_prom_write_transmitted_closed_account(void **state)
{
	static const char *const families[][3] = {
		{ "portacct_service_transmit_packets_total",
		  "portacct_bucket_transmit_packets_total",
		  "portacct_device_transmit_packets_total" },
		{ "portacct_service_transmit_bytes_total", "portacct_bucket_transmit_bytes_total",
		  "portacct_device_transmit_bytes_total" },
	};

	(void)state;
	for (uint32_t max_series = 0; max_series <= 14; max_series++) {
		struct written written;
		struct fixture fixture;

		fixture_init_egress(&fixture);
		if (max_series % 2)
			fixture_fill(&fixture);
		write_metrics(&written, &fixture, max_series);
		for (size_t i = 0; i < COUNT(families); i++) {
			assert_true(sum(&written, families[i][2]) > 0);
			assert_int_equal(sum(&written, families[i][0]) +
						 sum(&written, families[i][1]),
					 sum(&written, families[i][2]));
		}
		assert_non_null(strstr(written.text.text, "service=\"other\""));
		free_metrics(&written);
		fixture_fini(&fixture);
	}
}

/* A line for each way of counting a device; the same way twice would be one series twice. */
static void test_prom_write_device_info(void **state)
{
	static const struct {
		const char *desc, *names[2], *hooks[2], *modes[2];
		size_t lines;
	} rows[] = {
		{ "both at the tc hook", { "a", "a" }, { "tc", "tc" }, { "tcx", "tcx" }, 1 },
		{ "two hooks", { "a", "a" }, { "xdp", "tc" }, { "native", "tcx" }, 2 },
		{ "two modes", { "a", "a" }, { "tc", "tc" }, { "clsact", "tcx" }, 2 },
		{ "two devices", { "a", "b" }, { "tc", "tc" }, { "tcx", "tcx" }, 2 },
		{ "a byte, and its text", { "\xff", "\\xff" }, { "tc", "tc" }, { "", "" }, 2 },
		{ "the text of a backslash", { "\\x5c", "\\" }, { "tc", "tc" }, { "", "" }, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct written written;
		struct fixture fixture;
		size_t lines = 0;

		fixture_init(&fixture, NULL, 0, 2);
		for (size_t k = 0; k < 2; k++) {
			fixture.measurement.devices[k].name = rows[i].names[k];
			fixture.measurement.devices[k].hook = rows[i].hooks[k];
			fixture.measurement.devices[k].mode = rows[i].modes[k];
			fixture.measurement.devices[k].is_egress =
				k && !strcmp(rows[i].names[0], rows[i].names[1]);
		}
		write_metrics(&written, &fixture, 512);
		for (size_t k = 0; k < written.prom.count; k++)
			lines += !strcmp(written.prom.samples[k].family, "portacct_device_info");
		if (lines != rows[i].lines)
			fail_msg("%s: %zu lines", rows[i].desc, lines);
		free_metrics(&written);
		fixture_fini(&fixture);
	}
}

/* What the interface says beside what was counted; as it is, whichever is more. */
static const struct coverage_row {
	const char *desc;
	uint64_t frames, base;
	bool has_interface;
	uint64_t interface_packets;
	const char *shown; /* NULL: no sample */
} coverage_rows[] = {
	{ "all", 100, 0, true, 100, "1.000000" },
	{ "nothing came", 0, 0, true, 0, "1.000000" },
	{ "nothing since the program came", 50, 50, true, 0, "1.000000" },
	{ "one of a thousand missed", 1049, 50, true, 1000, "0.999000" },
	{ "one of four", 1, 0, true, 4, "0.250000" },
	{ "none of them", 0, 0, true, 4, "0.000000" },
	{ "more than came", 1002, 0, true, 1000, "1.002000" },
	{ "the interface does not tell", 100, 0, false, 100, NULL },
	{ "it tells of none", 100, 0, true, 0, NULL },
	{ "a base beyond what is counted", 5, 10, true, 10, "0.000000" },
	{ "above 2^53", BIT_53 + 1, 0, true, BIT_53 + 1, "1.000000" },
};

static void test_prom_write_coverage(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(coverage_rows); i++) {
		const struct coverage_row *row = &coverage_rows[i / 2];
		const struct port_counter frames = { row->frames, 0 };
		const char *family = i % 2 ? "portacct_device_transmit_coverage_ratio{"
					   : "portacct_device_coverage_ratio{";
		struct measured_device *device;
		struct written written;
		struct fixture fixture;
		const char *at;
		char line[64];

		fixture_init(&fixture, NULL, 0, 1);
		fixture_set(&fixture, 0, PORT_INDEX_BUCKETS + PORT_ARP, frames, frames);
		device = &fixture.measurement.devices[0];
		device->is_egress = i % 2;
		device->base_frames = row->base;
		device->has_interface = row->has_interface;
		device->interface_packets = row->interface_packets;
		write_metrics(&written, &fixture, 512);
		at = strstr(written.text.text, family);
		snprintf(line, sizeof(line), "device=\"eth0\"} %s\n", row->shown ? row->shown : "");
		if (!at != !row->shown || (at && strncmp(at + strlen(family), line, strlen(line))))
			fail_msg("%s: %.80s", row->desc, at ? at : "no sample");
		free_metrics(&written);
		fixture_fini(&fixture);
	}
}

/* Between the frames that have ports and those that have a method. */
static void test_prom_write_account_difference(void **state)
{
	static const struct {
		uint64_t by_database, by_others, unclassified, bucket, methods, difference;
	} rows[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ 5, 3, 2, 9, 3, 0 },
		{ 5, 3, 2, 9, 2, 1 },
		{ 5, 3, 2, 9, 7, 4 },
		{ 1, BIT_53 + 1, 1, 0, 0, BIT_53 + 1 },
		{ 0, 0, 0, 0, NEARLY_ALL, NEARLY_ALL },
	};
	static const struct fixture_service service = { .name = "ssh" };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		struct written written;
		struct fixture fixture;
		struct port_counter *cells;
		const struct prom_sample *sample;

		fixture_init(&fixture, &service, 1, 1);
		cells = fixture.measurement.devices[0].total.cells;
		cells[PORT_INDEX_SERVICE(1, 0, true)].packets = rows[i / 2].by_database;
		cells[PORT_INDEX_SERVICE(1, 1, false)].packets = rows[i / 2].by_others;
		cells[PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_TIE)].packets =
			rows[i / 2].unclassified;
		cells[PORT_INDEX_BUCKETS + PORT_ICMP].packets = rows[i / 2].bucket;
		cells[PORT_INDEX_METHODS + PORT_GUESS].packets = rows[i / 2].methods;
		fixture.measurement.devices[0].is_egress = i % 2;
		write_metrics(&written, &fixture, 512);
		sample = of_device(&written,
				   i % 2 ? "portacct_device_transmit_account_difference_packets"
					 : "portacct_device_account_difference_packets",
				   "eth0");
		assert_non_null(sample);
		assert_true(sample->number == (double)rows[i / 2].difference);
		free_metrics(&written);
		fixture_fini(&fixture);
	}
}

/* A device that is gone keeps its series, and is told to be so. */
static void test_prom_write_attached_and_stalls(void **state)
{
	struct written written;
	struct fixture fixture;
	struct measured_device *devices;

	(void)state;
	fixture_init(&fixture, NULL, 0, 3);
	devices = fixture.measurement.devices;
	devices[1].is_attached = false;
	devices[1].stalls = BIT_53 + 1;
	devices[2].name = devices[1].name;
	devices[2].is_egress = true;
	write_metrics(&written, &fixture, 512);
	assert_true(of_device(&written, "portacct_device_attached", "eth0")->number == 1);
	assert_true(of_device(&written, "portacct_device_attached", "eth1")->number == 0);
	assert_true(of_device(&written, "portacct_device_transmit_attached", "eth1")->number == 1);
	assert_null(of_device(&written, "portacct_device_transmit_attached", "eth0"));
	assert_count(of_device(&written, "portacct_device_stalls_total", "eth0"), "eth0", 0);
	assert_count(of_device(&written, "portacct_device_stalls_total", "eth1"), "eth1",
		     BIT_53 + 1);
	assert_non_null(of_device(&written, "portacct_device_receive_packets_total", "eth1"));
	free_metrics(&written);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prom_write_without_transmitted),
		cmocka_unit_test(test_prom_write_all_transmitted),
		cmocka_unit_test(test_prom_write_transmitted_closed_account),
		cmocka_unit_test(test_prom_write_device_info),
		cmocka_unit_test(test_prom_write_coverage),
		cmocka_unit_test(test_prom_write_account_difference),
		cmocka_unit_test(test_prom_write_attached_and_stalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
