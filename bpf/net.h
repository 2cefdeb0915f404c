/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the packet path gets its types: vmlinux.h when compiled for BPF, user-space headers when
 * compiled for the host (unit tests, fuzzers). The only such switch in the project.
 * Wire formats are spelled out with byte-sized and big-endian members alone, without bit fields, so
 * that one definition serves both byte orders. A suffix _be means network byte order.
 */
#ifndef NET_H
#define NET_H

#ifdef __bpf__
/* Plain offsets: no CO-RE relocation, so that the object loads on kernels without BTF. */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#else
#include <linux/types.h>
#include <stddef.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#endif
#include <bpf/bpf_endian.h>
#include <stdbool.h>

#include "port_abi.h"

/*
 * Keeps the compiler from knowing a variable's value, and so from dropping a check the verifier
 * needs.
 */
#define OPAQUE(variable) asm volatile("" : "+r"(variable))

/*
 * EtherTypes: IEEE 802 numbers registry; below ETHERTYPE_MIN the field is a length (IEEE 802.3
 * 3.2.6).
 */
enum ethertype {
	ETHERTYPE_MIN = 0x0600,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100, /* 802.1Q */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847, /* RFC 3032 section 5 */
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE_DISCOVERY = 0x8863, /* RFC 2516 section 4 */
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,     /* 802.1ad */
	ETHERTYPE_QINQ_OLD = 0x9100, /* before 802.1ad, still in use */
};

/* PPP protocol numbers: IANA registry, RFC 1332 and RFC 5072. */
enum ppp_protocol { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };

/* IANA assigned internet protocol numbers, IPv6 extension headers among them. */
enum ip_protocol {
	IP_HOPOPTS = 0,
	IP_ICMP = 1,
	IP_IGMP = 2,
	IP_IPIP = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_ESP = 50,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DSTOPTS = 60,
	IP_OSPF = 89,
	IP_PIM = 103,
	IP_VRRP = 112,
	IP_L2TP = 115,
	IP_SCTP = 132,
	IP_MOBILITY = 135,
	IP_UDPLITE = 136,
};

/*
 * Headers lie at even offsets, no more: an IP header behind 14 bytes of Ethernet is not at a
 * multiple of 4.
 */
#pragma pack(push, 2)

struct eth_header {
	__u8 destination[6];
	__u8 source[6];
	__be16 type_be;
};

struct vlan_tag { /* what follows the TPID: IEEE 802.1Q 9.6 */
	__be16 control_be;
	__be16 type_be;
};

struct mpls_label { /* RFC 3032 section 2.1: label 20 bits, class 3, bottom of stack 1, TTL 8 */
	__u8 label_high[2];
	__u8 label_low_class_bottom;
	__u8 ttl;
};
#define MPLS_BOTTOM 0x01

#define ARP_BYTES 28 /* RFC 826 over Ethernet and IPv4 */

struct pppoe_header { /* RFC 2516 section 4, then the PPP protocol of RFC 1661 section 2 */
	__u8 version_type;
	__u8 code;
	__be16 session_be;
	__be16 length_be;
	__be16 protocol_be;
};

struct ipv4_header { /* RFC 791 section 3.1 */
	__u8 version_ihl;
	__u8 tos;
	__be16 total_length_be;
	__be16 identification_be;
	__be16 fragment_be;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum_be;
	__be32 source_be;
	__be32 destination_be;
};
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV4_MORE_FRAGMENTS 0x2000

struct ipv6_header {        /* RFC 8200 section 3 */
	__u8 version_class; /* version in the high 4 bits */
	__u8 class_flow[3];
	__be16 payload_length_be;
	__u8 next_header;
	__u8 hop_limit;
	__be32 source_be[4];
	__be32 destination_be[4];
};

/* The part that all extension headers share: RFC 8200 section 4, RFC 4302 section 2. */
struct ipv6_extension {
	__u8 next_header;
	__u8 length;
	__be16 reserved_be;
};

struct ipv6_fragment { /* RFC 8200 section 4.5 */
	__u8 next_header;
	__u8 reserved;
	__be16 fragment_be; /* offset in the high 13 bits */
	__be32 identification_be;
};
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS 0x0001

/*
 * The first bytes of TCP, as far as the flags; every transport with ports starts with these ports.
 */
struct tcp_start { /* RFC 9293 section 3.1 */
	__be16 source_be;
	__be16 destination_be;
	__be32 sequence_be;
	__be32 acknowledgment_be;
	__u8 data_offset;
	__u8 flags;
};

struct sctp_start { /* RFC 9260 sections 3.1 and 3.2: as far as the type of the first chunk */
	__be16 source_be;
	__be16 destination_be;
	__be32 tag_be;
	__be32 checksum_be;
	__u8 chunk;
};
enum sctp_chunk { SCTP_INIT = 1, SCTP_INIT_ACK = 2, SCTP_ABORT = 6 };

struct dccp_start { /* RFC 4340 section 5.1: as far as the packet type, in bits 1 to 4 */
	__be16 source_be;
	__be16 destination_be;
	__u8 data_offset;
	__u8 coverage;
	__be16 checksum_be;
	__u8 type;
};
enum dccp_type { DCCP_REQUEST = 0, DCCP_RESPONSE = 1, DCCP_RESET = 7 };

#pragma pack(pop)

#define TCP_START_BYTES 14
#define SCTP_START_BYTES 13
#define DCCP_START_BYTES 9
#define PORTS_BYTES 4
#define UDP_BYTES 8   /* RFC 768 */
#define SCTP_BYTES 12 /* RFC 9260 section 3.1 */
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_ACK 0x10

_Static_assert(sizeof(struct eth_header) == 14, "no padding");
_Static_assert(sizeof(struct vlan_tag) == 4, "no padding");
_Static_assert(sizeof(struct mpls_label) == 4, "no padding");
_Static_assert(sizeof(struct pppoe_header) == 8, "no padding");
_Static_assert(sizeof(struct ipv4_header) == 20, "no padding");
_Static_assert(sizeof(struct ipv6_header) == 40, "no padding");
_Static_assert(sizeof(struct ipv6_extension) == 4, "no padding");
_Static_assert(sizeof(struct ipv6_fragment) == 8, "no padding");
_Static_assert(__builtin_offsetof(struct tcp_start, flags) + 1 == TCP_START_BYTES,
	       "as far as the flags");
_Static_assert(__builtin_offsetof(struct sctp_start, chunk) + 1 == SCTP_START_BYTES, "the chunk");
_Static_assert(__builtin_offsetof(struct dccp_start, type) + 1 == DCCP_START_BYTES, "the type");
_Static_assert(__builtin_offsetof(struct tcp_start, sequence_be) == PORTS_BYTES, "both ports");

#endif
