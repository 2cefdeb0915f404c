// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "names.h"
#include "parse_num.h"
#include "portdb.h"
#include "porttable.h"
#include "services_private.h"
#include "utf8.h"

#define ANY_TRANSPORT PORT_TRANSPORTS

struct query {
	bool is_port;
	uint32_t port;
	char name[PORT_NAME_MAX + 2]; /* cut where it is too long to be any name */
	unsigned int transport;       /* enum port_transport, or ANY_TRANSPORT */
};

static int parse_query(struct query *query, const char *text)
{
	const char *slash = strrchr(text, '/');
	size_t len = strlen(text);
	int err;

	*query = (struct query){ .transport =
					 slash ? transport_from_name(slash + 1, strlen(slash + 1))
					       : ANY_TRANSPORT };
	if (query->transport != ANY_TRANSPORT)
		len = (size_t)(slash - text);
	else if (slash && !parse_u32(text, (size_t)(slash - text), 65535, &query->port))
		return -EINVAL; /* a port of an unknown transport */
	err = parse_u32(text, len, 65535, &query->port);
	if (!err && query->port) {
		query->is_port = true;
		return 0;
	}
	if (!err || err == -ERANGE)
		return -EINVAL;
	memcpy(query->name, text, len < sizeof(query->name) ? len : sizeof(query->name) - 1);
	return 0;
}

static bool covers(const struct portdb_entry *entry, unsigned int transport, uint32_t port)
{
	return entry->transport == transport && entry->first <= port && port <= entry->last;
}

static bool overlap(const struct portdb_entry *a, const struct portdb_entry *b)
{
	return a->transport == b->transport && a->first <= b->last && b->first <= a->last;
}

static bool query_matches(const struct query *query, const struct portdb_entry *entry)
{
	if (query->transport != ANY_TRANSPORT && query->transport != (unsigned int)entry->transport)
		return false;
	return portdb_entry_is(entry, query->name);
}

/*
 * Why winner owns the ports that it shares with loser: the first of the rules that tells them
 * apart.
 */
static const char *reason(const struct portdb_entry *winner, const struct portdb_entry *loser)
{
	if (winner->file != loser->file)
		return "later file";
	if (winner->last - winner->first != loser->last - loser->first)
		return "narrower range";
	return "earlier line";
}

static void print_other(FILE *out, const char *word, const struct portdb *db,
			const struct portdb_entry *other, const char *why)
{
	char range[RANGE_TEXT];

	fprintf(out, "  %-11s %s %s/%s (", word, other->name, services_range(range, other),
		transport_name(other->transport));
	services_print_text(out, portdb_file_name(db, other->file));
	fprintf(out, ":%u): %s\n", other->line, why);
}

static void print_others(FILE *out, const struct portdb *db, const struct portdb_entry *entry,
			 const struct query *query)
{
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *other = portdb_entry(db, i);

		if (other == entry || !overlap(entry, other))
			continue;
		if (query->is_port && !covers(other, entry->transport, query->port))
			continue;
		if (porttable_precedes(entry, other))
			print_other(out, "shadows", db, other, reason(entry, other));
		else
			print_other(out, "yields to", db, other, reason(other, entry));
	}
}

static void print_field(FILE *out, const char *word, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "  %-11s ", word);
	services_print_text(out, text);
	fputc('\n', out);
}

static void print_aliases(FILE *out, const char *aliases)
{
	if (!*aliases)
		return;
	fprintf(out, "  %-11s ", "aliases");
	for (; *aliases; aliases++)
		fputs(*aliases == '\n' ? ", " : (char[]){ *aliases, '\0' }, out);
	fputc('\n', out);
}

static void print_entry(FILE *out, const struct portdb *db, const struct portdb_entry *entry,
			const struct query *query)
{
	char range[RANGE_TEXT];

	fprintf(out, "%s %s/%s\n", entry->name, services_range(range, entry),
		transport_name(entry->transport));
	fprintf(out, "  %-11s ", "entry");
	services_print_text(out, portdb_file_name(db, entry->file));
	fprintf(out, ":%u\n", entry->line);
	print_field(out, "description", entry->description);
	print_field(out, "reference", entry->reference);
	print_field(out, "encryption", portdb_encryption_name(entry->encryption));
	print_aliases(out, entry->aliases);
	print_field(out, "srv", entry->srv);
	print_field(out, "used by", entry->used_by);
	print_others(out, db, entry, query);
}

static json_t *other_object(const struct portdb *db, const struct portdb_entry *other,
			    const char *why)
{
	json_t *object = json_object();

	json_put(object, "service", json_text(other->name));
	json_put(object, "first", json_count(other->first));
	json_put(object, "last", json_count(other->last));
	json_put(object, "file", json_text(portdb_file_name(db, other->file)));
	json_put(object, "line", json_count(other->line));
	json_put(object, "reason", json_text(why));
	return object;
}

static json_t *entry_object(const struct portdb *db, const struct porttable *table, size_t index,
			    const struct query *query)
{
	const struct portdb_entry *entry = portdb_entry(db, index);
	json_t *object = services_object(db, table, index), *shadows = json_array(),
	       *yields = json_array();

	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *other = portdb_entry(db, i);

		if (other == entry || !overlap(entry, other) ||
		    (query->is_port && !covers(other, entry->transport, query->port)))
			continue;
		if (porttable_precedes(entry, other))
			json_array_append_new(shadows,
					      other_object(db, other, reason(entry, other)));
		else
			json_array_append_new(yields,
					      other_object(db, other, reason(other, entry)));
	}
	json_put(object, "shadows", shadows);
	json_put(object, "yields_to", yields);
	return object;
}

/*
 * The next entry that answers the query, from *index on: a port's owner, or an entry of the name.
 */
static bool next_answer(const struct portdb *db, const struct porttable *table,
			const struct query *query, size_t *index)
{
	for (; *index < portdb_count(db); ++*index) {
		const struct portdb_entry *entry = portdb_entry(db, *index);

		if (!query->is_port && query_matches(query, entry))
			return true;
		if (query->is_port &&
		    (query->transport == ANY_TRANSPORT || query->transport == entry->transport) &&
		    porttable_owner(table, db, entry->transport, (uint16_t)query->port) == entry)
			return true;
	}
	return false;
}

static int lookup_json(FILE *out, const struct portdb *db, const struct porttable *table,
		       const struct query *query)
{
	json_t *array = json_array(), *answer;
	size_t index = 0, found;
	int err;

	for (; next_answer(db, table, query, &index); index++)
		json_array_append_new(array, entry_object(db, table, index, query));
	found = json_array_size(array);
	answer = array;
	if (query->transport != ANY_TRANSPORT && found < 2) { /* a name may have several entries */
		answer = found ? json_incref(json_array_get(array, 0)) : json_null();
		json_decref(array);
	}
	err = json_print(out, answer);
	return err ? err : found ? 0 : -ENOENT;
}

static int lookup_text(FILE *out, const struct portdb *db, const struct porttable *table,
		       const struct query *query, const char *text)
{
	size_t index = 0, found = 0;

	for (; next_answer(db, table, query, &index); index++, found++)
		print_entry(out, db, portdb_entry(db, index), query);
	if (!found) {
		utf8_print(out, text);
		fputs(query->is_port ? ": no entry: frames to it are counted as unclassified\n"
				     : ": no entry of this name or alias\n",
		      out);
	}
	if (fflush(out) || ferror(out))
		return -EIO;
	return found ? 0 : -ENOENT;
}

int services_lookup(FILE *out, const struct portdb *db, const struct porttable *table,
		    const char *text, bool json)
{
	struct query query;
	int err = parse_query(&query, text);

	if (err)
		return err;
	return json ? lookup_json(out, db, table, &query)
		    : lookup_text(out, db, table, &query, text);
}
