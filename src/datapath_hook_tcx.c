// SPDX-License-Identifier: GPL-2.0-only
/* The tc hook by a tcx link, which kernels have since 6.6. */
#include <bpf/bpf.h>
#include <errno.h>

#include "datapath_hook.h"

/* enum bpf_attach_type and BPF_F_BEFORE of linux/bpf.h as of Linux 6.6; older headers lack them. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS ((enum bpf_attach_type)47)
#define TCX_BEFORE (1U << 3)
#define TCX_PROGRAMS_MAX 64 /* BPF_MPROG_MAX in linux/bpf_mprog.h */

static enum bpf_attach_type direction(const struct datapath_device *device)
{
	return device->is_egress ? TCX_EGRESS : TCX_INGRESS;
}

/*
 * Before all others: a frame that one before it drops, redirects or lets pass for good does not
 * come to this one.
 */
int hook_tcx_attach(struct datapath_device *device, int program, struct hook_refusal *refusal)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = TCX_BEFORE);
	int link = bpf_link_create(program, (int)device->ifindex, direction(device), &options);

	if (link >= 0) {
		device->link = link;
		return 0;
	}
	refusal->err = link;
	return link;
}

/* Asked of the loopback device, of which every network namespace has one. */
int hook_tcx_probe(void)
{
	const int loopback = 1; /* LOOPBACK_IFINDEX in include/net/flow.h */
	__u32 count = 0;

	return bpf_prog_query(loopback, TCX_INGRESS, 0, NULL, NULL, &count);
}

bool hook_tcx_is_on(const struct datapath_device *device, uint32_t ifindex, uint32_t program)
{
	__u32 ids[TCX_PROGRAMS_MAX], count = TCX_PROGRAMS_MAX;

	if (bpf_prog_query((int)ifindex, direction(device), 0, NULL, ids, &count))
		return false;
	for (__u32 i = 0; i < count; i++)
		if (ids[i] == program)
			return true;
	return false;
}
