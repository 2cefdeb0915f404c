// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks on the directory of the pinned state. They are held on directories that only the owner can
 * open: a group that may read could hold up the agent otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "pins.h"

#define LOCK_TRIES 10
#define LOCK_PAUSE_US 20000

static int open_root(const struct pins *pins)
{
	return openat(pins->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Tries for a fifth of a second, as pins_is_locked() of another process holds the lock for an
 * instant.
 */
static int try_lock(int fd)
{
	int err = 0;

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		err = -errno;
		if (err != -EWOULDBLOCK)
			break;
		usleep(LOCK_PAUSE_US);
	}
	return err;
}

int pins_lock(struct pins *pins)
{
	int fd = open_root(pins), err = fd < 0 ? -errno : try_lock(fd);

	if (!err) {
		pins->lock = fd;
		return 0;
	}
	if (err == -EWOULDBLOCK)
		log_errorx("pin directory '%s': in use: another agent is counting with it: stop it "
			   "first, or choose another --pin-dir",
			   pins->root);
	else
		log_error(err, "pin directory '%s': cannot be locked%s", pins->root,
			  pins_hint(err));
	if (fd >= 0)
		close(fd);
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

int pins_is_locked(const struct pins *pins)
{
	int fd = open_root(pins), locked;

	if (fd < 0)
		return -errno;
	locked = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

/* Where another makes it at the same time, that one is as good. */
static int open_lock(const struct pins *pins, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(pins->fd, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	mkdirat(pins->fd, name, 0700);
	return openat(pins->fd, name, flags);
}

int pins_lock_records(const struct pins *pins)
{
	int fd = open_lock(pins, PINS_LOCK);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

int pins_lock_file(const struct pins *pins, uint64_t file, bool waits)
{
	char name[sizeof(PINS_LOCK) + 1 + 16];
	uint64_t place = file % PINS_LOCKS;
	int above = open_lock(pins, PINS_LOCK), fd, err;

	if (above < 0)
		return -ENOENT;
	close(above);
	snprintf(name, sizeof(name), PINS_LOCK "/%03" PRIx64, place);
	fd = open_lock(pins, name);
	if (fd < 0)
		return -ENOENT;
	err = waits ? flock(fd, LOCK_EX) : try_lock(fd);
	if (err != -EWOULDBLOCK)
		return fd;
	close(fd);
	return -EBUSY;
}

void pins_release(int lock)
{
	if (lock >= 0)
		close(lock);
}
