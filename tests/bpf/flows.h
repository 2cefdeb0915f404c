/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Little conversations, frame by frame, and what becomes of each frame: flows.c is the table,
 * test_flows.c runs it. Every conversation starts with nothing remembered.
 */
#ifndef FLOWS_H
#define FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_abi.h"

enum flow_piece { FLOW_WHOLE, FLOW_FIRST, FLOW_LATER };

struct flow_step {
	const char *desc;
	uint32_t pause; /* seconds before it */
	uint8_t protocol;
	uint8_t what; /* TCP: flags; SCTP: type of the first chunk; DCCP: type of the packet */
	enum flow_piece piece;
	uint16_t id;   /* of a fragment's datagram */
	char from, to; /* hosts */
	uint16_t source_port, destination_port;

	int bucket; /* enum port_bucket; -1: of the service of `port`; the rest holds with ports */
	uint16_t port;
	enum port_direction direction;
	enum port_method method;
};

#define FLOW_STEPS 14

struct flow {
	const char *desc;
	bool ipv4_only;                     /* else the same for both IP versions */
	struct flow_step steps[FLOW_STEPS]; /* up to one without a description */
};

/* The services that the conversations are about, in the format of services(5). */
extern const char flow_services[];
extern const struct flow flows[];
extern const size_t flows_len;

#endif
