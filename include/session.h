/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every command works with: the database, the slots, the words of each service, and the
 * datapath; and how a measurement is taken of them. Failures are logged by the layers below.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>

#include "catalog.h"
#include "cli.h"
#include "measure.h"

struct portdb;
struct porttable;
struct slots;

struct session {
	const struct cli_options *options;
	struct portdb *db;
	struct slots *slots;
	struct porttable *table;
	struct catalog catalog;
	struct datapath *datapath;
};

/* Loads the database. 0, -EINVAL (a bad file), or another -errno; session_fini() in any case. */
int session_init(struct session *session, const struct cli_options *options);
void session_fini(struct session *session);
/* The table of the loaded database. 0 or -errno. */
int session_compile(struct session *session);
/*
 * Counts on the devices that the options choose: what is pinned is adopted, the rest made. 0 or
 * -errno.
 */
int session_count(struct session *session, enum datapath_access access);
/* Opens what is counted already, to read it. 0, -ENOENT, or another -errno. */
int session_read(struct session *session);
/* How many of the counted devices the options choose. */
size_t session_chosen(const struct session *session);
/* Reads the counters of the devices that the options choose. 0 or -errno. */
int session_measure(struct session *session, struct measurement *measurement);

#endif
