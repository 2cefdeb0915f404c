/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the start of a frame to its IP header: Ethernet, VLAN tags, MPLS labels, PPPoE. Pure, as
 * parse.h is. Each function returns PORT_NO_BUCKET where there is more to read, and otherwise the
 * bucket that the frame belongs to.
 */
#ifndef PARSE_LINK_H
#define PARSE_LINK_H

#include "cursor.h"

#define PARSE_VLAN_TAGS 4
#define PARSE_MPLS_LABELS 4

/*
 * What parsing finds besides a frame's bucket. kind is one number, as the packet path has few
 * registers:
 *
 *	   18      17      16 15      10    9       8   7     0
 *	+------+-------------+----------+-------+-------+-------+
 *	| IPv6 |  transport  |    0     | later | first | flags |
 *	+------+-------------+----------+-------+-------+-------+
 *
 * First and later: it is such a fragment; neither: a whole packet. Flags are TCP's (TCP_FLAG_*); of
 * SCTP and DCCP those that mean the same; 0 for UDP. Transport, flags and ports are those of a
 * frame that has ports; otherwise they are 0.
 */
struct pkt {
	__u32 end;      /* offset of the packet's end by its own length field; 0: it names none */
	__u32 headers;  /* bytes of all headers there are, the transport's included; 0: not known */
	const void *ip; /* the IP header, of 20 or 40 bytes; NULL: there is none */
	__u32 kind;
	__u16 source_port; /* host byte order */
	__u16 destination_port;
	__u32 identification_be; /* of a fragment */
	bool is_ipv6;
};

#define KIND_FIRST_FRAGMENT 0x100
#define KIND_LATER_FRAGMENT 0x200
#define KIND_TRANSPORT_SHIFT 16
#define KIND_IPV6_SHIFT 18

static __always_inline __u8 kind_flags(__u32 kind)
{
	return kind;
}

static __always_inline __u8 kind_transport(__u32 kind)
{
	return kind >> KIND_TRANSPORT_SHIFT & (PORT_TRANSPORTS - 1);
}

_Static_assert(PORT_TRANSPORTS == 4, "a transport has two bits");
_Static_assert(sizeof(struct eth_header) + PARSE_VLAN_TAGS * sizeof(struct vlan_tag) +
			       PARSE_MPLS_LABELS * sizeof(struct mpls_label) +
			       sizeof(struct pppoe_header) <=
		       LINK_OFFSET_MASK,
	       "the network header starts below the mask");
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

#endif
