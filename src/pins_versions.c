// SPDX-License-Identifier: GPL-2.0-only
/* The states that there are in PIN-DIR: of which layouts, and which takes another's place. */
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
#include "port_abi.h"

#define LATER_VERSIONS 10 /* looked for by who cannot list them */

static DIR *open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* "v1", "v1-old", "v1-new": the layout, and what is behind it; 0: none of these. */
static uint32_t parse_name(const char *name, const char **suffix)
{
	unsigned long version;
	char *end;

	if (name[0] != 'v' || name[1] < '1' || name[1] > '9')
		return 0;
	errno = 0;
	version = strtoul(name + 1, &end, 10);
	*suffix = end;
	if (errno || version > UINT32_MAX ||
	    (*end && strcmp(end, PINS_OLD) != 0 && strcmp(end, PINS_NEW) != 0))
		return 0;
	return (uint32_t)version;
}

/* Of a layout that is not known: any directory in it is a device's. */
static bool has_devices(int root, const char *name)
{
	DIR *dir = open_dir(root, name);
	const struct dirent *entry;
	bool found = false;
	struct stat st;

	while (dir && !found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' &&
			!fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
			S_ISDIR(st.st_mode);
	if (dir)
		closedir(dir);
	return found;
}

static bool has_services(int root, const char *name)
{
	char path[NAME_MAX + sizeof("/services")];

	snprintf(path, sizeof(path), "%s/services", name);
	return !faccessat(root, path, F_OK, AT_EACCESS);
}

static void note(struct pins_versions *versions, int root, const char *name)
{
	const char *suffix;
	uint32_t version = parse_name(name, &suffix);

	if (version > PORT_ABI_VERSION) {
		/* One that is not whole yet has taken nothing's place. */
		if (version > versions->newer && strcmp(suffix, PINS_NEW) != 0 &&
		    has_devices(root, name))
			versions->newer = version;
	} else if (version && version < PORT_ABI_VERSION) {
		if (versions->older || *suffix)
			versions->is_unclear = true;
		versions->older = version;
	} else if (version && !*suffix) {
		versions->has_present = has_services(root, name);
	} else if (version) {
		*(strcmp(suffix, PINS_OLD) ? &versions->has_new : &versions->has_old) = true;
	}
}

/* Who may pass through PIN-DIR only, to read, asks for each name that there may be. */
static void try_names(struct pins_versions *versions, const char *pin_dir)
{
	static const char *const suffixes[] = { "", PINS_OLD, PINS_NEW };
	int root = open(pin_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char name[32];

	for (unsigned int i = 3; root >= 0 && i < 3 * (PORT_ABI_VERSION + LATER_VERSIONS); i++) {
		snprintf(name, sizeof(name), "v%u%s", i / 3, suffixes[i % 3]);
		if (!faccessat(root, name, F_OK, AT_EACCESS))
			note(versions, root, name);
	}
	if (root >= 0)
		close(root);
}

void pins_list_versions(const char *pin_dir, struct pins_versions *versions)
{
	DIR *dir = open_dir(AT_FDCWD, pin_dir);
	const struct dirent *entry;

	*versions = (struct pins_versions){};
	if (!dir) {
		if (errno == EACCES)
			try_names(versions, pin_dir);
		return;
	}
	while ((entry = readdir(dir)))
		note(versions, dirfd(dir), entry->d_name);
	closedir(dir);
}

int pins_check_versions(const char *pin_dir, const struct pins_versions *versions)
{
	if (versions->newer) {
		log_errorx("pin directory '%s': holds the state of a newer version (layout %u, "
			   "this program has %u): start that version, or --detach with it",
			   pin_dir, versions->newer, (unsigned int)PORT_ABI_VERSION);
		return -EINVAL;
	}
	if (versions->is_unclear || (versions->older && versions->has_old)) {
		log_errorx("pin directory '%s': an earlier version was cut off while it moved its "
			   "counters (layout %u): start that version once more, or --detach",
			   pin_dir, versions->older);
		return -EINVAL;
	}
	return 0;
}

int pins_each_version(const char *pin_dir, int (*call)(void *ctx, const char *name), void *ctx)
{
	DIR *dir = open_dir(AT_FDCWD, pin_dir);
	const struct dirent *entry;
	const char *suffix;
	int err = 0;

	while (dir && !err && (entry = readdir(dir))) {
		uint32_t version = parse_name(entry->d_name, &suffix);

		if (version &&
		    (version < PORT_ABI_VERSION || (version == PORT_ABI_VERSION && *suffix)))
			err = call(ctx, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return err;
}

bool pins_is_current(const struct pins *pins)
{
	struct stat opened, named;

	return !fstat(pins->fd, &opened) && !stat(pins->path, &named) &&
	       opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

int pins_rename(struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", pins->root, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	if (rename(pins->path, path)) {
		log_error(errno, "pin directory '%s': cannot be renamed to '%s'", pins->path, name);
		return -errno;
	}
	memcpy(pins->path, path, sizeof(path));
	return 0;
}
