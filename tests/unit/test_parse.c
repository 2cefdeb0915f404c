// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser on the host: the packet table, every cut of it, and random frames against the
 * reference. Frames lie in heap blocks of just their size, so that a sanitizer sees any overread.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../bpf/parse.h"
#include "generate.h"
#include "packet.h"
#include "packet_table.h"
#include "reference.h"
#include "seed.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define FRAMES 200000

struct result {
	enum port_bucket bucket;
	struct pkt pkt;
	size_t ip; /* where the IP header lies in the frame; 0 if there is none */
};

static void fail_frame(const char *desc, const uint8_t *frame, size_t len,
		       const struct result *result)
{
	print_error("%s: %zu bytes: ", desc, len);
	for (size_t i = 0; i < len; i++)
		print_error("%02x", frame[i]);
	fail_msg(": bucket %d, kind %#x, ports %u to %u, identification %#x, IP header at %zu",
		 (int)result->bucket, result->pkt.kind, result->pkt.source_port,
		 result->pkt.destination_port, result->pkt.identification_be, result->ip);
}

/* IPv4's are 16 bits, IPv6's 32. */
static uint32_t identification(const struct pkt *pkt)
{
	return pkt->is_ipv6 ? bpf_ntohl(pkt->identification_be)
			    : bpf_ntohs((uint16_t)pkt->identification_be);
}

/*
 * Where a frame starts in its block, so that the IP header lies at a multiple of 4, as the host's
 * compiler expects of its structures: Ethernet's header is 14 bytes long, tags and labels 4 or 8.
 */
static size_t frame_shift(bool starts_at_l3)
{
	return starts_at_l3 ? 0 : 2;
}

static struct result parse_exact(const uint8_t *frame, size_t len, bool starts_at_l3)
{
	const size_t shift = frame_shift(starts_at_l3) + (len ? 0 : 4);
	uint8_t *block = malloc(shift + len), *copy;
	struct result result;

	assert_non_null(block);
	copy = block + shift;
	memcpy(copy, frame, len);
	memset(&result, 0xa5, sizeof(result));
	result.bucket = parse_frame(copy, copy + len, (__u32)len, 0, starts_at_l3, &result.pkt);
	result.ip = result.pkt.ip ? (size_t)((const uint8_t *)result.pkt.ip - copy) : 0;
	free(block);
	return result;
}

/* Behind the copied bytes the buffer holds what an earlier frame left there: fill. */
static struct result parse_filled_copy(const uint8_t *frame, size_t len, bool starts_at_l3,
				       int fill)
{
	const size_t shift = frame_shift(starts_at_l3);
	uint8_t *block = malloc(shift + COPY_ROOM), *buffer;
	struct result result;

	assert_non_null(block);
	buffer = block + shift;
	memset(buffer, fill, COPY_ROOM);
	memcpy(buffer, frame, len);
	memset(&result, 0xa5, sizeof(result));
	result.bucket = parse_copy(buffer, (__u32)len, 0, starts_at_l3, &result.pkt);
	result.ip = result.pkt.ip ? (size_t)((const uint8_t *)result.pkt.ip - buffer) : 0;
	free(block);
	return result;
}

static bool is_same(const struct result *a, const struct result *b)
{
	return a->bucket == b->bucket && a->pkt.end == b->pkt.end && a->pkt.kind == b->pkt.kind &&
	       a->pkt.source_port == b->pkt.source_port &&
	       a->pkt.destination_port == b->pkt.destination_port && a->ip == b->ip &&
	       a->pkt.identification_be == b->pkt.identification_be &&
	       a->pkt.is_ipv6 == b->pkt.is_ipv6;
}

static enum ref_fragment fragment_of(const struct pkt *pkt)
{
	if (pkt->kind & KIND_LATER_FRAGMENT)
		return REF_LATER;
	return pkt->kind & KIND_FIRST_FRAGMENT ? REF_FIRST : REF_WHOLE;
}

static bool has_flags_of(const struct pkt *pkt, const struct ref_reading *reading)
{
	const uint8_t flags = kind_flags(pkt->kind);

	return !!(flags & TCP_FLAG_SYN) == reading->has_syn &&
	       !!(flags & TCP_FLAG_ACK) == reading->has_ack &&
	       !!(flags & TCP_FLAG_RST) == reading->has_rst;
}

/* Of a frame that has ports, or of a later fragment, it must be known whose it is. */
static bool has_ip_of(const struct result *result, const struct ref_reading *reading,
		      const uint8_t *frame)
{
	const struct pkt *pkt = &result->pkt;
	const enum ref_fragment fragment = fragment_of(pkt);

	return result->ip == (size_t)(reading->ip - frame) && fragment == reading->fragment &&
	       pkt->is_ipv6 == reading->is_ipv6 &&
	       (pkt->kind >> KIND_IPV6_SHIFT) == reading->is_ipv6 &&
	       (fragment == REF_WHOLE || identification(pkt) == reading->identification);
}

static bool agrees(const struct result *result, const struct ref_reading *reading,
		   const uint8_t *frame)
{
	const struct pkt *pkt = &result->pkt;

	if (reading->bucket >= 0)
		return (int)result->bucket == reading->bucket && pkt->source_port == 0 &&
		       pkt->destination_port == 0 && kind_transport(pkt->kind) == 0 &&
		       kind_flags(pkt->kind) == 0 &&
		       (reading->bucket != PORT_FRAGMENT || has_ip_of(result, reading, frame));
	return result->bucket == PORT_NO_BUCKET &&
	       kind_transport(pkt->kind) == reading->transport &&
	       pkt->source_port == reading->src_port &&
	       pkt->destination_port == reading->dst_port && has_flags_of(pkt, reading) &&
	       has_ip_of(result, reading, frame);
}

static void check_against_reference(const char *desc, const uint8_t *frame, size_t len,
				    bool starts_at_l3)
{
	const struct result result = parse_exact(frame, len, starts_at_l3);
	struct ref_reading reading;

	reference_read(frame, len, starts_at_l3, &reading);
	if (!agrees(&result, &reading, frame))
		fail_frame(desc, frame, len, &result);
}

/* The copy's reader must find what the other finds in as many bytes, whatever lies behind them. */
static void check_copy(const char *desc, const uint8_t *frame, size_t len, bool starts_at_l3)
{
	const size_t copied = len < COPY_BYTES ? len : COPY_BYTES;
	const struct result expected = parse_exact(frame, copied, starts_at_l3);
	const int fills[] = { 0x00, 0xff, 0x11 };

	for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
		const struct result result =
			parse_filled_copy(frame, copied, starts_at_l3, fills[i]);

		if (!is_same(&result, &expected))
			fail_frame(desc, frame, copied, &result);
	}
}

/* Returns whether the result is what the row says. */
static bool is_of_row(const struct packet_row *row, const struct result *result)
{
	const bool has_ports = row->bucket == PACKET_HAS_PORTS;
	const struct pkt *pkt = &result->pkt;

	if (result->bucket != (has_ports ? PORT_NO_BUCKET : (enum port_bucket)row->bucket) ||
	    kind_transport(pkt->kind) != (has_ports ? row->transport : 0) ||
	    pkt->source_port != row->src_port || pkt->destination_port != row->dst_port ||
	    kind_flags(pkt->kind) != row->flags)
		return false;
	if (!has_ports && row->bucket != PORT_FRAGMENT)
		return true;
	return (int)fragment_of(pkt) == (int)row->fragment && result->ip == row->packet.ip_at &&
	       (row->fragment == PACKET_WHOLE || identification(pkt) == row->identification);
}
_Static_assert((int)REF_FIRST == (int)PACKET_FIRST_FRAGMENT &&
		       (int)REF_LATER == (int)PACKET_LATER_FRAGMENT,
	       "both count alike");

static void for_each_row(void (*check)(const struct packet_row *row))
{
	struct packet_row *rows;
	const size_t count = packet_table(&rows);

	assert_true(count > 1000);
	for (size_t i = 0; i < count; i++)
		check(&rows[i]);
	free(rows);
}

static void check_row(const struct packet_row *row)
{
	const struct packet *p = &row->packet;
	const struct result result = parse_exact(p->data, p->len, row->starts_at_l3);

	if (!is_of_row(row, &result))
		fail_frame(row->desc, p->data, p->len, &result);
}

static void test_parse_frame_table(void **state)
{
	(void)state;
	for_each_row(check_row);
}

/* In a copy that is shorter than the frame, headers may lie behind its end. */
static void check_row_copy(const struct packet_row *row)
{
	const struct packet *p = &row->packet;
	const size_t copied = p->len < COPY_BYTES ? p->len : COPY_BYTES;
	const struct result result = parse_filled_copy(p->data, copied, row->starts_at_l3, 0x11);
	struct ref_reading reading;

	if (is_of_row(row, &result))
		return;
	reference_read(p->data, copied, row->starts_at_l3, &reading);
	if (copied == p->len || result.bucket != PORT_MALFORMED || reading.bucket != PORT_MALFORMED)
		fail_frame(row->desc, p->data, p->len, &result);
}

static void test_parse_copy_table(void **state)
{
	(void)state;
	for_each_row(check_row_copy);
}

static void check_row_cuts(const struct packet_row *row)
{
	for (size_t len = 0; len <= row->packet.len; len++) {
		check_against_reference(row->desc, row->packet.data, len, row->starts_at_l3);
		check_copy(row->desc, row->packet.data, len, row->starts_at_l3);
	}
}

static void test_parse_frame_every_cut(void **state)
{
	(void)state;
	for_each_row(check_row_cuts);
}

static void test_parse_frame_random(void **state)
{
	const uint16_t ports[] = { 53, 80, 443, 5353, 60000 };
	uint8_t frame[GENERATE_LONG_MAX];
	struct rng rng;

	(void)state;
	rng_init(&rng, seed_choose(__func__), ports, ARRAY_LEN(ports));
	for (unsigned int i = 0; i < FRAMES; i++) {
		const bool starts_at_l3 = rng_below(&rng, 4) == 0;
		size_t len = generate_frame(&rng, frame, sizeof(frame), starts_at_l3);

		if (i % 2)
			len = mutate_frame(&rng, frame, len, sizeof(frame));
		check_against_reference("random frame", frame, len, starts_at_l3);
		check_copy("random frame", frame, len, starts_at_l3);
	}
}

/* How the link layer of a row of ends begins. */
enum link { ETHERNET, TWO_TAGS, MPLS, PPPOE, L3 };

static const struct end_row {
	const char *desc;
	enum link link;
	int version; /* 0: no IP; the type stands in type */
	uint16_t type;
	int length; /* what the IP length field is set to; -1: the truth */
	size_t len; /* to pad or cut the frame to; 0: neither */
	uint32_t end;
} end_rows[] = {
	{ "IPv4", ETHERNET, 4, 0, -1, 0, 14 + 20 + 12 },
	{ "IPv4, padded", ETHERNET, 4, 0, -1, 60, 14 + 20 + 12 },
	{ "IPv4, goes on behind the linear part", ETHERNET, 4, 0, 1500, 0, 14 + 1500 },
	{ "IPv4, cut behind its ports", ETHERNET, 4, 0, -1, 14 + 20 + 4, 14 + 20 + 12 },
	{ "IPv4, cut before its ports", ETHERNET, 4, 0, -1, 14 + 20, 14 + 20 + 12 },
	{ "IPv4, cut in its header", ETHERNET, 4, 0, -1, 14 + 19, 0 },
	{ "IPv4, length of 0", ETHERNET, 4, 0, 0, 0, 0 },
	{ "IPv4, longest", ETHERNET, 4, 0, 65535, 0, 14 + 65535 },
	{ "IPv4, in two tags", TWO_TAGS, 4, 0, -1, 0, 22 + 20 + 12 },
	{ "IPv4, in MPLS", MPLS, 4, 0, -1, 0, 18 + 20 + 12 },
	{ "IPv4, in PPPoE", PPPOE, 4, 0, -1, 0, 22 + 20 + 12 },
	{ "IPv4, no Ethernet", L3, 4, 0, -1, 0, 20 + 12 },
	{ "IPv6", ETHERNET, 6, 0, -1, 0, 14 + 40 + 12 },
	{ "IPv6, padded", ETHERNET, 6, 0, -1, 100, 14 + 40 + 12 },
	{ "IPv6, goes on behind the linear part", ETHERNET, 6, 0, 1460, 0, 14 + 40 + 1460 },
	{ "IPv6, jumbogram", ETHERNET, 6, 0, 0, 0, 0 },
	{ "IPv6, longest", ETHERNET, 6, 0, 65535, 0, 14 + 40 + 65535 },
	{ "IPv6, in two tags", TWO_TAGS, 6, 0, -1, 0, 22 + 40 + 12 },
	{ "IPv6, no Ethernet", L3, 6, 0, -1, 0, 40 + 12 },
	{ "IPv6, cut in its header", ETHERNET, 6, 0, -1, 14 + 39, 0 },
	{ "ARP, padded", ETHERNET, 0, 0x0806, 0, 60, 14 + 28 },
	{ "ARP, in two tags", TWO_TAGS, 0, 0x0806, 0, 60, 22 + 28 },
	{ "802.3", ETHERNET, 0, 38, 0, 60, 0 },
	{ "LLDP", ETHERNET, 0, 0x88cc, 0, 60, 0 },
	{ "PPPoE discovery", ETHERNET, 0, 0x8863, 0, 60, 0 },
	{ "no Ethernet header", ETHERNET, 0, 0x0800, 0, 13, 0 },
};

static void put_link(struct packet *p, const struct end_row *row)
{
	if (row->link != L3)
		packet_eth(p);
	if (row->link == TWO_TAGS) {
		packet_vlan(p, 0x88a8, 1);
		packet_vlan(p, 0x8100, 2);
	} else if (row->link == MPLS) {
		packet_mpls(p, 0x8847, 16, true);
	} else if (row->link == PPPOE) {
		packet_pppoe(p, row->version == 4 ? PACKET_PPP_IPV4 : PACKET_PPP_IPV6);
	}
	if (!row->version)
		packet_type(p, row->type);
}

static void build_end_row(struct packet *p, const struct end_row *row)
{
	*p = (struct packet){};
	put_link(p, row);
	if (row->version) {
		if (row->version == 4)
			packet_ipv4(p, 5, 0);
		else
			packet_ipv6(p);
		packet_ports(p, IP_UDP, 5000, 53, 0);
		packet_payload(p, 4);
		packet_finish(p);
		if (row->length >= 0)
			packet_set_ip_length(p, (uint16_t)row->length);
	}
	if (row->len > p->len)
		packet_pad(p, row->len);
	else if (row->len)
		packet_cut(p, row->len);
}

static void test_parse_frame_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(end_rows); i++) {
		const struct end_row *row = &end_rows[i];
		struct result result;
		struct packet p;

		build_end_row(&p, row);
		result = parse_exact(p.data, p.len, row->link == L3);
		if (result.pkt.end != row->end)
			fail_msg("%s: end %u, not %u", row->desc, result.pkt.end, row->end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_frame_table),
		cmocka_unit_test(test_parse_copy_table),
		cmocka_unit_test(test_parse_frame_end),
		cmocka_unit_test(test_parse_frame_every_cut),
		cmocka_unit_test(test_parse_frame_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
