// SPDX-License-Identifier: GPL-2.0-only
/* Puts a program on a device, and takes note of what it found there. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "datapath_hook.h"
#include "devices.h"
#include "log.h"
#include "snapshot.h"
#include "version.h"

int datapath_store_state(const struct datapath_device *device)
{
	uint32_t index = 0;
	int err = bpf_map_update_elem(device->state_map, &index, &device->state, BPF_ANY);

	if (err)
		log_error(err, "device '%s': its state cannot be stored", device->name);
	return err;
}

/*
 * What the interface has received, or transmitted, by now: loading takes tens of milliseconds, and
 * what came meanwhile would look like frames that were missed.
 */
static void read_base(struct datapath_device *device, const struct device *interface)
{
	struct datapath_state *state = &device->state;
	const struct device *now = NULL;
	struct devices devices = {};

	if (!devices_read(&devices))
		now = devices_find(&devices, interface->name);
	if (!now || now->ifindex != interface->ifindex)
		now = interface;
	state->base_packets = device->is_egress ? now->transmit_packets : now->receive_packets;
	state->base_bytes = device->is_egress ? now->transmit_bytes : now->receive_bytes;
	devices_free(&devices);
}

/* What the interface and the counters say now is where the comparison of the two begins. */
static int set_base(struct datapath *datapath, struct datapath_device *device,
		    const struct device *interface)
{
	struct datapath_state *state = &device->state;
	struct snapshot snapshot;
	int err = snapshot_init(&snapshot, datapath->capacity);

	if (err) {
		log_error(err, "device '%s': cannot be counted", device->name);
		return err;
	}
	err = datapath_read(datapath, (size_t)(device - datapath->devices), &snapshot);
	state->base_counted = snapshot_totals(&snapshot).frames.packets;
	snapshot_fini(&snapshot);
	read_base(device, interface);
	if (!state->since)
		state->since = (uint64_t)time(NULL);
	return err;
}

/* Another interface has another queueing discipline, if any. */
static int attach_anew(struct datapath *datapath, struct datapath_device *device,
		       const struct device *interface, int program, struct hook_refusal *refusal)
{
	int err;

	if (datapath_hook_ifindex(device)) {
		log_errorx("device '%s': has left this network namespace, and is counted on",
			   device->name);
		return -ENODEV;
	}
	err = set_base(datapath, device, interface);
	if (device->state.ifindex != interface->ifindex)
		device->state.flags &= ~DATAPATH_MADE_QDISC;
	device->state.ifindex = interface->ifindex;
	if (!err)
		err = datapath_store_state(device);
	if (err)
		return err;
	datapath_close_fd(&device->link);
	device->ifindex = interface->ifindex;
	err = datapath_hook_attach(datapath, device, program, refusal);
	if (err && !device->is_attached_now)
		device->ifindex = 0;
	return err;
}

static int attach(struct datapath *datapath, struct datapath_device *device,
		  const struct device *interface, bool starts_at_l3, struct hook_refusal *refusal)
{
	struct datapath_program *loaded = datapath_load(datapath, device, starts_at_l3, false);
	int program, err;

	if (!loaded)
		return -errno;
	program = datapath_program(loaded);
	snprintf(device->state.version, sizeof(device->state.version), "%s", PORTACCT_VERSION);
	device->state.flags &= ~DATAPATH_STARTS_AT_L3;
	device->state.flags |= starts_at_l3 ? DATAPATH_STARTS_AT_L3 : 0;
	if (datapath_is_on(device, interface)) {
		err = datapath_hook_replace(datapath, device, program, refusal);
		if (!err)
			err = datapath_store_state(device);
	} else {
		err = attach_anew(datapath, device, interface, program, refusal);
	}
	datapath_unload(loaded);
	return err;
}

static void say_refused(const struct datapath_device *device, const struct hook_refusal *refusal)
{
	char text[256];

	hook_refusal_text(refusal, text, sizeof(text));
	log_errorx("device '%s': cannot be attached in %s mode: %s", device->name,
		   datapath_mode_name(device->state.mode), text);
}

/*
 * What to try after a refusal: a program for frames in one buffer, where the driver may take no
 * other; the tc hook, where that is left to choose; its filters, where the kernel has no tcx. What
 * counts already stays where it is. False: nothing.
 */
static bool try_next(struct datapath_device *device, const struct hook_refusal *refusal,
		     enum datapath_mode asked, bool counting)
{
	uint32_t *flags = &device->state.flags;
	int err = -refusal->err;
	char text[256];

	if (device->state.mode == DATAPATH_NATIVE && !(*flags & DATAPATH_ONE_BUFFER) &&
	    (err == EINVAL || err == ERANGE || err == EOPNOTSUPP)) {
		*flags |= DATAPATH_ONE_BUFFER;
		return true;
	}
	if (counting)
		return false;
	if (device->state.mode == DATAPATH_NATIVE && asked == DATAPATH_AUTO && err != EPERM &&
	    err != ENODEV && err != EMFILE && err != ENFILE) {
		hook_refusal_text(refusal, text, sizeof(text));
		log_info("device '%s': is counted at the tc hook, as native XDP is refused: %s",
			 device->name, text);
		device->state.mode = DATAPATH_TC;
		return true;
	}
	if (device->state.mode != DATAPATH_TC || (err != EINVAL && err != EOPNOTSUPP))
		return false;
	device->state.mode = DATAPATH_CLSACT;
	return true;
}

/* Of one that went away meanwhile the kernel says EINVAL, as of much else. */
static bool is_gone(const struct device *interface)
{
	char name[IFNAMSIZ];

	return !if_indextoname(interface->ifindex, name);
}

static int attach_somehow(struct datapath *datapath, struct datapath_device *device,
			  const struct device *interface, bool starts_at_l3,
			  enum datapath_mode asked)
{
	bool counting = datapath_is_on(device, interface);
	struct hook_refusal refusal;
	int err;

	do {
		refusal = (struct hook_refusal){};
		err = attach(datapath, device, interface, starts_at_l3, &refusal);
		if (refusal.err && is_gone(interface)) {
			log_info("device '%s': is gone again", interface->name);
			return -ENXIO;
		}
	} while (refusal.err && try_next(device, &refusal, asked, counting));
	if (refusal.err)
		say_refused(device, &refusal);
	return err;
}

/*
 * The mode stays while the device is counted; the other would mean to detach, and to miss frames.
 * Frames that are transmitted are seen at the tc hook only, and tc means that way to it which the
 * kernel has.
 */
static int choose_mode(struct datapath_device *device, const struct device *interface,
		       enum datapath_mode *asked)
{
	uint32_t *mode = &device->state.mode;

	if (device->is_egress && *asked < DATAPATH_TC)
		*asked = DATAPATH_AUTO;
	if (!datapath_is_on(device, interface)) {
		device->state.flags &= ~DATAPATH_ONE_BUFFER; /* it may have another driver */
		*mode = *asked;
		if (*asked == DATAPATH_AUTO)
			*mode = device->is_egress ? DATAPATH_TC : DATAPATH_NATIVE;
		return 0;
	}
	if (*asked == DATAPATH_AUTO || *asked == *mode ||
	    (*asked == DATAPATH_TC && *mode == DATAPATH_CLSACT))
		return 0;
	log_errorx("device '%s': is counted in %s mode: --detach first to change it", device->name,
		   datapath_mode_name(*mode));
	return -EBUSY;
}

/* Where a device is counted already, under whatever name it then had. */
static struct datapath_device *find_on(struct datapath *datapath, const struct device *interface,
				       bool is_egress)
{
	for (size_t i = 0; i < datapath->count; i++) {
		struct datapath_device *device = &datapath->devices[i];

		if (device->is_egress != is_egress || !datapath_is_on(device, interface))
			continue;
		device->here = datapath_still_here(device);
		return device->here ? device : NULL;
	}
	return NULL;
}

/* One that could not take its counters to its present name waits until that is free. */
static void say_taken(const char *name, const struct datapath_device *owner, uint32_t elsewhere)
{
	if (owner && *owner->wanted)
		log_errorx(
			"device '%s': the counters of this name belong to another device, which is "
			"'%s' now: --forget the earlier '%s' first",
			name, owner->wanted, owner->wanted);
	else
		log_errorx(
			"device '%s': the counters of this name belong to another device, number "
			"%u: --detach first",
			name, elsewhere);
}

/*
 * There; else the place of its name, which the device that has it may have to leave: one that is
 * counted elsewhere is not given up for it.
 */
static struct datapath_device *place(struct datapath *datapath, const struct device *interface,
				     bool is_egress)
{
	struct datapath_device *device;
	char folder[PINS_FOLDER_MAX];
	uint32_t elsewhere;

	datapath_rename_rest(datapath);
	device = find_on(datapath, interface, is_egress);
	if (device)
		return datapath_rename(datapath, device, interface->name);
	snprintf(folder, sizeof(folder), "%s%s", interface->name, is_egress ? DATAPATH_EGRESS : "");
	device = datapath_find(datapath, folder);
	if (!device)
		return datapath_make_device(datapath, folder);
	elsewhere = device->ifindex = datapath_hook_ifindex(device);
	if (!elsewhere) {
		datapath_close_fd(&device->link); /* of what is gone, in the mode which that had */
		return device;
	}
	if (datapath_rename_away(datapath, device))
		return datapath_make_device(datapath, folder);
	say_taken(interface->name, datapath_find(datapath, folder), elsewhere);
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
	err = choose_mode(device, interface, &mode);
	if (!err)
		err = attach_somehow(datapath, device, interface, starts_at_l3, mode);
	if (err)
		datapath_undo_device(datapath, device);
	return err;
}
