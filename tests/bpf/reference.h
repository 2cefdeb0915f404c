/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second opinion on every frame, for tests only: written from the rules and the RFCs, sharing no
 * code with the kernel half but the enums. Slow and obvious, so that it can be believed.
 *
 * reference_read() says what a frame is by itself. In: the frame as the hook sees it (Ethernet
 * header first, or the IP packet itself where starts_at_l3 says so). Out: always filled in whole.
 * Nothing is kept, nothing fails; a len of 0 is allowed, frame is then never looked at.
 *
 * A struct reference decides, one frame after the other, and remembers what the rules want to be
 * remembered: endpoints that serve, firm ports' clients, first fragments. All of it exactly, in
 * sets without a size. The caller tells the time: seconds for fragments, epochs for the rest. What
 * fails for want of memory fails an assert.
 *
 * Ports and identifications are in host byte order.
 *
 * Sources: IEEE 802.1Q and 802.3 (frames), RFC 3032 (MPLS), RFC 2516 (PPPoE), RFC 791 (IPv4),
 * RFC 8200 (IPv6), RFC 4302 (AH), RFC 6275 (mobility), RFC 9293 (TCP), 768 (UDP), 3828 (UDP-Lite),
 * 9260 (SCTP), 4340 (DCCP), and the IANA registries for the numbers.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_abi.h"

struct ref_entry {
	enum port_transport transport;
	uint16_t first, last; /* inclusive */
	uint32_t file, line;
	uint16_t slot;
};

enum ref_fragment { REF_WHOLE, REF_FIRST, REF_LATER };

struct ref_reading {
	int bucket;    /* enum port_bucket, or -1: it has ports */
	int transport; /* enum port_transport, or -1: no ports */
	uint16_t src_port, dst_port;
	bool has_syn, has_ack, has_rst; /* or what says the same in SCTP and DCCP */
	/* What follows holds where there are ports, and for later fragments. */
	enum ref_fragment fragment;
	uint32_t identification; /* of a fragment */
	uint8_t protocol;        /* IPv4: of the IP header; IPv6: 0 */
	bool is_ipv6;
	uint8_t src[16], dst[16]; /* IPv4: the first four */
	const uint8_t *ip;        /* the IP header, in the frame */
};

enum ref_handshake { REF_NO_HANDSHAKE, REF_ATTEMPTED, REF_ACCEPTED, REF_RESET };

struct ref_verdict {
	int bucket;    /* enum port_bucket, or -1: counted for the service in `slot` */
	uint16_t slot; /* 0 when in a bucket */
	int transport; /* enum port_transport, or -1: no verdict; then the rest is 0, method -1 */
	uint16_t service_port;
	enum port_direction direction;
	int method; /* enum port_method, or -1 */
	enum ref_handshake handshake;
	bool is_suspicious;
};

struct reference;

void reference_read(const uint8_t *frame, size_t len, bool starts_at_l3, struct ref_reading *out);

/* Which entry a port belongs to: later file, narrower range, earlier line. NULL when to none. */
const struct ref_entry *reference_find_owner(const struct ref_entry *entries, size_t n,
					     int transport, uint16_t port);

/* How many ports an entry has. */
unsigned int reference_width(const struct ref_entry *entry);

/* The entries stay the caller's and must outlive it. The time is 0. */
struct reference *reference_new(const struct ref_entry *entries, size_t n);
/* NULL is taken. */
void reference_free(struct reference *reference);
/* Everything that was remembered. The time stays. */
void reference_forget(struct reference *reference);
/* Neither may run backwards, unless everything is forgotten. */
void reference_set_time(struct reference *reference, uint32_t epoch, uint32_t second);
void reference_judge(struct reference *reference, const struct ref_reading *reading,
		     struct ref_verdict *out);

/* A frame alone, by one who remembers nothing. */
void reference_classify(const uint8_t *frame, size_t len, bool starts_at_l3,
			const struct ref_entry *entries, size_t n, struct ref_verdict *out);

#endif
