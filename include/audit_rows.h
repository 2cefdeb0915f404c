/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The disagreements of an audit, flow by flow, as the few rows that tell the most: ports of one
 * service are taken together, and so are all that were counted for one port or service, or that
 * belong to one, whichever has more frames. Pure.
 */
#ifndef AUDIT_ROWS_H
#define AUDIT_ROWS_H

#include "audit_tally.h"

struct audit_difference {
	enum port_transport transport;
	uint16_t counted; /* the port that was chosen */
	uint16_t tracked; /* the other one */
	uint32_t flow;    /* both directions of one have the same number */
	uint64_t frames;
	uint32_t row; /* set here */
};

/*
 * Sorts the differences as it needs them, and makes sums->rows of them. Flows have numbers below
 * flows. 0 or -ENOMEM.
 */
int audit_rows_build(struct audit_sums *sums, struct audit_difference *differences, size_t count,
		     size_t flows, const uint32_t values[PORT_TABLE_ENTRIES]);

#endif
