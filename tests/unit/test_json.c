// SPDX-License-Identifier: GPL-2.0-only

/* The additions to jansson. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "json.h"

static void test_json_count_bounds(void **state)
{
	static const struct {
		uint64_t value;
		json_int_t shown;
	} rows[] = {
		{ 0, 0 },
		{ BIT_32, (json_int_t)BIT_32 },
		{ BIT_53 + 1, (json_int_t)BIT_53 + 1 },
		{ INT64_MAX - 1, INT64_MAX - 1 },
		{ INT64_MAX, INT64_MAX },
		{ (uint64_t)INT64_MAX + 1, INT64_MAX },
		{ NEARLY_ALL, INT64_MAX },
		{ UINT64_MAX, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *value = json_count(rows[i].value);

		assert_true(json_is_integer(value));
		assert_true(json_integer_value(value) == rows[i].shown);
		json_decref(value);
	}
}

static void test_json_text_values(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\"\\/\b\f\n\r\t\001\x7f", "\"\\/\b\f\n\r\t\001\x7f" },
		{ "\xc3\xbc", "\xc3\xbc" },
		{ "\xff", "?" },
		{ "a\xffz", "a?z" },
		{ "\xc3\xbc\xff\xe2\x82\xac", "\xc3\xbc?\xe2\x82\xac" },
		{ "overlong \xc0\x80", "overlong ??" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "beyond \xf4\x90\x80\x80", "beyond ????" },
		{ "cut \xf0\x9f\x98", "cut ???" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *value = json_text(rows[i].text);

		assert_non_null(value);
		assert_string_equal(json_string_value(value), rows[i].shown);
		json_decref(value);
	}
}

static void test_json_print_documents(void **state)
{
	struct fixture_text text;
	json_t *object = json_object();

	(void)state;
	json_put(object, "b", json_count(1));
	json_put(object, "a", json_text("\"\n\033"));
	assert_int_equal(json_print(fixture_text_open(&text), object), 0);
	assert_string_equal(fixture_text_close(&text),
			    "{\n  \"b\": 1,\n  \"a\": \"\\\"\\n\\u001B\"\n}\n");
	fixture_text_free(&text);
	assert_int_equal(json_print(fixture_text_open(&text), json_array()), 0);
	assert_string_equal(fixture_text_close(&text), "[]\n");
	fixture_text_free(&text);
	assert_int_equal(json_print(fixture_text_open(&text), json_null()), 0);
	assert_string_equal(fixture_text_close(&text), "null\n");
	fixture_text_free(&text);
}

/* What jansson could not make, and what the stream does not take. */
static void test_json_print_failures(void **state)
{
	struct fixture_text text;
	FILE *out = fixture_full();
	json_t *object = json_object();

	(void)state;
	assert_int_equal(json_print(fixture_text_open(&text), NULL), -EIO);
	fixture_text_close(&text);
	fixture_text_free(&text);
	json_put(object, "a", NULL);
	assert_int_equal(json_print(out, object), -EIO);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_count_bounds),
		cmocka_unit_test(test_json_text_values),
		cmocka_unit_test(test_json_print_documents),
		cmocka_unit_test(test_json_print_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
