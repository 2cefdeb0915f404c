// SPDX-License-Identifier: GPL-2.0-only
/* Which port is the service: the rules one by one, then all at once against the reference. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../bpf/resolve.h"
#include "generate.h"
#include "packet.h"
#include "reference.h"
#include "seed.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define VALUE(rank, slot) ((__u32)(rank) << PORT_VALUE_RANK_SHIFT | (slot))
#define FIRM(rank, slot) (PORT_VALUE_FIRM | VALUE(rank, slot))
#define WEAK(rank, slot) (PORT_VALUE_WEAK | VALUE(rank, slot))

#define SYN TCP_FLAG_SYN
#define ACK TCP_FLAG_ACK

static const struct resolve_row {
	const char *desc;
	enum port_transport transport;
	uint8_t flags;
	uint16_t source_port, destination_port;
	__u32 source, destination; /* the port table's values */
	uint32_t slot;             /* 0: unclassified */
	uint16_t port;
	enum port_direction direction;
	enum port_method method;
} rows[] = {
	{ "SYN: the destination", PORT_TCP, SYN, 50000, 8080, 0, VALUE(9, 1), 1, 8080,
	  PORT_TO_SERVER, PORT_HANDSHAKE },
	{ "SYN: the destination, though the source is firm", PORT_TCP, SYN, 20, 50000, FIRM(9, 1),
	  WEAK(9, 2), 2, 50000, PORT_TO_SERVER, PORT_HANDSHAKE },
	{ "SYN to a port without entry", PORT_TCP, SYN, 443, 50000, FIRM(9, 1), 0, 0, 50000,
	  PORT_TO_SERVER, PORT_HANDSHAKE },
	{ "SYN with CWR and ECE", PORT_TCP, SYN | 0xc0, 50000, 8080, 0, VALUE(9, 1), 1, 8080,
	  PORT_TO_SERVER, PORT_HANDSHAKE },
	{ "SYN and ACK: the source", PORT_TCP, SYN | ACK, 8080, 50000, VALUE(9, 1), 0, 1, 8080,
	  PORT_TO_CLIENT, PORT_HANDSHAKE },
	{ "SYN and ACK: the source, though the destination is firm", PORT_TCP, SYN | ACK, 50000,
	  443, WEAK(1, 1), FIRM(9, 2), 1, 50000, PORT_TO_CLIENT, PORT_HANDSHAKE },
	{ "SYN and ACK from a port without entry", PORT_TCP, SYN | ACK, 50000, 443, 0, FIRM(9, 2),
	  0, 50000, PORT_TO_CLIENT, PORT_HANDSHAKE },
	{ "SYN and ACK between equal ports", PORT_TCP, SYN | ACK, 179, 179, FIRM(9, 1), FIRM(9, 1),
	  1, 179, PORT_TO_SERVER, PORT_HANDSHAKE },
	{ "ACK alone is no handshake", PORT_TCP, ACK, 50000, 80, 0, FIRM(9, 1), 1, 80,
	  PORT_TO_SERVER, PORT_DATABASE },
	{ "RST is no handshake", PORT_TCP, 0x04 | ACK, 80, 50000, FIRM(9, 1), 0, 1, 80,
	  PORT_TO_CLIENT, PORT_DATABASE },
	{ "FIN is no handshake", PORT_TCP, 0x01, 80, 50000, FIRM(9, 1), 0, 1, 80, PORT_TO_CLIENT,
	  PORT_DATABASE },
	{ "firm destination, no entry at the source", PORT_UDP, 0, 40000, 53, 0, FIRM(1, 1), 1, 53,
	  PORT_TO_SERVER, PORT_DATABASE },
	{ "firm source, no entry at the destination", PORT_UDP, 0, 53, 40000, FIRM(1, 1), 0, 1, 53,
	  PORT_TO_CLIENT, PORT_DATABASE },
	{ "firm does not beat an entry of higher rank", PORT_UDP, 0, 53, 5353, FIRM(5, 1),
	  VALUE(6, 2), 2, 5353, PORT_TO_SERVER, PORT_TIE },
	{ "firm against weak: the weak one may not win", PORT_TCP, ACK, 50000, 443, WEAK(9, 1),
	  FIRM(5, 2), 2, 443, PORT_TO_SERVER, PORT_DATABASE },
	{ "one entry, at the destination", PORT_TCP, ACK, 50000, 8080, 0, VALUE(1, 1), 1, 8080,
	  PORT_TO_SERVER, PORT_DATABASE },
	{ "one entry, at the source", PORT_TCP, ACK, 8080, 50000, VALUE(1, 1), 0, 1, 8080,
	  PORT_TO_CLIENT, PORT_DATABASE },
	{ "one entry, on the higher port", PORT_TCP, ACK, 1500, 8080, 0, VALUE(1, 1), 1, 8080,
	  PORT_TO_SERVER, PORT_DATABASE },
	{ "weak destination, low source without entry", PORT_TCP, ACK, 2000, 50000, 0, WEAK(9, 1),
	  0, 2000, PORT_TO_CLIENT, PORT_GUESS },
	{ "weak source, low destination without entry", PORT_UDP, 0, 50000, 2000, WEAK(9, 1), 0, 0,
	  2000, PORT_TO_SERVER, PORT_GUESS },
	{ "weak source, destination 32767", PORT_UDP, 0, 50000, 32767, WEAK(9, 1), 0, 0, 32767,
	  PORT_TO_SERVER, PORT_GUESS },
	{ "weak source, destination 32768", PORT_UDP, 0, 50000, 32768, WEAK(9, 1), 0, 1, 50000,
	  PORT_TO_CLIENT, PORT_DATABASE },
	{ "weak destination, source 32768", PORT_UDP, 0, 32768, 50000, 0, WEAK(9, 1), 1, 50000,
	  PORT_TO_SERVER, PORT_DATABASE },
	{ "weak source, low destination with an entry of lower rank", PORT_UDP, 0, 50000, 5000,
	  WEAK(9, 1), VALUE(1, 2), 2, 5000, PORT_TO_SERVER, PORT_DATABASE },
	{ "weak destination, low source with an entry of lower rank", PORT_UDP, 0, 5000, 50000,
	  VALUE(1, 2), WEAK(9, 1), 2, 5000, PORT_TO_CLIENT, PORT_DATABASE },
	{ "two weak ones: the higher rank", PORT_UDP, 0, 60000, 50000, WEAK(9, 1), WEAK(8, 2), 1,
	  60000, PORT_TO_CLIENT, PORT_TIE },
	{ "tie: higher rank at the source", PORT_UDP, 0, 6000, 5000, VALUE(7, 1), VALUE(6, 2), 1,
	  6000, PORT_TO_CLIENT, PORT_TIE },
	{ "tie: higher rank at the destination", PORT_UDP, 0, 5000, 6000, VALUE(6, 1), VALUE(7, 2),
	  2, 6000, PORT_TO_SERVER, PORT_TIE },
	{ "tie: the rank counts, not the slot", PORT_UDP, 0, 6000, 5000, VALUE(7, 1),
	  VALUE(6, 65000), 1, 6000, PORT_TO_CLIENT, PORT_TIE },
	{ "tie: the rank counts, not firm", PORT_TCP, ACK, 6000, 80, VALUE(7, 1), FIRM(6, 2), 1,
	  6000, PORT_TO_CLIENT, PORT_TIE },
	{ "tie: highest rank against the next", PORT_UDP, 0, 6000, 5000,
	  VALUE(PORT_VALUE_RANK_MAX, 1), VALUE(PORT_VALUE_RANK_MAX - 1, 2), 1, 6000, PORT_TO_CLIENT,
	  PORT_TIE },
	{ "equal rank: the lower port, at the source", PORT_TCP, ACK, 5000, 6000, VALUE(7, 1),
	  VALUE(7, 2), 1, 5000, PORT_TO_CLIENT, PORT_TIE },
	{ "equal rank: the lower port, at the destination", PORT_TCP, ACK, 6000, 5000, VALUE(7, 1),
	  VALUE(7, 2), 2, 5000, PORT_TO_SERVER, PORT_TIE },
	{ "two firm ones of equal rank: the lower port", PORT_TCP, ACK, 443, 80, FIRM(7, 1),
	  FIRM(7, 2), 2, 80, PORT_TO_SERVER, PORT_TIE },
	{ "equal ports with an entry", PORT_UDP, 0, 123, 123, FIRM(7, 1), FIRM(7, 1), 1, 123,
	  PORT_TO_SERVER, PORT_TIE },
	{ "equal ports with a weak entry", PORT_UDP, 0, 50000, 50000, WEAK(7, 1), WEAK(7, 1), 1,
	  50000, PORT_TO_SERVER, PORT_TIE },
	{ "equal ports without entry", PORT_TCP, ACK, 2000, 2000, 0, 0, 0, 2000, PORT_TO_SERVER,
	  PORT_GUESS },
	{ "guess, TCP: the lower port, at the source", PORT_TCP, ACK, 2000, 3000, 0, 0, 0, 2000,
	  PORT_TO_CLIENT, PORT_GUESS },
	{ "guess, TCP: the lower port, at the destination", PORT_TCP, ACK, 3000, 2000, 0, 0, 0,
	  2000, PORT_TO_SERVER, PORT_GUESS },
	{ "guess, UDP: the destination", PORT_UDP, 0, 2000, 3000, 0, 0, 0, 3000, PORT_TO_SERVER,
	  PORT_GUESS },
	{ "guess, SCTP: the destination", PORT_SCTP, 0, 2000, 3000, 0, 0, 0, 3000, PORT_TO_SERVER,
	  PORT_GUESS },
	{ "guess, DCCP: the destination", PORT_DCCP, 0, 2000, 3000, 0, 0, 0, 3000, PORT_TO_SERVER,
	  PORT_GUESS },
	{ "port 0, TCP", PORT_TCP, ACK, 0, 65535, 0, 0, 0, 0, PORT_TO_CLIENT, PORT_GUESS },
};

static void test_resolve_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct resolve_row *row = &rows[i];
		const struct pkt pkt = {
			.transport = (__u8)row->transport,
			.tcp_flags = row->flags,
			.source_port = row->source_port,
			.destination_port = row->destination_port,
		};
		const struct verdict v = resolve(&pkt, row->source, row->destination);
		const __u32 value = v.port == row->source_port ? row->source : row->destination;

		if (PORT_VALUE_SLOT(v.value) != row->slot || v.value != (row->slot ? value : 0) ||
		    v.port != row->port || v.direction != row->direction || v.method != row->method)
			fail_msg("%s: value %#x, port %u, direction %u, method %u", row->desc,
				 v.value, v.port, v.direction, v.method);
	}
}

/*
 * The table's value for a port, made from the entry that the reference gives the port to. Widths
 * are at most 8000 and files 0 or 1, so that this rank orders them as the contract does.
 */
static __u32 value_of(const struct ref_entry *entries, size_t n, const struct pkt *pkt,
		      uint16_t port)
{
	const struct ref_entry *owner = reference_find_owner(entries, n, pkt->transport, port);
	__u32 width, value;

	if (!owner)
		return 0;
	width = (__u32)owner->last - owner->first + 1;
	assert_in_range(width, 1, 8000);
	value = VALUE(PORT_VALUE_RANK_MAX - 2 * width + owner->file, owner->slot);
	if (width == 1 && port < PORT_FIRM_END)
		value |= PORT_VALUE_FIRM;
	return port >= PORT_WEAK_FIRST ? value | PORT_VALUE_WEAK : value;
}

/* The same question put to the reference as a frame. */
static struct ref_verdict ask_reference(const struct ref_entry *entries, size_t n,
					const struct pkt *pkt)
{
	static const uint8_t protocols[] = { IP_TCP, IP_UDP, IP_SCTP, IP_DCCP };
	struct packet p = {};
	struct ref_verdict v;

	packet_ipv4(&p, 5, 0);
	packet_ports(&p, protocols[pkt->transport], pkt->source_port, pkt->destination_port,
		     pkt->tcp_flags);
	packet_finish(&p);
	reference_classify(p.data, p.len, true, entries, n, &v);
	return v;
}

static void check_against_reference(const struct ref_entry *entries, size_t n,
				    const struct pkt *pkt)
{
	const struct ref_verdict expected = ask_reference(entries, n, pkt);
	const struct verdict v = resolve(pkt, value_of(entries, n, pkt, pkt->source_port),
					 value_of(entries, n, pkt, pkt->destination_port));

	if (PORT_VALUE_SLOT(v.value) == expected.slot && v.port == expected.service_port &&
	    v.direction == expected.direction && v.method == expected.method)
		return;
	for (size_t i = 0; i < n; i++)
		print_error("entry of slot %u: transport %d, ports %u to %u, file %u\n",
			    entries[i].slot, (int)entries[i].transport, entries[i].first,
			    entries[i].last, entries[i].file);
	fail_msg("transport %u, flags %#x, %u to %u: slot %u, port %u, direction %u, method %u; "
		 "not %u, %u, %u, %d",
		 pkt->transport, pkt->tcp_flags, pkt->source_port, pkt->destination_port,
		 PORT_VALUE_SLOT(v.value), v.port, v.direction, v.method, expected.slot,
		 expected.service_port, expected.direction, expected.method);
}

#define PORTS 14
#define ENTRIES_MAX 12

/* Entries that begin and end at the ports that the frames use; some lie over each other. */
static size_t make_entries(struct rng *rng, const uint16_t ports[PORTS], struct ref_entry *entries)
{
	const size_t n = rng_below(rng, ENTRIES_MAX + 1);

	for (size_t i = 0; i < n; i++) {
		const uint16_t first = ports[rng_below(rng, PORTS)];
		uint32_t last = first;

		if (rng_below(rng, 2))
			last += rng_below(rng, rng_below(rng, 2) ? 4 : 8000);
		entries[i] = (struct ref_entry){
			.transport = rng_below(rng, 3) ? PORT_TCP : PORT_UDP,
			.first = first,
			.last = last < 65535 ? (uint16_t)last : 65535,
			.file = rng_below(rng, 2),
			.line = (uint32_t)i + 1,
			.slot = (uint16_t)(i + 1),
		};
	}
	return n;
}

static void check_all_frames(const struct ref_entry *entries, size_t n, const uint16_t ports[PORTS])
{
	static const uint8_t flags[] = { ACK, SYN, SYN | ACK };

	for (size_t i = 0; i < (size_t)PORTS * PORTS; i++) {
		struct pkt pkt = {
			.source_port = ports[i / PORTS],
			.destination_port = ports[i % PORTS],
		};

		for (size_t flag = 0; flag < ARRAY_LEN(flags); flag++) {
			pkt.tcp_flags = flags[flag];
			check_against_reference(entries, n, &pkt);
		}
		pkt.tcp_flags = 0;
		for (pkt.transport = PORT_UDP; pkt.transport < PORT_TRANSPORTS; pkt.transport++)
			check_against_reference(entries, n, &pkt);
	}
}

/* Every pair of a few ports, every kind of frame, under a new database each time. */
static void test_resolve_against_reference(void **state)
{
	struct ref_entry entries[ENTRIES_MAX];
	struct rng rng;

	(void)state;
	rng_init(&rng, seed_choose(__func__), NULL, 0);
	for (int times = 0; times < 400; times++) {
		const uint16_t ports[PORTS] = {
			0,
			1,
			80,
			1023,
			1024,
			5000,
			5001,
			32767,
			32768,
			50000,
			65535,
			(uint16_t)rng_below(&rng, 1024),
			(uint16_t)(1024 + rng_below(&rng, 31744)),
			(uint16_t)(32768 + rng_below(&rng, 32768)),
		};

		check_all_frames(entries, make_entries(&rng, ports, entries), ports);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_rules),
		cmocka_unit_test(test_resolve_against_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
