// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves what is counted to other maps: larger ones, as the database has outgrown those there are,
 * or ones of this program's layout, where an earlier version counted (layout.h).
 *
 *   1. All that is needed is made aside, in v1-new, and the programs are loaded. What fails here
 *      changes nothing.
 *   2. v1 becomes v1-old, unless the old state is another version's and keeps its name; then v1-new
 *      becomes v1. If only the first was done, the next start takes it back.
 *   3. Each device's program is replaced, in place: no frame is missed. From then on its old
 *      counters stand still, once no program that was under way can write to them any more.
 *   4. What they say goes into the map `base`, which is pinned when it is whole.
 *   5. The old state is removed.
 *
 * A device without a base is read from the old maps and the new ones together, so that the sums are
 * right whenever this is cut off, and the next start goes on at 3. The lock of the records is held
 * from 2 on: a textfile is written before or after.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datapath_hook.h"
#include "datapath_private.h"
#include "devices.h"
#include "layout.h"
#include "log.h"
#include "slots.h"
#include "version.h"

/* ---- step 1 */

static int pin_state(const struct datapath *next, const struct datapath_device *earlier)
{
	char path[PATH_MAX];
	int err = pins_device_path(&next->pins, earlier->folder, "state", path)
			  ? bpf_obj_pin(earlier->state_map, path)
			  : -ENAMETOOLONG;

	if (err)
		log_error(err, "device '%s': its state cannot be carried over", earlier->name);
	return err;
}

static int add_device(struct datapath *next, const struct datapath_device *earlier)
{
	int err = pins_make_device(&next->pins, earlier->folder);
	struct datapath_device *device;

	if (err >= 0)
		err = pin_state(next, earlier);
	if (err)
		return err;
	device = datapath_make_device(next, earlier->folder);
	if (!device)
		return -ENOMEM;
	device->is_new = device->is_added = false; /* its counters are not */
	datapath_share_link(device, earlier);
	return 0;
}

static int build(struct datapath *next, const struct datapath *from, const char *pin_dir,
		 const struct datapath_options *options)
{
	int err = pins_open_version(&next->pins, pin_dir, PINS_VERSION PINS_NEW, true);

	if (!err)
		err = datapath_take_shared(next, &from->pins);
	if (!err)
		err = datapath_make_shared(next, options);
	for (size_t i = 0; !err && i < from->count; i++)
		err = add_device(next, &from->devices[i]);
	return err;
}

static bool needs_base(const struct datapath *from, const struct datapath_device *device)
{
	return !device->sums && datapath_find(from, device->folder);
}

/* In another network namespace nothing can be asked of a device, but its kind is the same. */
static int starts_at_l3(const struct datapath_device *device, const struct devices *devices,
			bool *at_l3)
{
	const struct device *interface = datapath_interface(device, devices);

	if (interface)
		return devices_starts_at_l3(interface, at_l3);
	*at_l3 = device->state.flags & DATAPATH_STARTS_AT_L3;
	return 0;
}

static struct datapath_program *load(const struct datapath *datapath,
				     const struct datapath_device *device,
				     const struct devices *devices)
{
	bool at_l3;
	int err = starts_at_l3(device, devices, &at_l3);

	if (!err)
		return datapath_load(datapath, device, at_l3, false);
	log_error(err, "device '%s': cannot be counted", device->name);
	errno = -err;
	return NULL;
}

/* One for each device whose program is to be replaced; NULL for the others. */
struct programs {
	struct datapath_program **list;
	size_t count;
};

static void unload_programs(struct programs *programs)
{
	for (size_t i = 0; programs->list && i < programs->count; i++)
		if (programs->list[i])
			datapath_unload(programs->list[i]);
	free(programs->list);
}

static int load_programs(const struct datapath *datapath, const struct datapath *from,
			 struct programs *programs)
{
	struct devices devices;
	int err = devices_read(&devices);

	if (err)
		return err;
	programs->count = datapath->count;
	programs->list = calloc(datapath->count + 1, sizeof(*programs->list));
	if (!programs->list)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < datapath->count; i++) {
		const struct datapath_device *device = &datapath->devices[i];

		if (!device->ifindex || !needs_base(from, device))
			continue;
		programs->list[i] = load(datapath, device, &devices);
		if (!programs->list[i])
			err = -errno;
	}
	devices_free(&devices);
	return err;
}

/* ---- step 2 */

/* Who may read what there was may read what takes its place. */
static int keep_group(const struct datapath *datapath, const struct datapath *from)
{
	struct stat st;

	if (fstat(from->pins.fd, &st) || !(st.st_mode & S_IRGRP))
		return 0;
	return pins_open_to_group(&datapath->pins, st.st_gid);
}

/* From here on *datapath is what *next was, so that its users need not know. */
static void exchange(struct datapath *datapath, struct datapath *next)
{
	struct datapath before = *datapath;

	*datapath = *next;
	*next = before;
	datapath->pins.lock = next->pins.lock;
	next->pins.lock = -1;
	if (next->record) { /* of one map: who holds on to it still may */
		next->record = datapath->record;
		datapath->record = before.record;
	}
	if (next->old) {
		datapath->old = next->old;
		next->old = NULL;
		datapath_close(next);
	} else {
		datapath->old = next;
	}
}

static int put_in_place(struct datapath *datapath, struct datapath *next)
{
	const struct datapath *from = datapath->old ? datapath->old : datapath;
	bool is_present = from == datapath;
	int err = keep_group(next, from);

	for (uint32_t slot = PORT_SLOT_FIRST; slot < from->capacity; slot++)
		next->records[slot] = from->records[slot];
	if (!err && is_present)
		err = pins_rename(&datapath->pins, PINS_VERSION PINS_OLD);
	if (err)
		return err;
	err = pins_rename(&next->pins, PINS_VERSION);
	if (!err)
		exchange(datapath, next);
	else if (is_present)
		pins_rename(&datapath->pins, PINS_VERSION);
	return err;
}

/* ---- steps 3 to 5 */

static int replace(const struct datapath *datapath, struct datapath_device *device,
		   const struct datapath_program *program)
{
	struct hook_refusal refusal = {};
	char text[256];
	int err = datapath_hook_replace(datapath, device, datapath_program(program), &refusal);

	if (err == -ENOLINK || err == -ENODEV) { /* it is gone by now */
		device->ifindex = 0;
		return 0;
	}
	if (err) {
		hook_refusal_text(&refusal, text, sizeof(text));
		log_errorx("device '%s': its program cannot be replaced: %s", device->name, text);
		return err;
	}
	snprintf(device->state.version, sizeof(device->state.version), "%s", PORTACCT_VERSION);
	err = datapath_store_state(device);
	/* What a filter is known by has been pinned here as its program was replaced. */
	return err || device->state.mode == DATAPATH_CLSACT ? err : hook_pin_link(datapath, device);
}

/*
 * An update of a map of maps returns only when no program runs any more that ran when it began
 * (maybe_wait_bpf_programs() in kernel/bpf/syscall.c). To replace a program does not wait on every
 * hook and driver.
 */
static int wait_for_programs(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "wait", sizeof(uint32_t), sizeof(uint32_t),
				   1, NULL);
	int outer = -1, err = inner < 0 ? inner : 0;
	uint32_t index = 0;

	if (!err) {
		options.inner_map_fd = (__u32)inner;
		outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "waits", sizeof(uint32_t),
				       sizeof(uint32_t), 1, &options);
		err = outer < 0 ? outer : bpf_map_update_elem(outer, &index, &inner, BPF_ANY);
	}
	if (outer >= 0)
		close(outer);
	if (inner >= 0)
		close(inner);
	if (err)
		log_error(err, "map 'waits': cannot be made");
	return err;
}

static int drop_old(struct datapath *datapath)
{
	int err = pins_remove_version(&datapath->old->pins);

	if (err)
		return err;
	datapath_close(datapath->old);
	datapath->old = NULL;
	return 0;
}

static int finish(struct datapath *datapath, const struct programs *programs)
{
	int err = 0;

	for (size_t i = 0; !err && i < programs->count; i++)
		if (programs->list[i])
			err = replace(datapath, &datapath->devices[i], programs->list[i]);
	if (!err)
		err = wait_for_programs();
	for (size_t i = 0; !err && i < datapath->count; i++)
		if (needs_base(datapath->old, &datapath->devices[i]))
			err = datapath_make_base(datapath, &datapath->devices[i], datapath->old);
	if (!err)
		err = keep_group(datapath, datapath->old);
	return err ? err : drop_old(datapath);
}

/* ---- all of it */

static int complete(struct datapath *datapath, const struct datapath_options *options)
{
	struct programs programs = {};
	int err = datapath_make_shared(datapath, options), lock;

	if (err)
		return err;
	err = load_programs(datapath, datapath->old, &programs);
	lock = pins_lock_records(&datapath->pins);
	if (!err)
		err = finish(datapath, &programs);
	pins_release(lock);
	unload_programs(&programs);
	if (!err)
		log_info("pin directory '%s': the move of its counters, which was cut off, is "
			 "complete",
			 datapath->pins.root);
	return err;
}

static void tell(const struct datapath *datapath, const struct datapath *from, uint32_t services)
{
	if (from->layout != datapath->layout)
		log_info("pin directory '%s': takes over what an earlier version counted (layout "
			 "%u)",
			 datapath->pins.root, from->layout->version);
	else
		log_info("pin directory '%s': has room for %u services, and %u are needed: moves "
			 "the counters to larger maps",
			 datapath->pins.root, from->capacity - PORT_SLOT_FIRST, services);
}

static int move(struct datapath *datapath, struct datapath *next, const struct datapath *from,
		const struct datapath_options *options)
{
	struct programs programs = {};
	int err = build(next, from, datapath->pins.root, options), lock;

	if (!err)
		err = load_programs(next, from, &programs);
	if (!err) {
		lock = pins_lock_records(&datapath->pins);
		err = put_in_place(datapath, next);
		if (!err)
			next = NULL; /* is what datapath was, and datapath's to close */
		if (!err)
			err = finish(datapath, &programs);
		pins_release(lock);
	}
	unload_programs(&programs);
	if (next) {
		if (next->pins.fd >= 0)
			pins_remove_version(&next->pins);
		datapath_close(next);
	}
	return err;
}

int datapath_carry(struct datapath *datapath, struct slots *slots,
		   const struct datapath_options *options)
{
	const struct datapath *from;
	struct datapath *next;
	int err = 0;

	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	if (datapath->old && !datapath->old->records)
		err = drop_old(datapath); /* nothing was counted there, or all of it is moved */
	else if (datapath->old && datapath->services >= 0)
		err = complete(datapath, options);
	if (err || (!datapath->old && slots_end(slots) <= datapath->capacity))
		return err;
	from = datapath->old ? datapath->old : datapath;
	if (!from->capacity)
		return 0; /* there is no state yet */
	next = datapath_new(DATAPATH_WRITE);
	if (!next)
		return -ENOMEM;
	next->capacity =
		slots_end(slots) <= from->capacity ? from->capacity : datapath_capacity_for(slots);
	memcpy(next->pins.root, datapath->pins.root, sizeof(next->pins.root));
	tell(next, from, slots_end(slots) - PORT_SLOT_FIRST);
	return move(datapath, next, from, options);
}
