/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The port database: text in, entries out. A push parser that opens no file: portdb_open() starts a
 * file, portdb_feed() takes it line by line, portdb_finish() accepts or refuses it whole.
 *
 * Formats, recognised by the first line that is neither blank nor a comment ('#'), behind a UTF-8
 * byte order mark if there is one:
 *  - CSV (RFC 4180) with a header line that names the columns "Service Name", "Port Number" and
 *    "Transport Protocol", in any order and among any others. A column "Registration Date" or
 *    "Assignment Notes" makes it the IANA registry as published: rows without name, port or
 *    transport and rows given twice are passed over, short rows are padded, surplus fields ignored.
 *    Without these it is the project's own format: the same are errors. Optional columns of both:
 *    Description, Reference, Aliases (separated by ';'), Encryption, SRV, "Used By".
 *    Comment lines may stand between the rows.
 *  - services(5), "name port/transport [aliases...] [# description]", ranges too: rows given twice
 *    and AppleTalk's transport "ddp" are passed over.
 * Transports, column names and encryption names may be written in either case.
 *
 * Errors go to the callback as "FILE:LINE:COLUMN: what", at most PORTDB_ERRORS_MAX a file and then
 * "FILE: too many errors". Lines and columns count from 1, columns in bytes behind a byte order
 * mark; what is wrong with a CSV field stands at its first byte, an opening quote included.
 * Messages hold no control characters and only the beginning of what they quote.
 * A file with an error adds no entry, and leaves the portdb as it was before portdb_open().
 * All strings belong to the portdb and live until portdb_free(); absent ones are "", never NULL.
 */
#ifndef PORTDB_H
#define PORTDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_abi.h"

#define PORTDB_ERRORS_MAX 20
#define PORTDB_LINE_MAX 65536                                 /* bytes, without the line's end */
#define PORTDB_SERVICES_MAX (PORT_SLOT_END - PORT_SLOT_FIRST) /* of all files together */
#define PORTDB_ENTRIES_MAX 131072 /* of all files together; bounds the memory */

enum portdb_encryption {
	PORTDB_UNKNOWN,  /* "" */
	PORTDB_NONE,     /* plaintext only */
	PORTDB_STARTTLS, /* plaintext that may turn to TLS on the same connection */
	PORTDB_TLS,      /* TLS from the first byte */
	PORTDB_NATIVE,   /* the protocol itself encrypts, as SSH and QUIC do */
	PORTDB_OPTIONAL, /* depends on the product or its settings */
	PORTDB_ENCRYPTIONS,
};

/*
 * Every text is UTF-8 without control characters, except that description, reference, srv and
 * used_by may hold '\n' and '\t': the registry's descriptions run over several lines.
 */
struct portdb_entry {
	const char *name;    /* 1 to PORT_NAME_MAX bytes */
	const char *aliases; /* further names, each followed by '\n' except the last */
	const char *description;
	const char *reference; /* as in the registry: "[RFC4253]" */
	const char *srv;       /* DNS SRV label, "_imap._tcp" */
	const char *used_by;
	uint16_t first, last; /* inclusive, 1 to 65535, host byte order */
	enum port_transport transport;
	enum portdb_encryption encryption;
	uint32_t file; /* 0 for the first file accepted, and so on; later ones win */
	uint32_t line; /* where the entry starts */
};

struct portdb;

typedef void (*portdb_report_fn)(void *ctx, const char *message);

/* NULL if there is no memory. report may be NULL. */
struct portdb *portdb_new(portdb_report_fn report, void *ctx);
void portdb_free(struct portdb *db);

/* name is for messages, and is copied. 0, -ENOMEM, or -EBUSY if a file is open already. */
int portdb_open(struct portdb *db, const char *name);
/*
 * One line without its '\n' (a '\r' before it may be there). Errors in the text are kept for
 * portdb_finish(). 0, -ENOMEM, or -EBADF if no file is open.
 */
int portdb_feed(struct portdb *db, const char *line, size_t len);
/*
 * Closes the file. 0: its entries are in. -EINVAL: it had errors, which were reported; nothing was
 * added. -ENOMEM: nothing was added. -EBADF if no file is open.
 */
int portdb_finish(struct portdb *db);

/*
 * Sends a message of the caller's through the callback. If a file is open, the rest of it is
 * ignored and portdb_finish() refuses it: for whoever feeds the parser and cannot go on.
 */
void portdb_report(struct portdb *db, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Entries in database order: by file, then by line. They do not move until portdb_free(). */
size_t portdb_count(const struct portdb *db);
const struct portdb_entry *portdb_entry(const struct portdb *db, size_t i);
const char *portdb_file_name(const struct portdb *db, uint32_t file);
/* How many rows of a file were passed over, for the reasons given above. */
size_t portdb_passed_over(const struct portdb *db, uint32_t file);
/* Whether name is the entry's service name or an alias; case is ignored (RFC 6335 section 5.1). */
bool portdb_entry_is(const struct portdb_entry *entry, const char *name);

/* As in the column Encryption; "" for PORTDB_UNKNOWN. */
const char *portdb_encryption_name(enum portdb_encryption encryption);

#endif
