// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "slots.h"

/* records never moves, as the tree's nodes point into it; untouched pages of it cost nothing. */
struct slots {
	struct slot_record *records;
	void *tree;
	uint32_t end;
};

static int compare(const void *a, const void *b)
{
	const struct slot_record *x = a, *y = b;

	if (x->transport != y->transport)
		return x->transport < y->transport ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void keep(void *node)
{
	(void)node;
}

struct slots *slots_new(void)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	if (!slots)
		return NULL;
	slots->records = calloc(PORT_SLOT_END, sizeof(*slots->records));
	slots->end = PORT_SLOT_FIRST;
	if (slots->records)
		return slots;
	free(slots);
	return NULL;
}

void slots_free(struct slots *slots)
{
	if (!slots)
		return;
	tdestroy(slots->tree, keep);
	free(slots->records);
	free(slots);
}

/* Enters the record that was written at slot into the tree. */
static int insert(struct slots *slots, uint32_t slot)
{
	struct slot_record *record = &slots->records[slot];
	struct slot_record **node = tsearch(record, &slots->tree, compare);

	if (!node || *node != record) {
		*record = (struct slot_record){};
		return node ? -EEXIST : -ENOMEM;
	}
	if (slot >= slots->end)
		slots->end = slot + 1;
	return 0;
}

static int is_valid(const struct slot_record *record)
{
	return record->name[0] && strnlen(record->name, sizeof(record->name)) <= PORT_NAME_MAX &&
	       record->transport < PORT_TRANSPORTS && record->series <= SLOT_SERIES_OTHER;
}

int slots_restore(struct slots *slots, uint32_t slot, const struct slot_record *record)
{
	if (slot < PORT_SLOT_FIRST || slot >= PORT_SLOT_END || !is_valid(record))
		return -EINVAL;
	if (slots->records[slot].name[0])
		return -EEXIST;
	slots->records[slot] = *record;
	return insert(slots, slot);
}

struct slots *slots_copy(const struct slots *slots)
{
	struct slots *copy = slots_new();

	for (uint32_t slot = PORT_SLOT_FIRST; copy && slot < slots->end; slot++) {
		if (!slots->records[slot].name[0] ||
		    !slots_restore(copy, slot, &slots->records[slot]))
			continue;
		slots_free(copy);
		copy = NULL;
	}
	return copy;
}

static int make_key(struct slot_record *key, const char *name, enum port_transport transport)
{
	size_t len = strlen(name);

	*key = (struct slot_record){ .transport = (uint8_t)transport };
	if (!len || len > PORT_NAME_MAX)
		return -EINVAL;
	memcpy(key->name, name, len);
	return 0;
}

uint32_t slots_find(const struct slots *slots, const char *name, enum port_transport transport)
{
	struct slot_record key, **node;

	if (make_key(&key, name, transport))
		return 0;
	node = tfind(&key, &slots->tree, compare);
	return node ? (uint32_t)(*node - slots->records) : 0;
}

int slots_assign(struct slots *slots, const char *name, enum port_transport transport,
		 uint32_t *slot)
{
	struct slot_record key;
	int err = make_key(&key, name, transport);

	if (err)
		return err;
	*slot = slots_find(slots, name, transport);
	if (*slot)
		return 0;
	if (slots->end >= PORT_SLOT_END)
		return -ENOSPC;
	*slot = slots->end;
	slots->records[*slot] = key;
	return insert(slots, *slot);
}

uint32_t slots_end(const struct slots *slots)
{
	return slots->end;
}

struct slot_record *slots_record(struct slots *slots, uint32_t slot)
{
	return &slots->records[slot];
}
