// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices_watch.h"
#include "log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Runs on each message before it is queued: of routes only those to everywhere pass. Such a message
 * is a struct nlmsghdr and a struct rtmsg. The filter loads in network byte order, while netlink
 * speaks the host's.
 */
static int drop_other_routes(int fd)
{
	const unsigned int type = offsetof(struct nlmsghdr, nlmsg_type);
	const unsigned int length = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_dst_len);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, length),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, ~0U),
	};
	struct sock_fprog program = { .len = COUNT(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int subscribe(int fd, int group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

/* The filter first: a full table may change at any time. */
static int set_up(int fd, bool default_routes)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };

	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) ||
	    subscribe(fd, RTNLGRP_LINK))
		return -errno;
	if (!default_routes)
		return 0;
	if (drop_other_routes(fd) || subscribe(fd, RTNLGRP_IPV4_ROUTE) ||
	    subscribe(fd, RTNLGRP_IPV6_ROUTE))
		return -errno;
	return 0;
}

int devices_watch_open(bool default_routes)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int err = fd < 0 ? -errno : set_up(fd, default_routes);

	if (!err)
		return fd;
	log_error(err, "rtnetlink: changes of network devices cannot be watched");
	if (fd >= 0)
		close(fd);
	return err;
}

static bool is_change(const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return true;
	default:
		return false;
	}
}

/* A notification is one message, of which the header is enough: the kernel cuts off the rest. */
int devices_watch_drain(int fd)
{
	struct nlmsghdr message;
	int changed = 0;

	for (;;) {
		ssize_t len = recv(fd, &message, sizeof(message), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return changed;
		if (len < 0 && errno == ENOBUFS)
			changed = 1;
		else if (len < 0 && errno != EINTR)
			break;
		else if (len == (ssize_t)sizeof(message) && is_change(&message))
			changed = 1;
	}
	log_error(errno, "rtnetlink: changes of network devices cannot be read");
	return -errno;
}
