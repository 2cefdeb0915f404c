/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frames whose cost is measured, and what becomes of each of them with a generated database.
 * Frames are as short as they come: the cost does not depend on what follows the ports.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"
#include "port_abi.h"

/* Which of xdp-filter's programs looks at the ports of such a frame. */
enum frame_filter { FRAME_NO_FILTER, FRAME_FILTER_TCP, FRAME_FILTER_UDP };

struct frame_case {
	const char *desc;
	void (*build)(struct packet *packet);
	uint32_t cell;            /* of PORT_INDEX_*: the bucket or the method that counts it */
	enum frame_filter filter;
	bool varies;              /* other ports in every packet: vary.bpf.c writes them */
};

#define FRAME_CASES 12
extern const struct frame_case frame_cases[FRAME_CASES];

#endif
