// SPDX-License-Identifier: GPL-2.0-only

/* The port database: its files, its errors, its entries. */

#include "portdb_private.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MESSAGE_ROOM (PATH_MAX + 512)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct portdb *portdb_new(portdb_report_fn report, void *ctx)
{
	struct portdb *db = calloc(1, sizeof(*db));

	if (!db)
		return NULL;
	db->report = report;
	db->ctx = ctx;
	return db;
}

void portdb_free(struct portdb *db)
{
	if (!db)
		return;
	csv_fini(&db->input.csv);
	portdb_store_free(db);
	free(db->files);
	free(db);
}

/* The last gate before a terminal: nothing from a file or of a file's name may steer it. */
static void send_message(const struct portdb *db, char *message)
{
	if (!db->report)
		return;
	for (char *c = message; *c; c++) {
		/* C1 characters take two bytes. */
		size_t len = *c == '\xc2' && c[1] ? 2 : 1;

		if (portdb_text_has_control(c, len, ""))
			memset(c, '?', len);
	}
	db->report(db->ctx, message);
}

void portdb_error(struct portdb *db, uint32_t line, uint32_t column, const char *format, ...)
{
	struct portdb_input *input = &db->input;
	char message[MESSAGE_ROOM];
	int len;
	va_list args;

	input->errors++;
	if (input->errors > PORTDB_ERRORS_MAX + 1)
		return;
	if (input->errors > PORTDB_ERRORS_MAX) {
		snprintf(message, sizeof(message), "%.*s: too many errors", PATH_MAX, input->name);
		send_message(db, message);
		return;
	}
	len = snprintf(message, sizeof(message), "%.*s:%u:%u: ", PATH_MAX, input->name, line,
		       column);
	va_start(args, format);
	vsnprintf(message + len, sizeof(message) - (size_t)len, format, args);
	va_end(args);
	send_message(db, message);
}

void portdb_report(struct portdb *db, const char *format, ...)
{
	char message[MESSAGE_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (db->input.open) {
		db->input.stopped = true;
		db->input.errors++;
	}
	send_message(db, message);
}

int portdb_open(struct portdb *db, const char *name)
{
	struct portdb_input *input = &db->input;
	struct portdb_file *files;

	if (input->open)
		return -EBUSY;
	/* Room for this file now, so that portdb_finish() cannot fail for it. */
	files = realloc(db->files, (db->files_count + 1) * sizeof(*files));
	if (!files)
		return -ENOMEM;
	db->files = files;
	portdb_store_begin(db);
	*input = (struct portdb_input){ .name = portdb_store_text(db, name, strlen(name)) };
	if (!input->name) {
		portdb_store_revert(db);
		return -ENOMEM;
	}
	csv_init(&input->csv);
	input->open = true;
	return 0;
}

/* Whether the line may be read; it may not lie outside what this program understands as text. */
static bool check_line(struct portdb *db, const char *line, size_t len)
{
	struct portdb_input *input = &db->input;
	size_t bad;

	if (len > PORTDB_LINE_MAX) {
		portdb_error(db, input->line, PORTDB_LINE_MAX + 1, "line is longer than %d bytes",
			     PORTDB_LINE_MAX);
		/* What is left of the line cannot tell whether a quote is open behind it. */
		csv_reset(&input->csv);
		input->record_bad = false;
		return false;
	}
	bad = portdb_text_check(line, len);
	if (bad == len)
		return true;
	portdb_error(db, input->line, (uint32_t)bad + 1, "%s",
		     line[bad] ? "invalid UTF-8" : "NUL byte");
	input->record_bad = true;
	return true;
}

int portdb_feed(struct portdb *db, const char *line, size_t len)
{
	const size_t mark_len = sizeof(BYTE_ORDER_MARK) - 1;
	struct portdb_input *input = &db->input;

	if (!input->open)
		return -EBADF;
	if (input->failure || input->stopped)
		return input->failure;
	input->line++;
	if (input->line == 1 && len >= mark_len && memcmp(line, BYTE_ORDER_MARK, mark_len) == 0) {
		line += mark_len;
		len -= mark_len;
	}
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (check_line(db, line, len))
		input->failure = portdb_read_line(db, line, len);
	return input->failure;
}

int portdb_finish(struct portdb *db)
{
	struct portdb_input *input = &db->input;
	int err;

	if (!input->open)
		return -EBADF;
	if (!input->stopped && !input->failure)
		portdb_read_end(db);
	err = input->failure ? input->failure : input->errors ? -EINVAL : 0;
	csv_fini(&input->csv);
	input->open = false;
	if (err) {
		portdb_store_revert(db);
		return err;
	}
	portdb_store_commit(db);
	db->files[db->files_count++] = (struct portdb_file){ input->name, input->passed_over };
	return 0;
}

size_t portdb_count(const struct portdb *db)
{
	return db->count;
}

const struct portdb_entry *portdb_entry(const struct portdb *db, size_t i)
{
	return db->entries[i];
}

const char *portdb_file_name(const struct portdb *db, uint32_t file)
{
	return db->files[file].name;
}

size_t portdb_passed_over(const struct portdb *db, uint32_t file)
{
	return db->files[file].passed_over;
}

bool portdb_entry_is(const struct portdb_entry *entry, const char *name)
{
	const char *alias = entry->aliases;

	if (strcasecmp(entry->name, name) == 0)
		return true;
	while (*alias) {
		size_t len = strcspn(alias, "\n");

		if (portdb_text_is(alias, len, name))
			return true;
		alias += len;
		alias += *alias == '\n';
	}
	return false;
}
