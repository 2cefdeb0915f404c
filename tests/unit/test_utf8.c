// SPDX-License-Identifier: GPL-2.0-only

/* What is a character, and what may be shown on a terminal. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "utf8.h"

static void test_utf8_length_values(void **state)
{
	static const struct {
		const char *text;
		size_t len, printable;
	} rows[] = {
		{ "a", 1, 1 },
		{ " ", 1, 1 },
		{ "~", 1, 1 },
		{ "\x1f", 1, 0 },
		{ "\x7f", 1, 0 },
		{ "\n", 1, 0 },
		{ "\x80", 0, 0 },
		{ "\xbf", 0, 0 },
		{ "\xc0\x80", 0, 0 },
		{ "\xc1\xbf", 0, 0 },
		{ "\xc2\x80", 2, 0 },
		{ "\xc2\x9b", 2, 0 },
		{ "\xc2\x9f", 2, 0 },
		{ "\xc2\xa0", 2, 2 },
		{ "\xc3\xbc", 2, 2 },
		{ "\xc3\x9b", 2, 2 },
		{ "\xc3", 0, 0 },
		{ "\xc2", 0, 0 },
		{ "\xc3z", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xe2\x82\xac", 3, 3 },
		{ "\xe2\x82", 0, 0 },
		{ "\xe2\x82z", 0, 0 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 0, 0 },
		{ "\xee\x80\x80", 3, 3 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xf5\x80\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = utf8_length(rows[i].text, strlen(rows[i].text));
		size_t printable = utf8_printable(rows[i].text);

		if (len != rows[i].len || printable != rows[i].printable)
			fail_msg("row %zu: %zu, %zu", i, len, printable);
	}
	assert_int_equal(utf8_printable(""), 0);
	assert_int_equal(utf8_length("\xe2\x82\xac", 2), 0);
}

static void test_utf8_print_values(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "" },
		{ "eth0", "eth0" },
		{ "\033[2J", "?[2J" },
		{ "a\nb\tc\x7f", "a?b?c?" },
		{ "\xc2\x9b" "2J", "??2J" },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x90\x8d\x88", "\xc3\xbc\xe2\x82\xac\xf0\x90\x8d\x88" },
		{ "\xe2\x82", "??" },
		{ "\xff\xfe z", "?? z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture_text text;

		utf8_print(fixture_text_open(&text), rows[i].text);
		assert_string_equal(fixture_text_close(&text), rows[i].shown);
		fixture_text_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_length_values),
		cmocka_unit_test(test_utf8_print_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
