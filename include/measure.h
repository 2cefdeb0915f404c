/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A measurement: every counted device's totals and what was added in the last interval, with the
 * words that belong to the numbers. The input of all that is printed or exported.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

struct catalog;
struct slots;

struct measured_device {
	const char *name;
	const char *hook;         /* "xdp" */
	const char *mode;         /* "native" or "generic" */
	struct snapshot total;    /* since counting began */
	struct snapshot interval; /* since the measurement before; all 0 if there was none */
};

struct measurement {
	struct measured_device *devices;
	size_t count;
	const struct catalog *catalog;
	double seconds; /* the interval's length; 0: there was no measurement before */
};

/*
 * Room for count devices of slots_end slots; names and modes are the caller's to fill. 0 or
 * -ENOMEM.
 */
int measurement_init(struct measurement *measurement, size_t count, uint32_t slots_end,
		     const struct catalog *catalog);
void measurement_fini(struct measurement *measurement);
/*
 * Sets each interval to what the totals have grown since before, by device name; devices new since
 * count from 0.
 */
void measurement_compare(struct measurement *now, const struct measurement *before);

#endif
