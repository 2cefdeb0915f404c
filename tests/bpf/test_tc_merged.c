// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the tc hook sees merged: they must be counted as the frames that they are on the
 * wire. The random ones are cut here, and the XDP hook's program counts the parts. Besides, frames
 * whose linear part is short. By BPF_PROG_TEST_RUN; no device is touched.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "world.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define MERGED_FRAMES 3000 /* with an Ethernet header, and as many without */
#define COMPARED_AT_ONCE 50
#define BY_FRAGMENTS 0xffff            /* gso_size of SCTP: the parts are of any length */
#define VXLAN_BYTES (8 + 14 + 20 + 20) /* and the inner Ethernet, IPv4 and TCP headers */

/* What the kernel tells of an IPv4 packet with so much payload, and what it is on the wire. */
struct merged_row {
	const char *desc;
	uint8_t protocol;
	uint16_t source, destination;
	uint32_t inner; /* bytes behind the outer transport header that each part has too */
	uint32_t payload, size, segments;
	uint32_t packets, headers; /* headers that are counted of each packet but one */
};

#define TCP_HEADERS (14 + 20 + 20)
#define UDP_HEADERS (14 + 20 + 8)
#define SCTP_HEADERS (14 + 20 + 12)

static const struct merged_row merged_rows[] = {
	{ "not merged", IPPROTO_TCP, 443, 50000, 0, 1000, 0, 0, 1, 0 },
	{ "one segment", IPPROTO_TCP, 443, 50000, 0, 1000, 0, 1, 1, 0 },
	{ "one segment of a size", IPPROTO_TCP, 443, 50000, 0, 700, 1000, 1, 1, 0 },
	{ "two full ones", IPPROTO_TCP, 443, 50000, 0, 1000, 500, 2, 2, TCP_HEADERS },
	{ "the second of a byte", IPPROTO_TCP, 443, 50000, 0, 501, 500, 2, 2, TCP_HEADERS },
	{ "17 segments", IPPROTO_TCP, 443, 50000, 0, 1650, 100, 17, 17, TCP_HEADERS },
	{ "UDP", IPPROTO_UDP, 40000, 443, 0, 1201, 400, 4, 4, UDP_HEADERS },
	{ "UDP of no service", IPPROTO_UDP, 40000, 40001, 0, 1201, 400, 4, 4, UDP_HEADERS },
	{ "SCTP", IPPROTO_SCTP, 40000, 40001, 0, 1201, BY_FRAGMENTS, 5, 5, SCTP_HEADERS },
	{ "untrusted: two", IPPROTO_TCP, 443, 50000, 0, 1000, 500, 0, 2, TCP_HEADERS },
	{ "untrusted: three", IPPROTO_TCP, 443, 50000, 0, 1001, 500, 0, 3, TCP_HEADERS },
	{ "untrusted: one", IPPROTO_TCP, 443, 50000, 0, 500, 500, 0, 1, 0 },
	{ "untrusted: nothing in it", IPPROTO_TCP, 443, 50000, 0, 0, 500, 0, 1, 0 },
	{ "untrusted SCTP", IPPROTO_SCTP, 40000, 40001, 0, 900, BY_FRAGMENTS, 0, 1, 0 },
	/* Each part has the inner headers too; where the last is not full they cannot be known. */
	{ "tunnel", IPPROTO_UDP, 40000, 4789, VXLAN_BYTES, 1500, 500, 3, 3,
	  UDP_HEADERS + VXLAN_BYTES },
	{ "tunnel, the last not full", IPPROTO_UDP, 40000, 4789, VXLAN_BYTES, 1200, 500, 3, 3,
	  UDP_HEADERS },
	{ "tunnel, the last almost full", IPPROTO_UDP, 40000, 4789, VXLAN_BYTES, 1490, 500, 3, 3,
	  UDP_HEADERS + VXLAN_BYTES - 10 },
	{ "IP in IP", IPPROTO_IPIP, 0, 0, 40, 1000, 500, 2, 2, 14 + 20 + 40 },
	{ "ESP", IPPROTO_ESP, 0, 0, 40, 1000, 500, 2, 2, 14 + 20 + 40 },
	/* What cannot be: the parsed headers are believed. */
	{ "fewer segments than there is payload", IPPROTO_TCP, 443, 50000, 0, 1600, 100, 2, 2,
	  TCP_HEADERS },
	{ "more segments than there is payload", IPPROTO_TCP, 443, 50000, 0, 100, 100, 3, 3,
	  TCP_HEADERS },
	{ "as many as the kernel can tell", IPPROTO_TCP, 443, 50000, 0, 1600, 65535, 65535, 65535,
	  TCP_HEADERS },
};

static void put_transport(struct packet *p, const struct merged_row *row)
{
	if (row->source)
		packet_ports(p, row->protocol, row->source, row->destination, PACKET_TCP_ACK);
	else
		packet_protocol(p, row->protocol);
}

static void add_row(struct program *program, const struct merged_row *row)
{
	struct packet p = {};
	struct frame frame = {
		.desc = row->desc,
		.bytes = p.data,
		.linear = PROGRAM_ALL_LINEAR,
		.size = row->size,
		.segments = row->segments,
		.packets = row->packets,
	};

	packet_eth(&p);
	packet_ipv4(&p, 5, 0);
	put_transport(&p, row);
	packet_payload(&p, row->inner + row->payload);
	packet_finish(&p);
	frame.len = (uint32_t)p.len;
	frame.packets_bytes = frame.len + (row->packets - 1) * row->headers;
	program_add_frame(program, &frame);
}

static void test_tc_merged_table(void **state)
{
	const struct program_options options = { .is_tc = true, .forgets = true };
	struct program *program;

	(void)state;
	world_skip_without_bpf();
	program = world_load(&options);
	for (size_t i = 0; i < ARRAY_LEN(merged_rows); i++) {
		add_row(program, &merged_rows[i]);
		program_check(program);
	}
	program_free(program);
}

static uint32_t choose(uint32_t first, uint32_t last)
{
	return first + rng_below(&world.rng, last - first + 1);
}

static uint16_t choose_port(void)
{
	if (choose(0, 1))
		return world.rng.ports[rng_below(&world.rng, (uint32_t)world.rng.ports_len)];
	return (uint16_t)rng_next(&world.rng);
}

static void put_link(struct packet *p)
{
	packet_eth(p);
	for (uint32_t tags = choose(0, 5); tags > 2; tags--)
		packet_vlan(p, tags == 5 ? 0x88a8 : 0x8100, 1);
}

static void put_ip(struct packet *p)
{
	if (choose(0, 1)) {
		packet_ipv4(p, choose(0, 2) ? 5 : (uint8_t)choose(6, 15), 0);
		return;
	}
	packet_ipv6(p);
	for (uint32_t extensions = choose(0, 5); extensions > 3; extensions--)
		packet_ext(p, IPPROTO_DSTOPTS, 8 * choose(1, 3));
}

static void put_tcp(struct packet *p)
{
	static const uint8_t flags[] = {
		PACKET_TCP_ACK,
		PACKET_TCP_ACK,
		PACKET_TCP_ACK | 0x08,
		PACKET_TCP_SYN,
		PACKET_TCP_SYN | PACKET_TCP_ACK,
		PACKET_TCP_RST,
		PACKET_TCP_ACK | PACKET_TCP_FIN,
	};
	const size_t at = p->len;
	const uint32_t options = choose(0, 1) ? 3 : choose(0, 10);

	packet_ports(p, IPPROTO_TCP, choose_port(), choose_port(),
		     flags[choose(0, ARRAY_LEN(flags) - 1)]);
	packet_payload(p, options * 4);
	p->data[at + 12] = (uint8_t)((5 + options) << 4);
}

/* All headers that each part has, those of a transport that the kernel merges or cuts. */
static void make_headers(struct packet *p, bool starts_at_l3)
{
	static const uint8_t others[] = { IPPROTO_UDP, IPPROTO_UDP, IPPROTO_SCTP };

	*p = (struct packet){};
	if (!starts_at_l3)
		put_link(p);
	put_ip(p);
	if (choose(0, 2))
		put_tcp(p);
	else
		packet_ports(p, others[choose(0, 2)], choose_port(), choose_port(), 0);
}

static void run_alone(struct program *program, const struct packet *headers, size_t payload,
		      uint32_t size, uint32_t segments)
{
	struct packet p = *headers;
	const struct frame frame = {
		.desc = size ? "random merged frame" : "random part",
		.bytes = p.data,
		.len = (uint32_t)(p.len + payload),
		.linear = PROGRAM_ALL_LINEAR,
		.size = size,
		.segments = segments,
		.packets = segments,
	};

	packet_payload(&p, payload);
	packet_finish(&p);
	if (size && choose(0, 7) == 0)
		packet_set_ip_length(&p, 0); /* as of what is too long for the field */
	program_forget(program);
	program_run(program, &frame);
}

static void run_merged(struct program *tc, struct program *xdp)
{
	struct packet headers;
	uint32_t payload, size, segments = 0;

	make_headers(&headers, tc->options.starts_at_l3);
	payload = choose(2, PACKET_MAX - (uint32_t)headers.len);
	size = choose(1 + payload / 20, payload - 1);
	for (uint32_t done = 0; done < payload; done += size, segments++)
		run_alone(xdp, &headers, size < payload - done ? size : payload - done, 0, 0);
	run_alone(tc, &headers, payload, size, choose(0, 2) ? segments : 0);
}

static void compare(struct program *tc, struct program *xdp)
{
	ledger_read(&tc->found, tc->object);
	ledger_read(&xdp->found, xdp->object);
	if (ledger_compare(&xdp->found, &tc->found, true))
		fail_msg("merged frames are counted otherwise than their parts are");
}

static void test_tc_merged_as_parts(void **state)
{
	(void)state;
	world_skip_without_bpf();
	for (int starts_at_l3 = 0; starts_at_l3 < 2; starts_at_l3++) {
		struct program_options options = { .starts_at_l3 = starts_at_l3 };
		struct program *xdp = world_load(&options), *tc;

		options.is_tc = true;
		tc = world_load(&options);
		for (unsigned int i = 1; i <= MERGED_FRAMES; i++) {
			run_merged(tc, xdp);
			if (i % COMPARED_AT_ONCE == 0)
				compare(tc, xdp);
		}
		program_free(tc);
		program_free(xdp);
	}
}

/* The length is always the whole frame's here, so any split will do. */
static void check_row_splits(struct program *program, const struct packet_row *row)
{
	const struct packet *p = &row->packet;
	const unsigned int type = p->len < 14 ? 0 : p->data[12] << 8 | p->data[13];
	const uint32_t needed = 14 + (type == 0x0800 ? 20 : type == 0x86dd ? 40 : 0);

	for (uint32_t linear = needed; linear < p->len; linear += linear < 100 ? 1 : 37)
		program_add(program, row->desc, p->data, p->len, linear);
}

static void test_tc_short_linear_part(void **state)
{
	struct program_options options = { .is_tc = true, .forgets = true };

	(void)state;
	world_skip_without_bpf();
	for (int starts_at_l3 = 0; starts_at_l3 < 2; starts_at_l3++) {
		struct program *program;
		int error;

		options.starts_at_l3 = starts_at_l3;
		program = world_load(&options);
		if (!program_can_split(program, &error)) {
			program_free(program);
			print_message("skipped: kernel runs no skb with a short linear part: %s\n",
				      strerror(error));
			skip();
		}
		world_for_each_row(program, check_row_splits);
		program_free(program);
	}
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_tc_merged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tc_merged_table),
		cmocka_unit_test(test_tc_merged_as_parts),
		cmocka_unit_test(test_tc_short_linear_part),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
