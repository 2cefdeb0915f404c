/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of ctnetlink, made as the kernel makes them; also damaged ones, by what is left out.
 */
#ifndef CTNETLINK_MESSAGE_H
#define CTNETLINK_MESSAGE_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdint.h>

#define CTNETLINK_NEW (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW)

/* One side of a flow, in words; NULL: an attribute that is left out. */
struct ctnetlink_side {
	const char *source, *destination;
	int source_port, destination_port; /* -1: left out */
};

struct ctnetlink_flow {
	uint8_t protocol;
	struct ctnetlink_side original, reply;
};

union ctnetlink_buffer {
	struct nlmsghdr message;
	char bytes[1024];
};

/* A message without attributes. */
struct nlmsghdr *ctnetlink_begin(union ctnetlink_buffer *buffer, uint16_t type);
/* Adds CTA_TUPLE_ORIG or CTA_TUPLE_REPLY; a protocol of 0 is left out. */
void ctnetlink_put_tuple(struct nlmsghdr *message, uint16_t type, const struct ctnetlink_side *side,
			 uint8_t protocol);
/* Adds CTA_PROTOINFO of an established connection, with IP_CT_TCP_FLAG_* of both sides. */
void ctnetlink_put_tcp_flags(struct nlmsghdr *message, uint8_t original, uint8_t reply);
/* A whole flow. */
struct nlmsghdr *ctnetlink_put_flow(union ctnetlink_buffer *buffer,
				    const struct ctnetlink_flow *flow);

#endif
