/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feeds files and buffers to the port database parser. Only regular files of at most
 * PORTDB_LOAD_FILE_MAX bytes are read: a directory, FIFO or device is refused without blocking.
 * Failures go to the portdb's callback as "services file 'PATH': what" (with ": reason" where the
 * system gave one), bad content as portdb.h says. A line longer than the parser takes is cut, not
 * stored. The portdb must have no file open.
 */
#ifndef PORTDB_LOAD_H
#define PORTDB_LOAD_H

#include <stddef.h>

#define PORTDB_LOAD_FILE_MAX 16777216 /* ten times the IANA registry; bounds time and memory */

struct portdb;

/* 0, -EINVAL (reported), or -errno of the failed call (reported). */
int portdb_load_file(struct portdb *db, const char *path);
/* The same for text in memory, whatever its length; name is for messages. */
int portdb_load_buffer(struct portdb *db, const char *name, const char *text, size_t len);

#endif
