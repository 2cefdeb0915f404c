/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet table: frames, and what the rules of classification say each of them is. One table for
 * every runner of the parser (on the host and in the kernel), so that a difference between two
 * runners is a failure too.
 *
 * Out: rows[0..count), each a complete frame (cutting it at any byte is the runner's business) with
 * its expectation in host byte order. Descriptions are unique. Rows with bucket PACKET_HAS_PORTS
 * have transport, ports and flags: for TCP the flags byte, for SCTP and DCCP what says the same. In
 * all others transport is -1, the rest 0. Fragments have an identification, in both cases.
 * A row may be as short as 0 bytes, less than some runners of the kernel accept.
 * The caller frees *rows. Without memory the count is 0 and *rows NULL.
 */
#ifndef PACKET_TABLE_H
#define PACKET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define PACKET_HAS_PORTS (-1)

enum packet_fragment { PACKET_WHOLE, PACKET_FIRST_FRAGMENT, PACKET_LATER_FRAGMENT };

struct packet_row {
	char desc[112];
	bool starts_at_l3; /* no Ethernet header: the first byte holds the IP version */
	struct packet packet;
	int bucket;    /* enum port_bucket, or PACKET_HAS_PORTS */
	int transport; /* enum port_transport, or -1 */
	uint16_t src_port, dst_port;
	uint8_t flags;
	enum packet_fragment fragment; /* holds with PACKET_HAS_PORTS and PORT_FRAGMENT */
	uint32_t identification;       /* of a fragment */
};

size_t packet_table(struct packet_row **rows);

#endif
