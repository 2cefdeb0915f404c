// SPDX-License-Identifier: GPL-2.0-only

#include "packet.h"

#include <assert.h>
#include <string.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define PPPOE_HEADER 6

/* Documentation addresses (RFC 5737, RFC 3849); locally administered MAC addresses. */
static const uint8_t macs[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
static const uint8_t ipv4_addrs[] = { 192, 0, 2, 1, 198, 51, 100, 2 };
static const uint8_t ipv6_addrs[] = {
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
};

static void put16(struct packet *p, size_t at, uint16_t value)
{
	p->data[at] = value >> 8;
	p->data[at + 1] = value & 0xff;
}

static void put32(struct packet *p, size_t at, uint32_t value)
{
	put16(p, at, value >> 16);
	put16(p, at + 2, value & 0xffff);
}

/* Returns the offset of size new zero bytes. */
static size_t grow(struct packet *p, size_t size)
{
	size_t at = p->len;

	assert(size <= PACKET_MAX - at);
	memset(p->data + at, 0, size);
	p->len += size;
	return at;
}

static void link_type(struct packet *p, uint16_t type)
{
	if (p->type_at)
		put16(p, p->type_at, type);
	p->type_at = 0;
}

static void link_protocol(struct packet *p, uint8_t proto)
{
	if (p->next_at)
		p->data[p->next_at] = proto;
	p->next_at = 0;
}

void packet_eth(struct packet *p)
{
	size_t at = grow(p, ETH_HLEN);

	memcpy(p->data + at, macs, sizeof(macs));
	p->type_at = at + sizeof(macs);
}

void packet_type(struct packet *p, uint16_t type)
{
	link_type(p, type);
}

void packet_vlan(struct packet *p, uint16_t tpid, uint16_t vid)
{
	size_t at;

	link_type(p, tpid);
	at = grow(p, 4);
	put16(p, at, vid & 0x0fff);
	p->type_at = at + 2;
}

void packet_mpls(struct packet *p, uint16_t type, uint32_t label, bool bottom)
{
	size_t at;

	link_type(p, type);
	at = grow(p, 4);
	put32(p, at, label << 12 | (uint32_t)bottom << 8 | 64);
}

void packet_pppoe(struct packet *p, uint16_t ppp_proto)
{
	size_t at;

	link_type(p, ETH_P_PPP_SES);
	at = grow(p, PPPOE_HEADER + 2);
	p->data[at] = 0x11;
	put16(p, at + 2, 1);
	put16(p, at + PPPOE_HEADER, ppp_proto);
	p->pppoe_at = at;
}

static size_t ipv4_header_size(uint8_t ihl)
{
	return ihl < 5 ? IPV4_HEADER : (size_t)ihl * 4;
}

void packet_ipv4(struct packet *p, uint8_t ihl, uint16_t frag_field)
{
	size_t at;

	link_type(p, ETH_P_IP);
	at = grow(p, ipv4_header_size(ihl));
	p->data[at] = 4 << 4 | ihl;
	put16(p, at + 4, 0x1234);
	put16(p, at + 6, frag_field);
	p->data[at + 8] = 64;
	memcpy(p->data + at + 12, ipv4_addrs, sizeof(ipv4_addrs));
	memset(p->data + at + IPV4_HEADER, 1, p->len - at - IPV4_HEADER);
	p->next_at = at + 9;
	p->ip_at = at;
	p->ip_version = 4;
}

void packet_ipv6(struct packet *p)
{
	size_t at;

	link_type(p, ETH_P_IPV6);
	at = grow(p, IPV6_HEADER);
	p->data[at] = 6 << 4;
	p->data[at + 7] = 64;
	memcpy(p->data + at + 8, ipv6_addrs, sizeof(ipv6_addrs));
	p->next_at = at + 6;
	p->ip_at = at;
	p->ip_version = 6;
}

void packet_ext(struct packet *p, uint8_t type, size_t size)
{
	size_t at;

	link_protocol(p, type);
	at = grow(p, size);
	p->next_at = at;
	if (type == IPPROTO_FRAGMENT) {
		assert(size == 8);
	} else if (type == IPPROTO_AH) {
		assert(size % 4 == 0 && size >= 12 && size <= 1028);
		p->data[at + 1] = size / 4 - 2;
		put32(p, at + 4, 256); /* an SPI: up to 255 they are reserved */
		put32(p, at + 8, 1);
	} else {
		assert(size % 8 == 0 && size >= 8 && size <= 2048);
		p->data[at + 1] = size / 8 - 1;
	}
}

void packet_fragment(struct packet *p, uint16_t frag_field, uint32_t id)
{
	size_t at = p->len;

	packet_ext(p, IPPROTO_FRAGMENT, 8);
	put16(p, at + 2, frag_field);
	put32(p, at + 4, id);
}

void packet_protocol(struct packet *p, uint8_t proto)
{
	link_protocol(p, proto);
}

static size_t transport_header_size(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	case IPPROTO_DCCP:
		return 16;
	default:
		return 0;
	}
}

void packet_ports(struct packet *p, uint8_t proto, uint16_t src, uint16_t dst, uint8_t flags)
{
	size_t at, size = transport_header_size(proto);

	assert(size);
	link_protocol(p, proto);
	at = grow(p, size);
	put16(p, at, src);
	put16(p, at + 2, dst);
	if (proto == IPPROTO_TCP) {
		put32(p, at + 4, 1);
		p->data[at + 12] = 5 << 4;
		p->data[at + 13] = flags;
		put16(p, at + 14, 0x2000);
	} else if (proto == IPPROTO_UDP) {
		p->udp_at = at;
	} else if (proto == IPPROTO_SCTP) {
		put32(p, at + 4, 1);
	} else if (proto == IPPROTO_DCCP) {
		p->data[at + 4] = size / 4;
		p->dccp_at = at;
		packet_dccp_type(p, 2); /* DCCP-Data */
	}
}

void packet_chunk(struct packet *p, uint8_t type)
{
	size_t at = grow(p, 4);

	p->data[at] = type;
	put16(p, at + 2, 4);
}

/* With the bit for the long sequence number. */
void packet_dccp_type(struct packet *p, uint8_t type)
{
	assert(p->dccp_at && type < 16);
	p->data[p->dccp_at + 8] = type << 1 | 1;
}

void packet_payload(struct packet *p, size_t size)
{
	static const uint8_t bait[] = { 0, 53, 0, 80 };
	size_t at = grow(p, size);

	for (size_t i = 0; i < size; i++)
		p->data[at + i] = bait[i % sizeof(bait)];
}

/* RFC 791 section 3.1: the complement of the one's complement sum of the header's 16-bit words. */
static void set_checksum(struct packet *p)
{
	size_t end = p->ip_at + ipv4_header_size(p->data[p->ip_at] & 0xf);
	uint32_t sum = 0;

	if (p->ip_version != 4)
		return;
	put16(p, p->ip_at + 10, 0);
	for (size_t at = p->ip_at; at < end; at += 2)
		sum += (uint32_t)p->data[at] << 8 | p->data[at + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(p, p->ip_at + 10, ~sum & 0xffff);
}

void packet_finish(struct packet *p)
{
	if (p->ip_version == 4)
		packet_set_ip_length(p, p->len - p->ip_at);
	else if (p->ip_version == 6)
		packet_set_ip_length(p, p->len - p->ip_at - IPV6_HEADER);
	if (p->pppoe_at)
		put16(p, p->pppoe_at + 4, p->len - p->pppoe_at - PPPOE_HEADER);
	/* A cut may have taken the UDP length field away. */
	if (p->udp_at && p->udp_at + 6 <= p->len)
		put16(p, p->udp_at + 4, p->len - p->udp_at);
}

void packet_pad(struct packet *p, size_t len)
{
	if (len > p->len)
		packet_payload(p, len - p->len);
}

void packet_cut(struct packet *p, size_t len)
{
	assert(len <= p->len);
	p->len = len;
}

void packet_set_ip_length(struct packet *p, uint16_t length)
{
	assert(p->ip_version);
	assert(p->len >= p->ip_at + (p->ip_version == 4 ? IPV4_HEADER : IPV6_HEADER));
	put16(p, p->ip_at + (p->ip_version == 4 ? 2 : 4), length);
	set_checksum(p);
}

void packet_set_ip_version(struct packet *p, uint8_t version)
{
	assert(p->ip_version);
	p->data[p->ip_at] = version << 4 | (p->data[p->ip_at] & 0xf);
	set_checksum(p);
}

void packet_set_addresses(struct packet *p, const uint8_t *src, const uint8_t *dst)
{
	const size_t size = p->ip_version == 4 ? 4 : 16, at = p->ip_version == 4 ? 12 : 8;

	assert(p->ip_version && p->len >= p->ip_at + at + 2 * size);
	memcpy(p->data + p->ip_at + at, src, size);
	memcpy(p->data + p->ip_at + at + size, dst, size);
	set_checksum(p);
}

void packet_set_identification(struct packet *p, uint16_t id)
{
	assert(p->ip_version == 4 && p->len >= p->ip_at + IPV4_HEADER);
	put16(p, p->ip_at + 4, id);
	set_checksum(p);
}
