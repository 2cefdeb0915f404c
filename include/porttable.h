/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The port table: database entries in, one value for each transport and port out, as port_abi.h
 * draws it. The only place where precedence is decided:
 *   who owns a port:  the later file, then the narrower range, then the earlier line;
 *   rank:             the narrower range, then the later file; orders the owners of two ports;
 *   weak:             an entry on a port from PORT_WEAK_FIRST up;
 *   firm:             an exact entry below PORT_FIRM_END.
 * Pure: no file, no kernel.
 */
#ifndef PORTTABLE_H
#define PORTTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_abi.h"

struct portdb;
struct portdb_entry;
struct slots;

struct porttable {
	uint32_t values[PORT_TABLE_ENTRIES];
	uint32_t owners
		[PORT_TABLE_ENTRIES]; /* index of the owning entry in the portdb, plus 1; 0: none */
};

/*
 * Writes the whole table, giving slots to services that have none. 0, -ENOSPC (no slot left) or
 * -ENOMEM.
 */
int porttable_compile(const struct portdb *db, struct slots *slots, struct porttable *table);
/* Whether a owns a port that both a and b claim. */
bool porttable_precedes(const struct portdb_entry *a, const struct portdb_entry *b);
/* The entry that owns a port, or NULL. */
const struct portdb_entry *porttable_owner(const struct porttable *table, const struct portdb *db,
					   enum port_transport transport, uint16_t port);
/*
 * The next run of ports, from *first on, that an entry owns: *first and *last are set to it.
 * False when there is none up to 65535. To go on, call with *first = *last + 1.
 */
bool porttable_next_run(const struct porttable *table, enum port_transport transport, size_t entry,
			uint32_t *first, uint32_t *last);

#endif
