// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a frame: parse.h and the independent reference agree on where it belongs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_ports_of(const struct pkt *pkt, const struct ref_reading *reading)
{
	const uint8_t flags = kind_flags(pkt->kind);

	return kind_transport(pkt->kind) == reading->transport &&
	       pkt->source_port == reading->src_port &&
	       pkt->destination_port == reading->dst_port &&
	       !(flags & TCP_FLAG_SYN) == !reading->has_syn &&
	       !(flags & TCP_FLAG_ACK) == !reading->has_ack &&
	       !(flags & TCP_FLAG_RST) == !reading->has_rst;
}

static bool has_ip_of(const struct pkt *pkt, const struct ref_reading *reading)
{
	const uint32_t identification = pkt->is_ipv6 ? bpf_ntohl(pkt->identification_be)
						     : bpf_ntohs((__u16)pkt->identification_be);

	return pkt->ip == reading->ip && pkt->is_ipv6 == reading->is_ipv6 &&
	       identification == reading->identification;
}

static bool agrees(const struct pkt *pkt, enum port_bucket bucket,
		   const struct ref_reading *reading)
{
	if (reading->bucket == PORT_FRAGMENT)
		return bucket == PORT_FRAGMENT && has_ip_of(pkt, reading);
	if (reading->bucket >= 0)
		return (int)bucket == reading->bucket;
	return bucket == PORT_NO_BUCKET && has_ports_of(pkt, reading) && has_ip_of(pkt, reading) &&
	       !(pkt->kind & KIND_FIRST_FRAGMENT) == (reading->fragment == REF_WHOLE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ref_reading expected;
	enum port_bucket bucket;
	bool starts_at_l3;
	struct pkt pkt;
	uint8_t *frame;

	if (!size)
		return 0;
	starts_at_l3 = *data & 1;
	frame = malloc(size); /* of its own, aligned, so that a read past its end is found out */
	if (!frame)
		return 0;
	memcpy(frame, data + 1, --size);
	reference_read(frame, size, starts_at_l3, &expected);
	bucket = parse_frame(frame, frame + size, (__u32)size, 0, starts_at_l3, &pkt);
	if (!agrees(&pkt, bucket, &expected))
		abort();
	free(frame);
	return 0;
}
