// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "slots.h"

#define RANGE_SIZE 16  /* "65535-65535" and NUL */
#define PORTS_SIZE 256 /* a label of a metric, so not without end */

static bool has_range(const char *ports, const char *range)
{
	size_t len = strlen(range);

	for (const char *at = strstr(ports, range); at; at = strstr(at + 1, range))
		if ((at == ports || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* A range that an earlier file gave as well stands once; what does not fit is told by "...". */
static void append_range(char *ports, const struct portdb_entry *entry)
{
	size_t used = strlen(ports);
	char range[RANGE_SIZE];

	if (entry->first == entry->last)
		snprintf(range, sizeof(range), "%u", entry->first);
	else
		snprintf(range, sizeof(range), "%u-%u", entry->first, entry->last);
	if (has_range(ports, range) || has_range(ports, "..."))
		return;
	if (used + strlen(range) + sizeof(",,...") > PORTS_SIZE)
		strcpy(range, "...");
	snprintf(ports + used, PORTS_SIZE - used, "%s%s", used ? "," : "", range);
}

static int add_entry(struct catalog_service *service, const struct portdb_entry *entry)
{
	if (!service->ports)
		service->ports = calloc(1, PORTS_SIZE);
	if (!service->ports)
		return -ENOMEM;
	if (!service->entries ||
	    entry->file != service->file) { /* entries come in the order of files */
		service->file = entry->file;
		service->encryption = entry->encryption;
		service->reference = entry->reference;
	}
	service->entries++;
	append_range(service->ports, entry);
	return 0;
}

static int add_entries(struct catalog *catalog, const struct portdb *db, const struct slots *slots)
{
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);
		uint32_t slot = slots_find(slots, entry->name, entry->transport);
		int err = slot ? add_entry(&catalog->services[slot], entry) : 0;

		if (err)
			return err;
	}
	return 0;
}

int catalog_init(struct catalog *catalog, const struct portdb *db, struct slots *slots)
{
	int err;

	*catalog = (struct catalog){ .end = slots_end(slots) };
	catalog->services = calloc(catalog->end, sizeof(*catalog->services));
	if (!catalog->services)
		return -ENOMEM;
	for (uint32_t slot = PORT_SLOT_FIRST; slot < catalog->end; slot++) {
		const struct slot_record *record = slots_record(slots, slot);

		catalog->services[slot].name = record->name;
		catalog->services[slot].transport = record->transport;
		catalog->services[slot].reference = "";
	}
	err = add_entries(catalog, db, slots);
	for (uint32_t slot = PORT_SLOT_FIRST; !err && slot < catalog->end; slot++)
		if (!catalog->services[slot].ports && !(catalog->services[slot].ports = strdup("")))
			err = -ENOMEM;
	if (err)
		catalog_fini(catalog);
	return err;
}

void catalog_fini(struct catalog *catalog)
{
	for (uint32_t slot = PORT_SLOT_FIRST; catalog->services && slot < catalog->end; slot++)
		free(catalog->services[slot].ports);
	free(catalog->services);
	*catalog = (struct catalog){};
}
