// SPDX-License-Identifier: GPL-2.0-only

/* The directory of the pinned state, on a BPF file system of the test's own. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pins.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY 1500U

static struct scratch scratch;

/* A path in the scratch directory. */
static const char *in(const char *name)
{
	return scratch_in(&scratch, name);
}

static void mount_or_skip(void)
{
	const char *reason = scratch_mount(&scratch, "bpf", "mode=0700");

	if (reason) {
		print_message("skipped: %s\n", reason);
		skip();
	}
}

static void assert_directory(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void make_map(const char *path)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 8, 1, NULL);
	int err = fd < 0 ? -errno : bpf_obj_pin(fd, path);

	if (fd >= 0)
		close(fd);
	assert_int_equal(err, 0);
}

static void test_pins_open_creates(void **state)
{
	static const char *const names[] = { "pins", "slash/", "slashes///" };
	struct pins pins;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&pins, in("pins"), false), -ENOENT);
	assert_int_equal(pins_open(&pins, in("pins/below"), false), -ENOENT);
	assert_int_equal(pins_open(&pins, in("pins/below"), true), -ENOENT);
	assert_false(exists(in("pins")));
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(pins_open(&pins, in(names[i]), true), 0);
		assert_true(pins.fd >= 0);
		assert_directory(pins.root);
		assert_directory(pins.path);
		pins_close(&pins);
		assert_int_equal(pins.fd, -1);
		pins_close(&pins);
		assert_int_equal(pins_open(&pins, in(names[i]), false), 0);
		pins_close(&pins);
	}
	assert_directory(in("slashes/v1"));
}

/* Only the root made, as by an agent killed there. */
static void test_pins_open_half_made(void **state)
{
	struct pins pins;

	(void)state;
	mount_or_skip();
	assert_int_equal(mkdir(in("pins"), 0700), 0);
	assert_int_equal(pins_open(&pins, in("pins"), false), -ENOENT);
	assert_int_equal(pins_open(&pins, in("pins"), true), 0);
	pins_close(&pins);
}

static void make_both(void)
{
	assert_int_equal(mkdir(in("pins"), 0700), 0);
	assert_int_equal(mkdir(in("pins/v1"), 0700), 0);
}

static void test_pins_open_mode_and_owner(void **state)
{
	static const struct {
		const char *desc;
		const char *name;
		mode_t mode;
		uid_t owner;
		int err;
	} rows[] = {
		{ "both as they must be", "pins", 0700, 0, 0 },
		{ "less than all for the owner", "pins/v1", 0500, 0, 0 },
		{ "root readable to the group", "pins", 0750, 0, 0 },
		{ "root writable to the group", "pins", 0720, 0, -EPERM },
		{ "root open to others", "pins", 0701, 0, -EPERM },
		{ "version open to the group", "pins/v1", 0770, 0, -EPERM },
		{ "version writable to others", "pins/v1", 0702, 0, -EPERM },
		{ "root of another user", "pins", 0700, 12345, -EPERM },
		{ "version of another user", "pins/v1", 0700, 12345, -EPERM },
	};
	struct pins pins;

	(void)state;
	mount_or_skip();
	make_both();
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		const char *path = in(rows[i / 2].name);
		int err;

		assert_int_equal(chmod(path, rows[i / 2].mode), 0);
		assert_int_equal(chown(path, rows[i / 2].owner, 0), 0);
		err = pins_open(&pins, in("pins"), i % 2);
		if (err != rows[i / 2].err || (pins.fd >= 0) != !err)
			fail_msg("%s: %d", rows[i / 2].desc, err);
		pins_close(&pins);
		assert_int_equal(chmod(path, 0700), 0);
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

static void test_pins_open_symlinks(void **state)
{
	struct pins pins;

	(void)state;
	mount_or_skip();
	make_both();
	assert_int_equal(symlink("pins", in("link")), 0);
	assert_int_equal(symlink("absent", in("dangling")), 0);
	assert_int_equal(mkdir(in("other"), 0700), 0);
	assert_int_equal(symlink("../pins/v1", in("other/v1")), 0);
	for (int create = 0; create < 2; create++) {
		assert_int_equal(pins_open(&pins, in("link"), create), -ENOTDIR);
		assert_int_equal(pins_open(&pins, in("link/"), create), -ENOTDIR);
		assert_int_equal(pins_open(&pins, in("dangling"), create), -ENOTDIR);
		assert_int_equal(pins_open(&pins, in("other"), create), -ENOTDIR);
		assert_int_equal(pins.fd, -1);
	}
	assert_false(exists(in("absent")));
	make_map(in("map"));
	assert_int_equal(pins_open(&pins, in("map"), true), -ENOTDIR);
}

static void test_pins_lock_second_agent(void **state)
{
	struct pins first, second;
	int records;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&first, in("pins"), true), 0);
	assert_int_equal(pins_open(&second, in("pins"), true), 0);
	assert_int_equal(pins_lock(&first), 0);
	assert_int_equal(pins_lock(&second), -EWOULDBLOCK);
	assert_int_equal(pins_is_locked(&second), 1);
	/* The records' lock is another: a reader takes it while an agent holds the first. */
	records = pins_lock_records(&second);
	assert_true(records >= 0);
	pins_release(records);
	records = pins_lock_records(&first);
	assert_true(records >= 0);
	pins_release(records);
	pins_close(&first);
	assert_int_equal(pins_lock(&second), 0);
	pins_close(&second);
}

/* Each file has a lock of its own, which the records' is not. */
static void test_pins_lock_file(void **state)
{
	struct pins first, second;
	int held, other;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&first, in("pins"), true), 0);
	assert_int_equal(pins_open(&second, in("pins"), false), 0);
	held = pins_lock_file(&first, 1, false);
	assert_true(held >= 0);
	assert_int_equal(pins_lock_file(&second, 1, false), -EBUSY);
	other = pins_lock_file(&second, UINT64_MAX, true);
	assert_true(other >= 0);
	pins_release(other);
	other = pins_lock_records(&second);
	assert_true(other >= 0);
	pins_release(other);
	pins_release(held);
	held = pins_lock_file(&second, 1, false);
	assert_true(held >= 0);
	pins_release(held);
	assert_int_equal(pins_remove(&first), 0);
	assert_false(exists(in("pins")));
	assert_int_equal(pins_lock_file(&second, 1, true), -ENOENT);
	pins_close(&first);
	pins_close(&second);
}

/* Names that a BPF file system, or the maps beside them, would not let stand as they are. */
static const char *const devices[] = {
	"eth0", "eth0.100", "50%", "%2E", "ports", "services", "...",
};

static int count_device(void *ctx, const char *device)
{
	int *count = ctx;

	for (size_t i = 0; i < COUNT(devices); i++)
		if (strcmp(device, devices[i]) == 0)
			++*count;
	return 0;
}

static int stop_at_once(void *ctx, const char *device)
{
	int *count = ctx;

	(void)device;
	++*count;
	return -ECANCELED;
}

static void make_device(const struct pins *pins, const char *device)
{
	static const char *const files[] = { "counters", "state", "link" };
	char path[PATH_MAX];

	assert_int_equal(pins_make_device(pins, device), 1);
	assert_int_equal(pins_make_device(pins, device), 0); /* is there */
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_true(pins_device_path(pins, device, files[i], path));
		make_map(path);
	}
}

static void test_pins_device_folders(void **state)
{
	struct pins pins;
	int count = 0;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&pins, in("pins"), true), 0);
	make_map(in("pins/v1/ports"));
	for (size_t i = 0; i < COUNT(devices); i++)
		make_device(&pins, devices[i]);
	assert_int_equal(pins_make_device(&pins, "eth0"), 0);
	assert_directory(in("pins/v1/eth0%2E100"));
	assert_int_equal(pins_each_device(&pins, count_device, &count), 0);
	assert_int_equal(count, COUNT(devices));
	count = 0;
	assert_int_equal(pins_each_device(&pins, stop_at_once, &count), -ECANCELED);
	assert_int_equal(count, 1);
	assert_int_equal(pins_remove_device(&pins, "eth0"), 0);
	assert_int_equal(pins_remove_device(&pins, "eth0"), 0);
	assert_false(exists(in("pins/v1/eth0")));
	assert_true(exists(in("pins/v1/eth0%2E100/link")));
	assert_int_equal(pins_remove_device(&pins, "ports"), 0);
	assert_true(exists(in("pins/v1/ports")));
	pins_close(&pins);
}

/* What counts goes first: a removal that fails must not leave a link without its counters. */
static void test_pins_remove_device_link_first(void **state)
{
	struct pins pins;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&pins, in("pins"), true), 0);
	make_device(&pins, "eth0");
	assert_int_equal(unlink(in("pins/v1/eth0/link")), 0);
	assert_int_equal(mkdir(in("pins/v1/eth0/link"), 0700), 0);
	assert_true(pins_remove_device(&pins, "eth0") < 0);
	assert_true(pins_remove(&pins) < 0);
	assert_true(exists(in("pins/v1/eth0/state")) && exists(in("pins/v1/eth0/counters")));
	pins_close(&pins);
}

static void test_pins_remove_everything(void **state)
{
	char device[PINS_FOLDER_MAX];
	struct pins pins;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&pins, in("pins"), true), 0);
	make_map(in("pins/v1/ports"));
	make_map(in("pins/v1/services"));
	make_device(&pins, "ports");
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(device, sizeof(device), "ppp%u.%u", i, i % 7U);
		assert_int_equal(pins_make_device(&pins, device), 1);
	}
	assert_int_equal(pins_remove(&pins), 0);
	pins_close(&pins);
	assert_false(exists(in("pins")));
	assert_int_equal(pins_open(&pins, in("pins"), false), -ENOENT);
}

static void test_pins_remove_keeps_other_versions(void **state)
{
	struct pins pins;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&pins, in("pins"), true), 0);
	assert_int_equal(mkdir(in("pins/v2"), 0700), 0);
	assert_int_equal(pins_remove(&pins), 0);
	pins_close(&pins);
	assert_false(exists(in("pins/v1")));
	assert_true(exists(in("pins/v2")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_pins_open_creates),
		TEST(test_pins_open_half_made),
		TEST(test_pins_open_mode_and_owner),
		TEST(test_pins_open_symlinks),
		TEST(test_pins_lock_second_agent),
		TEST(test_pins_lock_file),
		TEST(test_pins_device_folders),
		TEST(test_pins_remove_device_link_first),
		TEST(test_pins_remove_everything),
		TEST(test_pins_remove_keeps_other_versions),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
