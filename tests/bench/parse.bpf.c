// SPDX-License-Identifier: GPL-2.0-only
/* Parses as the agent's program does, and counts nothing. */
#include "parse.h"

const volatile bool starts_at_l3;
static volatile __u32 zero_unknown;

char _license[] SEC("license") = "GPL";

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	const void *start = (const void *)(long)ctx->data, *end = (const void *)(long)ctx->data_end;
	__u64 linear_bytes = end - start;
	__u64 bucket, ports, rest;
	struct pkt pkt;

	OPAQUE(linear_bytes);
	bucket = parse_frame(start, end, linear_bytes, zero_unknown, starts_at_l3, &pkt);
	ports = (__u32)pkt.source_port << 16 | pkt.destination_port;
	rest = (__u64)pkt.end << 16 | pkt.kind;
	/* The results are asked for here, so the compiler can leave nothing of the parsing out. */
	OPAQUE(bucket);
	OPAQUE(ports);
	OPAQUE(rest);
	return XDP_PASS;
}
