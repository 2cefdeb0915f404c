/* SPDX-License-Identifier: GPL-2.0-only */
/* What report.c (rows of services and buckets) and report_ports.c (of unclassified ports) share. */
#ifndef REPORT_PRIVATE_H
#define REPORT_PRIVATE_H

#include "report.h"

/* A row with that label and nothing else, in the room that report_build() has made. */
struct report_row *report_add_row(struct report *report, const char *label);

/* How many rows the ports need; none where there are no ports. */
size_t report_count_ports(const struct measured_ports *ports);
/* Takes the ports out of the unclassified buckets' rows, which must be merged already. */
void report_split_buckets(struct report *report, const struct measured_ports *ports);

#endif
