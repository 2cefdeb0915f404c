// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "slots.h"

#define RANGE_MAX 13 /* ",65535-65535" and NUL */

static int append_range(struct catalog_service *service, const struct portdb_entry *entry)
{
	size_t used = service->ports ? strlen(service->ports) : 0;
	char *grown = realloc(service->ports, used + RANGE_MAX);

	if (!grown)
		return -ENOMEM;
	service->ports = grown;
	if (entry->first == entry->last)
		snprintf(grown + used, RANGE_MAX, "%s%u", used ? "," : "", entry->first);
	else
		snprintf(grown + used, RANGE_MAX, "%s%u-%u", used ? "," : "", entry->first, entry->last);
	return 0;
}

static int add_entry(struct catalog_service *service, const struct portdb_entry *entry)
{
	if (!service->entries) {
		service->encryption = entry->encryption;
		service->reference = entry->reference;
	}
	service->entries++;
	return append_range(service, entry);
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
