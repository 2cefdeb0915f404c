// SPDX-License-Identifier: GPL-2.0-only

/* The state of the counting: what the kernel has, and its memory. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "status_check.h"

static json_t *printed(const struct status *status, char *text, size_t size)
{
	struct fixture_text output;
	json_t *document;

	status_text(&output, status);
	assert_true(strlen(output.text) < size);
	memcpy(text, output.text, strlen(output.text) + 1);
	fixture_text_free(&output);
	document = status_read(&output, status);
	fixture_text_free(&output);
	return document;
}

static void assert_line(const char *text, const char *start, const char *middle, const char *end)
{
	char line[512];

	snprintf(line, sizeof(line), "\n%s%s%s", start, middle, end);
	if (!strstr(text, line))
		fail_msg("no '%s' in '%s'", line + 1, text);
}

/* Each feature with each answer: one word of JSON, and a line that names it. */
static void test_status_features(void **state)
{
	static const struct {
		enum feature_answer answer, others;
		json_type type;
		const char *start, *end;
	} rows[] = {
		{ FEATURE_UNKNOWN, FEATURE_PRESENT, JSON_NULL, "  not known   ",
		  " (to ask takes more rights)\n" },
		{ FEATURE_MISSING, FEATURE_PRESENT, JSON_FALSE, "  has no      ",
		  ":\n              " },
		{ FEATURE_PRESENT, FEATURE_MISSING, JSON_TRUE, "  has         ", "\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * FEATURES; i++) {
		const enum feature feature = (enum feature)(i % FEATURES);
		struct features kernel = { .release = "1" };
		const struct status status = { .pin_dir = "/", .kernel = &kernel };
		json_t *document, *object;
		char text[4096];

		for (enum feature k = 0; k < FEATURES; k++)
			kernel.has[k] = k == feature ? rows[i / FEATURES].answer
						     : rows[i / FEATURES].others;
		document = printed(&status, text, sizeof(text));
		object = json_object_get(document, "kernel");
		assert_int_equal(json_object_size(object), FEATURES + 1);
		assert_int_equal(json_typeof(json_object_get(object, feature_key(feature))),
				 rows[i / FEATURES].type);
		assert_line(text, rows[i / FEATURES].start, feature_name(feature),
			    rows[i / FEATURES].end);
		json_decref(document);
	}
}

static void test_status_feature_words(void **state)
{
	(void)state;
	for (enum feature i = 0; i < FEATURES; i++) {
		assert_true(*feature_key(i) && *feature_name(i) && *feature_without(i));
		assert_true(strlen("  not known    (to ask takes more rights)") +
				    strlen(feature_name(i)) <=
			    80);
		for (enum feature k = 0; k < i; k++)
			assert_string_not_equal(feature_key(i), feature_key(k));
	}
}

static void test_status_processors(void **state)
{
	static const struct {
		uint32_t possible, online;
		bool is_said;
	} rows[] = { { 2, 2, false }, { 256, 2, true }, { 256, 256, false }, { 4, 1, true } };
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct status status = { .pin_dir = "/",
					       .memory = { .cpus = rows[i].possible },
					       .cpus_online = rows[i].online };
		json_t *document = printed(&status, text, sizeof(text));

		assert_int_equal(status_number(document, "processors_possible"), rows[i].possible);
		assert_int_equal(status_number(document, "processors_online"), rows[i].online);
		assert_int_equal(!!strstr(text, "\nprocessors  "), rows[i].is_said);
		json_decref(document);
	}
	assert_line(text, "processors  ", "4 possible, 1 online", ": memory is for the possible");
}

/* The advice stands below the memory, and nowhere when the total is small or not known. */
static void test_status_memory(void **state)
{
	static const struct {
		uint64_t total;
		const char *told; /* NULL: the memory is not */
		bool is_advised;
	} rows[] = {
		{ 0, NULL, false },
		{ FOOTPRINT_LARGE, "about 256 MB in kernel maps", false },
		{ FOOTPRINT_LARGE + 1, "about 256 MB in kernel maps", true },
		{ 29 * BIT_32, "about 125 GB in kernel maps", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct status status = {
			.pin_dir = "/",
			.endpoint_cells = rows[i].total ? 65536 : 0,
			.memory = { .parts = { [FOOTPRINT_PORTS] = rows[i].total },
				    .total = rows[i].total },
		};
		char text[4096];
		json_t *document = printed(&status, text, sizeof(text));
		const json_t *advice = json_object_get(document, "memory_advice");

		assert_int_equal(!!strstr(text, "\nmemory "), rows[i].told != NULL);
		if (rows[i].told)
			assert_line(text, "memory      ", rows[i].told, "\n");
		assert_int_equal(!!strstr(text, "--unclassified-ports off\nno device"),
				 rows[i].is_advised);
		assert_int_equal(json_is_string(advice), rows[i].is_advised);
		assert_true(json_is_string(advice) || json_is_null(advice));
		json_decref(document);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_features),
		cmocka_unit_test(test_status_feature_words),
		cmocka_unit_test(test_status_processors),
		cmocka_unit_test(test_status_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
