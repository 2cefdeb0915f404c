/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A measurement as one JSON object with stable keys: the interval's frames and bytes, services,
 * buckets and methods (all that ever counted something), and the report's rows by its key.
 * Counts are those of the interval; those since counting began have `_total` behind their key.
 */
#ifndef TOP_JSON_H
#define TOP_JSON_H

#include <stdio.h>

#include "report.h"

/* 0, -ENOMEM, or -EIO. */
int top_json_print(FILE *out, const struct report *report, const struct measurement *measurement,
		   size_t rows);

#endif
