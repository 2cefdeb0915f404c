/* SPDX-License-Identifier: GPL-2.0-only */
/* The XDP hook: frames as the device received them, one at a time. See hook.h. */
#ifndef HOOK_XDP_H
#define HOOK_XDP_H

#include "config.h"
#include "parse_link.h"

#define hook_context xdp_md
#define HOOK_PASS XDP_PASS

/* A number of bytes: each frame is one packet. Wider, it would cost the packet path registers. */
typedef __u32 amount_t;

static __always_inline amount_t amount_make(__u32 bytes, __u32 packets)
{
	(void)packets;
	return bytes;
}

static __always_inline __u64 amount_bytes(__u64 amount)
{
	return amount;
}

static __always_inline __u32 amount_packets(__u64 amount)
{
	(void)amount;
	return 1;
}

static __always_inline __u32 hook_hint(const struct pkt *pkt)
{
	return pkt->end;
}

static __always_inline bool hook_is_wrapped(const struct xdp_md *ctx)
{
	(void)ctx;
	return false;
}

static __always_inline __u32 hook_length(struct xdp_md *ctx)
{
	return bpf_xdp_get_buff_len(ctx);
}

static __always_inline amount_t hook_amount_of(struct xdp_md *ctx, __u32 length, __u32 packet_end)
{
	(void)ctx, (void)packet_end;
	return length;
}

/*
 * bpf_xdp_get_buff_len() costs as much as the rest of this program, so it is asked only where the
 * packet's own length does not end in the last 64 bytes of the linear part: there the frame may go
 * on in further buffers. (64 is more than Ethernet pads.)
 */
static __always_inline amount_t hook_amount(struct xdp_md *ctx, __u32 packet_end,
					    __u32 linear_bytes)
{
	if (is_replay)
		return replay.bytes;
	if (have_frags && (!packet_end || linear_bytes - packet_end > 64))
		return hook_length(ctx);
	return linear_bytes;
}

static __always_inline long hook_load(struct xdp_md *ctx, void *copy, __u32 length)
{
	return bpf_xdp_load_bytes(ctx, 0, copy, length);
}

#endif
