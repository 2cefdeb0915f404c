/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The busiest rows of a report, for a person: a table of at most 80 columns. Nothing of a name that
 * could steer a terminal is printed. Returns 0, or -EIO if out could not take it all.
 */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stdio.h>

#include "report.h"

int top_print(FILE *out, const struct report *report, const struct measurement *measurement,
	      size_t rows, bool colour);

#endif
