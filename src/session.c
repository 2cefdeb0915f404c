// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "devices.h"
#include "log.h"
#include "portdb.h"
#include "portdb_load.h"
#include "porttable.h"
#include "session.h"
#include "slots.h"

static void report(void *ctx, const char *message)
{
	(void)ctx;
	log_errorx("%s", message);
}

static int load_database(struct session *session)
{
	const struct cli_options *options = session->options;
	size_t size = (size_t)(builtin_services_end - builtin_services);
	int err = 0;

	if (!options->no_builtin)
		err = portdb_load_buffer(session->db, BUILTIN_NAME, builtin_services, size);
	for (size_t i = 0; !err && i < options->services.count; i++)
		err = portdb_load_file(session->db, options->services.items[i]);
	return err;
}

int session_init(struct session *session, const struct cli_options *options)
{
	*session = (struct session){ .options = options };
	session->db = portdb_new(report, NULL);
	session->slots = slots_new();
	session->table = malloc(sizeof(*session->table));
	if (!session->db || !session->slots || !session->table) {
		log_error(ENOMEM, "database");
		return -ENOMEM;
	}
	return load_database(session);
}

void session_fini(struct session *session)
{
	datapath_close(session->datapath);
	catalog_fini(&session->catalog);
	free(session->table);
	slots_free(session->slots);
	portdb_free(session->db);
}

int session_compile(struct session *session)
{
	int err = porttable_compile(session->db, session->slots, session->table);

	session->has_table = !err;
	if (err == -ENOSPC)
		log_errorx("database: more services than there are slots, those of earlier "
			   "databases included");
	else if (err)
		log_error(err, "database");
	return err;
}

static int describe(struct session *session)
{
	int err = catalog_init(&session->catalog, session->db, session->slots);

	if (err)
		log_error(err, "database");
	return err;
}

static bool is_named(const struct session *session, const char *device)
{
	const struct cli_list *patterns = &session->options->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (!strcmp(patterns->items[i], device))
			return true;
	return false;
}

/*
 * A device that came by a pattern or by default, and is of no kind that can be counted, is passed
 * over.
 */
static int attach_all(struct session *session, const struct devices *devices)
{
	size_t attached = 0;
	int err = 0;

	for (size_t i = 0; !err && i < devices->count; i++) {
		const struct device *device = &devices->list[i];

		err = datapath_attach(session->datapath, device, session->options->mode, false);
		attached += !err;
		if (err == -EOPNOTSUPP && !is_named(session, device->name))
			err = 0;
	}
	if (err || attached)
		return err;
	log_errorx("devices: none of those chosen can be counted");
	return -EOPNOTSUPP;
}

/*
 * A table that is in force is replaced last: a start that fails must not change how the devices
 * that are counted already are counted.
 */
static int publish_and_attach(struct session *session, const struct devices *devices)
{
	bool in_force = datapath_has_table(session->datapath);
	int err = in_force ? 0 : datapath_publish(session->datapath, session->table);

	if (!err)
		err = attach_all(session, devices);
	if (!err && in_force)
		err = datapath_publish(session->datapath, session->table);
	return err;
}

static int count_on(struct session *session, const struct devices *devices,
		    enum datapath_access access)
{
	int err = datapath_open(&session->datapath, session->options->pin_dir, access);

	if (err)
		return err;
	err = datapath_restore_slots(session->datapath, session->slots);
	if (!err)
		err = session_compile(session);
	if (!err)
		err = describe(session);
	if (!err)
		err = datapath_prepare(session->datapath, session->slots,
				       &session->options->datapath);
	if (!err)
		err = publish_and_attach(session, devices);
	if (err)
		datapath_undo(session->datapath);
	return err;
}

int session_count(struct session *session, enum datapath_access access)
{
	const struct cli_list *patterns = &session->options->interfaces;
	struct devices devices;
	int err = devices_read(&devices);

	if (err)
		return err;
	err = devices_select(&devices, patterns->items, patterns->count);
	if (!err)
		err = count_on(session, &devices, access);
	devices_free(&devices);
	return err;
}

int session_replay(struct session *session, const char *name,
		   const struct datapath_options *options)
{
	int err = datapath_open(&session->datapath, NULL, DATAPATH_PRIVATE);

	if (!err)
		err = session_compile(session);
	if (!err)
		err = describe(session);
	if (!err)
		err = datapath_prepare(session->datapath, session->slots, options);
	if (!err)
		err = datapath_publish(session->datapath, session->table);
	return err ? err : datapath_load_replay(session->datapath, name);
}

int session_read(struct session *session)
{
	int err = datapath_open(&session->datapath, session->options->pin_dir, DATAPATH_READ);

	if (!err)
		err = datapath_restore_slots(session->datapath, session->slots);
	return err ? err : describe(session);
}
