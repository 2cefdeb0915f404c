// SPDX-License-Identifier: GPL-2.0-only
/* The program of the tc hook, for frames received and for frames transmitted. */
#define HOOK_TC
#include "count.h"

char _license[] SEC("license") = "GPL";

SEC("tc")
int portacct_tc(struct __sk_buff *skb)
{
	return count_frame(skb);
}
