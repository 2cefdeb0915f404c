/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small additions to jansson, which does the escaping and the syntax. A value that could not be
 * made (out of memory) is left out by jansson and told by json_print().
 */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/*
 * jansson's integers are signed; a counter beyond 2^63 - 1 would take centuries, and stops there.
 */
json_t *json_count(uint64_t value);
/* A newly made object or array, with what it holds; steals both references. */
void json_put(json_t *object, const char *key, json_t *value);
/*
 * Text from the database or the kernel: bytes that are no UTF-8 become '?', so that no name spoils
 * a document.
 */
json_t *json_text(const char *text);
/* One document and a line feed; frees it. 0, or -EIO if it could not be made or written. */
int json_print(FILE *out, json_t *document);

#endif
