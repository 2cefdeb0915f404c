// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the packet table about transport headers: how much there is, ports, flags. */

#include "packet_rows.h"

#include <netinet/in.h>

#include "port_abi.h"

static void add_header_sizes(struct rows *rows, unsigned int version, const struct upper *up)
{
	struct packet_row *row;
	struct packet *p;

	for (int is_padded = 0; is_padded < 2; is_padded++) {
		/* In IPv6 a payload of 0 bytes is a length of 0, behind which padding is read. */
		for (size_t size = version == 6 && is_padded; size <= up->needed; size++) {
			row = rows_add(rows, size < up->needed ? PORT_MALFORMED : ROWS_BY_UPPER,
				       "IPv%u %s, %zu bytes of header%s", version, up->name, size,
				       is_padded ? ", padded" : "");
			p = rows_eth(row);
			rows_put_ip(p, version);
			rows_put_upper(row, up);
			packet_cut(p, p->len - up->header - ROWS_PAYLOAD + size);
			packet_finish(p);
			if (is_padded)
				packet_pad(p, PACKET_ETH_MIN + 20);
		}
	}
}

static void add_ports(struct rows *rows, unsigned int version, const struct upper *up)
{
	static const uint16_t ports[] = { 0, 53, 443, 50123, 65535 };
	struct packet_row *row;

	for (size_t i = 0; i < ARRAY_SIZE(ports) * ARRAY_SIZE(ports); i++) {
		uint16_t src = ports[i / ARRAY_SIZE(ports)], dst = ports[i % ARRAY_SIZE(ports)];

		row = rows_add(rows, ROWS_BY_UPPER, "IPv%u %s, ports %u to %u", version, up->name,
			       src, dst);
		rows_put_ip(rows_eth(row), version);
		rows_put_ports(row, up, src, dst, PACKET_TCP_ACK);
	}
}

static void add_tcp_headers(struct rows *rows, unsigned int version)
{
	static const uint8_t flags[] = {
		0,
		PACKET_TCP_SYN,
		PACKET_TCP_SYN | PACKET_TCP_ACK,
		PACKET_TCP_RST,
		PACKET_TCP_RST | PACKET_TCP_ACK,
		PACKET_TCP_ACK,
		PACKET_TCP_FIN,
		PACKET_TCP_FIN | PACKET_TCP_ACK,
		PACKET_TCP_SYN | 0xc0,
		0xff,
	};
	struct packet_row *row;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		row = rows_add(rows, ROWS_BY_UPPER, "IPv%u TCP, flags 0x%02x", version, flags[i]);
		rows_put_ip(rows_eth(row), version);
		rows_put_ports(row, &rows_transports[0], ROWS_SRC_PORT, ROWS_DST_PORT, flags[i]);
	}
	row = rows_add(rows, ROWS_BY_UPPER, "IPv%u TCP, data offset 0 is nobody's business",
		       version);
	rows_put_ip(rows_eth(row), version);
	rows_put_upper(row, &rows_transports[0]);
	row->packet.data[row->packet.len - ROWS_PAYLOAD - 8] = 0;
}

/*
 * What SCTP and DCCP say of a connection, in TCP's flags: RFC 9260 section 3.2, RFC 4340 section
 * 5.1.
 */
struct telling {
	const char *name;
	uint8_t type, flags;
};
static const struct telling chunks[] = {
	{ "DATA", 0, 0 },        { "INIT", 1, PACKET_TCP_SYN },
	{ "SACK", 3, 0 },        { "INIT ACK", 2, PACKET_TCP_SYN | PACKET_TCP_ACK },
	{ "HEARTBEAT", 4, 0 },   { "ABORT", 6, PACKET_TCP_RST },
	{ "SHUTDOWN", 7, 0 },    { "COOKIE ECHO", 10, 0 },
	{ "COOKIE ACK", 11, 0 }, { "SHUTDOWN COMPLETE", 14, 0 },
	{ "type 129", 129, 0 },  { "type 255", 255, 0 },
};
static const struct telling types[] = {
	{ "Request", 0, PACKET_TCP_SYN },
	{ "Response", 1, PACKET_TCP_SYN | PACKET_TCP_ACK },
	{ "Data", 2, 0 },
	{ "Ack", 3, 0 },
	{ "DataAck", 4, 0 },
	{ "CloseReq", 5, 0 },
	{ "Close", 6, 0 },
	{ "Reset", 7, PACKET_TCP_RST },
	{ "Sync", 8, 0 },
	{ "SyncAck", 9, 0 },
	{ "type 10", 10, 0 },
	{ "type 15", 15, 0 },
};

static void put_telling(struct packet_row *row, unsigned int version, bool is_sctp,
			const struct telling *telling)
{
	const struct upper *up = &rows_transports[is_sctp ? 3 : 4];
	struct packet *p = &row->packet;

	rows_put_ip(rows_eth(row), version);
	packet_ports(p, up->proto, ROWS_SRC_PORT, ROWS_DST_PORT, 0);
	if (is_sctp)
		packet_chunk(p, telling->type);
	else
		packet_dccp_type(p, telling->type);
	packet_payload(p, ROWS_PAYLOAD);
	packet_finish(p);
	rows_expect_ports(row, up->transport, ROWS_SRC_PORT, ROWS_DST_PORT, 0);
}

static void add_telling(struct rows *rows, unsigned int version, bool is_sctp,
			const struct telling *telling)
{
	const char *name = is_sctp ? "SCTP" : "DCCP";
	struct packet_row *row;

	row = rows_add(rows, ROWS_BY_UPPER, "IPv%u %s %s", version, name, telling->name);
	put_telling(row, version, is_sctp, telling);
	row->flags = telling->flags;
	if (is_sctp)
		return;
	/* The bits beside the type are not the type's: three reserved ones, and the short form. */
	row = rows_add(rows, ROWS_BY_UPPER, "IPv%u DCCP %s, reserved bits", version, telling->name);
	put_telling(row, version, is_sctp, telling);
	row->packet.data[row->packet.dccp_at + 8] = (uint8_t)(0xe0 | telling->type << 1);
	row->flags = telling->flags;
}

/*
 * The end right before and right behind the byte that tells: of the frame, of the packet by its
 * length, behind which padding goes on with what looks like it.
 */
static void add_cut_telling(struct rows *rows, unsigned int version, bool is_sctp,
			    const struct telling *telling)
{
	static const char *const ends[] = { "frame ends", "length ends", "length ends, padded" };
	const char *name = is_sctp ? "SCTP" : "DCCP";
	const size_t last = is_sctp ? 12 : 8, header = version == 4 ? 20 : 40;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(ends); i++) {
		const bool is_behind = i % 2;
		const size_t len = header + last + is_behind;
		struct packet_row *row =
			rows_add(rows, ROWS_BY_UPPER, "IPv%u %s %s, %s %s it", version, name,
				 telling->name, ends[i / 2], is_behind ? "behind" : "before");
		struct packet *p = &row->packet;

		put_telling(row, version, is_sctp, telling);
		row->flags = is_behind ? telling->flags : 0;
		if (i / 2 == 0)
			packet_cut(p, p->ip_at + len);
		else
			packet_set_ip_length(p, (uint16_t)(version == 4 ? len : len - header));
		if (i / 2 == 2)
			packet_pad(p, PACKET_ETH_MIN + 40);
	}
}

/* The connection is asked for in the first fragment, or not at all. */
static void add_fragmented(struct rows *rows, unsigned int version, const struct telling *telling)
{
	struct packet_row *row = rows_add(rows, ROWS_BY_UPPER, "IPv%u SCTP %s, first fragment",
					  version, telling->name);
	struct packet *p = rows_eth(row);

	if (version == 4) {
		packet_ipv4(p, 5, 0x2000);
	} else {
		packet_ipv6(p);
		packet_fragment(p, 1, 7);
	}
	packet_ports(p, IPPROTO_SCTP, ROWS_SRC_PORT, ROWS_DST_PORT, 0);
	packet_chunk(p, telling->type);
	packet_finish(p);
	rows_expect_ports(row, PORT_SCTP, ROWS_SRC_PORT, ROWS_DST_PORT, 0);
	rows_expect_fragment(row, false, version == 4 ? ROWS_IPV4_ID : 7);
	row->flags = telling->flags;
}

void rows_add_transport(struct rows *rows)
{
	for (unsigned int version = 4; version <= 6; version += 2) {
		add_tcp_headers(rows, version);
		for (size_t i = 0; i < ROWS_TRANSPORTS; i++) {
			add_header_sizes(rows, version, &rows_transports[i]);
			add_ports(rows, version, &rows_transports[i]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
			add_telling(rows, version, true, &chunks[i]);
			add_cut_telling(rows, version, true, &chunks[i]);
			add_fragmented(rows, version, &chunks[i]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			add_telling(rows, version, false, &types[i]);
			add_cut_telling(rows, version, false, &types[i]);
		}
	}
}
