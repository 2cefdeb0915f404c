// SPDX-License-Identifier: GPL-2.0-only

/* A push reader for CSV (RFC 4180). */

#include "csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRING(x) #x
#define NUMBER(x) STRING(x)

/* One line on its way through the reader. */
struct cursor {
	const char *line;
	size_t len, pos;
	uint32_t number;
};

void csv_init(struct csv *csv)
{
	*csv = (struct csv){};
}

void csv_fini(struct csv *csv)
{
	free(csv->text);
	csv_init(csv);
}

void csv_reset(struct csv *csv)
{
	csv->count = 0;
	csv->len = 0;
	csv->bytes = 0;
	csv->in_quotes = false;
	csv->error = (struct csv_error){};
}

static void note_error(struct csv *csv, const char *what, uint32_t line, size_t column)
{
	if (!csv->error.what)
		csv->error = (struct csv_error){ what, line, (uint32_t)column };
}

static int reserve_text(struct csv *csv, size_t more)
{
	size_t room = csv->room ? csv->room : 1024;
	char *text;

	while (room - csv->len < more)
		room *= 2;
	if (room == csv->room)
		return 0;
	text = realloc(csv->text, room);
	if (!text)
		return -ENOMEM;
	csv->text = text;
	csv->room = room;
	return 0;
}

/* Room was reserved for the whole line, as no field is longer than what it was read from. */
static void append_text(struct csv *csv, const char *text, size_t len)
{
	if (csv->bytes > CSV_RECORD_MAX || len == 0)
		return;
	memcpy(csv->text + csv->len, text, len);
	csv->len += len;
	csv->fields[csv->count - 1].len += len;
}

/* From where the cursor is; end if the byte is not before it. */
static size_t find_byte(const struct cursor *at, int byte, size_t end)
{
	const char *found = memchr(at->line + at->pos, byte, end - at->pos);

	return found ? (size_t)(found - at->line) : end;
}

/* From inside quotes to the comma behind the closing quote, or to the line's end. */
static void scan_quoted(struct csv *csv, struct cursor *at)
{
	while (csv->in_quotes) {
		size_t quote = find_byte(at, '"', at->len);

		append_text(csv, at->line + at->pos, quote - at->pos);
		at->pos = quote;
		if (quote == at->len)
			return;
		at->pos++;
		if (at->pos < at->len && at->line[at->pos] == '"') {
			append_text(csv, "\"", 1);
			at->pos++;
		} else {
			csv->in_quotes = false;
		}
	}
	if (at->pos < at->len && at->line[at->pos] != ',') {
		note_error(csv, "text after a closing quote", at->number, at->pos + 1);
		at->pos = find_byte(at, ',', at->len);
	}
}

static void scan_unquoted(struct csv *csv, struct cursor *at)
{
	size_t end = find_byte(at, ',', at->len);
	size_t quote = find_byte(at, '"', end);

	if (quote < end)
		note_error(csv, "quote inside an unquoted field", at->number, quote + 1);
	append_text(csv, at->line + at->pos, end - at->pos);
	at->pos = end;
}

static void scan_field(struct csv *csv, struct cursor *at)
{
	if (csv->count == CSV_FIELDS_MAX)
		note_error(csv, "more than " NUMBER(CSV_FIELDS_MAX) " columns", at->number,
			   at->pos + 1);
	else
		csv->fields[csv->count++] = (struct csv_field){
			.line = at->number,
			.column = (uint32_t)at->pos + 1,
		};
	if (at->pos == at->len || at->line[at->pos] != '"') {
		scan_unquoted(csv, at);
		return;
	}
	csv->in_quotes = true;
	csv->quote_line = at->number;
	csv->quote_column = (uint32_t)at->pos + 1;
	at->pos++;
	scan_quoted(csv, at);
}

/* The fields lie one behind the other; only now has their buffer stopped moving. */
static void place_fields(struct csv *csv)
{
	const char *text = csv->text;

	for (size_t i = 0; i < csv->count; i++) {
		csv->fields[i].text = text;
		text += csv->fields[i].len;
	}
}

int csv_feed(struct csv *csv, const char *line, size_t len, uint32_t number, bool *complete)
{
	struct cursor at = { .line = line, .len = len, .number = number };

	*complete = false;
	if (!csv->in_quotes)
		csv_reset(csv);
	csv->bytes += len + 1;
	if (reserve_text(csv, csv->bytes > CSV_RECORD_MAX ? 0 : len + 1))
		return -ENOMEM;
	if (csv->bytes > CSV_RECORD_MAX)
		note_error(csv, "record is longer than " NUMBER(CSV_RECORD_MAX) " bytes",
			   csv->count ? csv->fields[0].line : number, 1);
	if (csv->in_quotes) {
		append_text(csv, "\n", 1);
		scan_quoted(csv, &at);
	} else {
		scan_field(csv, &at);
	}
	while (!csv->in_quotes && at.pos < len) {
		at.pos++;
		scan_field(csv, &at);
	}
	*complete = !csv->in_quotes;
	place_fields(csv);
	return 0;
}
