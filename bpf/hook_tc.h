/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tc hook, on receive or on transmit. See hook.h. On receive the kernel may have merged frames
 * before (GRO), on transmit they are often cut only behind this hook (TSO, GSO): such a frame is
 * counted as those that are on the wire, each with all of its headers.
 */
#ifndef HOOK_TC_H
#define HOOK_TC_H

#include "config.h"
#include "parse_link.h"

#define hook_context __sk_buff
/* TC_ACT_UNSPEC, a macro, so not in BTF: what comes next decides. TCX_NEXT is the same. */
#define HOOK_PASS (-1)

/* As long as the headers of a frame in a tunnel may be. */
#define MERGED_HEADERS_MAX 256

/* Bytes in the low half, packets in the high one. */
typedef __u64 amount_t;

static __always_inline amount_t amount_make(__u32 bytes, __u32 packets)
{
	return (__u64)packets << 32 | bytes;
}

static __always_inline __u64 amount_bytes(__u64 amount)
{
	return (__u32)amount;
}

static __always_inline __u32 amount_packets(__u64 amount)
{
	return amount >> 32;
}

static __always_inline __u32 hook_hint(const struct pkt *pkt)
{
	return pkt->headers;
}

#define HEADER_START_NET 1 /* BPF_HDR_START_NET, in an enum that vmlinux.h does not have */

/*
 * Without an Ethernet header the packet should be all that there is. But what a tunnel received may
 * have before it what it was wrapped in, by a header or two, which the kernel takes for its
 * link-layer header: on xfrm devices, for gre to any remote, before Linux 5.14 for ipip, sit and
 * gre. Where the packet is the kernel always knows, but tells only what is there. The start of a
 * packet holds its length, and so is not that of the packet around it; one that names none cannot
 * be told from what is around it. Returns how many bytes the frame has beside its packet: those
 * before it, and any padding behind; forgotten as in cursor_forget().
 */
static __noinline __u32 wrapping_bytes(const struct __sk_buff *skb)
{
	const __u16 *shown = (const void *)(long)skb->data;
	const __u16 *end = (const void *)(long)skb->data_end;
	__u16 packet[3];
	__u32 length = 0;

	if (shown + 3 <= end &&
	    !bpf_skb_load_bytes_relative(skb, 0, packet, sizeof(packet), HEADER_START_NET) &&
	    (shown[0] != packet[0] || shown[1] != packet[1] || shown[2] != packet[2])) {
		if (skb->protocol == bpf_htons(ETHERTYPE_IPV4) && bpf_ntohs(packet[0]) >> 12 == 4)
			length = bpf_ntohs(packet[1]);
		if (skb->protocol == bpf_htons(ETHERTYPE_IPV6) && bpf_ntohs(packet[0]) >> 12 == 6 &&
		    packet[2])
			length = bpf_ntohs(packet[2]) + sizeof(struct ipv6_header);
	}
	return (length && length < skb->len ? skb->len - length : 0) ^ zero_unknown;
}

static __always_inline bool hook_is_wrapped(const struct __sk_buff *skb)
{
	return starts_at_l3 && wrapping_bytes(skb);
}

static __always_inline __u32 hook_length(const struct __sk_buff *skb)
{
	return starts_at_l3 ? skb->len - wrapping_bytes(skb) : skb->len;
}

/* Untrusted sources (tap, virtio) tell only how long the segments are: the kernel counts alike. */
static __always_inline __u32 count_segments(__u32 bytes, __u32 headers, __u32 size)
{
	return bytes > headers ? (bytes - headers + size - 1) / size : 1;
}

/*
 * A merged frame: n segments' payload behind one set of headers, which each of them has on the
 * wire. Every segment but the last has size bytes of payload, so the headers are at least what is
 * left of the frame beside n times size: that tells of headers that were not parsed, inside of a
 * tunnel. It is all of them if the last segment is full, as it mostly is in bulk; if not, the bytes
 * are counted too low, by at most the inner headers of each segment. The number of packets is
 * exact, but for tunnels of untrusted sources. What is left is too much for headers where segments
 * and length do not belong together: then what was parsed holds.
 */
static __noinline amount_t merged_amount(__u32 bytes, __u32 size, __u32 segments, __u32 headers)
{
	__u32 least;

	if (!segments)
		segments = count_segments(bytes, headers, size);
	least = bytes - segments * size;
	if (least <= MERGED_HEADERS_MAX && least > headers)
		headers = least;
	return amount_make(bytes + (segments - 1) * headers, segments);
}

static __always_inline amount_t hook_amount_of(const struct __sk_buff *skb, __u32 length,
					       __u32 headers)
{
	__u32 size = skb->gso_size; /* Linux 5.7; gso_segs 5.1 */

	if (size)
		return merged_amount(length, size, skb->gso_segs, headers ^ zero_unknown);
	return amount_make(length, 1);
}

static __always_inline amount_t hook_amount(const struct __sk_buff *skb, __u32 headers,
					    __u32 linear_bytes)
{
	(void)linear_bytes;
	return hook_amount_of(skb, skb->len, headers);
}

/* Relative to the network header the kernel copies from the linear part only. */
static __always_inline long hook_load(const struct __sk_buff *skb, void *copy, __u32 length)
{
	__u32 start = starts_at_l3 ? wrapping_bytes(skb) : 0;

	if (start && !bpf_skb_load_bytes_relative(skb, 0, copy, length, HEADER_START_NET))
		return 0;
	return bpf_skb_load_bytes(skb, start, copy, length);
}

#endif
