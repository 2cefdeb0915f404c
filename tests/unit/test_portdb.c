// SPDX-License-Identifier: GPL-2.0-only

/* The port database: files accepted and refused, and its limits. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portdb.h"
#include "portdb_account.h"

/* A line of a services(5) file of exactly len bytes. */
static char *make_line(size_t len)
{
	static const char start[] = "a 1/tcp # ";
	char *line = malloc(len + 1);

	assert_non_null(line);
	memset(line, 'x', len);
	memcpy(line, start, sizeof(start) - 1);
	line[len] = '\r';
	return line;
}

static void test_portdb_feed_line_at_and_over_the_limit(void **state)
{
	char *longest = make_line(PORTDB_LINE_MAX);
	char *too_long = make_line(PORTDB_LINE_MAX + 1);
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	assert_int_equal(parse(db, "f", longest, PORTDB_LINE_MAX), 0);
	assert_int_equal(parse(db, "f", longest, PORTDB_LINE_MAX + 1), 0);
	assert_int_equal(portdb_count(db), 2);
	assert_int_equal(parse(db, "f", too_long, PORTDB_LINE_MAX + 1), -EINVAL);
	assert_string_equal(messages.text,
			    "f:1:65537: line is longer than 65536 bytes\n");
	portdb_free(db);
	free(longest);
	free(too_long);
}

static void test_portdb_feed_stops_at_length(void **state)
{
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	assert_int_equal(portdb_open(db, "f"), 0);
	assert_int_equal(portdb_feed(db, "a 1/tcp0", 7), 0);
	/* The second half of the character is not the line's any more. */
	assert_int_equal(portdb_feed(db, "b 1/tcp # \xc3\xa9", 11), 0);
	assert_int_equal(portdb_finish(db), -EINVAL);
	assert_string_equal(messages.text, "f:2:11: invalid UTF-8\n");
	portdb_free(db);
}

static void test_portdb_feed_goes_on_behind_a_line_too_long(void **state)
{
	char *too_long = make_line(PORTDB_LINE_MAX + 1);
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	assert_int_equal(portdb_open(db, "f"), 0);
	assert_int_equal(portdb_feed(db, OWN, sizeof(OWN) - 2), 0);
	assert_int_equal(portdb_feed(db, "a,1,\"tcp", 8), 0);
	assert_int_equal(portdb_feed(db, too_long, PORTDB_LINE_MAX + 1), 0);
	assert_int_equal(portdb_feed(db, "b,0,tcp", 7), 0);
	assert_int_equal(portdb_finish(db), -EINVAL);
	assert_string_equal(messages.text, "f:3:65537: line is longer than 65536 bytes\n"
					   "f:4:3: port 0 is not a port\n");
	portdb_free(db);
	free(too_long);
}

static void test_portdb_feed_record_over_the_limit(void **state)
{
	static char line[65536];
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(portdb_open(db, "f"), 0);
	assert_int_equal(portdb_feed(db, OWN, sizeof(OWN) - 2), 0);
	assert_int_equal(portdb_feed(db, "a,1,\"", 5), 0);
	for (int i = 0; i < 17; i++)
		assert_int_equal(portdb_feed(db, line, sizeof(line)), 0);
	assert_int_equal(portdb_feed(db, "\"", 1), 0);
	assert_int_equal(portdb_feed(db, "b,0,tcp", 7), 0);
	assert_int_equal(portdb_finish(db), -EINVAL);
	assert_string_equal(messages.text, "f:2:1: record is longer than 1048576 bytes\n"
					   "f:21:3: port 0 is not a port\n");
	portdb_free(db);
}

static const struct limit_row {
	const char *desc;
	int errors;
	size_t messages;
	const char *last;
} limit_rows[] = {
	{ "at the limit", 20, 20, "f:20:3: port 0 is not a port\n" },
	{ "one more", 21, 21, "f:20:3: port 0 is not a port\nf: too many errors\n" },
	{ "many more", 500, 21, "f:20:3: port 0 is not a port\nf: too many errors\n" },
};

static void test_portdb_finish_error_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(limit_rows); i++) {
		const struct limit_row *row = &limit_rows[i];
		struct account messages = {};
		struct portdb *db = portdb_new(note_message, &messages);

		assert_int_equal(portdb_open(db, "f"), 0);
		for (int line = 0; line < row->errors; line++)
			assert_int_equal(portdb_feed(db, "a 0/tcp", 7), 0);
		assert_int_equal(portdb_finish(db), -EINVAL);
		if (messages.lines != row->messages || messages.len < strlen(row->last) ||
		    strcmp(messages.text + messages.len - strlen(row->last), row->last))
			fail_msg("%s: %zu messages: %s", row->desc, messages.lines, messages.text);
		portdb_free(db);
	}
}

static void test_portdb_finish_refusal_leaves_the_rest(void **state)
{
	static const char good[] = "a 1/tcp b # first\nc 2/udp\n";
	static const char bad[] = "d 3/tcp e # second\nf 70000/tcp\na 1/tcp\n";
	static const char more[] = OWN "d,3,tcp\na,1,tcp\n";
	struct account messages = {}, entries = {};
	struct portdb *db = portdb_new(note_message, &messages);
	const struct portdb_entry *first;

	(void)state;
	assert_int_equal(parse(db, "good", good, sizeof(good) - 1), 0);
	first = portdb_entry(db, 0);
	assert_int_equal(parse(db, "bad", bad, sizeof(bad) - 1), -EINVAL);
	assert_string_equal(messages.text, "bad:2:3: port 70000 is above 65535\n");
	assert_int_equal(parse(db, "bad again", bad, sizeof(bad) - 1), -EINVAL);
	assert_int_equal(portdb_count(db), 2);
	assert_int_equal(parse(db, "more", more, sizeof(more) - 1), 0);
	note_entries(&entries, db);
	assert_string_equal(entries.text, "a(b) 1-1/tcp @1 {first||||}; c 2-2/udp @2; "
					  "d 3-3/tcp @2; a 1-1/tcp @3");
	assert_ptr_equal(portdb_entry(db, 0), first);
	assert_int_equal(portdb_entry(db, 1)->file, 0);
	assert_int_equal(portdb_entry(db, 2)->file, 1);
	assert_string_equal(portdb_file_name(db, 0), "good");
	assert_string_equal(portdb_file_name(db, 1), "more");
	portdb_free(db);
}

/* Rows "s<i/names> <port>/tcp" from number from on; the return value is portdb_finish()'s. */
static int parse_generated(struct portdb *db, const char *name, uint32_t from, uint32_t count,
			   uint32_t names)
{
	char line[64];

	assert_int_equal(portdb_open(db, name), 0);
	for (uint32_t i = from; i < from + count; i++) {
		int len = snprintf(line, sizeof(line), "s%u %u/tcp", i % names, 1 + i / names);

		assert_int_equal(portdb_feed(db, line, (size_t)len), 0);
	}
	return portdb_finish(db);
}

static void test_portdb_finish_services_limit(void **state)
{
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	assert_int_equal(parse_generated(db, "one too many", 0, 65001, UINT32_MAX), -EINVAL);
	assert_string_equal(messages.text, "one too many:65001:1: more than 65000 services\n");
	assert_int_equal(parse_generated(db, "far too many", 0, 100000, UINT32_MAX), -EINVAL);
	assert_int_equal(messages.lines, 2);
	assert_int_equal(parse_generated(db, "full", 0, 65000, UINT32_MAX), 0);
	/* Services are counted over all files; known ones may come again. */
	assert_int_equal(parse(db, "another", "new 1/tcp", 9), -EINVAL);
	assert_int_equal(parse(db, "transport", "s1 1/udp", 8), -EINVAL);
	assert_int_equal(parse(db, "known", "s1 1/tcp\ns1 2/tcp", 17), 0);
	assert_int_equal(portdb_count(db), 65002);
	assert_string_equal(messages.text,
			    "one too many:65001:1: more than 65000 services\n"
			    "far too many:65001:1: more than 65000 services\n"
			    "another:1:1: more than 65000 services\n"
			    "transport:1:1: more than 65000 services\n");
	portdb_free(db);
}

static void test_portdb_finish_entries_limit(void **state)
{
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	assert_int_equal(parse_generated(db, "full", 0, PORTDB_ENTRIES_MAX, 1000), 0);
	assert_int_equal(portdb_count(db), PORTDB_ENTRIES_MAX);
	assert_int_equal(parse_generated(db, "more", 0, 2, 1000), -EINVAL);
	assert_string_equal(messages.text, "more:1:1: more than 131072 entries\n");
	assert_int_equal(portdb_count(db), PORTDB_ENTRIES_MAX);
	portdb_free(db);
}

static void test_portdb_finish_registry_of_14000_rows(void **state)
{
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);
	char line[256];

	(void)state;
	assert_int_equal(portdb_open(db, "registry"), 0);
	assert_int_equal(portdb_feed(db, REGISTRY, sizeof(REGISTRY) - 2), 0);
	for (int i = 0; i < 14000; i++) {
		int len = snprintf(line, sizeof(line),
				   "service-%d,%d,%s,\"Number %d, quoted\",[A],[A],,,[RFC%d],,,\r",
				   i / 2, 1 + i / 2, i % 2 ? "udp" : "tcp", i, i);

		assert_int_equal(portdb_feed(db, line, (size_t)len), 0);
	}
	assert_int_equal(portdb_finish(db), 0);
	assert_int_equal(portdb_count(db), 14000);
	for (size_t i = 0; i < 14000; i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);

		snprintf(line, sizeof(line), "service-%zu", i / 2);
		assert_string_equal(entry->name, line);
		assert_int_equal(entry->first, 1 + i / 2);
		assert_int_equal(entry->transport, i % 2);
		assert_int_equal(entry->line, i + 2);
	}
	assert_int_equal(messages.lines, 0);
	portdb_free(db);
}

static void test_portdb_report_refuses_the_open_file(void **state)
{
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	portdb_report(db, "%s", "no file is open\x1b");
	assert_int_equal(parse(db, "f", "a 1/tcp", 7), 0);
	assert_int_equal(portdb_open(db, "g"), 0);
	assert_int_equal(portdb_feed(db, "b 1/tcp", 7), 0);
	portdb_report(db, "cannot read '%s'", "g");
	assert_int_equal(portdb_feed(db, "c 0/tcp", 7), 0);
	assert_int_equal(portdb_finish(db), -EINVAL);
	assert_string_equal(messages.text, "no file is open?\ncannot read 'g'\n");
	assert_int_equal(portdb_count(db), 1);
	portdb_free(db);
}

static void test_portdb_open_out_of_order(void **state)
{
	struct portdb *db = portdb_new(NULL, NULL);

	(void)state;
	assert_int_equal(portdb_feed(db, "a 1/tcp", 7), -EBADF);
	assert_int_equal(portdb_finish(db), -EBADF);
	assert_int_equal(portdb_open(db, "f"), 0);
	assert_int_equal(portdb_open(db, "g"), -EBUSY);
	assert_int_equal(portdb_feed(db, "a 0/tcp", 7), 0);
	assert_int_equal(portdb_finish(db), -EINVAL);
	assert_int_equal(portdb_open(db, "g"), 0);
	assert_int_equal(portdb_feed(db, "a 1/tcp", 7), 0);
	/* Freed while a file is open: nothing may leak. */
	portdb_free(db);
	portdb_free(NULL);
}

static void test_portdb_messages_carry_no_control_characters(void **state)
{
	struct account messages = {};
	struct portdb *db = portdb_new(note_message, &messages);

	(void)state;
	assert_int_equal(parse(db, "a\nb\x1b\xc2\x85" "c", "x 0/tcp", 7), -EINVAL);
	assert_string_equal(messages.text, "a?b???c:1:3: port 0 is not a port\n");
	portdb_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portdb_feed_line_at_and_over_the_limit),
		cmocka_unit_test(test_portdb_feed_stops_at_length),
		cmocka_unit_test(test_portdb_feed_goes_on_behind_a_line_too_long),
		cmocka_unit_test(test_portdb_feed_record_over_the_limit),
		cmocka_unit_test(test_portdb_finish_error_limit),
		cmocka_unit_test(test_portdb_finish_refusal_leaves_the_rest),
		cmocka_unit_test(test_portdb_finish_services_limit),
		cmocka_unit_test(test_portdb_finish_entries_limit),
		cmocka_unit_test(test_portdb_finish_registry_of_14000_rows),
		cmocka_unit_test(test_portdb_report_refuses_the_open_file),
		cmocka_unit_test(test_portdb_open_out_of_order),
		cmocka_unit_test(test_portdb_messages_carry_no_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
