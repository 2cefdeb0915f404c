/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The treaty between the kernel half (bpf/) and the user half (src/): the only header both include.
 * Every number is in host byte order. The includer provides the __u8..__u64 types: vmlinux.h on the
 * BPF side, <linux/types.h> elsewhere. Changing anything here changes PORT_ABI_VERSION, which names
 * the directory of the pinned maps, so that two layouts never read each other's counters.
 */
#ifndef PORT_ABI_H
#define PORT_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define PORT_ABI_VERSION 1

/*
 * Transports that carry ports; UDP-Lite shares UDP's numbers (RFC 3828 section 3.1) and counts as
 * UDP.
 */
enum port_transport { PORT_TCP, PORT_UDP, PORT_SCTP, PORT_DCCP, PORT_TRANSPORTS };

/*
 * Where a frame is counted that belongs to no service. The first four follow enum port_transport.
 */
enum port_bucket {
	PORT_UNCLASSIFIED_TCP,
	PORT_UNCLASSIFIED_UDP,
	PORT_UNCLASSIFIED_SCTP,
	PORT_UNCLASSIFIED_DCCP,
	PORT_ARP,
	PORT_LLC,
	PORT_VLAN_DEPTH,
	PORT_MPLS_DEPTH,
	PORT_PPPOE,
	PORT_OTHER_L2,
	PORT_MALFORMED,
	PORT_IPV6_EXT_LIMIT,
	PORT_FRAGMENT,
	PORT_ICMP,
	PORT_IGMP,
	PORT_IPIP,
	PORT_IPV6_ENCAP,
	PORT_GRE,
	PORT_ESP,
	PORT_ICMPV6,
	PORT_OSPF,
	PORT_PIM,
	PORT_VRRP,
	PORT_L2TP,
	PORT_OTHER_IP,
	PORT_BUCKETS,
	PORT_NO_BUCKET = PORT_BUCKETS, /* the frame has ports and may belong to a service */
};

/* Which side of the frame the service port is on: its destination, or its source. */
enum port_direction { PORT_TO_SERVER, PORT_TO_CLIENT, PORT_DIRECTIONS };

/* Why that port was chosen. Counted for frames with ports only. */
enum port_method {
	PORT_HANDSHAKE,
	PORT_DATABASE,
	PORT_TIE,
	PORT_GUESS,
	PORT_METHODS,
};

/*
 * The port table: an array indexed PORT_TABLE_INDEX(transport, port). A value of 0 means no entry:
 *
 *	 31   30   29            16 15             0
 *	+----+----+----------------+----------------+
 *	|firm|weak|  rank (1..)    |  slot (1..)    |
 *	+----+----+----------------+----------------+
 */
#define PORT_TABLE_ENTRIES (PORT_TRANSPORTS << 16)
#define PORT_TABLE_INDEX(transport, port) ((__u32)(transport) << 16 | (__u16)(port))
#define PORT_VALUE_FIRM 0x80000000U
#define PORT_VALUE_WEAK 0x40000000U
#define PORT_VALUE_RANK_SHIFT 16
#define PORT_VALUE_RANK_MAX 0x3fffU
#define PORT_VALUE_SLOT(value) ((value)&0xffffU)
#define PORT_VALUE_RANK(value) (((value) >> PORT_VALUE_RANK_SHIFT) & PORT_VALUE_RANK_MAX)

/* Ports from here up are where clients live (Linux's default ip_local_port_range starts here). */
#define PORT_WEAK_FIRST 32768
/* Exact entries below this are firm: the system ports of RFC 6335 section 6. */
#define PORT_FIRM_END 1024

/* A per-CPU counter cell. One writer a CPU, so plain additions; readers sum over the CPUs. */
struct port_counter {
	__u64 packets;
	__u64 bytes; /* the frame as the hook sees it, link-layer header included */
};

/* The index space of a device's counters: buckets, then methods, then two cells for each slot. */
#define PORT_INDEX_BUCKETS 0
#define PORT_INDEX_METHODS 32
#define PORT_INDEX_SERVICES 48
#define PORT_INDEX_SERVICE(slot, direction)                                                        \
	(PORT_INDEX_SERVICES + (__u32)(slot)*PORT_DIRECTIONS + (direction))
#define PORT_INDEX_END(slots) PORT_INDEX_SERVICE(slots, 0)

/* Slots start at 1, as a table value of 0 means no entry. */
#define PORT_SLOT_FIRST 1
#define PORT_SLOT_END 65001 /* 65,000 services */
#define PORT_NAME_MAX 48

_Static_assert(PORT_BUCKETS <= PORT_INDEX_METHODS - PORT_INDEX_BUCKETS,
	       "buckets fit before the methods");
_Static_assert(PORT_METHODS <= PORT_INDEX_SERVICES - PORT_INDEX_METHODS,
	       "methods fit before the services");
_Static_assert(PORT_SLOT_END <= 0x10000, "a slot fits in 16 bits");
_Static_assert(PORT_TABLE_ENTRIES == 262144, "one value for each transport and port");
_Static_assert(sizeof(struct port_counter) == 16,
	       "no padding, and a multiple of 8 for per-CPU maps");

#endif
