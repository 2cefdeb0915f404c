// SPDX-License-Identifier: GPL-2.0-only
/* The hooks of a device: how the program gets there, stays there, and is found there again. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_hook.h"
#include "devices.h"
#include "log.h"
#include "privileges.h"

const char *datapath_mode_name(uint32_t mode)
{
	static const char *const names[DATAPATH_MODES] = {
		"auto", "native", "generic", "tc", "clsact",
	};

	return mode < DATAPATH_MODES ? names[mode] : "unknown";
}

const char *datapath_hook_label(uint32_t mode)
{
	return mode >= DATAPATH_TC ? "tc" : "xdp";
}

const char *datapath_mode_label(uint32_t mode)
{
	return mode == DATAPATH_TC ? "tcx" : datapath_mode_name(mode);
}

/* BPF_LINK_TYPE_TCX of linux/bpf.h as of Linux 6.6; older headers lack it. */
#define LINK_TYPE_TCX 11

/*
 * What was pinned while the device was counted in another mode may be the program of a filter: the
 * kernel answers for that too, in the same place and with other things.
 */
uint32_t hook_link_ifindex(int link, uint32_t *program_id)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) ||
	    (info.type != BPF_LINK_TYPE_XDP && info.type != LINK_TYPE_TCX))
		return 0;
	*program_id = info.prog_id;
	return info.xdp.ifindex; /* the first of what either kind of link tells */
}

/* Likewise a link, the number of which is where a program has its own. */
uint32_t hook_filter_program_id(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &size) || info.type != BPF_PROG_TYPE_SCHED_CLS)
		return 0;
	return info.id;
}

static bool is_on(const struct datapath_device *device, const struct device *interface,
		  uint32_t program)
{
	switch (device->state.mode) {
	case DATAPATH_CLSACT:
		return hook_clsact_is_on(device, interface->ifindex);
	case DATAPATH_TC:
		return hook_tcx_is_on(device, interface->ifindex, program);
	default:
		return program && interface->xdp_program == program;
	}
}

/*
 * A number alone may be that of another device, made since, or in another network namespace: the
 * program is but one.
 */
const struct device *datapath_interface(const struct datapath_device *device,
					const struct devices *devices)
{
	uint32_t ifindex = device->state.ifindex, program = 0;
	const struct device *interface;

	if (device->state.mode != DATAPATH_CLSACT)
		ifindex = hook_link_ifindex(device->link, &program);
	interface = devices_find_index(devices, ifindex);
	return interface && is_on(device, interface, program) ? interface : NULL;
}

/* A link follows its device; a filter goes with it, and is not in another network namespace. */
uint32_t datapath_hook_ifindex(const struct datapath_device *device)
{
	uint32_t ifindex = device->state.ifindex, program;

	if (device->link < 0)
		return 0;
	if (device->state.mode != DATAPATH_CLSACT)
		return hook_link_ifindex(device->link, &program);
	return hook_clsact_is_on(device, ifindex) ? ifindex : 0;
}

int hook_pin_link(const struct datapath *datapath, const struct datapath_device *device)
{
	char path[PATH_MAX];
	int err;

	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	if (!pins_device_path(&datapath->pins, device->folder, "link", path))
		return -ENAMETOOLONG;
	unlink(path); /* that of a device which is gone */
	err = bpf_obj_pin(device->link, path);
	if (err)
		log_error(err, "pin '%s': cannot be made", path);
	return err;
}

int datapath_hook_attach(const struct datapath *datapath, struct datapath_device *device,
			 int program, struct hook_refusal *refusal)
{
	int err;

	if (device->state.mode == DATAPATH_CLSACT)
		err = hook_clsact_put(datapath, device, program, refusal);
	else if (device->state.mode == DATAPATH_TC)
		err = hook_tcx_attach(device, program, refusal);
	else
		err = hook_xdp_attach(device, program, refusal);
	device->is_attached_now = device->link >= 0; /* even if that is not pinned */
	device->here = device->is_attached_now ? device->ifindex : 0; /* this needs no look */
	return err || device->state.mode == DATAPATH_CLSACT ? err : hook_pin_link(datapath, device);
}

/* A program of this version in place of the one that counts: no frame is missed. */
int datapath_hook_replace(const struct datapath *datapath, struct datapath_device *device,
			  int program, struct hook_refusal *refusal)
{
	if (device->state.mode == DATAPATH_CLSACT)
		return hook_clsact_put(datapath, device, program, refusal);
	refusal->err = bpf_link_update(device->link, program, NULL);
	return refusal->err;
}

static int unpin(const struct datapath *datapath, const struct datapath_device *device,
		 const char *file)
{
	char path[PATH_MAX];

	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	if (!pins_device_path(&datapath->pins, device->folder, file, path))
		return -ENAMETOOLONG;
	if (!unlink(path) || errno == ENOENT)
		return 0;
	log_error(errno, "pin '%s': cannot be removed", path);
	return -errno;
}

/* A program that was to be put on a device is pinned before, and under this name until it is there. */
static bool is_unfinished(const struct datapath *datapath, const struct datapath_device *device)
{
	char path[PATH_MAX];

	return datapath->access != DATAPATH_PRIVATE &&
	       pins_device_path(&datapath->pins, device->folder, "next", path) &&
	       !access(path, F_OK);
}

/* The link is ended, not just given up: somebody who reads it may hold it open. */
int datapath_hook_detach(const struct datapath *datapath, struct datapath_device *device)
{
	int err = 0;

	if (device->state.mode == DATAPATH_CLSACT)
		err = hook_clsact_remove(device, is_unfinished(datapath, device));
	else if (device->link >= 0)
		bpf_link_detach(device->link);
	if (err) {
		log_error(err, "device '%s': its filter cannot be removed%s", device->name,
			  privileges_hint(err));
		return err;
	}
	datapath_close_fd(&device->link);
	device->ifindex = device->here = 0;
	err = unpin(datapath, device, "link");
	return err ? err : unpin(datapath, device, "next");
}

/* A start that was killed after it had replaced the program of a filter left that one as `next`. */
static void adopt_next(const struct datapath *datapath, struct datapath_device *device)
{
	char next[PATH_MAX], link[PATH_MAX];
	int before = device->link;

	if (!pins_device_path(&datapath->pins, device->folder, "next", next) ||
	    !pins_device_path(&datapath->pins, device->folder, "link", link))
		return;
	device->link = bpf_obj_get(next);
	if (!datapath_hook_ifindex(device)) {
		datapath_close_fd(&device->link);
		device->link = before;
		return;
	}
	datapath_close_fd(&before);
	if (datapath->access == DATAPATH_WRITE)
		rename(next, link); /* if it cannot be, the next start finds it here */
}

void datapath_hook_adopt(const struct datapath *datapath, struct datapath_device *device)
{
	char path[PATH_MAX];

	if (!pins_device_path(&datapath->pins, device->folder, "link", path))
		return;
	device->link = bpf_obj_get(path);
	if (device->link == -EACCES && datapath->access == DATAPATH_READ) {
		device->ifindex = device->state.ifindex; /* the link is not for all who may read */
		return;
	}
	if (device->state.mode == DATAPATH_CLSACT && !datapath_hook_ifindex(device))
		adopt_next(datapath, device);
	device->ifindex = datapath_hook_ifindex(device);
}

int datapath_hook_end(const struct pins *pins, const char *folder)
{
	struct datapath datapath = { .access = DATAPATH_WRITE, .pins = *pins };
	struct datapath_device device = { .link = -1, .is_egress = datapath_is_egress(folder) };
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	uint32_t index = 0;
	char path[PATH_MAX];
	int map, err = 0;

	snprintf(device.folder, sizeof(device.folder), "%s", folder);
	snprintf(device.name, sizeof(device.name), "%.*s", (int)strcspn(folder, ":"), folder);
	if (!pins_device_path(pins, folder, "state", path))
		return -ENAMETOOLONG;
	map = bpf_obj_get(path);
	if (map >= 0 && !bpf_obj_get_info_by_fd(map, &info, &size) &&
	    info.type == BPF_MAP_TYPE_ARRAY && info.value_size == sizeof(device.state) &&
	    !bpf_map_lookup_elem(map, &index, &device.state)) {
		datapath_hook_adopt(&datapath, &device);
		err = datapath_hook_detach(&datapath, &device);
	}
	datapath_close_fd(&map);
	return err;
}
