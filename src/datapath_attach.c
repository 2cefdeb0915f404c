// SPDX-License-Identifier: GPL-2.0-only
/* Puts the program on a device's XDP hook, and takes note of what it found there. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "datapath_private.h"
#include "devices.h"
#include "log.h"
#include "snapshot.h"
#include "version.h"

const char *datapath_mode_name(uint32_t mode)
{
	return mode == DATAPATH_NATIVE ? "native" : mode == DATAPATH_GENERIC ? "generic" : "auto";
}

/*
 * Whether the link is the one on this very interface: a number alone may be that of another device,
 * made since, or in another network namespace.
 */
static bool is_counting(const struct datapath_device *device, const struct device *interface)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info), id = 0;

	return device->link >= 0 && !bpf_obj_get_info_by_fd(device->link, &info, &size) &&
	       info.xdp.ifindex == interface->ifindex &&
	       !bpf_xdp_query_id((int)interface->ifindex, 0, &id) && id == info.prog_id;
}

/* What the errno of attaching means on an XDP hook. */
static const char *attach_hint(int err)
{
	switch (-err) {
	case EBUSY:
	case EEXIST:
		return " (another XDP program is on this device or on one above it)";
	case EOPNOTSUPP:
		return " (its driver has no native XDP: --mode generic counts, more slowly)";
	case EINVAL:
	case ERANGE:
		return " (its MTU may be too large for XDP)";
	case ENOMEM:
		return " (its driver may have too few queues)";
	case EPERM:
		return " (CAP_NET_ADMIN is needed)";
	default:
		return "";
	}
}

static int create_link(struct datapath_device *device, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = device->state.mode == DATAPATH_GENERIC ? XDP_FLAGS_SKB_MODE
								    : XDP_FLAGS_DRV_MODE);
	int link = bpf_link_create(program, (int)device->ifindex, BPF_XDP, &options);
	__u32 id = 0;

	if (link >= 0) {
		device->link = link;
		device->is_attached_now = true;
		return 0;
	}
	if ((link == -EBUSY || link == -EEXIST) &&
	    !bpf_xdp_query_id((int)device->ifindex, 0, &id) && id)
		log_error(link, "device '%s': cannot be attached%s, id %u", device->name,
			  attach_hint(link), id);
	else
		log_error(link, "device '%s': cannot be attached%s", device->name,
			  attach_hint(link));
	return link;
}

static int store_state(const struct datapath_device *device)
{
	uint32_t index = 0;
	int err = bpf_map_update_elem(device->state_map, &index, &device->state, BPF_ANY);

	if (err)
		log_error(err, "device '%s': its state cannot be stored", device->name);
	return err;
}

static int pin_link(const struct datapath *datapath, const struct datapath_device *device)
{
	char path[PATH_MAX];
	int err;

	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	if (!pins_device_path(&datapath->pins, device->name, "link", path))
		return -ENAMETOOLONG;
	unlink(path); /* that of a device which is gone */
	err = bpf_obj_pin(device->link, path);
	if (err)
		log_error(err, "pin '%s': cannot be made", path);
	return err;
}

/* A program of this version in place of the one that counts: the link stays, no frame is missed. */
static int replace_program(const struct datapath_device *device, int program)
{
	int err = bpf_link_update(device->link, program, NULL);

	if (err)
		log_error(err, "device '%s': its program cannot be replaced", device->name);
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
	err = create_link(device, program);
	return err ? err : pin_link(datapath, device);
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
	if (is_counting(device, interface)) {
		err = replace_program(device, program);
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
	bool counting = is_counting(device, interface);

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
static struct datapath_device *place(struct datapath *datapath, const struct device *interface)
{
	struct datapath_device *device;

	for (size_t i = 0; i < datapath->count; i++) {
		device = &datapath->devices[i];
		if (!is_counting(device, interface))
			continue;
		if (strcmp(device->name, interface->name))
			log_info("device '%s': is counted as '%s', its earlier name",
				 interface->name, device->name);
		return device;
	}
	device = datapath_find(datapath, interface->name);
	if (!device)
		return datapath_make_device(datapath, interface->name);
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
		    enum datapath_mode mode)
{
	struct datapath_device *device;
	bool starts_at_l3;
	int err = check(interface, &starts_at_l3);

	if (err)
		return err;
	device = place(datapath, interface);
	if (!device)
		return -EINVAL;
	err = choose_mode(device, interface, mode);
	if (!err)
		err = attach(datapath, device, interface, starts_at_l3);
	if (err)
		datapath_undo_device(datapath, device);
	return err;
}
