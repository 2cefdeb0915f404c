// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <string.h>

#include "ctnetlink_message.h"

static void put_address(struct nlmsghdr *message, const char *text, uint16_t v4, uint16_t v6)
{
	uint8_t address[16];

	if (!text)
		return;
	if (inet_pton(AF_INET, text, address) == 1) {
		mnl_attr_put(message, v4, 4, address);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, text, address), 1);
	mnl_attr_put(message, v6, sizeof(address), address);
}

void ctnetlink_put_tuple(struct nlmsghdr *message, uint16_t type, const struct ctnetlink_side *side,
			 uint8_t protocol)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type), *nest;

	nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	put_address(message, side->source, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
	put_address(message, side->destination, CTA_IP_V4_DST, CTA_IP_V6_DST);
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	if (protocol)
		mnl_attr_put_u8(message, CTA_PROTO_NUM, protocol);
	if (side->source_port >= 0)
		mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons((uint16_t)side->source_port));
	if (side->destination_port >= 0)
		mnl_attr_put_u16(message, CTA_PROTO_DST_PORT,
				 htons((uint16_t)side->destination_port));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

void ctnetlink_put_tcp_flags(struct nlmsghdr *message, uint8_t original, uint8_t reply)
{
	struct nf_ct_tcp_flags flags = { .flags = original, .mask = 0xff };
	struct nlattr *info = mnl_attr_nest_start(message, CTA_PROTOINFO);
	struct nlattr *tcp = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);

	mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
	mnl_attr_put(message, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, sizeof(flags), &flags);
	flags.flags = reply;
	mnl_attr_put(message, CTA_PROTOINFO_TCP_FLAGS_REPLY, sizeof(flags), &flags);
	mnl_attr_nest_end(message, tcp);
	mnl_attr_nest_end(message, info);
}

struct nlmsghdr *ctnetlink_begin(union ctnetlink_buffer *buffer, uint16_t type)
{
	struct nlmsghdr *message;
	struct nfgenmsg *header;

	memset(buffer, 0, sizeof(*buffer));
	message = mnl_nlmsg_put_header(buffer->bytes);
	message->nlmsg_type = type;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = AF_INET;
	return message;
}

struct nlmsghdr *ctnetlink_put_flow(union ctnetlink_buffer *buffer,
				    const struct ctnetlink_flow *flow)
{
	struct nlmsghdr *message = ctnetlink_begin(buffer, CTNETLINK_NEW);

	ctnetlink_put_tuple(message, CTA_TUPLE_ORIG, &flow->original, flow->protocol);
	ctnetlink_put_tuple(message, CTA_TUPLE_REPLY, &flow->reply, flow->protocol);
	mnl_attr_put_u32(message, CTA_STATUS, htonl(IPS_CONFIRMED));
	return message;
}
