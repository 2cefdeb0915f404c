// SPDX-License-Identifier: GPL-2.0-only
/* XDP, in the driver or behind it, by a link. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <unistd.h>

#include "datapath_hook.h"

/* Without CAP_SYS_ADMIN the kernel hands out no program by its id: then its name stays unknown. */
static void name_program(struct hook_refusal *refusal)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int program = bpf_prog_get_fd_by_id(refusal->id);

	if (program < 0)
		return;
	if (!bpf_obj_get_info_by_fd(program, &info, &size))
		snprintf(refusal->name, sizeof(refusal->name), "%s", info.name);
	close(program);
}

static void find_program(uint32_t ifindex, struct hook_refusal *refusal)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query((int)ifindex, 0, &query))
		return;
	refusal->id = query.prog_id       ? query.prog_id
		      : query.drv_prog_id ? query.drv_prog_id
		      : query.hw_prog_id  ? query.hw_prog_id
					  : query.skb_prog_id;
	if (refusal->id)
		name_program(refusal);
}

/*
 * Links are refused by an errno alone; asked by netlink, the driver tells the reason. Should it
 * agree this time, the program is taken off at once, and none but this one.
 */
static void ask_reason(uint32_t ifindex, int program, uint32_t mode, struct hook_refusal *refusal)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, only_this, .old_prog_fd = program);
	libbpf_print_fn_t before = hook_listen(refusal);

	if (!bpf_xdp_attach((int)ifindex, program, mode | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL))
		bpf_xdp_detach((int)ifindex, mode, &only_this);
	hook_listen_end(before);
}

int hook_xdp_attach(struct datapath_device *device, int program, struct hook_refusal *refusal)
{
	uint32_t mode =
		device->state.mode == DATAPATH_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode);
	int link = bpf_link_create(program, (int)device->ifindex, BPF_XDP, &options);

	if (link >= 0) {
		device->link = link;
		return 0;
	}
	refusal->err = link;
	refusal->is_xdp = true;
	if (link == -EBUSY || link == -EEXIST)
		find_program(device->ifindex, refusal);
	else
		ask_reason(device->ifindex, program, mode, refusal);
	return link;
}
