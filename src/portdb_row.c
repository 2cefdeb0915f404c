// SPDX-License-Identifier: GPL-2.0-only

/* Rows of the port database to entries: what a name, a range, a transport may be. */

#include "portdb_private.h"

#include "names.h"
#include "parse_num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const encryptions[PORTDB_ENCRYPTIONS] = {
	[PORTDB_UNKNOWN] = "", [PORTDB_NONE] = "none",     [PORTDB_STARTTLS] = "starttls",
	[PORTDB_TLS] = "tls",  [PORTDB_NATIVE] = "native", [PORTDB_OPTIONAL] = "optional",
};

const char *portdb_encryption_name(enum portdb_encryption encryption)
{
	return encryptions[encryption];
}

static int find_word(const char *const *words, int count, const struct csv_field *cell)
{
	for (int i = 0; i < count; i++)
		if (portdb_text_is(cell->text, cell->len, words[i]))
			return i;
	return -1;
}

static bool check_name(struct portdb *db, const struct csv_field *cell, const char *what)
{
	if (cell->len == 0)
		portdb_error(db, cell->line, cell->column, "%s is empty", what);
	else if (cell->len > PORT_NAME_MAX)
		portdb_error(db, cell->line, cell->column, "%s is longer than %d bytes", what,
			     PORT_NAME_MAX);
	else if (portdb_text_has_control(cell->text, cell->len, ""))
		portdb_error(db, cell->line, cell->column, "control character in %s", what);
	else
		return true;
	return false;
}

/* One end of a range; whole is the range, quoted when the end is no number. */
static bool parse_port(struct portdb *db, const struct csv_field *whole, const char *text,
		       size_t len, uint16_t *port)
{
	uint32_t value = 0;
	int err = parse_u32(text, len, 65535, &value);

	if (err == 0 && value > 0) {
		*port = (uint16_t)value;
		return true;
	}
	if (err == -ERANGE)
		portdb_error(db, whole->line, whole->column, "port %s is above 65535",
			     portdb_text_quote(text, len).text);
	else if (err)
		portdb_error(db, whole->line, whole->column, "'%s' is not a port or a range",
			     portdb_text_quote(whole->text, whole->len).text);
	else
		portdb_error(db, whole->line, whole->column, "port 0 is not a port");
	return false;
}

static bool parse_ports(struct portdb *db, const struct csv_field *cell, struct portdb_entry *entry)
{
	const char *dash = memchr(cell->text, '-', cell->len);
	size_t len = dash ? (size_t)(dash - cell->text) : cell->len;

	if (cell->len == 0) {
		portdb_error(db, cell->line, cell->column, "port is empty");
		return false;
	}
	if (!parse_port(db, cell, cell->text, len, &entry->first))
		return false;
	entry->last = entry->first;
	if (dash && !parse_port(db, cell, dash + 1, cell->len - len - 1, &entry->last))
		return false;
	if (entry->first <= entry->last)
		return true;
	portdb_error(db, cell->line, cell->column, "range %u-%u is reversed", entry->first,
		     entry->last);
	return false;
}

static bool parse_transport(struct portdb *db, const struct csv_field *cell,
			    struct portdb_entry *entry)
{
	unsigned int found = transport_from_name(cell->text, cell->len);

	if (found < PORT_TRANSPORTS) {
		entry->transport = (enum port_transport)found;
		return true;
	}
	if (cell->len == 0)
		portdb_error(db, cell->line, cell->column, "transport is empty");
	else
		portdb_error(db, cell->line, cell->column, "unknown transport '%s'",
			     portdb_text_quote(cell->text, cell->len).text);
	return false;
}

static bool parse_encryption(struct portdb *db, const struct csv_field *cell,
			     struct portdb_entry *entry)
{
	int found = find_word(encryptions, PORTDB_ENCRYPTIONS, cell);

	if (found >= 0) {
		entry->encryption = (enum portdb_encryption)found;
		return true;
	}
	portdb_error(db, cell->line, cell->column, "unknown encryption '%s'",
		     portdb_text_quote(cell->text, cell->len).text);
	return false;
}

static bool check_text(struct portdb *db, const struct csv_field *cell, const char *what)
{
	if (!portdb_text_has_control(cell->text, cell->len, "\n\t"))
		return true;
	portdb_error(db, cell->line, cell->column, "control character in %s", what);
	return false;
}

/* Cuts the next alias off rest; empty ones are skipped. False at the end. */
static bool next_alias(struct csv_field *rest, const char *separators, struct csv_field *alias)
{
	while (rest->len > 0) {
		size_t len = 0;

		while (len < rest->len && !strchr(separators, rest->text[len]))
			len++;
		*alias = *rest;
		alias->len = len;
		*alias = portdb_text_trim(*alias);
		if (len < rest->len)
			len++;
		rest->text += len;
		rest->len -= len;
		if (alias->len > 0)
			return true;
	}
	return false;
}

static bool check_aliases(struct portdb *db, const struct portdb_row *row)
{
	struct csv_field rest = row->cells[PORTDB_ALIASES];
	struct csv_field alias;
	bool good = true;

	while (next_alias(&rest, row->alias_separators, &alias))
		good &= check_name(db, &alias, "alias");
	return good;
}

static const char *store_aliases(struct portdb *db, const struct portdb_row *row)
{
	struct csv_field rest = row->cells[PORTDB_ALIASES];
	struct csv_field alias;
	char *text, *end;

	if (rest.len == 0)
		return "";
	text = portdb_store_alloc(db, rest.len + 1, 1);
	if (!text)
		return NULL;
	end = text;
	while (next_alias(&rest, row->alias_separators, &alias)) {
		if (end != text)
			*end++ = '\n';
		memcpy(end, alias.text, alias.len);
		end += alias.len;
	}
	*end = '\0';
	return text;
}

static bool parse_row(struct portdb *db, const struct portdb_row *row, struct portdb_entry *entry)
{
	const struct csv_field *cells = row->cells;
	bool good = check_name(db, &cells[PORTDB_NAME], "name");

	good &= parse_ports(db, &cells[PORTDB_PORT], entry);
	good &= parse_transport(db, &cells[PORTDB_TRANSPORT], entry);
	good &= check_text(db, &cells[PORTDB_DESCRIPTION], "description");
	good &= check_text(db, &cells[PORTDB_REFERENCE], "reference");
	good &= check_aliases(db, row);
	good &= parse_encryption(db, &cells[PORTDB_ENCRYPTION], entry);
	good &= check_text(db, &cells[PORTDB_SRV], "SRV");
	good &= check_text(db, &cells[PORTDB_USED_BY], "used by");
	return good;
}

static int store_row(struct portdb *db, const struct portdb_row *row,
		     const struct portdb_entry *draft)
{
	const struct csv_field *cells = row->cells;
	struct portdb_entry *entry;

	entry = (void *)portdb_store_alloc(db, sizeof(*entry), _Alignof(struct portdb_entry));
	if (!entry)
		return -ENOMEM;
	*entry = *draft;
	entry->name = portdb_store_text(db, cells[PORTDB_NAME].text, cells[PORTDB_NAME].len);
	entry->aliases = store_aliases(db, row);
	entry->description = portdb_store_text(db, cells[PORTDB_DESCRIPTION].text,
					       cells[PORTDB_DESCRIPTION].len);
	entry->reference =
		portdb_store_text(db, cells[PORTDB_REFERENCE].text, cells[PORTDB_REFERENCE].len);
	entry->srv = portdb_store_text(db, cells[PORTDB_SRV].text, cells[PORTDB_SRV].len);
	entry->used_by =
		portdb_store_text(db, cells[PORTDB_USED_BY].text, cells[PORTDB_USED_BY].len);
	if (!entry->name || !entry->aliases || !entry->description || !entry->reference ||
	    !entry->srv || !entry->used_by)
		return -ENOMEM;
	return portdb_store_add(db, entry);
}

static void note_double(struct portdb *db, const struct csv_field *at,
			const struct portdb_entry *entry, uint32_t first_line)
{
	char ports[sizeof("65535-65535")] = "";

	if (db->input.format != PORTDB_OWN) {
		db->input.passed_over++;
		return;
	}
	if (entry->first == entry->last)
		snprintf(ports, sizeof(ports), "%u", entry->first);
	else
		snprintf(ports, sizeof(ports), "%u-%u", entry->first, entry->last);
	portdb_error(db, at->line, at->column, "'%s' %s/%s is on line %u already", entry->name,
		     ports, transport_name(entry->transport), first_line);
}

/* The bounds of the whole database. Past one of them every further row would say the same. */
static bool check_room(struct portdb *db, const struct csv_field *at,
		       const struct portdb_entry *entry)
{
	if (db->stored == PORTDB_ENTRIES_MAX)
		portdb_error(db, at->line, at->column, "more than %d entries", PORTDB_ENTRIES_MAX);
	else if (db->services_count == PORTDB_SERVICES_MAX && !portdb_store_has_service(db, entry))
		portdb_error(db, at->line, at->column, "more than %d services",
			     PORTDB_SERVICES_MAX);
	else
		return true;
	db->input.stopped = true;
	return false;
}

int portdb_row_add(struct portdb *db, const struct portdb_row *row)
{
	const struct csv_field *cell = &row->cells[PORTDB_NAME];
	char name[PORT_NAME_MAX + 1] = "";
	struct portdb_entry entry = {
		.name = name,
		.file = db->files_count,
		.line = cell->line,
	};
	const struct portdb_entry *twin;

	if (!parse_row(db, row, &entry))
		return 0;
	memcpy(name, cell->text, cell->len);
	twin = portdb_store_find(db, &entry);
	if (twin) {
		note_double(db, cell, &entry, twin->line);
		return 0;
	}
	if (!check_room(db, cell, &entry))
		return 0;
	return store_row(db, row, &entry);
}
