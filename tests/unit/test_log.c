// SPDX-License-Identifier: GPL-2.0-only

/* Messages: one line, one write, errno as it was. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "log.h"

#define LINE_MAX 2047 /* of what the caller says */

static void test_log_error_reason(void **state)
{
	char text[256];

	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		fixture_messages_begin();
		errno = EPERM;
		log_error(sign * ENOENT, "device '%s': cannot be %s", "eth0", "found");
		assert_int_equal(errno, EPERM);
		fixture_messages_end(text, sizeof(text));
		assert_string_equal(text,
				    "device 'eth0': cannot be found: No such file or directory\n");
	}
}

static void test_log_plain(void **state)
{
	void (*const logs[])(const char *, ...) = { log_errorx, log_info };
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(logs); i++) {
		fixture_messages_begin();
		errno = EPERM;
		logs[i]("%d of %s", 3, "four");
		logs[i]("%s", "");
		assert_int_equal(errno, EPERM);
		fixture_messages_end(text, sizeof(text));
		assert_string_equal(text, "3 of four\n\n");
	}
}

/* One line, whatever the names in it are, and nothing that steers a terminal or a journal. */
static void test_log_control_characters(void **state)
{
	char text[256];

	(void)state;
	fixture_messages_begin();
	log_error(ENOENT, "device '%s': bad", "a\nerror: b\r\t\033[2J\x7f\x01\xc3\xbc");
	fixture_messages_end(text, sizeof(text));
	assert_string_equal(
		text, "device 'a?error: b???[2J??\xc3\xbc': bad: No such file or directory\n");
}

/* A message longer than the room for it is cut; its reason and its end are not. */
static void test_log_error_long(void **state)
{
	static const size_t lengths[] = { LINE_MAX - 1, LINE_MAX, LINE_MAX + 1, 2 * LINE_MAX };
	static char name[2 * LINE_MAX + 1], text[3 * LINE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		size_t shown = lengths[i] < LINE_MAX ? lengths[i] : LINE_MAX;

		memset(name, 'x', lengths[i]);
		name[lengths[i]] = '\0';
		fixture_messages_begin();
		log_error(EINVAL, "%s", name);
		fixture_messages_end(text, sizeof(text));
		assert_int_equal(strspn(text, "x"), shown);
		assert_string_equal(text + shown, ": Invalid argument\n");
	}
}

/* A datagram socket keeps writes apart. */
static void test_log_one_write(void **state)
{
	char text[4096];
	int sockets[2], standard_error = dup(STDERR_FILENO);
	ssize_t len;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets),
			 0);
	dup2(sockets[1], STDERR_FILENO);
	log_error(EINVAL, "%0500d", 7);
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	len = recv(sockets[0], text, sizeof(text), 0);
	assert_int_equal(len, 500 + strlen(": Invalid argument\n"));
	assert_int_equal(recv(sockets[0], text, sizeof(text), 0), -1);
	close(sockets[0]);
	close(sockets[1]);
}

/* How many of so many at a time are permitted: what is not used is kept, up to what is at first. */
static void test_log_limit_permits_rows(void **state)
{
	static const struct {
		unsigned int seconds, messages, permitted;
	} rows[] = {
		{ 1000, 20, 20 }, { 1000, 80, 0 },  { 1004, 1, 0 }, { 1005, 3, 1 },
		{ 1009, 1, 0 },   { 1021, 4, 3 },   { 1024, 1, 0 }, { 1025, 1, 1 },
		{ 1124, 30, 19 }, { 9000, 15, 15 }, { 9004, 6, 5 }, { 9005, 2, 1 },
	};
	struct log_limit limit = { .kind = "devices" };
	unsigned int unsaid = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int permitted = 0;

		for (unsigned int j = 0; j < rows[i].messages; j++)
			permitted += log_limit_permits(&limit, rows[i].seconds * 1000000000ULL);
		if (permitted != rows[i].permitted)
			fail_msg("row %zu: %u are permitted", i, permitted);
		unsaid += rows[i].messages - permitted;
		assert_int_equal(limit.unsaid, unsaid);
	}
}

/* Whoever logs, and by whatever call; what was held back is told before the next. */
static void test_log_limit_holds(void **state)
{
	struct log_limit limit = { .kind = "devices", .line_ns = UINT64_MAX };
	char text[256];

	(void)state;
	fixture_messages_begin();
	log_info("before");
	log_limit(&limit, &limit);
	errno = EPERM;
	log_info("held");
	log_errorx("held");
	log_error(ENOENT, "held");
	assert_int_equal(errno, EPERM);
	limit.lines = 2;
	log_errorx("one");
	log_error(ENOENT, "two");
	log_info("held");
	log_limit(NULL, NULL);
	log_info("after");
	fixture_messages_end(text, sizeof(text));
	assert_string_equal(text, "before\ndevices: 3 more messages were left out\none\n"
				  "two: No such file or directory\nafter\n");
	assert_int_equal(limit.unsaid, 1);
}

/* What happens often does not keep failures back; what was left out is told without a next message. */
static void test_log_limit_two(void **state)
{
	struct log_limit events = { .kind = "devices", .line_ns = UINT64_MAX };
	struct log_limit failures = events;
	char text[256];

	(void)state;
	failures.lines = 1;
	fixture_messages_begin();
	log_limit(&events, &failures);
	log_info("held");
	log_errorx("told");
	log_errorx("held");
	log_limit(NULL, NULL);
	log_limit_tell(&failures, false);
	log_limit_tell(&events, true);
	log_limit_tell(&events, true);
	failures.lines = 2;
	log_limit_tell(&failures, false);
	fixture_messages_end(text, sizeof(text));
	assert_string_equal(text, "told\ndevices: 1 more messages were left out\n"
				  "devices: 1 more messages were left out\n");
	assert_int_equal(events.unsaid + failures.unsaid, 0);
	assert_int_equal(failures.lines, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_error_reason),
		cmocka_unit_test(test_log_plain),
		cmocka_unit_test(test_log_control_characters),
		cmocka_unit_test(test_log_error_long),
		cmocka_unit_test(test_log_one_write),
		cmocka_unit_test(test_log_limit_permits_rows),
		cmocka_unit_test(test_log_limit_holds),
		cmocka_unit_test(test_log_limit_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
