// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "layout.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define SLOT_CELLS 4

static const uint8_t buckets_1[] = {
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
};

static const uint8_t methods_1[] = {
	PORT_HANDSHAKE, PORT_ENDPOINT, PORT_DATABASE, PORT_TIE, PORT_GUESS,
};

/* A version that has been released keeps its row for ever; the last is that of port_abi.h. */
static const struct port_layout layouts[] = {
	{
		.version = 1,
		.buckets = 0,
		.unclassified = 32,
		.methods = 64,
		.suspicious = 72,
		.services = 80,
		.transport_cells = 8,
		.bucket_names = buckets_1,
		.bucket_count = COUNT(buckets_1),
		.method_names = methods_1,
		.method_count = COUNT(methods_1),
	},
#ifdef PORT_ABI_NEXT
	{
		.version = 2,
		.buckets = 0,
		.unclassified = 40,
		.methods = 72,
		.suspicious = 80,
		.services = 96,
		.transport_cells = 8,
		.bucket_names = buckets_1,
		.bucket_count = COUNT(buckets_1),
		.method_names = methods_1,
		.method_count = COUNT(methods_1),
	},
#endif
};

_Static_assert(COUNT(layouts) == PORT_ABI_VERSION, "each version has its row");
_Static_assert(sizeof(buckets_1) == PORT_BUCKETS && sizeof(methods_1) == PORT_METHODS,
	       "a new bucket or method is a new layout");

const struct port_layout *layout_find(uint32_t version)
{
	for (uint32_t i = 0; i < COUNT(layouts); i++)
		if (layouts[i].version == version)
			return &layouts[i];
	return NULL;
}

uint32_t layout_end(const struct port_layout *layout, uint32_t slots)
{
	return layout->services + slots * SLOT_CELLS;
}

/* Whether index is one of the count cells from first on; then *offset tells which. */
static int is_among(uint32_t index, uint32_t first, uint32_t count, uint32_t *offset)
{
	*offset = index - first;
	return index >= first && *offset < count;
}

uint32_t layout_index(const struct port_layout *layout, uint32_t index)
{
	uint32_t cells = layout->transport_cells, i;

	if (index >= layout->services)
		return index - layout->services + PORT_INDEX_SERVICES;
	if (is_among(index, layout->unclassified, PORT_TRANSPORTS * cells, &i))
		return i % cells < layout->method_count
			       ? PORT_INDEX_UNCLASSIFIED(i / cells, layout->method_names[i % cells])
			       : LAYOUT_NO_INDEX;
	if (is_among(index, layout->methods, layout->method_count, &i))
		return PORT_INDEX_METHODS + layout->method_names[i];
	if (is_among(index, layout->buckets, layout->bucket_count, &i))
		return PORT_INDEX_BUCKETS + layout->bucket_names[i];
	return index == layout->suspicious ? PORT_INDEX_SUSPICIOUS : LAYOUT_NO_INDEX;
}
