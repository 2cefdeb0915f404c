// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures as a trace. What a flow's first packet in the capture says is held to be true: for TCP
 * only where it asks for the connection or accepts it, for UDP always. The server's packets are
 * those from outside.
 */
#include "accuracy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "resolve.h"

#define PATH_BYTES 4096

struct address {
	uint8_t bytes[16];
};

/* A flow is looked for from either of its ends. */
struct flow {
	struct address addresses[2];
	uint16_t ports[2];
	uint8_t transport;
	enum side server; /* by the order of its first packet */
	enum accuracy_class class;
	uint32_t packets, seen;
};

struct capture {
	struct flow *flows;
	size_t count;
	bool is_cut;
	struct trace *trace;
	int64_t first_us; /* of its first packet; -1: there was none yet */
};

static struct address address_of(const struct pkt *pkt, enum side side)
{
	const struct ipv4_header *v4 = pkt->ip;
	const struct ipv6_header *v6 = pkt->ip;
	struct address address = {};

	if (pkt->is_ipv6)
		memcpy(address.bytes, side == SOURCE ? v6->source_be : v6->destination_be, 16);
	else
		memcpy(address.bytes, side == SOURCE ? &v4->source_be : &v4->destination_be, 4);
	return address;
}

static bool is_flow(const struct flow *flow, const struct flow *packet, bool reverse)
{
	return flow->transport == packet->transport && flow->ports[0] == packet->ports[reverse] &&
	       flow->ports[1] == packet->ports[!reverse] &&
	       !memcmp(&flow->addresses[0], &packet->addresses[reverse], sizeof(struct address)) &&
	       !memcmp(&flow->addresses[1], &packet->addresses[!reverse], sizeof(struct address));
}

static enum accuracy_class class_of(const struct pkt *pkt)
{
	if (kind_transport(pkt->kind) == PORT_UDP)
		return ACCURACY_UDP;
	if (kind_transport(pkt->kind) == PORT_TCP && pkt->kind & TCP_FLAG_SYN)
		return ACCURACY_TCP;
	return ACCURACY_NO_CLASS;
}

/* *reverse: the packet goes the other way than the flow's first. */
static struct flow *find_flow(struct capture *capture, const struct pkt *pkt, bool *reverse)
{
	struct flow packet = {
		.addresses = { address_of(pkt, SOURCE), address_of(pkt, DESTINATION) },
		.ports = { pkt->source_port, pkt->destination_port },
		.transport = kind_transport(pkt->kind),
		.class = class_of(pkt),
		.server =
			pkt->kind & TCP_FLAG_SYN && pkt->kind & TCP_FLAG_ACK ? SOURCE : DESTINATION,
	};

	for (size_t i = 0; i < capture->count; i++) {
		struct flow *flow = &capture->flows[i];

		*reverse = !is_flow(flow, &packet, false);
		if (!*reverse || is_flow(flow, &packet, true))
			return flow;
	}
	*reverse = false;
	capture->flows = realloc(capture->flows, (capture->count + 1) * sizeof(packet));
	assert_non_null(capture->flows);
	capture->flows[capture->count] = packet;
	return &capture->flows[capture->count++];
}

/* How much of a flow is cut off: the first half, and a handshake in any case. */
static uint32_t cut_off(const struct flow *flow)
{
	uint32_t least = flow->transport == PORT_UDP ? 1 : 2;

	return flow->packets / 2 > least ? flow->packets / 2 : least;
}

/* False: it is cut off. */
static bool judge(const struct capture *capture, struct flow *flow, bool reverse,
		  struct trace_packet *packet)
{
	packet->from_outside = (flow->server == SOURCE) != reverse;
	packet->class = flow->class;
	packet->port = flow->ports[flow->server];
	flow->seen++;
	if (!capture->is_cut)
		return true;
	if (packet->class < ACCURACY_NO_CLASS)
		packet->class ++;
	return flow->seen > cut_off(flow);
}

_Static_assert(ACCURACY_TCP + 1 == ACCURACY_TCP_MIDFLOW && ACCURACY_UDP + 1 == ACCURACY_UDP_MIDFLOW,
	       "so that the next class is that of the flow's rest");

typedef void (*take_fn)(struct capture *capture, const struct pcap_pkthdr *header,
			const u_char *frame);

static bool has_ports(const struct pcap_pkthdr *header, const u_char *frame, struct pkt *pkt)
{
	return parse_frame(frame, frame + header->caplen, header->caplen, 0, false, pkt) ==
	       PORT_NO_BUCKET;
}

/* The first time through: which flows there are. */
static void note(struct capture *capture, const struct pcap_pkthdr *header, const u_char *frame)
{
	struct pkt pkt;
	bool reverse;

	if (has_ports(header, frame, &pkt))
		find_flow(capture, &pkt, &reverse)->packets++;
}

/* The second time: the packets. */
static void take(struct capture *capture, const struct pcap_pkthdr *header, const u_char *frame)
{
	int64_t now_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec;
	uint32_t length = header->caplen < ACCURACY_FRAME_MAX ? header->caplen : ACCURACY_FRAME_MAX;
	struct trace_packet packet = { .kind = ACCURACY_KIND_CAPTURED,
				       .class = ACCURACY_NO_CLASS,
				       .policy = ACCURACY_NO_POLICY,
				       .wire_bytes = header->len,
				       .is_new = capture->first_us < 0 };
	struct pkt pkt;
	bool reverse;

	if (has_ports(header, frame, &pkt)) {
		struct flow *flow = find_flow(capture, &pkt, &reverse);

		if (!judge(capture, flow, reverse, &packet))
			return;
	}
	if (packet.is_new)
		capture->first_us = now_us;
	if (now_us < capture->first_us)
		now_us = capture->first_us;
	packet.ticks = ACCURACY_BEGIN_TICKS +
		       (uint64_t)(now_us - capture->first_us) * ACCURACY_TICKS_PER_SECOND / 1000000;
	trace_add(capture->trace, packet, frame, length);
}

static void read_file(const char *path, struct capture *capture, take_fn take_frame)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline(path, error);
	struct pcap_pkthdr *header;
	const u_char *frame;
	int got;

	if (!file)
		fail_msg("capture '%s': %s", path, error);
	assert_int_equal(pcap_datalink(file), DLT_EN10MB);
	while ((got = pcap_next_ex(file, &header, &frame)) == 1)
		if (header->caplen >= sizeof(struct eth_header))
			take_frame(capture, header, frame);
	if (got != PCAP_ERROR_BREAK)
		fail_msg("capture '%s': %s", path, pcap_geterr(file));
	pcap_close(file);
}

static int is_capture(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && (!strcmp(end, ".pcap") || !strcmp(end, ".pcapng"));
}

bool accuracy_captures(struct trace *trace, const char *directory, bool is_cut)
{
	struct dirent **files = NULL;
	int count = scandir(directory, &files, is_capture, alphasort);

	for (int i = 0; i < count; i++) {
		struct capture capture = { .is_cut = is_cut, .trace = trace, .first_us = -1 };
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s", directory, files[i]->d_name);
		read_file(path, &capture, note);
		read_file(path, &capture, take);
		trace->flows += capture.count;
		free(capture.flows);
		free(files[i]);
	}
	free(files);
	return count > 0;
}
