// SPDX-License-Identifier: GPL-2.0-only

/* The words for the treaty's enums: those that the documentation promises, each one once. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct word_row {
	const char *desc;
	const char *(*name)(unsigned int value);
	unsigned int value;
	const char *word;
} word_rows[] = {
	{ "transport", transport_name, PORT_TCP, "tcp" },
	{ "transport", transport_name, PORT_UDP, "udp" },
	{ "transport", transport_name, PORT_SCTP, "sctp" },
	{ "transport", transport_name, PORT_DCCP, "dccp" },
	{ "bucket", bucket_name, PORT_UNCLASSIFIED_TCP, "unclassified_tcp" },
	{ "bucket", bucket_name, PORT_UNCLASSIFIED_UDP, "unclassified_udp" },
	{ "bucket", bucket_name, PORT_UNCLASSIFIED_SCTP, "unclassified_sctp" },
	{ "bucket", bucket_name, PORT_UNCLASSIFIED_DCCP, "unclassified_dccp" },
	{ "bucket", bucket_name, PORT_ARP, "arp" },
	{ "bucket", bucket_name, PORT_LLC, "llc" },
	{ "bucket", bucket_name, PORT_VLAN_DEPTH, "vlan_depth" },
	{ "bucket", bucket_name, PORT_MPLS_DEPTH, "mpls_depth" },
	{ "bucket", bucket_name, PORT_PPPOE, "pppoe" },
	{ "bucket", bucket_name, PORT_OTHER_L2, "other_l2" },
	{ "bucket", bucket_name, PORT_MALFORMED, "malformed" },
	{ "bucket", bucket_name, PORT_IPV6_EXT_LIMIT, "ipv6_ext_limit" },
	{ "bucket", bucket_name, PORT_FRAGMENT, "fragment" },
	{ "bucket", bucket_name, PORT_ICMP, "icmp" },
	{ "bucket", bucket_name, PORT_IGMP, "igmp" },
	{ "bucket", bucket_name, PORT_IPIP, "ipip" },
	{ "bucket", bucket_name, PORT_IPV6_ENCAP, "ipv6_encap" },
	{ "bucket", bucket_name, PORT_GRE, "gre" },
	{ "bucket", bucket_name, PORT_ESP, "esp" },
	{ "bucket", bucket_name, PORT_ICMPV6, "icmpv6" },
	{ "bucket", bucket_name, PORT_OSPF, "ospf" },
	{ "bucket", bucket_name, PORT_PIM, "pim" },
	{ "bucket", bucket_name, PORT_VRRP, "vrrp" },
	{ "bucket", bucket_name, PORT_L2TP, "l2tp" },
	{ "bucket", bucket_name, PORT_OTHER_IP, "other_ip" },
	{ "direction", direction_name, PORT_TO_SERVER, "to_server" },
	{ "direction", direction_name, PORT_TO_CLIENT, "to_client" },
	{ "method", method_name, PORT_HANDSHAKE, "handshake" },
	{ "method", method_name, PORT_ENDPOINT, "endpoint" },
	{ "method", method_name, PORT_DATABASE, "database" },
	{ "method", method_name, PORT_TIE, "tie" },
	{ "method", method_name, PORT_GUESS, "guess" },
};

static void test_name_of_each_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(word_rows); i++) {
		const struct word_row *row = &word_rows[i];
		const char *word = row->name(row->value);

		if (strcmp(word, row->word) != 0)
			fail_msg("%s %s: %s", row->desc, row->word, word);
	}
}

static const struct enum_row {
	const char *desc;
	const char *(*name)(unsigned int value);
	unsigned int end;
} enum_rows[] = {
	{ "transport", transport_name, PORT_TRANSPORTS },
	{ "bucket", bucket_name, PORT_BUCKETS },
	{ "direction", direction_name, PORT_DIRECTIONS },
	{ "method", method_name, PORT_METHODS },
};

/* Words are values of metric labels: two of the same would be one series given twice. */
static void test_name_is_unique_and_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(enum_rows); i++) {
		const struct enum_row *row = &enum_rows[i];

		for (unsigned int value = 0; value < row->end; value++) {
			if (strcmp(row->name(value), "?") == 0)
				fail_msg("%s %u has no word", row->desc, value);
			for (unsigned int other = 0; other < value; other++)
				if (strcmp(row->name(value), row->name(other)) == 0)
					fail_msg("%s %u and %u share a word", row->desc, value,
						 other);
		}
	}
}

static void test_name_outside_enum(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(enum_rows); i++) {
		const struct enum_row *row = &enum_rows[i];

		if (strcmp(row->name(row->end), "?") != 0 || strcmp(row->name(UINT_MAX), "?") != 0)
			fail_msg("%s past the last has a word", row->desc);
	}
}

static void test_transport_from_name_words(void **state)
{
	static const struct {
		const char *desc, *text;
		size_t len;
		unsigned int transport;
	} rows[] = {
		{ "a name", "udp", 3, PORT_UDP },
		{ "in capitals", "DCCP", 4, PORT_DCCP },
		{ "more behind it", "tcp/x", 3, PORT_TCP },
		{ "the start of a name", "sct", 3, PORT_TRANSPORTS },
		{ "longer than a name", "tcpx", 4, PORT_TRANSPORTS },
		{ "nothing", "", 0, PORT_TRANSPORTS },
		{ "another protocol", "ddp", 3, PORT_TRANSPORTS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (transport_from_name(rows[i].text, rows[i].len) != rows[i].transport)
			fail_msg("%s", rows[i].desc);
	for (unsigned int i = 0; i < PORT_TRANSPORTS; i++)
		assert_int_equal(transport_from_name(transport_name(i), strlen(transport_name(i))),
				 i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transport_from_name_words),
		cmocka_unit_test(test_name_of_each_value),
		cmocka_unit_test(test_name_is_unique_and_there),
		cmocka_unit_test(test_name_outside_enum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
