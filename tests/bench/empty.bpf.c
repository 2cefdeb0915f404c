// SPDX-License-Identifier: GPL-2.0-only
/* What any XDP program costs: the zero that the others are measured from. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
