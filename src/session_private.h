/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of a session share: session.c (begin, end, commands that only read),
 * session_load.c (database), session_count.c (devices), session_measure.c (measurements).
 */
#ifndef SESSION_PRIVATE_H
#define SESSION_PRIVATE_H

#include "session.h"

/* The built-in database and the files of the options. 0, -EINVAL (a bad file), or another -errno;
 * the caller frees it. */
int session_load(const struct cli_options *options, struct portdb **out);
/* The words of each service. 0 or -errno (logged). */
int session_describe(struct session *session);

#endif
