/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of the port database parser: feeds a text line by line, and writes down the
 * messages and the entries as text to compare. Included behind <cmocka.h>.
 */
#ifndef PORTDB_ACCOUNT_H
#define PORTDB_ACCOUNT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "portdb.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define OWN "Service Name,Port Number,Transport Protocol\n"
#define REGISTRY "Service Name,Port Number,Transport Protocol,Description,Assignee,Contact," \
		 "Registration Date,Modification Date,Reference,Service Code," \
		 "Unauthorized Use Reported,Assignment Notes\n"

/* Text that grows: the messages, each with '\n' behind it; or the entries. */
struct account {
	char text[16384];
	size_t len;
	size_t lines;
};

static inline void __attribute__((format(printf, 2, 3)))
note(struct account *account, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	account->len += (size_t)vsnprintf(account->text + account->len,
					  sizeof(account->text) - account->len, format, args);
	va_end(args);
	assert_true(account->len < sizeof(account->text));
}

static inline void note_message(void *ctx, const char *message)
{
	struct account *account = ctx;

	account->lines++;
	note(account, "%s\n", message);
}

static inline int parse(struct portdb *db, const char *name, const char *text, size_t len)
{
	const char *end = text + len;

	assert_int_equal(portdb_open(db, name), 0);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		assert_int_equal(portdb_feed(db, text, (size_t)(line_end - text)), 0);
		text = newline ? newline + 1 : end;
	}
	return portdb_finish(db);
}

/* "name(aliases) first-last/transport" and, where there is more, {description|reference|...}. */
static inline void note_entries(struct account *account, const struct portdb *db)
{
	static const char *const transports[] = { "tcp", "udp", "sctp", "dccp" };

	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);

		note(account, "%s%s", i ? "; " : "", entry->name);
		if (entry->aliases[0])
			note(account, "(%s)", entry->aliases);
		note(account, " %u-%u/%s @%u", entry->first, entry->last,
		     transports[entry->transport], entry->line);
		if (entry->description[0] || entry->reference[0] || entry->srv[0] ||
		    entry->used_by[0] || entry->encryption)
			note(account, " {%s|%s|%s|%s|%s}", entry->description, entry->reference,
			     portdb_encryption_name(entry->encryption), entry->srv,
			     entry->used_by);
	}
}

#endif
