/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a measurement as the textfile that the options name. Failures are logged by the caller. */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include "session.h"

/*
 * Measures, decides on series, formats, and replaces the file, as one step among all who write that
 * file: so no older measurement replaces a newer one, and no series is set back. Nobody waits for
 * its disk who does not write it too. 0: measured, and *write_error is 0 or the -errno of the
 * writing, -EBUSY where another writes the file and waits is not set; -ESTALE: who only reads must
 * open the counters anew, as they have moved; or another -errno of the measuring (logged).
 */
int textfile_update(struct session *session, struct measurement *measurement, bool waits,
		    int *write_error);
/* The second half of it, with a measurement that took collection_seconds. 0 or -errno. */
int textfile_write(struct session *session, const struct measurement *measurement,
		   double collection_seconds);
/* Behind "cannot be written" of a start that is refused: the remedy. Static memory. */
const char *textfile_hint(int err);
/* Removes the file if it is one of ours. 0 or -errno; a file that is not there is no error. */
int textfile_remove(const char *path);

#endif
