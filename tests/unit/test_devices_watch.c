// SPDX-License-Identifier: GPL-2.0-only

/* Changes of devices and routes, in a network namespace of the test's own. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices.h"
#include "devices_watch.h"
#include "fixture.h"

#define MANY 3000 /* changes, of which a small queue takes few */

static const char *refused;

static int with_namespace(void **state)
{
	(void)state;
	if (geteuid())
		refused = "a network namespace needs root";
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

static void control(int family, unsigned long request, void *argument)
{
	int sock = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(sock >= 0);
	if (ioctl(sock, request, argument))
		fail_msg("ioctl %#lx: %s", request, strerror(errno));
	close(sock);
}

/* Each other size is a change of the device. */
static void set_mtu(int mtu)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_mtu = mtu };

	control(AF_INET, SIOCSIFMTU, &request);
}

static void set_address(uint32_t address)
{
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	struct ifreq request = { .ifr_name = "lo" };

	memcpy(&request.ifr_addr, &local, sizeof(local));
	control(AF_INET, SIOCSIFADDR, &request);
}

static void set_up(bool is_up)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = is_up ? IFF_UP : 0 };

	control(AF_INET, SIOCSIFFLAGS, &request);
}

/* An IPv4 route by lo: address and mask in the host's order, 0 and 0 for everywhere. */
static void change_route(bool is_added, uint32_t address, uint32_t mask)
{
	char device[] = "lo";
	struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = device };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	struct sockaddr_in wide = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(mask) };

	memcpy(&route.rt_dst, &to, sizeof(to));
	memcpy(&route.rt_genmask, &wide, sizeof(wide));
	control(AF_INET, is_added ? SIOCADDRT : SIOCDELRT, &route);
}

static void change_route6(bool is_added, const char *address, uint16_t length)
{
	struct in6_rtmsg route = { .rtmsg_dst_len = length,
				   .rtmsg_metric = 1,
				   .rtmsg_flags = RTF_UP,
				   .rtmsg_ifindex = (int)if_nametoindex("lo") };

	assert_int_equal(inet_pton(AF_INET6, address, &route.rtmsg_dst), 1);
	control(AF_INET6, is_added ? SIOCADDRT : SIOCDELRT, &route);
}

static int open_watch(bool default_routes)
{
	int fd = devices_watch_open(default_routes);

	if (fd < 0)
		fail_msg("devices_watch_open: %s", strerror(-fd));
	return fd;
}

static short events_of(int fd)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };

	assert_true(poll(&item, 1, 0) >= 0);
	return item.revents;
}

static void test_devices_watch_descriptor(void **state)
{
	int fd;

	(void)state;
	need_namespace();
	fd = open_watch(false);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(events_of(fd), 0);
	assert_int_equal(devices_watch_drain(fd), 0);
	close(fd);
}

static void test_devices_watch_link(void **state)
{
	int fd;

	(void)state;
	need_namespace();
	fd = open_watch(false);
	for (int i = 0; i < 5; i++) {
		set_mtu(2000 + i);
		set_mtu(3000 + i);
		assert_int_equal(events_of(fd), POLLIN);
		assert_int_equal(devices_watch_drain(fd), 1);
		assert_int_equal(events_of(fd), 0);
		assert_int_equal(devices_watch_drain(fd), 0);
	}
	close(fd);
}

/* One that watches before it reads the list misses nothing: what it did not read is told. */
static void test_devices_watch_then_read(void **state)
{
	struct devices devices;
	int fd;

	(void)state;
	need_namespace();
	set_mtu(4000);
	fd = open_watch(false);
	set_mtu(5000);
	assert_int_equal(devices_read(&devices), 0);
	assert_int_equal(devices_find(&devices, "lo")->mtu, 5000);
	devices_free(&devices);
	assert_int_equal(devices_watch_drain(fd), 1);
	close(fd);
}

/* The smallest queue that the kernel gives is soon full. */
static void test_devices_watch_overflow(void **state)
{
	int fd, size = 1;
	char byte;

	(void)state;
	need_namespace();
	fd = open_watch(false);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (int i = 0; i < 100; i++)
		set_mtu(2000 + i);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(devices_watch_drain(fd), 1);
	/* Again, and now it is the function that meets it. */
	for (int i = 0; i < 100; i++)
		set_mtu(3000 + i);
	assert_true(events_of(fd) & POLLERR);
	assert_int_equal(devices_watch_drain(fd), 1);
	assert_int_equal(devices_watch_drain(fd), 0);
	set_mtu(4000);
	assert_int_equal(devices_watch_drain(fd), 1);
	close(fd);
}

/* A socket on which only other messages come: what is left is that some were lost. */
static void test_devices_watch_overflow_alone(void **state)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), size = 1;

	(void)state;
	need_namespace();
	assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	set_address(0x0a000001);
	assert_int_equal(events_of(fd), POLLIN);
	assert_int_equal(devices_watch_drain(fd), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (uint32_t i = 0; i < 100; i++)
		set_address(0x0a000002 + i);
	assert_int_equal(devices_watch_drain(fd), 1);
	close(fd);
}

static void test_devices_watch_default_routes(void **state)
{
	int with, without;

	(void)state;
	need_namespace();
	set_up(true);
	with = open_watch(true);
	without = open_watch(false);
	for (int added = 1; added >= 0; added--) {
		change_route(added, 0, 0);
		assert_int_equal(devices_watch_drain(with), 1);
		change_route6(added, "::", 0);
		assert_int_equal(devices_watch_drain(with), 1);
		change_route(added, 0xc0000200, 0xffffff00);
		change_route(added, 0, 0x80000000);
		change_route6(added, "2001:db8::", 32);
		change_route6(added, "::", 1);
		assert_int_equal(events_of(with), 0);
		assert_int_equal(devices_watch_drain(with), 0);
	}
	assert_int_equal(devices_watch_drain(without), 0);
	set_mtu(6000);
	assert_int_equal(devices_watch_drain(with), 1);
	assert_int_equal(devices_watch_drain(without), 1);
	close(with);
	close(without);
}

/* A full table that changes neither wakes nor overflows the smallest queue. */
static void test_devices_watch_full_table(void **state)
{
	int fd, size = 1;

	(void)state;
	need_namespace();
	set_up(true);
	fd = open_watch(true);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (uint32_t i = 0; i < MANY; i++)
		change_route(true, 0x0b000000 + (i << 8), 0xffffff00);
	assert_int_equal(events_of(fd), 0);
	assert_int_equal(devices_watch_drain(fd), 0);
	change_route(true, 0, 0);
	assert_int_equal(devices_watch_drain(fd), 1);
	change_route(false, 0, 0);
	close(fd);
}

static void test_devices_watch_bad_descriptor(void **state)
{
	char text[256];
	int err;

	(void)state;
	fixture_messages_begin();
	err = devices_watch_drain(-1);
	fixture_messages_end(text, sizeof(text));
	assert_int_equal(err, -EBADF);
	assert_string_equal(text, "rtnetlink: changes of network devices cannot be read: Bad file "
				  "descriptor\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_watch_descriptor),
		cmocka_unit_test(test_devices_watch_link),
		cmocka_unit_test(test_devices_watch_then_read),
		cmocka_unit_test(test_devices_watch_overflow),
		cmocka_unit_test(test_devices_watch_overflow_alone),
		cmocka_unit_test(test_devices_watch_default_routes),
		cmocka_unit_test(test_devices_watch_full_table),
		cmocka_unit_test(test_devices_watch_bad_descriptor),
	};

	return cmocka_run_group_tests(tests, with_namespace, NULL);
}
