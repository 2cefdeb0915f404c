/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report of an audit, for a person and as JSON. Numbers and words in, text out.
 */
#ifndef AUDIT_PRINT_H
#define AUDIT_PRINT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "audit_tally.h"

struct catalog;

struct audit_report {
	const char *const *devices;
	size_t device_count;
	double seconds;
	uint64_t lost; /* frames that the audit did not get */
	struct audit_sums sums;
	const struct catalog *catalog; /* the services by slot */
};

/* 0, or -EIO if out could not take it all. */
int audit_print(FILE *out, const struct audit_report *report);
int audit_json_print(FILE *out, const struct audit_report *report);

#endif
