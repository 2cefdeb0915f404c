// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

json_t *json_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void json_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy;

	if (value)
		return value;
	copy = strdup(text);
	for (char *c = copy; c && *c;) {
		size_t len = utf8_length(c, strnlen(c, 4));

		if (!len)
			*c = '?';
		c += len ? len : 1;
	}
	value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

int json_print(FILE *out, json_t *document)
{
	const size_t flags =
		JSON_INDENT(2) | JSON_REAL_PRECISION(12) | JSON_ENCODE_ANY; /* a bare null too */
	int err = !document || json_dumpf(document, out, flags) ? -EIO : 0;

	json_decref(document);
	fputc('\n', out);
	return fflush(out) || ferror(out) ? -EIO : err;
}
