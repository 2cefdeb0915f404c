// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <strings.h>

#include "names.h"

static const char *const transports[PORT_TRANSPORTS] = {
	[PORT_TCP] = "tcp",
	[PORT_UDP] = "udp",
	[PORT_SCTP] = "sctp",
	[PORT_DCCP] = "dccp",
};

static const char *const buckets[PORT_BUCKETS] = {
	[PORT_UNCLASSIFIED_TCP] = "unclassified_tcp",
	[PORT_UNCLASSIFIED_UDP] = "unclassified_udp",
	[PORT_UNCLASSIFIED_SCTP] = "unclassified_sctp",
	[PORT_UNCLASSIFIED_DCCP] = "unclassified_dccp",
	[PORT_ARP] = "arp",
	[PORT_LLC] = "llc",
	[PORT_VLAN_DEPTH] = "vlan_depth",
	[PORT_MPLS_DEPTH] = "mpls_depth",
	[PORT_PPPOE] = "pppoe",
	[PORT_OTHER_L2] = "other_l2",
	[PORT_MALFORMED] = "malformed",
	[PORT_IPV6_EXT_LIMIT] = "ipv6_ext_limit",
	[PORT_FRAGMENT] = "fragment",
	[PORT_ICMP] = "icmp",
	[PORT_IGMP] = "igmp",
	[PORT_IPIP] = "ipip",
	[PORT_IPV6_ENCAP] = "ipv6_encap",
	[PORT_GRE] = "gre",
	[PORT_ESP] = "esp",
	[PORT_ICMPV6] = "icmpv6",
	[PORT_OSPF] = "ospf",
	[PORT_PIM] = "pim",
	[PORT_VRRP] = "vrrp",
	[PORT_L2TP] = "l2tp",
	[PORT_OTHER_IP] = "other_ip",
};

static const char *const directions[PORT_DIRECTIONS] = {
	[PORT_TO_SERVER] = "to_server",
	[PORT_TO_CLIENT] = "to_client",
};

static const char *const methods[PORT_METHODS] = {
	[PORT_HANDSHAKE] = "handshake",
	[PORT_ENDPOINT] = "endpoint",
	[PORT_DATABASE] = "database",
	[PORT_TIE] = "tie",
	[PORT_GUESS] = "guess",
};

static const char *name_at(const char *const *names, unsigned int count, unsigned int i)
{
	return i < count && names[i] ? names[i] : "?";
}

const char *transport_name(unsigned int transport)
{
	return name_at(transports, PORT_TRANSPORTS, transport);
}

unsigned int transport_from_name(const char *text, size_t len)
{
	unsigned int transport = 0;

	while (transport < PORT_TRANSPORTS && (strlen(transports[transport]) != len ||
					       strncasecmp(text, transports[transport], len)))
		transport++;
	return transport;
}

const char *bucket_name(unsigned int bucket)
{
	return name_at(buckets, PORT_BUCKETS, bucket);
}

const char *direction_name(unsigned int direction)
{
	return name_at(directions, PORT_DIRECTIONS, direction);
}

const char *method_name(unsigned int method)
{
	return name_at(methods, PORT_METHODS, method);
}
