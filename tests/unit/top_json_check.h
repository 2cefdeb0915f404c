/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading back what --top --json prints, strictly. For behind the headers of cmocka. */
#ifndef TOP_JSON_CHECK_H
#define TOP_JSON_CHECK_H

#include <jansson.h>
#include <string.h>

#include "fixture.h"
#include "top_json.h"

static inline void top_json_text(struct fixture_text *text, const struct fixture *fixture,
				 enum report_key key, size_t rows)
{
	struct report report;

	assert_int_equal(report_build(&report, &fixture->measurement, key, REPORT_BYTES), 0);
	assert_int_equal(
		top_json_print(fixture_text_open(text), &report, &fixture->measurement, rows), 0);
	fixture_text_close(text);
	report_free(&report);
}

/* Strictly: one document, no key twice, nothing behind it but the line feed. */
static inline json_t *read_back(const struct fixture_text *text)
{
	json_error_t error;
	json_t *document = json_loads(text->text, JSON_REJECT_DUPLICATES, &error);

	if (!document)
		fail_msg("line %d: %s", error.line, error.text);
	assert_true(text->len > 2 && !strcmp(text->text + text->len - 2, "}\n"));
	return document;
}

static inline json_t *top_json_read(const struct fixture *fixture, enum report_key key, size_t rows)
{
	struct fixture_text text;
	json_t *document;

	top_json_text(&text, fixture, key, rows);
	document = read_back(&text);
	fixture_text_free(&text);
	return document;
}

static inline json_int_t json_number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("'%s' is no integer", key);
	return json_integer_value(value);
}

static inline const char *json_string_of(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		fail_msg("'%s' is no string", key);
	return json_string_value(value);
}

#endif
