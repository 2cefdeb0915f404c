// SPDX-License-Identifier: GPL-2.0-only

/* Names in the directory of the pinned state, and where that directory may not be. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pins.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct escape_row {
	const char *desc;
	const char *device, *escaped;
} escape_rows[] = {
	{ "plain", "eth0", "eth0" },
	{ "other characters", "br-lan_1@x+", "br-lan_1@x+" },
	{ "a dot", "eth0.100", "eth0%2E100" },
	{ "a percent sign", "50%", "50%25" },
	{ "what looks escaped", "%2E", "%252E" },
	{ "dots only", "...", "%2E%2E%2E" },
	{ "a map's name", "ports", "%70orts" },
	{ "a map's name", "services", "%73ervices" },
	{ "a coming map's name", "unclassified", "%75nclassified" },
	{ "a map's name and more", "ports0", "ports0" },
	{ "a map's name with a dot", "ports.1", "ports%2E1" },
	{ "another case", "Ports", "Ports" },
	{ "the longest name", "123456789012345", "123456789012345" },
	{ "the longest name, all dots", "...............",
	  "%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E" },
	{ "what is transmitted", "eth0.7:egress", "eth0%2E7:egress" },
	{ "bytes above ASCII", "\xc3\xa9th", "\xc3\xa9th" },
};

static void test_pins_escape_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(escape_rows); i++) {
		const struct escape_row *row = &escape_rows[i];
		char escaped[PINS_ESCAPED_MAX], device[PINS_FOLDER_MAX];

		pins_escape(row->device, escaped);
		if (strcmp(escaped, row->escaped) != 0)
			fail_msg("%s: '%s'", row->desc, escaped);
		if (!pins_unescape(escaped, device) || strcmp(device, row->device) != 0)
			fail_msg("%s: not the same again", row->desc);
	}
}

static void test_pins_unescape_refused(void **state)
{
	static const struct {
		const char *desc;
		const char *escaped;
	} rows[] = {
		{ "empty", "" },
		{ "no device", ":egress" },
		{ "too long", "1234567890123456" },
		{ "too long when escaped", "%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E" },
		{ "nothing behind the percent sign", "eth%" },
		{ "one digit", "eth%2" },
		{ "no digits", "eth%xy" },
		{ "small digits", "eth%2e" },
		{ "NUL", "%00" },
		{ "NUL behind a name", "eth0%00" },
		{ "a slash", "%2F" },
		{ "a letter that needs no escape", "%65th0" },
		{ "a dot that was not escaped", "eth0.1" },
		{ "a map's name", "ports" },
	};
	char device[PINS_FOLDER_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (pins_unescape(rows[i].escaped, device))
			fail_msg("%s: '%s'", rows[i].desc, device);
}

static void test_pins_paths(void **state)
{
	char path[PATH_MAX];
	struct pins pins = { .path = "/sys/fs/bpf/x/v1" };

	(void)state;
	assert_true(pins_map_path(&pins, "ports", path));
	assert_string_equal(path, "/sys/fs/bpf/x/v1/ports");
	assert_true(pins_device_path(&pins, "eth0.7", "link", path));
	assert_string_equal(path, "/sys/fs/bpf/x/v1/eth0%2E7/link");
	memset(pins.path, 'x', PATH_MAX - 6);
	pins.path[PATH_MAX - 6] = '\0';
	assert_false(pins_map_path(&pins, "ports", path));
	assert_true(pins_map_path(&pins, "port", path));
	assert_false(pins_device_path(&pins, "e", "link", path));
}

static struct scratch scratch;

static int set_up(void **state)
{
	(void)state;
	return scratch_open(&scratch);
}

static int tear_down(void **state)
{
	(void)state;
	return scratch_close(&scratch);
}

/* On whatever holds temporary files, which is no BPF file system. */
static void test_pins_open_elsewhere(void **state)
{
	char path[PATH_MAX];
	struct pins pins;

	(void)state;
	snprintf(path, sizeof(path), "%s/pins", scratch.path);
	assert_int_equal(pins_open(&pins, path, true), -EINVAL);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(pins_open(&pins, path, false), -EINVAL);
	assert_int_equal(pins_open(&pins, path, true), -EINVAL);
	assert_int_equal(pins.fd, -1);
}

/* The message holds the path: away with it. */
static void test_pins_open_too_long(void **state)
{
	char path[PATH_MAX + 1];
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC), errs[2];
	struct pins pins;

	(void)state;
	assert_true(saved >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0);
	memset(path, 'x', PATH_MAX);
	path[PATH_MAX] = '\0';
	errs[0] = pins_open(&pins, path, true);
	path[PATH_MAX - 3] = '\0';
	errs[1] = pins_open(&pins, path, true);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
	assert_int_equal(errs[0], -ENAMETOOLONG);
	assert_int_equal(errs[1], -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pins_escape_and_back),
		cmocka_unit_test(test_pins_unescape_refused),
		cmocka_unit_test(test_pins_paths),
		cmocka_unit_test_setup_teardown(test_pins_open_elsewhere, set_up, tear_down),
		cmocka_unit_test(test_pins_open_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
