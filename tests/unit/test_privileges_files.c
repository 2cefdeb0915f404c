// SPDX-License-Identifier: GPL-2.0-only

/* Rights over other users' files: kept where a file cannot be used without them. */

#include "privileges_case.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "atomic_file.h"

/* A file in a directory of its own, whose owner and mode the tests choose. */
static int writes(void *ctx)
{
	int *calls = ctx;
	int fd = open(scratch_in(&scratch, "dir/file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	++*calls;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int drop_with_directory(uid_t owner, uint64_t wanted, int wanted_calls, const char *message)
{
	char text[256];
	int calls = 0, err;

	DEMAND(!mkdir(scratch_in(&scratch, "dir"), 0755));
	DEMAND(!chown(scratch_in(&scratch, "dir"), owner, 0));
	fixture_messages_begin();
	err = privileges_drop(writes, &calls);
	fixture_messages_end(text, sizeof(text));
	DEMAND(!err && calls == wanted_calls);
	DEMAND(message ? strstr(text, message) != NULL : !*text);
	return keeps_only(wanted);
}

static int own_directory(void)
{
	return drop_with_directory(0, DOCUMENTED, 1, NULL);
}

static int foreign_directory(void)
{
	int calls = 0, failed = drop_with_directory(12345, DOCUMENTED | BIT(CAP_DAC_OVERRIDE), 2,
						    "CAP_DAC_OVERRIDE is kept");

	return failed ? failed : writes(&calls);
}

static int missing_directory(void)
{
	char text[256];
	int calls = 0, err;

	fixture_messages_begin();
	err = privileges_drop(writes, &calls);
	fixture_messages_end(text, sizeof(text));
	DEMAND(!err && calls == 1 && !*text);
	return keeps_only(DOCUMENTED);
}

/* The file is another user's than the directory, and than this one. */
static int replaces(void *ctx)
{
	int err = writes(ctx);

	return err ? err : atomic_file_prepare(scratch_in(&scratch, "dir/theirs"));
}

static int sticky_directory(mode_t mode, uint64_t wanted)
{
	char text[512];
	int calls = 0, fd;

	DEMAND(!mkdir(scratch_in(&scratch, "dir"), 0755));
	fd = open(scratch_in(&scratch, "dir/theirs"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	DEMAND(fd >= 0 && !fchown(fd, 12346, 0));
	close(fd);
	DEMAND(!chown(scratch_in(&scratch, "dir"), 12345, 0));
	DEMAND(!chmod(scratch_in(&scratch, "dir"), mode));
	fixture_messages_begin();
	DEMAND(!privileges_drop(replaces, &calls));
	fixture_messages_end(text, sizeof(text));
	DEMAND(strstr(text, "CAP_FOWNER is kept, as a file cannot be used without it"));
	DEMAND(!access(scratch_in(&scratch, "dir/theirs"), F_OK) && !replaces(&calls));
	return keeps_only(DOCUMENTED | BIT(CAP_FOWNER) | wanted);
}

static int open_sticky_directory(void)
{
	return sticky_directory(01777, 0);
}

static int closed_sticky_directory(void)
{
	return sticky_directory(01755, BIT(CAP_DAC_OVERRIDE));
}

static int hint_of_files(void)
{
	DEMAND(!*privileges_files_hint(-EACCES));
	DEMAND(!privileges_drop(NULL, NULL));
	DEMAND(strstr(privileges_files_hint(-EACCES), "restart the agent"));
	DEMAND(strstr(privileges_files_hint(-EPERM), "restart the agent"));
	DEMAND(!*privileges_files_hint(-ENOENT));
	return 0;
}

static int hint_without_rights(void)
{
	DEMAND(!give_up_all() && !privileges_drop(NULL, NULL));
	DEMAND(!*privileges_files_hint(-EACCES));
	return 0;
}

static void test_privileges_drop_own_directory(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(own_directory), 0);
}

static void test_privileges_drop_foreign_directory(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(foreign_directory), 0);
}

static void test_privileges_drop_missing_directory(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(missing_directory), 0);
}

static void test_privileges_drop_sticky_directory(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(open_sticky_directory), 0);
}

static void test_privileges_drop_closed_sticky_directory(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(closed_sticky_directory), 0);
}

static void test_privileges_files_hint(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(hint_of_files), 0);
	assert_int_equal(in_child(hint_without_rights), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_privileges_drop_own_directory),
		TEST(test_privileges_drop_foreign_directory),
		TEST(test_privileges_drop_missing_directory),
		TEST(test_privileges_drop_sticky_directory),
		TEST(test_privileges_drop_closed_sticky_directory),
		TEST(test_privileges_files_hint),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
