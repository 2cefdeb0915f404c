// SPDX-License-Identifier: GPL-2.0-only

/*
 * Connection tracking of the kernel that runs, in a network namespace of the test's own: empty, and
 * with flows that the test puts there.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "conntrack.h"
#include "ctnetlink_message.h"
#include "port_abi.h"

#define FIRST_PORT 1000
#define FLOWS 3000 /* whose list takes the kernel many messages */

/* Which flows have been told of, by the client's port. */
struct told {
	uint8_t old[65536], new[65536];
	size_t others;
};

static const char *namespace_refused(void)
{
	if (access("/proc/sys/net/netfilter/nf_conntrack_max", F_OK))
		return "this kernel has no connection tracking";
	if (geteuid())
		return "a network namespace needs root";
	return unshare(CLONE_NEWNET) ? strerror(errno) : NULL;
}

static void tell(void *ctx, const struct conntrack_flow *flow, bool is_new)
{
	static const uint8_t client[16] = { 10, 1, 0, 2 };
	struct told *told = ctx;

	if (flow->original.transport != PORT_UDP || flow->original.destination_port != 53 ||
	    memcmp(flow->original.source, client, sizeof(client)) ||
	    memcmp(flow->reply.destination, client, sizeof(client)))
		told->others++;
	else
		(is_new ? told->new : told->old)[flow->original.source_port]++;
}

static void put_flow(struct mnl_socket *socket, uint16_t port)
{
	const struct ctnetlink_flow flow = {
		.protocol = IPPROTO_UDP,
		.original = { "10.1.0.2", "10.2.0.2", port, 53 },
		.reply = { "10.2.0.2", "10.1.0.2", 53, port },
	};
	union ctnetlink_buffer buffer;
	struct nlmsghdr *message = ctnetlink_put_flow(&buffer, &flow);

	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK;
	mnl_attr_put_u32(message, CTA_TIMEOUT, htonl(600));
	assert_true(mnl_socket_sendto(socket, message, message->nlmsg_len) > 0);
	assert_true(mnl_socket_recvfrom(socket, &buffer, sizeof(buffer)) > 0);
	assert_int_equal(buffer.message.nlmsg_type, NLMSG_ERROR);
	assert_int_equal(((struct nlmsgerr *)mnl_nlmsg_get_payload(&buffer.message))->error, 0);
}

static void put_flows(void)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);

	assert_non_null(socket);
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	for (uint16_t port = FIRST_PORT; port < FIRST_PORT + FLOWS; port++)
		put_flow(socket, port);
	mnl_socket_close(socket);
}

static void ask(struct conntrack *conntrack, struct told *told)
{
	assert_false(conntrack_is_answering(conntrack));
	assert_int_equal(conntrack_request(conntrack), 0);
	assert_true(conntrack_is_answering(conntrack));
	assert_int_equal(conntrack_request(conntrack), 0); /* changes nothing */
	while (conntrack_is_answering(conntrack))
		assert_true(conntrack_read(conntrack, tell, told) >= 0);
}

static void assert_told(const uint8_t *times, uint8_t wanted)
{
	for (size_t port = 0; port < 65536; port++)
		assert_int_equal(times[port],
				 port >= FIRST_PORT && port < FIRST_PORT + FLOWS ? wanted : 0);
}

static void test_conntrack_read(void **state)
{
	static struct told told;
	const char *refused = namespace_refused();
	bool has_news = !access("/proc/sys/net/netfilter/nf_conntrack_events", F_OK);
	struct conntrack *conntrack;

	(void)state;
	if (refused) {
		print_message("skipped: %s\n", refused);
		skip();
	}
	assert_int_equal(conntrack_open(&conntrack), 0);
	for (int i = 0; i < 3; i++)
		ask(conntrack, &told);
	assert_int_equal(conntrack_read(conntrack, tell, &told), 0);
	assert_int_equal(conntrack_told(conntrack), 0);

	put_flows();
	while (conntrack_read(conntrack, tell, &told) > 0)
		;
	assert_told(told.new, has_news); /* of each, without a question */
	assert_told(told.old, 0);
	ask(conntrack, &told);
	ask(conntrack, &told);
	assert_told(told.new, has_news);
	assert_told(told.old, 2);
	assert_int_equal(told.others, 0);
	assert_int_equal(conntrack_told(conntrack), (2 + has_news) * FLOWS);
	conntrack_close(conntrack);
	conntrack_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conntrack_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
