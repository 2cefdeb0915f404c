/* SPDX-License-Identifier: GPL-2.0-only */
/* What services.c (the listing) and services_lookup.c share. */
#ifndef SERVICES_PRIVATE_H
#define SERVICES_PRIVATE_H

#include "json.h"
#include "services.h"

#define RANGE_TEXT 16 /* "65535-65535" and NUL */

struct portdb_entry;

char *services_range(char out[RANGE_TEXT], const struct portdb_entry *entry);
/*
 * On one line: the registry's texts have line feeds and tabs in them, and a file may be named
 * anything.
 */
void services_print_text(FILE *out, const char *text);
json_t *services_object(const struct portdb *db, const struct porttable *table, size_t index);

#endif
