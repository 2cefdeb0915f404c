// SPDX-License-Identifier: GPL-2.0-only

/* The reference: each layer cuts its header off a run of bytes and passes on the rest. */

#include "reference.h"

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

enum tcp_flag { TCP_SYN = 0x02, TCP_ACK = 0x10 };

/* A run of bytes that nobody may read past. */
struct bytes {
	const uint8_t *at;
	size_t len;
};

/* What a frame says of itself, before any database is asked. */
struct reading {
	int bucket; /* -1: it has ports */
	int transport;
	uint16_t src, dst;
	bool has_syn, has_ack;
};

static struct reading only(enum port_bucket bucket)
{
	return (struct reading){ .bucket = (int)bucket, .transport = -1 };
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
		{ 1, PORT_ICMP },    { 2, PORT_IGMP }, { 4, PORT_IPIP },  { 41, PORT_IPV6_ENCAP },
		{ 47, PORT_GRE },    { 50, PORT_ESP }, { 58, PORT_ICMPV6 }, { 89, PORT_OSPF },
		{ 103, PORT_PIM },   { 112, PORT_VRRP }, { 115, PORT_L2TP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].protocol == protocol)
			return known[i].bucket;
	return PORT_OTHER_IP;
}

/* The flags are TCP's fourteenth byte; the other transports need no more than their ports. */
static struct reading read_transport(int transport, struct bytes rest)
{
	struct reading reading = { .bucket = -1, .transport = transport };
	struct bytes header;

	if (!take(&rest, transport == PORT_TCP ? 14 : 4, &header))
		return only(PORT_MALFORMED);
	reading.src = number_at(header, 0);
	reading.dst = number_at(header, 2);
	if (transport == PORT_TCP) {
		reading.has_syn = header.at[13] & TCP_SYN;
		reading.has_ack = header.at[13] & TCP_ACK;
	}
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

/* rest ends where the IP packet ends. */
static struct reading read_ip_payload(uint8_t protocol, struct bytes rest, bool is_ipv6)
{
	struct bytes header;

	for (int seen = 0; is_extension(protocol, is_ipv6); seen++) {
		if (seen == EXTENSIONS_MAX)
			return only(PORT_IPV6_EXT_LIMIT);
		if (rest.len < 2)
			return only(PORT_MALFORMED);
		if (!take(&rest, extension_size(protocol, rest.at[1]), &header))
			return only(PORT_MALFORMED);
		if (protocol == FRAGMENT && number_at(header, 2) / 8 != 0)
			return only(PORT_FRAGMENT);
		protocol = header.at[0];
	}
	if (transport_of(protocol) >= 0)
		return read_transport(transport_of(protocol), rest);
	return only(bucket_of_protocol(protocol));
}

static struct reading read_ipv4(struct bytes packet)
{
	struct bytes header;
	size_t total, size;

	if (packet.len < 20 || packet.at[0] / 16 != 4)
		return only(PORT_MALFORMED);
	size = (size_t)(packet.at[0] % 16) * 4;
	total = number_at(packet, 2);
	if (total != 0)
		packet = first_of(packet, total);
	if (size < 20 || !take(&packet, size, &header))
		return only(PORT_MALFORMED);
	if (number_at(header, 6) % 8192 != 0)
		return only(PORT_FRAGMENT);
	return read_ip_payload(header.at[9], packet, false);
}

static struct reading read_ipv6(struct bytes packet)
{
	struct bytes header;
	size_t payload;

	if (!take(&packet, 40, &header) || header.at[0] / 16 != 6)
		return only(PORT_MALFORMED);
	payload = number_at(header, 4);
	if (payload != 0)
		packet = first_of(packet, payload);
	return read_ip_payload(header.at[6], packet, true);
}

/* Where nothing but the first four bits says what a packet is. */
static struct reading read_by_version(struct bytes packet)
{
	if (packet.len == 0)
		return only(PORT_MALFORMED);
	if (packet.at[0] / 16 == 4)
		return read_ipv4(packet);
	if (packet.at[0] / 16 == 6)
		return read_ipv6(packet);
	return only(PORT_OTHER_L2);
}

static struct reading read_mpls(struct bytes rest)
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

static struct reading read_pppoe_session(struct bytes rest)
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

static struct reading read_ethertype(uint16_t type, struct bytes rest)
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

static struct reading read_ethernet(struct bytes frame)
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

static unsigned int width(const struct ref_entry *entry)
{
	return (unsigned int)entry->last - entry->first + 1;
}

static bool is_before(const struct ref_entry *a, const struct ref_entry *b)
{
	if (a->file != b->file)
		return a->file > b->file;
	if (width(a) != width(b))
		return width(a) < width(b);
	return a->line < b->line;
}

const struct ref_entry *reference_find_owner(const struct ref_entry *entries, size_t n,
					     int transport, uint16_t port)
{
	const struct ref_entry *owner = NULL;

	for (size_t i = 0; i < n; i++) {
		if ((int)entries[i].transport != transport)
			continue;
		if (port < entries[i].first || port > entries[i].last)
			continue;
		if (!owner || is_before(&entries[i], owner))
			owner = &entries[i];
	}
	return owner;
}

/* One end of a frame: its port, and the entry that the port belongs to, if any. */
struct end {
	uint16_t port;
	const struct ref_entry *owner;
};

static bool is_firm(const struct end *end)
{
	return end->owner && end->owner->first == end->owner->last && end->port < PORT_FIRM_END;
}

/* A weak entry wins only against a port up there with it. */
static bool may_win(const struct end *end, const struct end *other)
{
	return end->owner && (end->port < PORT_WEAK_FIRST || other->port >= PORT_WEAK_FIRST);
}

static bool is_source_ranked_higher(const struct end *src, const struct end *dst)
{
	if (width(src->owner) != width(dst->owner))
		return width(src->owner) < width(dst->owner);
	if (src->owner->file != dst->owner->file)
		return src->owner->file > dst->owner->file;
	return src->port < dst->port;
}

/* The rules in their order. Returns whether the service is at the source. */
static bool choose(const struct reading *reading, const struct end *src, const struct end *dst,
		   int *method)
{
	*method = PORT_HANDSHAKE;
	if (reading->has_syn)
		return reading->has_ack;

	*method = PORT_DATABASE;
	if (is_firm(src) && !dst->owner)
		return true;
	if (is_firm(dst) && !src->owner)
		return false;
	if (may_win(src, dst) != may_win(dst, src))
		return may_win(src, dst);

	*method = PORT_TIE;
	if (may_win(src, dst))
		return is_source_ranked_higher(src, dst);

	*method = PORT_GUESS;
	return reading->transport == PORT_TCP && src->port < dst->port;
}

static void judge(const struct reading *reading, const struct ref_entry *entries, size_t n,
		  struct ref_verdict *out)
{
	const int transport = reading->transport;
	const struct end src = { reading->src,
				 reference_find_owner(entries, n, transport, reading->src) };
	const struct end dst = { reading->dst,
				 reference_find_owner(entries, n, transport, reading->dst) };
	bool at_source = choose(reading, &src, &dst, &out->method) && src.port != dst.port;
	const struct end *service = at_source ? &src : &dst;

	out->transport = transport;
	out->src_port = src.port;
	out->dst_port = dst.port;
	out->service_port = service->port;
	out->direction = at_source ? PORT_TO_CLIENT : PORT_TO_SERVER;
	if (service->owner && out->method != PORT_GUESS) {
		out->bucket = -1;
		out->slot = service->owner->slot;
	} else {
		out->bucket = PORT_UNCLASSIFIED_TCP + transport;
	}
}

void reference_classify(const uint8_t *frame, size_t len, bool starts_at_l3,
			const struct ref_entry *entries, size_t n, struct ref_verdict *out)
{
	const struct bytes whole = { frame, len };
	const struct reading reading = starts_at_l3 ? read_by_version(whole) : read_ethernet(whole);

	*out = (struct ref_verdict){ .bucket = reading.bucket, .transport = -1, .method = -1 };
	if (reading.bucket < 0)
		judge(&reading, entries, n, out);
}
