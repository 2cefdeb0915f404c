// SPDX-License-Identifier: GPL-2.0-only

/* Numbers as a person reads them. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <string.h>

#include "units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct scaled_row {
	const char *desc;
	double value;
	const char *count, *bits;
} scaled_rows[] = {
	{ "nothing", 0, "0", "0 bit" },
	{ "one", 1, "1", "1 bit" },
	{ "below the first prefix", 999, "999", "999 bit" },
	{ "a fraction below the first prefix", 999.4, "999", "999 bit" },
	{ "rounds up to the first prefix", 999.5, "1.0k", "1.0 kbit" },
	{ "the first prefix", 1000, "1.0k", "1.0 kbit" },
	{ "one digit behind the point", 12345, "12.3k", "12.3 kbit" },
	{ "last with a digit behind the point", 99949, "99.9k", "99.9 kbit" },
	{ "rounds up to three digits", 99950, "100k", "100 kbit" },
	{ "three digits", 123456, "123k", "123 kbit" },
	{ "last of the first prefix", 999499, "999k", "999 kbit" },
	{ "rounds up to the second prefix", 999500, "1.0M", "1.0 Mbit" },
	{ "mega", 4500000, "4.5M", "4.5 Mbit" },
	{ "giga", 4294967296.0, "4.3G", "4.3 Gbit" },
	{ "tera", 1e12, "1.0T", "1.0 Tbit" },
	{ "peta", 9007199254740993.0, "9.0P", "9.0 Pbit" },
	{ "exa", 18446744073709551615.0, "18.4E", "18.4 Ebit" },
	{ "past the last prefix", 1e22, "10000E", "10000 Ebit" },
};

static void test_units_scaled(void **state)
{
	char out[UNITS_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(scaled_rows); i++) {
		const struct scaled_row *row = &scaled_rows[i];

		if (strcmp(units_count(out, row->value), row->count) != 0)
			fail_msg("%s: '%s'", row->desc, out);
		if (strcmp(units_bits(out, row->value), row->bits) != 0)
			fail_msg("%s: '%s'", row->desc, out);
	}
}

static void test_units_bytes_values(void **state)
{
	static const struct {
		const char *desc;
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ "nothing", 0, "0 B" },
		{ "below the first prefix", 999, "999 B" },
		{ "a prefix is 1000, not 1024", 1000, "1.0 kB" },
		{ "one digit behind the point", 12345, "12.3 kB" },
		{ "three digits", 123456, "123 kB" },
		{ "rounds up to the second prefix", 999500, "1.0 MB" },
		{ "above 32 bits", 5000000000, "5.0 GB" },
		{ "above 53 bits", 9007199254740993, "9.0 PB" },
		{ "all 64 bits", UINT64_MAX, "18.4 EB" },
	};
	char out[UNITS_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(units_bytes(out, rows[i].bytes), rows[i].text) != 0)
			fail_msg("%s: '%s'", rows[i].desc, out);
}

static void test_units_duration_values(void **state)
{
	static const struct {
		const char *desc;
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{ "nothing", 0, "0s" },
		{ "last second alone", 59, "59s" },
		{ "a minute", 60, "1m00s" },
		{ "minutes and seconds", 312, "5m12s" },
		{ "last minute", 3599, "59m59s" },
		{ "an hour", 3600, "1h00m" },
		{ "seconds are cut off", 3 * 3600 + 5 * 60 + 59, "3h05m" },
		{ "last hour", 86399, "23h59m" },
		{ "a day", 86400, "1d00h" },
		{ "days and hours", 12 * 86400 + 3 * 3600 + 1800, "12d03h" },
		{ "all 64 bits", UINT64_MAX, "213503982334601d07h" },
	};
	char out[UNITS_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(units_duration(out, rows[i].seconds), rows[i].text) != 0)
			fail_msg("%s: '%s'", rows[i].desc, out);
}

static void test_units_stay_in_bounds(void **state)
{
	char out[UNITS_MAX + 1];

	(void)state;
	out[UNITS_MAX] = '#';
	assert_ptr_equal(units_bits(out, DBL_MAX), out);
	assert_true(strlen(out) < UNITS_MAX);
	assert_int_equal(out[UNITS_MAX], '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_scaled),
		cmocka_unit_test(test_units_bytes_values),
		cmocka_unit_test(test_units_duration_values),
		cmocka_unit_test(test_units_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
