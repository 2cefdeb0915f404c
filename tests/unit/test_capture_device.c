// SPDX-License-Identifier: GPL-2.0-only

/* Captures from the loopback device of a network namespace that nobody else sees. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture.h"
#include "fixture.h"

#define PAYLOAD 1000
#define SNAPLEN 512

/* Up, alone, and without neighbour or router traffic. NULL, or why it cannot be made. */
static const char *make_loopback(void)
{
	static char reason[128];
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock;

	if (geteuid())
		return "a network namespace needs root";
	if (unshare(CLONE_NEWNET)) {
		snprintf(reason, sizeof(reason), "a network namespace cannot be made: %s",
			 strerror(errno));
		return reason;
	}
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(sock >= 0);
	assert_int_equal(ioctl(sock, SIOCSIFFLAGS, &request), 0);
	close(sock);
	return NULL;
}

/* Sends datagrams of PAYLOAD bytes to a socket that is there, so that nobody complains. */
static void send_datagrams(unsigned int count)
{
	static const char payload[PAYLOAD] = "";
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(sock >= 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(sock, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(sock, (struct sockaddr *)&address, size), 0);
	while (count--)
		assert_int_equal(send(sock, payload, sizeof(payload), 0), sizeof(payload));
	close(sock);
}

/* What comes in, as far as it comes at all. */
static unsigned int count_datagrams(struct capture *capture, unsigned int wanted)
{
	struct pollfd wait = { .fd = capture_descriptor(capture), .events = POLLIN };
	struct capture_frame frame;
	unsigned int count = 0;

	assert_true(wait.fd >= 0);
	while (count < wanted && poll(&wait, 1, 10000) == 1)
		while (capture_next(capture, &frame) == 1) {
			assert_int_equal(frame.bytes[12] << 8 | frame.bytes[13], 0x0800);
			assert_int_equal(frame.wire_bytes, 14 + 20 + 8 + PAYLOAD);
			assert_int_equal(frame.length, SNAPLEN);
			assert_true(frame.time_ns > INT64_C(1500000000000000000));
			count++;
		}
	return count;
}

/* On loopback every frame goes out and comes in: only what comes in is to be seen. */
static void test_capture_open_device_loopback(void **state)
{
	const char *reason = make_loopback();
	struct capture_frame frame;
	struct capture *capture;

	(void)state;
	if (reason) {
		print_message("skipped: %s\n", reason);
		skip();
	}
	assert_int_equal(capture_open_device(&capture, "lo"), 0);
	assert_int_equal(capture_next(capture, &frame), 0);
	send_datagrams(20);
	assert_int_equal(count_datagrams(capture, 20), 20);
	assert_int_equal(capture_next(capture, &frame), 0);
	assert_int_equal(capture_lost(capture), 0);
	assert_string_equal(capture_link_type(capture), "EN10MB");
	capture_close(capture);
}

static void test_capture_open_device_refuses(void **state)
{
	static const char start[] = "device 'nosuchdevice0': cannot be captured from: ";
	struct capture *capture;
	char message[1024];
	int err;

	(void)state;
	fixture_messages_begin();
	err = capture_open_device(&capture, "nosuchdevice0");
	fixture_messages_end(message, sizeof(message));
	assert_int_equal(err, geteuid() ? -EPERM : -ENODEV);
	if (strncmp(message, start, strlen(start)) || fixture_count_lines(message) != 1)
		fail_msg("'%s'", message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture_open_device_loopback),
		cmocka_unit_test(test_capture_open_device_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
