/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of the pinned state, PIN-DIR/v1/, and the names in it: `ports`, `services`,
 * `endpoints`, `firm_clients`, `fragments` and `unclassified` for all devices, and a folder for
 * each device with `counters`, `handshakes`, `state` and `link`.
 *
 * The directory must be on a BPF file system, owned by this user, and closed to others (0700); that
 * is checked on the open directory, without following links, before anything in it is trusted. A
 * BPF file system takes no dot in a name, so device names are escaped: '.', '%' and, where the
 * whole name is that of a map, its first letter are written as %XX.
 *
 * Failures are logged here, but for -ENOENT of pins_open() without create, which is no failure.
 */
#ifndef PINS_H
#define PINS_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>

#define PINS_DEFAULT "/sys/fs/bpf/portacct"
#define PINS_FOLDER_MAX                                                                            \
	(IFNAMSIZ + 16) /* "eth0", or what is counted of it besides: "eth0:egress" */
#define PINS_ESCAPED_MAX (3 * PINS_FOLDER_MAX)

struct pins {
	int fd;              /* PIN-DIR/v1; -1: not open */
	char root[PATH_MAX]; /* PIN-DIR */
	char path[PATH_MAX]; /* PIN-DIR/v1 */
};

/* create makes what is missing. 0, -ENOENT, or another -errno (logged). */
int pins_open(struct pins *pins, const char *pin_dir, bool create);
void pins_close(struct pins *pins);
/* Keeps a second agent out until pins_close(). 0, or -EWOULDBLOCK (logged). */
int pins_lock(struct pins *pins);
/* Both; opens anew where the directory was removed by another process before the lock was there. */
int pins_open_locked(struct pins *pins, const char *pin_dir, bool create);
bool pins_is_locked(const struct pins *pins);
/* A lock held for an instant only, for a read and write of the shared records. */
int pins_lock_records(const struct pins *pins);
void pins_unlock_records(int lock);

/* The path of a map of all devices, or of a device's; false if it does not fit. */
bool pins_map_path(const struct pins *pins, const char *map, char path[PATH_MAX]);
bool pins_device_path(const struct pins *pins, const char *folder, const char *file,
		      char path[PATH_MAX]);
/* 1: made, 0: was there, or -errno (logged). */
int pins_make_device(const struct pins *pins, const char *folder);
/* Calls each device's folder; stops at the first that returns other than 0, and returns that. */
int pins_each_device(const struct pins *pins, int (*call)(void *ctx, const char *folder),
		     void *ctx);
/* Removes a device's folder, its link first, and so detaches the device. */
int pins_remove_device(const struct pins *pins, const char *folder);
/* Removes all there is, devices first, and the directories. */
int pins_remove(struct pins *pins);

void pins_escape(const char *folder, char escaped[PINS_ESCAPED_MAX]);
bool pins_unescape(const char *escaped, char folder[PINS_FOLDER_MAX]);

#endif
