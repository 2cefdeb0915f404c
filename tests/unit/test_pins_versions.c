// SPDX-License-Identifier: GPL-2.0-only

/* The states of several versions in one directory, on a BPF file system of the test's own. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pins.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PRESENT PINS_VERSION

static struct scratch scratch;

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
	assert_int_equal(mkdir(in("pins"), 0700), 0);
}

static void make_map(const char *path)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 8, 1, NULL);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
}

/* Directories end with a slash; the others are maps. */
static void make(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "pins/%s", name);
	if (name[strlen(name) - 1] == '/') {
		path[strlen(path) - 1] = '\0';
		assert_int_equal(mkdir(in(path), 0700), 0);
	} else {
		make_map(in(path));
	}
}

static int count(void *ctx, const char *name)
{
	(void)name;
	++*(int *)ctx;
	return 0;
}

/* No layout is older than the first: what is told of older ones is tested where there are some. */
static const struct version_row {
	const char *desc;
	const char *names[6];
	struct pins_versions wanted;
	int check;
	int others; /* that could be removed */
} rows[] = {
	{ "nothing", { NULL }, {}, 0, 0 },
	{ "the present one, empty", { PRESENT "/" }, {}, 0, 0 },
	{ "the present one", { PRESENT "/", PRESENT "/services" }, { .has_present = true }, 0, 0 },
	{ "one put aside",
	  { PRESENT "-old/", PRESENT "-new/", PRESENT "-new/services" },
	  { .has_old = true, .has_new = true },
	  0,
	  2 },
	{ "one that is being replaced",
	  { PRESENT "-old/", PRESENT "/", PRESENT "/services" },
	  { .has_old = true, .has_present = true },
	  0,
	  1 },
	{ "a newer one without devices", { "v900/", "v900/services" }, {}, 0, 0 },
	{ "a newer one with devices", { "v900/", "v900/eth0/" }, { .newer = 900 }, -EINVAL, 0 },
	{ "the newest of two",
	  { "v900/", "v900/eth0/", "v901/", "v901/eth0/" },
	  { .newer = 901 },
	  -EINVAL,
	  0 },
	{ "a newer one that is being replaced",
	  { "v900-old/", "v900-old/eth0/" },
	  { .newer = 900 },
	  -EINVAL,
	  0 },
	{ "a newer one that is not whole", { "v900-new/", "v900-new/eth0/" }, {}, 0, 0 },
	{ "other names", { "lock/", "v/", "v0/", "vx/", "v01/", "v900x/" }, {}, 0, 0 },
	{ "out of range", { "v4294967296/", "v4294967296/eth0/" }, {}, 0, 0 },
};

static void check_row(const struct version_row *row)
{
	struct pins_versions found;
	int others = 0;

	for (size_t i = 0; i < COUNT(row->names) && row->names[i]; i++)
		make(row->names[i]);
	pins_list_versions(in("pins"), &found);
	if (found.newer != row->wanted.newer || found.older || found.is_unclear ||
	    found.has_present != row->wanted.has_present || found.has_old != row->wanted.has_old ||
	    found.has_new != row->wanted.has_new)
		fail_msg("%s: newer %u, older %u, %d %d %d", row->desc, found.newer, found.older,
			 found.has_present, found.has_old, found.has_new);
	if (pins_check_versions("pins", &found) != row->check)
		fail_msg("%s: not %d", row->desc, row->check);
	pins_each_version(in("pins"), count, &others);
	if (others != row->others)
		fail_msg("%s: %d others", row->desc, others);
	for (size_t i = COUNT(row->names); i-- > 0;) {
		char path[256];

		if (!row->names[i])
			continue;
		snprintf(path, sizeof(path), "pins/%s", row->names[i]);
		remove(in(path));
	}
}

static void test_pins_list_versions(void **state)
{
	(void)state;
	mount_or_skip();
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

static void test_pins_check_older(void **state)
{
	static const struct {
		const char *desc;
		struct pins_versions versions;
		int err;
	} older[] = {
		{ "one", { .older = 1 }, 0 },
		{ "one, being replaced by this one", { .older = 1, .has_present = true }, 0 },
		{ "one that is being replaced itself",
		  { .older = 1, .is_unclear = true },
		  -EINVAL },
		{ "one, and this one is being replaced", { .older = 1, .has_old = true }, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(older); i++)
		if (pins_check_versions("pins", &older[i].versions) != older[i].err)
			fail_msg("%s: not %d", older[i].desc, older[i].err);
}

/* As an agent does that puts another directory in the place of its own. */
static void test_pins_rename(void **state)
{
	struct pins before, next;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open(&before, in("pins"), true), 0);
	assert_int_equal(pins_open_version(&next, in("pins"), PRESENT PINS_NEW, true), 0);
	assert_true(pins_is_current(&before));
	assert_int_equal(pins_rename(&before, PRESENT PINS_OLD), 0);
	assert_true(pins_is_current(&before)); /* by its new name */
	assert_int_equal(pins_rename(&next, PRESENT), 0);
	assert_true(pins_is_current(&next));
	assert_string_equal(strrchr(next.path, '/') + 1, PRESENT);
	assert_int_equal(pins_remove_version(&before), 0);
	assert_false(pins_is_current(&before));
	pins_close(&before);
	pins_close(&next);
}

/* Only an empty directory gives way: one that another process had just made. */
static void test_pins_rename_onto(void **state)
{
	struct pins next, empty;

	(void)state;
	mount_or_skip();
	assert_int_equal(pins_open_version(&next, in("pins"), PRESENT PINS_NEW, true), 0);
	assert_int_equal(pins_open(&empty, in("pins"), true), 0);
	make(PRESENT "/services");
	assert_int_equal(pins_rename(&next, PRESENT), -ENOTEMPTY);
	assert_true(pins_is_current(&next) && pins_is_current(&empty));
	assert_int_equal(remove(in("pins/" PRESENT "/services")), 0);
	assert_int_equal(pins_rename(&next, PRESENT), 0);
	assert_true(pins_is_current(&next));
	assert_false(pins_is_current(&empty));
	pins_close(&empty);
	pins_close(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_pins_list_versions),
		cmocka_unit_test(test_pins_check_older),
		TEST(test_pins_rename),
		TEST(test_pins_rename_onto),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
