// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "units.h"

static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };

/*
 * Scales value below 1000. The bound is 999.5, not 1000: above it the value would be printed as
 * 1000 of the smaller unit.
 */
static const char *scale(double *value)
{
	unsigned int i = 0;

	while (*value >= 999.5 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		*value /= 1000;
		i++;
	}
	return prefixes[i];
}

static char *format_scaled(char out[UNITS_MAX], double value, const char *space, const char *unit)
{
	const char *prefix = scale(&value);
	int digits = *prefix && value < 99.95 ? 1 : 0;

	snprintf(out, UNITS_MAX, "%.*f%s%s%s", digits, value, space, prefix, unit);
	return out;
}

char *units_count(char out[UNITS_MAX], double value)
{
	return format_scaled(out, value, "", "");
}

char *units_bytes(char out[UNITS_MAX], uint64_t bytes)
{
	return format_scaled(out, (double)bytes, " ", "B");
}

char *units_bits(char out[UNITS_MAX], double bits)
{
	return format_scaled(out, bits, " ", "bit");
}

char *units_duration(char out[UNITS_MAX], uint64_t seconds)
{
	uint64_t minutes = seconds / 60, hours = minutes / 60;

	if (!minutes)
		snprintf(out, UNITS_MAX, "%" PRIu64 "s", seconds);
	else if (!hours)
		snprintf(out, UNITS_MAX, "%" PRIu64 "m%02" PRIu64 "s", minutes, seconds % 60);
	else if (hours < 24)
		snprintf(out, UNITS_MAX, "%" PRIu64 "h%02" PRIu64 "m", hours, minutes % 60);
	else
		snprintf(out, UNITS_MAX, "%" PRIu64 "d%02" PRIu64 "h", hours / 24, hours % 24);
	return out;
}
