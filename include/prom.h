/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metrics, as Prometheus text format 0.0.4 for the textfile collector of node_exporter: one
 * HELP and TYPE a family, no timestamps, label values escaped, counters as whole decimal numbers.
 */
#ifndef PROM_H
#define PROM_H

#include <stdio.h>

#include "measure.h"

struct slots;

/* What the agent knows of itself. */
struct prom_self {
	double written_at; /* seconds since 1970 */
	double collection_seconds;
	const char *libbpf; /* version of the library, "1.1" */
	const char *kernel; /* release of the running kernel */
	uint32_t max_series;
	/* Since the pinned state was made, like all counters. */
	uint64_t reloads;         /* of the database */
	uint64_t reload_failures; /* refused, with the old table kept */
	uint64_t write_failures;  /* of the textfile */
};

/*
 * Decides for services that have no decision yet whether they get series of their own: all of the
 * catalog if it has at most max_series; otherwise those that have counted something, first come,
 * first served, and the others are summed under "other". For datapath_decide_series().
 */
struct prom_series {
	const struct measurement *measurement;
	uint32_t max_series;
};
void prom_decide_series(void *series, struct slots *slots);

/* Writes all families. 0, or -EIO if out could not take it. */
int prom_write(FILE *out, const struct measurement *measurement, struct slots *slots,
	       const struct prom_self *self);

#endif
