// SPDX-License-Identifier: GPL-2.0-only

/* A process told apart from a later one of its number. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

static void test_process_start_of_this_one(void **state)
{
	const uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t start = process_start((uint32_t)getpid());
	struct timespec uptime;

	(void)state;
	clock_gettime(CLOCK_BOOTTIME, &uptime);
	assert_true(start > 0);
	assert_true(start <= ((uint64_t)uptime.tv_sec + 1) * ticks);
	assert_true(process_start((uint32_t)getpid()) == start);
}

/* The name stands in the line before the number, and may look like the rest of it. */
static void test_process_start_behind_any_name(void **state)
{
	static const char *const names[] = { "a b", ") R 1 2", "x) (y", "" };
	uint64_t start = process_start((uint32_t)getpid());
	char name[16];

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(prctl(PR_SET_NAME, names[i]), 0);
		if (process_start((uint32_t)getpid()) != start)
			fail_msg("'%s'", names[i]);
	}
	prctl(PR_SET_NAME, name);
}

static void test_process_start_of_none(void **state)
{
	pid_t child = fork();

	(void)state;
	if (!child)
		pause();
	assert_true(child > 0);
	assert_true(process_start((uint32_t)child) >= process_start((uint32_t)getpid()));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(process_start((uint32_t)child) == 0);
	assert_true(process_start(0) == 0);
	assert_true(process_start(UINT32_MAX) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_start_of_this_one),
		cmocka_unit_test(test_process_start_behind_any_name),
		cmocka_unit_test(test_process_start_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
