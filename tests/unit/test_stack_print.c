// SPDX-License-Identifier: GPL-2.0-only

/* Devices on devices as --status draws them, as text and as JSON. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "json.h"
#include "stack_lists.h"

#define MANY 1000

static const struct device hostile[] = {
	{ .name = "\033[2Jeth0", .ifindex = 2, .master = 5 },
	{ .name = "e\xc3\xa4\xff\xc2\x9b",
	  .ifindex = 3,
	  .lower = 2,
	  .kind = "v\alan",
	  .master = 5 },
	{ .name = "\"b\\r\"", .ifindex = 5, .kind = "\x1b]0" },
	{ .name = "100%s", .ifindex = 6, .lower = 5 },
};

static void print(struct fixture_text *text, unsigned int indent, const struct devices *devices,
		  char *counted)
{
	assert_int_equal(stack_print(fixture_text_open(text), indent, devices,
				     stack_lists_is_counted, counted),
			 0);
	fixture_text_close(text);
}

static void print_json(struct fixture_text *text, const struct devices *devices, char *counted)
{
	json_t *document = stack_json(devices, stack_lists_is_counted, counted);

	assert_int_equal(json_print(fixture_text_open(text), document), 0);
	fixture_text_close(text);
}

static void assert_both_golden(const char *name, const struct devices *devices, char *counted)
{
	struct fixture_text text;
	char file[64];

	print(&text, 0, devices, counted);
	fixture_assert_lines(name, text.text, 160);
	snprintf(file, sizeof(file), "%s.txt", name);
	fixture_assert_golden(file, text.text, "");
	fixture_text_free(&text);
	print_json(&text, devices, counted);
	snprintf(file, sizeof(file), "%s.json", name);
	fixture_assert_golden(file, text.text, "");
	fixture_text_free(&text);
}

static void test_stack_print_golden(void **state)
{
	struct devices office = stack_lists_copy(stack_lists_office, COUNT(stack_lists_office));
	struct devices odd = stack_lists_copy(hostile, COUNT(hostile));
	char counted[] = "lo eth0 bond0 bond0.6 br0 vxlan7 eth2 mac0";
	char odd_counted[] = "\033[2Jeth0 e\xc3\xa4\xff\xc2\x9b 100%s";

	(void)state;
	assert_both_golden("stack", &office, counted);
	assert_both_golden("stack_hostile", &odd, odd_counted);
	devices_free(&office);
	devices_free(&odd);
}

/* Groups in which nothing is counted are left out, and with nothing counted all are. */
static void test_stack_print_counted_groups(void **state)
{
	static const struct {
		const char *desc;
		const char *counted, *text;
		size_t json;
	} rows[] = {
		{ "nothing", "", "", 0 },
		{ "what has no relation", "lo", "   lo  counted\n", 1 },
		{ "one end of a veth", "veth0", "   veth0  veth, counted\n", 1 },
		{ "a child", "mac0", "   veth1  veth, not counted\n     mac0  macvlan, counted\n",
		  2 },
	};
	struct devices devices = stack_lists_copy(stack_lists_office, COUNT(stack_lists_office));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture_text text;
		char counted[32];
		json_t *array;

		snprintf(counted, sizeof(counted), "%s", rows[i].counted);
		print(&text, 3, &devices, counted);
		if (strcmp(text.text, rows[i].text) != 0)
			fail_msg("%s: '%s'", rows[i].desc, text.text);
		fixture_text_free(&text);
		array = stack_json(&devices, stack_lists_is_counted, counted);
		if (json_array_size(array) != rows[i].json)
			fail_msg("%s: %zu in JSON", rows[i].desc, json_array_size(array));
		json_decref(array);
	}
	devices_free(&devices);
}

/* The list itself stays as it is. */
static void test_stack_print_changes_nothing(void **state)
{
	struct devices devices = stack_lists_copy(stack_lists_office, COUNT(stack_lists_office));
	struct fixture_text text;
	char counted[] = "eth0";

	(void)state;
	print(&text, 0, &devices, counted);
	fixture_text_free(&text);
	assert_memory_equal(devices.list, stack_lists_office, sizeof(stack_lists_office));
	devices_free(&devices);
}

/* Devices in circles, each once. */
static void test_stack_print_circle(void **state)
{
	static const struct device circle[] = {
		{ .name = "a", .ifindex = 1, .kind = "vlan", .lower = 3 },
		{ .name = "b", .ifindex = 2, .kind = "vlan", .lower = 1 },
		{ .name = "c", .ifindex = 3, .kind = "vlan", .lower = 2 },
		{ .name = "x", .ifindex = 5, .kind = "bond", .master = 6 },
		{ .name = "y", .ifindex = 6, .kind = "bond", .master = 5 },
	};
	struct devices devices = stack_lists_copy(circle, COUNT(circle));
	struct fixture_text text;
	char counted[] = "a b c x y";

	(void)state;
	print(&text, 0, &devices, counted);
	assert_int_equal(fixture_count_lines(text.text), COUNT(circle));
	fixture_text_free(&text);
	devices_free(&devices);
}

static bool is_any(void *ctx, const struct device *device)
{
	(void)ctx;
	(void)device;
	return true;
}

/* A thousand VLANs on one device, all in one bridge, all counted. */
static struct devices make_many(void)
{
	struct devices devices = { .list = calloc(MANY + 2, sizeof(*devices.list)),
				   .count = MANY + 2 };

	assert_non_null(devices.list);
	devices.list[0] = (struct device){ .name = "br0", .ifindex = 1, .kind = "bridge" };
	for (uint32_t i = 0; i < MANY; i++) {
		struct device *device = &devices.list[i + 1];

		*device = (struct device){
			.ifindex = i + 10, .lower = 2, .master = 1, .kind = "vlan"
		};
		snprintf(device->name, sizeof(device->name), "eth0.%u", i + 1);
	}
	devices.list[MANY + 1] = (struct device){ .name = "eth0", .ifindex = 2 };
	return devices;
}

static void test_stack_print_many(void **state)
{
	struct devices devices = make_many();
	struct fixture_text text;
	struct stack_pairs pairs;

	(void)state;
	assert_int_equal(stack_print(fixture_text_open(&text), 0, &devices, is_any, NULL), 0);
	fixture_text_close(&text);
	assert_int_equal(fixture_count_lines(text.text), MANY + 2);
	fixture_assert_lines("many", text.text, 160);
	assert_int_equal(strncmp(text.text,
				 "eth0  counted\n  eth0.1  vlan, in br0, counted "
				 "(frames of eth0 twice)\n",
				 strlen("eth0  counted\n  eth0.1  vlan, in br0, counted "
					"(frames of eth0 twice)\n")),
			 0);
	assert_non_null(strstr(text.text, "\n  eth0.1000  vlan, in br0, counted "
					  "(frames of eth0 twice)\n"
					  "br0  bridge of eth0.1, eth0.2, eth0.3, eth0.4 "
					  "and 996 more, counted "
					  "(frames of eth0.1, eth0.2, eth0.3, eth0.4 and 997 more "
					  "twice)\n"));
	fixture_text_free(&text);
	assert_int_equal(stack_doubles(&pairs, &devices, is_any, NULL), 0);
	assert_int_equal(pairs.count, 2 * MANY + 1);
	stack_pairs_free(&pairs);
	devices_free(&devices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack_print_golden),
		cmocka_unit_test(test_stack_print_counted_groups),
		cmocka_unit_test(test_stack_print_changes_nothing),
		cmocka_unit_test(test_stack_print_circle),
		cmocka_unit_test(test_stack_print_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
