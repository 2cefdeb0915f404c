// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "portdb.h"
#include "porttable.h"
#include "slots.h"

#define PORTS_END 65536

static uint32_t width(const struct portdb_entry *entry)
{
	return (uint32_t)entry->last - entry->first + 1;
}

/* The narrower range, then the later file: negative when a ranks above b. */
static int compare_rank(const struct portdb_entry *a, const struct portdb_entry *b)
{
	if (width(a) != width(b))
		return width(a) < width(b) ? -1 : 1;
	return a->file == b->file ? 0 : a->file > b->file ? -1 : 1;
}

bool porttable_precedes(const struct portdb_entry *a, const struct portdb_entry *b)
{
	if (a->file != b->file)
		return a->file > b->file;
	if (width(a) != width(b))
		return width(a) < width(b);
	return a->line < b->line;
}

/* What sorting needs of an entry; qsort() has no context argument that musl has too. */
struct claim {
	const struct portdb_entry *entry;
	uint32_t index;
	uint32_t value; /* slot, rank, weak and firm */
};

static int by_rank(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	return compare_rank(x->entry, y->entry);
}

static int by_precedence(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (porttable_precedes(x->entry, y->entry))
		return -1;
	if (porttable_precedes(y->entry, x->entry))
		return 1;
	return x->index < y->index ? -1 : 1;
}

/*
 * Ranks are dense: equal for claims of equal width and file, one more for each step up. Claims
 * beyond the number of ranks that fit share the lowest, which are the widest ranges.
 */
static void set_ranks(struct claim *claims, size_t count)
{
	uint32_t rank = PORT_VALUE_RANK_MAX;

	qsort(claims, count, sizeof(*claims), by_rank);
	for (size_t i = 0; i < count; i++) {
		if (i && rank > 1 && compare_rank(claims[i - 1].entry, claims[i].entry))
			rank--;
		claims[i].value |= rank << PORT_VALUE_RANK_SHIFT;
	}
}

static uint32_t value_of(const struct portdb_entry *entry, uint32_t slot)
{
	if (entry->first == entry->last && entry->first < PORT_FIRM_END)
		return slot | PORT_VALUE_FIRM;
	return slot;
}

static int make_claims(const struct portdb *db, struct slots *slots, struct claim *claims)
{
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);
		uint32_t slot;
		int err = slots_assign(slots, entry->name, entry->transport, &slot);

		if (err)
			return err;
		claims[i] = (struct claim){
			.entry = entry,
			.index = (uint32_t)i,
			.value = value_of(entry, slot),
		};
	}
	return 0;
}

/*
 * next[p] leads to the first port from p on that nobody owns yet; paths are halved on the way, so
 * that painting costs about one step a port however many wide ranges lie over each other.
 */
static uint32_t next_free(uint32_t *next, uint32_t port)
{
	while (next[port] != port) {
		next[port] = next[next[port]];
		port = next[port];
	}
	return port;
}

static void paint(struct porttable *table, uint32_t *next, const struct claim *claim)
{
	const struct portdb_entry *entry = claim->entry;
	uint32_t port = next_free(next, entry->first);

	while (port <= entry->last) {
		uint32_t index = PORT_TABLE_INDEX(entry->transport, port);

		table->owners[index] = claim->index + 1;
		table->values[index] =
			claim->value | (port >= PORT_WEAK_FIRST ? PORT_VALUE_WEAK : 0);
		next[port] = port + 1;
		port = next_free(next, port + 1);
	}
}

/* Claims come in order of precedence, so that whoever paints a port first owns it. */
static void paint_all(struct porttable *table, uint32_t (*next)[PORTS_END + 1],
		      const struct claim *claims, size_t count)
{
	for (unsigned int transport = 0; transport < PORT_TRANSPORTS; transport++)
		for (uint32_t port = 0; port <= PORTS_END; port++)
			next[transport][port] = port;
	for (size_t i = 0; i < count; i++)
		paint(table, next[claims[i].entry->transport], &claims[i]);
}

int porttable_compile(const struct portdb *db, struct slots *slots, struct porttable *table)
{
	size_t count = portdb_count(db);
	struct claim *claims = calloc(count + 1, sizeof(*claims));
	uint32_t(*next)[PORTS_END + 1] = calloc(PORT_TRANSPORTS, sizeof(*next));
	int err = -ENOMEM;

	if (!claims || !next)
		goto out;
	err = make_claims(db, slots, claims);
	if (err)
		goto out;
	set_ranks(claims, count);
	qsort(claims, count, sizeof(*claims), by_precedence);
	memset(table, 0, sizeof(*table));
	paint_all(table, next, claims, count);
out:
	free(next);
	free(claims);
	return err;
}

const struct portdb_entry *porttable_owner(const struct porttable *table, const struct portdb *db,
					   enum port_transport transport, uint16_t port)
{
	uint32_t owner = table->owners[PORT_TABLE_INDEX(transport, port)];

	return owner ? portdb_entry(db, owner - 1) : NULL;
}

bool porttable_next_run(const struct porttable *table, enum port_transport transport, size_t entry,
			uint32_t *first, uint32_t *last)
{
	const uint32_t *owners = &table->owners[PORT_TABLE_INDEX(transport, 0)];

	while (*first < PORTS_END && owners[*first] != entry + 1)
		++*first;
	if (*first >= PORTS_END)
		return false;
	*last = *first;
	while (*last + 1 < PORTS_END && owners[*last + 1] == entry + 1)
		++*last;
	return true;
}
