// SPDX-License-Identifier: GPL-2.0-only

/* Which devices are counted on, chosen from lists made by hand. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A gateway; a container; one that has nothing at all to count on. */
static const struct device gateway[] = {
	{ .name = "lo", .ifindex = 1, .is_up = true, .is_loopback = true },
	{ .name = "eth0", .ifindex = 2, .is_up = true, .has_bus = true, .has_default_route = true },
	{ .name = "eth1", .ifindex = 3, .is_up = true, .has_bus = true },
	{ .name = "eth2", .ifindex = 4, .has_bus = true },
	{ .name = "eth0.100", .ifindex = 5, .is_up = true },
	{ .name = "wg0", .ifindex = 6, .is_up = true, .has_default_route = true },
	{ .name = "br-lan", .ifindex = 7, .is_up = true },
};
static const struct device container[] = {
	{ .name = "lo", .ifindex = 1, .is_up = true, .is_loopback = true },
	{ .name = "eth0", .ifindex = 12, .is_up = true, .has_default_route = true },
	{ .name = "eth1", .ifindex = 14, .is_up = true },
	{ .name = "down0", .ifindex = 15, .has_bus = true },
	{ .name = "tun0", .ifindex = 16, .is_up = true, .has_default_route = true },
};
static const struct device lonely[] = {
	{ .name = "lo", .ifindex = 1, .is_up = true, .is_loopback = true },
	{ .name = "eth0", .ifindex = 2, .has_bus = true },
};

/* A switch chip's ports on the processor's port, of which one is down; a VLAN on a port. */
static const struct device router[] = {
	{ .name = "eth0", .ifindex = 2, .is_up = true, .has_bus = true },
	{ .name = "lan1", .ifindex = 3, .is_up = true, .has_bus = true, .lower = 2 },
	{ .name = "lan2", .ifindex = 4, .has_bus = true, .lower = 2 },
	{ .name = "wan", .ifindex = 5, .is_up = true, .has_bus = true, .lower = 2 },
	{ .name = "wan.7", .ifindex = 6, .is_up = true, .lower = 5 },
};
/* A port on a switch chip's that is down: the processor's is chosen. */
static const struct device unused[] = {
	{ .name = "eth0", .ifindex = 2, .is_up = true, .has_bus = true },
	{ .name = "lan1", .ifindex = 3, .has_bus = true, .lower = 2 },
};
/* Three deep, the middle one first. */
static const struct device deep[] = {
	{ .name = "middle", .ifindex = 3, .is_up = true, .has_bus = true, .lower = 2 },
	{ .name = "upper", .ifindex = 4, .is_up = true, .has_bus = true, .lower = 3 },
	{ .name = "lower", .ifindex = 2, .is_up = true, .has_bus = true },
};
/* Of a virtual machine: a function of the card as a member of what takes over for it. */
static const struct device cloud[] = {
	{ .name = "vf0", .ifindex = 2, .is_up = true, .has_bus = true, .master = 3 },
	{ .name = "eth0", .ifindex = 3, .is_up = true, .has_bus = true },
	{ .name = "eth1", .ifindex = 4, .is_up = true, .has_bus = true, .master = 5 },
	{ .name = "br0", .ifindex = 5, .is_up = true },
};

static struct devices copy_list(const struct device *list, size_t count)
{
	struct devices devices = { .list = calloc(count + 1, sizeof(*list)), .count = count };

	assert_non_null(devices.list);
	if (count)
		memcpy(devices.list, list, count * sizeof(*list));
	return devices;
}

static void list_kept(const struct devices *devices, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < devices->count; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
					 devices->list[i].name);
}

/* What is selected, with standard error going to message. */
static int select_quietly(struct devices *devices, const char *const *patterns, size_t count,
			  char *message, size_t size)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO), err;
	size_t len;

	assert_non_null(file);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	err = devices_select(devices, patterns, count);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	len = fread(message, 1, size - 1, file);
	message[len] = '\0';
	fclose(file);
	return err;
}

#define LIST(array) (array), COUNT(array)

static const struct select_row {
	const char *desc;
	const struct device *list;
	size_t count;
	const char *patterns[3];
	int err;
	const char *kept, *message;
} select_rows[] = {
	{ "default: up and on a bus", LIST(gateway), {}, 0, "eth0 eth1", "" },
	{ "default without a bus: default routes", LIST(container), {}, 0, "eth0 tun0", "" },
	{ "default with neither", LIST(lonely), {}, -ENODEV, "", "lo, eth0" },
	{ "default without devices", NULL, 0, {}, -ENODEV, "", "none" },
	{ "default: a switch's ports, not the processor's", LIST(router), {}, 0, "lan1 wan", "" },
	{ "default: a port that is down hides nothing", LIST(unused), {}, 0, "eth0", "" },
	{ "default: what stands over a function, but no bridge",
	  LIST(cloud),
	  {},
	  0,
	  "eth0 eth1",
	  "" },
	{ "default: of three the uppermost", LIST(deep), {}, 0, "upper", "" },
	{ "a name of a device that others stand on", LIST(router), { "eth0" }, 0, "eth0", "" },
	{ "one name", LIST(gateway), { "eth1" }, 0, "eth1", "" },
	{ "a name that is down", LIST(gateway), { "eth2" }, 0, "eth2", "" },
	{ "a name is no prefix", LIST(gateway), { "eth0" }, 0, "eth0", "" },
	{ "the list's order, not the patterns'",
	  LIST(gateway),
	  { "wg0", "eth1" },
	  0,
	  "eth1 wg0",
	  "" },
	{ "star", LIST(gateway), { "eth*" }, 0, "eth0 eth1 eth2 eth0.100", "" },
	{ "question mark", LIST(gateway), { "eth?" }, 0, "eth0 eth1 eth2", "" },
	{ "brackets", LIST(gateway), { "eth[12]" }, 0, "eth1 eth2", "" },
	{ "brackets that exclude", LIST(gateway), { "eth[!12]" }, 0, "eth0", "" },
	{ "star takes a dot", LIST(gateway), { "*.100" }, 0, "eth0.100", "" },
	{ "quoted star", LIST(gateway), { "eth\\*" }, -ENODEV, NULL, "'eth\\*'" },
	{ "two patterns for one device", LIST(gateway), { "eth1", "*1" }, 0, "eth1", "" },
	{ "everything", LIST(container), { "*" }, 0, "lo eth0 eth1 down0 tun0", "" },
	{ "no such device",
	  LIST(container),
	  { "eth7" },
	  -ENODEV,
	  NULL,
	  "'eth7': no such device: there are lo, eth0, eth1, down0, tun0" },
	{ "one of two is missing", LIST(gateway), { "eth0", "ppp*" }, -ENODEV, NULL, "'ppp*'" },
	{ "upper case", LIST(gateway), { "ETH0" }, -ENODEV, NULL, "'ETH0'" },
	{ "empty pattern", LIST(gateway), { "" }, -ENODEV, NULL, "''" },
};

static void check_select(const struct select_row *row)
{
	struct devices devices = copy_list(row->list, row->count);
	char kept[256], all[256], message[1024];
	const char *expected;
	size_t patterns = 0;
	int err;

	while (patterns < COUNT(row->patterns) && row->patterns[patterns])
		patterns++;
	list_kept(&devices, all, sizeof(all));
	err = select_quietly(&devices, row->patterns, patterns, message, sizeof(message));
	list_kept(&devices, kept, sizeof(kept));
	devices_free(&devices);
	expected = row->kept ? row->kept : all;
	if (err != row->err || strcmp(kept, expected) != 0)
		fail_msg("%s: err %d, kept '%s'", row->desc, err, kept);
	if (!strstr(message, row->message) || !message[0] != !err)
		fail_msg("%s: message '%s'", row->desc, message);
}

static void test_devices_select_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(select_rows); i++)
		check_select(&select_rows[i]);
}

/* Where something matches the two choose alike; where nothing does one waits and says nothing. */
static void check_choose(const struct select_row *row)
{
	struct devices devices = copy_list(row->list, row->count);
	char kept[256];
	size_t patterns = 0;

	while (patterns < COUNT(row->patterns) && row->patterns[patterns])
		patterns++;
	devices_choose(&devices, row->patterns, patterns);
	list_kept(&devices, kept, sizeof(kept));
	devices_free(&devices);
	if (!row->err && strcmp(kept, row->kept) != 0)
		fail_msg("%s: kept '%s'", row->desc, kept);
}

static void test_devices_choose_rows(void **state)
{
	static const struct select_row waiting[] = {
		{ "none of two", LIST(gateway), { "ppp0", "tun*" }, 0, "", "" },
		{ "one of two", LIST(gateway), { "ppp0", "wg*" }, 0, "wg0", "" },
		{ "nothing by default", LIST(lonely), {}, 0, "", "" },
		{ "no devices at all", NULL, 0, { "*" }, 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(select_rows); i++)
		check_choose(&select_rows[i]);
	for (size_t i = 0; i < COUNT(waiting); i++)
		check_choose(&waiting[i]);
}

static void add_name(void *ctx, const char *pattern)
{
	char *names = ctx;

	strcat(strcat(names, pattern), " ");
}

static void test_devices_missing_rows(void **state)
{
	static const struct {
		const char *desc;
		const char *patterns[4];
		size_t count, missing;
		const char *told;
	} rows[] = {
		{ "no patterns", {}, 0, 0, "" },
		{ "all are there", { "eth0", "eth*", "lo" }, 3, 0, "" },
		{ "names and patterns, in order",
		  { "ppp0", "eth0", "tun*", "x" },
		  4,
		  3,
		  "ppp0 tun* x " },
		{ "one twice", { "x", "x" }, 2, 2, "x x " },
		{ "more than a name", { "eth" }, 1, 1, "eth " },
	};
	const struct devices devices = copy_list(gateway, COUNT(gateway));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char told[64] = "";
		size_t missing =
			devices_missing(&devices, rows[i].patterns, rows[i].count, add_name, told);

		if (missing != rows[i].missing || strcmp(told, rows[i].told) != 0)
			fail_msg("%s: %zu, '%s'", rows[i].desc, missing, told);
		missing = devices_missing(&devices, rows[i].patterns, rows[i].count, NULL, NULL);
		assert_int_equal(missing, rows[i].missing);
	}
	free(devices.list);
}

static void test_devices_is_pattern(void **state)
{
	static const struct {
		const char *text;
		bool is_pattern;
	} rows[] = {
		{ "eth0", false },  { "eth0.100", false }, { "br-lan", false }, { "", false },
		{ "{a,b}", false }, { "e!", false },       { "]", false },      { "eth*", true },
		{ "eth?", true },   { "eth[01]", true },   { "eth\\*", true },  { "*", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (devices_is_pattern(rows[i].text) != rows[i].is_pattern)
			fail_msg("'%s'", rows[i].text);
}

static void test_devices_any_bus(void **state)
{
	static const struct {
		const char *desc;
		const struct device *list;
		size_t count;
		bool any;
	} rows[] = {
		{ "a gateway", LIST(gateway), true },
		{ "on a bus, but down", LIST(lonely), false },
		{ "a container", LIST(container), false },
		{ "nothing", NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct devices devices = copy_list(rows[i].list, rows[i].count);

		if (devices_any_bus(&devices) != rows[i].any)
			fail_msg("%s", rows[i].desc);
		devices_free(&devices);
	}
}

static void test_devices_select_names_many(void **state)
{
	struct device list[300] = {};
	static const char *const patterns[] = { "eth0" };
	char message[2048];
	struct devices devices;

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		snprintf(list[i].name, sizeof(list[i].name), "a-long-name-%zu", i);
	devices = copy_list(list, COUNT(list));
	assert_int_equal(select_quietly(&devices, patterns, 1, message, sizeof(message)), -ENODEV);
	assert_non_null(strstr(message, "a-long-name-0, a-long-name-1, "));
	/* One line, cut: a message is no place for three hundred names. */
	assert_ptr_equal(strchr(message, '\n'), message + strlen(message) - 1);
	assert_true(strlen(message) < 700);
	devices_free(&devices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_select_rows),
		cmocka_unit_test(test_devices_select_names_many),
		cmocka_unit_test(test_devices_choose_rows),
		cmocka_unit_test(test_devices_missing_rows),
		cmocka_unit_test(test_devices_is_pattern),
		cmocka_unit_test(test_devices_any_bus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
