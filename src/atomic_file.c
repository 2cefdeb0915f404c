// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic_file.h"

#define TMP_SUFFIX ".tmp"
#define RANDOM_DIGITS 16
#define TMP_TRIES 16
#define TMP_NAME_SIZE (NAME_MAX + 32)

/* The target: a name in an open directory, so that both names of a rename are in the same place. */
struct target {
	int dir_fd;
	char name[NAME_MAX + 1];
};

static int target_open(struct target *target, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char dir[PATH_MAX];
	int used;

	if (!*name)
		return slash ? -EISDIR : -ENOENT;
	if (strlen(name) + RANDOM_DIGITS + 8 > NAME_MAX)
		return -ENAMETOOLONG;
	used = slash ? snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path),
				path)
		     : snprintf(dir, sizeof(dir), ".");
	if (used < 0 || (size_t)used >= sizeof(dir))
		return -ENAMETOOLONG;
	strcpy(target->name, name);
	target->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return target->dir_fd < 0 ? -errno : 0;
}

/*
 * What may stand where the file goes: nothing, a file, or what somebody else has put there to
 * hinder us. A device, a FIFO or a socket of our own, or our link to one, is meant to be written to
 * and not to be replaced: "-o /dev/stdout".
 */
static int target_check(const struct target *target)
{
	struct stat st;

	if (fstatat(target->dir_fd, target->name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_uid != geteuid())
		return 0;
	if (S_ISLNK(st.st_mode) && fstatat(target->dir_fd, target->name, &st, 0))
		return 0;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0 : -EINVAL;
}

static int tmp_open(const struct target *target, char tmp[TMP_NAME_SIZE])
{
	uint64_t random;
	int fd;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	snprintf(tmp, TMP_NAME_SIZE, ".%s.%0*" PRIx64 TMP_SUFFIX, target->name, RANDOM_DIGITS,
		 random);
	fd = openat(target->dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	return fd < 0 ? -errno : fd;
}

/* False when another process, sweeping, has come between opening and locking. */
static bool tmp_lock(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return false;
	return fstat(fd, &st) || st.st_nlink;
}

/*
 * Locked while it is written, which tells a live temporary file from one whose writer was killed.
 */
static int tmp_create(const struct target *target, char tmp[TMP_NAME_SIZE])
{
	for (int i = 0; i < TMP_TRIES; i++) {
		int fd = tmp_open(target, tmp);

		if (fd < 0 || tmp_lock(fd))
			return fd;
		unlinkat(target->dir_fd, tmp, 0);
		close(fd);
	}
	return -EBUSY;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t written = write(fd, data, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		data += written;
		len -= (size_t)written;
	}
	return 0;
}

static int tmp_fill(int fd, const void *data, size_t len)
{
	int err = write_all(fd, data, len);

	if (err)
		return err;
	if (fchmod(fd, 0644) || fsync(fd))
		return -errno;
	return 0;
}

/*
 * A failing disk may keep the temporary file of a failed write. The next write sweeps it away, so
 * that it does not wait for the next start.
 */
static bool is_left_over;

static void tmp_remove(const struct target *target, const char *name)
{
	if (unlinkat(target->dir_fd, name, 0) && errno != ENOENT)
		is_left_over = true;
}

static int replace(const struct target *target, const void *data, size_t len)
{
	char tmp[TMP_NAME_SIZE];
	int err = target_check(target), fd;

	if (err)
		return err;
	fd = tmp_create(target, tmp);
	if (fd < 0)
		return fd;
	err = tmp_fill(fd, data, len);
	if (!err && renameat(target->dir_fd, tmp, target->dir_fd, target->name))
		err = -errno;
	if (err)
		tmp_remove(target, tmp);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int is_tmp_of(const char *file, const char *name)
{
	size_t len = strlen(name), total = strlen(file);

	return total == 1 + len + 1 + RANDOM_DIGITS + strlen(TMP_SUFFIX) && file[0] == '.' &&
	       !strncmp(file + 1, name, len) && file[1 + len] == '.' &&
	       strspn(file + 2 + len, "0123456789abcdef") == RANDOM_DIGITS &&
	       !strcmp(file + 2 + len + RANDOM_DIGITS, TMP_SUFFIX);
}

static void remove_if_abandoned(const struct target *target, const char *name)
{
	int fd = openat(target->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !flock(fd, LOCK_EX | LOCK_NB))
		tmp_remove(target, name);
	close(fd);
}

static void sweep(const struct target *target)
{
	int fd = openat(target->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	is_left_over = !dir;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (is_tmp_of(entry->d_name, target->name))
			remove_if_abandoned(target, entry->d_name);
	closedir(dir);
}

int atomic_file_write(const char *path, const void *data, size_t len)
{
	struct target target;
	int err = target_open(&target, path);

	if (err)
		return err;
	if (is_left_over)
		sweep(&target);
	err = replace(&target, data, len);
	close(target.dir_fd);
	return err;
}

/* FNV-1a: two files that have the same by chance are only written one after the other. */
static uint64_t add_to_number(uint64_t number, const void *data, size_t len)
{
	for (const uint8_t *byte = data; len--; byte++)
		number = (number ^ *byte) * UINT64_C(0x100000001b3);
	return number;
}

uint64_t atomic_file_number(const char *path)
{
	uint64_t number = UINT64_C(0xcbf29ce484222325);
	struct target target;
	struct stat st;
	int err = target_open(&target, path);

	if (err)
		return 0;
	err = fstat(target.dir_fd, &st);
	close(target.dir_fd);
	if (err)
		return 0;
	number = add_to_number(number, &st.st_dev, sizeof(st.st_dev));
	number = add_to_number(number, &st.st_ino, sizeof(st.st_ino));
	return add_to_number(number, target.name, strlen(target.name));
}

static int try_create(const struct target *target)
{
	char tmp[TMP_NAME_SIZE];
	int fd = tmp_create(target, tmp), err = 0;

	if (fd < 0)
		return fd;
	if (unlinkat(target->dir_fd, tmp, 0))
		err = -errno;
	close(fd);
	return err;
}

/*
 * Another user's file in a directory that is sticky may not be replaced. The kernel asks that too
 * of who would remove it as a directory, and only then finds that it is none.
 */
static int try_replace(const struct target *target)
{
	if (!unlinkat(target->dir_fd, target->name, AT_REMOVEDIR) || errno == ENOENT ||
	    errno == ENOTDIR)
		return 0;
	return -errno;
}

int atomic_file_prepare(const char *path)
{
	struct target target;
	int err = target_open(&target, path);

	if (err)
		return err;
	sweep(&target);
	err = target_check(&target);
	if (!err)
		err = try_create(&target);
	if (!err)
		err = try_replace(&target);
	close(target.dir_fd);
	return err;
}
