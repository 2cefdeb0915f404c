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

struct device;
struct devices;
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
	bool waits;   /* for devices that do not exist yet: set by the agent */
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
 * The devices that the options choose of all there are, none of which, and a pattern that matches
 * none, is a failure where there must be some. The caller frees them. 0 or -errno.
 */
int session_choose(const struct session *session, const struct devices *all,
		   struct devices *chosen, bool must_match);
/* Counts on one more device, or goes on with one whose name has changed. 0 or -errno. */
int session_attach(struct session *session, const struct device *device);
/*
 * Takes frames that are handed in (datapath_replay()), with maps of its own, as if they were those
 * of a device of that name; nothing that counts is touched. 0 or -errno.
 */
int session_replay(struct session *session, const char *name,
		   const struct datapath_options *options);
/*
 * Loads the database files anew and puts their table in force, whole; on any error the one that is
 * in force stays. Services that are no longer there keep their slots and counters. 0 or -errno.
 */
int session_reload(struct session *session);
/* Opens what is counted already, to read it. 0, -ENOENT, or another -errno. */
int session_read(struct session *session);
/* Once more, as the counters have moved since (datapath_is_current()). The same. */
int session_reread(struct session *session);
/* How many of the counted devices the options choose. */
size_t session_chosen(const struct session *session);
/*
 * Reads the counters of the devices that the options choose and, where these are wanted, the
 * unclassified ports. Ports are counted for all devices together, and so are there only if all are
 * chosen. They are read before the counters, so that in total none has more than its bucket. 0 or
 * -errno.
 */
int session_measure(struct session *session, struct measurement *measurement);
/*
 * Sets beside the counters what the interfaces say. To be called behind session_measure(), as no
 * more than an interface has received can have been counted. Where they cannot be read (-errno,
 * logged) nothing of them is known.
 */
int session_measure_interfaces(const struct session *session, struct measurement *measurement);
/* The unclassified ports alone, for a measurement whose devices the caller reads. 0 or -errno. */
int session_measure_ports(struct session *session, struct measurement *measurement);

#endif
