// SPDX-License-Identifier: GPL-2.0-only
#include "timing.h"

#include <stdlib.h>
#include <time.h>

static double read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double timing_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double timing_wall_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double timing_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double timing_spread(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count * 3 / 4] - values[count / 4];
}
