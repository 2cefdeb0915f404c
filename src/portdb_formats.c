// SPDX-License-Identifier: GPL-2.0-only

/* The three formats of the port database: which one a file is in, and its lines to rows. */

#include "portdb_private.h"

#include <string.h>

static const char *const columns[PORTDB_COLUMNS] = {
	[PORTDB_NAME] = "Service Name",
	[PORTDB_PORT] = "Port Number",
	[PORTDB_TRANSPORT] = "Transport Protocol",
	[PORTDB_DESCRIPTION] = "Description",
	[PORTDB_REFERENCE] = "Reference",
	[PORTDB_ALIASES] = "Aliases",
	[PORTDB_ENCRYPTION] = "Encryption",
	[PORTDB_SRV] = "SRV",
	[PORTDB_USED_BY] = "Used By",
};

/* Columns that only the registry has. */
static const char *const registry_columns[] = { "Registration Date", "Assignment Notes" };

/* Of transports without ports in our sense: AppleTalk's sockets, in Debian's /etc/services. */
static const char foreign_transport[] = "ddp";

/* A line of services(5) and how far it has been read. */
struct scan {
	const char *line;
	size_t len, pos;
	uint32_t number;
};

static struct csv_field cut_field(const struct scan *scan, size_t start, size_t end)
{
	return (struct csv_field){
		.text = scan->line + start,
		.len = end - start,
		.line = scan->number,
		.column = (uint32_t)start + 1,
	};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without blanks at both ends, and where it really starts. */
static struct csv_field cut_trimmed(const struct scan *scan, size_t start, size_t end)
{
	while (start < end && is_blank(scan->line[start]))
		start++;
	return portdb_text_trim(cut_field(scan, start, end));
}

/* The next word; an empty one at the line's end. */
static struct csv_field next_word(struct scan *scan)
{
	size_t start;

	while (scan->pos < scan->len && is_blank(scan->line[scan->pos]))
		scan->pos++;
	start = scan->pos;
	while (scan->pos < scan->len && !is_blank(scan->line[scan->pos]))
		scan->pos++;
	return cut_field(scan, start, scan->pos);
}

static bool is_blank_or_comment(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && is_blank(line[i]))
		i++;
	return i == len || line[i] == '#';
}

/* Loose on purpose: a file that begins with "ssh 70000/tcp" shall be told about its port. */
static bool is_services_line(const char *line, size_t len)
{
	struct scan scan = { .line = line, .len = len };
	struct csv_field word;
	size_t digits = 0;

	next_word(&scan);
	word = next_word(&scan);
	while (digits < word.len && strchr("0123456789-", word.text[digits]))
		digits++;
	return digits > 0 && digits < word.len && word.text[digits] == '/';
}

static void fill_row(struct portdb_row *row, uint32_t line, const char *alias_separators)
{
	for (int i = 0; i < PORTDB_COLUMNS; i++)
		row->cells[i] = (struct csv_field){ .text = "", .line = line, .column = 1 };
	row->alias_separators = alias_separators;
}

/* "port/transport" into its two cells. */
static bool split_endpoint(struct portdb *db, const struct csv_field *word, struct portdb_row *row)
{
	const char *slash = memchr(word->text, '/', word->len);
	struct csv_field *port = &row->cells[PORTDB_PORT];
	struct csv_field *transport = &row->cells[PORTDB_TRANSPORT];

	if (!slash) {
		if (word->len == 0)
			portdb_error(db, word->line, word->column, "port/transport is missing");
		else
			portdb_error(db, word->line, word->column, "'%s' is not port/transport",
				     portdb_text_quote(word->text, word->len).text);
		return false;
	}
	*port = *word;
	port->len = (size_t)(slash - word->text);
	*transport = *word;
	transport->text = slash + 1;
	transport->len -= port->len + 1;
	transport->column += (uint32_t)port->len + 1;
	return true;
}

static int read_services_line(struct portdb *db, const char *line, size_t len)
{
	struct scan scan = { .line = line, .len = len, .number = db->input.line };
	const char *hash = memchr(line, '#', len);
	const struct csv_field *transport;
	struct portdb_row row;
	struct csv_field endpoint;

	fill_row(&row, scan.number, " \t");
	if (hash) {
		scan.len = (size_t)(hash - line);
		row.cells[PORTDB_DESCRIPTION] = cut_trimmed(&scan, scan.len + 1, len);
	}
	row.cells[PORTDB_NAME] = next_word(&scan);
	endpoint = next_word(&scan);
	if (!split_endpoint(db, &endpoint, &row))
		return 0;
	row.cells[PORTDB_ALIASES] = cut_trimmed(&scan, scan.pos, scan.len);
	transport = &row.cells[PORTDB_TRANSPORT];
	if (portdb_text_is(transport->text, transport->len, foreign_transport)) {
		db->input.passed_over++;
		return 0;
	}
	return portdb_row_add(db, &row);
}

static void note_column(struct portdb *db, size_t i)
{
	const struct csv_field *field = &db->input.csv.fields[i];
	const struct csv_field title = portdb_text_trim(*field);

	for (size_t r = 0; r < sizeof(registry_columns) / sizeof(registry_columns[0]); r++)
		if (portdb_text_is(title.text, title.len, registry_columns[r]))
			db->input.format = PORTDB_REGISTRY;
	for (int c = 0; c < PORTDB_COLUMNS; c++) {
		if (!portdb_text_is(title.text, title.len, columns[c]))
			continue;
		if (db->input.places[c])
			portdb_error(db, field->line, field->column, "column '%s' is there twice",
				     columns[c]);
		else
			db->input.places[c] = i + 1;
	}
}

/* Without a sound header no row means anything, so the rest of the file is ignored. */
static void read_header(struct portdb *db)
{
	struct portdb_input *input = &db->input;
	const struct csv *csv = &input->csv;
	uint32_t errors_before = input->errors;
	uint32_t line = csv->fields[0].line;
	int found = 0;

	input->format = PORTDB_OWN;
	input->header_count = csv->count;
	for (size_t i = 0; i < csv->count; i++)
		note_column(db, i);
	for (int c = 0; c < PORTDB_REQUIRED; c++)
		found += input->places[c] != 0;
	if (found == 0)
		portdb_error(db, line, 1,
			     "neither services(5) nor CSV with the columns '%s', '%s' and '%s'",
			     columns[PORTDB_NAME], columns[PORTDB_PORT], columns[PORTDB_TRANSPORT]);
	else if (csv->error.what)
		portdb_error(db, csv->error.line, csv->error.column, "%s", csv->error.what);
	for (int c = 0; found > 0 && c < PORTDB_REQUIRED; c++)
		if (!input->places[c])
			portdb_error(db, line, 1, "the header lacks the column '%s'", columns[c]);
	input->stopped = input->errors > errors_before;
}

/* Whether the registry's row assigns no port: reserved, unassigned, or a name only. */
static bool is_incomplete(const struct portdb_row *row)
{
	for (int c = 0; c < PORTDB_REQUIRED; c++)
		if (row->cells[c].len == 0)
			return true;
	return false;
}

static int read_record(struct portdb *db)
{
	struct portdb_input *input = &db->input;
	const struct csv *csv = &input->csv;
	struct portdb_row row;

	if (input->format == PORTDB_OWN && csv->count != input->header_count) {
		portdb_error(db, csv->fields[0].line, 1, "row has %zu columns, the header has %zu",
			     csv->count, input->header_count);
		return 0;
	}
	fill_row(&row, csv->fields[0].line, ";");
	for (int c = 0; c < PORTDB_COLUMNS; c++)
		if (input->places[c] && input->places[c] <= csv->count)
			row.cells[c] = portdb_text_trim(csv->fields[input->places[c] - 1]);
	if (input->format == PORTDB_REGISTRY && is_incomplete(&row)) {
		input->passed_over++;
		return 0;
	}
	return portdb_row_add(db, &row);
}

static int read_csv_line(struct portdb *db, const char *line, size_t len)
{
	struct portdb_input *input = &db->input;
	const struct csv_error *error = &input->csv.error;
	bool complete, bad;
	int err;

	err = csv_feed(&input->csv, line, len, input->line, &complete);
	if (err || !complete)
		return err;
	bad = input->record_bad;
	input->record_bad = false;
	if (input->format == PORTDB_HEADER) {
		read_header(db);
		return 0;
	}
	if (error->what)
		portdb_error(db, error->line, error->column, "%s", error->what);
	return bad || error->what ? 0 : read_record(db);
}

int portdb_read_line(struct portdb *db, const char *line, size_t len)
{
	struct portdb_input *input = &db->input;

	if (!input->csv.in_quotes && is_blank_or_comment(line, len)) {
		input->record_bad = false;
		return 0;
	}
	if (input->format == PORTDB_NO_FORMAT) {
		input->format = is_services_line(line, len) ? PORTDB_SERVICES : PORTDB_HEADER;
		if (input->record_bad && input->format == PORTDB_HEADER) {
			input->stopped = true; /* most likely no text at all */
			return 0;
		}
	}
	if (input->format != PORTDB_SERVICES)
		return read_csv_line(db, line, len);
	if (!input->record_bad)
		return read_services_line(db, line, len);
	input->record_bad = false;
	return 0;
}

void portdb_read_end(struct portdb *db)
{
	struct portdb_input *input = &db->input;
	const struct csv *csv = &input->csv;

	if (csv->in_quotes) {
		if (csv->error.what)
			portdb_error(db, csv->error.line, csv->error.column, "%s", csv->error.what);
		portdb_error(db, csv->quote_line, csv->quote_column, "quote is not closed");
	} else if (input->format == PORTDB_NO_FORMAT && input->errors == 0) {
		portdb_error(db, 1, 1, "no entries");
	}
}
