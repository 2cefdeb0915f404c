// SPDX-License-Identifier: GPL-2.0-only

/* The metrics: the text format, the names, the numbers, the limit of series. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
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

#define HEAD "# HELP a_total text\n# TYPE a_total counter\n"
/* What the reader of the tests refuses, as any reader may. */
static const struct {
	const char *text, *error;
} refused[] = {
	{ "", "1: empty" },
	{ HEAD "a_total 1", "3: the last line has no end" },
	{ HEAD "a_total 1\n\n", "4: no name" },
	{ "a_total 1\n", "1: a sample without its HELP and TYPE" },
	{ "# HELP a_total text\na_total 1\n", "2: a sample without its HELP and TYPE" },
	{ "# HELP a_total text\n", "2: HELP without TYPE" },
	{ "# TYPE a_total counter\na_total 1\n", "1: TYPE without its HELP" },
	{ HEAD "# TYPE a_total counter\n", "3: TYPE without its HELP" },
	{ HEAD HEAD, "3: the family comes twice" },
	{ HEAD "# HELP b text\n# TYPE b gauge\nb 1\na_total 1\n",
	  "6: a sample without its HELP and TYPE" },
	{ "# HELP a text\n# TYPE a counter\n", "2: a counter, and nothing else, ends in _total" },
	{ "# HELP a_total text\n# TYPE a_total gauge\n",
	  "2: a counter, and nothing else, ends in _total" },
	{ "# HELP a text\n# TYPE a summary\n", "2: unknown type" },
	{ "# comment\n", "1: no name" },
	{ HEAD "a_total{b=\"c\"} 1\na_total{b=\"c\"} 2\n", "4: the series comes twice" },
	{ HEAD "a_total{b=\"c\",b=\"d\"} 1\n", "3: a label comes twice" },
	{ HEAD "a_total{b=\"c} 1\n", "3: label value without end" },
	{ HEAD "a_total{b=\"\\x\"} 1\n", "3: unknown escape" },
	{ HEAD "a_total{b=\"c\"d=\"e\"} 1\n", "3: labels without end" },
	{ HEAD "a_total{} 1\n", "3: no name" },
	{ HEAD "a_total{1=\"c\"} 1\n", "3: no name" },
	{ HEAD "a_total{b=\"\xff\"} 1\n", "1: not UTF-8" },
	{ HEAD "a_total 01\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total 1.5\n", "3: more behind the value" },
	{ HEAD "a_total 1e3\n", "3: more behind the value" },
	{ HEAD "a_total -1\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total 18446744073709551616\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total 1 1700000000000\n", "3: more behind the value" },
	{ HEAD "a_total  1\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total\n", "3: no value" },
};

static void test_prom_reader_refuses(void **state)
{
	struct prom_text prom;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		bool taken = prom_read(&prom, refused[i].text);

		if (taken || strcmp(prom.error, refused[i].error))
			fail_msg("'%s': '%s'", refused[i].text, prom.error);
		prom_free(&prom);
	}
}

static void test_prom_reader_takes(void **state)
{
	struct prom_text prom;

	(void)state;
	assert_true(prom_read(&prom, HEAD
			      "a_total{b=\"\\\\\\\"\\n\xc3\xbc\",c=\"\"} 18446744073709551615\n"));
	assert_int_equal(prom.count, 1);
	assert_string_equal(prom_label(&prom.samples[0], "b"), "\\\"\n\xc3\xbc");
	assert_true(prom.samples[0].count == UINT64_MAX);
	assert_ptr_equal(prom_find(&prom, "a_total", "c", "", "b", "\\\"\n\xc3\xbc", NULL),
			 prom.samples);
	assert_null(prom_find(&prom, "a_total", "c", "", NULL));
	prom_free(&prom);
}
#undef HEAD

static void test_prom_write_golden(void **state)
{
	static const struct {
		const char *golden;
		uint32_t max_series;
	} rows[] = { { "metrics.prom", 512 }, { "metrics_limited.prom", 3 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture_text text;
		struct prom_text prom;
		struct fixture fixture;

		fixture_init_rich(&fixture);
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
	assert_int_equal(prom.families, 17);
	assert_int_equal(prom.count, 4); /* build_info and the three gauges of the agent itself */
	assert_non_null(prom_find(&prom, "portacct_build_info", "version", fixture_version(),
				  "libbpf", "1.99", "kernel", "6.1.0-13-amd64", NULL));
	assert_true(prom_find(&prom, "portacct_last_write_timestamp_seconds", NULL)->number ==
		    1767225600.125);
	assert_true(prom_find(&prom, "portacct_collection_duration_seconds", NULL)->number ==
		    0.0015);
	assert_true(prom_find(&prom, "portacct_services_over_limit", NULL)->number == 0);
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
			 3 * (2 * 2 * 4 + 3 * 3 + 2 * PORT_BUCKETS + PORT_METHODS + 1 + 2 + 1) + 4 +
				 4);
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
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fixture_service service = { .name = rows[i].name,
							 .reference = rows[i].name };
		struct fixture_text text;
		struct prom_text prom;
		struct fixture fixture;

		fixture_init(&fixture, &service, 1, 1);
		fixture.measurement.devices[0].name = rows[i].name;
		decide(&fixture, 512);
		write_and_read(&fixture, &text, &prom);
		assert_non_null(prom_find(&prom, PACKETS, "device", rows[i].read, "service",
					  rows[i].read, "protocol", "tcp", "direction", "to_server",
					  NULL));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prom_reader_refuses),
		cmocka_unit_test(test_prom_reader_takes),
		cmocka_unit_test(test_prom_write_golden),
		cmocka_unit_test(test_prom_write_no_device),
		cmocka_unit_test(test_prom_write_all_counters),
		cmocka_unit_test(test_prom_write_integers_exact),
		cmocka_unit_test(test_prom_write_label_round_trip),
		cmocka_unit_test(test_prom_write_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
