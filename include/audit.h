/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * agent --audit: what the counted devices receive for some seconds, decided as it is decided in the
 * kernel, against what the kernel's connection tracking knows of the same flows. SIGINT, SIGTERM
 * and SIGHUP end it early, with the report of what there was. What counts is only read.
 *
 * Memory: a copy of the table of marks, what capture.h takes for each device, and what
 * audit_tally.h takes for the flows that are seen; however many the kernel tracks.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include <stdio.h>

struct session;

/*
 * session_init() has been called, no more. 0; -EIO if out could not take it all; another -errno
 * (logged): nothing is counted here, or nothing is tracked, or what it takes is not permitted.
 */
int audit_run(struct session *session, FILE *out);

#endif
