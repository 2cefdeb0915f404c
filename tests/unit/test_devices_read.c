// SPDX-License-Identifier: GPL-2.0-only

/* What the kernel tells of real devices, in network namespaces of the test's own. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "fixture.h"
#include "stack.h"

static const char *refused;

static int with_namespace(void **state)
{
	(void)state;
	if (geteuid())
		refused = "a network namespace needs root";
	else if (system("ip link show lo >/dev/null"))
		refused = "ip is missing";
	else if (unshare(CLONE_NEWNET))
		refused = "a network namespace cannot be made";
	return 0;
}

static void need_namespace(void)
{
	if (!refused)
		return;
	print_message("skipped: %s\n", refused);
	skip();
}

static void run(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

/* A kind that this kernel does not have is no failure. */
static bool can(const char *command)
{
	char quiet[256];

	snprintf(quiet, sizeof(quiet), "%s 2>/dev/null", command);
	if (!system(quiet))
		return true;
	print_message("skipped: %s: not on this kernel\n", command);
	return false;
}

static const struct device *need(const struct devices *devices, const char *name)
{
	const struct device *device = devices_find(devices, name);

	if (!device)
		fail_msg("'%s' is not in the list", name);
	return device;
}

/* The name of the device with that number; "" for 0, "?" for none. */
static const char *name_of(const struct devices *devices, uint32_t ifindex)
{
	const struct device *device = devices_find_index(devices, ifindex);

	return device ? device->name : ifindex ? "?" : "";
}

static void test_devices_read_relations(void **state)
{
	static const struct {
		const char *name, *kind, *lower, *master;
		const char *command; /* NULL: made with another */
	} rows[] = {
		{ "lo", "", "", "", NULL },
		{ "v0", "veth", "v1", "br0", "ip link add v0 type veth peer name v1" },
		{ "v1", "veth", "v0", "", NULL },
		{ "br0", "bridge", "", "",
		  "ip link add br0 type bridge && ip link set v0 master br0" },
		{ "mac0", "macvlan", "v1", "", "ip link add mac0 link v1 type macvlan" },
		{ "mac1", "macvlan", "br0", "br1",
		  "ip link add br1 type bridge && "
		  "ip link add mac1 link br0 type macvlan && ip link set mac1 master br1" },
		{ "vx0", "vxlan", "v1", "",
		  "ip link add vx0 type vxlan id 5 dstport 4789 dev v1 remote 192.0.2.2" },
		{ "vx1", "vxlan", "", "br1",
		  "ip link add vx1 type vxlan id 6 dstport 4789 remote 192.0.2.2 && "
		  "ip link set vx1 master br1" },
		{ "tun0", "tun", "", "", "ip tuntap add tun0 mode tun" },
		{ "v1.5", "vlan", "v1", "", "ip link add v1.5 link v1 type vlan id 5" },
		{ "bond0", "bond", "", "", "ip link add bond0 type bond" },
		{ "gre5", "gre", "v1", "", "ip link add gre5 type gre remote 192.0.2.2 dev v1" },
		{ "dummy5", "dummy", "", "", "ip link add dummy5 type dummy" },
	};
	bool is_there[COUNT(rows)];
	struct devices devices;

	(void)state;
	need_namespace();
	for (size_t i = 0; i < COUNT(rows); i++)
		is_there[i] = !rows[i].command || can(rows[i].command);
	assert_int_equal(devices_read(&devices), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct device *device = is_there[i] ? need(&devices, rows[i].name) : NULL;

		if (device && (strcmp(device->kind, rows[i].kind) != 0 ||
			       strcmp(name_of(&devices, device->lower), rows[i].lower) != 0 ||
			       strcmp(name_of(&devices, device->master), rows[i].master) != 0))
			fail_msg("'%s': kind '%s', lower '%s', master '%s'", rows[i].name,
				 device->kind, name_of(&devices, device->lower),
				 name_of(&devices, device->master));
	}
	devices_free(&devices);
}

static bool is_any(void *ctx, const struct device *device)
{
	(void)ctx;
	(void)device;
	return true;
}

/* The devices of the test before: its bridges and macvlans, and nothing of veth and vxlan. */
static void test_devices_read_stack(void **state)
{
	static const char *const wanted[][2] = {
		{ "br0", "v0" },   { "mac0", "v1" }, { "mac1", "br0" }, { "mac1", "v0" },
		{ "br1", "mac1" }, { "br1", "vx1" }, { "br1", "br0" },  { "br1", "v0" },
	};
	size_t found = 0, known = 0;
	struct devices devices;
	struct stack_pairs pairs;

	(void)state;
	need_namespace();
	assert_int_equal(devices_read(&devices), 0);
	assert_int_equal(stack_doubles(&pairs, &devices, is_any, NULL), 0);
	for (size_t i = 0; i < pairs.count; i++)
		for (size_t k = 0; k < COUNT(wanted); k++)
			found += !strcmp(pairs.list[i].upper->name, wanted[k][0]) &&
				 !strcmp(pairs.list[i].lower->name, wanted[k][1]);
	/* A VLAN is one more where the kernel has them. */
	for (size_t i = 0; i < pairs.count; i++)
		known += !strcmp(pairs.list[i].upper->kind, "vlan");
	assert_int_equal(found, COUNT(wanted));
	assert_int_equal(pairs.count, COUNT(wanted) + known);
	stack_pairs_free(&pairs);
	devices_free(&devices);
}

static void test_devices_read_state(void **state)
{
	struct devices devices;

	(void)state;
	need_namespace();
	run("ip link add s0 mtu 1400 type veth peer name s1 && ip link set s0 up");
	assert_int_equal(devices_read(&devices), 0);
	assert_int_equal(need(&devices, "s0")->mtu, 1400);
	assert_true(need(&devices, "s0")->is_up);
	assert_false(need(&devices, "s0")->has_carrier);
	assert_false(need(&devices, "s1")->is_up);
	assert_false(need(&devices, "s1")->has_bus);
	devices_free(&devices);
	run("ip link set s1 up");
	assert_int_equal(devices_read(&devices), 0);
	assert_true(need(&devices, "s0")->has_carrier);
	assert_true(need(&devices, "s1")->has_carrier);
	devices_free(&devices);
}

/* Nothing is on a bus in a new namespace, so routes are read. */
static void test_devices_read_default_route(void **state)
{
	struct devices devices;

	(void)state;
	need_namespace();
	run("ip link add r0 type veth peer name r1 && ip link set r0 up && ip link set r1 up");
	run("ip address add 192.0.2.1/24 dev r0 && ip route add default via 192.0.2.2");
	run("ip -6 route add default dev r1");
	assert_int_equal(devices_read(&devices), 0);
	assert_true(need(&devices, "r0")->has_default_route);
	assert_true(need(&devices, "r1")->has_default_route);
	assert_false(need(&devices, "lo")->has_default_route);
	devices_free(&devices);
}

static int load_program(void)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, COUNT(pass), NULL);

	if (fd < 0)
		fail_msg("an XDP program cannot be loaded: %s", strerror(-fd));
	return fd;
}

static uint32_t id_of(int program)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(program, &info, &size), 0);
	return info.id;
}

static void test_devices_read_xdp(void **state)
{
	static const uint32_t modes[] = { XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE };
	struct devices devices;
	int program;

	(void)state;
	need_namespace();
	run("ip link add x0 type veth peer name x1 && ip link set x0 up");
	program = load_program();
	for (size_t i = 0; i < COUNT(modes); i++) {
		int ifindex = (int)if_nametoindex("x0");

		assert_int_equal(bpf_xdp_attach(ifindex, program, modes[i], NULL), 0);
		assert_int_equal(devices_read(&devices), 0);
		assert_int_equal(need(&devices, "x0")->xdp_program, id_of(program));
		assert_int_equal(need(&devices, "x1")->xdp_program, 0);
		devices_free(&devices);
		assert_int_equal(bpf_xdp_detach(ifindex, modes[i], NULL), 0);
		assert_int_equal(devices_read(&devices), 0);
		assert_int_equal(need(&devices, "x0")->xdp_program, 0);
		devices_free(&devices);
	}
	close(program);
}

static void send_datagram(uint32_t address)
{
	static const char payload[] = "some bytes";
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(address) };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(sock >= 0);
	assert_int_equal(
		sendto(sock, payload, sizeof(payload), 0, (struct sockaddr *)&to, sizeof(to)),
		sizeof(payload));
	close(sock);
}

/* What one device sends is what the other receives, by all four counters. */
static void test_devices_read_counters(void **state)
{
	const struct device *from, *to;
	struct devices devices;

	(void)state;
	need_namespace();
	run("ip link add c0 type veth peer name c1 && ip link set c0 up && ip link set c1 up");
	run("ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev c0");
	run("ip address add 192.0.2.8/32 peer 192.0.2.9 dev c0");
	for (int i = 0; i < 10; i++)
		send_datagram(0xc0000209);
	/* So that nothing more comes between the reading of one and of the other. */
	run("ip link set c0 down && ip link set c1 down");
	assert_int_equal(devices_read(&devices), 0);
	from = need(&devices, "c0");
	to = need(&devices, "c1");
	assert_true(from->transmit_packets >= 10);
	assert_true(from->transmit_bytes >= from->transmit_packets * 42);
	assert_int_equal(to->receive_packets, from->transmit_packets);
	assert_int_equal(to->receive_bytes, from->transmit_bytes);
	devices_free(&devices);
}

/* A macvlan that is moved away stands on a device that its new namespace does not have. */
static void test_devices_read_elsewhere(void **state)
{
	int here, there;
	struct devices devices;
	char move[128];

	(void)state;
	need_namespace();
	run("ip link add e0 type veth peer name e1 && ip link add e2 link e0 type macvlan");
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(here >= 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	snprintf(move, sizeof(move),
		 "ip link set e2 netns /proc/%d/fd/%d && ip link set e1 netns /proc/%d/fd/%d",
		 getpid(), there, getpid(), there);
	run(move);
	assert_int_equal(devices_read(&devices), 0);
	assert_int_equal(need(&devices, "e0")->lower, 0);
	devices_free(&devices);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	assert_int_equal(devices_read(&devices), 0);
	assert_int_equal(need(&devices, "e1")->lower, 0);
	assert_int_equal(need(&devices, "e2")->lower, 0);
	assert_string_equal(need(&devices, "e2")->kind, "macvlan");
	devices_free(&devices);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	close(here);
	close(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_read_relations),
		cmocka_unit_test(test_devices_read_stack),
		cmocka_unit_test(test_devices_read_state),
		cmocka_unit_test(test_devices_read_default_route),
		cmocka_unit_test(test_devices_read_xdp),
		cmocka_unit_test(test_devices_read_counters),
		cmocka_unit_test(test_devices_read_elsewhere),
	};

	return cmocka_run_group_tests(tests, with_namespace, NULL);
}
