/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frame in, struct pkt out. Pure: no map, no helper, no packet write. The same text is compiled for
 * BPF, for the host's unit tests and for fuzzers.
 *
 * Input: the linear bytes of a frame, starting at an Ethernet header or, on devices that have none,
 * at the IP header. Output: both ports in host byte order and the transport, or the bucket that the
 * frame belongs to. Nothing is read past the linear part, nor past the end that the IP length field
 * names; what lies there (Ethernet padding) is never taken for ports.
 */
#ifndef PARSE_H
#define PARSE_H

#include "parse_link.h"

#define PARSE_EXTENSIONS 8

_Static_assert(
	LINK_OFFSET_MASK + 60 + PARSE_EXTENSIONS * 256 * 8 <= NETWORK_OFFSET_MASK,
	"so does the transport header, behind the longest IPv4 header and extension headers");

/*
 * Sets the end that the IP length field names, which is never read past. A length of 0 means the
 * frame's end: segmentation offload on receive, or a jumbogram (RFC 2675).
 */
static __always_inline void bound_by_length(struct cursor *c, struct pkt *pkt, __u32 start,
					    __u32 length)
{
	pkt->end = length ? start + length : 0;
	c->last = pkt->end - 1;
}

static __always_inline void note_fragment(struct pkt *pkt, bool is_later, __u32 identification_be)
{
	pkt->kind |= is_later ? KIND_LATER_FRAGMENT : KIND_FIRST_FRAGMENT;
	pkt->identification_be = identification_be;
}

/* PORT_NO_BUCKET: the protocol is to be read on. */
static __always_inline enum port_bucket parse_ipv4(struct cursor *c, struct pkt *pkt,
						   __u32 *protocol)
{
	const struct ipv4_header *ip;

	if (!cursor_read(c, sizeof(*ip), (const void **)&ip))
		return PORT_MALFORMED;
	pkt->ip = ip;
	/* Version 4 and a header of 5 to 15 words, in one comparison. */
	if ((__u8)(ip->version_ihl - 0x45) > 0x4f - 0x45)
		return PORT_MALFORMED;
	bound_by_length(c, pkt, c->offset, bpf_ntohs(ip->total_length_be));
	c->offset += (ip->version_ihl & 0xf) * 4;
	*protocol = ip->protocol;
	if (ip->fragment_be & bpf_htons(IPV4_FRAGMENT_OFFSET | IPV4_MORE_FRAGMENTS)) {
		note_fragment(pkt, ip->fragment_be & bpf_htons(IPV4_FRAGMENT_OFFSET),
			      ip->identification_be);
		if (pkt->kind & KIND_LATER_FRAGMENT)
			return cursor_is_inside(c) ? PORT_FRAGMENT : PORT_MALFORMED;
	}
	return PORT_NO_BUCKET;
}

static __always_inline enum port_bucket parse_ipv6(struct cursor *c, struct pkt *pkt,
						   __u32 *protocol)
{
	const struct ipv6_header *ip;

	if (!cursor_read(c, sizeof(*ip), (const void **)&ip) || ip->version_class >> 4 != 6)
		return PORT_MALFORMED;
	pkt->ip = ip;
	c->offset += sizeof(*ip);
	bound_by_length(c, pkt, c->offset, bpf_ntohs(ip->payload_length_be));
	*protocol = ip->next_header;
	return PORT_NO_BUCKET;
}

_Static_assert(sizeof(struct ipv6_header) <= COPY_ROOM - COPY_BYTES,
	       "the largest single read fits");

/* In IPv4 only AH is an extension header. */
static __always_inline bool is_extension(__u32 protocol, bool is_ipv6)
{
	switch (protocol) {
	case IP_AH:
		return true;
	case IP_HOPOPTS:
	case IP_ROUTING:
	case IP_FRAGMENT:
	case IP_DSTOPTS:
	case IP_MOBILITY:
		return is_ipv6;
	default:
		return false;
	}
}

/*
 * AH counts its length in units of 4 bytes less 2 (RFC 4302 2.2), the others in units of 8 less 1.
 */
static __always_inline __u32 extension_bytes(__u32 protocol, __u32 length)
{
	if (protocol == IP_AH)
		return (length + 2U) * 4;
	return protocol == IP_FRAGMENT ? 8 : (length + 1U) * 8;
}

/* An atomic fragment (RFC 6946) is a whole packet. False: the header is cut. */
static __always_inline bool parse_fragment_header(struct cursor *c, struct pkt *pkt)
{
	const struct ipv6_fragment *fragment;

	if (!cursor_read_packet(c, sizeof(*fragment), (const void **)&fragment))
		return false;
	if (fragment->fragment_be & bpf_htons(IPV6_FRAGMENT_OFFSET | IPV6_MORE_FRAGMENTS))
		note_fragment(pkt, fragment->fragment_be & bpf_htons(IPV6_FRAGMENT_OFFSET),
			      fragment->identification_be);
	return true;
}

/*
 * Walks to the first header that is no extension. PORT_NO_BUCKET: *protocol is that header. In each
 * step the verifier forgets what the headers before it told, fragments among them, and then which
 * of the extension headers this is: see cursor_forget().
 */
static __always_inline enum port_bucket parse_extensions(struct cursor *c, struct pkt *pkt,
							 bool is_ipv6, __u32 *protocol)
{
	for (int i = 0; i < PARSE_EXTENSIONS; i++) {
		const struct ipv6_extension *extension;

		cursor_forget(c, NETWORK_OFFSET_MASK);
		pkt->kind ^= c->zero;
		pkt->identification_be ^= c->zero;
		if (!is_extension(*protocol, is_ipv6))
			return PORT_NO_BUCKET;
		*protocol ^= c->zero;
		if (*protocol == IP_FRAGMENT && !parse_fragment_header(c, pkt))
			return PORT_MALFORMED;
		if (!cursor_read_packet(c, sizeof(*extension), (const void **)&extension))
			return PORT_MALFORMED;
		c->offset += extension_bytes(*protocol, extension->length);
		if (!cursor_is_inside(c))
			return PORT_MALFORMED;
		if (*protocol == IP_FRAGMENT && pkt->kind & KIND_LATER_FRAGMENT)
			return PORT_FRAGMENT;
		*protocol = extension->next_header;
	}
	return is_extension(*protocol, is_ipv6) ? PORT_IPV6_EXT_LIMIT : PORT_NO_BUCKET;
}

/*
 * What the first chunk of SCTP, or the type of a DCCP packet, says of a connection, in TCP's flags.
 * 0 where it is cut off: the ports are there all the same.
 */
static __always_inline __u8 sctp_flags(const struct cursor *c)
{
	const struct sctp_start *start;

	if (!cursor_read_packet(c, SCTP_START_BYTES, (const void **)&start))
		return 0;
	switch (start->chunk) {
	case SCTP_INIT:
		return TCP_FLAG_SYN;
	case SCTP_INIT_ACK:
		return TCP_FLAG_SYN | TCP_FLAG_ACK;
	case SCTP_ABORT:
		return TCP_FLAG_RST;
	default:
		return 0;
	}
}

static __always_inline __u8 dccp_flags(const struct cursor *c)
{
	const struct dccp_start *start;

	if (!cursor_read_packet(c, DCCP_START_BYTES, (const void **)&start))
		return 0;
	switch (start->type >> 1 & 0xf) {
	case DCCP_REQUEST:
		return TCP_FLAG_SYN;
	case DCCP_RESPONSE:
		return TCP_FLAG_SYN | TCP_FLAG_ACK;
	case DCCP_RESET:
		return TCP_FLAG_RST;
	default:
		return 0;
	}
}

/*
 * How long the headers are that each part of a segmented packet has. DCCP's are never segmented.
 */
static __always_inline __u32 header_bytes(const struct cursor *c, enum port_transport transport,
					  const struct tcp_start *start)
{
	switch (transport) {
	case PORT_TCP:
		return c->offset + (start->data_offset >> 4) * 4;
	case PORT_UDP:
		return c->offset + UDP_BYTES;
	case PORT_SCTP:
		return c->offset + SCTP_BYTES;
	default:
		return c->offset;
	}
}

/*
 * The one reader of ports: TCP, UDP, UDP-Lite, SCTP and DCCP all start with source and destination.
 * TCP is read as far as its flags.
 */
static __always_inline enum port_bucket parse_ports(struct cursor *c, struct pkt *pkt,
						    enum port_transport transport)
{
	__u32 wanted = transport == PORT_TCP ? TCP_START_BYTES : PORTS_BYTES;
	const struct tcp_start *start;

	if (!cursor_read_packet(c, wanted, (const void **)&start))
		return PORT_MALFORMED;
	pkt->headers = header_bytes(c, transport, start);
	pkt->kind |= (__u32)transport << KIND_TRANSPORT_SHIFT;
	pkt->source_port = bpf_ntohs(start->source_be);
	pkt->destination_port = bpf_ntohs(start->destination_be);
	if (transport == PORT_TCP)
		pkt->kind |= start->flags;
	else if (transport == PORT_SCTP)
		pkt->kind |= sctp_flags(c);
	else if (transport == PORT_DCCP)
		pkt->kind |= dccp_flags(c);
	return PORT_NO_BUCKET;
}

static __always_inline enum port_bucket protocol_bucket(__u32 protocol)
{
	switch (protocol) {
	case IP_ICMP:
		return PORT_ICMP;
	case IP_IGMP:
		return PORT_IGMP;
	case IP_IPIP:
		return PORT_IPIP;
	case IP_IPV6:
		return PORT_IPV6_ENCAP;
	case IP_GRE:
		return PORT_GRE;
	case IP_ESP:
		return PORT_ESP;
	case IP_ICMPV6:
		return PORT_ICMPV6;
	case IP_OSPF:
		return PORT_OSPF;
	case IP_PIM:
		return PORT_PIM;
	case IP_VRRP:
		return PORT_VRRP;
	case IP_L2TP:
		return PORT_L2TP;
	default:
		return PORT_OTHER_IP;
	}
}

static __always_inline enum port_bucket parse_transport(struct cursor *c, struct pkt *pkt,
							__u32 protocol)
{
	if (protocol == IP_TCP)
		return parse_ports(c, pkt, PORT_TCP);
	if (protocol == IP_UDP || protocol == IP_UDPLITE)
		return parse_ports(c, pkt, PORT_UDP);
	if (protocol == IP_SCTP)
		return parse_ports(c, pkt, PORT_SCTP);
	if (protocol == IP_DCCP)
		return parse_ports(c, pkt, PORT_DCCP);
	pkt->headers = c->offset;
	return cursor_is_inside(c) ? protocol_bucket(protocol) : PORT_MALFORMED;
}

static __always_inline enum port_bucket parse_cursor(struct cursor *c, bool starts_at_l3,
						     struct pkt *pkt)
{
	enum port_bucket bucket;
	__u32 version = 0, protocol = 0;

	*pkt = (struct pkt){};
	bucket =
		starts_at_l3 ? parse_version_nibble(c, &version) : parse_ethernet(c, pkt, &version);
	if (bucket != PORT_NO_BUCKET)
		return bucket;
	cursor_forget(c, LINK_OFFSET_MASK);
	pkt->is_ipv6 = version == 6;
	pkt->kind = (__u32)pkt->is_ipv6 << KIND_IPV6_SHIFT;
	bucket = version == 4 ? parse_ipv4(c, pkt, &protocol) : parse_ipv6(c, pkt, &protocol);
	if (bucket != PORT_NO_BUCKET)
		return bucket;
	if (protocol != IP_TCP && protocol != IP_UDP) { /* the common ones are no extensions */
		bucket = parse_extensions(c, pkt, version == 6, &protocol);
		if (bucket != PORT_NO_BUCKET)
			return bucket;
	}
	return parse_transport(c, pkt, protocol);
}

/*
 * Reads a frame whose linear part is linear_bytes long and lies between two packet pointers; zero
 * is 0. Returns the frame's bucket, or PORT_NO_BUCKET when it has ports.
 */
static __always_inline enum port_bucket parse_frame(const void *start, const void *end,
						    __u32 linear_bytes, __u32 zero,
						    bool starts_at_l3, struct pkt *pkt)
{
	struct cursor c = {
		.start = start,
		.end = end,
		.length = linear_bytes,
		.last = ~0U,
		.zero = zero,
	};

	return parse_cursor(&c, starts_at_l3, pkt);
}

/*
 * The same from a copy of the frame's first length bytes, at most COPY_BYTES, in a buffer of
 * COPY_ROOM.
 */
static __always_inline enum port_bucket parse_copy(const void *buffer, __u32 length, __u32 zero,
						   bool starts_at_l3, struct pkt *pkt)
{
	struct cursor c = {
		.start = buffer,
		.is_copy = true,
		.length = length,
		.last = ~0U,
		.zero = zero,
	};

	return parse_cursor(&c, starts_at_l3, pkt);
}

#endif
