// SPDX-License-Identifier: GPL-2.0-only

/* How the reference reads: each layer cuts its header off a run of bytes and passes on the rest. */

#include "reference.h"

#include <string.h>

#define TAGS_MAX 4
#define LABELS_MAX 4
#define EXTENSIONS_MAX 8

/* Numbers of IANA's protocol registry that decide how to read on. */
enum protocol {
	HOP_BY_HOP = 0,
	TCP = 6,
	UDP = 17,
	DCCP = 33,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	DESTINATION_OPTIONS = 60,
	SCTP = 132,
	MOBILITY = 135,
	UDP_LITE = 136,
};

enum tcp_flag { TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };
enum sctp_chunk { SCTP_INIT = 1, SCTP_INIT_ACK = 2, SCTP_ABORT = 6 };
enum dccp_type { DCCP_REQUEST = 0, DCCP_RESPONSE = 1, DCCP_RESET = 7 };

/* A run of bytes that nobody may read past. */
struct bytes {
	const uint8_t *at;
	size_t len;
};

static struct ref_reading only(enum port_bucket bucket)
{
	return (struct ref_reading){ .bucket = (int)bucket, .transport = -1 };
}

/* Cuts n bytes off the front of rest. False, and nothing cut, when there are fewer. */
static bool take(struct bytes *rest, size_t n, struct bytes *taken)
{
	if (rest->len < n)
		return false;
	taken->at = rest->at;
	taken->len = n;
	rest->at += n;
	rest->len -= n;
	return true;
}

static struct bytes first_of(struct bytes run, size_t n)
{
	if (n < run.len)
		run.len = n;
	return run;
}

static uint16_t number_at(struct bytes run, size_t at)
{
	return (uint16_t)(run.at[at] * 256 + run.at[at + 1]);
}

static int transport_of(uint8_t protocol)
{
	switch (protocol) {
	case TCP:
		return PORT_TCP;
	case UDP:
	case UDP_LITE:
		return PORT_UDP;
	case SCTP:
		return PORT_SCTP;
	case DCCP:
		return PORT_DCCP;
	default:
		return -1;
	}
}

static enum port_bucket bucket_of_protocol(uint8_t protocol)
{
	static const struct {
		uint8_t protocol;
		enum port_bucket bucket;
	} known[] = {
		{ 1, PORT_ICMP },  { 2, PORT_IGMP },   { 4, PORT_IPIP },    { 41, PORT_IPV6_ENCAP },
		{ 47, PORT_GRE },  { 50, PORT_ESP },   { 58, PORT_ICMPV6 }, { 89, PORT_OSPF },
		{ 103, PORT_PIM }, { 112, PORT_VRRP }, { 115, PORT_L2TP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].protocol == protocol)
			return known[i].bucket;
	return PORT_OTHER_IP;
}

static void read_tcp_flags(struct ref_reading *reading, uint8_t flags)
{
	reading->has_syn = flags & TCP_SYN;
	reading->has_ack = flags & TCP_ACK;
	reading->has_rst = flags & TCP_RST;
}

/* The type of the first chunk, the byte behind the common header of twelve. */
static void read_sctp_chunk(struct ref_reading *reading, struct bytes packet)
{
	if (packet.len < 13)
		return;
	reading->has_syn = packet.at[12] == SCTP_INIT || packet.at[12] == SCTP_INIT_ACK;
	reading->has_ack = packet.at[12] == SCTP_INIT_ACK;
	reading->has_rst = packet.at[12] == SCTP_ABORT;
}

/* Of the ninth byte, three bits are reserved, four are the type, one tells the header's form. */
static void read_dccp_type(struct ref_reading *reading, struct bytes packet)
{
	unsigned int type;

	if (packet.len < 9)
		return;
	type = packet.at[8] / 2 % 16;
	reading->has_syn = type == DCCP_REQUEST || type == DCCP_RESPONSE;
	reading->has_ack = type == DCCP_RESPONSE;
	reading->has_rst = type == DCCP_RESET;
}

/* TCP needs its flags, the fourteenth byte; the other transports no more than their ports. */
static struct ref_reading read_transport(int transport, struct bytes packet)
{
	struct ref_reading reading = { .bucket = -1, .transport = transport };

	if (packet.len < (transport == PORT_TCP ? 14 : 4))
		return only(PORT_MALFORMED);
	reading.src_port = number_at(packet, 0);
	reading.dst_port = number_at(packet, 2);
	if (transport == PORT_TCP)
		read_tcp_flags(&reading, packet.at[13]);
	else if (transport == PORT_SCTP)
		read_sctp_chunk(&reading, packet);
	else if (transport == PORT_DCCP)
		read_dccp_type(&reading, packet);
	return reading;
}

/* AH is the one extension header that IPv4 has too (RFC 4302 section 3.1.1). */
static bool is_extension(uint8_t protocol, bool is_ipv6)
{
	if (protocol == AUTHENTICATION)
		return true;
	return is_ipv6 && (protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT ||
			   protocol == DESTINATION_OPTIONS || protocol == MOBILITY);
}

/* Three ways to count: fixed, in 4 bytes less two (RFC 4302 section 2.2), in 8 bytes less one. */
static size_t extension_size(uint8_t protocol, uint8_t length)
{
	if (protocol == FRAGMENT)
		return 8;
	if (protocol == AUTHENTICATION)
		return ((size_t)length + 2) * 4;
	return ((size_t)length + 1) * 8;
}

/* What of a fragment the headers in front of the transport tell. */
struct piece {
	enum ref_fragment fragment;
	uint32_t identification;
};

/* 13 bits of offset, two reserved, one for "more". Without offset and "more" it is a whole. */
static void read_fragment_header(struct piece *piece, struct bytes header)
{
	const uint16_t field = number_at(header, 2);

	if (field / 8 == 0 && field % 2 == 0)
		return;
	piece->fragment = field / 8 != 0 ? REF_LATER : REF_FIRST;
	piece->identification = (uint32_t)number_at(header, 4) << 16 | number_at(header, 6);
}

/* rest ends where the IP packet ends. */
static struct ref_reading read_ip_payload(uint8_t protocol, struct bytes rest, bool is_ipv6,
					  struct piece *piece)
{
	struct bytes header;

	for (int seen = 0; is_extension(protocol, is_ipv6); seen++) {
		if (seen == EXTENSIONS_MAX)
			return only(PORT_IPV6_EXT_LIMIT);
		if (rest.len < 2)
			return only(PORT_MALFORMED);
		if (!take(&rest, extension_size(protocol, rest.at[1]), &header))
			return only(PORT_MALFORMED);
		if (protocol == FRAGMENT) {
			read_fragment_header(piece, header);
			if (piece->fragment == REF_LATER)
				return only(PORT_FRAGMENT);
		}
		protocol = header.at[0];
	}
	if (transport_of(protocol) >= 0)
		return read_transport(transport_of(protocol), rest);
	return only(bucket_of_protocol(protocol));
}

/* Where the reading is of any use to one who remembers, it gets what the IP header says. */
static struct ref_reading with_ip(struct ref_reading reading, const struct piece *piece,
				  struct bytes header, size_t addresses, size_t size)
{
	if (reading.bucket >= 0 && reading.bucket != PORT_FRAGMENT)
		return reading;
	reading.fragment = piece->fragment;
	reading.identification = piece->identification;
	reading.ip = header.at;
	reading.is_ipv6 = header.at[0] / 16 == 6;
	memcpy(reading.src, header.at + addresses, size);
	memcpy(reading.dst, header.at + addresses + size, size);
	return reading;
}

static struct ref_reading read_ipv4(struct bytes packet)
{
	struct ref_reading reading = only(PORT_FRAGMENT);
	struct piece piece = {};
	struct bytes header;
	size_t total, size;
	uint16_t field;

	if (packet.len < 20 || packet.at[0] / 16 != 4)
		return only(PORT_MALFORMED);
	size = (size_t)(packet.at[0] % 16) * 4;
	total = number_at(packet, 2);
	if (total != 0)
		packet = first_of(packet, total);
	if (size < 20 || !take(&packet, size, &header))
		return only(PORT_MALFORMED);
	field = number_at(header, 6) % 16384; /* "more", and 13 bits of offset */
	if (field != 0) {
		piece.fragment = field % 8192 != 0 ? REF_LATER : REF_FIRST;
		piece.identification = number_at(header, 4);
	}
	if (piece.fragment != REF_LATER)
		reading = read_ip_payload(header.at[9], packet, false, &piece);
	reading.protocol = header.at[9];
	return with_ip(reading, &piece, header, 12, 4);
}

static struct ref_reading read_ipv6(struct bytes packet)
{
	struct ref_reading reading;
	struct piece piece = {};
	struct bytes header;
	size_t payload;

	if (!take(&packet, 40, &header) || header.at[0] / 16 != 6)
		return only(PORT_MALFORMED);
	payload = number_at(header, 4);
	if (payload != 0)
		packet = first_of(packet, payload);
	reading = read_ip_payload(header.at[6], packet, true, &piece);
	return with_ip(reading, &piece, header, 8, 16);
}

/* Where nothing but the first four bits says what a packet is. */
static struct ref_reading read_by_version(struct bytes packet)
{
	if (packet.len == 0)
		return only(PORT_MALFORMED);
	if (packet.at[0] / 16 == 4)
		return read_ipv4(packet);
	if (packet.at[0] / 16 == 6)
		return read_ipv6(packet);
	return only(PORT_OTHER_L2);
}

static struct ref_reading read_mpls(struct bytes rest)
{
	struct bytes label;

	for (int i = 0; i < LABELS_MAX; i++) {
		if (!take(&rest, 4, &label))
			return only(PORT_MALFORMED);
		if (label.at[2] % 2 == 1) /* bottom of stack */
			return read_by_version(rest);
	}
	return only(PORT_MPLS_DEPTH);
}

static struct ref_reading read_pppoe_session(struct bytes rest)
{
	struct bytes header;

	if (!take(&rest, 8, &header))
		return only(PORT_MALFORMED);
	switch (number_at(header, 6)) {
	case 0x0021:
		return read_ipv4(rest);
	case 0x0057:
		return read_ipv6(rest);
	default:
		return only(PORT_PPPOE);
	}
}

static struct ref_reading read_ethertype(uint16_t type, struct bytes rest)
{
	if (type < 0x600)
		return only(PORT_LLC);
	switch (type) {
	case 0x0800:
		return read_ipv4(rest);
	case 0x86dd:
		return read_ipv6(rest);
	case 0x0806:
		return only(PORT_ARP);
	case 0x8847:
	case 0x8848:
		return read_mpls(rest);
	case 0x8863:
		return only(PORT_PPPOE);
	case 0x8864:
		return read_pppoe_session(rest);
	default:
		return only(PORT_OTHER_L2);
	}
}

static struct ref_reading read_ethernet(struct bytes frame)
{
	struct bytes header, tag;
	uint16_t type;
	int tags = 0;

	if (!take(&frame, 14, &header))
		return only(PORT_MALFORMED);
	type = number_at(header, 12);
	while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
		if (tags++ == TAGS_MAX)
			return only(PORT_VLAN_DEPTH);
		if (!take(&frame, 4, &tag))
			return only(PORT_MALFORMED);
		type = number_at(tag, 2);
	}
	return read_ethertype(type, frame);
}

void reference_read(const uint8_t *frame, size_t len, bool starts_at_l3, struct ref_reading *out)
{
	const struct bytes whole = { frame, len };

	*out = starts_at_l3 ? read_by_version(whole) : read_ethernet(whole);
}
