// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a frame: parse.h and the independent reference agree on where it belongs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ref_verdict expected;
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
	reference_classify(frame, size, starts_at_l3, NULL, 0, &expected);
	bucket = parse_frame(frame, frame + size, (__u32)size, 0, starts_at_l3, &pkt);
	if (expected.transport < 0 ? (int)bucket != expected.bucket : bucket != PORT_NO_BUCKET)
		abort();
	if (expected.transport >= 0 && (pkt.transport != expected.transport || pkt.source_port != expected.src_port ||
					pkt.destination_port != expected.dst_port))
		abort();
	free(frame);
	return 0;
}
