// SPDX-License-Identifier: GPL-2.0-only
/* The frame builder against bytes written out by hand, the packet table against its contract. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "packet.h"
#include "packet_table.h"
#include "port_abi.h"

static void assert_frame(const struct packet *p, const uint8_t *expected, size_t len)
{
	assert_int_equal(p->len, len);
	assert_memory_equal(p->data, expected, len);
}

/* What a receiver computes: 0xffff if the checksum is right. */
static uint16_t ipv4_sum(const struct packet *p)
{
	size_t ihl = p->data[p->ip_at] & 0xf;
	size_t end = p->ip_at + (ihl < 5 ? 5 : ihl) * 4;
	uint32_t sum = 0;

	for (size_t at = p->ip_at; at < end; at += 2)
		sum += (uint32_t)(p->data[at] * 256 + p->data[at + 1]);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* 4500 0020 1234 4000 4011 c000 0201 c633 6402 add up to 2c39b, folded c39d, complement 3c62. */
static void test_packet_ports_udp_in_two_tags(void **state)
{
	static const uint8_t expected[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8,
		0x00, 0x64, 0x81, 0x00, 0x0f, 0xff, 0x08, 0x00, /* tags 100 and 4095 */
		0x45, 0x00, 0x00, 0x20, 0x12, 0x34, 0x40, 0x00, /* 32 bytes, DF */
		0x40, 0x11, 0x3c, 0x62, 0xc0, 0x00, 0x02, 0x01, 0xc6, 0x33, 0x64, 0x02,
		0x00, 0x35, 0xff, 0xfe, 0x00, 0x0c, 0x00, 0x00, /* 12 bytes */
		0x00, 0x35, 0x00, 0x50,
	};
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_vlan(&p, 0x88a8, 100);
	packet_vlan(&p, 0x8100, 4095);
	packet_ipv4(&p, 5, 0x4000);
	packet_ports(&p, IPPROTO_UDP, 53, 65534, 0);
	packet_payload(&p, 4);
	packet_finish(&p);
	assert_frame(&p, expected, sizeof(expected));
}

/* 4600 002c 1234 2001 4006 c000 0201 c633 6402 0101 0101 add up to 2a69f: a6a1, 595e. */
static void test_packet_ipv4_options_without_ethernet(void **state)
{
	static const uint8_t expected[] = {
		0x46, 0x00, 0x00, 0x2c, 0x12, 0x34, 0x20, 0x01, /* 44 bytes, MF, offset 1 */
		0x40, 0x06, 0x59, 0x5e, 0xc0, 0x00, 0x02, 0x01, 0xc6, 0x33, 0x64, 0x02,
		0x01, 0x01, 0x01, 0x01,
		0xc3, 0xcb, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, /* 50123 to 443 */
		0x50, 0x12, 0x20, 0x00, 0, 0, 0, 0,
	};
	struct packet p = {};

	(void)state;
	packet_ipv4(&p, 6, 0x2001);
	packet_ports(&p, IPPROTO_TCP, 50123, 443, PACKET_TCP_SYN | PACKET_TCP_ACK);
	packet_finish(&p);
	assert_frame(&p, expected, sizeof(expected));
}

static void test_packet_ext_chain_in_ipv6(void **state)
{
	static const uint8_t expected[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,
		0x60, 0, 0, 0, 0x00, 0x40, 0x00, 0x40, /* 64 bytes, hop-by-hop next */
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		44, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* hop-by-hop, 16 bytes */
		51, 0, 0x05, 0xc9, 0xde, 0xad, 0xbe, 0xef, /* offset 185 * 8, M */
		33, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* AH */
		0, 0, 0xff, 0xff, 4, 0, 0, 0, 0x05, 0, 0, 0, 0, 0, 0, 0, /* DCCP, 0 to 65535 */
	};
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_ipv6(&p);
	packet_ext(&p, IPPROTO_HOPOPTS, 16);
	packet_fragment(&p, 0x05c9, 0xdeadbeef);
	packet_ext(&p, IPPROTO_AH, 24);
	packet_ports(&p, IPPROTO_DCCP, 0, 65535, 0xff);
	packet_finish(&p);
	assert_frame(&p, expected, sizeof(expected));
}

static void test_packet_mpls_two_labels(void **state)
{
	static const uint8_t expected[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0x48,
		0x00, 0x01, 0x00, 0x40, 0xff, 0xff, 0xf1, 0x40, /* 16, then 1048575 at the bottom */
		0x60, 0, 0, 0, 0x00, 0x08, 0x88, 0x40, /* UDP-Lite */
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0x13, 0x8c, 0x13, 0x8d, 0, 0, 0, 0, /* coverage 0: all of it */
	};
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_mpls(&p, 0x8848, 16, false);
	packet_mpls(&p, 0x8847, 0xfffff, true);
	packet_ipv6(&p);
	packet_ports(&p, IPPROTO_UDPLITE, 5004, 5005, 0);
	packet_finish(&p);
	assert_frame(&p, expected, sizeof(expected));
}

static void test_packet_pppoe_session(void **state)
{
	static const uint8_t expected[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0x64,
		0x11, 0x00, 0x00, 0x01, 0x00, 0x36, 0x00, 0x57, /* 54 bytes: PPP, IPv6 and SCTP */
		0x60, 0, 0, 0, 0x00, 0x0c, 0x84, 0x40,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0x0b, 0x59, 0x0b, 0x59, 0, 0, 0, 1, 0, 0, 0, 0, /* 2905 on both sides */
	};
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_pppoe(&p, PACKET_PPP_IPV6);
	packet_ipv6(&p);
	packet_ports(&p, IPPROTO_SCTP, 2905, 2905, 0);
	packet_finish(&p);
	assert_frame(&p, expected, sizeof(expected));
}

static void test_packet_type_without_layer(void **state)
{
	static const uint8_t expected[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0x00,
		0x00, 0x07, 0x08, 0x06, 0x00, 0x35, 0x00, 0x50, 0x00, 0x35,
	};
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_vlan(&p, 0x8100, 7);
	packet_type(&p, 0x0806);
	packet_payload(&p, 6);
	packet_finish(&p);
	assert_frame(&p, expected, sizeof(expected));
}

/* Addresses, identification and what SCTP and DCCP tell, written over or behind what was there. */
static void test_packet_set_addresses_and_identification(void **state)
{
	static const uint8_t src[] = { 10, 0, 0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t dst[] = { 10, 0, 0, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct packet v4 = {}, v6 = {};

	(void)state;
	packet_ipv4(&v4, 6, 0);
	packet_finish(&v4);
	packet_set_addresses(&v4, src, dst);
	packet_set_identification(&v4, 0xfedc);
	assert_memory_equal(v4.data + 12, src, 4);
	assert_memory_equal(v4.data + 16, dst, 4);
	assert_int_equal(v4.data[4] * 256 + v4.data[5], 0xfedc);
	assert_int_equal(v4.data[20], 1); /* an option */
	assert_int_equal(ipv4_sum(&v4), 0xffff);
	packet_eth(&v6);
	packet_ipv6(&v6);
	packet_set_addresses(&v6, src, dst);
	assert_memory_equal(v6.data + 14 + 8, src, 16);
	assert_memory_equal(v6.data + 14 + 24, dst, 16);
	assert_int_equal(v6.len, 14 + 40);
}

static void test_packet_chunk_and_dccp_type(void **state)
{
	struct packet sctp = {}, dccp = {};

	(void)state;
	packet_ipv4(&sctp, 5, 0);
	packet_ports(&sctp, IPPROTO_SCTP, 1, 2, 0);
	packet_chunk(&sctp, 6);
	assert_int_equal(sctp.len, 20 + 12 + 4);
	assert_int_equal(sctp.data[20 + 12], 6);
	assert_int_equal(sctp.data[20 + 15], 4);
	packet_ipv4(&dccp, 5, 0);
	packet_ports(&dccp, IPPROTO_DCCP, 1, 2, 0);
	assert_int_equal(dccp.data[20 + 8], 0x05);
	packet_dccp_type(&dccp, 7);
	assert_int_equal(dccp.data[20 + 8], 0x0f);
	assert_int_equal(dccp.len, 20 + 16);
}

static void test_packet_protocol_without_layer(void **state)
{
	struct packet p = {};

	(void)state;
	packet_ipv4(&p, 5, 0);
	packet_protocol(&p, 47);
	packet_finish(&p);
	assert_int_equal(p.data[9], 47);
	assert_int_equal(p.len, 20);
	assert_int_equal(ipv4_sum(&p), 0xffff);
}

static void test_packet_ipv4_short_ihl(void **state)
{
	(void)state;
	for (uint8_t ihl = 0; ihl < 5; ihl++) {
		struct packet p = {};

		packet_ipv4(&p, ihl, 0);
		packet_finish(&p);
		assert_int_equal(p.len, 20);
		assert_int_equal(p.data[0], 0x40 + ihl);
		assert_int_equal(ipv4_sum(&p), 0xffff);
	}
}

static void test_packet_cut_then_finish(void **state)
{
	struct packet p = {};

	(void)state;
	packet_ipv4(&p, 5, 0);
	packet_ports(&p, IPPROTO_UDP, 1, 2, 0);
	packet_payload(&p, 10);
	packet_finish(&p);
	packet_cut(&p, 29);
	packet_finish(&p);
	assert_int_equal(p.len, 29);
	assert_int_equal(p.data[3], 29);
	assert_int_equal(p.data[25], 9);
	assert_int_equal(ipv4_sum(&p), 0xffff);
	/* The UDP length field ends at 26: when only half of it is left, it stays what it was. */
	packet_cut(&p, 25);
	packet_finish(&p);
	assert_int_equal(p.data[3], 25);
	assert_int_equal(p.data[24] + p.data[25], 9);
}

static void test_packet_set_ip_keeps_checksum(void **state)
{
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_ipv4(&p, 15, 0);
	packet_finish(&p);
	packet_set_ip_length(&p, 0xfedc);
	assert_int_equal(p.data[16], 0xfe);
	assert_int_equal(p.data[17], 0xdc);
	assert_int_equal(ipv4_sum(&p), 0xffff);
	packet_set_ip_version(&p, 9);
	assert_int_equal(p.data[14], 0x9f);
	assert_int_equal(ipv4_sum(&p), 0xffff);
}

static void test_packet_pad_only_grows(void **state)
{
	struct packet p = {};

	(void)state;
	packet_eth(&p);
	packet_pad(&p, PACKET_ETH_MIN);
	assert_int_equal(p.len, 60);
	assert_int_equal(p.data[14 + 3], 80);
	packet_pad(&p, 20);
	assert_int_equal(p.len, 60);
}

static int compare_desc(const void *a, const void *b)
{
	const struct packet_row *const *left = a, *const *right = b;

	return strcmp((*left)->desc, (*right)->desc);
}

static void test_packet_table_desc_unique(void **state)
{
	struct packet_row *rows;
	const struct packet_row **sorted;
	size_t count = packet_table(&rows);

	(void)state;
	assert_true(count > 0);
	sorted = calloc(count, sizeof(const struct packet_row *));
	assert_non_null(sorted);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &rows[i];
	qsort(sorted, count, sizeof(const struct packet_row *), compare_desc);
	for (size_t i = 1; i < count; i++)
		assert_string_not_equal(sorted[i - 1]->desc, sorted[i]->desc);
	free(sorted);
	free(rows);
}

static void check_row(const struct packet_row *row)
{
	bool has_ports = row->bucket == PACKET_HAS_PORTS;

	assert_true(row->desc[0] != '\0');
	assert_true(row->packet.len <= PACKET_MAX);
	if ((row->fragment == PACKET_WHOLE) != (row->identification == 0) ||
	    (row->fragment == PACKET_LATER_FRAGMENT) != (row->bucket == PORT_FRAGMENT))
		fail_msg("%s: fragment %d, identification %#x", row->desc, (int)row->fragment,
			 row->identification);
	if (has_ports && row->transport >= 0 && row->transport < PORT_TRANSPORTS &&
	    (row->flags == 0 || row->transport != PORT_UDP))
		return;
	if (!has_ports && row->bucket > PORT_UNCLASSIFIED_DCCP && row->bucket < PORT_BUCKETS &&
	    row->transport == -1 && !row->src_port && !row->dst_port && !row->flags)
		return;
	fail_msg("%s: bucket %d, transport %d, flags %#x", row->desc, row->bucket,
		 row->transport, (unsigned int)row->flags);
}

/* Which service a port belongs to is not the parser's to say: no row is unclassified. */
static void test_packet_table_covers_every_result(void **state)
{
	bool seen_bucket[PORT_BUCKETS] = {}, seen_transport[PORT_TRANSPORTS] = {};
	struct packet_row *rows;
	size_t count = packet_table(&rows);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		check_row(&rows[i]);
		if (rows[i].bucket == PACKET_HAS_PORTS)
			seen_transport[rows[i].transport] = true;
		else
			seen_bucket[rows[i].bucket] = true;
	}
	for (int i = 0; i < PORT_TRANSPORTS; i++)
		assert_true(seen_transport[i]);
	for (int i = PORT_UNCLASSIFIED_DCCP + 1; i < PORT_BUCKETS; i++)
		if (!seen_bucket[i])
			fail_msg("no row for bucket %d", i);
	free(rows);
}

static void test_packet_table_ipv4_checksums(void **state)
{
	struct packet_row *rows;
	size_t count = packet_table(&rows), checked = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct packet *p = &rows[i].packet;

		if (rows[i].bucket != PACKET_HAS_PORTS || p->ip_version != 4)
			continue;
		checked++;
		if (ipv4_sum(p) != 0xffff)
			fail_msg("%s: sum %#x", rows[i].desc, (unsigned int)ipv4_sum(p));
	}
	assert_true(checked > 0);
	free(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_ports_udp_in_two_tags),
		cmocka_unit_test(test_packet_ipv4_options_without_ethernet),
		cmocka_unit_test(test_packet_ext_chain_in_ipv6),
		cmocka_unit_test(test_packet_mpls_two_labels),
		cmocka_unit_test(test_packet_pppoe_session),
		cmocka_unit_test(test_packet_type_without_layer),
		cmocka_unit_test(test_packet_set_addresses_and_identification),
		cmocka_unit_test(test_packet_chunk_and_dccp_type),
		cmocka_unit_test(test_packet_protocol_without_layer),
		cmocka_unit_test(test_packet_ipv4_short_ihl),
		cmocka_unit_test(test_packet_cut_then_finish),
		cmocka_unit_test(test_packet_set_ip_keeps_checksum),
		cmocka_unit_test(test_packet_pad_only_grows),
		cmocka_unit_test(test_packet_table_desc_unique),
		cmocka_unit_test(test_packet_table_covers_every_result),
		cmocka_unit_test(test_packet_table_ipv4_checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
