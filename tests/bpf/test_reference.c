// SPDX-License-Identifier: GPL-2.0-only

/* Holds the reading half of the reference against frames made by hand. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Frames as hexadecimal digits, built from the outside in. */
#define MACS "020000000001 020000000002 "
#define TAG(tpid) tpid " a005 "
#define IP4(total, fragment, proto) "4500 " total " 0001 " fragment " 40 " proto " 0000" ADDRS4
#define ADDRS4 " 0a000001 0a000002 "
#define ADDRS6 " 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define IP6(payload, next) "60000000 " payload next " 40" ADDRS6
#define PORTS "1388 0050 "
#define ACK14 PORTS "00000001 00000002 5010 "
#define OPT(next) next " 00 000000000000 "
#define AUTH(next) next " 01 0000 00000001 00000001 "
#define AUTHS4 AUTH("33") AUTH("33") AUTH("33") AUTH("33")
#define OPTS7 OPT("2b") OPT("87") OPT("00") OPT("3c") OPT("2b") OPT("2b") OPT("2b")
#define LABEL(bottom) "0001 " bottom " 40 "
#define PPPOE(proto) "8864 1100 0001 0000 " proto

struct frame_row {
	const char *desc;
	const char *frame;
	int bucket; /* an unclassified one stands for ports 5000 to 80 */
};

static const struct frame_row ethernet_rows[] = {
	{ "13 bytes", MACS "08", PORT_MALFORMED },
	{ "802.3 length", MACS "0026 4242 03", PORT_LLC },
	{ "greatest 802.3 length", MACS "05ff", PORT_LLC },
	{ "least ethertype", MACS "0600", PORT_OTHER_L2 },
	{ "ARP, nothing behind it", MACS "0806", PORT_ARP },
	{ "LLDP", MACS "88cc 0207", PORT_OTHER_L2 },
	{ "IPv4 TCP", MACS "0800" IP4("0022", "0000", "06") ACK14, PORT_UNCLASSIFIED_TCP },
	{ "IPv6 UDP", MACS "86dd" IP6("0004", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "IPv4 behind IPv6's type", MACS "86dd" IP4("0018", "0000", "11") PORTS, PORT_MALFORMED },
	{ "only its version is 4", MACS "86dd 40000000 0004 11 40" ADDRS6 PORTS, PORT_MALFORMED },
	{ "only its version is 6", MACS "0800 6500 0018 0001 0000 4011 0000" ADDRS4 PORTS,
	  PORT_MALFORMED },
	{ "three kinds of tag", MACS TAG("88a8") TAG("9100") TAG("8100") "0800"
	  IP4("0018", "0000", "84") PORTS, PORT_UNCLASSIFIED_SCTP },
	{ "four tags", MACS TAG("88a8") TAG("8100") TAG("8100") TAG("8100") "86dd"
	  IP6("0004", "21") PORTS, PORT_UNCLASSIFIED_DCCP },
	{ "fifth tag, cut", MACS TAG("8100") TAG("8100") TAG("8100") TAG("8100") "8100",
	  PORT_VLAN_DEPTH },
	{ "tag cut by a byte", MACS "8100 a005 08", PORT_MALFORMED },
	{ "802.3 behind a tag", MACS TAG("8100") "0010", PORT_LLC },
	{ "ARP behind a tag", MACS TAG("8100") "0806", PORT_ARP },
	{ "PPPoE discovery", MACS "8863", PORT_PPPOE },
	{ "PPPoE header cut", MACS "8864 1100 0001 0000 00", PORT_MALFORMED },
	{ "PPP LCP", MACS PPPOE("c021"), PORT_PPPOE },
	{ "PPP IPv4", MACS PPPOE("0021") IP4("0018", "0000", "88") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "PPP IPv6 behind a tag", MACS TAG("8100") PPPOE("0057") IP6("0004", "11") PORTS,
	  PORT_UNCLASSIFIED_UDP },
	{ "PPP IPv4, but version 6", MACS PPPOE("0021") IP6("0004", "11") PORTS, PORT_MALFORMED },
	{ "MPLS IPv4", MACS "8847" LABEL("01") IP4("0018", "0000", "11") PORTS,
	  PORT_UNCLASSIFIED_UDP },
	{ "4 labels, IPv6, behind a tag", MACS TAG("8100") "8848" LABEL("00") LABEL("00")
	  LABEL("fe") LABEL("ff") IP6("0004", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "4 labels, not the bottom", MACS "8847" LABEL("00") LABEL("00") LABEL("00") LABEL("00"),
	  PORT_MPLS_DEPTH },
	{ "4th label cut", MACS "8847" LABEL("00") LABEL("00") LABEL("00") "000101",
	  PORT_MALFORMED },
	{ "label, nothing behind it", MACS "8847" LABEL("01"), PORT_MALFORMED },
	{ "pseudowire", MACS "8847" LABEL("01") "00000000", PORT_OTHER_L2 },
	{ "padding is not ports", MACS "0800" IP4("0016", "0000", "11") PORTS "00000000",
	  PORT_MALFORMED },
};

static const struct frame_row ip_rows[] = {
	{ "empty", "", PORT_MALFORMED },
	{ "one byte of IPv4", "45", PORT_MALFORMED },
	{ "one byte of IPv6", "60", PORT_MALFORMED },
	{ "neither version", "50", PORT_OTHER_L2 },
	{ "19 bytes", "4500 0013 0001 0000 4001 0000 0a000001 0a0000", PORT_MALFORMED },
	{ "IHL 4", "4400 0014 0001 0000 4001 0000" ADDRS4, PORT_MALFORMED },
	{ "IHL 6", "4600 001c 0001 0000 4011 0000" ADDRS4 "01010101" PORTS, PORT_UNCLASSIFIED_UDP },
	{ "IHL 6 past the total", "4600 0017 0001 0000 4001 0000" ADDRS4 "01010101",
	  PORT_MALFORMED },
	{ "IHL 6 past the frame", "4600 0020 0001 0000 4001 0000" ADDRS4 "010101", PORT_MALFORMED },
	{ "total of 19", IP4("0013", "0000", "01"), PORT_MALFORMED },
	{ "total of 0", IP4("0000", "0000", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "total past the frame", IP4("ffff", "0000", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "evil and don't-fragment bits", IP4("0018", "c000", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "first fragment", IP4("0018", "2000", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "last fragment of ICMP", IP4("0014", "0001", "01"), PORT_FRAGMENT },
	{ "middle fragment", IP4("0018", "3000", "11") PORTS, PORT_FRAGMENT },
	{ "fragment, bad header", IP4("0013", "0001", "11"), PORT_MALFORMED },
	{ "TCP cut before its flags", IP4("0021", "0000", "06") ACK14, PORT_MALFORMED },
	{ "AH, TCP", IP4("0000", "0000", "33") AUTH("06") ACK14, PORT_UNCLASSIFIED_TCP },
	{ "AH of 8 bytes", IP4("0000", "0000", "33") "11 00 0000 00000000" PORTS,
	  PORT_UNCLASSIFIED_UDP },
	{ "AH cut", IP4("0000", "0000", "33") "01 01 0000 00000001 000000", PORT_MALFORMED },
	{ "8 AHs", IP4("0000", "0000", "33") AUTHS4 AUTH("33") AUTH("33") AUTH("33") AUTH("11")
	  PORTS, PORT_UNCLASSIFIED_UDP },
	{ "9th AH, cut", IP4("0000", "0000", "33") AUTHS4 AUTHS4, PORT_IPV6_EXT_LIMIT },
	{ "AH, then what IPv4 has not", IP4("0000", "0000", "33") AUTH("3c") OPT("11") PORTS,
	  PORT_OTHER_IP },
	{ "payload of 0", IP6("0000", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "payload past the frame", IP6("ffff", "11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "payload of 3, padding", IP6("0003", "11") PORTS, PORT_MALFORMED },
	{ "8 extensions", IP6("0000", "3c") OPTS7 OPT("11") PORTS, PORT_UNCLASSIFIED_UDP },
	{ "9th extension, cut", IP6("0000", "3c") OPTS7 OPT("3c"), PORT_IPV6_EXT_LIMIT },
	{ "8th extension cut", IP6("0000", "3c") OPTS7 "11 00 0000000000", PORT_MALFORMED },
	{ "extension of 1 byte", IP6("0001", "3c") "11 00", PORT_MALFORMED },
	{ "extension of 16 bytes", IP6("0000", "00") "11 01 000000000000 0000000000000000" PORTS,
	  PORT_UNCLASSIFIED_UDP },
	{ "extension past the payload", IP6("0008", "00") "11 01 000000000000 0000000000000000",
	  PORT_MALFORMED },
	{ "AH between options", IP6("0000", "3c") OPT("33") AUTH("3c") OPT("06") ACK14,
	  PORT_UNCLASSIFIED_TCP },
	{ "atomic fragment", IP6("0000", "2c") "11ff 0000 00000001" PORTS, PORT_UNCLASSIFIED_UDP },
	{ "first fragment", IP6("0000", "2c") "11ff 0001 00000001" PORTS, PORT_UNCLASSIFIED_UDP },
	{ "reserved fragment bits", IP6("0000", "2c") "1100 0006 00000001" PORTS,
	  PORT_UNCLASSIFIED_UDP },
	{ "least fragment offset", IP6("0000", "2c") "3a00 0008 00000001", PORT_FRAGMENT },
	{ "9th extension is a fragment", IP6("0000", "3c") OPTS7 OPT("2c") "11000008 00000000",
	  PORT_IPV6_EXT_LIMIT },
	{ "later fragment in 8th place", IP6("0000", "2c") "3c00 0000 00000000" OPT("2c")
	  "3c00 fff9 00000000", PORT_FRAGMENT },
	{ "fragment header cut", IP6("0007", "2c") "1100 0008 00000001", PORT_MALFORMED },
	{ "no next header", IP6("0000", "3b") PORTS, PORT_OTHER_IP },
};

static int digit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* A buffer of just the frame's size, so that the sanitizer sees the first byte read past it. */
static uint8_t *parse_hex(const char *text, size_t *len)
{
	uint8_t *frame = malloc(strlen(text) / 2 + 1);
	size_t digits = 0;
	uint8_t byte = 0;

	assert_non_null(frame);
	for (; *text; text++) {
		if (*text == ' ')
			continue;
		byte = (uint8_t)(byte << 4 | digit(*text));
		if (++digits % 2 == 0)
			frame[digits / 2 - 1] = byte;
	}
	assert_true(digits % 2 == 0);
	*len = digits / 2;
	return frame;
}

static void classify_exact(const uint8_t *frame, size_t len, bool starts_at_l3,
			   struct ref_verdict *out)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, frame, len);
	memset(out, 0xa5, sizeof(*out));
	reference_classify(copy + (len ? 0 : 1), len, starts_at_l3, NULL, 0, out);
	free(copy);
}

static void check_rows(const struct frame_row *row, size_t rows, bool starts_at_l3)
{
	struct ref_reading reading;
	struct ref_verdict v;

	for (; rows > 0; rows--, row++) {
		const bool has_ports = row->bucket < PORT_TRANSPORTS;
		size_t len;
		uint8_t *frame = parse_hex(row->frame, &len);

		classify_exact(frame, len, starts_at_l3, &v);
		reference_read(frame, len, starts_at_l3, &reading);
		free(frame);
		if (reading.src_port != (has_ports ? 5000 : 0) ||
		    reading.dst_port != (has_ports ? 80 : 0))
			fail_msg("%s: ports %u to %u", row->desc, reading.src_port,
				 reading.dst_port);
		if (v.bucket != row->bucket)
			fail_msg("%s: bucket %d, not %d", row->desc, v.bucket, row->bucket);
		if (v.slot != 0 || v.transport != (has_ports ? row->bucket : -1) ||
		    (v.method < 0) == has_ports)
			fail_msg("%s: transport %d, method %d", row->desc, v.transport, v.method);
	}
}

static void test_classify_ethernet_frames(void **state)
{
	(void)state;
	check_rows(ethernet_rows, ARRAY_LEN(ethernet_rows), false);
}

static void test_classify_ip_packets(void **state)
{
	(void)state;
	check_rows(ip_rows, ARRAY_LEN(ip_rows), true);
}

/* These frames end with the last byte that is needed, so each shorter one is malformed. */
static void test_classify_every_cut(void **state)
{
	static const char *const tight[] = {
		MACS TAG("8100") TAG("88a8") "86dd" IP6("0000", "00") OPT("2c") "3300 0001 00000001"
		AUTH("06") ACK14,
		MACS "8847" LABEL("00") LABEL("01") IP4("00ff", "0000", "33") AUTH("11") PORTS,
		MACS TAG("9100") PPPOE("0021") IP4("0000", "0000", "06") ACK14,
	};
	struct ref_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tight); i++) {
		size_t len;
		uint8_t *frame = parse_hex(tight[i], &len);

		classify_exact(frame, len, false, &v);
		assert_int_not_equal(v.transport, -1);
		while (len-- > 0) {
			classify_exact(frame, len, false, &v);
			if (v.bucket != PORT_MALFORMED)
				fail_msg("frame %zu cut to %zu: bucket %d", i, len, v.bucket);
		}
		free(frame);
	}
}

/* What differs from other_ip, behind headers whose 41 bytes hold any transport, but no extension of
 * the size that 0xff means, and a fragment offset. */
static const struct protocol_row {
	uint8_t protocol;
	int ipv4, ipv6;
} protocol_rows[] = {
	{ 0, PORT_OTHER_IP, PORT_MALFORMED },
	{ 1, PORT_ICMP, PORT_ICMP },
	{ 2, PORT_IGMP, PORT_IGMP },
	{ 4, PORT_IPIP, PORT_IPIP },
	{ 6, PORT_UNCLASSIFIED_TCP, PORT_UNCLASSIFIED_TCP },
	{ 17, PORT_UNCLASSIFIED_UDP, PORT_UNCLASSIFIED_UDP },
	{ 33, PORT_UNCLASSIFIED_DCCP, PORT_UNCLASSIFIED_DCCP },
	{ 41, PORT_IPV6_ENCAP, PORT_IPV6_ENCAP },
	{ 43, PORT_OTHER_IP, PORT_MALFORMED },
	{ 44, PORT_OTHER_IP, PORT_FRAGMENT },
	{ 47, PORT_GRE, PORT_GRE },
	{ 50, PORT_ESP, PORT_ESP },
	{ 51, PORT_MALFORMED, PORT_MALFORMED },
	{ 58, PORT_ICMPV6, PORT_ICMPV6 },
	{ 60, PORT_OTHER_IP, PORT_MALFORMED },
	{ 89, PORT_OSPF, PORT_OSPF },
	{ 103, PORT_PIM, PORT_PIM },
	{ 112, PORT_VRRP, PORT_VRRP },
	{ 115, PORT_L2TP, PORT_L2TP },
	{ 132, PORT_UNCLASSIFIED_SCTP, PORT_UNCLASSIFIED_SCTP },
	{ 135, PORT_OTHER_IP, PORT_MALFORMED },
	{ 136, PORT_UNCLASSIFIED_UDP, PORT_UNCLASSIFIED_UDP },
};

static struct protocol_row expect_protocol(uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_LEN(protocol_rows); i++)
		if (protocol_rows[i].protocol == protocol)
			return protocol_rows[i];
	return (struct protocol_row){ protocol, PORT_OTHER_IP, PORT_OTHER_IP };
}

static void test_classify_all_protocols(void **state)
{
	uint8_t ipv4[20 + 41], ipv6[40 + 41];
	struct ref_verdict v4, v6;

	(void)state;
	memset(ipv4, 0xff, sizeof(ipv4));
	memset(ipv6, 0xff, sizeof(ipv6));
	ipv4[0] = 0x45;
	ipv4[6] = ipv4[7] = 0;
	ipv6[0] = 0x60;
	for (unsigned int i = 0; i < 256; i++) {
		const struct protocol_row row = expect_protocol((uint8_t)i);

		ipv4[9] = ipv6[6] = (uint8_t)i;
		classify_exact(ipv4, sizeof(ipv4), true, &v4);
		classify_exact(ipv6, sizeof(ipv6), true, &v6);
		if (v4.bucket != row.ipv4 || v6.bucket != row.ipv6)
			fail_msg("protocol %u: buckets %d and %d", i, v4.bucket, v6.bucket);
	}
}

#define SCTP12 PORTS "00000001 00000000 "
#define DCCP8 PORTS "04000000 "

/* What is to be remembered of an IP packet, and what it says of a connection. */
static const struct memory_row {
	const char *desc;
	const char *packet;
	enum ref_fragment fragment;
	uint32_t identification;
	uint8_t protocol;
	const char *flags; /* s: SYN, a: ACK, r: RST */
} memory_rows[] = {
	{ "IPv4, whole", IP4("0022", "4000", "06") ACK14, REF_WHOLE, 0, 6, "a" },
	{ "IPv4, first", IP4("0018", "2000", "11") PORTS, REF_FIRST, 1, 17, "" },
	{ "IPv4, middle", IP4("0014", "2001", "11"), REF_LATER, 1, 17, "" },
	{ "IPv4, last", IP4("0014", "1000", "01"), REF_LATER, 1, 1, "" },
	{ "IPv4, AH's, not what follows", IP4("0000", "2000", "33") AUTH("11") PORTS, REF_FIRST, 1,
	  51, "" },
	{ "IPv6, whole", IP6("0000", "06") ACK14, REF_WHOLE, 0, 0, "a" },
	{ "IPv6, atomic", IP6("0000", "2c") "1100 0000 89abcdef" PORTS, REF_WHOLE, 0, 0, "" },
	{ "IPv6, first", IP6("0000", "2c") "1100 0001 89abcdef" PORTS, REF_FIRST, 0x89abcdef, 0, "" },
	{ "IPv6, later", IP6("0000", "2c") "1100 0008 89abcdef", REF_LATER, 0x89abcdef, 0, "" },
	{ "IPv6, two headers", IP6("0000", "2c") "2c00 0001 00000001" "1100 0001 00000002" PORTS,
	  REF_FIRST, 2, 0, "" },
	{ "IPv6, the second is atomic", IP6("0000", "2c") "2c00 0001 00000001" "1100 0000 00000002"
	  PORTS, REF_FIRST, 1, 0, "" },
	{ "all of TCP's flags", IP6("0000", "06") PORTS "00000001 00000002 50ff", REF_WHOLE, 0, 0,
	  "sar" },
	{ "none that tells", IP6("0000", "06") PORTS "00000001 00000002 50e9", REF_WHOLE, 0, 0, "" },
	{ "INIT", IP6("0000", "84") SCTP12 "01", REF_WHOLE, 0, 0, "s" },
	{ "INIT ACK", IP6("0000", "84") SCTP12 "02", REF_WHOLE, 0, 0, "sa" },
	{ "SACK", IP6("0000", "84") SCTP12 "03", REF_WHOLE, 0, 0, "" },
	{ "ABORT", IP6("0000", "84") SCTP12 "06", REF_WHOLE, 0, 0, "r" },
	{ "cut before its chunk", IP6("000c", "84") SCTP12 "01", REF_WHOLE, 0, 0, "" },
	{ "Request", IP6("0000", "21") DCCP8 "01", REF_WHOLE, 0, 0, "s" },
	{ "Response", IP6("0000", "21") DCCP8 "02", REF_WHOLE, 0, 0, "sa" },
	{ "Data", IP6("0000", "21") DCCP8 "05", REF_WHOLE, 0, 0, "" },
	{ "Reset", IP6("0000", "21") DCCP8 "0f", REF_WHOLE, 0, 0, "r" },
	{ "reserved type", IP6("0000", "21") DCCP8 "11", REF_WHOLE, 0, 0, "" },
	{ "cut before its type", IP6("0008", "21") DCCP8 "01", REF_WHOLE, 0, 0, "" },
};

static void check_memory(const struct memory_row *row, const uint8_t *packet, size_t len)
{
	const size_t size = packet[0] >> 4 == 4 ? 4 : 16, at = size == 4 ? 12 : 8;
	struct ref_reading r;

	memset(&r, 0xa5, sizeof(r));
	reference_read(packet, len, true, &r);
	if (r.fragment != row->fragment || r.identification != row->identification ||
	    r.protocol != row->protocol || r.is_ipv6 != (size == 16) || r.ip != packet ||
	    memcmp(r.src, packet + at, size) || memcmp(r.dst, packet + at + size, size))
		fail_msg("%s: fragment %d, identification %#x, protocol %u", row->desc,
			 (int)r.fragment, r.identification, r.protocol);
	if (r.has_syn != !!strchr(row->flags, 's') || r.has_ack != !!strchr(row->flags, 'a') ||
	    r.has_rst != !!strchr(row->flags, 'r'))
		fail_msg("%s: flags %d %d %d", row->desc, r.has_syn, r.has_ack, r.has_rst);
}

static void test_read_what_is_remembered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(memory_rows); i++) {
		size_t len;
		uint8_t *packet = parse_hex(memory_rows[i].packet, &len);

		check_memory(&memory_rows[i], packet, len);
		free(packet);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classify_ethernet_frames),
		cmocka_unit_test(test_classify_ip_packets),
		cmocka_unit_test(test_classify_every_cut),
		cmocka_unit_test(test_classify_all_protocols),
		cmocka_unit_test(test_read_what_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
