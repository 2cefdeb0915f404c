// SPDX-License-Identifier: GPL-2.0-only
/* Messages of ctnetlink to flows: linux/netfilter/nfnetlink_conntrack.h draws them. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "conntrack.h"
#include "port_abi.h"

/* The first attribute of that type within another, or NULL; NULL holds none. */
static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
	{
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

/* The same of a message. */
static const struct nlattr *find_first(const struct nlmsghdr *message, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

/* An attribute's bytes. False: it is not there, or of another size. */
static bool copy(const struct nlattr *attr, void *to, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return true;
}

static bool copy_port(const struct nlattr *attr, uint16_t *port)
{
	uint16_t port_be;

	if (!copy(attr, &port_be, sizeof(port_be)))
		return false;
	*port = ntohs(port_be);
	return true;
}

static bool transport_of(uint8_t protocol, uint8_t *transport)
{
	switch (protocol) {
	case IPPROTO_TCP:
		*transport = PORT_TCP;
		return true;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		*transport = PORT_UDP;
		return true;
	case IPPROTO_SCTP:
		*transport = PORT_SCTP;
		return true;
	case IPPROTO_DCCP:
		*transport = PORT_DCCP;
		return true;
	default:
		return false;
	}
}

static bool parse_addresses(const struct nlattr *ip, struct conntrack_tuple *tuple)
{
	tuple->is_ipv6 = find(ip, CTA_IP_V6_SRC) != NULL;
	if (tuple->is_ipv6)
		return copy(find(ip, CTA_IP_V6_SRC), tuple->source, 16) &&
		       copy(find(ip, CTA_IP_V6_DST), tuple->destination, 16);
	return copy(find(ip, CTA_IP_V4_SRC), tuple->source, 4) &&
	       copy(find(ip, CTA_IP_V4_DST), tuple->destination, 4);
}

static bool parse_tuple(const struct nlattr *nest, struct conntrack_tuple *tuple)
{
	const struct nlattr *proto = find(nest, CTA_TUPLE_PROTO);
	uint8_t protocol;

	*tuple = (struct conntrack_tuple){};
	return parse_addresses(find(nest, CTA_TUPLE_IP), tuple) &&
	       copy(find(proto, CTA_PROTO_NUM), &protocol, sizeof(protocol)) &&
	       transport_of(protocol, &tuple->transport) &&
	       copy_port(find(proto, CTA_PROTO_SRC_PORT), &tuple->source_port) &&
	       copy_port(find(proto, CTA_PROTO_DST_PORT), &tuple->destination_port);
}

/*
 * A connection that was met in its middle is marked liberal on both sides (tcp_new() in the
 * kernel's nf_conntrack_proto_tcp.c). One that was offloaded is so too, but has the window scales
 * that only a handshake tells; where it has none, it is taken for the former.
 */
static bool is_midway(const struct nlmsghdr *message)
{
	const struct nlattr *tcp = find(find_first(message, CTA_PROTOINFO), CTA_PROTOINFO_TCP);
	struct nf_ct_tcp_flags original, reply;

	return copy(find(tcp, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL), &original, sizeof(original)) &&
	       copy(find(tcp, CTA_PROTOINFO_TCP_FLAGS_REPLY), &reply, sizeof(reply)) &&
	       original.flags & reply.flags & IP_CT_TCP_FLAG_BE_LIBERAL &&
	       !((original.flags | reply.flags) & IP_CT_TCP_FLAG_WINDOW_SCALE);
}

bool conntrack_parse(const struct nlmsghdr *message, struct conntrack_flow *flow)
{
	if (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW))
		return false;
	/* All attributes are padded; libmnl would take an end between for the one behind it. */
	if (message->nlmsg_len != MNL_ALIGN(message->nlmsg_len))
		return false;
	if (!parse_tuple(find_first(message, CTA_TUPLE_ORIG), &flow->original) ||
	    !parse_tuple(find_first(message, CTA_TUPLE_REPLY), &flow->reply))
		return false;
	flow->is_midway = flow->original.transport == PORT_TCP && is_midway(message);
	return true;
}
