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
	struct porttable *table; /* of the loaded database, once it is compiled */
	bool has_table;
	struct catalog catalog;
	struct datapath *datapath;
	bool by_port; /* measurements tell unclassified ports: set by whoever shows these */
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
/*
 * Takes frames that are handed in (datapath_replay()), with maps of its own, as if they were those
 * of a device of that name; nothing that counts is touched. 0 or -errno.
 */
int session_replay(struct session *session, const char *name,
		   const struct datapath_options *options);
/* Opens what is counted already, to read it. 0, -ENOENT, or another -errno. */
int session_read(struct session *session);
/* How many of the counted devices the options choose. */
size_t session_chosen(const struct session *session);
/*
 * Reads the counters of the devices that the options choose and, where these are wanted, the
 * unclassified ports. Ports are counted for all devices together, and so are there only if all are
 * chosen. They are read before the counters, so that in total none has more than its bucket. 0 or
 * -errno.
 */
int session_measure(struct session *session, struct measurement *measurement);
/* The unclassified ports alone, for a measurement whose devices the caller reads. 0 or -errno. */
int session_measure_ports(struct session *session, struct measurement *measurement);

#endif
