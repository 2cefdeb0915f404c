// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conntrack.h"
#include "log.h"

#define MESSAGES_MAX 65536          /* more than the kernel hands out at once */
#define NEWS_ROOM (8 * 1024 * 1024) /* bytes in the kernel, of thousands of new flows */
#define NEWS_AT_ONCE 256

struct conntrack {
	struct mnl_socket *answers;
	struct mnl_socket *news;
	bool is_answering;
	uint64_t told;
	char buffer[MESSAGES_MAX];
};

static int fail(int err)
{
	if (err == -EPERM)
		log_error(err, "conntrack: cannot be read (root, or CAP_NET_ADMIN, is needed)");
	else if (err == -EINVAL || err == -EOPNOTSUPP || err == -EPROTONOSUPPORT)
		log_errorx("conntrack: this kernel cannot tell of it: nf_conntrack_netlink is "
			   "missing");
	else
		log_error(err, "conntrack: cannot be read");
	return err;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *socket =
		mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		int reason = errno;

		mnl_socket_close(socket);
		errno = reason;
		return NULL;
	}
	return socket;
}

/* More room than processes may have by default, where that is allowed. */
static int subscribe(struct mnl_socket *socket)
{
	int fd = mnl_socket_get_fd(socket), room = NEWS_ROOM, group = NFNLGRP_CONNTRACK_NEW;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

int conntrack_open(struct conntrack **out)
{
	struct conntrack *conntrack = calloc(1, sizeof(*conntrack));
	int err;

	if (!conntrack)
		return fail(-ENOMEM);
	conntrack->answers = open_socket();
	conntrack->news = conntrack->answers ? open_socket() : NULL;
	err = !conntrack->news || subscribe(conntrack->news) ? -errno : 0;
	if (!err) {
		*out = conntrack;
		return 0;
	}
	conntrack_close(conntrack);
	return fail(err);
}

void conntrack_close(struct conntrack *conntrack)
{
	if (!conntrack)
		return;
	if (conntrack->answers)
		mnl_socket_close(conntrack->answers);
	if (conntrack->news)
		mnl_socket_close(conntrack->news);
	free(conntrack);
}

int conntrack_request(struct conntrack *conntrack)
{
	char buffer[NLMSG_HDRLEN + sizeof(struct nfgenmsg)] __attribute__((aligned(4)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header;

	if (conntrack->is_answering)
		return 0;
	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = AF_UNSPEC;
	header->version = NFNETLINK_V0;
	if (mnl_socket_sendto(conntrack->answers, message, message->nlmsg_len) < 0)
		return fail(-errno);
	conntrack->is_answering = true;
	return 0;
}

/* The error that a message carries; NLMSG_DONE has one too where an answer was broken off. */
static int error_of(const struct nlmsghdr *message)
{
	int err;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(err))
		return 0;
	memcpy(&err, mnl_nlmsg_get_payload(message), sizeof(err));
	return err < 0 ? err : 0;
}

static int take_message(struct conntrack *conntrack, const struct nlmsghdr *message, bool is_new,
			conntrack_take *take, void *ctx)
{
	struct conntrack_flow flow;

	if (message->nlmsg_type < NLMSG_MIN_TYPE) {
		if (is_new || message->nlmsg_type == NLMSG_NOOP)
			return 0;
		conntrack->is_answering = false;
		return error_of(message);
	}
	conntrack->told++;
	if (conntrack_parse(message, &flow))
		take(ctx, &flow, is_new);
	return 0;
}

/* What one call of the kernel hands out. 1: there was something; 0: there is nothing; or -errno. */
static int read_messages(struct conntrack *conntrack, struct mnl_socket *socket,
			 conntrack_take *take, void *ctx)
{
	ssize_t size = mnl_socket_recvfrom(socket, conntrack->buffer, sizeof(conntrack->buffer));
	const struct nlmsghdr *message = (const void *)conntrack->buffer;
	int left = (int)size, err = 0;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* News that came too fast are lost; what they told of is in the next answer. */
	if (size < 0 && errno == ENOBUFS && socket == conntrack->news)
		return 1;
	if (size < 0)
		return -errno;
	for (; !err && mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		err = take_message(conntrack, message, socket == conntrack->news, take, ctx);
	return err ? err : 1;
}

int conntrack_read(struct conntrack *conntrack, conntrack_take *take, void *ctx)
{
	int news = 1, answer = 0;

	for (int i = 0; news > 0 && i < NEWS_AT_ONCE; i++)
		news = read_messages(conntrack, conntrack->news, take, ctx);
	if (news >= 0 && conntrack->is_answering)
		answer = read_messages(conntrack, conntrack->answers, take, ctx);
	if (news < 0 || answer < 0)
		return fail(news < 0 ? news : answer);
	return news || answer;
}

bool conntrack_is_answering(const struct conntrack *conntrack)
{
	return conntrack->is_answering;
}

uint64_t conntrack_told(const struct conntrack *conntrack)
{
	return conntrack->told;
}

void conntrack_descriptors(const struct conntrack *conntrack, int fds[CONNTRACK_DESCRIPTORS])
{
	fds[0] = mnl_socket_get_fd(conntrack->answers);
	fds[1] = mnl_socket_get_fd(conntrack->news);
}
