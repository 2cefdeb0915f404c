// SPDX-License-Identifier: GPL-2.0-only

/*
 * Holds the judging half of the reference against pairs of ports made by hand; what it remembers is
 * held against the conversations of flows.c, in test_flows.c.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reference.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct ref_entry database[] = {
	{ PORT_TCP, 80, 80, 0, 2, 1 },         { PORT_TCP, 8080, 8080, 0, 3, 2 },
	{ PORT_TCP, 8080, 8080, 0, 4, 3 },     { PORT_TCP, 50000, 50000, 0, 5, 4 },
	{ PORT_TCP, 60000, 60000, 0, 6, 5 },   { PORT_TCP, 6000, 6063, 0, 7, 6 },
	{ PORT_TCP, 32760, 32775, 0, 8, 7 },   { PORT_TCP, 443, 443, 0, 9, 8 },
	{ PORT_TCP, 7000, 7000, 0, 10, 9 },    { PORT_UDP, 16384, 16387, 0, 11, 10 },
	{ PORT_UDP, 16384, 16403, 0, 12, 11 }, { PORT_UDP, 16393, 16402, 0, 13, 12 },
	{ PORT_UDP, 16403, 16472, 0, 14, 13 }, { PORT_UDP, 40000, 40000, 0, 15, 14 },
	{ PORT_SCTP, 2905, 2905, 0, 16, 15 },  { PORT_DCCP, 5004, 5004, 0, 17, 16 },
	{ PORT_TCP, 6990, 7010, 1, 2, 17 },    { PORT_TCP, 9000, 9000, 1, 3, 18 },
};

static void test_find_owner_precedence(void **state)
{
	static const struct {
		const char *desc;
		enum port_transport transport;
		uint16_t port, slot;
	} rows[] = {
		{ "narrower range first in the file", PORT_UDP, 16385, 10 },
		{ "only the wider range", PORT_UDP, 16390, 11 },
		{ "narrower range last in the file", PORT_UDP, 16400, 12 },
		{ "last port of one, first of a wider one", PORT_UDP, 16403, 11 },
		{ "last port", PORT_UDP, 16472, 13 },
		{ "past the last port", PORT_UDP, 16473, 0 },
		{ "before the first port", PORT_UDP, 16383, 0 },
		{ "other transport", PORT_TCP, 16385, 0 },
		{ "earlier line", PORT_TCP, 8080, 2 },
		{ "later file, though wider", PORT_TCP, 7000, 17 },
	};
	const size_t n = ARRAY_LEN(database);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct ref_entry *owner =
			reference_find_owner(database, n, (int)rows[i].transport, rows[i].port);

		if ((owner ? owner->slot : 0) != rows[i].slot)
			fail_msg("%s: slot %d", rows[i].desc, owner ? owner->slot : 0);
	}
}

#define NO_TCP PORT_UNCLASSIFIED_TCP, 0
#define NO_UDP PORT_UNCLASSIFIED_UDP, 0
#define NO_SCTP PORT_UNCLASSIFIED_SCTP, 0
#define NO_DCCP PORT_UNCLASSIFIED_DCCP, 0

static const struct rule_row {
	const char *desc;
	uint8_t protocol, flags;
	uint16_t src, dst;
	int bucket;
	uint16_t slot, service;
	int method;
} rule_rows[] = {
	{ "SYN", 6, 0x02, 80, 8080, -1, 2, 8080, PORT_HANDSHAKE },
	{ "SYN with other flags", 6, 0xef, 80, 8080, -1, 2, 8080, PORT_HANDSHAKE },
	{ "SYN+ACK", 6, 0x12, 8080, 80, -1, 2, 8080, PORT_HANDSHAKE },
	{ "SYN+ACK with all flags", 6, 0xff, 8080, 80, -1, 2, 8080, PORT_HANDSHAKE },
	{ "SYN to an unknown port", 6, 0x02, 80, 999, NO_TCP, 999, PORT_HANDSHAKE },
	{ "SYN to a weak port", 6, 0x02, 1000, 50000, -1, 4, 50000, PORT_HANDSHAKE },
	{ "SYN+ACK, equal ports", 6, 0x12, 80, 80, -1, 1, 80, PORT_HANDSHAKE },
	{ "UDP has no flags", 17, 0x02, 16400, 60001, -1, 12, 16400, PORT_DATABASE },
	{ "INIT", 132, 1, 2905, 2906, NO_SCTP, 2906, PORT_HANDSHAKE },
	{ "INIT ACK", 132, 2, 2905, 2906, -1, 15, 2905, PORT_HANDSHAKE },
	{ "ABORT is no handshake", 132, 6, 2905, 2906, NO_SCTP, 2906, PORT_GUESS },
	{ "Request", 33, 0x00, 5004, 5005, NO_DCCP, 5005, PORT_HANDSHAKE },
	{ "Response, and the reserved bits", 33, 0xe3, 5004, 5005, -1, 16, 5004, PORT_HANDSHAKE },
	{ "Reset is no handshake", 33, 0x0f, 5004, 5005, NO_DCCP, 5005, PORT_GUESS },

	{ "firm source", 6, 0x10, 80, 79, -1, 1, 80, PORT_DATABASE },
	{ "firm destination", 6, 0x10, 79, 80, -1, 1, 80, PORT_DATABASE },
	{ "weak one against a firm one", 6, 0x10, 50000, 80, -1, 1, 80, PORT_DATABASE },

	{ "one entry, not firm", 6, 0x10, 1, 6063, -1, 6, 6063, PORT_DATABASE },
	{ "weak one against an entry", 6, 0x10, 50000, 6000, -1, 6, 6000, PORT_DATABASE },
	{ "weak one against 32767", 6, 0x10, 50000, 32767, -1, 7, 32767, PORT_DATABASE },
	{ "not yet weak at 32767", 6, 0x10, 32767, 1000, -1, 7, 32767, PORT_DATABASE },

	{ "narrower range at the source", 6, 0x10, 8080, 6000, -1, 2, 8080, PORT_TIE },
	{ "narrower range before the later file", 6, 0x10, 7000, 8080, -1, 2, 8080, PORT_TIE },
	{ "later file", 6, 0x10, 80, 9000, -1, 18, 9000, PORT_TIE },
	{ "equal rank, lower source", 6, 0x10, 80, 443, -1, 1, 80, PORT_TIE },
	{ "equal rank, lower destination", 6, 0x10, 443, 80, -1, 1, 80, PORT_TIE },
	{ "one range twice", 6, 0x10, 6001, 6000, -1, 6, 6000, PORT_TIE },
	{ "equal known ports", 6, 0x10, 80, 80, -1, 1, 80, PORT_TIE },

	{ "lower source", 6, 0x10, 0, 65535, NO_TCP, 0, PORT_GUESS },
	{ "lower destination", 6, 0x10, 65535, 0, NO_TCP, 0, PORT_GUESS },
	{ "equal unknown ports", 6, 0x10, 79, 79, NO_TCP, 79, PORT_GUESS },
	{ "weak one alone, and higher", 6, 0x10, 50000, 1000, NO_TCP, 1000, PORT_GUESS },
	{ "weak from 32768", 6, 0x10, 32768, 1000, NO_TCP, 1000, PORT_GUESS },
	{ "weak one, lower", 6, 0x10, 50001, 50000, -1, 4, 50000, PORT_DATABASE },
	{ "weak one, higher", 6, 0x10, 40001, 50000, NO_TCP, 40001, PORT_GUESS },
	{ "two weak ones, lower source", 6, 0x10, 50000, 60000, -1, 4, 50000, PORT_TIE },
	{ "two weak ones, lower destination", 6, 0x10, 50000, 32768, -1, 7, 32768, PORT_TIE },
	{ "equal weak ports", 6, 0x10, 50000, 50000, -1, 4, 50000, PORT_TIE },

	{ "UDP, one class", 17, 0, 1, 2, NO_UDP, 2, PORT_GUESS },
	{ "UDP, one class, the other has an entry", 17, 0, 16393, 2000, NO_UDP, 2000, PORT_GUESS },
	{ "UDP, system's source", 17, 0, 1023, 16393, NO_UDP, 1023, PORT_GUESS },
	{ "UDP, source below the clients", 17, 0, 16393, 40000, -1, 12, 16393, PORT_DATABASE },
	{ "UDP, two entries", 17, 0, 16385, 16393, -1, 12, 16393, PORT_TIE },
	{ "UDP, weak destination", 17, 0, 50000, 40000, -1, 14, 40000, PORT_DATABASE },
	{ "UDP, weak destination, lower source", 17, 0, 2000, 40000, NO_UDP, 2000, PORT_GUESS },
	{ "UDP-Lite is UDP", 136, 0, 2000, 16393, -1, 12, 16393, PORT_DATABASE },
	{ "SCTP", 132, 0, 2905, 40000, -1, 15, 2905, PORT_DATABASE },
	{ "DCCP", 33, 0x05, 40000, 5004, -1, 16, 5004, PORT_DATABASE },
	{ "another transport's port", 33, 0x05, 80, 81, NO_DCCP, 81, PORT_GUESS },
};

/* Where each transport has what tells of a connection; UDP has nothing there. */
static size_t telling_at(uint8_t protocol)
{
	return 20 + (protocol == 132 ? 12 : protocol == 33 ? 8 : 13);
}

static void put_packet(uint8_t packet[34], const struct rule_row *row)
{
	memset(packet, 0, 34);
	packet[0] = 0x45;
	packet[9] = row->protocol;
	packet[20] = (uint8_t)(row->src >> 8);
	packet[21] = (uint8_t)row->src;
	packet[22] = (uint8_t)(row->dst >> 8);
	packet[23] = (uint8_t)row->dst;
	packet[telling_at(row->protocol)] = row->flags;
}

static void test_classify_rules(void **state)
{
	uint8_t packet[34];
	struct ref_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rule_rows); i++) {
		const struct rule_row *row = &rule_rows[i];
		const bool at_source = row->service == row->src && row->src != row->dst;

		put_packet(packet, row);
		reference_classify(packet, sizeof(packet), true, database, ARRAY_LEN(database), &v);
		if (v.bucket != row->bucket || v.slot != row->slot || v.method != row->method)
			fail_msg("%s: bucket %d slot %u method %d", row->desc, v.bucket, v.slot,
				 v.method);
		if (v.service_port != row->service || v.direction != (at_source ? 1 : 0))
			fail_msg("%s: port %u to %u", row->desc, v.service_port, v.direction);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_owner_precedence),
		cmocka_unit_test(test_classify_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
