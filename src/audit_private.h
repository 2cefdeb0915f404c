/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of an audit share: audit.c (begin, end), audit_loop.c (what comes meanwhile) and
 * audit_sources.c (frames of several devices, in the order in which they came).
 */
#ifndef AUDIT_PRIVATE_H
#define AUDIT_PRIVATE_H

#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"

struct session;

struct audit_source {
	char name[IFNAMSIZ];
	struct capture *capture;    /* NULL: it has ended */
	struct capture_frame frame; /* the next one, if there is */
	bool has_frame;
	uint64_t lost; /* on the way here, once it has ended */
};

struct audit_sources {
	struct audit_source *list;
	size_t count;
};

/*
 * Two devices tell of their frames apart, so that an answer may be read before its request. The
 * oldest frame is given out once every device has a later one, or after this time, in which the
 * others have told of theirs.
 */
#define AUDIT_HOLD_NS 20000000

/* A capture to read, which belongs to the sources from now on. 0 or -ENOMEM. */
int audit_sources_add(struct audit_sources *sources, const char *name, struct capture *capture);
/*
 * The source whose next frame is to be taken, by setting has_frame to false; NULL: there is none
 * yet. now_ns is the time since 1970, or INT64_MAX if no frame is to be waited for. A source that
 * cannot be read (logged) ends.
 */
struct audit_source *audit_sources_next(struct audit_sources *sources, int64_t now_ns);
/* Those that have not ended. */
size_t audit_sources_open(const struct audit_sources *sources);
/* Frames that were lost on the way; all sources end. */
uint64_t audit_sources_end(struct audit_sources *sources);
void audit_sources_fini(struct audit_sources *sources);

struct audit {
	struct session *session; /* its datapath decides on frames that are handed in */
	struct audit_sources sources;
	struct conntrack *conntrack;
	struct audit_tally *tally;
	int signals;          /* those that end the audit */
	sigset_t mask;        /* of signals, as it was before */
	int64_t requested_ns; /* when all flows were last asked for, and when they are next */
	int64_t next_request_ns;
};

/* Until the time is over, a signal comes, or no source is left. 0 or -errno (logged). */
int audit_loop(struct audit *audit, uint32_t seconds);
/* What has come until now, and all that is known of it. 0 or -errno (logged). */
int audit_finish(struct audit *audit);

#endif
