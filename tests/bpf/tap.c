// SPDX-License-Identifier: GPL-2.0-only

#include "tap.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* enum bpf_attach_type of Linux 6.6; older headers do not have them */
#define TCX_EGRESS 47

static const struct virtio_net_hdr plain = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };

static void write_setting(const char *path, const char *value)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* a kernel without IPv6 */
	assert_int_equal(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

const char *tap_obstacle(void)
{
	static bool is_alone;
	const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return "there is no /dev/net/tun";
	close(fd);
	if (!is_alone && unshare(CLONE_NEWNET))
		return "no network namespace can be made here";
	if (!is_alone) {
		write_setting("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
		write_setting("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
		write_setting("/proc/sys/net/ipv4/ip_forward", "0");
	}
	is_alone = true;
	return NULL;
}

static void set_up(struct tap *tap, const char *name)
{
	struct ifreq request = { .ifr_mtu = TAP_MTU };
	const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(control >= 0);
	strcpy(request.ifr_name, name);
	assert_int_equal(ioctl(control, SIOCSIFMTU, &request), 0);
	request.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(control, SIOCSIFFLAGS, &request), 0);
	close(control);
	tap->ifindex = if_nametoindex(name);
	assert_true(tap->ifindex > 0);
}

static void open_device(struct tap *tap)
{
	struct ifreq request = {};

	request.ifr_flags = (short)((tap->is_tap ? IFF_TAP : IFF_TUN) | IFF_VNET_HDR);
	tap->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	assert_true(tap->fd >= 0);
	strcpy(request.ifr_name, "portacct%d");
	assert_int_equal(ioctl(tap->fd, TUNSETIFF, &request), 0);
	set_up(tap, request.ifr_name);
}

static void open_packet(struct tap *tap)
{
	const int one = 1;

	/* No protocol: it receives nothing. */
	tap->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(tap->packet >= 0);
	assert_int_equal(setsockopt(tap->packet, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)),
			 0);
}

/* By a filter, as kernels without tcx have it; it goes with the device. */
static void attach_filter(struct tap *tap, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)tap->ifindex,
		    .attach_point = tap->is_egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program);

	assert_int_equal(bpf_tc_hook_create(&hook), 0);
	assert_int_equal(bpf_tc_attach(&hook, &options), 0);
}

struct tap *tap_open(bool is_tap, bool is_egress, int program)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	assert_non_null(tap);
	tap->is_tap = is_tap;
	tap->is_egress = is_egress;
	open_device(tap);
	open_packet(tap);
	tap->link =
		bpf_link_create(program, (int)tap->ifindex,
				(enum bpf_attach_type)(is_egress ? TCX_EGRESS : TCX_INGRESS), NULL);
	if (tap->link < 0)
		attach_filter(tap, program);
	return tap;
}

void tap_close(struct tap *tap)
{
	if (tap->link >= 0)
		close(tap->link);
	close(tap->packet);
	close(tap->fd);
	free(tap);
}

/* What the kernel cuts a merged frame by; nothing else depends on it. */
static uint16_t protocol_be(const struct tap *tap, const uint8_t *bytes, size_t len)
{
	if (!tap->is_tap)
		return htons(bytes[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	return len < ETH_HLEN ? 0 : htons((uint16_t)(bytes[12] << 8 | bytes[13]));
}

static bool send_out(struct tap *tap, uint16_t protocol, struct iovec *parts, size_t count)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = protocol,
		.sll_ifindex = (int)tap->ifindex,
	};
	const struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = parts,
		.msg_iovlen = count,
	};

	/* ENOBUFS: it has passed the hook, but nobody reads what the device sends. */
	return sendmsg(tap->packet, &message, 0) >= 0 || errno == ENOBUFS;
}

bool tap_send(struct tap *tap, const uint8_t *bytes, size_t len,
	      const struct virtio_net_hdr *header)
{
	struct virtio_net_hdr told = header ? *header : plain;
	struct tun_pi info = { .proto = protocol_be(tap, bytes, len) };
	uint8_t copy[TAP_MTU + ETH_HLEN + 4];
	struct iovec parts[] = {
		{ &info, sizeof(info) },
		{ &told, sizeof(told) },
		{ copy, len },
	};

	assert_in_range(len, 1, sizeof(copy));
	memcpy(copy, bytes, len);
	if (tap->is_egress)
		return send_out(tap, info.proto, parts + 1, 2);
	return writev(tap->fd, parts, 3) >= 0;
}

size_t tap_read(struct tap *tap, uint8_t *bytes, size_t size, int wait_ms)
{
	struct pollfd readable = { .fd = tap->fd, .events = POLLIN };
	struct tun_pi info;
	struct virtio_net_hdr header;
	struct iovec parts[] = {
		{ &info, sizeof(info) },
		{ &header, sizeof(header) },
		{ bytes, size },
	};
	ssize_t got;

	if (poll(&readable, 1, wait_ms) != 1)
		return 0;
	got = readv(tap->fd, parts, 3);
	assert_true(got > (ssize_t)(sizeof(info) + sizeof(header)));
	assert_int_equal(header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	return (size_t)got - sizeof(info) - sizeof(header);
}
