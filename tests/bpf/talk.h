/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of conversations, for tests of what is remembered from frame to frame: a few endpoints
 * talk to each other at any time, over all transports, so that marks, firm ports' clients and first
 * fragments are met again and again; who talks changes slowly. Fragments come in both orders and
 * between those of other datagrams. For the same seed it is the same.
 *
 * The caller owns everything; the rng must outlive it. The database, which must have firm ports of
 * every transport, is only needed to choose ports by. Nothing fails.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "database.h"
#include "generate.h"
#include "packet.h"

#define TALK_PORTS 40
#define TALK_ENDPOINTS 300 /* of each IP version */

struct talk {
	struct rng *rng;
	uint16_t ports[TALK_PORTS];
	uint32_t first; /* of the endpoints that talk now */
};

void talk_init(struct talk *talk, struct rng *rng, const struct database *database);
/* A whole frame of at least 14 bytes. */
void talk_frame(struct talk *talk, struct packet *p, bool starts_at_l3);

#endif
