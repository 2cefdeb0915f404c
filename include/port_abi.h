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

/* For tests only: a build that takes the place of a next version with another layout. */
#ifdef PORT_ABI_NEXT
#define PORT_ABI_VERSION 2
#else
#define PORT_ABI_VERSION 1
#endif

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
	PORT_ENDPOINT,
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
#define PORT_VALUE_WEAK_SHIFT 30
#define PORT_VALUE_WEAK (1U << PORT_VALUE_WEAK_SHIFT)
#define PORT_VALUE_RANK_SHIFT 16
#define PORT_VALUE_RANK_MAX 0x3fffU
#define PORT_VALUE_SLOT(value) ((value)&0xffffU)
#define PORT_VALUE_RANK(value) (((value) >> PORT_VALUE_RANK_SHIFT) & PORT_VALUE_RANK_MAX)

/* Ports from here up are where clients live (Linux's default ip_local_port_range starts here). */
#define PORT_WEAK_SHIFT 15
#define PORT_WEAK_FIRST (1U << PORT_WEAK_SHIFT)
/* Exact entries below this are firm: the system ports of RFC 6335 section 6. */
#define PORT_FIRM_END 1024

/* A per-CPU counter cell. One writer a CPU, so plain additions; readers sum over the CPUs. */
struct port_counter {
	__u64 packets;
	/* The frame as the hook sees it, link-layer header included; at tc as it is on the wire. */
	__u64 bytes;
};

/*
 * The index space of a device's counters. A frame is added to exactly one cell of a bucket, of the
 * unclassified or of a service; one of a service whose method is not `database` is added to that
 * method besides. So the most frequent frames touch one cell only, and every number there is can be
 * summed from cells that only grow:
 *   buckets       one cell each, but for the unclassified ones
 *   unclassified  by transport and method; their sums are the buckets of that name
 *   methods       frames of services, packets only; never `database`
 *   suspicious    requests for connections from a firm port to another service, counted besides
 *   services      four cells a slot: by direction, and whether the method was `database`
 */
#define PORT_INDEX_BUCKETS 0
#ifdef PORT_ABI_NEXT
#define PORT_INDEX_UNCLASSIFIED_FIRST 40
#define PORT_INDEX_METHODS 72
#define PORT_INDEX_SUSPICIOUS 80
#define PORT_INDEX_SERVICES 96
#define PORT_UNCLASSIFIED_BLOCK 512
#else
#define PORT_INDEX_UNCLASSIFIED_FIRST 32
#define PORT_INDEX_METHODS 64
#define PORT_INDEX_SUSPICIOUS 72
#define PORT_INDEX_SERVICES 80
#endif
#define PORT_INDEX_UNCLASSIFIED(transport, method)                                                 \
	(PORT_INDEX_UNCLASSIFIED_FIRST + (__u32)(transport)*8 + (method))
#define PORT_INDEX_SERVICE(slot, direction, by_database)                                           \
	(PORT_INDEX_SERVICES + (__u32)(slot)*4 + (direction)*2 + (by_database))
#define PORT_INDEX_END(slots) PORT_INDEX_SERVICE(slots, 0, 0)

/* Slots start at 1, as a table value of 0 means no entry. */
#define PORT_SLOT_FIRST 1
#define PORT_SLOT_END 65001 /* 65,000 services */
#define PORT_NAME_MAX 48

/*
 * Frames that set up or end a connection, by slot; 0: of no service. One writer a CPU, as above.
 */
struct port_handshakes {
	__u64 attempted; /* SYN; INIT of SCTP, Request of DCCP */
	__u64 accepted;  /* SYN and ACK; INIT ACK, Response */
	__u64 reset;     /* RST; ABORT, Reset */
};

/*
 * Unclassified frames of TCP and UDP by port: a port_counter each, the top byte of whose packets
 * tells the methods by which the port was chosen, a bit each. They lie in blocks, in the order of
 * PORT_TABLE_INDEX(transport, port), as a map of so many single ones takes long to make.
 */
#define PORT_UNCLASSIFIED_ENTRIES (2 << 16)
#ifndef PORT_UNCLASSIFIED_BLOCK
#define PORT_UNCLASSIFIED_BLOCK 1024
#endif
#define PORT_UNCLASSIFIED_BLOCKS (PORT_UNCLASSIFIED_ENTRIES / PORT_UNCLASSIFIED_BLOCK)
#define PORT_UNCLASSIFIED_METHODS_SHIFT 56
#define PORT_UNCLASSIFIED_PACKETS(packets)                                                         \
	((packets) & ((1ULL << PORT_UNCLASSIFIED_METHODS_SHIFT) - 1))
#define PORT_UNCLASSIFIED_METHODS(packets) ((packets) >> PORT_UNCLASSIFIED_METHODS_SHIFT)

struct port_unclassified {
	struct port_counter ports[PORT_UNCLASSIFIED_BLOCK];
};

/*
 * The marks of endpoints that serve, one value: this head, then 2^n cells of a byte. The keys are
 * drawn at random when the table is made. bpf/endpoints.h tells how cells are found and read.
 */
#define PORT_ENDPOINT_KEYS 7
struct port_endpoints {
	__u64 keys[PORT_ENDPOINT_KEYS];
	__u32 epoch_shift; /* an epoch lasts 2^n ticks of the kernel */
	__u32 zero;
};
#define PORT_ENDPOINT_BITS_MIN 16
#define PORT_ENDPOINT_BITS_MAX 28

/* What a first fragment tells of those that follow it. */
struct port_fragment_key {
	__u32 source_be[4]; /* IPv4: the first word, the others 0 */
	__u32 destination_be[4];
	__u32 identification_be;
	__u8 protocol; /* IPv6: 0 */
	__u8 is_ipv6;
	__u16 zero;
};

struct port_fragment {
	__u64 seen;  /* ticks */
	__u32 value; /* of the port table, for the service port; 0: unclassified */
	__u16 port;
	__u8 transport;
	__u8 direction;
	__u8 method;
	__u8 zero[7];
};
#define PORT_FRAGMENTS 8192 /* datagrams remembered, the least recently used forgotten first */
/* Longer than any host waits for the rest of a datagram: RFC 8200 section 4.5 has 60 seconds. */
#define PORT_FRAGMENT_SECONDS 60

/*
 * A replay hands in the clock and the length on the wire with each frame, and is told what became
 * of it. A program that counts a device knows nothing of this.
 */
struct port_replay {
	__u64 ticks;      /* in, of the kernel */
	__u32 bytes;      /* in */
	__u32 slot;       /* out, like the rest; 0: counted in a bucket */
	__u16 port;       /* the service port, host byte order, like all ports here */
	__u8 bucket;      /* enum port_bucket; PORT_NO_BUCKET: counted in a slot */
	__u8 has_verdict; /* the frame has ports, or follows a fragment that has: the next four hold */
	__u8 transport;
	__u8 direction;
	__u8 method;
	__u8 has_ports; /* the frame has ports of its own: what follows holds */
	__u16 source_port;
	__u16 destination_port;
	__u16 network; /* offset of the IP header in the frame */
	__u8 is_ipv6;
	__u8 zero[9];
};

_Static_assert(PORT_BUCKETS <= PORT_INDEX_UNCLASSIFIED_FIRST - PORT_INDEX_BUCKETS,
	       "buckets fit before what follows");
_Static_assert(PORT_INDEX_UNCLASSIFIED(PORT_TRANSPORTS, 0) <= PORT_INDEX_METHODS,
	       "so do the unclassified");
_Static_assert(PORT_METHODS <= PORT_INDEX_SUSPICIOUS - PORT_INDEX_METHODS, "so do the methods");
_Static_assert(PORT_METHODS <= 64 - PORT_UNCLASSIFIED_METHODS_SHIFT, "a bit for each method");
_Static_assert(PORT_SLOT_END <= 0x10000, "a slot fits in 16 bits");
_Static_assert(PORT_TABLE_ENTRIES == 262144, "one value for each transport and port");
_Static_assert(sizeof(struct port_counter) == 16,
	       "no padding, and a multiple of 8 for per-CPU maps");

_Static_assert(sizeof(struct port_handshakes) == 24, "no padding");
_Static_assert(sizeof(struct port_unclassified) <= 32768,
	       "what per-CPU memory has in one piece: PCPU_MIN_UNIT_SIZE in linux/percpu.h");
_Static_assert(sizeof(struct port_endpoints) == 64, "no padding");
_Static_assert(sizeof(struct port_fragment_key) == 40, "no padding");
_Static_assert(sizeof(struct port_fragment) == 24, "no padding");
_Static_assert(sizeof(struct port_replay) == 40, "no padding");

#endif
