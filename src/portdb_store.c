// SPDX-License-Identifier: GPL-2.0-only

/* Memory of the port database: strings, entries, and the two trees that find them again. */

#include "portdb_private.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_ROOM (64 * 1024 - sizeof(struct portdb_chunk))

static struct portdb_chunk *add_chunk(struct portdb *db, size_t size)
{
	size_t room = size > CHUNK_ROOM ? size : CHUNK_ROOM;
	struct portdb_chunk *chunk = malloc(sizeof(*chunk) + room);

	if (!chunk)
		return NULL;
	*chunk = (struct portdb_chunk){ .older = db->chunks, .room = room };
	db->chunks = chunk;
	return chunk;
}

char *portdb_store_alloc(struct portdb *db, size_t size, size_t align)
{
	struct portdb_chunk *chunk = db->chunks;
	size_t start = 0;

	if (chunk)
		start = (chunk->used + align - 1) & ~(align - 1);
	if (!chunk || start > chunk->room || size > chunk->room - start) {
		chunk = add_chunk(db, size);
		if (!chunk)
			return NULL;
		start = 0;
	}
	chunk->used = start + size;
	return chunk->bytes + start;
}

const char *portdb_store_text(struct portdb *db, const char *text, size_t len)
{
	char *copy;

	if (len == 0)
		return "";
	copy = portdb_store_alloc(db, len + 1, 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static int compare_services(const void *left, const void *right)
{
	const struct portdb_entry *a = left, *b = right;

	if (a->transport != b->transport)
		return a->transport < b->transport ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* By the ports first: they differ nearly always, and are cheaper to compare than names. */
static int compare_rows(const void *left, const void *right)
{
	const struct portdb_entry *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	return compare_services(a, b);
}

const struct portdb_entry *portdb_store_find(const struct portdb *db,
					     const struct portdb_entry *like)
{
	struct portdb_entry **node = tfind(like, &db->input.rows, compare_rows);

	return node ? *node : NULL;
}

bool portdb_store_has_service(const struct portdb *db, const struct portdb_entry *like)
{
	return tfind(like, &db->services, compare_services) != NULL;
}

static int reserve_entry(struct portdb *db)
{
	size_t room = db->room ? db->room * 2 : 256;
	struct portdb_entry **entries;

	if (db->stored < db->room)
		return 0;
	entries = realloc(db->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	db->entries = entries;
	db->room = room;
	return 0;
}

int portdb_store_add(struct portdb *db, struct portdb_entry *entry)
{
	struct portdb_entry **node;

	if (reserve_entry(db) || !tsearch(entry, &db->input.rows, compare_rows))
		return -ENOMEM;
	db->entries[db->stored++] = entry;
	node = tsearch(entry, &db->services, compare_services);
	if (!node)
		return -ENOMEM;
	if (*node == entry)
		db->services_count++;
	return 0;
}

static void keep_entry(void *entry)
{
	(void)entry; /* its memory is a chunk's */
}

static void forget_rows(struct portdb *db)
{
	tdestroy(db->input.rows, keep_entry);
	db->input.rows = NULL;
}

void portdb_store_begin(struct portdb *db)
{
	db->mark = db->chunks;
	db->mark_used = db->chunks ? db->chunks->used : 0;
}

void portdb_store_commit(struct portdb *db)
{
	forget_rows(db);
	db->count = db->stored;
}

static void free_chunks(struct portdb *db, const struct portdb_chunk *until)
{
	while (db->chunks != until) {
		struct portdb_chunk *chunk = db->chunks;

		db->chunks = chunk->older;
		free(chunk);
	}
}

void portdb_store_revert(struct portdb *db)
{
	forget_rows(db);
	while (db->stored > db->count) {
		const struct portdb_entry *entry = db->entries[--db->stored];
		struct portdb_entry **node = tfind(entry, &db->services, compare_services);

		if (node && *node == entry) {
			tdelete(entry, &db->services, compare_services);
			db->services_count--;
		}
	}
	free_chunks(db, db->mark);
	if (db->chunks)
		db->chunks->used = db->mark_used;
}

void portdb_store_free(struct portdb *db)
{
	forget_rows(db);
	tdestroy(db->services, keep_entry);
	free_chunks(db, NULL);
	free(db->entries);
}
