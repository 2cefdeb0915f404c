// SPDX-License-Identifier: GPL-2.0-only
/* Loads the program for a device and puts it on the device's XDP hook. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent.skel.h"
#include "datapath_private.h"
#include "devices.h"
#include "log.h"
#include "version.h"

const char *datapath_mode_name(uint32_t mode)
{
	return mode == DATAPATH_NATIVE ? "native" : mode == DATAPATH_GENERIC ? "generic" : "auto";
}

static int create_counters(const struct datapath *datapath)
{
	return bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counters", sizeof(uint32_t),
			      sizeof(struct port_counter), PORT_INDEX_END(datapath->capacity),
			      NULL);
}

static int create_state(const struct datapath *datapath)
{
	(void)datapath;
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "state", sizeof(uint32_t),
			      sizeof(struct datapath_state), 1, NULL);
}

/* The link's device, which follows it through renames; 0: the device is gone. */
static uint32_t link_ifindex(int link)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &size) || info.type != BPF_LINK_TYPE_XDP)
		return 0;
	return info.xdp.ifindex;
}

static int open_device_map(struct datapath *datapath, const char *device, const char *map,
			   int (*create)(const struct datapath *))
{
	char path[PATH_MAX];

	if (datapath->access == DATAPATH_PRIVATE)
		snprintf(path, sizeof(path), "/%s", map);
	else if (!pins_device_path(&datapath->pins, device, map, path))
		return -ENAMETOOLONG;
	return datapath_map(datapath, path, create);
}

static int open_device_maps(struct datapath *datapath, struct datapath_device *device)
{
	uint32_t index = 0;

	device->counters = open_device_map(datapath, device->name, "counters", create_counters);
	if (device->counters < 0)
		return device->counters;
	device->state_map = open_device_map(datapath, device->name, "state", create_state);
	if (device->state_map < 0)
		return device->state_map;
	return bpf_map_lookup_elem(device->state_map, &index, &device->state);
}

static void open_link(struct datapath *datapath, struct datapath_device *device)
{
	char path[PATH_MAX];

	if (!pins_device_path(&datapath->pins, device->name, "link", path))
		return;
	device->link = bpf_obj_get(path);
	device->ifindex = device->link < 0 ? 0 : link_ifindex(device->link);
}

/*
 * A folder without counters is what a start leaves that was killed in its middle. A reader passes
 * it over; the next start fills it.
 */
int datapath_adopt(struct datapath *datapath, const char *name)
{
	struct datapath_device *device;
	char path[PATH_MAX];
	int fd;

	if (!pins_device_path(&datapath->pins, name, "state", path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get(path);
	if (fd == -ENOENT)
		return 0;
	if (fd >= 0)
		close(fd);
	device = datapath_add(datapath, name);
	if (!device)
		return -ENOMEM;
	open_link(datapath, device);
	return open_device_maps(datapath, device);
}

static bool kernel_has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static int configure(struct agent_bpf *skeleton, const struct datapath *datapath,
		     const struct datapath_device *device, bool starts_at_l3)
{
	int err;

	skeleton->rodata->starts_at_l3 = starts_at_l3;
	/* Generic XDP with several buffers has panicked kernels: there the frame is made linear. */
	if (device->state.mode == DATAPATH_NATIVE && kernel_has_frags()) {
		skeleton->rodata->have_frags = true;
		bpf_program__set_flags(skeleton->progs.portacct,
				       bpf_program__flags(skeleton->progs.portacct) |
					       BPF_F_XDP_HAS_FRAGS);
	}
	err = bpf_map__reuse_fd(skeleton->maps.ports, datapath->ports);
	return err ? err : bpf_map__reuse_fd(skeleton->maps.counters, device->counters);
}

static struct agent_bpf *load(const struct datapath *datapath, const struct datapath_device *device,
			      bool starts_at_l3)
{
	struct agent_bpf *skeleton = agent_bpf__open();
	int err = skeleton ? configure(skeleton, datapath, device, starts_at_l3) : -errno;

	if (!err)
		err = agent_bpf__load(skeleton);
	if (!err)
		return skeleton;
	log_error(err, "program for device '%s': cannot be loaded", device->name);
	agent_bpf__destroy(skeleton);
	errno = -err;
	return NULL;
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

static void describe(struct datapath_device *device, const struct device *interface)
{
	snprintf(device->state.version, sizeof(device->state.version), "%s", PORTACCT_VERSION);
	if (device->state.since)
		return;
	device->state.since = (uint64_t)time(NULL);
	device->state.base_packets = interface->receive_packets;
	device->state.base_bytes = interface->receive_bytes;
}

static int attach(struct datapath *datapath, struct datapath_device *device,
		  const struct device *interface, bool starts_at_l3)
{
	bool is_counting = device->link >= 0 && device->ifindex == interface->ifindex;
	struct agent_bpf *skeleton = load(datapath, device, starts_at_l3);
	int program, err;

	if (!skeleton)
		return -errno;
	program = bpf_program__fd(skeleton->progs.portacct);
	describe(device, interface);
	err = store_state(device);
	if (!err && is_counting) {
		err = replace_program(device, program);
	} else if (!err) {
		datapath_close_fd(&device->link);
		device->ifindex = interface->ifindex;
		err = create_link(device, program);
		if (!err)
			err = pin_link(datapath, device);
	}
	agent_bpf__destroy(skeleton);
	return err;
}

/* The device's place in the datapath, with its maps open: adopted, or made now. */
static struct datapath_device *prepare(struct datapath *datapath, const char *name)
{
	struct datapath_device *device = datapath_find(datapath, name);
	int err = 0;

	if (device)
		return device;
	if (datapath->access != DATAPATH_PRIVATE)
		err = pins_make_device(&datapath->pins, name);
	if (err)
		return NULL;
	device = datapath_add(datapath, name);
	if (!device)
		return NULL;
	device->is_new = true;
	return open_device_maps(datapath, device) ? NULL : device;
}

/*
 * The mode stays while the device is counted; the other would mean to detach, and to miss frames.
 */
static int choose_mode(struct datapath_device *device, const struct device *interface,
		       enum datapath_mode mode)
{
	bool is_counting = device->link >= 0 && device->ifindex == interface->ifindex;

	if (is_counting && mode != DATAPATH_AUTO && device->state.mode != mode) {
		log_errorx("device '%s': is counted in %s mode: --detach first to change it",
			   device->name, datapath_mode_name(device->state.mode));
		return -EBUSY;
	}
	if (!is_counting)
		device->state.mode = mode == DATAPATH_GENERIC ? DATAPATH_GENERIC : DATAPATH_NATIVE;
	return 0;
}

int datapath_attach(struct datapath *datapath, const struct device *interface,
		    enum datapath_mode mode)
{
	struct datapath_device *device;
	bool starts_at_l3;
	int err = devices_starts_at_l3(interface, &starts_at_l3);

	if (err) {
		log_errorx("device '%s': frames of link type %u are not supported", interface->name,
			   interface->hardware);
		return err;
	}
	if (interface->is_loopback) { /* no native XDP; generic XDP has panicked kernels on it */
		log_errorx("device '%s': a loopback device cannot be counted", interface->name);
		return -EOPNOTSUPP;
	}
	device = prepare(datapath, interface->name);
	if (!device)
		return -EINVAL;
	err = choose_mode(device, interface, mode);
	return err ? err : attach(datapath, device, interface, starts_at_l3);
}

static void undo_device(struct datapath *datapath, struct datapath_device *device)
{
	char path[PATH_MAX];

	if (device->is_attached_now)
		datapath_close_fd(&device->link);
	if (device->is_new)
		pins_remove_device(&datapath->pins, device->name);
	else if (device->is_attached_now &&
		 pins_device_path(&datapath->pins, device->name, "link", path))
		unlink(path);
}

void datapath_undo(struct datapath *datapath)
{
	if (datapath->access != DATAPATH_WRITE)
		return;
	for (size_t i = 0; i < datapath->count; i++)
		undo_device(datapath, &datapath->devices[i]);
	if (datapath->is_new)
		pins_remove(&datapath->pins);
}
