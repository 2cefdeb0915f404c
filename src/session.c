// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "portdb.h"
#include "porttable.h"
#include "session_private.h"
#include "slots.h"

int session_init(struct session *session, const struct cli_options *options)
{
	*session = (struct session){ .options = options };
	session->slots = slots_new();
	session->table = malloc(sizeof(*session->table));
	if (session->slots && session->table)
		return session_load(options, &session->db);
	log_error(ENOMEM, "database");
	return -ENOMEM;
}

void session_fini(struct session *session)
{
	datapath_close(session->datapath);
	catalog_fini(&session->catalog);
	free(session->table);
	slots_free(session->slots);
	portdb_free(session->db);
}

int session_replay(struct session *session, const char *name,
		   const struct datapath_options *options)
{
	int err = datapath_open(&session->datapath, NULL, DATAPATH_PRIVATE);

	if (!err)
		err = session_compile(session);
	if (!err)
		err = session_describe(session);
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
	return err ? err : session_describe(session);
}

int session_reread(struct session *session)
{
	datapath_close(session->datapath);
	session->datapath = NULL;
	catalog_fini(&session->catalog);
	slots_free(session->slots);
	session->slots = slots_new();
	return session->slots ? session_read(session) : -ENOMEM;
}
