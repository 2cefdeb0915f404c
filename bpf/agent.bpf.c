// SPDX-License-Identifier: GPL-2.0-only
/* The program of the XDP hook, and of a replay. */
#include "count.h"

char _license[] SEC("license") = "GPL";

SEC("xdp")
int portacct(struct xdp_md *ctx)
{
	return count_frame(ctx);
}
