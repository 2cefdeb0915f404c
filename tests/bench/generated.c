// SPDX-License-Identifier: GPL-2.0-only
#include "generated.h"

#include <errno.h>

/* Where tcp/443 and tcp/8080 stand. */
#define STEP_443 63
#define STEP_8080 1154

_Static_assert(GENERATED_TCP + STEP_443 * GENERATED_STEP == 443, "the frames' ports have entries");
_Static_assert(GENERATED_TCP + STEP_8080 * GENERATED_STEP == 8080,
	       "the frames' ports have entries");
_Static_assert((53 - GENERATED_UDP) % GENERATED_STEP == 0, "the frames' ports have entries");
_Static_assert(GENERATED_UDP + (GENERATED_MAX / 2) * GENERATED_STEP < 49152, "as the header says");

static unsigned int tcp_step(unsigned int i, unsigned int count)
{
	if (i == count - 1 && count <= STEP_8080)
		return STEP_8080;
	if (i == count - 2 && count <= STEP_443)
		return STEP_443;
	return i;
}

static void put_row(FILE *out, unsigned int number, unsigned int port, const char *transport)
{
	fprintf(out,
		"generated-%u,%u,%s,\"Generated service, number %u of its "
		"transport\",[Example_Assignee],"
		"[Example_Contact],2001-02-03,2021-03-04,[RFC%u],,,\n",
		number, port, transport, number, 1000 + number % 9000);
}

int generated_write(FILE *out, unsigned int services)
{
	const unsigned int count = services / 2;

	fputs("Service Name,Port Number,Transport "
	      "Protocol,Description,Assignee,Contact,Registration Date,"
	      "Modification Date,Reference,Service Code,Unauthorized Use Reported,Assignment "
	      "Notes\n",
	      out);
	for (unsigned int i = 0; i < count; i++) {
		put_row(out, i, GENERATED_TCP + tcp_step(i, count) * GENERATED_STEP, "tcp");
		put_row(out, i, GENERATED_UDP + i * GENERATED_STEP, "udp");
	}
	return ferror(out) ? -EIO : 0;
}
