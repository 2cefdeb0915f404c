/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * agent --replay: a capture through the kernel half's program, and what became of its frames: the
 * account, or a line for each frame (--trace). No device is touched and no pinned state needed.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdio.h>

struct session;

/* 0; -EIO if out could not take it all; another -errno (logged); -EINVAL: the capture is bad. */
int replay_run(struct session *session, FILE *out);

#endif
