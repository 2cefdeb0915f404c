// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens the pinned state, as it was left.
 *
 * It is one directory, but while its counters are being moved to other maps (datapath_carry.c) two
 * of them are. A writer completes that (datapath_prepare()); who only reads takes both as they are.
 * Only a writer holds a lock that keeps others from changing them: a reader looks again in the end
 * whether what it opened is what there is.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_private.h"
#include "layout.h"
#include "log.h"
#include "slots.h"

#define OPEN_TRIES 50
#define OPEN_PAUSE_US 20000

struct datapath *datapath_new(enum datapath_access access)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 0) {
		log_error(cpus, "processors: cannot be counted");
		free(datapath);
		return NULL;
	}
	if (datapath) {
		*datapath = (struct datapath){
			.access = access,
			.pins = { .fd = -1, .lock = -1 },
			.ports = -1,
			.services = -1,
			.endpoints = -1,
			.firm_clients = -1,
			.fragments = -1,
			.agent = -1,
			.unclassified = -1,
			.layout = layout_find(PORT_ABI_VERSION),
			.cpus = (unsigned int)cpus,
		};
		datapath->cells =
			calloc((size_t)DATAPATH_BATCH * datapath->cpus, DATAPATH_CELL_MAX);
		if (datapath->cells)
			return datapath;
	}
	log_error(ENOMEM, "counters");
	free(datapath);
	return NULL;
}

static int adopt(void *ctx, const char *folder)
{
	return datapath_adopt(ctx, folder);
}

static int is_there(void *ctx, const char *folder)
{
	(void)ctx, (void)folder;
	return 1;
}

/*
 * Without the services map there is nothing yet; but a device that is counted all the same is no
 * nothing.
 */
static int check_empty(const struct datapath *datapath)
{
	int err = pins_each_device(&datapath->pins, is_there, NULL);

	if (err <= 0)
		return err;
	log_errorx("pin directory '%s': 'services' is missing, but devices are counted: "
		   "--detach first, then start anew",
		   datapath->pins.path);
	return -EINVAL;
}

static int check_services(const struct datapath *datapath, const char *path,
			  struct bpf_map_info *info)
{
	__u32 size = sizeof(*info);

	if (datapath->services < 0 || bpf_obj_get_info_by_fd(datapath->services, info, &size)) {
		log_error(errno, "pin '%s': cannot be opened%s", path, pins_hint(errno));
		return -errno;
	}
	if (info->type == BPF_MAP_TYPE_ARRAY && info->value_size == sizeof(struct slot_record) &&
	    info->map_flags & BPF_F_MMAPABLE)
		return 0;
	log_errorx("pin '%s': is not a map of this program", path);
	return -EINVAL;
}

/*
 * What is pinned already: the services map, which tells the capacity, and the devices. Of a state
 * whose place is being taken the other maps are not needed, and may be gone.
 */
static int open_pinned(struct datapath *datapath, bool is_old)
{
	struct bpf_map_info info = {};
	char path[PATH_MAX];
	int err;

	if (!pins_map_path(&datapath->pins, "services", path))
		return -ENAMETOOLONG;
	datapath->services = bpf_obj_get(path); /* to be written to, as decisions are kept in it */
	if (datapath->services == -EACCES && datapath->access == DATAPATH_READ) {
		datapath->is_member = true;
		datapath->services = datapath_open_pin(datapath, path);
	}
	if (datapath->services == -ENOENT)
		return check_empty(datapath);
	err = check_services(datapath, path, &info);
	if (err)
		return err;
	datapath->capacity = info.max_entries;
	err = datapath_map_records(datapath);
	if (!err && !is_old)
		err = datapath_adopt_shared(datapath);
	return err ? err : pins_each_device(&datapath->pins, adopt, datapath);
}

/* ---- the state whose place is being taken */

/* The name of its directory; false: there is none. */
static bool old_name(const struct pins_versions *versions, char name[32])
{
	if (!versions->older && !versions->has_old)
		return false;
	if (versions->older)
		snprintf(name, 32, "v%u", versions->older);
	else
		snprintf(name, 32, "%s", PINS_VERSION PINS_OLD);
	return true;
}

/* For a filter, which knows no links, that is the program, until another one takes its place. */
void datapath_share_link(struct datapath_device *device, const struct datapath_device *earlier)
{
	datapath_close_fd(&device->link);
	if (earlier->link >= 0)
		device->link = fcntl(earlier->link, F_DUPFD_CLOEXEC, 0);
	device->ifindex = device->link >= 0 ? earlier->ifindex : 0;
	device->here = device->link >= 0 ? earlier->here : 0;
}

/*
 * A device's sums are in its base or, before that is whole, in the old maps. Between the two looks
 * at them the base may have been made and the old maps removed, but not the other way round. A
 * program that was not replaced yet is where the old state has it.
 */
static int open_bases(struct datapath *datapath)
{
	int err = 0;

	for (size_t i = 0; !err && i < datapath->count; i++) {
		struct datapath_device *device = &datapath->devices[i];
		const struct datapath_device *earlier =
			datapath->old ? datapath_find(datapath->old, device->folder) : NULL;

		if (earlier && !device->ifindex && earlier->ifindex)
			datapath_share_link(device, earlier);
		err = datapath_open_base(datapath, device);
	}
	return err;
}

/*
 * Locked, if at all, by the lock of the present one. It may have bases itself, of maps that it had
 * outgrown before.
 */
static int open_old(struct datapath *datapath, const struct pins_versions *versions)
{
	struct datapath *old;
	char name[32];
	int err;

	if (!old_name(versions, name))
		return 0;
	old = datapath_new(DATAPATH_READ);
	if (!old)
		return -ENOMEM;
	old->layout = layout_find(versions->older ? versions->older : PORT_ABI_VERSION);
	err = pins_open_version(&old->pins, datapath->pins.root, name, false);
	if (!err)
		err = open_pinned(old, true);
	if (!err)
		err = open_bases(old);
	if (err) {
		datapath_close(old);
		return err;
	}
	datapath->old = old;
	return 0;
}

/* ---- for a writer */

static int remove_new(const char *pin_dir)
{
	struct pins pins;
	int err = pins_open_version(&pins, pin_dir, PINS_VERSION PINS_NEW, false);

	if (!err)
		err = pins_remove_version(&pins);
	pins_close(&pins);
	return err == -ENOENT ? 0 : err;
}

/*
 * What an earlier process left, that was killed while it moved the counters: what it had not made
 * whole goes, and what it had only put aside gets its name back.
 */
static int restore(struct datapath *datapath, const char *pin_dir,
		   const struct pins_versions *versions)
{
	struct pins old;
	int err = 0;

	if (versions->has_old && !versions->has_present) {
		err = pins_open_version(&old, pin_dir, PINS_VERSION PINS_OLD, false);
		if (!err)
			err = pins_rename(&old, PINS_VERSION);
		if (err)
			return err;
		old.lock = datapath->pins.lock;
		datapath->pins.lock = -1;
		pins_close(&datapath->pins);
		datapath->pins = old;
	}
	return versions->has_new ? remove_new(pin_dir) : 0;
}

static int open_locked(struct datapath *datapath, const char *pin_dir)
{
	struct pins_versions versions;
	int err = pins_open_locked(&datapath->pins, pin_dir, true);

	if (err)
		return err;
	pins_list_versions(pin_dir, &versions);
	err = restore(datapath, pin_dir, &versions);
	if (err)
		return err;
	pins_list_versions(pin_dir, &versions);
	err = open_pinned(datapath, false);
	if (!err)
		err = open_old(datapath, &versions);
	return err ? err : open_bases(datapath);
}

static int open_writer(struct datapath *datapath, const char *pin_dir)
{
	struct pins_versions versions;
	int err;

	pins_list_versions(pin_dir, &versions);
	err = pins_check_versions(pin_dir, &versions);
	if (err)
		return err;
	err = open_locked(datapath, pin_dir);
	/* Unless there is something in it by now, which who holds the lock has not put there. */
	if (err && !versions.has_present && (versions.older || datapath->pins.lock >= 0) &&
	    !rmdir(datapath->pins.path))
		rmdir(datapath->pins.root);
	return err;
}

/* ---- for a reader */

static int refuse_older(const char *pin_dir, const struct pins_versions *versions)
{
	log_errorx("pin directory '%s': holds the state of an earlier version (layout %u, this "
		   "program has %u): start the agent, or --attach, to carry it over",
		   pin_dir, versions->older, (unsigned int)PORT_ABI_VERSION);
	return -EINVAL;
}

static int open_reader(struct datapath *datapath, const char *pin_dir)
{
	const struct pins_versions *versions = &datapath->versions;
	bool is_aside = versions->has_old && !versions->has_present;
	int err = pins_check_versions(pin_dir, versions);

	if (err)
		return err;
	if (versions->older && !versions->has_present)
		return refuse_older(pin_dir, versions);
	err = pins_open_version(&datapath->pins, pin_dir,
				is_aside ? PINS_VERSION PINS_OLD : PINS_VERSION, false);
	if (!err)
		err = open_pinned(datapath, false);
	if (!err && datapath->services < 0)
		err = -ENOENT;
	if (!err && !is_aside)
		err = open_old(datapath, versions);
	return err ? err : open_bases(datapath);
}

static bool is_current(const struct datapath *datapath, const char *pin_dir)
{
	const struct pins_versions *before = &datapath->versions;
	struct pins_versions now;

	if (datapath->access != DATAPATH_READ)
		return true;
	pins_list_versions(pin_dir, &now);
	return now.older == before->older && now.newer == before->newer &&
	       now.has_present == before->has_present && now.has_old == before->has_old &&
	       (datapath->pins.fd < 0 || pins_is_current(&datapath->pins));
}

bool datapath_is_current(const struct datapath *datapath)
{
	return is_current(datapath, datapath->pins.root);
}

bool datapath_is_outdated(const struct datapath *datapath)
{
	return datapath->access == DATAPATH_READ && !pins_is_current(&datapath->pins);
}

static int open_access(struct datapath *datapath, const char *pin_dir)
{
	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	if (datapath->access == DATAPATH_WRITE)
		return open_writer(datapath, pin_dir);
	pins_list_versions(pin_dir, &datapath->versions);
	return open_reader(datapath, pin_dir);
}

int datapath_open(struct datapath **out, const char *pin_dir, enum datapath_access access)
{
	libbpf_set_print(NULL); /* its words would come twice: the caller says what failed */
	for (int i = 0; i < OPEN_TRIES; i++) {
		struct datapath *datapath = datapath_new(access);
		bool is_final;
		int err;

		if (!datapath)
			return -ENOMEM;
		err = open_access(datapath, pin_dir);
		is_final = is_current(datapath, pin_dir);
		if (!err && is_final) {
			*out = datapath;
			return 0;
		}
		datapath_close(datapath);
		if (is_final)
			return err;
		usleep(OPEN_PAUSE_US);
	}
	log_errorx("pin directory '%s': its counters are being moved: try again", pin_dir);
	return -EAGAIN;
}
