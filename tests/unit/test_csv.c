// SPDX-License-Identifier: GPL-2.0-only

/* The CSV reader. Records are written down as "[text@line:column|...]". */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

/* Everything that the reader says about a text. */
struct account {
	char text[4096];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
note(struct account *account, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	account->len += (size_t)vsnprintf(account->text + account->len,
					  sizeof(account->text) - account->len, format, args);
	va_end(args);
	assert_true(account->len < sizeof(account->text));
}

static void note_record(struct account *account, const struct csv *csv)
{
	note(account, "[");
	for (size_t i = 0; i < csv->count; i++)
		note(account, "%s%.*s@%u:%u", i ? "|" : "", (int)csv->fields[i].len,
		     csv->fields[i].text, csv->fields[i].line, csv->fields[i].column);
	note(account, "]");
	if (csv->error.what)
		note(account, "!%u:%u %s", csv->error.line, csv->error.column, csv->error.what);
}

/* Lines end in '\n', the last one may not. */
static void read_text(struct csv *csv, const char *text, struct account *account)
{
	bool complete = false;

	for (uint32_t number = 1; *text; number++) {
		size_t len = strcspn(text, "\n");

		assert_int_equal(csv_feed(csv, text, len, number, &complete), 0);
		if (complete)
			note_record(account, csv);
		text += len + (text[len] == '\n');
	}
	if (csv->in_quotes)
		note(account, "open since %u:%u", csv->quote_line, csv->quote_column);
}

static const struct csv_row {
	const char *desc;
	const char *text;
	const char *expected;
} csv_rows[] = {
	{ "one field", "a", "[a@1:1]" },
	{ "two records", "a,b\nc,d\n", "[a@1:1|b@1:3][c@2:1|d@2:3]" },
	{ "records of unequal length", "a\nb,c\n", "[a@1:1][b@2:1|c@2:3]" },
	{ "an empty line is one empty field", "\na\n", "[@1:1][a@2:1]" },
	{ "empty fields", ",,\n", "[@1:1|@1:2|@1:3]" },
	{ "empty last field", "a,\n", "[a@1:1|@1:3]" },
	{ "spaces belong to the field", " a , b ", "[ a @1:1| b @1:5]" },
	{ "quoted", "\"a\",\"b\"", "[a@1:1|b@1:5]" },
	{ "quoted and empty", "\"\",\"\"", "[@1:1|@1:4]" },
	{ "quoted comma", "\"a,b\",c", "[a,b@1:1|c@1:7]" },
	{ "doubled quotes", "\"a \"\"b\"\" c\",d", "[a \"b\" c@1:1|d@1:13]" },
	{ "nothing but a doubled quote", "\"\"\"\"", "[\"@1:1]" },
	{ "two doubled quotes", "\"\"\"\"\"\",x", "[\"\"@1:1|x@1:8]" },
	{ "quoted line break", "a,\"b\nc\",d\ne", "[a@1:1|b\nc@1:3|d@2:4][e@3:1]" },
	{ "quoted empty lines", "\"\n\n\",x", "[\n\n@1:1|x@3:3]" },
	{ "quote closed on a line of its own", "\"a\n\"\nb", "[a\n@1:1][b@3:1]" },
	{ "doubled quote at a line's end", "\"a\"\"\nb\"", "[a\"\nb@1:1]" },
	{ "doubled quote at a line's start", "\"a\n\"\"b\"", "[a\n\"b@1:1]" },
	{ "second quoted field opens in a second line", "\"a\nb\",\"c\nd\"",
	  "[a\nb@1:1|c\nd@2:4]" },
	{ "bytes, not characters", "\xc3\xa9,b", "[\xc3\xa9@1:1|b@1:4]" },
	{ "text after a closing quote", "\"a\"b,c\nd", "[a@1:1|c@1:6]"
	  "!1:4 text after a closing quote[d@2:1]" },
	{ "space after a closing quote", "\"a\" ,c", "[a@1:1|c@1:6]"
	  "!1:4 text after a closing quote" },
	{ "text after a closing quote in a later line", "x,\"a\nb\"c", "[x@1:1|a\nb@1:3]"
	  "!2:3 text after a closing quote" },
	{ "quote in an unquoted field", "a,b\"c\",d\ne", "[a@1:1|b\"c\"@1:3|d@1:8]"
	  "!1:4 quote inside an unquoted field[e@2:1]" },
	{ "space before an opening quote", "a, \"b,c\"", "[a@1:1| \"b@1:3|c\"@1:7]"
	  "!1:4 quote inside an unquoted field" },
	{ "the first of two errors", "\"a\"x,b\"", "[a@1:1|b\"@1:6]"
	  "!1:4 text after a closing quote" },
	{ "quote left open", "a,\"b", "open since 1:3" },
	{ "quote left open over lines", "a\n\"b\n\"\"c\nd", "[a@1:1]open since 2:1" },
	{ "a lone quote", "\"", "open since 1:1" },
	{ "three quotes", "\"\"\"", "open since 1:1" },
};

static void test_csv_feed_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(csv_rows) / sizeof(csv_rows[0]); i++) {
		struct account account = {};
		struct csv csv;

		csv_init(&csv);
		read_text(&csv, csv_rows[i].text, &account);
		csv_fini(&csv);
		if (strcmp(account.text, csv_rows[i].expected))
			fail_msg("%s: %s", csv_rows[i].desc, account.text);
	}
}

static void test_csv_reset_forgets_an_open_quote(void **state)
{
	struct account account = {};
	struct csv csv;
	bool complete;

	(void)state;
	csv_init(&csv);
	assert_int_equal(csv_feed(&csv, "a,\"b", 4, 1, &complete), 0);
	assert_false(complete);
	csv_reset(&csv);
	read_text(&csv, "c,d", &account);
	csv_fini(&csv);
	assert_string_equal(account.text, "[c@1:1|d@1:3]");
}

static void test_csv_feed_more_fields_than_the_limit(void **state)
{
	char line[CSV_FIELDS_MAX + 1];
	struct csv csv;
	bool complete;

	(void)state;
	memset(line, ',', sizeof(line));
	csv_init(&csv);
	assert_int_equal(csv_feed(&csv, line, CSV_FIELDS_MAX - 1, 1, &complete), 0);
	assert_int_equal(csv.count, CSV_FIELDS_MAX);
	assert_null(csv.error.what);
	assert_int_equal(csv_feed(&csv, line, CSV_FIELDS_MAX, 2, &complete), 0);
	assert_true(complete);
	assert_int_equal(csv.count, CSV_FIELDS_MAX);
	assert_string_equal(csv.error.what, "more than 256 columns");
	assert_int_equal(csv.error.line, 2);
	assert_int_equal(csv.error.column, CSV_FIELDS_MAX + 1);
	csv_fini(&csv);
}

/* One field of several lines whose record, quotes and line ends included, takes size bytes. */
static void feed_record(struct csv *csv, size_t size, bool *complete)
{
	enum { STEP = 1024 };
	char line[STEP];
	uint32_t number = 1;

	memset(line, 'x', sizeof(line));
	line[0] = '"';
	assert_int_equal(csv_feed(csv, line, STEP - 1, number++, complete), 0);
	size -= STEP;
	line[0] = 'x';
	while (size > STEP + 1) {
		assert_false(*complete);
		assert_int_equal(csv_feed(csv, line, STEP - 1, number++, complete), 0);
		size -= STEP;
	}
	line[size - 2] = '"';
	assert_int_equal(csv_feed(csv, line, size - 1, number, complete), 0);
}

static void test_csv_feed_record_at_and_over_the_limit(void **state)
{
	struct csv csv;
	bool complete = false;

	(void)state;
	csv_init(&csv);
	feed_record(&csv, CSV_RECORD_MAX, &complete);
	assert_true(complete);
	assert_null(csv.error.what);
	assert_int_equal(csv.fields[0].len, CSV_RECORD_MAX - 3);
	feed_record(&csv, CSV_RECORD_MAX + 1, &complete);
	assert_true(complete);
	assert_string_equal(csv.error.what, "record is longer than 1048576 bytes");
	assert_int_equal(csv.error.line, 1);
	assert_int_equal(csv.error.column, 1);
	/* And it is over with the record. */
	assert_int_equal(csv_feed(&csv, "a", 1, 1, &complete), 0);
	assert_null(csv.error.what);
	assert_int_equal(csv.count, 1);
	csv_fini(&csv);
}

static void test_csv_feed_endless_quote_takes_bounded_memory(void **state)
{
	char line[4096];
	struct csv csv;
	bool complete;

	(void)state;
	memset(line, 'x', sizeof(line));
	csv_init(&csv);
	assert_int_equal(csv_feed(&csv, "\"", 1, 1, &complete), 0);
	for (uint32_t number = 2; number < 2000; number++)
		assert_int_equal(csv_feed(&csv, line, sizeof(line), number, &complete), 0);
	assert_false(complete);
	assert_true(csv.room <= 2 * CSV_RECORD_MAX);
	assert_int_equal(csv.quote_line, 1);
	csv_fini(&csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_feed_texts),
		cmocka_unit_test(test_csv_reset_forgets_an_open_quote),
		cmocka_unit_test(test_csv_feed_more_fields_than_the_limit),
		cmocka_unit_test(test_csv_feed_record_at_and_over_the_limit),
		cmocka_unit_test(test_csv_feed_endless_quote_takes_bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
