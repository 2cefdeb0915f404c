// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rtnetlink.h"

/* What rtnetlink fills at the most: libmnl 1.0.5 names it MNL_SOCKET_DUMP_SIZE. */
#define DUMP_SIZE 32768
#define SEQUENCE 1 /* of the one request that the socket sees */

static int dump(struct mnl_socket *socket, struct nlmsghdr *request, void *buffer, mnl_cb_t read,
		void *data)
{
	unsigned int port = mnl_socket_get_portid(socket);
	int err = MNL_CB_OK;
	ssize_t len;

	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (err > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(socket, buffer, DUMP_SIZE);
		err = len < 0 ? -1 : mnl_cb_run(buffer, (size_t)len, SEQUENCE, port, read, data);
	}
	return err < 0 ? -errno : 0;
}

static struct nlmsghdr *make_request(void *buffer, uint16_t type, const void *header, size_t size)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = SEQUENCE;
	memcpy(mnl_nlmsg_put_extra_header(request, size), header, size);
	return request;
}

int rtnetlink_dump(uint16_t type, const void *header, size_t size, mnl_cb_t read, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	void *buffer = calloc(1, DUMP_SIZE);
	int err = !socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) ? -errno : 0;

	if (!buffer)
		err = -ENOMEM;
	if (!err)
		err = dump(socket, make_request(buffer, type, header, size), buffer, read, data);
	if (socket)
		mnl_socket_close(socket);
	free(buffer);
	return err;
}
