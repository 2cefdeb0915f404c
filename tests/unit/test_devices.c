// SPDX-License-Identifier: GPL-2.0-only

/* Devices found in lists made by hand, and in the machine's own. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct device gateway[] = {
	{ .name = "lo", .ifindex = 1, .is_up = true, .is_loopback = true },
	{ .name = "eth0", .ifindex = 2, .is_up = true, .has_bus = true, .has_default_route = true },
	{ .name = "eth1", .ifindex = 3, .is_up = true, .has_bus = true },
	{ .name = "eth2", .ifindex = 4, .has_bus = true },
	{ .name = "eth0.100", .ifindex = 5, .is_up = true },
	{ .name = "wg0", .ifindex = 6, .is_up = true, .has_default_route = true },
	{ .name = "br-lan", .ifindex = 7, .is_up = true },
};

static struct devices copy_list(const struct device *list, size_t count)
{
	struct devices devices = { .list = calloc(count + 1, sizeof(*list)), .count = count };

	assert_non_null(devices.list);
	if (count)
		memcpy(devices.list, list, count * sizeof(*list));
	return devices;
}

static void test_devices_find_names(void **state)
{
	static const struct {
		const char *desc;
		const char *name;
		uint32_t ifindex;
	} rows[] = {
		{ "the first", "lo", 1 },
		{ "the last", "br-lan", 7 },
		{ "the beginning of another", "eth0", 2 },
		{ "with a dot", "eth0.100", 5 },
		{ "absent", "eth9", 0 },
		{ "a pattern is no name", "eth*", 0 },
		{ "empty", "", 0 },
		{ "upper case", "LO", 0 },
	};
	struct devices devices = copy_list(gateway, COUNT(gateway));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct device *found = devices_find(&devices, rows[i].name);

		if ((found ? found->ifindex : 0) != rows[i].ifindex)
			fail_msg("%s: ifindex %u", rows[i].desc, found ? found->ifindex : 0);
	}
	devices_free(&devices);
	assert_null(devices.list);
	assert_null(devices_find(&devices, "lo"));
}

static void test_devices_find_index(void **state)
{
	struct devices devices = copy_list(gateway, COUNT(gateway));

	(void)state;
	assert_string_equal(devices_find_index(&devices, 1)->name, "lo");
	assert_string_equal(devices_find_index(&devices, 7)->name, "br-lan");
	assert_null(devices_find_index(&devices, 8));
	devices.list[0].ifindex = 0;
	assert_null(devices_find_index(&devices, 0));
	devices_free(&devices);
}

static void test_devices_starts_at_l3_hardware(void **state)
{
	static const struct {
		const char *desc;
		uint16_t hardware;
		int err;
		bool starts_at_l3;
	} rows[] = {
		{ "Ethernet", ARPHRD_ETHER, 0, false },
		{ "loopback", ARPHRD_LOOPBACK, 0, false },
		{ "tun and WireGuard", 65534, 0, true },
		{ "ppp", ARPHRD_PPP, 0, true },
		{ "raw IP, as of modems", 519, 0, true },
		{ "ipip", ARPHRD_TUNNEL, 0, true },
		{ "ip6tnl", ARPHRD_TUNNEL6, 0, true },
		{ "sit", ARPHRD_SIT, 0, true },
		{ "gre", ARPHRD_IPGRE, 0, true },
		{ "ip6gre", 823, 0, true },
		{ "InfiniBand", ARPHRD_INFINIBAND, -EOPNOTSUPP, false },
		{ "radio in monitor mode", ARPHRD_IEEE80211_RADIOTAP, -EOPNOTSUPP, false },
		{ "CAN", 280, -EOPNOTSUPP, false },
		{ "netlink monitor", 824, -EOPNOTSUPP, false },
		{ "NET/ROM", ARPHRD_NETROM, -EOPNOTSUPP, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct device device = { .name = "x", .hardware = rows[i].hardware };
		bool at_l3 = !rows[i].starts_at_l3;
		int err = devices_starts_at_l3(&device, &at_l3);

		if (err != rows[i].err || (!err && at_l3 != rows[i].starts_at_l3))
			fail_msg("%s: err %d, %s", rows[i].desc, err,
				 at_l3 ? "layer 3" : "layer 2");
	}
}

/* Reads the machine's own list and changes nothing; each has a loopback at least. */
static void test_devices_read_own(void **state)
{
	const struct device *loopback;
	struct devices devices;

	(void)state;
	assert_int_equal(devices_read(&devices), 0);
	loopback = devices_find(&devices, "lo");
	assert_non_null(loopback);
	assert_true(loopback->is_loopback);
	assert_false(loopback->has_bus);
	assert_int_equal(loopback->ifindex, if_nametoindex("lo"));
	assert_int_equal(loopback->hardware, ARPHRD_LOOPBACK);
	devices_free(&devices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_find_names),
		cmocka_unit_test(test_devices_find_index),
		cmocka_unit_test(test_devices_starts_at_l3_hardware),
		cmocka_unit_test(test_devices_read_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
