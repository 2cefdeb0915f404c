// SPDX-License-Identifier: GPL-2.0-only

/* Writes that fail for the disk's sake: the file of before stays, and nothing beside it. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "atomic_file_case.h"

static void mount_or_skip(const char *options)
{
	const char *reason = scratch_mount(&scratch, "tmpfs", options);

	if (reason) {
		print_message("skipped: %s\n", reason);
		skip();
	}
}

static void test_atomic_file_disk_full(void **state)
{
	static char large[LARGE];

	(void)state;
	mount_or_skip("size=64k");
	memset(large, 'x', sizeof(large));
	assert_int_equal(atomic_file_write(in("large"), large, sizeof(large)), 0);
	assert_int_equal(write_text(in("x.prom"), "old"), 0);
	assert_int_equal(atomic_file_write(in("x.prom"), large, sizeof(large)), -ENOSPC);
	assert_content(in("x.prom"), "old");
	assert_int_equal(count_files(), 2);
	assert_int_equal(unlink(in("large")), 0);
	assert_int_equal(atomic_file_write(in("x.prom"), large, sizeof(large)), 0);
}

static void test_atomic_file_read_only(void **state)
{
	(void)state;
	mount_or_skip("size=64k");
	assert_int_equal(write_text(in("x.prom"), "old"), 0);
	assert_int_equal(mount("", scratch.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(write_text(in("x.prom"), "new"), -EROFS);
	assert_int_equal(atomic_file_prepare(in("x.prom")), -EROFS);
	assert_content(in("x.prom"), "old");
	assert_int_equal(count_files(), 1);
}

static void limit_file_size(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_atomic_file_size_limit(void **state)
{
	static char large[LARGE];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(write_text(in("x.prom"), "old"), 0);
	limit_file_size(LARGE / 2);
	assert_int_equal(atomic_file_write(in("x.prom"), large, sizeof(large)), -EFBIG);
	limit_file_size(RLIM_INFINITY);
	signal(SIGXFSZ, SIG_DFL);
	assert_content(in("x.prom"), "old");
	assert_int_equal(count_files(), 1);
}

/*
 * A disk that keeps the temporary file of a write that failed: a directory in which nothing may be
 * removed, nor renamed. The next write that may sweeps it away, and the one after that has nothing
 * to sweep.
 */
static void test_atomic_file_left_over(void **state)
{
	static const char stranger[] = ".x.prom." RANDOM ".tmp";
	int dir, flags = 0;

	(void)state;
	assert_int_equal(write_text(in("x.prom"), "old"), 0);
	dir = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	if (ioctl(dir, FS_IOC_GETFLAGS, &flags) ||
	    (flags |= FS_APPEND_FL, ioctl(dir, FS_IOC_SETFLAGS, &flags))) {
		print_message("skipped: a directory cannot be made append-only: %s\n",
			      strerror(errno));
		close(dir);
		skip();
	}
	assert_int_equal(write_text(in("x.prom"), "new"), -EPERM);
	assert_content(in("x.prom"), "old");
	assert_int_equal(count_files(), 2);
	flags &= ~FS_APPEND_FL;
	assert_int_equal(ioctl(dir, FS_IOC_SETFLAGS, &flags), 0);
	close(dir);
	assert_int_equal(write_text(in("x.prom"), "new"), 0);
	assert_content(in("x.prom"), "new");
	assert_int_equal(count_files(), 1);
	make_file(in(stranger), "");
	assert_int_equal(write_text(in("x.prom"), "newer"), 0);
	assert_true(exists(stranger));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_atomic_file_disk_full),
		TEST(test_atomic_file_read_only),
		TEST(test_atomic_file_size_limit),
		TEST(test_atomic_file_left_over),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
