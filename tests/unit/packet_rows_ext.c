// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the packet table about fragments and extension headers. */

#include "packet_rows.h"

#include <netinet/in.h>

#include "port_abi.h"

#define EXT_MAX 8
#define CHAIN_MAX 12
#define FRAGMENT_ID 0xdeadbeef
#define MF 1 /* IPv6: more fragments */

/* One of each, in the smallest size but for AH, which carries a 12-byte check value. */
static const struct {
	const char *name;
	uint8_t type;
	size_t size;
} exts[] = {
	{ "hop-by-hop", IPPROTO_HOPOPTS, 8 },	{ "routing", IPPROTO_ROUTING, 8 },
	{ "destination", IPPROTO_DSTOPTS, 8 },	{ "mobility", IPPROTO_MH, 8 },
	{ "AH", IPPROTO_AH, 24 },		{ "atomic fragment", IPPROTO_FRAGMENT, 8 },
};

static void put_exts(struct packet *p, size_t first, size_t step, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t ext = (first + i * step) % ARRAY_SIZE(exts);

		packet_ext(p, exts[ext].type, exts[ext].size);
	}
}

/* Every later fragment carries what looks like a transport header. */
static void add_ipv4_fragments(struct rows *rows, const struct upper *up, bool is_l3)
{
	static const struct {
		const char *name;
		uint16_t field;
		bool is_later;
	} fields[] = {
		{ "no fragment", 0x0000, false },	{ "DF", 0x4000, false },
		{ "reserved flag", 0x8000, false },	{ "first", 0x2000, false },
		{ "first, DF", 0x6000, false },		{ "offset 1, MF", 0x2001, true },
		{ "middle", 0x20b9, true },		{ "last", 0x00b9, true },
		{ "last, offset 1", 0x0001, true },	{ "last, offset 256", 0x0100, true },
		{ "last, offset 4096", 0x1000, true },	{ "last, largest offset", 0x1fff, true },
		{ "last, DF", 0x40b9, true },		{ "all bits", 0xffff, true },
	};
	struct packet_row *row;
	struct packet *p;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		row = rows_add(rows, fields[i].is_later ? PORT_FRAGMENT : ROWS_BY_UPPER,
			       "IPv4 %s fragment: %s%s", up->name, fields[i].name,
			       is_l3 ? ", L3 start" : "");
		p = is_l3 ? rows_l3(row) : rows_eth(row);
		packet_ipv4(p, 5, fields[i].field);
		rows_put_upper(row, up);
		if (fields[i].field & 0x3fff)
			rows_expect_fragment(row, fields[i].is_later, ROWS_IPV4_ID);
	}
}

static void add_ipv6_fragments(struct rows *rows, const struct upper *up, bool is_l3)
{
	static const struct {
		const char *name;
		uint16_t field;
		bool is_later;
	} fields[] = {
		{ "atomic", 0x0000, false },		{ "atomic, reserved bits", 0x0006, false },
		{ "first", MF, false },			{ "first, reserved bits", 0x0007, false },
		{ "offset 1, MF", 0x0009, true },	{ "middle", 0x05c9, true },
		{ "last", 0x05c8, true },		{ "last, offset 1", 0x0008, true },
		{ "last, offset 32", 0x0100, true },	{ "last, largest offset", 0xfff8, true },
	};
	static const char *const places[] = { "alone", "after 2", "before 1" };
	struct packet_row *row;
	struct packet *p;

	for (size_t i = 0; i < ARRAY_SIZE(fields) * ARRAY_SIZE(places); i++) {
		size_t field = i / ARRAY_SIZE(places), place = i % ARRAY_SIZE(places);

		row = rows_add(rows, fields[field].is_later ? PORT_FRAGMENT : ROWS_BY_UPPER,
			       "IPv6 %s fragment: %s, %s%s", up->name, fields[field].name,
			       places[place], is_l3 ? ", L3 start" : "");
		p = is_l3 ? rows_l3(row) : rows_eth(row);
		packet_ipv6(p);
		if (place == 1)
			put_exts(p, 0, 1, 2);
		packet_fragment(p, fields[field].field, FRAGMENT_ID);
		if (place == 2)
			put_exts(p, 2, 1, 1);
		rows_put_upper(row, up);
		if (fields[field].field & 0xfff9)
			rows_expect_fragment(row, fields[field].is_later, FRAGMENT_ID);
	}
}

/* Too few bytes of the transport header for a first fragment; a later one needs none. */
static void add_short_fragments(struct rows *rows, const struct upper *up)
{
	struct packet_row *row;
	struct packet *p;

	for (size_t i = 0; i < 8; i++) {
		bool is_later = i & 1, is_padded = i & 4;
		unsigned int version = i & 2 ? 6 : 4;

		for (size_t size = 0; size < up->needed; size += up->needed - 1) {
			row = rows_add(rows, is_later ? PORT_FRAGMENT : PORT_MALFORMED,
				       "IPv%u %s, %s fragment with %zu bytes%s", version, up->name,
				       is_later ? "later" : "first", size, is_padded ? ", padded" : "");
			p = rows_eth(row);
			if (version == 4)
				packet_ipv4(p, 5, is_later ? 0x00b9 : 0x2000);
			else
				packet_ipv6(p);
			if (version == 6)
				packet_fragment(p, is_later ? 0x05c8 : MF, FRAGMENT_ID);
			rows_put_upper(row, up);
			packet_cut(p, p->len - up->header - ROWS_PAYLOAD + size);
			packet_finish(p);
			if (is_padded)
				packet_pad(p, PACKET_ETH_MIN + 40);
			if (is_later)
				rows_expect_fragment(row, true,
						     version == 4 ? ROWS_IPV4_ID : FRAGMENT_ID);
		}
	}
}

static void add_singles(struct rows *rows, size_t ext)
{
	struct packet_row *row;

	for (size_t i = ROWS_COMBINATIONS / 2; i < ROWS_COMBINATIONS; i++) {
		for (int is_l3 = 0; is_l3 < 2; is_l3++) {
			row = rows_add(rows, ROWS_BY_UPPER, "IPv6 %s header, %s%s", exts[ext].name,
				       rows_upper_at(i)->name, is_l3 ? ", L3 start" : "");
			packet_ipv6(is_l3 ? rows_l3(row) : rows_eth(row));
			put_exts(&row->packet, ext, 1, 1);
			rows_put_upper(row, rows_upper_at(i));
		}
		row = rows_add(rows, ROWS_BY_UPPER, "IPv6 %s header, %s, length field 0",
			       exts[ext].name, rows_upper_at(i)->name);
		packet_ipv6(rows_eth(row));
		put_exts(&row->packet, ext, 1, 1);
		rows_put_upper(row, rows_upper_at(i));
		packet_set_ip_length(&row->packet, 0);
	}
}

/* The header is all there is of the packet, as a frame or by the length field, and not whole. */
static void add_cut_exts(struct rows *rows, size_t ext)
{
	struct packet_row *row;
	struct packet *p;

	for (size_t left = 0; left <= exts[ext].size; left++) {
		p = rows_eth(rows_add(rows, PORT_MALFORMED, "IPv6 %s header, %zu bytes, then the end",
				      exts[ext].name, left));
		packet_ipv6(p);
		put_exts(p, ext, 1, 1);
		packet_protocol(p, IPPROTO_TCP);
		packet_cut(p, p->len - exts[ext].size + left);
		packet_finish(p);
		if (left == 0) /* a length of 0 would mean the end of the frame */
			continue;
		row = rows_add(rows, PORT_MALFORMED, "IPv6 %s header, %zu bytes by the length field",
			       exts[ext].name, left);
		packet_ipv6(rows_eth(row));
		put_exts(&row->packet, ext, 1, 1);
		rows_put_upper(row, &rows_transports[1]);
		packet_set_ip_length(&row->packet, left);
	}
}

/* How long the header says it is; the fragment header has a reserved byte in this place. */
static void add_ext_lengths(struct rows *rows, size_t ext)
{
	static const uint8_t lengths[] = { 64, 127, 128, 255 };
	bool is_fragment = exts[ext].type == IPPROTO_FRAGMENT;
	struct packet_row *row;
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		row = rows_add(rows, is_fragment ? ROWS_BY_UPPER : PORT_MALFORMED,
			       "IPv6 %s header, length byte %u beyond the end", exts[ext].name,
			       lengths[i]);
		packet_ipv6(rows_eth(row));
		put_exts(&row->packet, ext, 1, 1);
		rows_put_upper(row, &rows_transports[0]);
		row->packet.data[row->packet.ip_at + 40 + 1] = lengths[i];
	}
	if (is_fragment)
		return;
	for (size = 16; size <= 1024; size *= 2) {
		row = rows_add(rows, ROWS_BY_UPPER, "IPv6 %s header of %zu bytes", exts[ext].name, size);
		packet_ipv6(rows_eth(row));
		packet_ext(&row->packet, exts[ext].type, size);
		rows_put_upper(row, &rows_transports[1]);
	}
}

/*
 * count headers, first and step choosing which. A header over the limit is announced by the one
 * before it, so it need not be there: those rows come whole and with nothing behind the eighth.
 */
static void add_chain(struct rows *rows, size_t first, size_t step, size_t count)
{
	const struct upper *up = rows_upper_at(ROWS_COMBINATIONS / 2 + (first + count) % 6);
	const char *kind = step ? "mixed from" : "all";
	struct packet_row *row;
	struct packet *p;

	row = rows_add(rows, count > EXT_MAX ? PORT_IPV6_EXT_LIMIT : ROWS_BY_UPPER,
		       "IPv6 %zu headers, %s %s, %s", count, kind, exts[first].name, up->name);
	packet_ipv6(rows_eth(row));
	put_exts(&row->packet, first, step, count);
	rows_put_upper(row, up);

	p = rows_eth(rows_add(rows, count > EXT_MAX ? PORT_IPV6_EXT_LIMIT : PORT_OTHER_IP,
			      "IPv6 %zu headers, %s %s, no next header", count, kind,
			      exts[first].name));
	packet_ipv6(p);
	put_exts(p, first, step, count);
	packet_protocol(p, IPPROTO_NONE);
	packet_finish(p);

	p = rows_eth(rows_add(rows, count >= EXT_MAX ? PORT_IPV6_EXT_LIMIT : PORT_MALFORMED,
			      "IPv6 %zu headers, %s %s, one more announced", count, kind,
			      exts[first].name));
	packet_ipv6(p);
	put_exts(p, first, step, count);
	packet_protocol(p, exts[(first + count) % ARRAY_SIZE(exts)].type);
	packet_finish(p);
}

/* A later fragment as the last of count headers: at the limit it still is one. */
static void add_chained_fragment(struct rows *rows, size_t count)
{
	struct packet_row *row;

	row = rows_add(rows, count > EXT_MAX ? PORT_IPV6_EXT_LIMIT : PORT_FRAGMENT,
		       "IPv6 later fragment as header %zu", count);
	packet_ipv6(rows_eth(row));
	put_exts(&row->packet, 0, 1, count - 1);
	packet_fragment(&row->packet, 0x05c8, FRAGMENT_ID);
	rows_put_upper(row, &rows_transports[0]);
	if (count <= EXT_MAX)
		rows_expect_fragment(row, true, FRAGMENT_ID);
}

/* Two headers that say of which datagram this is a piece: the inner one is right, if it is one. */
static void add_two_fragments(struct rows *rows)
{
	static const struct {
		const char *name;
		uint16_t outer, inner;
		enum packet_fragment fragment;
		uint32_t identification;
	} pairs[] = {
		{ "first, first", MF, MF, PACKET_FIRST_FRAGMENT, 2 },
		{ "first, atomic", MF, 0, PACKET_FIRST_FRAGMENT, 1 },
		{ "atomic, first", 0, MF, PACKET_FIRST_FRAGMENT, 2 },
		{ "first, later", MF, 0x05c8, PACKET_LATER_FRAGMENT, 2 },
		{ "atomic, later", 0, 0x0008, PACKET_LATER_FRAGMENT, 2 },
		{ "later, first", 0x0009, MF, PACKET_LATER_FRAGMENT, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		bool is_later = pairs[i].fragment == PACKET_LATER_FRAGMENT;
		struct packet_row *row = rows_add(rows, is_later ? PORT_FRAGMENT : ROWS_BY_UPPER,
						  "IPv6 fragment of a fragment: %s", pairs[i].name);

		packet_ipv6(rows_eth(row));
		packet_fragment(&row->packet, pairs[i].outer, 1);
		packet_fragment(&row->packet, pairs[i].inner, 2);
		rows_put_upper(row, &rows_transports[1]);
		rows_expect_fragment(row, is_later, pairs[i].identification);
	}
}

/* Behind protocol 59 nothing is to be read (RFC 8200 section 4.7), whatever it looks like. */
static void add_no_next_header(struct rows *rows)
{
	struct packet *p;

	for (size_t count = 0; count <= 2; count++) {
		for (size_t size = 0; size <= 20; size += 20) {
			p = rows_eth(rows_add(rows, PORT_OTHER_IP,
					      "IPv6 no next header after %zu, %zu bytes behind it",
					      count, size));
			packet_ipv6(p);
			put_exts(p, 0, 1, count);
			packet_protocol(p, IPPROTO_NONE);
			packet_payload(p, size);
			packet_finish(p);
		}
	}
}

static void add_ipv4_ah(struct rows *rows, size_t size)
{
	struct packet_row *row;

	for (size_t i = 0; i < ROWS_COMBINATIONS / 2; i++) {
		row = rows_add(rows, ROWS_BY_UPPER, "IPv4 AH of %zu bytes, %s", size,
			       rows_upper_at(i)->name);
		packet_ipv4(rows_eth(row), i % 2 ? 6 : 5, 0);
		packet_ext(&row->packet, IPPROTO_AH, size);
		rows_put_upper(row, rows_upper_at(i));
	}
	row = rows_add(rows, PORT_FRAGMENT, "IPv4 AH of %zu bytes, later fragment", size);
	packet_ipv4(rows_eth(row), 5, 0x00b9);
	packet_ext(&row->packet, IPPROTO_AH, size);
	rows_put_upper(row, &rows_transports[0]);
	rows_expect_fragment(row, true, ROWS_IPV4_ID);
	row = rows_add(rows, ROWS_BY_UPPER, "IPv4 AH of %zu bytes, first fragment", size);
	packet_ipv4(rows_eth(row), 5, 0x2000);
	packet_ext(&row->packet, IPPROTO_AH, size);
	rows_put_upper(row, &rows_transports[0]);
	rows_expect_fragment(row, false, ROWS_IPV4_ID);
}

static void add_ipv4_ah_broken(struct rows *rows)
{
	const size_t size = 24;
	struct packet_row *row;

	for (size_t left = 0; left <= size; left++) {
		row = rows_add(rows, PORT_MALFORMED, "IPv4 AH, %zu bytes, then the end", left);
		packet_ipv4(rows_eth(row), 5, 0);
		packet_ext(&row->packet, IPPROTO_AH, size);
		packet_protocol(&row->packet, IPPROTO_UDP);
		packet_cut(&row->packet, row->packet.len - size + left);
		packet_finish(&row->packet);
		row = rows_add(rows, PORT_MALFORMED, "IPv4 AH, %zu bytes by the length field", left);
		packet_ipv4(rows_eth(row), 5, 0);
		packet_ext(&row->packet, IPPROTO_AH, size);
		rows_put_upper(row, &rows_transports[1]);
		packet_set_ip_length(&row->packet, 20 + left);
	}
	row = rows_add(rows, PORT_MALFORMED, "IPv4 AH, length byte 255 beyond the end");
	packet_ipv4(rows_eth(row), 5, 0);
	packet_ext(&row->packet, IPPROTO_AH, size);
	rows_put_upper(row, &rows_transports[0]);
	row->packet.data[row->packet.ip_at + 20 + 1] = 255;
}

void rows_add_ext(struct rows *rows)
{
	for (size_t i = 0; i < ROWS_COMBINATIONS / 2; i++) {
		for (int is_l3 = 0; is_l3 < 2; is_l3++) {
			add_ipv4_fragments(rows, rows_upper_at(i), is_l3);
			add_ipv6_fragments(rows, rows_upper_at(ROWS_COMBINATIONS / 2 + i), is_l3);
		}
	}
	for (size_t i = 0; i < ROWS_TRANSPORTS; i++)
		add_short_fragments(rows, &rows_transports[i]);
	for (size_t ext = 0; ext < ARRAY_SIZE(exts); ext++) {
		add_singles(rows, ext);
		add_cut_exts(rows, ext);
		add_ext_lengths(rows, ext);
		for (size_t count = 1; count <= CHAIN_MAX; count++) {
			add_chain(rows, ext, 0, count);
			add_chain(rows, ext, 1, count);
		}
	}
	for (size_t count = 1; count <= EXT_MAX + 2; count++)
		add_chained_fragment(rows, count);
	add_two_fragments(rows);
	add_no_next_header(rows);
	for (size_t size = 12; size <= 28; size += 4)
		add_ipv4_ah(rows, size);
	add_ipv4_ah(rows, 1028);
	add_ipv4_ah_broken(rows);
}
