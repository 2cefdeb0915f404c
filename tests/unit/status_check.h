/* SPDX-License-Identifier: GPL-2.0-only */
/* What --status prints, as text and read back from JSON. For behind the headers of cmocka. */
#ifndef STATUS_CHECK_H
#define STATUS_CHECK_H

#include <jansson.h>

#include "fixture.h"
#include "status.h"

static inline void status_text(struct fixture_text *text, const struct status *status)
{
	assert_int_equal(status_print(fixture_text_open(text), status), 0);
	fixture_text_close(text);
}

static inline json_t *status_read(struct fixture_text *text, const struct status *status)
{
	json_error_t error;
	json_t *document;

	assert_int_equal(status_json_print(fixture_text_open(text), status), 0);
	document = json_loads(fixture_text_close(text), JSON_REJECT_DUPLICATES, &error);
	if (!document)
		fail_msg("line %d: %s", error.line, error.text);
	return document;
}

static inline json_int_t status_number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("'%s' is no integer", key);
	return json_integer_value(value);
}

#endif
