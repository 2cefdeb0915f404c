// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the packet table that are about what comes before IP. */

#include "packet_rows.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "port_abi.h"

#define TAGS_MAX 4
#define LABELS_MAX 4
#define EXT_MAX 8
#define ARP_SIZE 28
#define PPP_LCP 0xc021

static const struct {
	const char *name;
	uint16_t tpids[3];
} tag_kinds[] = {
	{ "8100", { 0x8100, 0x8100, 0x8100 } },
	{ "88a8", { 0x88a8, 0x88a8, 0x88a8 } },
	{ "9100", { 0x9100, 0x9100, 0x9100 } },
	{ "88a8/8100/9100", { 0x88a8, 0x8100, 0x9100 } },
};
#define MIXED (tag_kinds[3].tpids)

static int depth_bucket(size_t tags, int bucket)
{
	return tags > TAGS_MAX ? PORT_VLAN_DEPTH : bucket;
}

static void add_tags(struct rows *rows, size_t combination)
{
	const struct upper *up = rows_upper_at(combination);
	unsigned int version = rows_version_at(combination);
	struct packet_row *row;

	for (size_t tags = 0; tags <= TAGS_MAX + 2; tags++) {
		for (size_t kind = 0; kind < ARRAY_SIZE(tag_kinds); kind++) {
			row = rows_add(rows, depth_bucket(tags, ROWS_BY_UPPER),
				       "IPv%u %s, %zu tags %s", version, up->name, tags,
				       tag_kinds[kind].name);
			rows_put_tags(rows_eth(row), tags, tag_kinds[kind].tpids);
			rows_put_ip(&row->packet, version);
			rows_put_upper(row, up);
			if (tags == 0)
				break;
		}
	}
}

/* The fifth tag is announced by the fourth: how much of it is there makes no difference. */
static void add_cut_tags(struct rows *rows)
{
	struct packet *p;

	for (size_t tags = 1; tags <= TAGS_MAX + 1; tags++) {
		for (size_t left = 0; left < 4; left++) {
			p = rows_eth(rows_add(rows, depth_bucket(tags, PORT_MALFORMED),
					      "%zu tags, the last cut to %zu bytes", tags, left));
			rows_put_tags(p, tags, MIXED);
			packet_cut(p, p->len - 4 + left);
		}
	}
}

static void put_arp(struct packet *p)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	packet_type(p, ETH_P_ARP);
	packet_payload(p, ARP_SIZE);
	for (size_t i = 0; i < sizeof(head); i++)
		p->data[p->len - ARP_SIZE + i] = head[i];
	packet_pad(p, PACKET_ETH_MIN);
}

/* Below 0x0600 the field is a length, and 802.3 whether or not the length is true. */
static void add_types(struct rows *rows, size_t tags)
{
	static const struct {
		uint16_t type;
		int bucket;
	} types[] = {
		{ 0x0000, PORT_LLC },	   { 0x0026, PORT_LLC },      { 0x05dc, PORT_LLC },
		{ 0x05ff, PORT_LLC },	   { 0x0600, PORT_OTHER_L2 }, { 0x0601, PORT_OTHER_L2 },
		{ 0x0805, PORT_OTHER_L2 }, { 0x0807, PORT_OTHER_L2 }, { 0x8035, PORT_OTHER_L2 },
		{ 0x9200, PORT_OTHER_L2 }, { 0x8849, PORT_OTHER_L2 }, { 0x88cc, PORT_OTHER_L2 },
		{ 0x88e5, PORT_OTHER_L2 }, { 0xffff, PORT_OTHER_L2 },
	};
	struct packet *p;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		p = rows_eth(rows_add(rows, depth_bucket(tags, types[i].bucket),
				      "type 0x%04x, %zu tags", types[i].type, tags));
		rows_put_tags(p, tags, MIXED);
		packet_type(p, types[i].type);
		packet_payload(p, 38);
	}
	p = rows_eth(rows_add(rows, depth_bucket(tags, PORT_ARP), "ARP, %zu tags", tags));
	rows_put_tags(p, tags, MIXED);
	put_arp(p);
}

/* A spanning tree frame, and IPv4 behind a SNAP header, which is not looked into. */
static void add_llc(struct rows *rows)
{
	static const uint8_t stp[] = { 0x42, 0x42, 0x03 };
	static const uint8_t snap[] = { 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 };
	struct packet_row *row;
	struct packet *p;

	p = rows_eth(rows_add(rows, PORT_LLC, "802.3 with spanning tree, padded"));
	packet_type(p, sizeof(stp) + 35);
	packet_payload(p, sizeof(stp) + 35);
	for (size_t i = 0; i < sizeof(stp); i++)
		p->data[ETH_HLEN + i] = stp[i];
	packet_pad(p, PACKET_ETH_MIN);

	row = rows_add(rows, PORT_LLC, "802.3 with SNAP and IPv4 TCP");
	p = rows_eth(row);
	packet_type(p, sizeof(snap) + 44);
	packet_payload(p, sizeof(snap));
	for (size_t i = 0; i < sizeof(snap); i++)
		p->data[ETH_HLEN + i] = snap[i];
	rows_put_ip(p, 4);
	rows_put_upper(row, &rows_transports[0]);
}

static void add_pppoe(struct rows *rows, size_t tags)
{
	static const uint16_t others[] = { PPP_LCP, 0x8021, 0x8057, 0x0281, 0x0000, 0x2100 };
	struct packet_row *row;
	struct packet *p;

	for (size_t i = 0; i < ROWS_COMBINATIONS; i++) {
		row = rows_add(rows, depth_bucket(tags, ROWS_BY_UPPER), "PPPoE IPv%u %s, %zu tags",
			       rows_version_at(i), rows_upper_at(i)->name, tags);
		rows_put_tags(rows_eth(row), tags, MIXED);
		packet_pppoe(&row->packet,
			     rows_version_at(i) == 4 ? PACKET_PPP_IPV4 : PACKET_PPP_IPV6);
		rows_put_ip(&row->packet, rows_version_at(i));
		rows_put_upper(row, rows_upper_at(i));
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		p = rows_eth(rows_add(rows, depth_bucket(tags, PORT_PPPOE),
				      "PPPoE, PPP protocol 0x%04x, %zu tags", others[i], tags));
		rows_put_tags(p, tags, MIXED);
		packet_pppoe(p, others[i]);
		packet_payload(p, 8);
		packet_finish(p);
	}
	p = rows_eth(rows_add(rows, depth_bucket(tags, PORT_PPPOE), "PPPoE discovery, %zu tags",
			      tags));
	rows_put_tags(p, tags, MIXED);
	packet_pppoe(p, 0);
	packet_payload(p, 4);
	packet_finish(p);
	/* The discovery header is the session's with another code, and no PPP protocol behind it. */
	p->data[p->pppoe_at - 1] = 0x63;
	p->data[p->pppoe_at + 1] = 0x09;
}

static void add_pppoe_broken(struct rows *rows)
{
	struct packet_row *row;
	struct packet *p;

	for (size_t left = 0; left < 8; left++) {
		p = rows_eth(rows_add(rows, PORT_MALFORMED, "PPPoE session, %zu bytes of header",
				      left));
		packet_pppoe(p, PPP_LCP);
		packet_cut(p, p->len - 8 + left);
	}
	for (unsigned int version = 4; version <= 6; version += 2) {
		row = rows_add(rows, PORT_MALFORMED, "PPPoE, PPP protocol of IPv%u, the other inside",
			       version);
		packet_pppoe(rows_eth(row), version == 4 ? PACKET_PPP_IPV4 : PACKET_PPP_IPV6);
		rows_put_ip(&row->packet, 10 - version);
		rows_put_upper(row, &rows_transports[1]);
		p = rows_eth(rows_add(rows, PORT_MALFORMED, "PPPoE, PPP protocol of IPv%u, then nothing",
				      version));
		packet_pppoe(p, version == 4 ? PACKET_PPP_IPV4 : PACKET_PPP_IPV6);
		packet_finish(p);
	}
}

static void put_labels(struct packet *p, uint16_t type, size_t count, bool has_bottom)
{
	for (size_t i = 0; i < count; i++)
		packet_mpls(p, type, 16 + i, has_bottom && i + 1 == count);
}

static void add_mpls(struct rows *rows, uint16_t type, size_t tags)
{
	struct packet_row *row;

	for (size_t i = 0; i < ROWS_COMBINATIONS; i++) {
		for (size_t labels = 1; labels <= LABELS_MAX + 2; labels++) {
			row = rows_add(rows, labels > LABELS_MAX ? PORT_MPLS_DEPTH : ROWS_BY_UPPER,
				       "MPLS 0x%04x, %zu labels, IPv%u %s, %zu tags", type, labels,
				       rows_version_at(i), rows_upper_at(i)->name, tags);
			rows_put_tags(rows_eth(row), tags, MIXED);
			put_labels(&row->packet, type, labels, true);
			rows_put_ip(&row->packet, rows_version_at(i));
			rows_put_upper(row, rows_upper_at(i));
		}
	}
}

static void add_mpls_nibbles(struct rows *rows)
{
	struct packet_row *row;

	for (unsigned int nibble = 0; nibble < 16; nibble++) {
		if (nibble == 4 || nibble == 6)
			continue;
		row = rows_add(rows, PORT_OTHER_L2, "MPLS, version nibble %u", nibble);
		put_labels(rows_eth(row), ETH_P_MPLS_UC, 2, true);
		rows_put_ip(&row->packet, 4);
		rows_put_upper(row, &rows_transports[0]);
		packet_set_ip_version(&row->packet, nibble);
	}
}

static void add_mpls_broken(struct rows *rows)
{
	struct packet *p;

	p = rows_eth(rows_add(rows, PORT_VLAN_DEPTH, "MPLS behind 5 tags"));
	rows_put_tags(p, TAGS_MAX + 1, MIXED);
	put_labels(p, ETH_P_MPLS_UC, 1, true);
	rows_put_ip(p, 4);
	packet_finish(p);
	for (size_t labels = 1; labels <= LABELS_MAX + 1; labels++) {
		for (size_t left = 0; left < 4; left++) {
			p = rows_eth(rows_add(rows,
					      labels > LABELS_MAX ? PORT_MPLS_DEPTH : PORT_MALFORMED,
					      "MPLS, label %zu cut to %zu bytes", labels, left));
			put_labels(p, ETH_P_MPLS_UC, labels, true);
			packet_cut(p, p->len - 4 + left);
		}
		p = rows_eth(rows_add(rows, labels > LABELS_MAX ? PORT_MPLS_DEPTH : PORT_MALFORMED,
				      "MPLS, nothing behind %zu labels", labels));
		put_labels(p, ETH_P_MPLS_UC, labels, true);
	}
	for (unsigned int version = 4; version <= 6; version += 2) {
		p = rows_eth(rows_add(rows, PORT_MALFORMED, "MPLS, one byte of IPv%u", version));
		put_labels(p, ETH_P_MPLS_UC, 1, true);
		rows_put_ip(p, version);
		packet_cut(p, p->ip_at + 1);
	}
}

/* Everything at its limit at once, which costs a parser in the kernel the most steps. */
static void add_deepest(struct rows *rows)
{
	static const char *const names[] = { "4 labels", "PPPoE" };
	struct packet_row *row;

	for (size_t i = 0; i < 2 * ROWS_COMBINATIONS; i++) {
		size_t combination = i / 2;

		row = rows_add(rows, ROWS_BY_UPPER, "4 tags, %s, the longest IPv%u header, %s",
			       names[i % 2], rows_version_at(combination),
			       rows_upper_at(combination)->name);
		rows_put_tags(rows_eth(row), TAGS_MAX, MIXED);
		if (i % 2 == 0)
			put_labels(&row->packet, ETH_P_MPLS_UC, LABELS_MAX, true);
		else
			packet_pppoe(&row->packet, rows_version_at(combination) == 4 ?
							   PACKET_PPP_IPV4 : PACKET_PPP_IPV6);
		if (rows_version_at(combination) == 4)
			packet_ipv4(&row->packet, 15, 0);
		else
			packet_ipv6(&row->packet);
		for (size_t ext = 0; rows_version_at(combination) == 6 && ext < EXT_MAX; ext++)
			packet_ext(&row->packet, ext ? IPPROTO_DSTOPTS : IPPROTO_HOPOPTS, 8);
		rows_put_upper(row, rows_upper_at(combination));
	}
}

static void add_cut_eth(struct rows *rows)
{
	struct packet *p;

	for (size_t len = 0; len < ETH_HLEN; len++) {
		p = rows_eth(rows_add(rows, PORT_MALFORMED, "Ethernet header of %zu bytes", len));
		packet_type(p, ETH_P_ARP);
		packet_cut(p, len);
	}
}

void rows_add_link(struct rows *rows)
{
	for (size_t i = 0; i < ROWS_COMBINATIONS; i++)
		add_tags(rows, i);
	add_cut_eth(rows);
	add_cut_tags(rows);
	for (size_t tags = 0; tags <= TAGS_MAX + 1; tags++) {
		add_types(rows, tags);
		add_pppoe(rows, tags);
	}
	add_pppoe_broken(rows);
	add_llc(rows);
	add_mpls(rows, ETH_P_MPLS_UC, 0);
	add_mpls(rows, ETH_P_MPLS_UC, 1);
	add_mpls(rows, ETH_P_MPLS_MC, 0);
	add_mpls_nibbles(rows);
	add_mpls_broken(rows);
	add_deepest(rows);
}
