// SPDX-License-Identifier: GPL-2.0-only

/* Strict decimal numbers. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "parse_num.h"

#define UNTOUCHED 4242

static const struct number_row {
	const char *desc;
	const char *text;
	uint32_t max;
	int err;
	uint32_t value;
} number_rows[] = {
	{ "zero", "0", 65535, 0, 0 },
	{ "the largest", "65535", 65535, 0, 65535 },
	{ "leading zeros", "00080", 65535, 0, 80 },
	{ "leading zeros only", "0000000000000000000000", 10, 0, 0 },
	{ "all 32 bits", "4294967295", UINT32_MAX, 0, UINT32_MAX },
	{ "a maximum of zero", "0", 0, 0, 0 },
	{ "one above", "65536", 65535, -ERANGE, 0 },
	{ "above a maximum of zero", "1", 0, -ERANGE, 0 },
	{ "33 bits", "4294967296", UINT32_MAX, -ERANGE, 0 },
	{ "64 bits and one more", "18446744073709551616", UINT32_MAX, -ERANGE, 0 },
	{ "64 bits and 80 more", "18446744073709551696", 65535, -ERANGE, 0 },
	{ "forty digits", "1000000000000000000000000000000000000080", 65535, -ERANGE, 0 },
	{ "empty", "", 65535, -EINVAL, 0 },
	{ "plus sign", "+80", 65535, -EINVAL, 0 },
	{ "minus sign", "-80", 65535, -EINVAL, 0 },
	{ "minus zero", "-0", 65535, -EINVAL, 0 },
	{ "space in front", " 80", 65535, -EINVAL, 0 },
	{ "space behind", "80 ", 65535, -EINVAL, 0 },
	{ "line break behind", "80\n", 65535, -EINVAL, 0 },
	{ "hexadecimal", "0x50", 65535, -EINVAL, 0 },
	{ "fraction", "80.0", 65535, -EINVAL, 0 },
	{ "exponent", "8e1", 65535, -EINVAL, 0 },
	{ "a word", "http", 65535, -EINVAL, 0 },
	{ "too large and no number", "99999x", 65535, -EINVAL, 0 },
	{ "a digit of another script", "\xd9\xa3", 65535, -EINVAL, 0 },
};

static void test_parse_u32_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(number_rows) / sizeof(number_rows[0]); i++) {
		const struct number_row *row = &number_rows[i];
		uint32_t value = UNTOUCHED;
		int err = parse_u32(row->text, strlen(row->text), row->max, &value);

		if (err != row->err || value != (row->err ? UNTOUCHED : row->value))
			fail_msg("%s: err %d, value %u", row->desc, err, value);
	}
}

static void test_parse_u32_stops_at_length(void **state)
{
	uint32_t value = 0;

	(void)state;
	assert_int_equal(parse_u32("8080", 2, 65535, &value), 0);
	assert_int_equal(value, 80);
	assert_int_equal(parse_u32("80", 0, 65535, &value), -EINVAL);
	assert_int_equal(parse_u32("80", 3, 65535, &value), -EINVAL);
	assert_int_equal(value, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_u32_texts),
		cmocka_unit_test(test_parse_u32_stops_at_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
