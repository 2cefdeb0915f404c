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

#include "cursor.h"

#define PARSE_VLAN_TAGS 4
#define PARSE_MPLS_LABELS 4
#define PARSE_EXTENSIONS 8

/*
 * What parse_frame() finds besides its bucket. The transport, the ports and the flags are those
 * of a frame that has ports, where parse_frame() returns PORT_NO_BUCKET; otherwise they are 0.
 */
struct pkt {
	__u32 end; /* offset of the packet's end by its own length field; 0: it names none */
	__u16 source_port; /* host byte order */
	__u16 destination_port;
	__u8 transport; /* enum port_transport */
	__u8 tcp_flags; /* 0 for other transports */
};

_Static_assert(sizeof(struct eth_header) + PARSE_VLAN_TAGS * sizeof(struct vlan_tag) +
			       PARSE_MPLS_LABELS * sizeof(struct mpls_label) +
			       sizeof(struct pppoe_header) <=
		       LINK_OFFSET_MASK,
	       "the network header starts below the mask");
_Static_assert(
	LINK_OFFSET_MASK + 60 + PARSE_EXTENSIONS * 256 * 8 <= NETWORK_OFFSET_MASK,
	"so does the transport header, behind the longest IPv4 header and extension headers");

static __always_inline bool is_vlan(__u16 type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD;
}

/*
 * The version nibble decides where no other field does: without a link-layer header, and below
 * MPLS.
 */
static __always_inline enum port_bucket parse_version_nibble(struct cursor *c, __u32 *version)
{
	const void *at;

	if (!cursor_read(c, 1, &at))
		return PORT_MALFORMED;
	*version = *(const __u8 *)at >> 4;
	return *version == 4 || *version == 6 ? PORT_NO_BUCKET : PORT_OTHER_L2;
}

static __always_inline enum port_bucket parse_mpls(struct cursor *c, __u32 *version)
{
	for (int i = 0; i < PARSE_MPLS_LABELS; i++) {
		const struct mpls_label *label;

		if (!cursor_read(c, sizeof(*label), (const void **)&label))
			return PORT_MALFORMED;
		c->offset += sizeof(*label);
		if (label->label_low_class_bottom & MPLS_BOTTOM)
			return parse_version_nibble(c, version);
	}
	return PORT_MPLS_DEPTH;
}

static __always_inline enum port_bucket parse_pppoe(struct cursor *c, __u32 *version)
{
	const struct pppoe_header *pppoe;

	if (!cursor_read(c, sizeof(*pppoe), (const void **)&pppoe))
		return PORT_MALFORMED;
	c->offset += sizeof(*pppoe);
	switch (bpf_ntohs(pppoe->protocol_be)) {
	case PPP_IPV4:
		*version = 4;
		return PORT_NO_BUCKET;
	case PPP_IPV6:
		*version = 6;
		return PORT_NO_BUCKET;
	default:
		return PORT_PPPOE;
	}
}

/* What the EtherType leads to: an IP version, or a bucket. */
static __always_inline enum port_bucket parse_ethertype(struct cursor *c, struct pkt *pkt,
							__u16 type, __u32 *version)
{
	switch (type) {
	case ETHERTYPE_IPV4:
		*version = 4;
		return PORT_NO_BUCKET;
	case ETHERTYPE_IPV6:
		*version = 6;
		return PORT_NO_BUCKET;
	case ETHERTYPE_ARP:
		pkt->end = c->offset + ARP_BYTES;
		return PORT_ARP;
	case ETHERTYPE_PPPOE_SESSION:
		return parse_pppoe(c, version);
	case ETHERTYPE_PPPOE_DISCOVERY:
		return PORT_PPPOE;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		return parse_mpls(c, version);
	default:
		return type < ETHERTYPE_MIN ? PORT_LLC : PORT_OTHER_L2;
	}
}

static __always_inline enum port_bucket parse_ethernet(struct cursor *c, struct pkt *pkt,
						       __u32 *version)
{
	const struct eth_header *eth;
	__u16 type;

	if (!cursor_read(c, sizeof(*eth), (const void **)&eth))
		return PORT_MALFORMED;
	c->offset += sizeof(*eth);
	type = bpf_ntohs(eth->type_be);
	for (int i = 0; type != ETHERTYPE_IPV4 && is_vlan(type); i++) {
		const struct vlan_tag *tag;

		if (i == PARSE_VLAN_TAGS)
			return PORT_VLAN_DEPTH;
		if (!cursor_read(c, sizeof(*tag), (const void **)&tag))
			return PORT_MALFORMED;
		c->offset += sizeof(*tag);
		type = bpf_ntohs(tag->type_be);
	}
	return parse_ethertype(c, pkt, type, version);
}

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

/* PORT_NO_BUCKET: the protocol is to be read on. */
static __always_inline enum port_bucket parse_ipv4(struct cursor *c, struct pkt *pkt,
						   __u32 *protocol)
{
	const struct ipv4_header *ip;

	if (!cursor_read(c, sizeof(*ip), (const void **)&ip))
		return PORT_MALFORMED;
	/* Version 4 and a header of 5 to 15 words, in one comparison. */
	if ((__u8)(ip->version_ihl - 0x45) > 0x4f - 0x45)
		return PORT_MALFORMED;
	bound_by_length(c, pkt, c->offset, bpf_ntohs(ip->total_length_be));
	c->offset += (ip->version_ihl & 0xf) * 4;
	*protocol = ip->protocol;
	if (ip->fragment_be & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return cursor_is_inside(c) ? PORT_FRAGMENT : PORT_MALFORMED;
	return PORT_NO_BUCKET;
}

static __always_inline enum port_bucket parse_ipv6(struct cursor *c, struct pkt *pkt,
						   __u32 *protocol)
{
	const struct ipv6_header *ip;

	if (!cursor_read(c, sizeof(*ip), (const void **)&ip) || ip->version_class >> 4 != 6)
		return PORT_MALFORMED;
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

/* Walks to the first header that is no extension. PORT_NO_BUCKET: *protocol is that header. */
static __always_inline enum port_bucket parse_extensions(struct cursor *c, bool is_ipv6,
							 __u32 *protocol)
{
	for (int i = 0; i < PARSE_EXTENSIONS; i++) {
		const struct ipv6_extension *extension;
		bool later_fragment;

		if (!is_extension(*protocol, is_ipv6))
			return PORT_NO_BUCKET;
		cursor_forget(c, NETWORK_OFFSET_MASK);
		if (!cursor_read_packet(c, sizeof(*extension), (const void **)&extension))
			return PORT_MALFORMED;
		later_fragment = *protocol == IP_FRAGMENT &&
				 extension->fragment_be & bpf_htons(IPV6_FRAGMENT_OFFSET);
		c->offset += extension_bytes(*protocol, extension->length);
		if (!cursor_is_inside(c))
			return PORT_MALFORMED;
		if (later_fragment)
			return PORT_FRAGMENT;
		*protocol = extension->next_header;
	}
	return is_extension(*protocol, is_ipv6) ? PORT_IPV6_EXT_LIMIT : PORT_NO_BUCKET;
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
	pkt->transport = transport;
	pkt->source_port = bpf_ntohs(start->source_be);
	pkt->destination_port = bpf_ntohs(start->destination_be);
	pkt->tcp_flags = transport == PORT_TCP ? start->flags : 0;
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
	bucket = version == 4 ? parse_ipv4(c, pkt, &protocol) : parse_ipv6(c, pkt, &protocol);
	if (bucket != PORT_NO_BUCKET)
		return bucket;
	if (protocol != IP_TCP && protocol != IP_UDP) { /* the common ones are no extensions */
		bucket = parse_extensions(c, version == 6, &protocol);
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
