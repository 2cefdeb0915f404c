/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows the devices of a session that counts: those that the options choose are counted as soon
 * as they are there, under the name that they have then; those that are gone keep their counters.
 * A device that is counted and does not receive any more is taken off again (watch.h). Each event
 * is logged once; there may be more of them than a person can read (log_limit()).
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct devices;
struct followed;
struct follow_said;
struct session;

struct follow {
	struct session *session;
	struct followed *list; /* of the interfaces there are */
	size_t count;
	struct follow_said *said; /* what holds still, and was logged when it began */
	bool changed;             /* devices were attached since this was last set to false */
};

/* A first look, before the session counts. 0 or -errno (logged); follow_fini() in any case. */
int follow_init(struct follow *follow, struct session *session);
void follow_fini(struct follow *follow);
/* When the session has begun to count: watches what it has attached, says what is waited for. */
void follow_begin(struct follow *follow);
/* Looks at the devices that there are now. */
void follow_update(struct follow *follow);
/* Whether follow_update() is wanted soon, as devices are watched or wait for another try. */
bool follow_is_waiting(const struct follow *follow);

#endif
