/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A measurement as one JSON object with stable keys: the interval's frames and bytes, services,
 * buckets and methods (all that ever counted something), and the report's rows by its key.
 * Counts are those of the interval; those since counting began have `_total` behind their key.
 * Connections are those of the row's services; the document's and a device's are all, of services
 * or not. Rows of unclassified ports have the methods and the hint of report.h, or null.
 */
#ifndef TOP_JSON_H
#define TOP_JSON_H

#include <stdio.h>

#include "json.h"
#include "report.h"

/* 0, -ENOMEM, or -EIO. */
int top_json_print(FILE *out, const struct report *report, const struct measurement *measurement,
		   size_t rows);
/*
 * Puts an array of that name into document, as the object has it: of services, buckets or methods;
 * by port, of the unclassified ports, where the measurement has them. 0 or -ENOMEM.
 */
int top_json_put_rows(json_t *document, const struct measurement *measurement, const char *name,
		      enum report_key key);

#endif
