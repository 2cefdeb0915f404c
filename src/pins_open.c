// SPDX-License-Identifier: GPL-2.0-only
/* Opens the directory of the pinned state, once it is found fit to be trusted, and locks it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "pins.h"
#include "port_abi.h"

#define STRING(x) #x
#define EXPANDED(x) STRING(x)
#define VERSION_DIR "v" EXPANDED(PORT_ABI_VERSION)

static int check_bpffs(int fd, const char *path)
{
	struct statfs fs;

	if (fstatfs(fd, &fs)) {
		log_error(errno, "pin directory '%s': cannot be examined", path);
		return -errno;
	}
	if ((unsigned long)fs.f_type == BPF_FS_MAGIC)
		return 0;
	log_errorx("pin directory '%s': not on a BPF file system: mount -t bpf bpf /sys/fs/bpf",
		   path);
	return -EINVAL;
}

static int check_owner(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st)) {
		log_error(errno, "pin directory '%s': cannot be examined", path);
		return -errno;
	}
	if (st.st_uid == geteuid() && !(st.st_mode & 077))
		return 0;
	log_errorx("pin directory '%s': not trusted: owned by user %u with mode %04o, must be user "
		   "%u with 0700",
		   path, st.st_uid, st.st_mode & 07777U, geteuid());
	return -EPERM;
}

/* Opens dir/name, making it if asked; the caller is told of a missing one in silence. */
static int open_below(int dir, const char *name, const char *path, bool create)
{
	int fd, err;

	if (create && mkdirat(dir, name, 0700) && errno != EEXIST) {
		err = -errno;
		log_error(err, "pin directory '%s': cannot be made", path);
		return err;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		if (err != -ENOENT)
			log_error(err, "pin directory '%s': cannot be opened", path);
		return err;
	}
	err = check_bpffs(fd, path);
	if (!err)
		err = check_owner(fd, path);
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
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		if (create || err != -ENOENT)
			log_error(err, "pin directory '%s': cannot open '%s'", pin_dir, parent);
		return err;
	}
	err = create ? check_bpffs(fd, pin_dir) : 0;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int pins_open(struct pins *pins, const char *pin_dir, bool create)
{
	size_t len = strlen(pin_dir);
	const char *name;
	int parent, root, fd;

	*pins = (struct pins){ .fd = -1 };
	/* Without the slashes at its end, behind which there would be no last name. */
	while (len > 1 && pin_dir[len - 1] == '/')
		len--;
	if (len + sizeof("/" VERSION_DIR) > sizeof(pins->path)) {
		log_error(ENAMETOOLONG, "pin directory '%s': cannot be used", pin_dir);
		return -ENAMETOOLONG;
	}
	memcpy(pins->root, pin_dir, len);
	snprintf(pins->path, sizeof(pins->path), "%.*s/" VERSION_DIR, (int)len, pin_dir);
	parent = open_parent(pins->root, &name, create);
	if (parent < 0)
		return parent;
	root = open_below(parent, name, pins->root, create);
	close(parent);
	if (root < 0)
		return root;
	fd = open_below(root, VERSION_DIR, pins->path, create);
	close(root);
	if (fd < 0)
		return fd;
	pins->fd = fd;
	return 0;
}

void pins_close(struct pins *pins)
{
	if (pins->fd >= 0)
		close(pins->fd);
	pins->fd = -1;
}

#define LOCK_TRIES 10
#define LOCK_PAUSE_US 20000

/*
 * Tries for a fifth of a second, as pins_is_locked() of another process holds the lock for an
 * instant.
 */
int pins_lock(struct pins *pins)
{
	int err = 0;

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(pins->fd, LOCK_EX | LOCK_NB))
			return 0;
		err = -errno;
		if (err != -EWOULDBLOCK)
			break;
		usleep(LOCK_PAUSE_US);
	}
	if (err == -EWOULDBLOCK)
		log_errorx("pin directory '%s': in use: another agent is counting with it",
			   pins->root);
	else
		log_error(err, "pin directory '%s': cannot be locked", pins->root);
	return err;
}

static bool is_removed(const struct pins *pins)
{
	struct stat st;

	return fstat(pins->fd, &st) || !st.st_nlink;
}

int pins_open_locked(struct pins *pins, const char *pin_dir, bool create)
{
	int err;

	for (int i = 0; i < LOCK_TRIES; i++) {
		err = pins_open(pins, pin_dir, create);
		if (!err)
			err = pins_lock(pins);
		if (err || !is_removed(pins))
			return err;
		pins_close(pins);
	}
	log_errorx("pin directory '%s': is removed as often as it is made", pin_dir);
	return -EBUSY;
}

bool pins_is_locked(const struct pins *pins)
{
	int fd = openat(pins->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

int pins_lock_records(const struct pins *pins)
{
	int fd = open(pins->root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

void pins_unlock_records(int lock)
{
	if (lock >= 0)
		close(lock);
}
