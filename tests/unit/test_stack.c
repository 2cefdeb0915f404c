// SPDX-License-Identifier: GPL-2.0-only

/* Which devices stand on which, in lists made by hand: their order, and what is counted twice. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "stack_lists.h"

#define LIST(array) (array), COUNT(array)

static const struct device vlan_first[] = {
	{ .name = "eth0.5", .ifindex = 7, .kind = "vlan", .lower = 2 },
	{ .name = "eth1", .ifindex = 3 },
	{ .name = "eth0", .ifindex = 2 },
};
static const struct device in_order[] = {
	{ .name = "eth0", .ifindex = 9 },
	{ .name = "wlan0", .ifindex = 8 },
	{ .name = "eth0.5", .ifindex = 7, .kind = "vlan", .lower = 9 },
	{ .name = "eth1", .ifindex = 6, .master = 5 },
	{ .name = "br0", .ifindex = 5, .kind = "bridge" },
};
/* What no kernel makes. */
static const struct device circle[] = {
	{ .name = "a", .ifindex = 1, .kind = "vlan", .lower = 3 },
	{ .name = "b", .ifindex = 2, .kind = "vlan", .lower = 1 },
	{ .name = "c", .ifindex = 3, .kind = "vlan", .lower = 2 },
	{ .name = "self", .ifindex = 4, .kind = "bridge", .lower = 4, .master = 4 },
	{ .name = "x", .ifindex = 5, .kind = "bond", .master = 6 },
	{ .name = "y", .ifindex = 6, .kind = "bond", .master = 5 },
};
/* One way below eth0 by its bridge, another by the VLAN alone. */
static const struct device diamond[] = {
	{ .name = "top", .ifindex = 1, .kind = "vlan", .lower = 2 },
	{ .name = "br0", .ifindex = 2, .kind = "bridge" },
	{ .name = "eth0", .ifindex = 3, .master = 2 },
	{ .name = "eth0.5", .ifindex = 4, .kind = "vlan", .lower = 3, .master = 2 },
};
static const struct device unknown[] = {
	{ .name = "eth0.5", .ifindex = 7, .kind = "vlan", .lower = 99 },
	{ .name = "eth1", .ifindex = 3, .master = 98 },
};
static const struct device tunnelled[] = {
	{ .name = "eth0", .ifindex = 2 },
	{ .name = "vx0", .ifindex = 3, .kind = "vxlan", .lower = 2, .master = 4 },
	{ .name = "br0", .ifindex = 4, .kind = "bridge" },
	{ .name = "br0.5", .ifindex = 5, .kind = "vlan", .lower = 4 },
};

static const struct sort_row {
	const char *desc;
	const struct device *list;
	size_t count;
	const char *sorted;
} sort_rows[] = {
	{ "nothing", NULL, 0, "" },
	{ "a VLAN before its device", LIST(vlan_first), "eth0 eth0.5 eth1" },
	{ "in order already, numbers falling", LIST(in_order), "eth0 wlan0 eth0.5 eth1 br0" },
	{ "circles end", LIST(circle), "b c a self y x" },
	{ "two ways down", LIST(diamond), "eth0 eth0.5 br0 top" },
	{ "what it stands on is not in the list", LIST(unknown), "eth0.5 eth1" },
	{ "a tunnel comes after its device too", LIST(tunnelled), "eth0 vx0 br0 br0.5" },
	{ "bond, VLANs, bridge, tunnel, veth", LIST(stack_lists_office),
	  "lo eth0 eth1 bond0 bond0.5 eth2 vxlan7 br0 bond0.6 veth0 veth1 mac0" },
};

static void test_stack_sort_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sort_rows); i++) {
		const struct sort_row *row = &sort_rows[i];
		struct devices devices = stack_lists_copy(row->list, row->count);
		char names[256];

		assert_int_equal(stack_sort(&devices), 0);
		stack_lists_names(&devices, names, sizeof(names));
		if (strcmp(names, row->sorted) != 0)
			fail_msg("%s: %s", row->desc, names);
		devices_free(&devices);
	}
}

static size_t place_of(const struct devices *devices, const char *name)
{
	const struct device *device = devices_find(devices, name);

	assert_non_null(device);
	return (size_t)(device - devices->list);
}

/* The i-th of all orders of a list. */
static void permute(struct devices *devices, size_t number)
{
	for (size_t i = devices->count; i > 1; i--) {
		size_t k = number % i;
		struct device device = devices->list[k];

		number /= i;
		devices->list[k] = devices->list[i - 1];
		devices->list[i - 1] = device;
	}
}

/* The bond with its members, its VLANs and the bridge, in each of the orders they may come in. */
static void test_stack_sort_every_order(void **state)
{
	static const char *const wanted[][2] = {
		{ "eth0", "bond0" },    { "eth1", "bond0" },  { "bond0", "bond0.5" },
		{ "bond0", "bond0.6" }, { "bond0.5", "br0" },
	};

	(void)state;
	for (size_t number = 0; number < 720; number++) {
		struct devices devices = stack_lists_copy(stack_lists_office + 1, 6);

		permute(&devices, number);
		assert_int_equal(stack_sort(&devices), 0);
		assert_int_equal(devices.count, 6);
		for (size_t i = 0; i < COUNT(wanted); i++)
			if (place_of(&devices, wanted[i][0]) > place_of(&devices, wanted[i][1]))
				fail_msg("order %zu: '%s' after '%s'", number, wanted[i][0],
					 wanted[i][1]);
		devices_free(&devices);
	}
}

/* Pairs as "upper>lower", with what is between as "upper>over>lower". */
static const struct doubles_row {
	const char *desc;
	const struct device *list;
	size_t count;
	const char *counted, *pairs;
} doubles_rows[] = {
	{ "nothing is counted", LIST(stack_lists_office), "", "" },
	{ "lower ones alone", LIST(stack_lists_office), "lo eth0 eth1 eth2", "" },
	{ "upper ones side by side", LIST(stack_lists_office), "bond0.5 bond0.6 mac0", "" },
	{ "a VLAN and its device", LIST(stack_lists_office), "bond0 bond0.6", "bond0.6>bond0" },
	{ "a bond and its members", LIST(stack_lists_office), "eth0 eth1 bond0",
	  "bond0>eth0 bond0>eth1" },
	{ "a device between that is not counted", LIST(stack_lists_office), "eth0 bond0.6",
	  "bond0.6>bond0>eth0" },
	{ "three between", LIST(stack_lists_office), "eth0 br0", "br0>bond0.5>eth0" },
	{ "all of a chain, the nearest first", LIST(stack_lists_office), "eth0 bond0 bond0.6",
	  "bond0>eth0 bond0.6>bond0 bond0.6>bond0>eth0" },
	{ "a bridge and a tunnel's end in it", LIST(stack_lists_office), "br0 vxlan7",
	  "br0>vxlan7" },
	{ "a tunnel and its device", LIST(stack_lists_office), "vxlan7 eth2", "" },
	{ "a bridge and the device of a tunnel in it", LIST(stack_lists_office), "br0 eth2", "" },
	{ "a VLAN over it all", LIST(tunnelled), "eth0 br0.5", "" },
	{ "a VLAN over it all and the tunnel", LIST(tunnelled), "eth0 vx0 br0.5", "br0.5>br0>vx0" },
	{ "two ends of a veth pair", LIST(stack_lists_office), "veth0 veth1", "" },
	{ "a macvlan and its veth", LIST(stack_lists_office), "mac0 veth1 veth0", "mac0>veth1" },
	{ "two ways down are one pair", LIST(diamond), "top eth0", "top>br0>eth0" },
	{ "devices that are not in the list", LIST(unknown), "eth0.5 eth1", "" },
	{ "circles end, and no device is its own", LIST(circle), "a self x", "" },
	{ "circles, all counted", LIST(circle), "x y", "x>y y>x" },
};

static void write_pairs(const struct stack_pairs *pairs, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < pairs->count && used < size; i++) {
		const struct stack_pair *pair = &pairs->list[i];
		bool is_direct = pair->over == pair->lower;

		used += (size_t)snprintf(out + used, size - used, "%s%s>%s%s%s", i ? " " : "",
					 pair->upper->name, is_direct ? "" : pair->over->name,
					 is_direct ? "" : ">", pair->lower->name);
	}
}

static void check_doubles(const struct doubles_row *row)
{
	struct devices devices = stack_lists_copy(row->list, row->count);
	char counted[128], pairs_text[256];
	struct stack_pairs pairs;

	snprintf(counted, sizeof(counted), "%s", row->counted);
	assert_int_equal(stack_doubles(&pairs, &devices, stack_lists_is_counted, counted), 0);
	write_pairs(&pairs, pairs_text, sizeof(pairs_text));
	if (strcmp(pairs_text, row->pairs) != 0)
		fail_msg("%s: '%s', wanted '%s'", row->desc, pairs_text, row->pairs);
	stack_pairs_free(&pairs);
	assert_int_equal(pairs.count, 0);
	devices_free(&devices);
}

static void test_stack_doubles_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(doubles_rows); i++)
		check_doubles(&doubles_rows[i]);
}

/* The order of two devices, upper one first in the list, and how many pairs they are. */
static void judge_two(const struct device *two, bool *is_sorted, size_t *count)
{
	struct devices devices = stack_lists_copy(two, 2);
	char counted[] = "lower upper";
	struct stack_pairs pairs;

	assert_int_equal(stack_doubles(&pairs, &devices, stack_lists_is_counted, counted), 0);
	*count = pairs.count;
	stack_pairs_free(&pairs);
	assert_int_equal(stack_sort(&devices), 0);
	*is_sorted = !strcmp(devices.list[0].name, "lower");
	devices_free(&devices);
}

static void test_stack_kinds_on_one(void **state)
{
	static const struct {
		const char *kind;
		bool is_related;
		size_t pairs;
	} rows[] = {
		{ "vlan", true, 1 },   { "macvlan", true, 1 },   { "macvtap", true, 1 },
		{ "ipvlan", true, 1 }, { "ipvtap", true, 1 },    { "dsa", true, 1 },
		{ "", true, 1 },       { "vlan2", true, 1 },     { "vxlan", true, 0 },
		{ "geneve", true, 0 }, { "gre", true, 0 },       { "gretap", true, 0 },
		{ "ip6gre", true, 0 }, { "ip6gretap", true, 0 }, { "erspan", true, 0 },
		{ "ipip", true, 0 },   { "sit", true, 0 },       { "ip6tnl", true, 0 },
		{ "vti", true, 0 },    { "xfrm", true, 0 },      { "wireguard", true, 0 },
		{ "macsec", true, 0 }, { "veth", false, 0 },     { "netkit", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct device two[] = { { .name = "upper", .ifindex = 5, .lower = 6 },
					{ .name = "lower", .ifindex = 6 } };
		bool is_sorted;
		size_t pairs;

		snprintf(two[0].kind, sizeof(two[0].kind), "%s", rows[i].kind);
		judge_two(two, &is_sorted, &pairs);
		if (is_sorted != rows[i].is_related || pairs != rows[i].pairs)
			fail_msg("'%s': sorted %d, %zu pairs", rows[i].kind, is_sorted, pairs);
	}
}

static void test_stack_kinds_of_masters(void **state)
{
	static const struct {
		const char *kind;
		size_t pairs;
	} rows[] = {
		{ "bridge", 1 }, { "bond", 1 },        { "team", 1 },   { "", 1 },
		{ "vrf", 0 },    { "openvswitch", 0 }, { "batadv", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct device two[] = { { .name = "upper", .ifindex = 5 },
					{ .name = "lower", .ifindex = 6, .master = 5 } };
		bool is_sorted;
		size_t pairs;

		snprintf(two[0].kind, sizeof(two[0].kind), "%s", rows[i].kind);
		judge_two(two, &is_sorted, &pairs);
		if (!is_sorted || pairs != rows[i].pairs)
			fail_msg("'%s': sorted %d, %zu pairs", rows[i].kind, is_sorted, pairs);
	}
}

#define TWICE "which is counted too: frames that pass both would be counted twice"
#define PERMITTED "which is counted too: frames that pass both are counted twice"
#define OPTION " (--allow-stacked permits it)"

static void test_stack_sentence_rows(void **state)
{
	static const struct device eth0 = { .name = "eth0", .ifindex = 2, .master = 6 };
	static const struct device bond = { .name = "bond0", .ifindex = 6, .kind = "bond" };
	static const struct device vlan = {
		.name = "v5", .ifindex = 7, .kind = "vlan", .lower = 6
	};
	static const struct device ip = { .name = "i", .ifindex = 8, .kind = "ipvlan", .lower = 2 };
	static const struct device no = { .name = "lan1", .ifindex = 9, .lower = 2 };
	static const struct device longest = { .name = "123456789012345",
					       .ifindex = 9,
					       .kind = "abcdefghijklmno" };
	static const struct {
		struct stack_pair pair;
		bool is_permitted;
		const char *sentence;
	} rows[] = {
		{ { &vlan, &bond, &bond }, false, "device 'v5': a vlan on 'bond0', " TWICE OPTION },
		{ { &vlan, &bond, &bond }, true, "device 'v5': a vlan on 'bond0', " PERMITTED },
		{ { &vlan, &eth0, &bond },
		  false,
		  "device 'v5': a vlan on 'bond0' over 'eth0', " TWICE OPTION },
		{ { &bond, &eth0, &eth0 },
		  false,
		  "device 'bond0': a bond over 'eth0', " TWICE OPTION },
		{ { &ip, &eth0, &eth0 }, false, "device 'i': an ipvlan on 'eth0', " TWICE OPTION },
		{ { &no, &eth0, &eth0 }, true, "device 'lan1': a device on 'eth0', " PERMITTED },
		{ { &longest, &longest, &eth0 },
		  false,
		  "device '123456789012345': an abcdefghijklmno on 'eth0' over "
		  "'123456789012345', " TWICE OPTION },
	};
	char sentence[STACK_SENTENCE_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		stack_sentence(sentence, &rows[i].pair, rows[i].is_permitted);
		assert_string_equal(sentence, rows[i].sentence);
	}
	assert_true(strlen(sentence) + IFNAMSIZ < sizeof(sentence));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack_sort_rows),
		cmocka_unit_test(test_stack_sort_every_order),
		cmocka_unit_test(test_stack_doubles_rows),
		cmocka_unit_test(test_stack_kinds_on_one),
		cmocka_unit_test(test_stack_kinds_of_masters),
		cmocka_unit_test(test_stack_sentence_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
