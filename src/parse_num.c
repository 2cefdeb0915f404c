// SPDX-License-Identifier: GPL-2.0-only

/* Strict decimal numbers. */

#include "parse_num.h"

#include <errno.h>

int parse_u32(const char *s, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		/* Held at "above max", so that no number of digits wraps round. */
		if (value <= max)
			value = value * 10 + (uint64_t)(s[i] - '0');
	}
	if (value > max)
		return -ERANGE;
	*out = (uint32_t)value;
	return 0;
}
