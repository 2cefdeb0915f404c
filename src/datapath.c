// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_private.h"
#include "log.h"
#include "slots.h"

void datapath_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct datapath_device *datapath_find(struct datapath *datapath, const char *folder)
{
	for (size_t i = 0; i < datapath->count; i++)
		if (!strcmp(datapath->devices[i].folder, folder))
			return &datapath->devices[i];
	return NULL;
}

/* What is transmitted is counted in a folder of its own, whose name no device can have. */
static void set_names(struct datapath_device *device, const char *folder)
{
	size_t len = strlen(folder), suffix = strlen(DATAPATH_EGRESS);

	device->is_egress = len > suffix && !strcmp(folder + len - suffix, DATAPATH_EGRESS);
	strncpy(device->folder, folder, sizeof(device->folder) - 1);
	if (device->is_egress)
		len -= suffix;
	snprintf(device->name, sizeof(device->name), "%.*s", (int)len, folder);
}

/* In the order of names, so that all that is printed keeps one order. */
struct datapath_device *datapath_add(struct datapath *datapath, const char *folder)
{
	struct datapath_device *devices;
	size_t at = 0;

	devices = realloc(datapath->devices, (datapath->count + 1) * sizeof(*devices));
	if (!devices)
		return NULL;
	datapath->devices = devices;
	while (at < datapath->count && strcmp(devices[at].folder, folder) < 0)
		at++;
	memmove(&devices[at + 1], &devices[at], (datapath->count - at) * sizeof(*devices));
	datapath->count++;
	devices[at] = (struct datapath_device){
		.counters = -1, .handshakes = -1, .link = -1, .state_map = -1
	};
	set_names(&devices[at], folder);
	return &devices[at];
}

void datapath_drop(struct datapath *datapath, struct datapath_device *device)
{
	size_t behind = (size_t)(&datapath->devices[datapath->count] - (device + 1));

	datapath_close_fd(&device->counters);
	datapath_close_fd(&device->handshakes);
	datapath_close_fd(&device->state_map);
	datapath_close_fd(&device->link);
	memmove(device, device + 1, behind * sizeof(*device));
	datapath->count--;
}

/* libbpf's own words would come twice: the caller says what failed, and for which object. */
static int keep_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
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
		return err ? err : datapath->access == DATAPATH_READ ? -ENOENT : 0;
	log_errorx("pin directory '%s': 'services' is missing, but devices are counted: "
		   "--detach first, then start anew",
		   datapath->pins.path);
	return -EINVAL;
}

/* What is pinned already: the services map, which tells the capacity, and the devices. */
static int open_pinned(struct datapath *datapath)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	int err;

	if (!pins_map_path(&datapath->pins, "services", path))
		return -ENAMETOOLONG;
	datapath->services = bpf_obj_get(path);
	if (datapath->services == -ENOENT)
		return check_empty(datapath);
	if (datapath->services < 0 || bpf_obj_get_info_by_fd(datapath->services, &info, &size)) {
		log_error(errno, "pin '%s': cannot be opened", path);
		return -errno;
	}
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(struct slot_record) ||
	    !(info.map_flags & BPF_F_MMAPABLE)) {
		log_errorx("pin '%s': is not a map of this program", path);
		return -EINVAL;
	}
	datapath->capacity = info.max_entries;
	err = datapath_map_records(datapath);
	if (!err)
		err = datapath_adopt_shared(datapath);
	return err ? err : pins_each_device(&datapath->pins, adopt, datapath);
}

static int open_access(struct datapath *datapath, const char *pin_dir)
{
	int cpus = libbpf_num_possible_cpus(), err;

	if (cpus < 0) {
		log_error(cpus, "processors: cannot be counted");
		return cpus;
	}
	datapath->cpus = (unsigned int)cpus;
	datapath->cells = calloc((size_t)DATAPATH_BATCH * datapath->cpus, DATAPATH_CELL_MAX);
	if (!datapath->cells)
		return -ENOMEM;
	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	if (datapath->access == DATAPATH_WRITE)
		err = pins_open_locked(&datapath->pins, pin_dir, true);
	else
		err = pins_open(&datapath->pins, pin_dir, false);
	return err ? err : open_pinned(datapath);
}

int datapath_open(struct datapath **out, const char *pin_dir, enum datapath_access access)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	int err;

	if (!datapath)
		return -ENOMEM;
	libbpf_set_print(keep_silent);
	*datapath = (struct datapath){
		.access = access,
		.pins.fd = -1,
		.ports = -1,
		.services = -1,
		.endpoints = -1,
		.firm_clients = -1,
		.fragments = -1,
		.unclassified = -1,
	};
	err = open_access(datapath, pin_dir);
	if (err) {
		datapath_close(datapath);
		return err;
	}
	*out = datapath;
	return 0;
}

void datapath_close(struct datapath *datapath)
{
	if (!datapath)
		return;
	while (datapath->count)
		datapath_drop(datapath, &datapath->devices[datapath->count - 1]);
	free(datapath->devices);
	free(datapath->cells);
	if (datapath->records)
		munmap(datapath->records, (size_t)datapath->capacity * sizeof(*datapath->records));
	datapath_unload(datapath->replay);
	datapath_close_fd(&datapath->ports);
	datapath_close_fd(&datapath->services);
	datapath_close_fd(&datapath->endpoints);
	datapath_close_fd(&datapath->firm_clients);
	datapath_close_fd(&datapath->fragments);
	datapath_close_fd(&datapath->unclassified);
	pins_close(&datapath->pins);
	free(datapath);
}

size_t datapath_count(const struct datapath *datapath)
{
	return datapath->count;
}

const struct datapath_device *datapath_device(const struct datapath *datapath, size_t i)
{
	return &datapath->devices[i];
}

bool datapath_agent_runs(const struct datapath *datapath)
{
	return pins_is_locked(&datapath->pins);
}

uint32_t datapath_capacity(const struct datapath *datapath)
{
	return datapath->capacity - PORT_SLOT_FIRST;
}

const char *datapath_library_version(void)
{
	return libbpf_version_string();
}

int datapath_detach(const char *pin_dir)
{
	struct pins pins;
	int err = pins_open_locked(&pins, pin_dir, false);

	if (!err)
		err = pins_remove(&pins);
	pins_close(&pins);
	return err;
}
