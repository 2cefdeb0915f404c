/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A measurement as sorted, named rows: what every formatter prints. By any key but bucket and
 * method the rows are disjoint and together are all frames: services, and the buckets beside them.
 */
#ifndef REPORT_H
#define REPORT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "measure.h"

enum report_key {
	REPORT_SERVICE,
	REPORT_PORT,
	REPORT_PROTOCOL,
	REPORT_DEVICE,
	REPORT_ENCRYPTION,
	REPORT_METHOD,
	REPORT_BUCKET,
	REPORT_KEYS,
};

enum report_sort { REPORT_BYTES, REPORT_PACKETS, REPORT_SORTS };

/* Counts by direction; a bucket's frames have none. */
enum report_side { REPORT_TO_SERVER, REPORT_TO_CLIENT, REPORT_UNDIRECTED, REPORT_SIDES };

struct report_row {
	char label[96];
	const char *transport;  /* "" where rows of several are summed */
	const char *encryption; /* "" where unknown, or where rows of several are summed */
	bool is_bucket;
	struct port_counter interval[REPORT_SIDES];
	struct port_counter total[REPORT_SIDES];
};

struct report {
	struct report_row
		*rows; /* the busiest in the interval first, then in total, then by label */
	size_t count;
	enum report_key key;
	double seconds;
	struct port_counter interval; /* all frames */
	struct port_counter total;
};

/* 0 or -ENOMEM. */
int report_build(struct report *report, const struct measurement *measurement, enum report_key key,
		 enum report_sort sort);
void report_free(struct report *report);

struct port_counter report_sum(const struct port_counter sides[REPORT_SIDES]);
const char *report_key_name(enum report_key key);
const char *report_sort_name(enum report_sort sort);

#endif
