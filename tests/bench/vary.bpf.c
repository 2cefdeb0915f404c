// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes other ports into the frame on every run, then goes on to the program under test by a tail
 * call, as one system call runs one frame over and over.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "vary.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vary_settings);
} settings SEC(".maps");

char _license[] SEC("license") = "GPL";

/* Marsaglia's xorshift64. */
static __always_inline __u64 draw(struct vary_settings *s)
{
	__u64 x = s->state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	s->state = x;
	return x;
}

SEC("xdp")
int vary(struct xdp_md *ctx)
{
	__u8 *start = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	__u32 index = 0;
	struct vary_settings *s = bpf_map_lookup_elem(&settings, &index);
	__be16 *ports = (void *)(start + VARY_PORTS_AT);
	__u64 number;

	if (!s || start + VARY_PORTS_AT + 4 > end)
		return XDP_ABORTED;
	number = draw(s);
	ports[0] = bpf_htons(VARY_CLIENT_FIRST + (number & VARY_CLIENT_MASK));
	ports[1] = bpf_htons(s->first + s->step * (__u32)((number >> 32) * s->count >> 32));
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}
