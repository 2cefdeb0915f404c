// SPDX-License-Identifier: GPL-2.0-only
/* The hooks of a device: how the program gets there, stays there, and is found there again. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_private.h"
#include "devices.h"
#include "log.h"

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

/*
 * Whether the link is the one on this very interface: a number alone may be that of another device,
 * made since, or in another network namespace.
 */
bool datapath_is_on(const struct datapath_device *device, const struct device *interface)
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

int datapath_hook_attach(struct datapath_device *device, int program)
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

int datapath_pin_link(const struct datapath *datapath, const struct datapath_device *device)
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

/* A program of this version in place of the one that counts: the link stays, no frame is missed. */
int datapath_hook_replace(const struct datapath_device *device, int program)
{
	int err = bpf_link_update(device->link, program, NULL);

	if (err)
		log_error(err, "device '%s': its program cannot be replaced", device->name);
	return err;
}

/* The link's device, which follows it through renames; 0: the device is gone. */
uint32_t datapath_hook_ifindex(const struct datapath_device *device)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (device->link < 0 || bpf_obj_get_info_by_fd(device->link, &info, &size) ||
	    info.type != BPF_LINK_TYPE_XDP)
		return 0;
	return info.xdp.ifindex;
}
