// SPDX-License-Identifier: GPL-2.0-only

#include "talk.h"

#include <string.h>

#include <netinet/in.h>

#include "port_abi.h"

#define TALKING 24    /* endpoints at any time */
#define NEIGHBOURS 3  /* others that an endpoint talks to */
#define FRAGMENTING 4 /* endpoints whose datagrams come in fragments */
#define DATAGRAMS 3   /* of each of them */
#define ADDRESSES 50  /* fewer than endpoints: a host has several ports */

#define ARRAY_LEN(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* Who sends to whom, and what kind of datagram. */
struct exchange {
	bool is_ipv6, is_later, is_fragment;
	uint32_t source, destination; /* numbers of endpoints */
	uint8_t protocol;
	uint16_t identification;
};

static bool percent(struct rng *rng, uint32_t chance)
{
	return rng_below(rng, 100) < chance;
}

static uint16_t choose_firm(struct rng *rng, const struct database *database, int transport)
{
	for (;;) {
		const uint16_t port = (uint16_t)rng_below(rng, PORT_FIRM_END);

		if (database->table.values[PORT_TABLE_INDEX(transport, port)] & PORT_VALUE_FIRM)
			return port;
	}
}

static uint16_t choose_port(struct rng *rng, const struct database *database, uint32_t kind)
{
	switch (kind) {
	case 0:
		return (uint16_t)(32768 + rng_below(rng, 32768));
	case 1:
		return (uint16_t)rng_below(rng, 32768);
	case 2:
		return choose_firm(rng, database, PORT_TCP);
	case 3:
		return choose_firm(rng, database, (int)rng_below(rng, PORT_TRANSPORTS));
	default:
		return database->ports[rng_below(rng, (uint32_t)database->ports_len)];
	}
}

/* All classes of ports, with and without entries. */
void talk_init(struct talk *talk, struct rng *rng, const struct database *database)
{
	static const uint16_t edges[] = { 0, 1, 1023, 1024, 32767, 32768, 65535 };

	*talk = (struct talk){ .rng = rng };
	for (uint32_t i = 0; i < TALK_PORTS; i++)
		talk->ports[i] =
			i < ARRAY_LEN(edges) ? edges[i] : choose_port(rng, database, i % 5);
}

static uint16_t port_of(const struct talk *talk, uint32_t endpoint)
{
	return talk->ports[endpoint * 7 % TALK_PORTS];
}

/*
 * Hosts of IPv6 differ in one of the four words each; the first word may be that of an IPv4 host,
 * with zeroes behind it.
 */
static void write_address(uint8_t address[16], uint32_t endpoint, bool is_ipv6)
{
	const uint8_t host = (uint8_t)(endpoint % ADDRESSES);
	const uint8_t start[4] = { 10, 0, 0, host };

	memset(address, 0, 16);
	memcpy(address, start, sizeof(start));
	if (!is_ipv6 || host % 4 == 0)
		return;
	address[3] = 0;
	address[host % 4 * 4 + 3] = host;
}

static uint8_t protocol_at(uint32_t i)
{
	static const uint8_t protocols[] = { IPPROTO_TCP,    IPPROTO_UDP,  IPPROTO_TCP,
					     IPPROTO_UDP,    IPPROTO_SCTP, IPPROTO_TCP,
					     IPPROTO_UDP,    IPPROTO_DCCP, IPPROTO_TCP,
					     IPPROTO_UDPLITE };

	return protocols[i % ARRAY_LEN(protocols)];
}

/* The pieces of a datagram are of one protocol; a few are not, and so belong to another one. */
static void choose_datagram(struct rng *rng, struct exchange *exchange)
{
	exchange->is_later = percent(rng, 60);
	exchange->identification = (uint16_t)rng_below(rng, DATAGRAMS);
	exchange->protocol = protocol_at(exchange->source + exchange->identification);
	if (percent(rng, 5))
		exchange->protocol = protocol_at(rng_below(rng, 10));
	if (percent(rng, 10))
		exchange->protocol = exchange->is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

static struct exchange choose_exchange(struct talk *talk)
{
	struct rng *rng = talk->rng;
	struct exchange exchange = {
		.is_ipv6 = percent(rng, 50),
		.is_fragment = percent(rng, 25),
		.protocol = protocol_at(rng_below(rng, 10)),
	};
	const uint32_t room = exchange.is_fragment ? FRAGMENTING : TALKING;
	const uint32_t one = talk->first + rng_below(rng, room);
	const uint32_t other = one + 1 + rng_below(rng, exchange.is_fragment ? 1 : NEIGHBOURS);
	const bool is_back = percent(rng, 50);

	exchange.source = (is_back ? other : one) % TALK_ENDPOINTS;
	exchange.destination = (is_back ? one : other) % TALK_ENDPOINTS;
	if (exchange.is_fragment)
		choose_datagram(rng, &exchange);
	if (rng_below(rng, 200) == 0)
		talk->first++;
	return exchange;
}

static void put_network(struct rng *rng, struct packet *p, const struct exchange *exchange)
{
	const uint16_t offset = exchange->is_later ? (uint16_t)(1 + rng_below(rng, 100)) : 0;
	const bool has_more = exchange->is_fragment && (!exchange->is_later || percent(rng, 50));
	uint8_t source[16], destination[16];

	write_address(source, exchange->source, exchange->is_ipv6);
	write_address(destination, exchange->destination, exchange->is_ipv6);
	if (exchange->is_ipv6) {
		packet_ipv6(p);
		packet_set_addresses(p, source, destination);
		if (percent(rng, 10))
			packet_ext(p, IPPROTO_DSTOPTS, 8);
		if (exchange->is_fragment || percent(rng, 5)) /* else an atomic one */
			packet_fragment(p, (uint16_t)(offset << 3 | has_more),
					exchange->identification);
	} else {
		packet_ipv4(p, percent(rng, 10) ? 7 : 5,
			    (uint16_t)(offset | (has_more ? 0x2000 : 0)));
		packet_set_addresses(p, source, destination);
		packet_set_identification(p, exchange->identification);
	}
	if (percent(rng, 6))
		packet_ext(p, IPPROTO_AH, 24);
}

static uint8_t choose_tcp_flags(struct rng *rng)
{
	static const uint8_t flags[] = {
		0x10, 0x10, 0x10, 0x10, 0x18, 0x18, 0x18, 0x02, 0x02, 0x02,
		0xc2, 0x12, 0x12, 0x12, 0x12, 0x11, 0x04, 0x14, 0x06, 0x16
	};

	if (percent(rng, 5))
		return (uint8_t)rng_below(rng, 256);
	return flags[rng_below(rng, ARRAY_LEN(flags))];
}

static void put_transport(struct talk *talk, struct packet *p, const struct exchange *exchange)
{
	static const uint8_t chunks[] = { 0, 0, 0, 3, 1, 1, 2, 2, 2, 6, 14, 10 };
	struct rng *rng = talk->rng;
	const uint16_t source = port_of(talk, exchange->source);
	const uint16_t destination =
		percent(rng, 4) ? source : port_of(talk, exchange->destination);

	packet_ports(p, exchange->protocol, source, destination, choose_tcp_flags(rng));
	if (exchange->protocol == IPPROTO_SCTP && percent(rng, 95))
		packet_chunk(p, chunks[rng_below(rng, ARRAY_LEN(chunks))]);
	if (exchange->protocol == IPPROTO_DCCP)
		packet_dccp_type(p, (uint8_t)rng_below(rng, 10));
}

void talk_frame(struct talk *talk, struct packet *p, bool starts_at_l3)
{
	struct rng *rng = talk->rng;
	const struct exchange exchange = choose_exchange(talk);

	*p = (struct packet){};
	if (!starts_at_l3)
		packet_eth(p);
	if (!starts_at_l3 && percent(rng, 10))
		packet_vlan(p, 0x8100, 7);
	put_network(rng, p, &exchange);
	if (exchange.is_later || exchange.protocol == IPPROTO_ICMP ||
	    exchange.protocol == IPPROTO_ICMPV6)
		packet_protocol(p, exchange.protocol);
	else
		put_transport(talk, p, &exchange);
	packet_payload(p, rng_below(rng, 60));
	packet_finish(p);
}
