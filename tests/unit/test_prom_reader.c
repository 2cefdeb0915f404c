// SPDX-License-Identifier: GPL-2.0-only

/* The reader by which the other tests judge the metrics. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "prom_reader.h"

#define HEAD "# HELP a_total text\n# TYPE a_total counter\n"
/* What the reader of the tests refuses, as any reader may. */
static const struct {
	const char *text, *error;
} refused[] = {
	{ "", "1: empty" },
	{ HEAD "a_total 1", "3: the last line has no end" },
	{ HEAD "a_total 1\n\n", "4: no name" },
	{ "a_total 1\n", "1: a sample without its HELP and TYPE" },
	{ "# HELP a_total text\na_total 1\n", "2: a sample without its HELP and TYPE" },
	{ "# HELP a_total text\n", "2: HELP without TYPE" },
	{ "# TYPE a_total counter\na_total 1\n", "1: TYPE without its HELP" },
	{ HEAD "# TYPE a_total counter\n", "3: TYPE without its HELP" },
	{ HEAD HEAD, "3: the family comes twice" },
	{ HEAD "# HELP b text\n# TYPE b gauge\nb 1\na_total 1\n",
	  "6: a sample without its HELP and TYPE" },
	{ "# HELP a text\n# TYPE a counter\n", "2: a counter, and nothing else, ends in _total" },
	{ "# HELP a_total text\n# TYPE a_total gauge\n",
	  "2: a counter, and nothing else, ends in _total" },
	{ "# HELP a text\n# TYPE a summary\n", "2: unknown type" },
	{ "# comment\n", "1: no name" },
	{ HEAD "a_total{b=\"c\"} 1\na_total{b=\"c\"} 2\n", "4: the series comes twice" },
	{ HEAD "a_total{b=\"c\",b=\"d\"} 1\n", "3: a label comes twice" },
	{ HEAD "a_total{b=\"c} 1\n", "3: label value without end" },
	{ HEAD "a_total{b=\"\\x\"} 1\n", "3: unknown escape" },
	{ HEAD "a_total{b=\"c\"d=\"e\"} 1\n", "3: labels without end" },
	{ HEAD "a_total{} 1\n", "3: no name" },
	{ HEAD "a_total{1=\"c\"} 1\n", "3: no name" },
	{ HEAD "a_total{b=\"\xff\"} 1\n", "1: not UTF-8" },
	{ HEAD "a_total 01\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total 1.5\n", "3: more behind the value" },
	{ HEAD "a_total 1e3\n", "3: more behind the value" },
	{ HEAD "a_total -1\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total 18446744073709551616\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total 1 1700000000000\n", "3: more behind the value" },
	{ HEAD "a_total  1\n", "3: a counter is not a whole decimal number" },
	{ HEAD "a_total\n", "3: no value" },
};

static void test_prom_reader_refuses(void **state)
{
	struct prom_text prom;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		bool taken = prom_read(&prom, refused[i].text);

		if (taken || strcmp(prom.error, refused[i].error))
			fail_msg("'%s': '%s'", refused[i].text, prom.error);
		prom_free(&prom);
	}
}

static void test_prom_reader_takes(void **state)
{
	struct prom_text prom;

	(void)state;
	assert_true(prom_read(&prom, HEAD
			      "a_total{b=\"\\\\\\\"\\n\xc3\xbc\",c=\"\"} 18446744073709551615\n"));
	assert_int_equal(prom.count, 1);
	assert_string_equal(prom_label(&prom.samples[0], "b"), "\\\"\n\xc3\xbc");
	assert_true(prom.samples[0].count == UINT64_MAX);
	assert_ptr_equal(prom_find(&prom, "a_total", "c", "", "b", "\\\"\n\xc3\xbc", NULL),
			 prom.samples);
	assert_null(prom_find(&prom, "a_total", "c", "", NULL));
	prom_free(&prom);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prom_reader_refuses),
		cmocka_unit_test(test_prom_reader_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
