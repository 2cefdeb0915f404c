/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames of made-up flows: headers without payload, between hosts that are known by number. */
#ifndef ACCURACY_FRAME_H
#define ACCURACY_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct accuracy_endpoint {
	uint32_t host; /* of its side */
	uint16_t port;
	bool is_outside;
	bool is_ipv6;
};

#define ACCURACY_BUILT_MAX 128

/* Writes a frame and returns its length. flags: of TCP. */
size_t accuracy_frame(uint8_t frame[ACCURACY_BUILT_MAX], const struct accuracy_endpoint *from,
		      const struct accuracy_endpoint *to, bool is_tcp, uint8_t flags);

#endif
