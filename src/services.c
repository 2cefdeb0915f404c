// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "json.h"
#include "names.h"
#include "portdb.h"
#include "porttable.h"
#include "services_private.h"
#include "utf8.h"

/* "22" or "8000-8999" */
static char *format_range(char out[RANGE_TEXT], uint32_t first, uint32_t last)
{
	if (first == last)
		snprintf(out, RANGE_TEXT, "%u", first);
	else
		snprintf(out, RANGE_TEXT, "%u-%u", first, last);
	return out;
}

char *services_range(char out[RANGE_TEXT], const struct portdb_entry *entry)
{
	return format_range(out, entry->first, entry->last);
}

void services_print_text(FILE *out, const char *text)
{
	for (size_t len; *text; text += len) {
		len = utf8_printable(text);
		if (len)
			fwrite(text, 1, len, out);
		else
			fputc(*text == '\n' || *text == '\t' ? ' ' : '?', out);
		len += !len;
	}
}

/* The ports that an entry owns, as "a,b-c"; cut with "..." where out is full. */
static void format_owned(char *out, size_t size, const struct porttable *table,
			 const struct portdb_entry *entry, size_t index)
{
	uint32_t first = entry->first, last;
	char range[RANGE_TEXT];
	size_t used = 0;

	snprintf(out, size, "none");
	for (; porttable_next_run(table, entry->transport, index, &first, &last);
	     first = last + 1) {
		format_range(range, first, last);
		if (used + strlen(range) + sizeof(",...") > size) {
			snprintf(out + used, size - used, "...");
			return;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "", range);
	}
}

static json_t *aliases_array(const struct portdb_entry *entry)
{
	json_t *array = json_array();

	for (const char *alias = entry->aliases; *alias; alias += *alias == '\n') {
		size_t len = strcspn(alias, "\n");

		json_array_append_new(array, json_stringn(alias, len));
		alias += len;
	}
	return array;
}

static json_t *owned_array(const struct porttable *table, const struct portdb_entry *entry,
			   size_t index)
{
	json_t *array = json_array();
	uint32_t first = entry->first, last;
	char range[RANGE_TEXT];

	for (; porttable_next_run(table, entry->transport, index, &first, &last); first = last + 1)
		json_array_append_new(array, json_string(format_range(range, first, last)));
	return array;
}

json_t *services_object(const struct portdb *db, const struct porttable *table, size_t index)
{
	const struct portdb_entry *entry = portdb_entry(db, index);
	json_t *object = json_object();

	json_put(object, "service", json_text(entry->name));
	json_put(object, "transport", json_text(transport_name(entry->transport)));
	json_put(object, "first", json_count(entry->first));
	json_put(object, "last", json_count(entry->last));
	json_put(object, "owns", owned_array(table, entry, index));
	json_put(object, "aliases", aliases_array(entry));
	json_put(object, "reference", json_text(entry->reference));
	json_put(object, "encryption", json_text(portdb_encryption_name(entry->encryption)));
	json_put(object, "description", json_text(entry->description));
	json_put(object, "srv", json_text(entry->srv));
	json_put(object, "used_by", json_text(entry->used_by));
	json_put(object, "file", json_text(portdb_file_name(db, entry->file)));
	json_put(object, "line", json_count(entry->line));
	return object;
}

static int print_json(FILE *out, const struct portdb *db, const struct porttable *table)
{
	json_t *document = json_object(), *array = json_array();

	for (size_t i = 0; i < portdb_count(db); i++)
		json_array_append_new(array, services_object(db, table, i));
	json_put(document, "entries", array);
	return json_print(out, document);
}

int services_print(FILE *out, const struct portdb *db, const struct porttable *table, bool json)
{
	if (json)
		return print_json(out, db, table);
	fprintf(out, "%-20s %-5s %-12s %-22s %-8s %s\n", "SERVICE", "PROTO", "PORTS", "OWNS",
		"ENCRYPT", "REFERENCE");
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);
		char range[RANGE_TEXT], owned[48];

		format_owned(owned, sizeof(owned), table, entry, i);
		fprintf(out, "%-20s %-5s %-12s %-22s %-8s ", entry->name,
			transport_name(entry->transport), services_range(range, entry), owned,
			portdb_encryption_name(entry->encryption));
		services_print_text(out, entry->reference);
		fputc('\n', out);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
