// SPDX-License-Identifier: GPL-2.0-only
/* Numbers of link types and their headers: the registry at www.tcpdump.org/linktypes.html. */
#include <string.h>

#include "linktype.h"

enum linktype {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW_LINUX = 12, /* raw IP has a number of its own on OpenBSD, and another in files */
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHER = 51,
	LINK_RAW_FILE = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

enum ethertype {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_PPPOE_DISCOVERY = 0x8863,
	TYPE_PPPOE_SESSION = 0x8864,
	TYPE_NONE = 0xffff, /* nobody's: reserved in IANA's list, so it is other_l2 */
};

#define ETHERNET_BYTES 14
#define PPPOE_BYTES 6 /* RFC 2516 section 4 */

struct record {
	const uint8_t *bytes;
	size_t length;
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* An Ethernet header, and the record from offset at on behind room for more of a header. */
static struct linktype_frame wrap(uint8_t *buffer, uint16_t type, size_t room,
				  const struct record *record, size_t at)
{
	size_t start = ETHERNET_BYTES + room, length = record->length - at;

	if (length > LINKTYPE_ROOM - start)
		length = LINKTYPE_ROOM - start;
	memset(buffer, 0, ETHERNET_BYTES);
	put16(buffer + 12, type);
	if (length)
		memcpy(buffer + start, record->bytes + at, length);
	return (struct linktype_frame){ buffer, start + length };
}

/* The IP header that is promised is not there: malformed. */
static struct linktype_frame wrap_cut(uint8_t *buffer, const struct record *record)
{
	return wrap(buffer, TYPE_IPV4, 0, record, record->length);
}

static struct linktype_frame from_ethernet(const struct record *record, uint8_t *buffer)
{
	if (record->length < ETHERNET_BYTES)
		return wrap_cut(buffer, record);
	return (struct linktype_frame){ record->bytes, record->length };
}

static struct linktype_frame from_ipv4(const struct record *record, uint8_t *buffer)
{
	return wrap(buffer, TYPE_IPV4, 0, record, 0);
}

static struct linktype_frame from_ipv6(const struct record *record, uint8_t *buffer)
{
	return wrap(buffer, TYPE_IPV6, 0, record, 0);
}

static struct linktype_frame from_raw(const struct record *record, uint8_t *buffer)
{
	uint8_t version = record->length ? record->bytes[0] >> 4 : 4;

	return wrap(buffer,
		    version == 4   ? TYPE_IPV4
		    : version == 6 ? TYPE_IPV6
				   : TYPE_NONE,
		    0, record, 0);
}

/*
 * The address family in four bytes, of null in the byte order of whoever captured. The families of
 * IPv6 are those of Linux, of NetBSD and OpenBSD, of FreeBSD, of macOS.
 */
static struct linktype_frame from_null(const struct record *record, uint8_t *buffer)
{
	uint32_t family;

	if (record->length < 4)
		return wrap_cut(buffer, record);
	family = (uint32_t)get16(record->bytes) << 16 | get16(record->bytes + 2);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return wrap(buffer, TYPE_IPV4, 0, record, 4);
	case 10:
	case 24:
	case 28:
	case 30:
		return wrap(buffer, TYPE_IPV6, 0, record, 4);
	default:
		return wrap(buffer, TYPE_NONE, 0, record, 4);
	}
}

/*
 * Linux's device types (ARPHRD_*) of which the protocol field is no EtherType: frame relay, 802.11
 * with a radiotap header, netlink.
 */
static uint16_t cooked_type(uint16_t device_type, uint16_t protocol)
{
	return device_type == 770 || device_type == 803 || device_type == 824 ? TYPE_NONE
									      : protocol;
}

static struct linktype_frame from_sll(const struct record *record, uint8_t *buffer)
{
	const uint8_t *at = record->bytes;

	if (record->length < 16)
		return wrap_cut(buffer, record);
	return wrap(buffer, cooked_type(get16(at + 2), get16(at + 14)), 0, record, 16);
}

static struct linktype_frame from_sll2(const struct record *record, uint8_t *buffer)
{
	const uint8_t *at = record->bytes;

	if (record->length < 20)
		return wrap_cut(buffer, record);
	return wrap(buffer, cooked_type(get16(at + 8), get16(at)), 0, record, 20);
}

/*
 * The address 0xff and the control byte may be left out, and so may a first protocol byte of 0: the
 * last byte of a protocol number is odd, all others are even (RFC 1661 section 2, RFC 1662 3.1).
 */
static struct linktype_frame from_ppp(const struct record *record, uint8_t *buffer)
{
	size_t at = record->length && record->bytes[0] == 0xff ? 2 : 0;
	size_t size = at < record->length && record->bytes[at] & 1 ? 1 : 2;
	struct linktype_frame frame;
	uint8_t *pppoe = buffer + ETHERNET_BYTES;

	if (at + size > record->length)
		return wrap_cut(buffer, record);
	frame = wrap(buffer, TYPE_PPPOE_SESSION, PPPOE_BYTES + 2, record, at + size);
	memset(pppoe, 0, PPPOE_BYTES);
	pppoe[0] = 0x11; /* version 1, type 1 */
	put16(pppoe + 4, frame.length - ETHERNET_BYTES - PPPOE_BYTES);
	put16(pppoe + PPPOE_BYTES, size == 1 ? record->bytes[at] : get16(record->bytes + at));
	return frame;
}

/* PPP, or Cisco HDLC: the addresses 0x0f and 0x8f, a control byte, an EtherType. */
static struct linktype_frame from_ppp_serial(const struct record *record, uint8_t *buffer)
{
	if (!record->length || (record->bytes[0] & 0x7f) != 0x0f)
		return from_ppp(record, buffer);
	if (record->length < 4)
		return wrap_cut(buffer, record);
	return wrap(buffer, get16(record->bytes + 2), 0, record, 4);
}

/* A PPPoE header without the Ethernet header before it; code 0 is the session's. */
static struct linktype_frame from_ppp_ether(const struct record *record, uint8_t *buffer)
{
	if (record->length < PPPOE_BYTES)
		return wrap_cut(buffer, record);
	return wrap(buffer, record->bytes[1] ? TYPE_PPPOE_DISCOVERY : TYPE_PPPOE_SESSION, 0, record,
		    0);
}

static const struct reader {
	int linktype;
	struct linktype_frame (*read)(const struct record *record, uint8_t *buffer);
} readers[] = {
	{ LINK_ETHERNET, from_ethernet },
	{ LINK_NULL, from_null },
	{ LINK_LOOP, from_null },
	{ LINK_RAW_LINUX, from_raw },
	{ LINK_RAW_OPENBSD, from_raw },
	{ LINK_RAW_FILE, from_raw },
	{ LINK_IPV4, from_ipv4 },
	{ LINK_IPV6, from_ipv6 },
	{ LINK_SLL, from_sll },
	{ LINK_SLL2, from_sll2 },
	{ LINK_PPP, from_ppp },
	{ LINK_PPP_SERIAL, from_ppp_serial },
	{ LINK_PPP_ETHER, from_ppp_ether },
};

static const struct reader *find_reader(int linktype)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].linktype == linktype)
			return &readers[i];
	return NULL;
}

bool linktype_is_read(int linktype)
{
	return find_reader(linktype) != NULL;
}

struct linktype_frame linktype_to_ethernet(int linktype, const uint8_t *bytes, size_t length,
					   uint8_t buffer[LINKTYPE_ROOM])
{
	const struct record record = { bytes, length };

	return find_reader(linktype)->read(&record, buffer);
}
