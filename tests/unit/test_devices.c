// SPDX-License-Identifier: GPL-2.0-only

/* Which devices are counted on, chosen from lists made by hand. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
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
	{ "one name", LIST(gateway), { "eth1" }, 0, "eth1", "" },
	{ "a name that is down", LIST(gateway), { "eth2" }, 0, "eth2", "" },
	{ "a name is no prefix", LIST(gateway), { "eth0" }, 0, "eth0", "" },
	{ "the list's order, not the patterns'", LIST(gateway), { "wg0", "eth1" }, 0, "eth1 wg0",
	  "" },
	{ "star", LIST(gateway), { "eth*" }, 0, "eth0 eth1 eth2 eth0.100", "" },
	{ "question mark", LIST(gateway), { "eth?" }, 0, "eth0 eth1 eth2", "" },
	{ "brackets", LIST(gateway), { "eth[12]" }, 0, "eth1 eth2", "" },
	{ "brackets that exclude", LIST(gateway), { "eth[!12]" }, 0, "eth0", "" },
	{ "star takes a dot", LIST(gateway), { "*.100" }, 0, "eth0.100", "" },
	{ "quoted star", LIST(gateway), { "eth\\*" }, -ENODEV, NULL, "'eth\\*'" },
	{ "two patterns for one device", LIST(gateway), { "eth1", "*1" }, 0, "eth1", "" },
	{ "everything", LIST(container), { "*" }, 0, "lo eth0 eth1 down0 tun0", "" },
	{ "no such device", LIST(container), { "eth7" }, -ENODEV, NULL,
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
			fail_msg("%s: err %d, %s", rows[i].desc, err, at_l3 ? "layer 3" : "layer 2");
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
		cmocka_unit_test(test_devices_select_rows),
		cmocka_unit_test(test_devices_select_names_many),
		cmocka_unit_test(test_devices_find_names),
		cmocka_unit_test(test_devices_starts_at_l3_hardware),
		cmocka_unit_test(test_devices_read_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
