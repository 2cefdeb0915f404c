// SPDX-License-Identifier: GPL-2.0-only
#include "accuracy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define PACKETS_FIRST 65536
#define BYTES_FIRST 4194304

void trace_add(struct trace *trace, struct trace_packet packet, const uint8_t *frame, size_t length)
{
	if (trace->count == trace->room) {
		trace->room = trace->room ? trace->room * 2 : PACKETS_FIRST;
		trace->packets = realloc(trace->packets, trace->room * sizeof(*trace->packets));
	}
	if (trace->bytes_room - trace->bytes_used < ACCURACY_FRAME_MAX) {
		trace->bytes_room = trace->bytes_room ? trace->bytes_room * 2 : BYTES_FIRST;
		trace->bytes = realloc(trace->bytes, trace->bytes_room);
	}
	assert_true(trace->packets && trace->bytes);
	assert_in_range(length, 1, ACCURACY_FRAME_MAX);
	packet.offset = (uint32_t)trace->bytes_used;
	packet.length = (uint32_t)length;
	memcpy(trace->bytes + trace->bytes_used, frame, length);
	trace->bytes_used += (length + 1) & ~(size_t)1; /* headers lie at even addresses */
	trace->packets[trace->count++] = packet;
}

void trace_free(struct trace *trace)
{
	free(trace->bytes);
	free(trace->packets);
	*trace = (struct trace){};
}
