/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Databases for tests of the whole kernel half: once as the project's own port table, once as the
 * reference's entries. A random one has several hundred entries in two files; ranges lie over each
 * other within and between them, and many begin or end at system ports and where clients live. For
 * the same seed it is the same. What is wrong fails an assertion of cmocka.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include <stddef.h>
#include <stdint.h>

#include "porttable.h"
#include "reference.h"

struct database {
	struct ref_entry *entries;
	size_t entries_len;
	uint16_t *ports; /* at and around the ends of the entries, for frames to use */
	size_t ports_len;
	uint32_t slots_end;
	struct porttable table;
};

struct database *database_make(uint64_t seed);
/* One of a single file in the format of services(5). */
struct database *database_parse(const char *text);
/* NULL is taken. */
void database_free(struct database *database);

#endif
