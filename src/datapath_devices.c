// SPDX-License-Identifier: GPL-2.0-only
/* What became of the devices that are counted: still there, gone, forgotten. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_private.h"
#include "devices.h"
#include "log.h"

bool datapath_is_on(const struct datapath_device *device, const struct device *interface)
{
	return device->here && device->here == interface->ifindex;
}

uint32_t datapath_still_here(const struct datapath_device *device)
{
	return device->here && datapath_hook_ifindex(device) == device->here ? device->here : 0;
}

bool datapath_is_on_device(const struct datapath *datapath, const struct device *interface)
{
	for (size_t i = 0; i < datapath->count; i++)
		if (datapath_is_on(&datapath->devices[i], interface))
			return true;
	return false;
}

bool datapath_is_counted(const struct datapath *datapath, const struct device *interface,
			 bool is_egress)
{
	for (size_t i = 0; i < datapath->count; i++) {
		const struct datapath_device *device = &datapath->devices[i];

		if (device->is_egress == is_egress &&
		    (!strcmp(device->name, interface->name) ||
		     !strcmp(device->wanted, interface->name)) &&
		    datapath_is_on(device, interface))
			return true;
	}
	return false;
}

void datapath_look(struct datapath *datapath, const struct devices *devices)
{
	for (size_t i = 0; i < datapath->count; i++) {
		struct datapath_device *device = &datapath->devices[i];
		const struct device *interface = datapath_interface(device, devices);

		device->here = interface ? interface->ifindex : 0;
	}
	if (datapath->old) /* what is found there goes along when its counters move */
		datapath_look(datapath->old, devices);
}

void datapath_refresh(struct datapath *datapath, const struct devices *devices,
		      void (*gone)(void *ctx, const struct datapath_device *device), void *ctx)
{
	datapath_look(datapath, devices);
	for (size_t i = 0; i < datapath->count; i++) {
		struct datapath_device *device = &datapath->devices[i];
		bool was_there = device->ifindex;

		device->ifindex = device->here;
		if (!was_there || device->here)
			continue;
		device->ifindex = datapath_hook_ifindex(device); /* elsewhere, if not gone */
		if (!device->ifindex)
			gone(ctx, device);
	}
}

/* Its state is among the first pins to be removed, and no device is complete without. */
void datapath_drop_forgotten(struct datapath *datapath,
			     void (*forgotten)(void *ctx, const struct datapath_device *device),
			     void *ctx)
{
	char path[PATH_MAX];

	for (size_t i = datapath->count; i-- > 0;) {
		struct datapath_device *device = &datapath->devices[i];

		if (device->ifindex ||
		    !pins_device_path(&datapath->pins, device->folder, "state", path) ||
		    !access(path, F_OK) || errno != ENOENT)
			continue;
		forgotten(ctx, device);
		datapath_drop(datapath, device);
	}
}

int datapath_stalled(struct datapath *datapath, const struct datapath_device *which)
{
	struct datapath_device *device = &datapath->devices[which - datapath->devices];
	uint32_t index = 0;
	int err = datapath_hook_detach(datapath, device);

	device->state.stalls++;
	if (bpf_map_update_elem(device->state_map, &index, &device->state, BPF_ANY))
		log_error(errno, "device '%s': its state cannot be stored", device->name);
	return err;
}

void datapath_keep(struct datapath *datapath)
{
	datapath->is_new = false;
	for (size_t i = 0; i < datapath->count; i++) {
		datapath->devices[i].is_new = false;
		datapath->devices[i].is_added = false;
		datapath->devices[i].is_attached_now = false;
	}
}

/* Since it was opened, the agent may have attached it anew. */
static void look_again(const struct datapath *datapath, struct datapath_device *device)
{
	uint32_t index = 0;

	datapath_close_fd(&device->link);
	if (!bpf_map_lookup_elem(device->state_map, &index, &device->state))
		datapath_hook_adopt(datapath, device);
}

static int forget(struct datapath *datapath, struct datapath_device *device, bool agent_runs)
{
	int err;

	if (agent_runs)
		look_again(datapath, device);
	if (device->ifindex && agent_runs) {
		log_errorx("device '%s': is counted by the agent that runs: its counters are kept",
			   device->name);
		return -EBUSY;
	}
	err = device->ifindex ? datapath_hook_detach(datapath, device) : 0;
	if (!err)
		err = pins_remove_device(&datapath->pins, device->folder);
	if (!err)
		datapath_drop(datapath, device);
	return err;
}

int datapath_forget(struct datapath *datapath, const char *name)
{
	bool agent_runs = datapath->access == DATAPATH_READ;
	bool found = false;
	int err = 0;

	if (!datapath_is_current(datapath)) {
		log_errorx("pin directory '%s': its counters have just been moved: try again",
			   datapath->pins.root);
		return -EAGAIN;
	}
	for (size_t i = datapath->count; !err && i-- > 0;) {
		if (strcmp(datapath->devices[i].name, name))
			continue;
		found = true;
		err = forget(datapath, &datapath->devices[i], agent_runs);
	}
	if (found)
		return err;
	log_errorx("device '%s': there are no counters of this name", name);
	return -ENOENT;
}

int datapath_open_to_group(const struct datapath *datapath, gid_t group)
{
	return datapath->access == DATAPATH_WRITE ? pins_open_to_group(&datapath->pins, group) : 0;
}
