// SPDX-License-Identifier: GPL-2.0-only
#include "frames.h"
#include "programs.h"

#include <netinet/in.h>

#define CLIENT_PORT 51000
#define VLAN 0x8100
#define QINQ 0x88a8
#define ARP 0x0806

static void tcp(struct packet *p, uint16_t source, uint16_t destination)
{
	packet_ports(p, IPPROTO_TCP, source, destination, PACKET_TCP_ACK);
}

static void udp(struct packet *p, uint16_t source, uint16_t destination)
{
	packet_ports(p, IPPROTO_UDP, source, destination, 0);
}

static void start_ipv4(struct packet *p)
{
	packet_eth(p);
	packet_ipv4(p, 5, 0);
}

static void known_tcp(struct packet *p)
{
	start_ipv4(p);
	tcp(p, CLIENT_PORT, 443);
}

static void known_udp(struct packet *p)
{
	start_ipv4(p);
	udp(p, CLIENT_PORT, 53);
}

static void both_known(struct packet *p)
{
	start_ipv4(p);
	tcp(p, 8080, 443);
}

static void registered(struct packet *p)
{
	start_ipv4(p);
	tcp(p, CLIENT_PORT, 8080);
}

static void unknown_tcp(struct packet *p)
{
	start_ipv4(p);
	tcp(p, CLIENT_PORT, 50000);
}

static void unknown_udp(struct packet *p)
{
	start_ipv4(p);
	udp(p, CLIENT_PORT, 50000);
}

static void ipv6(struct packet *p)
{
	packet_eth(p);
	packet_ipv6(p);
	tcp(p, CLIENT_PORT, 443);
}

static void ipv6_registered(struct packet *p)
{
	packet_eth(p);
	packet_ipv6(p);
	tcp(p, CLIENT_PORT, 8080);
}

static void ipv6_extended(struct packet *p)
{
	packet_eth(p);
	packet_ipv6(p);
	packet_ext(p, IPPROTO_HOPOPTS, 8);
	packet_ext(p, IPPROTO_DSTOPTS, 8);
	tcp(p, CLIENT_PORT, 443);
}

static void vlan(struct packet *p)
{
	packet_eth(p);
	packet_vlan(p, VLAN, 10);
	packet_ipv4(p, 5, 0);
	tcp(p, CLIENT_PORT, 443);
}

static void qinq(struct packet *p)
{
	packet_eth(p);
	packet_vlan(p, QINQ, 20);
	packet_vlan(p, VLAN, 10);
	packet_ipv4(p, 5, 0);
	tcp(p, CLIENT_PORT, 443);
}

static void arp(struct packet *p)
{
	packet_eth(p);
	packet_type(p, ARP);
}

static void icmp(struct packet *p)
{
	start_ipv4(p);
	packet_protocol(p, IPPROTO_ICMP);
	packet_payload(p, 8);
}

#define METHOD(method) (PORT_INDEX_METHODS + (method))
#define BUCKET(bucket) (PORT_INDEX_BUCKETS + (bucket))

const struct frame_case frame_cases[FRAME_CASES] = {
	{ "known TCP", known_tcp, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, false, 0 },
	{ "known UDP", known_udp, PROGRAMS_BY_DATABASE, FRAME_FILTER_UDP, false, 0 },
	{ "TCP, both known", both_known, METHOD(PORT_TIE), FRAME_FILTER_TCP, true, 0 },
	{ "unknown TCP", unknown_tcp, PORT_INDEX_UNCLASSIFIED(PORT_TCP, PORT_GUESS),
	  FRAME_FILTER_TCP, true, 0 },
	{ "unknown UDP", unknown_udp, PORT_INDEX_UNCLASSIFIED(PORT_UDP, PORT_ENDPOINT),
	  FRAME_FILTER_UDP, true, 0 },
	{ "IPv6 TCP", ipv6, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, false, 0 },
	{ "IPv6, 2 ext. headers", ipv6_extended, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, false, 0 },
	{ "VLAN TCP", vlan, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, false, 0 },
	{ "QinQ TCP", qinq, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, false, 0 },
	{ "ARP", arp, BUCKET(PORT_ARP), FRAME_NO_FILTER, false, 0 },
	{ "ICMP", icmp, BUCKET(PORT_ICMP), FRAME_NO_FILTER, false, 0 },
	{ "TCP to 48 ports", known_tcp, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, false, FRAME_FEW },
	{ "TCP, registered", registered, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, true, 0 },
	{ "IPv6, registered", ipv6_registered, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, true, 0 },
	{ "TCP to 7,000 ports", known_tcp, PROGRAMS_BY_DATABASE, FRAME_FILTER_TCP, true,
	  FRAME_MANY },
};
