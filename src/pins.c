// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "pins.h"

/*
 * Names of maps beside the device folders, so that no device takes one. The services last: while
 * they are there, a removal that was cut off is no new state, and what is left keeps its meaning.
 */
static const char *const map_names[] = {
	"ports", "endpoints", "firm_clients", "fragments", "agent", "unclassified", "services",
};
static const char *const device_files[] = {
	"link", "next", "state", "base", "handshakes", "counters",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_map_name(const char *name)
{
	for (size_t i = 0; i < COUNT(map_names); i++)
		if (!strcmp(name, map_names[i]))
			return true;
	return false;
}

void pins_escape(const char *folder, char escaped[PINS_ESCAPED_MAX])
{
	bool first = is_map_name(folder);

	for (; *folder; folder++, first = false) {
		if (*folder == '.' || *folder == '%' || first)
			escaped += sprintf(escaped, "%%%02X", (unsigned char)*folder);
		else
			*escaped++ = *folder;
	}
	*escaped = '\0';
}

static bool decode(const char *escaped, char folder[PINS_FOLDER_MAX])
{
	char hex[3] = "";
	size_t used = 0;

	for (; *escaped; escaped++) {
		if (used + 1 >= PINS_FOLDER_MAX)
			return false;
		if (*escaped != '%') {
			folder[used++] = *escaped;
			continue;
		}
		if (strspn(escaped + 1, "0123456789ABCDEF") < 2)
			return false;
		memcpy(hex, escaped + 1, 2);
		folder[used++] = (char)strtoul(hex, NULL, 16);
		escaped += 2;
	}
	folder[used] = '\0';
	/* A device's name, and what may stand behind it: no name has a colon. */
	used = strcspn(folder, ":");
	return used > 0 && used < IFNAMSIZ;
}

/* Only what pins_escape() writes: another spelling, or %00, would lead back to another folder. */
bool pins_unescape(const char *escaped, char folder[PINS_FOLDER_MAX])
{
	char again[PINS_ESCAPED_MAX];

	if (!decode(escaped, folder))
		return false;
	pins_escape(folder, again);
	return !strcmp(again, escaped);
}

bool pins_map_path(const struct pins *pins, const char *map, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", pins->path, map) < PATH_MAX;
}

bool pins_device_path(const struct pins *pins, const char *folder, const char *file,
		      char path[PATH_MAX])
{
	char escaped[PINS_ESCAPED_MAX];

	pins_escape(folder, escaped);
	return snprintf(path, PATH_MAX, "%s/%s/%s", pins->path, escaped, file) < PATH_MAX;
}

int pins_make_device(const struct pins *pins, const char *folder)
{
	char escaped[PINS_ESCAPED_MAX];

	pins_escape(folder, escaped);
	if (!mkdirat(pins->fd, escaped, 0700))
		return 1;
	if (errno == EEXIST)
		return 0;
	log_error(errno, "pin directory '%s/%s': cannot be made", pins->path, escaped);
	return -errno;
}

int pins_rename_device(const struct pins *pins, const char *from, const char *to)
{
	char old[PINS_ESCAPED_MAX], now[PINS_ESCAPED_MAX];

	pins_escape(from, old);
	pins_escape(to, now);
	if (!renameat(pins->fd, old, pins->fd, now))
		return 0;
	log_error(errno, "pin directory '%s/%s': cannot be renamed '%s'", pins->path, old, now);
	return -errno;
}

int pins_each_device(const struct pins *pins, int (*call)(void *ctx, const char *folder), void *ctx)
{
	int fd = openat(pins->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char folder[PINS_FOLDER_MAX];

	if (!dir) {
		err = -errno;
		log_error(err, "pin directory '%s': cannot be read", pins->path);
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !is_map_name(entry->d_name) &&
		    pins_unescape(entry->d_name, folder))
			err = call(ctx, folder);
	closedir(dir);
	return err;
}

int pins_remove_device(const struct pins *pins, const char *folder)
{
	char escaped[PINS_ESCAPED_MAX], name[PINS_ESCAPED_MAX + 16];

	pins_escape(folder, escaped);
	for (size_t i = 0; i < COUNT(device_files); i++) {
		snprintf(name, sizeof(name), "%s/%s", escaped, device_files[i]);
		if (unlinkat(pins->fd, name, 0) && errno != ENOENT) {
			log_error(errno, "pin '%s/%s': cannot be removed", pins->path, name);
			return -errno;
		}
	}
	if (unlinkat(pins->fd, escaped, AT_REMOVEDIR) && errno != ENOENT) {
		log_error(errno, "pin directory '%s/%s': cannot be removed", pins->path, escaped);
		return -errno;
	}
	return 0;
}

static int remove_device(void *ctx, const char *folder)
{
	return pins_remove_device(ctx, folder);
}

static int cannot_remove(const char *directory, const char *name)
{
	int err = -errno;

	log_error(err, "pin '%s/%s': cannot be removed", directory, name);
	return err;
}

static int remove_maps(struct pins *pins)
{
	int err = pins_each_device(pins, remove_device, pins);

	for (size_t i = 0; !err && i < COUNT(map_names); i++)
		if (unlinkat(pins->fd, map_names[i], 0) && errno != ENOENT)
			err = cannot_remove(pins->path, map_names[i]);
	return err;
}

int pins_remove_version(struct pins *pins)
{
	int err = remove_maps(pins);

	if (err || !rmdir(pins->path))
		return err;
	log_error(errno, "pin directory '%s': cannot be removed", pins->path);
	return -errno;
}

/* One for each file that was written lies in it. */
static void remove_locks(const struct pins *pins)
{
	int fd = openat(pins->fd, PINS_LOCK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	unlinkat(pins->fd, PINS_LOCK, AT_REMOVEDIR);
}

int pins_remove(struct pins *pins)
{
	int err = remove_maps(pins);

	remove_locks(pins);
	if (err || (!rmdir(pins->path) && !rmdir(pins->root)) || errno == ENOTEMPTY)
		return err;
	log_error(errno, "pin directory '%s': cannot be removed", pins->root);
	return -errno;
}
