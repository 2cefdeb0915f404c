/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a measurement as the textfile that the options name. Failures are logged by the caller. */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include "session.h"

/* Decides on series, formats, and replaces the file. 0 or -errno. */
int textfile_write(struct session *session, const struct measurement *measurement,
		   double collection_seconds);
/* Removes the file if it is one of ours. 0 or -errno; a file that is not there is no error. */
int textfile_remove(const char *path);

#endif
