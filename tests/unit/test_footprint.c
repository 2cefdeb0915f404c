// SPDX-License-Identifier: GPL-2.0-only

/* The memory for maps, and what is said where it is much. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "footprint.h"
#include "port_abi.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Numbers that were computed apart from the code, from port_abi.h. A device of 1,024 slots has
 * 4,176 counters (80 + 4 * 1,024) of 16 bytes and 1,024 handshakes of 24, once for each CPU, and 8
 * bytes for each.
 */
static const struct row {
	const char *desc;
	struct footprint_shape shape;
	uint64_t device, base, counters, ports, marks, rest;
	const char *advice; /* begins so; "": there is none */
} rows[] = {
	{ "two CPUs, by default",
	  { 2, 1024, 1 << 20, true, 2, 0 },
	  224384,
	  91392,
	  448768,
	  4195328,
	  1048640,
	  3207168,
	  "" },
	{ "one CPU, not by port",
	  { 1, 1024, 1 << 16, false, 1, 0 },
	  132992,
	  91392,
	  132992,
	  16392,
	  65600,
	  3207168,
	  "" },
	{ "no device",
	  { 64, 1024, 1 << 20, false, 0, 0 },
	  5890688,
	  91392,
	  0,
	  1048584,
	  1048640,
	  3207168,
	  "" },
	{ "sums of earlier maps",
	  { 2, 1024, 1 << 20, true, 3, 2 },
	  224384,
	  91392,
	  855936,
	  4195328,
	  1048640,
	  3207168,
	  "" },
	{ "marks are not for all to know",
	  { 2, 1024, 0, true, 2, 0 },
	  224384,
	  91392,
	  448768,
	  4195328,
	  0,
	  3207168,
	  "" },
	{ "64 CPUs, by port",
	  { 64, 1024, 1 << 20, true, 2, 0 },
	  5890688,
	  91392,
	  11781376,
	  134218752,
	  1048640,
	  3207168,
	  "" },
	{ "256 CPUs, by port",
	  { 256, 1024, 1 << 20, true, 2, 0 },
	  23437952,
	  91392,
	  46875904,
	  536871936,
	  1048640,
	  3207168,
	  "unclassified frames by port take 537 MB of it: --detach, then start with "
	  "--unclassified-ports off" },
	{ "256M cells",
	  { 2, 1024, 1 << 28, true, 2, 0 },
	  224384,
	  91392,
	  448768,
	  4195328,
	  268435520,
	  3207168,
	  "the table of marks takes 268 MB of it: --detach, then start with smaller --endpoints" },
	{ "65,000 services, 20 devices, 256 CPUs",
	  { 256, 65001, 1 << 28, true, 20, 20 },
	  1467270888,
	  5721368,
	  UINT64_C(29459845120),
	  536871936,
	  268435520,
	  6789880,
	  "counters take 29.5 GB of it, 1.5 GB for each device and direction: --detach, then "
	  "start with fewer devices or services" },
	{ "65,000 services on a small machine",
	  { 2, 65001, 1 << 20, true, 20, 0 },
	  14043416,
	  5721368,
	  280868320,
	  4195328,
	  1048640,
	  6789880,
	  "counters take 281 MB of it, 14.0 MB for" },
	{ "the most there can be",
	  { 8192, 65001, 1 << 28, true, 4000, 0 },
	  UINT64_C(46872047336),
	  5721368,
	  UINT64_C(187488189344000),
	  UINT64_C(17179870208),
	  268435520,
	  6789880,
	  "counters take 187 TB of it, 46.9 GB for each device" },
};

static void assert_equal(const struct row *row, const char *what, uint64_t got, uint64_t wanted)
{
	if (got != wanted)
		fail_msg("%s: %s: %llu, wanted %llu", row->desc, what, (unsigned long long)got,
			 (unsigned long long)wanted);
}

static void test_footprint_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct footprint footprint = footprint_of(&row->shape);
		uint64_t total = row->counters + row->ports + row->marks + row->rest;

		assert_equal(row, "device", footprint.device, row->device);
		assert_equal(row, "base", footprint.base, row->base);
		assert_equal(row, "counters", footprint.parts[FOOTPRINT_COUNTERS], row->counters);
		assert_equal(row, "ports", footprint.parts[FOOTPRINT_PORTS], row->ports);
		assert_equal(row, "marks", footprint.parts[FOOTPRINT_MARKS], row->marks);
		assert_equal(row, "rest", footprint.parts[FOOTPRINT_REST], row->rest);
		assert_equal(row, "total", footprint.total, row->marks ? total : 0);
		assert_equal(row, "CPUs", footprint.cpus, row->shape.cpus);
	}
}

static void test_footprint_advice_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct footprint footprint = footprint_of(&row->shape);
		char advice[FOOTPRINT_ADVICE_MAX];

		assert_ptr_equal(footprint_advice(advice, &footprint), advice);
		if (strncmp(advice, row->advice, *row->advice ? strlen(row->advice) : 1))
			fail_msg("%s: '%s'", row->desc, advice);
		assert_true(strlen(advice) < FOOTPRINT_ADVICE_MAX - 1);
	}
}

/* What the largest part is decides, and the limit is one of the total. */
static void test_footprint_advice_limit(void **state)
{
	struct footprint footprint = {
		.parts = { [FOOTPRINT_COUNTERS] = 1000, [FOOTPRINT_MARKS] = 1001 },
		.total = FOOTPRINT_LARGE,
	};
	char advice[FOOTPRINT_ADVICE_MAX];

	(void)state;
	assert_string_equal(footprint_advice(advice, &footprint), "");
	footprint.total++;
	assert_non_null(strstr(footprint_advice(advice, &footprint), "the table of marks takes"));
	footprint.parts[FOOTPRINT_REST] = UINT64_MAX; /* which nothing can be done about */
	assert_non_null(strstr(footprint_advice(advice, &footprint), "the table of marks takes"));
	footprint.parts[FOOTPRINT_COUNTERS] = 1002;
	assert_non_null(strstr(footprint_advice(advice, &footprint), "counters take"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_footprint_of),
		cmocka_unit_test(test_footprint_advice_rows),
		cmocka_unit_test(test_footprint_advice_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
