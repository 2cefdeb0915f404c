// SPDX-License-Identifier: GPL-2.0-only
#include "accuracy_frame.h"

#include <arpa/inet.h>
#include <string.h>

#include "net.h"

#define TCP_BYTES 20
#define UDP_BYTES 8

/* 198.18.0.0/15 is for tests between two networks (RFC 2544), one half for each side. */
static __be32 ipv4_address(const struct accuracy_endpoint *at)
{
	return htonl(0xc6120000 | (uint32_t)at->is_outside << 16 | (at->host + 1));
}

/* 2001:db8::/32 is for documentation (RFC 3849). */
static void ipv6_address(__be32 address[4], const struct accuracy_endpoint *at)
{
	address[0] = htonl(0x20010db8);
	address[1] = htonl(at->is_outside);
	address[2] = htonl(at->host * 2654435761U); /* as privacy extensions would choose it */
	address[3] = htonl(at->host + 1);
}

static size_t put_ip(uint8_t *frame, const struct accuracy_endpoint *from,
		     const struct accuracy_endpoint *to, bool is_tcp)
{
	uint8_t protocol = is_tcp ? IP_TCP : IP_UDP;
	uint16_t payload = is_tcp ? TCP_BYTES : UDP_BYTES;
	struct ipv4_header v4 = { .version_ihl = 0x45, .ttl = 64, .protocol = protocol };
	struct ipv6_header v6 = { .version_class = 0x60, .next_header = protocol, .hop_limit = 64 };

	if (from->is_ipv6) {
		v6.payload_length_be = htons(payload);
		ipv6_address(v6.source_be, from);
		ipv6_address(v6.destination_be, to);
		memcpy(frame, &v6, sizeof(v6));
		return sizeof(v6);
	}
	v4.total_length_be = htons((uint16_t)(sizeof(v4) + payload));
	v4.source_be = ipv4_address(from);
	v4.destination_be = ipv4_address(to);
	memcpy(frame, &v4, sizeof(v4));
	return sizeof(v4);
}

size_t accuracy_frame(uint8_t frame[ACCURACY_BUILT_MAX], const struct accuracy_endpoint *from,
		      const struct accuracy_endpoint *to, bool is_tcp, uint8_t flags)
{
	const struct eth_header eth = {
		.destination = { 2, 0, 0, 0, 0, 2 },
		.source = { 2, 0, 0, 0, 0, 1 },
		.type_be = htons(from->is_ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4),
	};
	const struct tcp_start ports = {
		.source_be = htons(from->port),
		.destination_be = htons(to->port),
		.data_offset = 0x50,
		.flags = flags,
	};
	size_t at = sizeof(eth);

	memset(frame, 0, ACCURACY_BUILT_MAX);
	memcpy(frame, &eth, sizeof(eth));
	at += put_ip(frame + at, from, to, is_tcp);
	memcpy(frame + at, &ports, is_tcp ? TCP_START_BYTES : PORTS_BYTES);
	return at + (is_tcp ? TCP_BYTES : UDP_BYTES);
}
