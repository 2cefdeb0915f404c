// SPDX-License-Identifier: GPL-2.0-only

/* Files replaced whole or not at all, whatever stands in the way. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic_file_case.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define REPLACEMENTS 400

static void test_atomic_file_write_new_and_replaced(void **state)
{
	const char *const path = in("x.prom");
	struct stat before, after;
	char content[8] = "";
	int reader;

	(void)state;
	assert_int_equal(write_text(path, "old\n"), 0);
	assert_content(path, "old\n");
	reader = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(reader >= 0 && !fstat(reader, &before));
	assert_int_equal(write_text(path, "new, longer\n"), 0);
	assert_content(path, "new, longer\n");
	assert_int_equal(stat(path, &after), 0);
	/* Who has it open goes on reading the old file. */
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(read(reader, content, sizeof(content)), 4);
	assert_string_equal(content, "old\n");
	close(reader);
	assert_int_equal(atomic_file_write(path, NULL, 0), 0);
	assert_content(path, "");
	assert_int_equal(count_files(), 1);
}

static void test_atomic_file_write_mode(void **state)
{
	static const mode_t masks[] = { 0, 077, 0777 };
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		mode_t saved = umask(masks[i]);
		int err = write_text(in("x.prom"), "text");

		umask(saved);
		assert_int_equal(err, 0);
		assert_int_equal(stat(in("x.prom"), &st), 0);
		if (st.st_mode != (S_IFREG | 0644))
			fail_msg("umask %04o: mode %06o", masks[i], st.st_mode);
		assert_int_equal(chmod(in("x.prom"), 0600), 0);
	}
}

static void test_atomic_file_write_over_symlink(void **state)
{
	static const char *const targets[] = { "victim", "absent", "/" };
	char byte;

	(void)state;
	make_file(in("victim"), "untouched");
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_int_equal(symlink(targets[i], in("link.prom")), 0);
		assert_int_equal(atomic_file_prepare(in("link.prom")), 0);
		assert_int_equal(write_text(in("link.prom"), "text"), 0);
		assert_content(in("link.prom"), "text");
		assert_int_equal(readlink(in("link.prom"), &byte, 1), -1);
		assert_int_equal(unlink(in("link.prom")), 0);
	}
	assert_content(in("victim"), "untouched");
	assert_false(exists("absent"));
}

static void test_atomic_file_refused_paths(void **state)
{
	static char long_name[NAME_MAX + 1], longer_path[PATH_MAX + 8];
	static const struct {
		const char *desc;
		const char *name;
		int err;
	} rows[] = {
		{ "a directory", "dir", -EISDIR },
		{ "a directory with a slash", "dir/", -EISDIR },
		{ "the directory itself", ".", -EISDIR },
		{ "a new name with a slash", "new.prom/", -EISDIR },
		{ "missing directory", "absent/x.prom", -ENOENT },
		{ "a file for a directory", "file/x.prom", -ENOTDIR },
		{ "a name without room for the temporary one", long_name, -ENAMETOOLONG },
		{ "a path too long", longer_path, -ENAMETOOLONG },
	};

	(void)state;
	memset(long_name, 'x', NAME_MAX);
	memset(longer_path, '/', sizeof(longer_path) - 2);
	longer_path[sizeof(longer_path) - 2] = 'x';
	assert_int_equal(mkdir(in("dir"), 0755), 0);
	make_file(in("file"), "text");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *path = rows[i].name == longer_path ? longer_path : in(rows[i].name);
		int err = write_text(path, "text"), prepare_err = atomic_file_prepare(path);

		if (err != rows[i].err || prepare_err != rows[i].err)
			fail_msg("%s: %d and %d", rows[i].desc, err, prepare_err);
	}
	assert_int_equal(write_text("", "text"), -ENOENT);
	assert_int_equal(atomic_file_prepare(""), -ENOENT);
	assert_int_equal(count_files(), 2);
}

static void test_atomic_file_write_relative(void **state)
{
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	(void)state;
	assert_true(back >= 0);
	assert_int_equal(chdir(scratch.path), 0);
	err = write_text("x.prom", "text");
	assert_int_equal(fchdir(back), 0);
	close(back);
	assert_int_equal(err, 0);
	assert_content(in("x.prom"), "text");
}

/* The directory's own record of all names that came and went. */
static void test_atomic_file_temporary_name(void **state)
{
	char events[4096] __attribute__((aligned(8)));
	const struct inotify_event *event = (const void *)events;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const char *name = event->name;

	(void)state;
	assert_true(fd >= 0);
	assert_true(inotify_add_watch(fd, scratch.path, IN_CREATE) >= 0);
	assert_int_equal(write_text(in("x.prom"), "text"), 0);
	assert_true(read(fd, events, sizeof(events)) > 0);
	close(fd);
	assert_int_equal(strlen(name), strlen(".x.prom." RANDOM ".tmp"));
	assert_memory_equal(name, ".x.prom.", 8);
	assert_int_equal(strspn(name + 8, "0123456789abcdef"), 16);
	assert_string_equal(name + 24, ".tmp");
	assert_false(exists(name));
}

static void replace_often(const char *path)
{
	static char content[LARGE];

	for (int i = 0; i < REPLACEMENTS; i++) {
		/* Letter and length belong together. */
		memset(content, 'a' + i % 26, sizeof(content));
		if (atomic_file_write(path, content, LARGE - (size_t)(i % 26)))
			_exit(1);
	}
	_exit(0);
}

/* Whether the file was whole. */
static bool is_whole(const char *path)
{
	static char content[LARGE + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, content, sizeof(content));

	close(fd);
	for (ssize_t i = 1; i < len; i++)
		if (content[i] != content[0])
			return false;
	return len >= LARGE - 25 && content[0] == 'a' + (LARGE - len);
}

/* Nor does sweeping, as another process does when it starts, take the file away that is written. */
static void test_atomic_file_readers_see_whole_files(void **state)
{
	const char *const path = in("x.prom");
	static char first[LARGE];
	int status, reads = 0, torn = 0;
	pid_t writer;

	(void)state;
	memset(first, 'a', sizeof(first));
	assert_int_equal(atomic_file_write(path, first, sizeof(first)), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (!writer)
		replace_often(path);
	for (; waitpid(writer, &status, WNOHANG) == 0; reads++)
		torn += !is_whole(path) || atomic_file_prepare(path);
	assert_int_equal(status, 0);
	assert_int_equal(torn, 0);
	assert_true(reads > 0 && is_whole(path));
}

static void test_atomic_file_prepare_sweeps(void **state)
{
	static const struct {
		const char *desc;
		const char *name;
		bool is_swept;
	} rows[] = {
		{ "abandoned", ".x.prom." RANDOM ".tmp", true },
		{ "another target's", ".y.prom." RANDOM ".tmp", false },
		{ "a longer target's", ".x.prom.y." RANDOM ".tmp", false },
		{ "too many digits", ".x.prom.0" RANDOM ".tmp", false },
		{ "other digits", ".x.prom.0123456789ABCDEF.tmp", false },
		{ "another suffix", ".x.prom." RANDOM ".prom", false },
		{ "the target", "x.prom", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		make_file(in(rows[i].name), "text");
	assert_int_equal(atomic_file_prepare(in("x.prom")), 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (exists(rows[i].name) == rows[i].is_swept)
			fail_msg("%s", rows[i].desc);
	assert_int_equal(count_files(), COUNT(rows) - 1);
}

static void test_atomic_file_prepare_keeps_live(void **state)
{
	static const char live[] = ".x.prom." RANDOM ".tmp";
	int fd;

	(void)state;
	make_file(in(live), "half");
	fd = open(in(live), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && !flock(fd, LOCK_EX));
	assert_int_equal(atomic_file_prepare(in("x.prom")), 0);
	assert_int_equal(write_text(in("x.prom"), "text"), 0);
	assert_true(exists(live));
	close(fd);
	assert_int_equal(atomic_file_prepare(in("x.prom")), 0);
	assert_false(exists(live));
}

static void test_atomic_file_prepare_keeps_other_kinds(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in(".x.prom.000000000000000d.tmp"), 0755), 0);
	assert_int_equal(mkfifo(in(".x.prom.000000000000000f.tmp"), 0644), 0);
	make_file(in("victim"), "text");
	assert_int_equal(symlink("victim", in(".x.prom.0000000000000005.tmp")), 0);
	make_file(in(".x.prom.000000000000000e.tmp"), "text");
	/* Only root can give it away; for others it is their own, and swept. */
	if (!geteuid())
		assert_int_equal(chown(in(".x.prom.000000000000000e.tmp"), 12345, 12345), 0);
	assert_int_equal(atomic_file_prepare(in("x.prom")), 0);
	assert_true(exists("victim"));
	assert_int_equal(exists(".x.prom.000000000000000e.tmp"), geteuid() == 0);
	assert_int_equal(count_files(), geteuid() ? 4 : 5);
}

/* The same file by another path; not one of another name, nor of another directory. */
static void test_atomic_file_number(void **state)
{
	uint64_t number = atomic_file_number(in("x.prom"));

	(void)state;
	assert_int_equal(mkdir(in("dir"), 0755), 0);
	assert_true(number != 0);
	assert_true(atomic_file_number(in("dir/../x.prom")) == number);
	assert_true(atomic_file_number(in("y.prom")) != number);
	assert_true(atomic_file_number(in("dir/x.prom")) != number);
	assert_int_equal(write_text(in("x.prom"), "text"), 0);
	assert_true(atomic_file_number(in("x.prom")) == number);
	assert_true(atomic_file_number(in("absent/x.prom")) == 0);
}

/* What stands there stays, whoever asks whether it could be replaced. */
static void test_atomic_file_prepare_replaces_nothing(void **state)
{
	(void)state;
	assert_int_equal(write_text(in("x.prom"), "text"), 0);
	assert_int_equal(chmod(scratch.path, 01777), 0);
	assert_int_equal(symlink("x.prom", in("y.prom")), 0);
	assert_int_equal(atomic_file_prepare(in("x.prom")), 0);
	assert_int_equal(atomic_file_prepare(in("y.prom")), 0);
	assert_int_equal(atomic_file_prepare(in("z.prom")), 0);
	assert_content(in("x.prom"), "text");
	assert_true(exists("y.prom"));
	assert_int_equal(count_files(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_atomic_file_write_new_and_replaced),
		TEST(test_atomic_file_write_mode),
		TEST(test_atomic_file_write_over_symlink),
		TEST(test_atomic_file_refused_paths),
		TEST(test_atomic_file_write_relative),
		TEST(test_atomic_file_temporary_name),
		TEST(test_atomic_file_readers_see_whole_files),
		TEST(test_atomic_file_prepare_sweeps),
		TEST(test_atomic_file_prepare_keeps_live),
		TEST(test_atomic_file_prepare_keeps_other_kinds),
		TEST(test_atomic_file_prepare_replaces_nothing),
		TEST(test_atomic_file_number),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
