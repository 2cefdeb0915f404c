// SPDX-License-Identifier: GPL-2.0-only
/* The database of a session: loaded at its start, and again while it counts. */
#include <errno.h>
#include <stdlib.h>

#include "builtin.h"
#include "log.h"
#include "portdb.h"
#include "portdb_load.h"
#include "porttable.h"
#include "session_private.h"
#include "slots.h"

static void report(void *ctx, const char *message)
{
	(void)ctx;
	log_errorx("%s", message);
}

static int out_of_memory(void)
{
	log_error(ENOMEM, "database");
	return -ENOMEM;
}

int session_load(const struct cli_options *options, struct portdb **out)
{
	struct portdb *db = portdb_new(report, NULL);
	size_t size = (size_t)(builtin_services_end - builtin_services);
	int err = 0;

	if (!db)
		return out_of_memory();
	if (!options->no_builtin)
		err = portdb_load_buffer(db, BUILTIN_NAME, builtin_services, size);
	for (size_t i = 0; !err && i < options->services.count; i++)
		err = portdb_load_file(db, options->services.items[i]);
	if (err) {
		portdb_free(db);
		return err;
	}
	*out = db;
	return 0;
}

static int compile(const struct portdb *db, struct slots *slots, struct porttable *table)
{
	int err = porttable_compile(db, slots, table);

	if (err == -ENOSPC)
		log_errorx("database: more services than there are slots, those of earlier "
			   "databases included");
	else if (err)
		log_error(err, "database");
	return err;
}

int session_compile(struct session *session)
{
	int err = compile(session->db, session->slots, session->table);

	session->has_table = !err;
	return err;
}

int session_describe(struct session *session)
{
	int err = catalog_init(&session->catalog, session->db, session->slots);

	if (err)
		log_error(err, "database");
	return err;
}

/*
 * What replaces the session's. Its slots are the session's and those that are new. Once these are
 * stored they stay given out, whatever becomes of the table: so there are words for them by the
 * database of before as well.
 */
struct successor {
	struct portdb *db;
	struct slots *slots;
	struct porttable *table;
	struct catalog catalog;
	struct catalog catalog_before;
};

static void drop(struct successor *next)
{
	catalog_fini(&next->catalog);
	catalog_fini(&next->catalog_before);
	free(next->table);
	slots_free(next->slots);
	portdb_free(next->db);
}

static int make(struct successor *next, const struct session *session)
{
	int err = session_load(session->options, &next->db);

	if (err)
		return err;
	next->slots = slots_copy(session->slots);
	next->table = malloc(sizeof(*next->table));
	if (!next->slots || !next->table)
		return out_of_memory();
	err = compile(next->db, next->slots, next->table);
	if (!err && (catalog_init(&next->catalog, next->db, next->slots) ||
		     catalog_init(&next->catalog_before, session->db, next->slots)))
		err = out_of_memory();
	return err;
}

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		typeof(a) swapped = a;                                                             \
		(a) = b;                                                                           \
		(b) = swapped;                                                                     \
	} while (0)

static void take_slots(struct session *session, struct successor *next)
{
	SWAP(session->slots, next->slots);
	SWAP(session->catalog, next->catalog_before);
}

static void take_table(struct session *session, struct successor *next)
{
	SWAP(session->db, next->db);
	SWAP(session->table, next->table);
	SWAP(session->catalog, next->catalog);
	session->has_table = true;
}

int session_reload(struct session *session)
{
	static const struct datapath_options as_they_are = {};
	struct successor next = {};
	int err = make(&next, session);

	if (!err)
		err = datapath_prepare(session->datapath, next.slots, &as_they_are);
	if (!err) {
		take_slots(session, &next);
		err = datapath_publish(session->datapath, next.table);
	}
	if (!err)
		take_table(session, &next);
	drop(&next);
	return err;
}
