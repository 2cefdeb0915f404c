/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second opinion on every frame, for tests only: written from the rules and the RFCs, sharing no
 * code with the kernel half but the enums. Slow and obvious, so that it can be believed.
 *
 * In: the frame as the hook sees it (Ethernet header first, or the IP packet itself where
 * starts_at_l3 says so), and the database in its order. Out: one verdict, always filled in whole.
 * Nothing is kept, nothing fails; a len of 0 is allowed, frame is then never looked at.
 * Ports are in host byte order. It knows no state: later fragments are all bucket `fragment`.
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

struct ref_verdict {
	int bucket;    /* enum port_bucket, or -1: counted for the service in `slot` */
	uint16_t slot; /* 0 when in a bucket */
	int transport; /* enum port_transport, or -1: no ports; then the rest is 0, method -1 */
	uint16_t src_port, dst_port, service_port;
	enum port_direction direction;
	int method; /* enum port_method, or -1 */
};

/* Which entry a port belongs to: later file, narrower range, earlier line. NULL when to none. */
const struct ref_entry *reference_find_owner(const struct ref_entry *entries, size_t n,
					     int transport, uint16_t port);

void reference_classify(const uint8_t *frame, size_t len, bool starts_at_l3,
			const struct ref_entry *entries, size_t n, struct ref_verdict *out);

#endif
