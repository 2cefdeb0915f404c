// SPDX-License-Identifier: GPL-2.0-only
/* Opens the directory of the pinned state, once it is found fit to be trusted. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "pins.h"
#include "port_abi.h"

static bool is_bpffs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

static int check_bpffs(int fd, const char *path)
{
	if (is_bpffs(fd))
		return 0;
	log_errorx("pin directory '%s': not on a BPF file system: mount -t bpf bpf /sys/fs/bpf; "
		   "where 'ip netns exec' hides it, use nsenter --net instead",
		   path);
	return -EINVAL;
}

/*
 * Closed to others, but for a group that may read: what is in it then is the owner's. A reader
 * takes root's word too.
 */
static int check_owner(int fd, const char *path, bool is_reader)
{
	struct stat st;

	if (fstat(fd, &st)) {
		log_error(errno, "pin directory '%s': cannot be examined", path);
		return -errno;
	}
	if ((st.st_uid == geteuid() || (is_reader && !st.st_uid)) && !(st.st_mode & 027))
		return 0;
	if (geteuid() && !st.st_uid) {
		log_errorx("pin directory '%s': is root's: run as root", path);
		return -EPERM;
	}
	log_errorx("pin directory '%s': not trusted: owned by user %u with mode %04o, must be user "
		   "%u's and closed to others (0700): remove it, or choose another --pin-dir",
		   path, st.st_uid, st.st_mode & 07777U, geteuid());
	return -EPERM;
}

static int check_directory_above(int fd, const struct stat *st, const char *path)
{
	char link[32], name[PATH_MAX];
	ssize_t len;

	if ((!st->st_uid || st->st_uid == geteuid()) &&
	    (!(st->st_mode & 022) || st->st_mode & S_ISVTX))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name));
	log_errorx("pin directory '%s': not safe: '%.*s' above it, owned by user %u with mode "
		   "%04o, lets others replace it: chown it to root and chmod go-w or +t, or choose "
		   "another --pin-dir",
		   path, len < 0 ? 0 : (int)len, name, st->st_uid, st->st_mode & 07777U);
	return -EPERM;
}

/*
 * Who may write to a directory above could put another one in our place: each must be root's or
 * ours, and closed to the writing of others, or sticky, up to where the file system is mounted.
 */
static int check_above(int parent, const char *path)
{
	int fd = openat(parent, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), above, err = 0;
	struct stat st, next;

	while (fd >= 0 && is_bpffs(fd) && !err && !fstat(fd, &st)) {
		err = check_directory_above(fd, &st, path);
		above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = above;
		if (fd >= 0 && (fstat(fd, &next) || next.st_ino == st.st_ino))
			break;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

const char *pins_hint(int err)
{
	switch (abs(err)) {
	case EROFS:
		return " (the BPF file system is read-only: mount -o remount,rw it; in a systemd "
		       "unit: ReadWritePaths=)";
	case ENOTDIR:
	case ELOOP:
		return " (a symbolic link, or something else than a directory, is in its place: "
		       "remove it, or choose another --pin-dir)";
	case EACCES:
	case EPERM:
		return geteuid() ? " (only root, and for --top, --status and --once the members of "
				   "the agent's --group, may)"
				 : "";
	default:
		return "";
	}
}

/*
 * Opens dir/name, making it if asked; the caller is told of a missing one in silence. access is
 * O_RDONLY, or O_PATH for what is only passed through.
 */
static int open_below(int dir, const char *name, const char *path, int access, bool create)
{
	int fd, err;

	if (create && mkdirat(dir, name, 0700) && errno != EEXIST) {
		err = -errno;
		log_error(err, "pin directory '%s': cannot be made%s", path, pins_hint(err));
		return err;
	}
	fd = openat(dir, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		if (err != -ENOENT)
			log_error(err, "pin directory '%s': cannot be opened%s", path,
				  pins_hint(err));
		return err;
	}
	err = check_bpffs(fd, path);
	if (!err)
		err = check_owner(fd, path, !create);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Splits pin_dir in the directory above, opened and on a BPF file system, and the last name. */
static int open_parent(const char *pin_dir, const char **name, bool create)
{
	const char *slash = strrchr(pin_dir, '/');
	char parent[PATH_MAX];
	int fd, err;

	*name = slash ? slash + 1 : pin_dir;
	snprintf(parent, sizeof(parent), "%.*s",
		 !slash             ? 1
		 : slash == pin_dir ? 1
				    : (int)(slash - pin_dir),
		 slash ? pin_dir : ".");
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		if (create || err != -ENOENT)
			log_error(err, "pin directory '%s': cannot open '%s'%s", pin_dir, parent,
				  pins_hint(err));
		return err;
	}
	err = create ? check_bpffs(fd, pin_dir) : 0;
	if (!err)
		err = check_above(fd, pin_dir);
	if (!err)
		return fd;
	close(fd);
	return err;
}

bool pins_could_be(const char *pin_dir)
{
	const char *name;
	int parent = open_parent(pin_dir, &name, false);
	bool is_there = parent >= 0 && is_bpffs(parent);

	if (parent >= 0)
		close(parent);
	return is_there;
}

int pins_open_version(struct pins *pins, const char *pin_dir, const char *version, bool create)
{
	size_t len = strlen(pin_dir);
	const char *name;
	int parent, root, fd;

	*pins = (struct pins){ .fd = -1, .lock = -1 };
	/* Without the slashes at its end, behind which there would be no last name. */
	while (len > 1 && pin_dir[len - 1] == '/')
		len--;
	if (len + strlen(version) + sizeof("/") > sizeof(pins->path)) {
		log_error(ENAMETOOLONG, "pin directory '%s': cannot be used", pin_dir);
		return -ENAMETOOLONG;
	}
	memcpy(pins->root, pin_dir, len);
	snprintf(pins->path, sizeof(pins->path), "%.*s/%s", (int)len, pin_dir, version);
	parent = open_parent(pins->root, &name, create);
	if (parent < 0)
		return parent;
	root = open_below(parent, name, pins->root, O_PATH, create);
	close(parent);
	if (root < 0)
		return root;
	fd = open_below(root, version, pins->path, O_RDONLY, create);
	close(root);
	if (fd < 0)
		return fd;
	pins->fd = fd;
	return 0;
}

int pins_open(struct pins *pins, const char *pin_dir, bool create)
{
	return pins_open_version(pins, pin_dir, PINS_VERSION, create);
}

void pins_close(struct pins *pins)
{
	if (pins->fd >= 0) {
		close(pins->fd);
		if (pins->lock >= 0)
			close(pins->lock);
	}
	pins->fd = -1;
	pins->lock = -1;
}
