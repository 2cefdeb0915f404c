/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's connection tracking, asked by ctnetlink: which flows it knows, and how the frames of
 * each look in either direction when they are received. Flows of transports with ports; the others
 * are passed over. Failures are logged here.
 *
 * conntrack_request() asks for all flows. The answer comes in pieces, which conntrack_read() hands
 * out without ever waiting, and with them the flows that began since conntrack_open(). So a large
 * table holds nobody up, and takes no memory here but one message's. Where flows begin faster than
 * they are read, some are told of by the next answer only.
 */
#ifndef CONNTRACK_H
#define CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

struct conntrack;
struct nlmsghdr;

/* Addresses and ports as a frame has them when it is received. Compared by bytes. */
struct conntrack_tuple {
	uint8_t source[16]; /* IPv4: the first four, the others 0 */
	uint8_t destination[16];
	uint16_t source_port; /* host byte order */
	uint16_t destination_port;
	uint8_t transport; /* enum port_transport; UDP-Lite is UDP */
	uint8_t is_ipv6;
	uint8_t zero[2];
};

_Static_assert(sizeof(struct conntrack_tuple) == 40, "no padding");

struct conntrack_flow {
	struct conntrack_tuple original; /* the direction of the first packet that was tracked */
	struct conntrack_tuple reply;
	bool is_midway; /* TCP without its handshake: original may be either direction */
};

/* Told of a flow; is_new: it has begun just now. */
typedef void conntrack_take(void *ctx, const struct conntrack_flow *flow, bool is_new);

/* 0 or -errno. */
int conntrack_open(struct conntrack **out);
void conntrack_close(struct conntrack *conntrack);
/* Asks for all flows, unless an answer is under way. 0 or -errno. */
int conntrack_request(struct conntrack *conntrack);
/* Hands out some of what has come. 1: there may be more; 0: there is nothing; or -errno. */
int conntrack_read(struct conntrack *conntrack, conntrack_take *take, void *ctx);
/* Whether an answer is under way. */
bool conntrack_is_answering(const struct conntrack *conntrack);
/* Flows of any protocol that the kernel has told of. */
uint64_t conntrack_told(const struct conntrack *conntrack);
/* To poll. */
#define CONNTRACK_DESCRIPTORS 2
void conntrack_descriptors(const struct conntrack *conntrack, int fds[CONNTRACK_DESCRIPTORS]);

/* One message of ctnetlink. False: no flow of a transport with ports, or not whole. Pure. */
bool conntrack_parse(const struct nlmsghdr *message, struct conntrack_flow *flow);

#endif
