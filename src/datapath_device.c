// SPDX-License-Identifier: GPL-2.0-only
/* What is pinned of a device: adopted as it is found, made where missing, taken back on failure. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_private.h"
#include "layout.h"
#include "log.h"

static int create_counters(const struct datapath *datapath)
{
	return bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counters", sizeof(uint32_t),
			      sizeof(struct port_counter), PORT_INDEX_END(datapath->capacity),
			      NULL);
}

static int create_handshakes(const struct datapath *datapath)
{
	return bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "handshakes", sizeof(uint32_t),
			      sizeof(struct port_handshakes), datapath->capacity, NULL);
}

static int create_state(const struct datapath *datapath)
{
	(void)datapath;
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "state", sizeof(uint32_t),
			      sizeof(struct datapath_state), 1, NULL);
}

static int open_map(struct datapath *datapath, const char *device, const char *map,
		    int (*create)(const struct datapath *))
{
	char path[PATH_MAX];

	if (datapath->access == DATAPATH_PRIVATE)
		snprintf(path, sizeof(path), "/%s", map);
	else if (!pins_device_path(&datapath->pins, device, map, path))
		return -ENAMETOOLONG;
	return datapath_map(datapath, path, create);
}

/* What is pinned may be of another build: cells of another meaning must not be added to. */
static int check_map(const struct datapath *datapath, const char *device, const char *map, int fd,
		     uint32_t type, uint32_t value_size, uint32_t entries)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == type &&
	    info.value_size == value_size && info.max_entries == entries)
		return 0;
	if (datapath_is_outdated(datapath))
		return -ESTALE;
	log_errorx(
		"pin directory '%s': map '%s' of device '%s' is of another size: --detach first, "
		"then start anew",
		datapath->access == DATAPATH_PRIVATE ? "" : datapath->pins.path, map, device);
	return -EINVAL;
}

static int read_state(const struct datapath *datapath, struct datapath_device *device)
{
	uint32_t index = 0;
	int err = bpf_map_lookup_elem(device->state_map, &index, &device->state);

	if (err)
		log_error(err, "pin directory '%s': map 'state' of device '%s': cannot be read",
			  datapath->access == DATAPATH_PRIVATE ? "" : datapath->pins.path,
			  device->folder);
	return err;
}

static int open_maps(struct datapath *datapath, struct datapath_device *device)
{
	const char *name = device->folder;
	int err;

	device->counters = open_map(datapath, name, "counters", create_counters);
	if (device->counters < 0)
		return device->counters;
	device->handshakes = open_map(datapath, name, "handshakes", create_handshakes);
	if (device->handshakes < 0)
		return device->handshakes;
	device->state_map = open_map(datapath, name, "state", create_state);
	if (device->state_map < 0)
		return device->state_map;
	err = check_map(datapath, name, "counters", device->counters, BPF_MAP_TYPE_PERCPU_ARRAY,
			sizeof(struct port_counter),
			layout_end(datapath->layout, datapath->capacity));
	if (!err)
		err = check_map(datapath, name, "handshakes", device->handshakes,
				BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct port_handshakes),
				datapath->capacity);
	if (!err)
		err = check_map(datapath, name, "state", device->state_map, BPF_MAP_TYPE_ARRAY,
				sizeof(device->state), 1);
	return err ? err : read_state(datapath, device);
}

static bool is_pinned(const struct datapath *datapath, const char *folder, const char *file)
{
	char path[PATH_MAX];

	return pins_device_path(&datapath->pins, folder, file, path) && !access(path, F_OK);
}

/*
 * A start pins counters, state and link in this order. One that was killed in between leaves a
 * folder without state, which a reader passes over and the next start fills. A link without the
 * others is the work of somebody else: what it counts cannot be told, and it is not ours to end.
 */
int datapath_adopt(struct datapath *datapath, const char *folder)
{
	bool complete = is_pinned(datapath, folder, "counters") &&
			is_pinned(datapath, folder, "handshakes") &&
			is_pinned(datapath, folder, "state");
	struct datapath_device *device;
	int err;

	if (datapath->access == DATAPATH_READ && strstr(folder, DATAPATH_MOVING))
		return 0; /* a start was killed while it moved it; the next one completes that */
	if (!complete && !is_pinned(datapath, folder, "link"))
		return 0;
	if (!complete) {
		log_errorx("pin directory '%s': the counters or the state of device '%s' are "
			   "missing: --detach first, then start anew",
			   datapath->pins.path, folder);
		return -EINVAL;
	}
	device = datapath_add(datapath, folder);
	if (!device)
		return -ENOMEM;
	err = open_maps(datapath, device);
	if (err == -ENOENT && datapath->access == DATAPATH_READ) {
		datapath_drop(datapath, device); /* forgotten, or renamed, at this very time */
		return 0;
	}
	if (!err)
		datapath_hook_adopt(datapath, device);
	return err;
}

struct datapath_device *datapath_make_device(struct datapath *datapath, const char *folder)
{
	struct datapath_device *device;
	int made = datapath->access == DATAPATH_PRIVATE ? 0
							: pins_make_device(&datapath->pins, folder);

	if (made < 0)
		return NULL;
	device = datapath_add(datapath, folder);
	if (!device) {
		log_error(ENOMEM, "device '%s': cannot be counted", folder);
		if (made)
			pins_remove_device(&datapath->pins, folder);
		return NULL;
	}
	device->is_new = made;
	device->is_added = true;
	if (!open_maps(datapath, device))
		return device;
	datapath_undo_device(datapath, device);
	return NULL;
}

void datapath_undo_device(struct datapath *datapath, struct datapath_device *device)
{
	bool is_pinned_now = datapath->access == DATAPATH_WRITE;

	if (device->is_attached_now)
		datapath_hook_detach(datapath, device);
	if (is_pinned_now && device->is_new)
		pins_remove_device(&datapath->pins, device->folder);
	if (device->is_added)
		datapath_drop(datapath, device);
}

void datapath_undo(struct datapath *datapath)
{
	for (size_t i = datapath->count; i-- > 0;)
		datapath_undo_device(datapath, &datapath->devices[i]);
	if (datapath->access != DATAPATH_WRITE)
		return;
	if (datapath->is_new)
		pins_remove(&datapath->pins);
	else if (!datapath->capacity && !rmdir(datapath->pins.path)) /* nothing was pinned yet */
		rmdir(datapath->pins.root);
}
