/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loaded database for a person or as JSON: all of it with the ports that each entry really
 * owns, or what one port or name leads to, why, and what that shadows.
 */
#ifndef SERVICES_H
#define SERVICES_H

#include <stdbool.h>
#include <stdio.h>

struct portdb;
struct porttable;

/* 0, -ENOMEM or -EIO. */
int services_print(FILE *out, const struct portdb *db, const struct porttable *table, bool json);

/*
 * query: PORT/TRANSPORT, PORT, NAME/TRANSPORT or NAME (a service or an alias, in any case). With a
 * transport one object, without one an array. 0, -ENOENT (found nothing, which is printed),
 * -EINVAL (a port out of range), -ENOMEM or -EIO.
 */
int services_lookup(FILE *out, const struct portdb *db, const struct porttable *table,
		    const char *query, bool json);

#endif
