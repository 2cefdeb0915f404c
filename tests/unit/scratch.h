/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory of a test's own, and a file system on it that nobody else sees: it is mounted in a
 * mount namespace of the test's process, and so ends with it, however that ends.
 *
 * scratch_open() makes the directory under $TMPDIR or /tmp: 0 or -errno. scratch_mount() returns
 * NULL, or the reason why nothing was mounted: for the test to say and to skip. scratch_close() takes
 * everything away again: 0 or -errno.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

struct scratch {
	char path[PATH_MAX / 2];
	bool is_mounted;
};

static inline int scratch_open(struct scratch *scratch)
{
	const char *parent = getenv("TMPDIR");

	*scratch = (struct scratch){};
	snprintf(scratch->path, sizeof(scratch->path), "%s/portacct-test-XXXXXX",
		 parent && *parent == '/' ? parent : "/tmp");
	return mkdtemp(scratch->path) ? 0 : -errno;
}

static inline const char *scratch_mount(struct scratch *scratch, const char *type,
					const char *options)
{
	static char reason[128];

	if (geteuid()) {
		snprintf(reason, sizeof(reason), "mounting a %s needs root", type);
		return reason;
	}
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(type, scratch->path, type, 0, options)) {
		snprintf(reason, sizeof(reason), "a %s cannot be mounted: %s", type,
			 strerror(errno));
		return reason;
	}
	scratch->is_mounted = true;
	return NULL;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind,
				     struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline int scratch_close(struct scratch *scratch)
{
	if (scratch->is_mounted && umount2(scratch->path, MNT_DETACH))
		return -errno;
	scratch->is_mounted = false;
	return nftw(scratch->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}

/* A path in the directory; four live at a time. */
static inline const char *scratch_in(const struct scratch *scratch, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % (sizeof(paths) / sizeof(paths[0]))];

	if (snprintf(path, PATH_MAX, "%s/%s", scratch->path, name) >= PATH_MAX)
		abort();
	return path;
}

/* For a test whose state is its struct scratch. */
static inline int scratch_set_up(void **state)
{
	return scratch_open(*state);
}

static inline int scratch_tear_down(void **state)
{
	return scratch_close(*state);
}

#endif
