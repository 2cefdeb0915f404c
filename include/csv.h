/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A push reader for CSV (RFC 4180): fed line by line, it yields records of fields. Quoted fields
 * may hold commas, quotes (doubled) and line breaks; a line break inside quotes becomes '\n',
 * whatever the file's line ends are. Spaces belong to the field. Lines and columns count from 1,
 * columns in bytes.
 *
 * A record that breaks the rules is read to its end all the same, so that reading can go on behind
 * it; error then says what is wrong first. CSV_RECORD_MAX and CSV_FIELDS_MAX bound the memory.
 */
#ifndef CSV_H
#define CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_FIELDS_MAX 256
#define CSV_RECORD_MAX 1048576 /* bytes of all lines of a record, line ends included */

/* A text (not ended by NUL) and where it starts: for a quoted field, at its opening quote. */
struct csv_field {
	const char *text;
	size_t len;
	uint32_t line, column;
};

struct csv_error {
	const char *what; /* a constant, or NULL: no error */
	uint32_t line, column;
};

struct csv {
	struct csv_field fields[CSV_FIELDS_MAX]; /* valid until the next csv_feed() */
	size_t count;
	struct csv_error error;
	bool in_quotes;                    /* the record goes on in the next line */
	uint32_t quote_line, quote_column; /* of the last opening quote */

	/* private: the fields' texts one behind the other; the bytes that the record has taken */
	char *text;
	size_t len, room;
	size_t bytes;
};

void csv_init(struct csv *csv);
void csv_fini(struct csv *csv);
/* Forgets the record in progress. */
void csv_reset(struct csv *csv);

/*
 * Takes one line without its line end; number is its line number. *complete tells whether a record
 * ends with it: then fields, count and error describe that record. Returns 0 or -ENOMEM.
 */
int csv_feed(struct csv *csv, const char *line, size_t len, uint32_t number, bool *complete);

#endif
