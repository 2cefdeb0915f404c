// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel half: classifies every frame that a device receives, counts it, and passes it on as it
 * is. One instance of the program is loaded for each device, with that device's counters.
 */
#include "account.h"

/* Set before loading, then constant to the verifier, which prunes the branches not taken. */
const volatile bool starts_at_l3; /* the device has no Ethernet header */
const volatile bool have_frags;   /* the kernel hands over frames in several buffers (5.18) */

/*
 * Never written. Not constant, so that the verifier takes it for any number: see cursor_forget().
 */
static volatile __u32 zero_unknown;

char _license[] SEC("license") = "GPL";

/*
 * The value of a port in table. A table that is missing has no entry for any port.
 */
static __always_inline __u32 look_up(void *table, __u8 transport, __u16 port)
{
	__u32 index = PORT_TABLE_INDEX(transport & 3, port);
	__u32 *value = bpf_map_lookup_elem(table, &index);

	return value ? *value : 0;
}

static __always_inline void count_ports(const struct pkt *pkt, __u64 bytes)
{
	struct verdict verdict;
	__u32 index = 0;
	void *table = bpf_map_lookup_elem(&ports, &index);

	if (table)
		verdict = resolve(pkt, look_up(table, pkt->transport, pkt->source_port),
				  look_up(table, pkt->transport, pkt->destination_port));
	else
		verdict = resolve(pkt, 0, 0);
	account_verdict(pkt, &verdict, bytes);
}

/*
 * The frame's length. bpf_xdp_get_buff_len() costs as much as the rest of this program, so it is
 * asked only where the packet's own length does not end in the last 64 bytes of the linear part:
 * there the frame may go on in further buffers. (64 is more than Ethernet pads.)
 */
static __always_inline __u32 frame_bytes(struct xdp_md *ctx, __u32 packet_end, __u32 linear_bytes)
{
	if (have_frags && (!packet_end || linear_bytes - packet_end > 64))
		return bpf_xdp_get_buff_len(ctx);
	return linear_bytes;
}

/*
 * Some drivers leave the linear part empty or short of the headers. Such a frame looks malformed at
 * first; it is read again from a copy of its start.
 */
static __always_inline void count_copy(struct xdp_md *ctx, __u32 bytes)
{
	__u32 index = 0, last = (bytes < COPY_BYTES ? bytes : COPY_BYTES) - 1;
	__u8 *copy = bpf_map_lookup_elem(&copies, &index);
	enum port_bucket bucket = PORT_MALFORMED;
	struct pkt pkt;

	/* 1 is added behind the check: from "not 0" older verifiers (6.1) learn no lower bound. */
	OPAQUE(last);
	if (copy && last < COPY_BYTES && !bpf_xdp_load_bytes(ctx, 0, copy, last + 1))
		bucket = parse_copy(copy, last + 1, zero_unknown, starts_at_l3, &pkt);
	if (bucket != PORT_NO_BUCKET)
		account_bucket(bucket, bytes);
	else
		count_ports(&pkt, bytes);
}

/* Frames without ports. Not inlined: they are few, and the common path keeps its registers. */
static __noinline int count_bucket(struct xdp_md *ctx, enum port_bucket bucket, __u32 packet_end)
{
	__u64 linear_bytes = ctx->data_end - ctx->data;
	__u32 bytes;

	OPAQUE(linear_bytes);
	bytes = frame_bytes(ctx, packet_end, linear_bytes);

	if (have_frags && bucket == PORT_MALFORMED && bytes > linear_bytes)
		count_copy(ctx, bytes);
	else
		account_bucket(bucket, bytes);
	return XDP_PASS;
}

SEC("xdp")
int portacct(struct xdp_md *ctx)
{
	const void *start = (const void *)(long)ctx->data, *end = (const void *)(long)ctx->data_end;
	__u64 linear_bytes = end - start;
	enum port_bucket bucket;
	struct pkt pkt;

	OPAQUE(linear_bytes); /* else pointers may be folded into 32-bit sums, which are refused */
	bucket = parse_frame(start, end, linear_bytes, zero_unknown, starts_at_l3, &pkt);
	if (bucket != PORT_NO_BUCKET)
		return count_bucket(ctx, bucket, pkt.end);
	count_ports(&pkt, frame_bytes(ctx, pkt.end, linear_bytes));
	return XDP_PASS;
}
