// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "catalog.h"
#include "names.h"
#include "replay_private.h"
#include "utf8.h"

void replay_trace_head(FILE *out)
{
	fputs("#frame\toutcome\ttransport\tport\tdirection\tmethod\tbytes\n", out);
}

/* The database lets no control character into a name; no name could break a line if it did. */
static void print_outcome(FILE *out, const struct port_replay *frame, const struct catalog *catalog)
{
	if (frame->slot && frame->slot < catalog->end)
		utf8_print(out, catalog->services[frame->slot].name);
	else
		fputs(bucket_name(frame->bucket), out);
}

void replay_trace_frame(FILE *out, uint64_t number, const struct port_replay *frame,
			const struct catalog *catalog)
{
	fprintf(out, "%" PRIu64 "\t", number);
	print_outcome(out, frame, catalog);
	if (frame->has_verdict)
		fprintf(out, "\t%s\t%u\t%s\t%s\t%u\n", transport_name(frame->transport),
			frame->port, direction_name(frame->direction), method_name(frame->method),
			frame->bytes);
	else
		fprintf(out, "\t-\t-\t-\t-\t%u\n", frame->bytes);
}
