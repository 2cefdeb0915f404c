// SPDX-License-Identifier: GPL-2.0-only

#include "packet_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <netinet/in.h>

#include "packet_rows.h"
#include "port_abi.h"

#define TCP_FLAGS_DATA (PACKET_TCP_ACK | 0x08)
#define IPV4_HEADER 20
#define IPV6_HEADER 40

const struct upper rows_transports[ROWS_TRANSPORTS] = {
	{ "TCP", IPPROTO_TCP, PORT_TCP, PACKET_HAS_PORTS, 14, 20 },
	{ "UDP", IPPROTO_UDP, PORT_UDP, PACKET_HAS_PORTS, 4, 8 },
	{ "UDP-Lite", IPPROTO_UDPLITE, PORT_UDP, PACKET_HAS_PORTS, 4, 8 },
	{ "SCTP", IPPROTO_SCTP, PORT_SCTP, PACKET_HAS_PORTS, 4, 12 },
	{ "DCCP", IPPROTO_DCCP, PORT_DCCP, PACKET_HAS_PORTS, 4, 16 },
};
static const struct upper icmp = { "ICMP", IPPROTO_ICMP, -1, PORT_ICMP, 0, 0 };
static const struct upper icmpv6 = { "ICMPv6", IPPROTO_ICMPV6, -1, PORT_ICMPV6, 0, 0 };

static const struct {
	uint8_t proto;
	int bucket;
} protocol_buckets[] = {
	{ 1, PORT_ICMP },  { 2, PORT_IGMP },	{ 4, PORT_IPIP },  { 41, PORT_IPV6_ENCAP },
	{ 47, PORT_GRE },  { 50, PORT_ESP },	{ 58, PORT_ICMPV6 }, { 89, PORT_OSPF },
	{ 103, PORT_PIM }, { 112, PORT_VRRP },	{ 115, PORT_L2TP },
};

unsigned int rows_version_at(size_t i)
{
	return i < ROWS_COMBINATIONS / 2 ? 4 : 6;
}

const struct upper *rows_upper_at(size_t i)
{
	size_t upper = i % (ROWS_COMBINATIONS / 2);

	if (upper < ROWS_TRANSPORTS)
		return &rows_transports[upper];
	return rows_version_at(i) == 4 ? &icmp : &icmpv6;
}

struct packet_row *rows_add(struct rows *rows, int bucket, const char *format, ...)
{
	struct packet_row *row;
	va_list args;
	int len;

	assert(rows->count < ROWS_MAX);
	row = &rows->row[rows->count++];
	va_start(args, format);
	len = vsnprintf(row->desc, sizeof(row->desc), format, args);
	va_end(args);
	assert(len > 0 && (size_t)len < sizeof(row->desc));
	row->bucket = bucket;
	row->transport = -1;
	return row;
}

struct packet *rows_eth(struct packet_row *row)
{
	packet_eth(&row->packet);
	return &row->packet;
}

struct packet *rows_l3(struct packet_row *row)
{
	row->starts_at_l3 = true;
	return &row->packet;
}

void rows_put_ip(struct packet *p, unsigned int version)
{
	if (version == 4)
		packet_ipv4(p, 5, 0);
	else
		packet_ipv6(p);
}

void rows_put_tags(struct packet *p, size_t count, const uint16_t tpids[3])
{
	for (size_t i = 0; i < count; i++)
		packet_vlan(p, tpids[i % 3], 100 + i);
}

void rows_expect_ports(struct packet_row *row, int transport, uint16_t src, uint16_t dst,
		       uint8_t flags)
{
	row->transport = transport;
	row->src_port = src;
	row->dst_port = dst;
	row->flags = transport == PORT_TCP ? flags : 0;
}

void rows_expect_fragment(struct packet_row *row, bool is_later, uint32_t identification)
{
	row->fragment = is_later ? PACKET_LATER_FRAGMENT : PACKET_FIRST_FRAGMENT;
	row->identification = identification;
}

void rows_put_ports(struct packet_row *row, const struct upper *up, uint16_t src, uint16_t dst,
		    uint8_t flags)
{
	packet_ports(&row->packet, up->proto, src, dst, flags);
	packet_payload(&row->packet, ROWS_PAYLOAD);
	packet_finish(&row->packet);
	if (row->bucket == ROWS_BY_UPPER)
		rows_expect_ports(row, up->transport, src, dst, flags);
}

void rows_put_upper(struct packet_row *row, const struct upper *up)
{
	if (up->transport >= 0) {
		rows_put_ports(row, up, ROWS_SRC_PORT, ROWS_DST_PORT, TCP_FLAGS_DATA);
		return;
	}
	packet_protocol(&row->packet, up->proto);
	packet_payload(&row->packet, 2 * ROWS_PAYLOAD);
	packet_finish(&row->packet);
	if (row->bucket == ROWS_BY_UPPER)
		row->bucket = up->bucket;
}

static int protocol_bucket(unsigned int proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocol_buckets); i++)
		if (protocol_buckets[i].proto == proto)
			return protocol_buckets[i].bucket;
	return PORT_OTHER_IP;
}

/* Protocols whose bytes decide, so that their rows stand elsewhere. */
static bool is_read(unsigned int version, unsigned int proto)
{
	for (size_t i = 0; i < ROWS_TRANSPORTS; i++)
		if (rows_transports[i].proto == proto)
			return true;
	if (version == 4)
		return proto == IPPROTO_AH;
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_MH;
}

static void add_protocols(struct rows *rows, unsigned int version)
{
	struct packet *p;

	for (unsigned int proto = 0; proto < 256; proto++) {
		if (is_read(version, proto))
			continue;
		p = rows_eth(rows_add(rows, protocol_bucket(proto), "IPv%u protocol %u", version,
				      proto));
		rows_put_ip(p, version);
		packet_protocol(p, proto);
		packet_payload(p, 5 * ROWS_PAYLOAD);
		packet_finish(p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocol_buckets); i++) {
		p = rows_eth(rows_add(rows, protocol_buckets[i].bucket,
				      "IPv%u protocol %u, no payload, padded", version,
				      protocol_buckets[i].proto));
		rows_put_ip(p, version);
		packet_protocol(p, protocol_buckets[i].proto);
		packet_finish(p);
		packet_pad(p, PACKET_ETH_MIN);
	}
}

static void add_l3(struct rows *rows)
{
	struct packet_row *row;
	struct packet *p;

	for (size_t i = 0; i < ROWS_COMBINATIONS; i++) {
		row = rows_add(rows, ROWS_BY_UPPER, "L3 start, IPv%u %s", rows_version_at(i),
			       rows_upper_at(i)->name);
		rows_put_ip(rows_l3(row), rows_version_at(i));
		rows_put_upper(row, rows_upper_at(i));
	}
	for (unsigned int nibble = 0; nibble < 16; nibble++) {
		if (nibble == 4 || nibble == 6)
			continue;
		row = rows_add(rows, PORT_OTHER_L2, "L3 start, version nibble %u", nibble);
		rows_put_ip(rows_l3(row), 4);
		rows_put_upper(row, &rows_transports[0]);
		packet_set_ip_version(&row->packet, nibble);
	}
	row = rows_add(rows, PORT_OTHER_L2, "L3 start, one zero byte");
	packet_payload(rows_l3(row), 1);
	for (unsigned int version = 4; version <= 6; version += 2) {
		p = rows_l3(rows_add(rows, PORT_MALFORMED, "L3 start, IPv%u, one byte", version));
		rows_put_ip(p, version);
		packet_finish(p);
		packet_cut(p, 1);
	}
	rows_l3(rows_add(rows, PORT_MALFORMED, "L3 start, no byte at all"));
}

static void add_ihl(struct rows *rows, const struct upper *up)
{
	struct packet_row *row;
	size_t header;

	for (uint8_t ihl = 0; ihl < 16; ihl++) {
		row = rows_add(rows, ihl < 5 ? PORT_MALFORMED : ROWS_BY_UPPER, "IPv4 %s, IHL %u",
			       up->name, ihl);
		packet_ipv4(rows_eth(row), ihl, 0);
		rows_put_upper(row, up);
		if (ihl <= 5)
			continue;
		header = ihl * 4;
		row = rows_add(rows, PORT_MALFORMED, "IPv4 %s, IHL %u, length ends in the options",
			       up->name, ihl);
		packet_ipv4(rows_eth(row), ihl, 0);
		rows_put_upper(row, up);
		packet_set_ip_length(&row->packet, header - 1);
		row = rows_add(rows, PORT_MALFORMED, "IPv4 %s, IHL %u, frame ends in the options",
			       up->name, ihl);
		packet_ipv4(rows_eth(row), ihl, 0);
		rows_put_upper(row, up);
		packet_cut(&row->packet, row->packet.ip_at + header - 1);
	}
}

/*
 * The frame stays whole, so that a length that ends before the ports leaves bytes behind it that
 * look like them, as Ethernet padding can.
 */
static void add_lengths(struct rows *rows, unsigned int version, const struct upper *up)
{
	size_t before = version == 4 ? IPV4_HEADER : 0; /* what the length field counts, less L4 */
	size_t full = before + up->header + ROWS_PAYLOAD;
	size_t lengths[] = {
		0, 1, before - 1, before, before + 3, before + 4, before + 13, before + 14,
		full - 1, full, full + 1, UINT16_MAX,
	};
	struct packet_row *row;
	bool is_enough;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		if (lengths[i] > UINT16_MAX || (i == 3 && version == 6))
			continue;
		is_enough = lengths[i] == 0 || lengths[i] >= before + up->needed;
		row = rows_add(rows, is_enough ? ROWS_BY_UPPER : PORT_MALFORMED,
			       "IPv%u %s, length field %zu (#%zu), truth %zu", version, up->name,
			       lengths[i], i, full);
		rows_put_ip(rows_eth(row), version);
		rows_put_upper(row, up);
		packet_set_ip_length(&row->packet, lengths[i]);
	}
}

static void add_versions(struct rows *rows)
{
	struct packet_row *row;

	for (unsigned int version = 4; version <= 6; version += 2) {
		for (unsigned int nibble = 0; nibble < 16; nibble++) {
			if (nibble == version)
				continue;
			row = rows_add(rows, PORT_MALFORMED, "EtherType of IPv%u, version %u", version,
				       nibble);
			rows_put_ip(rows_eth(row), version);
			rows_put_upper(row, &rows_transports[0]);
			packet_set_ip_version(&row->packet, nibble);
		}
		row = rows_add(rows, PORT_MALFORMED, "EtherType of IPv%u, header of the other", version);
		packet_type(rows_eth(row), version == 4 ? 0x0800 : 0x86dd);
		rows_put_ip(&row->packet, 10 - version);
		rows_put_upper(row, &rows_transports[1]);
	}
}

size_t packet_table(struct packet_row **table)
{
	struct rows rows = { .row = calloc(ROWS_MAX, sizeof(struct packet_row)) };

	*table = rows.row;
	if (!rows.row)
		return 0;
	rows_add_link(&rows);
	add_l3(&rows);
	add_ihl(&rows, &rows_transports[0]);
	add_ihl(&rows, &rows_transports[1]);
	add_versions(&rows);
	for (unsigned int version = 4; version <= 6; version += 2) {
		add_protocols(&rows, version);
		for (size_t i = 0; i < ROWS_TRANSPORTS; i++)
			add_lengths(&rows, version, &rows_transports[i]);
	}
	rows_add_transport(&rows);
	rows_add_ext(&rows);
	return rows.count;
}
