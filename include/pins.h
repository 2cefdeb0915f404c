/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of the pinned state, PIN-DIR/v1/, and the names in it: `ports`, `services`,
 * `endpoints`, `firm_clients`, `fragments`, `agent` and `unclassified` for all devices, and a
 * folder for each device with `counters`, `handshakes`, `state`, `link` and perhaps `base` and
 * `next`, which is to become `link`.
 *
 * The directory must be on a BPF file system, owned by this user (a reader's may be root's), and
 * closed to others, but for a group that may read; no directory above may let others replace it.
 * That is checked on the open directory, without following links, before anything in it is trusted.
 * A BPF file system takes no dot in a name, so device names are escaped: '.', '%' and, where the
 * whole name is that of a map, its first letter are written as %XX.
 *
 * Failures are logged here, but for -ENOENT of pins_open() without create, which is no failure.
 */
#ifndef PINS_H
#define PINS_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <sys/types.h>
#include <stdint.h>

#include "port_abi.h"

#define PINS_DEFAULT "/sys/fs/bpf/portacct"
#define PINS_FOLDER_MAX                                                                            \
	(IFNAMSIZ + 16) /* "eth0", or what is counted of it besides: "eth0:egress" */
#define PINS_ESCAPED_MAX (3 * PINS_FOLDER_MAX)

#define PINS_STRING(x) #x
#define PINS_EXPANDED(x) PINS_STRING(x)
#define PINS_VERSION "v" PINS_EXPANDED(PORT_ABI_VERSION)
/*
 * Behind the name of a directory: its maps are too small, and another of the same layout takes its
 * place; the one that is to take a place, until it is whole.
 */
#define PINS_OLD "-old"
#define PINS_NEW "-new"

/* From PIN-DIR/v1: held for the shared records; in it is one for each file that is written. */
#define PINS_LOCK "../lock"
#define PINS_LOCKS 4096 /* at the most: two files that share one are written one after the other */

struct pins {
	int fd;              /* PIN-DIR/v1; -1: not open */
	int lock;            /* PIN-DIR, once locked; -1: not */
	char root[PATH_MAX]; /* PIN-DIR */
	char path[PATH_MAX]; /* PIN-DIR/v1 */
};

/* create makes what is missing. 0, -ENOENT, or another -errno (logged). */
int pins_open(struct pins *pins, const char *pin_dir, bool create);
/* The same for a directory of another name than PINS_VERSION. */
int pins_open_version(struct pins *pins, const char *pin_dir, const char *version, bool create);
/* Whether pin_dir is, or would be, on a BPF file system. */
bool pins_could_be(const char *pin_dir);
void pins_close(struct pins *pins);
/* Behind "cannot be opened" and the like: the remedy for that errno, or "". Static memory. */
const char *pins_hint(int err);
/*
 * Keeps a second agent out until pins_close(), one of another version too: the lock is on PIN-DIR.
 * 0, or -EWOULDBLOCK or another -errno (logged).
 */
int pins_lock(struct pins *pins);
/* Both; opens anew where the directory was removed by another process before the lock was there. */
int pins_open_locked(struct pins *pins, const char *pin_dir, bool create);
/* 1: by somebody, 0: by nobody; -errno (-EACCES: only the owner can tell). */
int pins_is_locked(const struct pins *pins);
/*
 * A lock held for an instant only, for a read and write of the shared records. -1: who may only
 * read takes none.
 */
int pins_lock_records(const struct pins *pins);
/*
 * Held by who measures and writes a file, of which the number tells it from others, for as long as
 * the disk takes; nobody else waits for it. waits: for another who writes that file; else -EBUSY.
 * -ENOENT: who may only read takes none.
 */
int pins_lock_file(const struct pins *pins, uint64_t file, bool waits);
void pins_release(int lock);

/* What there is in PIN-DIR; nothing where it cannot be read. */
struct pins_versions {
	uint32_t newer;   /* a later layout than ours, in which devices are counted; 0: none */
	uint32_t older;   /* an earlier layout; 0: none */
	bool is_unclear;  /* more than one of them, or one that is being replaced itself */
	bool has_present; /* PINS_VERSION, and its services: whole */
	bool has_old, has_new;
};
void pins_list_versions(const char *pin_dir, struct pins_versions *versions);
/* Refuses what this program can neither read nor take the place of. 0 or -EINVAL (logged). */
int pins_check_versions(const char *pin_dir, const struct pins_versions *versions);
/* Calls the name of each, but for PINS_VERSION and newer ones; as pins_each_device() does. */
int pins_each_version(const char *pin_dir, int (*call)(void *ctx, const char *name), void *ctx);
/* Whether the open directory is still the one of that path. */
bool pins_is_current(const struct pins *pins);
/* Gives the directory another name in PIN-DIR, whose own must be empty if it exists. */
int pins_rename(struct pins *pins, const char *name);

/* The path of a map of all devices, or of a device's; false if it does not fit. */
bool pins_map_path(const struct pins *pins, const char *map, char path[PATH_MAX]);
bool pins_device_path(const struct pins *pins, const char *folder, const char *file,
		      char path[PATH_MAX]);
/* 1: made, 0: was there, or -errno (logged). */
int pins_make_device(const struct pins *pins, const char *folder);
/* Gives a device's folder another name, which must be free. 0 or -errno (logged). */
int pins_rename_device(const struct pins *pins, const char *from, const char *to);
/* Calls each device's folder; stops at the first that returns other than 0, and returns that. */
int pins_each_device(const struct pins *pins, int (*call)(void *ctx, const char *folder),
		     void *ctx);
/* Removes a device's folder, its link first, and so detaches the device. */
int pins_remove_device(const struct pins *pins, const char *folder);
/* Removes all there is, devices first, and the directories. */
int pins_remove(struct pins *pins);
/* The same for this directory, and PIN-DIR stays. */
int pins_remove_version(struct pins *pins);

/*
 * Lets a group read what is measured with, (gid_t)-1: nobody but the owner; whatever was let
 * before. To be called again when a device was attached. 0 or -errno (logged).
 */
int pins_open_to_group(const struct pins *pins, gid_t gid);

void pins_escape(const char *folder, char escaped[PINS_ESCAPED_MAX]);
bool pins_unescape(const char *escaped, char folder[PINS_FOLDER_MAX]);

#endif
