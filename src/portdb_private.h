/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the port database parser share. A line travels
 *	portdb.c (files, errors) -> portdb_formats.c (lines to rows)
 *	-> portdb_row.c (rows to entries) -> portdb_store.c (entries to memory)
 */
#ifndef PORTDB_PRIVATE_H
#define PORTDB_PRIVATE_H

#include "csv.h"
#include "portdb.h"

enum portdb_format {
	PORTDB_NO_FORMAT, /* no significant line yet */
	PORTDB_HEADER,    /* inside a CSV header that spans lines */
	PORTDB_OWN,
	PORTDB_REGISTRY,
	PORTDB_SERVICES,
};

enum portdb_column {
	PORTDB_NAME,
	PORTDB_PORT,
	PORTDB_TRANSPORT,
	PORTDB_REQUIRED, /* the columns before this one */
	PORTDB_DESCRIPTION = PORTDB_REQUIRED,
	PORTDB_REFERENCE,
	PORTDB_ALIASES,
	PORTDB_ENCRYPTION,
	PORTDB_SRV,
	PORTDB_USED_BY,
	PORTDB_COLUMNS,
};

/* One entry as text, whatever format it came in. Absent cells are empty. */
struct portdb_row {
	struct csv_field cells[PORTDB_COLUMNS];
	const char *alias_separators;
};

/* The file being read. */
struct portdb_input {
	bool open;
	bool stopped; /* the rest of the file is ignored */
	int failure;  /* 0 or -ENOMEM */
	const char *name;
	enum portdb_format format;
	uint32_t line;
	uint32_t errors;
	size_t passed_over;
	struct csv csv;
	bool record_bad; /* a line of the record in progress has an error of its own */
	size_t header_count;
	size_t places[PORTDB_COLUMNS]; /* of the columns in the row, from 1; 0: absent */
	void *rows; /* tsearch(3) tree of the file's entries, to find those given twice */
};

struct portdb_chunk {
	struct portdb_chunk *older;
	size_t used, room;
	char bytes[];
};

struct portdb_file {
	const char *name;
	size_t passed_over;
};

struct portdb {
	portdb_report_fn report;
	void *ctx;
	struct portdb_chunk *chunks; /* strings and entries; the newest first */
	struct portdb_entry **entries;
	size_t count;  /* entries of accepted files */
	size_t stored; /* and of the file being read */
	size_t room;
	void *services; /* tsearch(3) tree: the first entry of each (name, transport) */
	size_t services_count;
	struct portdb_file *files;
	uint32_t files_count;
	struct portdb_chunk *mark; /* where chunks and used stood when the file was opened */
	size_t mark_used;
	struct portdb_input input;
};

/* portdb.c */
void portdb_error(struct portdb *db, uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* portdb_formats.c; 0 or -ENOMEM. */
int portdb_read_line(struct portdb *db, const char *line, size_t len);
void portdb_read_end(struct portdb *db);

/* portdb_row.c; 0 or -ENOMEM. */
int portdb_row_add(struct portdb *db, const struct portdb_row *row);

/* portdb_store.c */
char *portdb_store_alloc(struct portdb *db, size_t size, size_t align);
/* A copy that ends in NUL, or NULL. */
const char *portdb_store_text(struct portdb *db, const char *text, size_t len);
/* The entry of the file being read with this name, transport and ports, or NULL. */
const struct portdb_entry *portdb_store_find(const struct portdb *db,
					     const struct portdb_entry *like);
bool portdb_store_has_service(const struct portdb *db, const struct portdb_entry *like);
/* entry lies in the portdb's memory already. 0 or -ENOMEM. */
int portdb_store_add(struct portdb *db, struct portdb_entry *entry);
void portdb_store_begin(struct portdb *db);
void portdb_store_commit(struct portdb *db);
/* Takes back everything since portdb_store_begin(). */
void portdb_store_revert(struct portdb *db);
void portdb_store_free(struct portdb *db);

/* portdb_text.c */
struct portdb_quote {
	char text[48];
};
/* The beginning of a text for a message. */
struct portdb_quote portdb_text_quote(const char *text, size_t len);
/* Offset of the first byte that is NUL or not UTF-8 (RFC 3629); len if there is none. */
size_t portdb_text_check(const char *text, size_t len);
/* Whether there is a control character (C0, DEL, C1) other than those in allowed. */
bool portdb_text_has_control(const char *text, size_t len, const char *allowed);
bool portdb_text_is(const char *text, size_t len, const char *word);
/* Without white space at both ends; line and column stay. */
struct csv_field portdb_text_trim(struct csv_field field);

#endif
