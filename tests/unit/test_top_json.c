// SPDX-License-Identifier: GPL-2.0-only

/* The JSON of --top: read back, its numbers exact, its keys those of the contract. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "top_json_check.h"

static void test_top_json_print_golden(void **state)
{
	struct fixture_text text;
	struct fixture fixture;

	(void)state;
	fixture_init_rich(&fixture);
	top_json_text(&text, &fixture, REPORT_ENCRYPTION, 3);
	fixture_assert_golden("top.json", text.text, "");
	fixture_text_free(&text);
	fixture_fini(&fixture);
}

static void test_top_json_print_golden_no_device(void **state)
{
	struct fixture_text text;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, NULL, 0, 0);
	fixture.measurement.seconds = 0;
	top_json_text(&text, &fixture, REPORT_SERVICE, 15);
	fixture_assert_golden("top_no_device.json", text.text, "");
	fixture_text_free(&text);
	fixture_fini(&fixture);
}

static void test_top_json_print_golden_transmitted(void **state)
{
	struct fixture_text text;
	struct fixture fixture;

	(void)state;
	fixture_init_egress(&fixture);
	fixture.measurement.transmitted = true;
	top_json_text(&text, &fixture, REPORT_DEVICE, 3);
	fixture_assert_golden("top_transmitted.json", text.text, "");
	fixture_text_free(&text);
	fixture_fini(&fixture);
}

static json_int_t sum(const json_t *document, const char *name, const char *key)
{
	json_t *array = json_object_get(document, name), *item;
	json_int_t total = 0;
	size_t i;

	assert_true(json_is_array(array));
	json_array_foreach(array, i, item) total += json_number(item, key);
	return total;
}

/* Services and buckets together are all frames; so are devices, and rows by any of these keys. */
static void test_top_json_print_closed_account(void **state)
{
	static const struct {
		const char *all, *of_each;
	} counts[] = {
		{ "frames", "packets" },
		{ "bytes", "bytes" },
		{ "frames_total", "packets_total" },
		{ "bytes_total", "bytes_total" },
	};
	struct fixture fixture;

	(void)state;
	fixture_init_egress(&fixture);
	fixture_fill(&fixture);
	for (unsigned int i = 0; i < 2 * REPORT_KEYS; i++) {
		enum report_key key = i / 2;
		json_t *document;

		fixture.measurement.transmitted = i % 2;
		document = top_json_read(&fixture, key, SIZE_MAX);
		assert_string_equal(json_string_of(document, "by"), report_key_name(key));
		assert_string_equal(json_string_of(document, "traffic"),
				    i % 2 ? "transmitted" : "received");
		assert_int_equal(json_array_size(json_object_get(document, "devices")),
				 i % 2 ? 2 : 3);
		for (size_t k = 0; k < COUNT(counts); k++) {
			json_int_t all = json_number(document, counts[k].all);
			const char *each = counts[k].of_each;

			assert_true(all > 0);
			assert_int_equal(sum(document, "services", each) +
						 sum(document, "buckets", each),
					 all);
			assert_int_equal(sum(document, "devices", each), all);
			if (key != REPORT_METHOD && key != REPORT_BUCKET)
				assert_int_equal(sum(document, "rows", each), all);
		}
		assert_int_equal(json_array_size(json_object_get(document, "methods")),
				 PORT_METHODS);
		json_decref(document);
	}
	fixture_fini(&fixture);
}

static void test_top_json_print_numbers(void **state)
{
	static const struct {
		const char *desc;
		uint64_t value;
		json_int_t shown;
	} rows[] = {
		{ "above 2^32", BIT_32 + 1, (json_int_t)BIT_32 + 1 },
		{ "above 2^53, where a double ends", BIT_53 + 1, (json_int_t)BIT_53 + 1 },
		{ "2^63 - 1", INT64_MAX, INT64_MAX },
		{ "2^63 is held at the greatest", (uint64_t)INT64_MAX + 1, INT64_MAX },
		{ "2^64 - 1000 too", NEARLY_ALL, INT64_MAX },
	};
	const struct fixture_service service = { .name = "ssh" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct port_counter counter = { rows[i].value, rows[i].value };
		struct fixture fixture;
		json_t *document, *row, *side;

		fixture_init(&fixture, &service, 1, 1);
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT, true), counter,
			    counter);
		document = top_json_read(&fixture, REPORT_SERVICE, 1);
		row = json_array_get(json_object_get(document, "rows"), 0);
		side = json_object_get(row, "to_client");
		if (json_number(row, "bytes") != rows[i].shown ||
		    json_number(row, "packets_total") != rows[i].shown ||
		    json_number(side, "bytes_total") != rows[i].shown ||
		    json_number(document, "frames") != rows[i].shown)
			fail_msg("%s: %lld", rows[i].desc, (long long)json_number(row, "bytes"));
		assert_int_equal(json_number(json_object_get(row, "to_server"), "bytes_total"), 0);
		json_decref(document);
		fixture_fini(&fixture);
	}
}

/* A name comes back as it was, but for bytes that are no UTF-8. */
static void test_top_json_print_names(void **state)
{
	static const struct {
		const char *name, *shown;
	} rows[] = {
		{ "ssh", "ssh" },
		{ "\"", "\"" },
		{ "\\", "\\" },
		{ "line\nfeed\ttab\033\x7f", "line\nfeed\ttab\033\x7f" },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x90\x8d\x88", "\xc3\xbc\xe2\x82\xac\xf0\x90\x8d\x88" },
		{ "\xff\xfe", "??" },
		{ "\xc3\xbc\xff", "\xc3\xbc?" },
		{ "cut\xe2\x82", "cut??" },
		{ "surrogate\xed\xa0\x80", "surrogate???" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fixture_service service = { .name = rows[i].name };
		const struct port_counter one = { 1, 60 };
		struct fixture fixture;
		json_t *document;

		fixture_init(&fixture, &service, 1, 1);
		fixture.measurement.devices[0].name = rows[i].name;
		fixture_set(&fixture, 0, PORT_INDEX_SERVICE(1, 0, true), one, one);
		document = top_json_read(&fixture, REPORT_SERVICE, 1);
		assert_string_equal(
			json_string_of(json_array_get(json_object_get(document, "services"), 0),
				       "service"),
			rows[i].shown);
		assert_string_equal(
			json_string_of(json_array_get(json_object_get(document, "rows"), 0),
				       "label"),
			rows[i].shown);
		assert_string_equal(
			json_string_of(json_array_get(json_object_get(document, "devices"), 0),
				       "device"),
			rows[i].shown);
		json_decref(document);
		fixture_fini(&fixture);
	}
}

/* Only the report's rows are limited, never what is there in any case. */
static void test_top_json_print_rows_asked(void **state)
{
	static const size_t asked[] = { 0, 1, 16, 17, SIZE_MAX };
	struct fixture fixture;

	(void)state;
	fixture_init_rich(&fixture);
	for (size_t i = 0; i < COUNT(asked); i++) {
		json_t *document = top_json_read(&fixture, REPORT_SERVICE, asked[i]);

		assert_int_equal(json_array_size(json_object_get(document, "rows")),
				 asked[i] < 16 ? asked[i] : 16);
		assert_int_equal(json_array_size(json_object_get(document, "services")), 12);
		assert_int_equal(json_array_size(json_object_get(document, "buckets")), 4);
		json_decref(document);
	}
	fixture_fini(&fixture);
}

static void test_top_json_print_full(void **state)
{
	struct fixture fixture;
	struct report report;
	FILE *out = fixture_full();

	(void)state;
	fixture_init_rich(&fixture);
	assert_int_equal(report_build(&report, &fixture.measurement, REPORT_SERVICE, REPORT_BYTES),
			 0);
	assert_int_equal(top_json_print(out, &report, &fixture.measurement, 15), -EIO);
	fclose(out);
	report_free(&report);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_json_print_golden),
		cmocka_unit_test(test_top_json_print_golden_no_device),
		cmocka_unit_test(test_top_json_print_golden_transmitted),
		cmocka_unit_test(test_top_json_print_closed_account),
		cmocka_unit_test(test_top_json_print_numbers),
		cmocka_unit_test(test_top_json_print_names),
		cmocka_unit_test(test_top_json_print_rows_asked),
		cmocka_unit_test(test_top_json_print_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
