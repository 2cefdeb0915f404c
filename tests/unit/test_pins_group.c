// SPDX-License-Identifier: GPL-2.0-only

/*
 * Who may do what in the directory of the pinned state: its owner, the group that may read, and
 * others; and what may be above it.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "pins.h"
#include "scratch.h"

#define GROUP 4242
#define NOBODY 65534
#define FORBIDDEN 101 /* kernels before 5.19 let nobody read a map without CAP_BPF */

static struct scratch scratch;

static const char *in(const char *name)
{
	return scratch_in(&scratch, name);
}

static void mount_or_skip(void)
{
	const char *reason = scratch_mount(&scratch, "bpf", "mode=0711");

	if (reason) {
		print_message("skipped: %s\n", reason);
		skip();
	}
	assert_int_equal(chmod(scratch.path, 0711), 0);
}

static void make_map(const char *name)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 8, 1, NULL);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_pin(fd, in(name)), 0);
	close(fd);
}

static const struct {
	const char *name;
	mode_t open; /* with a group that may read; else 0700 or 0600 */
} entries[] = {
	{ "pins", S_IFDIR | 0710 },
	{ "pins/v1", S_IFDIR | 0750 },
	{ "pins/v1/services", S_IFREG | 0640 },
	{ "pins/v1/agent", S_IFREG | 0640 },
	{ "pins/v1/unclassified", S_IFREG | 0640 },
	{ "pins/v1/endpoints", S_IFREG | 0600 },
	{ "pins/v1/fragments", S_IFREG | 0600 },
	{ "pins/v1/ports", S_IFREG | 0600 },
	{ "pins/v1/eth0", S_IFDIR | 0750 },
	{ "pins/v1/eth0/counters", S_IFREG | 0640 },
	{ "pins/v1/eth0/handshakes", S_IFREG | 0640 },
	{ "pins/v1/eth0/state", S_IFREG | 0640 },
	{ "pins/v1/eth0/link", S_IFREG | 0600 },
};

static void make_state(struct pins *pins)
{
	assert_int_equal(pins_open(pins, in("pins"), true), 0);
	assert_int_equal(pins_make_device(pins, "eth0"), 1);
	for (size_t i = 0; i < COUNT(entries); i++)
		if (S_ISREG(entries[i].open))
			make_map(entries[i].name);
}

static void assert_entries(bool is_open, gid_t gid)
{
	struct stat st;

	for (size_t i = 0; i < COUNT(entries); i++) {
		mode_t mode = is_open ? entries[i].open : entries[i].open & (S_IFMT | 0700);

		assert_int_equal(lstat(in(entries[i].name), &st), 0);
		if (st.st_mode != mode || st.st_gid != gid || st.st_uid)
			fail_msg("%s: %o, group %u", entries[i].name, st.st_mode, st.st_gid);
	}
}

static void test_pins_group_opens_and_closes(void **state)
{
	struct pins pins;

	(void)state;
	mount_or_skip();
	make_state(&pins);
	assert_int_equal(pins_open_to_group(&pins, (gid_t)-1), 0);
	assert_entries(false, 0);
	for (gid_t gid = GROUP; gid < GROUP + 2; gid++) {
		assert_int_equal(pins_open_to_group(&pins, gid), 0);
		assert_int_equal(pins_open_to_group(&pins, gid), 0);
		assert_entries(true, gid);
	}
	assert_int_equal(pins_open_to_group(&pins, (gid_t)-1), 0);
	assert_entries(false, 0);
	pins_close(&pins);
}

/* A device that came later, and modes that somebody has changed. */
static void test_pins_group_again(void **state)
{
	struct pins pins;

	(void)state;
	mount_or_skip();
	make_state(&pins);
	assert_int_equal(pins_open_to_group(&pins, GROUP), 0);
	assert_int_equal(pins_make_device(&pins, "eth1"), 1);
	make_map("pins/v1/eth1/counters");
	for (size_t i = 0; i < COUNT(entries); i++)
		assert_int_equal(chmod(in(entries[i].name), 0777), 0);
	assert_int_equal(pins_open_to_group(&pins, GROUP), 0);
	assert_entries(true, GROUP);
	assert_int_equal(access(in("pins/v1/eth1/counters"), R_OK), 0);
	assert_int_equal(symlink("/etc", in("pins/v1/eth1/state")), 0); /* is not followed */
	assert_int_equal(pins_open_to_group(&pins, (gid_t)-1), 0);
	assert_entries(false, 0);
	pins_close(&pins);
}

/* As somebody else, in a child; its exit status is what test returns. */
static int as_user(uid_t uid, gid_t gid, int (*test)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(setgroups(0, NULL) || setgid(gid) || setuid(uid) ? 100 : test());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int read_and_try_more(void)
{
	LIBBPF_OPTS(bpf_obj_get_opts, read_only, .file_flags = BPF_F_RDONLY);
	uint32_t key = 0;
	uint64_t value = 1;
	struct pins pins;
	int fd;

	if (pins_open(&pins, in("pins"), false))
		return 1;
	if (pins_is_locked(&pins) != -EACCES || pins_lock_records(&pins) >= 0)
		return 2;
	fd = bpf_obj_get_opts(in("pins/v1/services"), &read_only);
	if (fd == -EPERM)
		return FORBIDDEN;
	if (fd < 0 || bpf_map_lookup_elem(fd, &key, &value) || value)
		return 3;
	if (bpf_map_update_elem(fd, &key, &value, BPF_ANY) != -EPERM)
		return 4;
	if (bpf_obj_get(in("pins/v1/services")) != -EACCES ||
	    bpf_obj_get_opts(in("pins/v1/endpoints"), &read_only) != -EACCES ||
	    bpf_obj_get(in("pins/v1/eth0/link")) != -EACCES)
		return 5;
	if (!unlink(in("pins/v1/services")) || !rename(in("pins/v1"), in("pins/v2")) ||
	    !mkdir(in("pins/v1/eth1"), 0700) || !chmod(in("pins/v1"), 0777))
		return 6;
	if (open(in("pins"), O_RDONLY | O_CLOEXEC) >= 0)
		return 7;
	return 0;
}

static int find_nothing(void)
{
	char text[512];
	struct pins pins;
	int err;

	fixture_messages_begin();
	err = pins_open(&pins, in("pins"), false);
	fixture_messages_end(text, sizeof(text));
	if (err != -EACCES || !strstr(text, "Permission denied"))
		return 1;
	return strstr(text, "--group") ? 0 : 2;
}

static void test_pins_group_member(void **state)
{
	struct pins pins;
	int found;

	(void)state;
	mount_or_skip();
	make_state(&pins);
	assert_int_equal(pins_lock(&pins), 0);
	assert_int_equal(as_user(NOBODY, GROUP, find_nothing), 0);
	assert_int_equal(pins_open_to_group(&pins, GROUP), 0);
	assert_int_equal(as_user(NOBODY, NOBODY, find_nothing), 0);
	found = as_user(NOBODY, GROUP, read_and_try_more);
	assert_int_equal(pins_open_to_group(&pins, (gid_t)-1), 0);
	assert_int_equal(as_user(NOBODY, GROUP, find_nothing), 0);
	pins_close(&pins);
	if (found == FORBIDDEN) {
		print_message("skipped: kernel.unprivileged_bpf_disabled forbids to read a map\n");
		skip();
	}
	assert_int_equal(found, 0);
}

static void test_pins_above(void **state)
{
	static const struct {
		const char *desc;
		const char *name;
		mode_t mode;
		uid_t owner;
		int err;
	} rows[] = {
		{ "closed", "a/b", 0755, 0, 0 },
		{ "open to all, sticky", "a/b", 01777, 0, 0 },
		{ "open to all", "a/b", 0777, 0, -EPERM },
		{ "open to the group", "a/b", 0770, 0, -EPERM },
		{ "of another user", "a/b", 0700, 12345, -EPERM },
		{ "of another user, sticky", "a/b", 01777, 12345, -EPERM },
		{ "one above it open to all", "a", 0777, 0, -EPERM },
		{ "one above it of another user", "a", 0755, 12345, -EPERM },
		{ "the mount open to all", ".", 0777, 0, -EPERM },
		{ "the mount open to all, sticky", ".", 01777, 0, 0 },
	};
	char text[512], path[PATH_MAX];
	struct pins pins;

	(void)state;
	mount_or_skip();
	assert_int_equal(mkdir(in("a"), 0755), 0);
	assert_int_equal(mkdir(in("a/b"), 0755), 0);
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		int err;

		snprintf(path, sizeof(path), "%s", in(rows[i / 2].name));
		assert_int_equal(chmod(path, rows[i / 2].mode), 0);
		assert_int_equal(chown(path, rows[i / 2].owner, 0), 0);
		fixture_messages_begin();
		err = pins_open(&pins, in("a/b/pins"), i % 2 == 0);
		fixture_messages_end(text, sizeof(text));
		if (err != rows[i / 2].err || (err && !strstr(text, "lets others replace it")))
			fail_msg("%s: %d, '%s'", rows[i / 2].desc, err, text);
		pins_close(&pins);
		assert_int_equal(chmod(path, 0755), 0);
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_pins_group_opens_and_closes),
		TEST(test_pins_group_again),
		TEST(test_pins_group_member),
		TEST(test_pins_above),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
