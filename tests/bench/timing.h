/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks in nanoseconds, and what is made of several measurements of one thing. Pure but for the
 * clocks. */
#ifndef TIMING_H
#define TIMING_H

#include <stddef.h>

/* What this thread has used, in user space and in the kernel: other processes' time is not in it.
 */
double timing_cpu_ns(void);
double timing_wall_ns(void);

/* The values are sorted in place. Their number is not 0. */
double timing_median(double *values, size_t count);
/* Between the first and the third quartile: what the same thing differs by from round to round. */
double timing_spread(double *values, size_t count);

#endif
