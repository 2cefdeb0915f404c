/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frames whose cost is measured, and what becomes of each of them with a generated database.
 * Frames are as short as Ethernet has them: the cost does not depend on what follows the ports.
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
	uint32_t cell; /* of PORT_INDEX_*, or PROGRAMS_BY_DATABASE: what counts it */
	enum frame_filter filter;
	bool needs_marks; /* its ports alone do not decide */
	/*
	 * Not 0: vary.bpf.c writes other ports into every packet, the destination one of so many
	 * that have entries in a database that is large enough.
	 */
	uint32_t destinations;
};

/* As many as a database of 100 services has in one run, and as one of 14,000 has. */
#define FRAME_FEW 48
#define FRAME_MANY 7000

#define FRAME_CASES 15
extern const struct frame_case frame_cases[FRAME_CASES];

#endif
