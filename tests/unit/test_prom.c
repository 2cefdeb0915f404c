// SPDX-License-Identifier: GPL-2.0-only

/* The metrics: the text format, the names, the numbers, the limit of series. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "names.h"
#include "prom.h"
#include "prom_reader.h"

#define PACKETS "portacct_service_receive_packets_total"
#define BYTES "portacct_service_receive_bytes_total"

static struct prom_self self = {
	.written_at = 1767225600.125,
	.collection_seconds = 0.0015,
	.libbpf = "1.99",
	.kernel = "6.1.0-13-amd64",
	.max_series = 4,
	.reloads = 12,
	.reload_failures = BIT_53 + 1,
	.write_failures = 3,
};

static void decide(struct fixture *fixture, uint32_t max_series)
{
	struct prom_series series = { .measurement = &fixture->measurement,
				      .max_series = max_series };

	prom_decide_series(&series, fixture->slots);
}

static void write_metrics(struct fixture *fixture, struct fixture_text *text)
{
	FILE *out = fixture_text_open(text);

	assert_int_equal(prom_write(out, &fixture->measurement, fixture->slots, &self), 0);
	fixture_text_close(text);
}

static void write_and_read(struct fixture *fixture, struct fixture_text *text,
			   struct prom_text *prom)
{
	write_metrics(fixture, text);
	if (!prom_read(prom, text->text))
		fail_msg("line %s in:\n%s", prom->error, text->text);
}

static void free_both(struct fixture_text *text, struct prom_text *prom)
{
	prom_free(prom);
	fixture_text_free(text);
}

static void test_prom_write_golden(void **state)
{
	static const struct {
		const char *golden;
		void (*init)(struct fixture *fixture);
		uint32_t max_series;
	} rows[] = {
		{ "metrics.prom", fixture_init_rich, 512 },
		{ "metrics_limited.prom", fixture_init_rich, 3 },
		{ "metrics_egress.prom", fixture_init_egress, 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture_text text;
		struct prom_text prom;
		struct fixture fixture;

		rows[i].init(&fixture);
		decide(&fixture, rows[i].max_series);
		self.max_series = rows[i].max_series;
		write_and_read(&fixture, &text, &prom);
		fixture_assert_golden(rows[i].golden, text.text, fixture_version());
		free_both(&text, &prom);
		fixture_fini(&fixture);
	}
}

/* Families that exist whatever is counted, so that rates and alerts have a first value. */
static void test_prom_write_no_device(void **state)
{
	struct fixture_text text;
	struct prom_text prom;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, NULL, 0, 0);
	decide(&fixture, 512);
	write_and_read(&fixture, &text, &prom);
	assert_int_equal(prom.families, 24);
	assert_int_equal(prom.count, 7); /* build_info and what the agent tells of itself */
	assert_non_null(prom_find(&prom, "portacct_build_info", "version", fixture_version(),
				  "libbpf", "1.99", "kernel", "6.1.0-13-amd64", NULL));
	assert_true(prom_find(&prom, "portacct_last_write_timestamp_seconds", NULL)->number ==
		    1767225600.125);
	assert_true(prom_find(&prom, "portacct_collection_duration_seconds", NULL)->number ==
		    (double)0.0015);
	assert_true(prom_find(&prom, "portacct_services_over_limit", NULL)->number == 0);
	assert_true(prom_find(&prom, "portacct_reloads_total", NULL)->count == 12);
	assert_true(prom_find(&prom, "portacct_reload_failures_total", NULL)->count == BIT_53 + 1);
	assert_true(prom_find(&prom, "portacct_textfile_write_failures_total", NULL)->count == 3);
	free_both(&text, &prom);
	fixture_fini(&fixture);
}

static void assert_count(const struct prom_sample *sample, const char *desc, uint64_t expected)
{
	if (!sample)
		fail_msg("%s: no such series", desc);
	if (sample->count != expected)
		fail_msg("%s: %lu, not %lu", desc, sample->count, expected);
}

/* Services over UDP have no connections, and so no such series. */
static void assert_connections(const struct prom_text *prom, const struct measured_device *device,
			       uint32_t slot, const struct slot_record *record)
{
	const struct port_handshakes *expected = &device->total.handshakes[slot];
	const struct {
		const char *family;
		uint64_t count;
	} rows[] = {
		{ "portacct_service_connections_attempted_total", expected->attempted },
		{ "portacct_service_connections_accepted_total", expected->accepted },
		{ "portacct_service_connections_reset_total", expected->reset },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct prom_sample *sample = prom_find(
			prom, rows[i].family, "device", device->name, "service", record->name,
			"protocol", transport_name(record->transport), NULL);

		if (record->transport == PORT_UDP)
			assert_null(sample);
		else
			assert_count(sample, record->name, rows[i].count);
	}
}

static void assert_device(const struct prom_text *prom, const struct measured_device *device,
			  struct slots *slots)
{
	struct account_totals totals = snapshot_totals(&device->total);

	for (uint32_t slot = 1; slot < slots_end(slots); slot++) {
		const struct slot_record *record = slots_record(slots, slot);

		for (unsigned int i = 0; i < PORT_DIRECTIONS; i++) {
			struct port_counter counter = snapshot_service(&device->total, slot, i);
			const char *transport = transport_name(record->transport),
				   *way = direction_name(i);

			assert_count(prom_find(prom, PACKETS, "device", device->name, "service",
					       record->name, "protocol", transport, "direction",
					       way, NULL),
				     record->name, counter.packets);
			assert_count(prom_find(prom, BYTES, "device", device->name, "service",
					       record->name, "protocol", transport, "direction",
					       way, NULL),
				     record->name, counter.bytes);
		}
		assert_connections(prom, device, slot, record);
	}
	for (unsigned int i = 0; i < PORT_BUCKETS; i++) {
		assert_count(prom_find(prom, "portacct_bucket_receive_packets_total", "device",
				       device->name, "bucket", bucket_name(i), NULL),
			     bucket_name(i), snapshot_bucket(&device->total, i).packets);
		assert_count(prom_find(prom, "portacct_bucket_receive_bytes_total", "device",
				       device->name, "bucket", bucket_name(i), NULL),
			     bucket_name(i), snapshot_bucket(&device->total, i).bytes);
	}
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		assert_count(prom_find(prom, "portacct_method_receive_packets_total", "device",
				       device->name, "method", method_name(i), NULL),
			     method_name(i), snapshot_method_packets(&device->total, i));
	assert_count(prom_find(prom, "portacct_suspicious_source_port_packets_total", "device",
			       device->name, NULL),
		     device->name, device->total.cells[PORT_INDEX_SUSPICIOUS].packets);
	assert_count(prom_find(prom, "portacct_device_receive_packets_total", "device",
			       device->name, NULL),
		     device->name, totals.frames.packets);
	assert_count(prom_find(prom, "portacct_device_receive_bytes_total", "device", device->name,
			       NULL),
		     device->name, totals.frames.bytes);
	assert_non_null(prom_find(prom, "portacct_device_info", "device", device->name, "hook",
				  device->hook, "mode", device->mode, NULL));
}

/* Every counter of every device, each with a number of its own. */
static void test_prom_write_all_counters(void **state)
{
	static const struct fixture_service services[] = {
		{ "ssh", PORT_TCP, PORTDB_NATIVE, "22", "[RFC4253]" },
		{ "domain", PORT_UDP, PORTDB_NONE, "53", "[RFC1035]" },
		{ "domain", PORT_TCP, PORTDB_NONE, "53", "[RFC1035]" },
		{ "quote\"back\\slash\nfeed", PORT_SCTP, PORTDB_UNKNOWN, "1-2", "\"\\\n" },
	};
	struct fixture_text text;
	struct prom_text prom;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, services, COUNT(services), 3);
	fixture.measurement.devices[1].name = "\033\"\\\n";
	fixture_fill(&fixture);
	decide(&fixture, 512);
	write_and_read(&fixture, &text, &prom);
	for (size_t i = 0; i < 3; i++)
		assert_device(&prom, &fixture.measurement.devices[i], fixture.slots);
	assert_int_equal(prom.count,
			 3 * (2 * 2 * 4 + 3 * 3 + 2 * PORT_BUCKETS + PORT_METHODS + 1 + 2 + 1 + 3) +
				 4 + 7);
	assert_non_null(prom_find(&prom, "portacct_service_info", "service",
				  "quote\"back\\slash\nfeed", "protocol", "sctp", "ports", "1-2",
				  "encryption", "", "reference", "\"\\\n", NULL));
	free_both(&text, &prom);
	fixture_fini(&fixture);
}

static void test_prom_write_integers_exact(void **state)
{
	static const uint64_t values[] = {
		0,          BIT_32 - 1, BIT_32,    BIT_32 + 1,
		BIT_53,     BIT_53 + 1, INT64_MAX, (uint64_t)INT64_MAX + 1,
		NEARLY_ALL, UINT64_MAX,
	};
	static const struct fixture_service service = { .name = "ssh" };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		const struct port_counter counter = { values[i], values[i] };
		struct fixture_text text;
		struct prom_text prom;
		struct fixture fixture;

		fixture_init(&fixture, &service, 1, 1);
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true), counter,
			    counter);
		decide(&fixture, 512);
		write_and_read(&fixture, &text, &prom);
		assert_count(prom_find(&prom, BYTES, "device", "eth0", "service", "ssh", "protocol",
				       "tcp", "direction", "to_client", NULL),
			     "service", values[i]);
		assert_count(prom_find(&prom, "portacct_device_receive_packets_total", "device",
				       "eth0", NULL),
			     "device", values[i]);
		free_both(&text, &prom);
		fixture_fini(&fixture);
	}
}

/* A reader finds what the name was; bytes that are no UTF-8 stay different from each other. */
static void test_prom_write_label_round_trip(void **state)
{
	static const struct {
		const char *name, *read;
	} rows[] = {
		{ "ssh", "ssh" },
		{ "\"", "\"" },
		{ "\\", "\\" },
		{ "\\n", "\\n" },
		{ "\n", "\n" },
		{ "\\\"\n\\", "\\\"\n\\" },
		{ "\r\t\033\x7f", "\r\t\033\x7f" },
		{ "} 1", "} 1" },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x90\x8d\x88", "\xc3\xbc\xe2\x82\xac\xf0\x90\x8d\x88" },
		{ "\xff", "\\xff" },
		{ "\xfe", "\\xfe" },
		{ "cut\xe2\x82", "cut\\xe2\\x82" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\\xff", "\\x5cxff" },
		{ "\\x5cxff", "\\x5cx5cxff" },
		{ "\\xF", "\\xF" },
		{ "\\x", "\\x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fixture_service service = { .name = rows[i].name,
							 .reference = rows[i].name };
		struct fixture_text text;
		struct prom_text prom;
		struct fixture fixture;

		fixture_init(&fixture, &service, 1, 2);
		fixture.measurement.devices[0].name = rows[i].name;
		fixture.measurement.devices[1].name = rows[i].name;
		fixture.measurement.devices[1].is_egress = true;
		decide(&fixture, 512);
		write_and_read(&fixture, &text, &prom);
		assert_non_null(prom_find(&prom, PACKETS, "device", rows[i].read, "service",
					  rows[i].read, "protocol", "tcp", "direction", "to_server",
					  NULL));
		assert_non_null(prom_find(&prom, "portacct_service_transmit_bytes_total", "device",
					  rows[i].read, "service", rows[i].read, "protocol", "tcp",
					  "direction", "to_client", NULL));
		assert_non_null(prom_find(&prom, "portacct_device_transmit_attached", "device",
					  rows[i].read, NULL));
		assert_non_null(prom_find(&prom, "portacct_service_info", "service", rows[i].read,
					  "protocol", "tcp", "ports", "", "encryption", "",
					  "reference", rows[i].read, NULL));
		free_both(&text, &prom);
		fixture_fini(&fixture);
	}
}

static void test_prom_write_full(void **state)
{
	struct fixture fixture;
	FILE *out = fixture_full();

	(void)state;
	fixture_init_rich(&fixture);
	assert_int_equal(prom_write(out, &fixture.measurement, fixture.slots, &self), -EIO);
	fclose(out);
	fixture_fini(&fixture);
}

/* "NAME TYPE" of a row of README's table, as the file has it behind "# TYPE portacct_". */
static bool read_row(const char *line, char row[160])
{
	char name[80], type[16], mark[8] = "";

	if (sscanf(line, "| `%79[a-z_]` %7[(e)] | %15[a-z]", name, mark, type) != 3 &&
	    sscanf(line, "| `%79[a-z_]` | %15[a-z]", name, type) != 2)
		return false;
	if (strcmp(type, "counter") && strcmp(type, "gauge"))
		return false;
	/* Marked are those, and only those, that need --egress. */
	assert_int_equal(*mark != '\0', strstr(name, "_transmit_") != NULL);
	snprintf(row, 160, "# TYPE portacct_%s %s\n", name, type);
	return true;
}

static void test_prom_write_families_of_readme(void **state)
{
	FILE *readme = fopen("README.md", "re");
	char line[512], row[160];
	struct fixture_text text;
	struct prom_text prom;
	struct fixture fixture;
	size_t rows = 0;

	(void)state;
	assert_non_null(readme);
	fixture_init_egress(&fixture);
	write_and_read(&fixture, &text, &prom);
	while (fgets(line, sizeof(line), readme)) {
		if (!read_row(line, row))
			continue;
		rows++;
		if (!strstr(text.text, row))
			fail_msg("README has, the metrics have not: %s", row);
	}
	assert_int_equal(rows, prom.families);
	fclose(readme);
	free_both(&text, &prom);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prom_write_golden),
		cmocka_unit_test(test_prom_write_no_device),
		cmocka_unit_test(test_prom_write_all_counters),
		cmocka_unit_test(test_prom_write_integers_exact),
		cmocka_unit_test(test_prom_write_label_round_trip),
		cmocka_unit_test(test_prom_write_families_of_readme),
		cmocka_unit_test(test_prom_write_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
