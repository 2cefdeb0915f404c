// SPDX-License-Identifier: GPL-2.0-only
/* Puts a program on a device, and takes note of what it found there. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "datapath_private.h"
#include "devices.h"
#include "log.h"
#include "snapshot.h"
#include "version.h"

static int store_state(const struct datapath_device *device)
{
	uint32_t index = 0;
	int err = bpf_map_update_elem(device->state_map, &index, &device->state, BPF_ANY);

	if (err)
		log_error(err, "device '%s': its state cannot be stored", device->name);
	return err;
}

/*
 * What the interface has received by now: loading takes tens of milliseconds, and what came
 * meanwhile would look like frames that were missed.
 */
static void read_base(struct datapath_state *state, const struct device *interface)
{
	const struct device *now = NULL;
	struct devices devices = {};

	if (!devices_read(&devices))
		now = devices_find(&devices, interface->name);
	if (!now || now->ifindex != interface->ifindex)
		now = interface;
	state->base_packets = now->receive_packets;
	state->base_bytes = now->receive_bytes;
	devices_free(&devices);
}

/* What the interface and the counters say now is where the comparison of the two begins. */
static int set_base(struct datapath *datapath, struct datapath_device *device,
		    const struct device *interface)
{
	struct datapath_state *state = &device->state;
	struct snapshot snapshot;
	int err = snapshot_init(&snapshot, datapath->capacity);

	if (err)
		return err;
	err = datapath_read(datapath, (size_t)(device - datapath->devices), &snapshot);
	state->base_counted = snapshot_totals(&snapshot).frames.packets;
	snapshot_fini(&snapshot);
	read_base(state, interface);
	if (!state->since)
		state->since = (uint64_t)time(NULL);
	return err;
}

static int attach_anew(struct datapath *datapath, struct datapath_device *device,
		       const struct device *interface, int program)
{
	int err = set_base(datapath, device, interface);

	if (!err)
		err = store_state(device);
	if (err)
		return err;
	datapath_close_fd(&device->link);
	device->ifindex = interface->ifindex;
	device->state.ifindex = interface->ifindex;
	err = datapath_hook_attach(device, program);
	return err ? err : datapath_pin_link(datapath, device);
}

static int attach(struct datapath *datapath, struct datapath_device *device,
		  const struct device *interface, bool starts_at_l3)
{
	struct agent_bpf *skeleton = datapath_load(datapath, device, starts_at_l3, false);
	int program, err;

	if (!skeleton)
		return -errno;
	program = datapath_program(skeleton);
	snprintf(device->state.version, sizeof(device->state.version), "%s", PORTACCT_VERSION);
	if (datapath_is_on(device, interface)) {
		err = datapath_hook_replace(device, program);
		if (!err)
			err = store_state(device);
	} else {
		err = attach_anew(datapath, device, interface, program);
	}
	datapath_unload(skeleton);
	return err;
}

/*
 * The mode stays while the device is counted; the other would mean to detach, and to miss frames.
 */
static int choose_mode(struct datapath_device *device, const struct device *interface,
		       enum datapath_mode mode)
{
	bool counting = datapath_is_on(device, interface);

	if (counting && mode != DATAPATH_AUTO && device->state.mode != mode) {
		log_errorx("device '%s': is counted in %s mode: --detach first to change it",
			   device->name, datapath_mode_name(device->state.mode));
		return -EBUSY;
	}
	if (!counting)
		device->state.mode = mode == DATAPATH_GENERIC ? DATAPATH_GENERIC : DATAPATH_NATIVE;
	return 0;
}

/*
 * Where a device is counted already, under whatever name it then had; else the place of its name,
 * if that is free: a link that is alive elsewhere is not given up for it.
 */
static struct datapath_device *place(struct datapath *datapath, const struct device *interface,
				     bool is_egress)
{
	struct datapath_device *device;
	char folder[PINS_FOLDER_MAX];

	for (size_t i = 0; i < datapath->count; i++) {
		device = &datapath->devices[i];
		if (device->is_egress != is_egress || !datapath_is_on(device, interface))
			continue;
		if (strcmp(device->name, interface->name))
			log_info("device '%s': is counted as '%s', its earlier name",
				 interface->name, device->name);
		return device;
	}
	snprintf(folder, sizeof(folder), "%s%s", interface->name, is_egress ? DATAPATH_EGRESS : "");
	device = datapath_find(datapath, folder);
	if (!device)
		return datapath_make_device(datapath, folder);
	if (!device->ifindex)
		return device;
	log_errorx("device '%s': the counters of this name belong to another device, number %u: "
		   "--detach first",
		   interface->name, device->ifindex);
	return NULL;
}

static int check(const struct device *interface, bool *starts_at_l3)
{
	int err = devices_starts_at_l3(interface, starts_at_l3);

	if (err) {
		log_errorx("device '%s': frames of link type %u are not supported", interface->name,
			   interface->hardware);
	} else if (interface->is_loopback) { /* generic XDP has panicked kernels on it */
		log_errorx("device '%s': a loopback device cannot be counted", interface->name);
		err = -EOPNOTSUPP;
	}
	return err;
}

int datapath_attach(struct datapath *datapath, const struct device *interface,
		    enum datapath_mode mode, bool is_egress)
{
	struct datapath_device *device;
	bool starts_at_l3;
	int err = check(interface, &starts_at_l3);

	if (err)
		return err;
	device = place(datapath, interface, is_egress);
	if (!device)
		return -EINVAL;
	err = choose_mode(device, interface, mode);
	if (!err)
		err = attach(datapath, device, interface, starts_at_l3);
	if (err)
		datapath_undo_device(datapath, device);
	return err;
}
