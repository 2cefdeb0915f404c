/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the database says of each counted service, by slot: the words beside its numbers. A service
 * that was counted under an earlier database and is in this one no more has its name and empty
 * words.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "portdb.h"

struct slots;

struct catalog_service {
	const char *name;
	enum port_transport transport;
	enum portdb_encryption encryption; /* of the first entry in the latest file */
	const char *reference;             /* likewise, "" if none */
	char *ports; /* the entries' ranges, "2195,2197,5223" or "8000-8999"; "" if none */
	size_t entries;
	uint32_t file; /* the latest file that has an entry */
};

struct catalog {
	struct catalog_service *services; /* index: slot; 0 is unused */
	uint32_t end;
};

/* Points into db and slots, which must outlive it. 0 or -ENOMEM. */
int catalog_init(struct catalog *catalog, const struct portdb *db, struct slots *slots);
void catalog_fini(struct catalog *catalog);

#endif
