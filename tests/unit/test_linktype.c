// SPDX-License-Identifier: GPL-2.0-only

/*
 * Records of every link type, and what the kernel half's parser takes their frames for: whole, cut
 * at every byte, and longer than there is room for.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "linktype.h"
#include "parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RECORD_MAX 256

/* In hexadecimal: UDP from port 40000 to 53. */
#define UDP "9c400035 00080000"
#define V4 "4500001c 00000000 40110000 0a010002 0a020009" UDP
#define V6                                                                                         \
	"60000000 00081140 fd010000 00000000 00000000 00000002 fd020000 00000000 00000000 "        \
	"00000009" UDP
#define ARP "00010800 06040001 02aa00000001 0a010002 000000000000 0a020009"
#define MACS "02bb00000001 02aa00000001"
#define SLL "0000 0001 0006 02aa00000001 0000"
#define SLL2(protocol, device) protocol "0000 00000002" device "00 06 02aa00000001 0000"

static const struct row {
	const char *desc;
	int linktype;
	size_t header; /* what must be there: below, the record is malformed */
	const char *record;
	uint16_t type;       /* EtherType of the frame */
	unsigned int bucket; /* PORT_NO_BUCKET: the datagram above is found */
} rows[] = {
	{ "Ethernet, IPv4", 1, 14, MACS "0800" V4, 0x0800, PORT_NO_BUCKET },
	{ "Ethernet, one tag", 1, 14, MACS "8100 0005 86dd" V6, 0x8100, PORT_NO_BUCKET },
	{ "Ethernet, 802.3", 1, 14, MACS "0026 424203", 0x0026, PORT_LLC },
	{ "Ethernet, PPPoE discovery", 1, 14, MACS "8863 11090000 0004 01010000", 0x8863,
	  PORT_PPPOE },

	{ "raw, Linux's number, IPv4", 12, 0, V4, 0x0800, PORT_NO_BUCKET },
	{ "raw, OpenBSD's number, IPv6", 14, 0, V6, 0x86dd, PORT_NO_BUCKET },
	{ "raw, the files' number, IPv4", 101, 0, V4, 0x0800, PORT_NO_BUCKET },
	{ "raw, the files' number, IPv6", 101, 0, V6, 0x86dd, PORT_NO_BUCKET },
	{ "raw, version 5", 101, 0, "5500001c 00000000", 0xffff, PORT_OTHER_L2 },
	{ "raw, nothing", 101, 0, "", 0x0800, PORT_MALFORMED },
	{ "IPv4", 228, 0, V4, 0x0800, PORT_NO_BUCKET },
	{ "IPv4 that is IPv6", 228, 0, V6, 0x0800, PORT_MALFORMED },
	{ "IPv6", 229, 0, V6, 0x86dd, PORT_NO_BUCKET },
	{ "IPv6 that is IPv4", 229, 0, V4 V4, 0x86dd, PORT_MALFORMED },

	{ "null, little-endian, IPv4", 0, 4, "02000000" V4, 0x0800, PORT_NO_BUCKET },
	{ "null, big-endian, IPv4", 0, 4, "00000002" V4, 0x0800, PORT_NO_BUCKET },
	{ "null, IPv6 of Linux", 0, 4, "0a000000" V6, 0x86dd, PORT_NO_BUCKET },
	{ "null, IPv6 of NetBSD", 0, 4, "18000000" V6, 0x86dd, PORT_NO_BUCKET },
	{ "null, IPv6 of FreeBSD", 0, 4, "1c000000" V6, 0x86dd, PORT_NO_BUCKET },
	{ "null, IPv6 of macOS", 0, 4, "1e000000" V6, 0x86dd, PORT_NO_BUCKET },
	{ "null, big-endian, IPv6 of macOS", 0, 4, "0000001e" V6, 0x86dd, PORT_NO_BUCKET },
	{ "null, another family", 0, 4, "07000000" V4, 0xffff, PORT_OTHER_L2 },
	{ "null, family 0", 0, 4, "00000000" V4, 0xffff, PORT_OTHER_L2 },
	{ "loop, IPv4", 108, 4, "00000002" V4, 0x0800, PORT_NO_BUCKET },
	{ "loop, IPv6 of OpenBSD", 108, 4, "00000018" V6, 0x86dd, PORT_NO_BUCKET },
	{ "loop, another family", 108, 4, "00000010" V4, 0xffff, PORT_OTHER_L2 },

	{ "cooked, IPv4", 113, 16, SLL "0800" V4, 0x0800, PORT_NO_BUCKET },
	{ "cooked, IPv6", 113, 16, SLL "86dd" V6, 0x86dd, PORT_NO_BUCKET },
	{ "cooked, ARP", 113, 16, SLL "0806" ARP, 0x0806, PORT_ARP },
	{ "cooked, one tag", 113, 16, SLL "8100 0005 0800" V4, 0x8100, PORT_NO_BUCKET },
	{ "cooked, 802.2", 113, 16, SLL "0004 424203", 0x0004, PORT_LLC },
	{ "cooked, Novell 802.3", 113, 16, SLL "0001 ffff", 0x0001, PORT_LLC },
	{ "cooked, PPPoE", 113, 16, SLL "8864 11000007 001e 0021" V4, 0x8864, PORT_NO_BUCKET },
	{ "cooked, LLDP", 113, 16, SLL "88cc 0207", 0x88cc, PORT_OTHER_L2 },
	{ "cooked, frame relay", 113, 16, "0000 0302 0006 02aa00000001 0000 0800" V4, 0xffff,
	  PORT_OTHER_L2 },
	{ "cooked, radiotap", 113, 16, "0000 0323 0006 02aa00000001 0000 0800" V4, 0xffff,
	  PORT_OTHER_L2 },
	{ "cooked, netlink", 113, 16, "0004 0338 0000 000000000000 0000 0000 14000000", 0xffff,
	  PORT_OTHER_L2 },
	{ "cooked 2, IPv4", 276, 20, SLL2("0800", "0001") V4, 0x0800, PORT_NO_BUCKET },
	{ "cooked 2, IPv6", 276, 20, SLL2("86dd", "0200") V6, 0x86dd, PORT_NO_BUCKET },
	{ "cooked 2, ARP", 276, 20, SLL2("0806", "0001") ARP, 0x0806, PORT_ARP },
	{ "cooked 2, 802.2", 276, 20, SLL2("0004", "0001") "424203", 0x0004, PORT_LLC },
	{ "cooked 2, netlink", 276, 20, SLL2("0000", "0338") "14000000", 0xffff, PORT_OTHER_L2 },

	{ "PPP, IPv4", 9, 2, "0021" V4, 0x8864, PORT_NO_BUCKET },
	{ "PPP, IPv6", 9, 2, "0057" V6, 0x8864, PORT_NO_BUCKET },
	{ "PPP, address and control", 9, 4, "ff03 0021" V4, 0x8864, PORT_NO_BUCKET },
	{ "PPP, one byte of protocol, IPv4", 9, 1, "21" V4, 0x8864, PORT_NO_BUCKET },
	{ "PPP, one byte of protocol, IPv6", 9, 1, "57" V6, 0x8864, PORT_NO_BUCKET },
	{ "PPP, both", 9, 3, "ff03 21" V4, 0x8864, PORT_NO_BUCKET },
	{ "PPP, LCP", 9, 4, "ff03 c021 01010004", 0x8864, PORT_PPPOE },
	{ "PPP, compressed headers", 9, 1, "2d 8f120000", 0x8864, PORT_PPPOE },
	{ "PPP, a 15 in front is a protocol", 9, 1, "0f 00 0800" V4, 0x8864, PORT_PPPOE },
	{ "serial PPP, IPv4", 50, 4, "ff03 0021" V4, 0x8864, PORT_NO_BUCKET },
	{ "serial PPP, no address", 50, 2, "0057" V6, 0x8864, PORT_NO_BUCKET },
	{ "serial PPP, IPCP", 50, 4, "ff03 8021 01010004", 0x8864, PORT_PPPOE },
	{ "Cisco HDLC, IPv4", 50, 4, "0f00 0800" V4, 0x0800, PORT_NO_BUCKET },
	{ "Cisco HDLC, broadcast, IPv6", 50, 4, "8f00 86dd" V6, 0x86dd, PORT_NO_BUCKET },
	{ "Cisco HDLC, SLARP", 50, 4, "8f00 8035 00000002", 0x8035, PORT_OTHER_L2 },
	{ "PPPoE alone, IPv4", 51, 6, "11000007 001e 0021" V4, 0x8864, PORT_NO_BUCKET },
	{ "PPPoE alone, IPv6", 51, 6, "11000007 0032 0057" V6, 0x8864, PORT_NO_BUCKET },
	{ "PPPoE alone, LCP", 51, 6, "11000007 0006 c021 01010004", 0x8864, PORT_PPPOE },
	{ "PPPoE alone, discovery", 51, 6, "11090000 0004 01010000", 0x8863, PORT_PPPOE },
};

static size_t from_hex(uint8_t *out, const char *text)
{
	size_t digits = 0;

	for (; *text; text++) {
		uint8_t value;

		if (*text == ' ')
			continue;
		value = (uint8_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
		assert_in_range(value, 0, 15);
		assert_true(digits / 2 < RECORD_MAX);
		out[digits / 2] = (uint8_t)(digits & 1 ? out[digits / 2] << 4 | value : value);
		digits++;
	}
	assert_int_equal(digits & 1, 0);
	return digits / 2;
}

/* Record and buffer in blocks of exactly their sizes, so that a sanitizer sees a step too far. */
struct conversion {
	uint8_t *record, *buffer;
	struct linktype_frame frame;
};

static void convert(struct conversion *conversion, int linktype, const uint8_t *record,
		    size_t length)
{
	*conversion = (struct conversion){
		.record = malloc(length ? length : 1),
		.buffer = malloc(LINKTYPE_ROOM),
	};
	assert_non_null(conversion->record);
	assert_non_null(conversion->buffer);
	memcpy(conversion->record, record, length);
	memset(conversion->buffer, 0xa5, LINKTYPE_ROOM);
	conversion->frame =
		linktype_to_ethernet(linktype, conversion->record, length, conversion->buffer);
}

static void release(struct conversion *conversion)
{
	free(conversion->record);
	free(conversion->buffer);
}

static unsigned int parse(const struct linktype_frame *frame, struct pkt *pkt)
{
	return parse_frame(frame->bytes, frame->bytes + frame->length, (uint32_t)frame->length, 0,
			   false, pkt);
}

static uint16_t type_of(const struct linktype_frame *frame)
{
	return (uint16_t)(frame->bytes[12] << 8 | frame->bytes[13]);
}

static void check_row(const struct row *row)
{
	struct conversion conversion;
	uint8_t record[RECORD_MAX];
	struct pkt pkt;
	unsigned int bucket;

	convert(&conversion, row->linktype, record, from_hex(record, row->record));
	if (conversion.frame.length < 14 || type_of(&conversion.frame) != row->type)
		fail_msg("%s: %zu bytes, EtherType %04x", row->desc, conversion.frame.length,
			 type_of(&conversion.frame));
	bucket = parse(&conversion.frame, &pkt);
	if (bucket != row->bucket)
		fail_msg("%s: bucket %u", row->desc, bucket);
	if (bucket == PORT_NO_BUCKET && (pkt.source_port != 40000 || pkt.destination_port != 53))
		fail_msg("%s: ports %u and %u", row->desc, pkt.source_port, pkt.destination_port);
	release(&conversion);
}

static void test_linktype_to_ethernet_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

static void check_cut(const struct row *row, const uint8_t *record, size_t length)
{
	struct conversion conversion;
	struct pkt pkt;
	unsigned int bucket;

	convert(&conversion, row->linktype, record, length);
	if (conversion.frame.length < 14)
		fail_msg("%s, %zu bytes: a frame of %zu", row->desc, length,
			 conversion.frame.length);
	bucket = parse(&conversion.frame, &pkt);
	if (length < row->header && (bucket != PORT_MALFORMED || conversion.frame.length != 14 ||
				     type_of(&conversion.frame) != 0x0800))
		fail_msg("%s, %zu bytes: bucket %u, a frame of %zu", row->desc, length, bucket,
			 conversion.frame.length);
	/* What is cut behind the link header is as malformed as any such packet, or a bucket. */
	if (row->bucket == PORT_NO_BUCKET && bucket == PORT_NO_BUCKET)
		fail_msg("%s, %zu bytes: ports are found", row->desc, length);
	release(&conversion);
}

/* As far as the ports, which are the last thing that is read; whatever there is behind them. */
static size_t last_read(const struct row *row, size_t length)
{
	return row->bucket == PORT_NO_BUCKET ? length - 4 : length;
}

static void test_linktype_to_ethernet_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t record[RECORD_MAX];
		size_t length = from_hex(record, rows[i].record);

		for (size_t cut = 0; cut < last_read(&rows[i], length); cut++)
			check_cut(&rows[i], record, cut);
	}
}

/* Ethernet is not copied; the rest is cut to the room, with the bytes that belong there. */
static void test_linktype_to_ethernet_long(void **state)
{
	static const struct {
		const char *desc;
		int linktype;
		const char *start;
		size_t payload, at; /* offset in the record, and where it is in the frame */
	} long_rows[] = {
		{ "raw", 101, "45", 0, 14 },
		{ "null", 0, "02000000", 4, 14 },
		{ "cooked", 113, SLL "0800", 16, 14 },
		{ "cooked 2", 276, SLL2("0800", "0001"), 20, 14 },
		{ "PPP", 9, "ff03 0021", 4, 22 },
		{ "PPP, one byte of protocol", 9, "21", 1, 22 },
		{ "Cisco HDLC", 50, "0f00 0800", 4, 14 },
		{ "PPPoE alone", 51, "11000007 0100 0021", 8, 22 },
	};
	uint8_t record[3 * LINKTYPE_ROOM];
	struct conversion conversion;

	(void)state;
	for (size_t i = 0; i < sizeof(record); i++)
		record[i] = (uint8_t)(i % 251);
	convert(&conversion, 1, record, sizeof(record));
	assert_ptr_equal(conversion.frame.bytes, conversion.record);
	assert_int_equal(conversion.frame.length, sizeof(record));
	release(&conversion);
	for (size_t i = 0; i < COUNT(long_rows); i++) {
		size_t payload = long_rows[i].payload, at = long_rows[i].at;

		from_hex(record, long_rows[i].start);
		convert(&conversion, long_rows[i].linktype, record, sizeof(record));
		if (conversion.frame.length != LINKTYPE_ROOM ||
		    memcmp(conversion.frame.bytes + at, record + payload, LINKTYPE_ROOM - at) != 0)
			fail_msg("%s: a frame of %zu", long_rows[i].desc, conversion.frame.length);
		release(&conversion);
	}
}

/* Around the length that just fills the room. */
static void test_linktype_to_ethernet_at_the_brim(void **state)
{
	static const uint8_t record[LINKTYPE_ROOM] = { 0x45 };
	struct conversion conversion;

	(void)state;
	for (size_t length = LINKTYPE_ROOM - 16; length <= LINKTYPE_ROOM - 12; length++) {
		size_t wanted = length + 14 < LINKTYPE_ROOM ? length + 14 : LINKTYPE_ROOM;

		convert(&conversion, 101, record, length);
		assert_int_equal(conversion.frame.length, wanted);
		release(&conversion);
	}
}

/* The header that stands in for PPP's own, byte by byte: RFC 2516 section 4. */
static void test_linktype_to_ethernet_pppoe_header(void **state)
{
	static const uint8_t wanted[] = { 0,    0,    0, 0, 0, 0, 0, 0,    0,    0, 0, 0, 0x88,
					  0x64, 0x11, 0, 0, 0, 0, 6, 0xc0, 0x21, 1, 1, 0, 4 };
	struct conversion conversion;
	uint8_t record[RECORD_MAX];

	(void)state;
	convert(&conversion, 9, record, from_hex(record, "ff03 c021 01010004"));
	assert_int_equal(conversion.frame.length, sizeof(wanted));
	assert_memory_equal(conversion.frame.bytes, wanted, sizeof(wanted));
	release(&conversion);
}

static void test_linktype_is_read_numbers(void **state)
{
	static const int unread[] = { -1, 2, 6, 8, 10, 13, 104, 105, 127, 166, 192, 195, 275, 277 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!linktype_is_read(rows[i].linktype))
			fail_msg("%d is not read", rows[i].linktype);
	for (size_t i = 0; i < COUNT(unread); i++)
		if (linktype_is_read(unread[i]))
			fail_msg("%d is read", unread[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linktype_to_ethernet_records),
		cmocka_unit_test(test_linktype_to_ethernet_cut_anywhere),
		cmocka_unit_test(test_linktype_to_ethernet_long),
		cmocka_unit_test(test_linktype_to_ethernet_at_the_brim),
		cmocka_unit_test(test_linktype_to_ethernet_pppoe_header),
		cmocka_unit_test(test_linktype_is_read_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
