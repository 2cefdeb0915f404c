// SPDX-License-Identifier: GPL-2.0-only
/* Hands what a reader needs of the pinned state to a group, and takes it back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "pins.h"

/*
 * What is measured with. Not the links, which detach; nor what holds secrets and addresses: the
 * keys of the endpoints, the fragments.
 */
static const char *const readable[] = {
	"services", "agent", "unclassified", "counters", "handshakes", "base", "state",
};

struct opening {
	const struct pins *pins;
	gid_t gid;
	bool is_open; /* else taken back */
	bool has_changed;
};

static bool is_readable(const char *name)
{
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		if (!strcmp(name, readable[i]))
			return true;
	return false;
}

static int failed(const struct opening *opening, const char *name)
{
	int err = -errno;

	log_error(err, "pin '%s/%s': cannot be given to group %u%s", opening->pins->path, name,
		  opening->gid,
		  err == -EPERM ? " (run as root, or as a member of that group)" : "");
	return err;
}

/* The group first, then what it may do: so that no other one may at any time. */
static int set_directory(struct opening *opening, int fd, const char *name, mode_t mode)
{
	struct stat st;

	if (!opening->is_open)
		mode &= 0700;
	if (fstat(fd, &st))
		return failed(opening, name);
	if (st.st_gid == opening->gid && (st.st_mode & 07777) == mode)
		return 0;
	opening->has_changed = true;
	if (st.st_gid != opening->gid && (fchmod(fd, 0700) || fchown(fd, (uid_t)-1, opening->gid)))
		return failed(opening, name);
	return fchmod(fd, mode) ? failed(opening, name) : 0;
}

/*
 * By name, as a pin cannot be opened as a file; in a directory that nobody else can write to, so
 * that what was looked at is what is changed. One that is gone by then needs nothing.
 */
static int set_pin(struct opening *opening, int dir, const char *name)
{
	mode_t mode = opening->is_open && is_readable(name) ? 0640 : 0600;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : failed(opening, name);
	if (!S_ISREG(st.st_mode) || (st.st_gid == opening->gid && (st.st_mode & 07777) == mode))
		return 0;
	if (st.st_gid != opening->gid &&
	    (fchmodat(dir, name, 0600, 0) ||
	     fchownat(dir, name, (uid_t)-1, opening->gid, AT_SYMLINK_NOFOLLOW)))
		return errno == ENOENT ? 0 : failed(opening, name);
	return fchmodat(dir, name, mode, 0) && errno != ENOENT ? failed(opening, name) : 0;
}

/* Takes fd over. */
static int each_entry(struct opening *opening, int fd,
		      int (*call)(struct opening *opening, int dir, const char *name))
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int err = 0;

	if (!dir) {
		err = failed(opening, ".");
		close(fd);
		return err;
	}
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = call(opening, fd, entry->d_name);
	closedir(dir);
	return err;
}

/* A pin, or a device's directory of pins. */
static int set_entry(struct opening *opening, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return set_pin(opening, dir, name);
	err = set_directory(opening, fd, name, 0750);
	if (!err)
		return each_entry(opening, fd, set_pin);
	close(fd);
	return err;
}

/* Passed through only: who can open it can hold the lock on it. */
static int set_root(struct opening *opening)
{
	int fd = openat(opening->pins->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 ? failed(opening, "..") : set_directory(opening, fd, "..", 0710);

	if (fd >= 0)
		close(fd);
	return err;
}

/* systemd mounts /sys/fs/bpf with mode 0700, and that is not ours to change. */
static void warn_if_closed(const struct opening *opening)
{
	struct stat st;

	if (!opening->is_open || !opening->has_changed ||
	    fstatat(opening->pins->fd, "../..", &st, 0) || st.st_mode & 0001 ||
	    (st.st_gid == opening->gid && st.st_mode & 0010))
		return;
	log_info("pin directory '%s': the group cannot reach it, as the directory above has mode "
		 "%04o: chmod o+x that one",
		 opening->pins->root, st.st_mode & 07777U);
}

int pins_open_to_group(const struct pins *pins, gid_t gid)
{
	struct opening opening = {
		.pins = pins,
		.gid = gid == (gid_t)-1 ? getegid() : gid,
		.is_open = gid != (gid_t)-1,
	};
	int fd = openat(pins->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return failed(&opening, ".");
	err = each_entry(&opening, fd, set_entry);
	if (!err)
		err = set_directory(&opening, pins->fd, ".", 0750);
	if (!err)
		err = set_root(&opening);
	if (!err)
		warn_if_closed(&opening);
	return err;
}
