// SPDX-License-Identifier: GPL-2.0-only

/* Messages of ctnetlink, made as the kernel makes them: whole, damaged, cut everywhere. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "conntrack.h"
#include "ctnetlink_message.h"
#include "port_abi.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEN_MIDWAY (IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL)

static void assert_side(const char *desc, const struct conntrack_tuple *tuple,
			const struct ctnetlink_side *side, uint8_t transport)
{
	struct conntrack_tuple wanted = {
		.source_port = (uint16_t)side->source_port,
		.destination_port = (uint16_t)side->destination_port,
		.transport = transport,
		.is_ipv6 = strchr(side->source, ':') != NULL,
	};
	int family = wanted.is_ipv6 ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, side->source, wanted.source), 1);
	assert_int_equal(inet_pton(family, side->destination, wanted.destination), 1);
	if (memcmp(tuple, &wanted, sizeof(wanted)))
		fail_msg("%s: another tuple", desc);
}

#define CLIENT "10.1.0.2"
#define SERVER "10.2.0.2"
#define TO_SERVER                                                                                  \
	{                                                                                          \
		CLIENT, SERVER, 50123, 443                                                         \
	}
#define TO_CLIENT                                                                                  \
	{                                                                                          \
		SERVER, CLIENT, 443, 50123                                                         \
	}

static const struct {
	const char *desc;
	struct ctnetlink_flow flow;
	uint8_t transport;
} whole_rows[] = {
	{ "TCP", { 6, TO_SERVER, TO_CLIENT }, PORT_TCP },
	{ "UDP", { 17, TO_SERVER, TO_CLIENT }, PORT_UDP },
	{ "UDP-Lite counts as UDP", { 136, TO_SERVER, TO_CLIENT }, PORT_UDP },
	{ "SCTP", { 132, TO_SERVER, TO_CLIENT }, PORT_SCTP },
	{ "DCCP", { 33, TO_SERVER, TO_CLIENT }, PORT_DCCP },
	{ "masqueraded", { 17, TO_SERVER, { SERVER, "192.0.2.1", 443, 1024 } }, PORT_UDP },
	{ "forwarded to a port inside",
	  { 6,
	    { "198.51.100.9", "192.0.2.1", 40000, 8080 },
	    { CLIENT, "198.51.100.9", 80, 40000 } },
	  PORT_TCP },
	{ "IPv6",
	  { 6, { "fd01::2", "fd02::2", 50123, 443 }, { "fd02::2", "fd01::2", 443, 50123 } },
	  PORT_TCP },
	{ "from IPv6 to IPv4",
	  { 6, { "fd01::2", "64:ff9b::a02:2", 50123, 443 }, TO_CLIENT },
	  PORT_TCP },
	{ "the first and the last port",
	  { 17, { CLIENT, SERVER, 0, 65535 }, { SERVER, CLIENT, 65535, 0 } },
	  PORT_UDP },
};

static void test_conntrack_parse_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(whole_rows); i++) {
		const char *desc = whole_rows[i].desc;
		struct conntrack_flow flow;
		union ctnetlink_buffer buffer;

		memset(&flow, 0xff, sizeof(flow));
		if (!conntrack_parse(ctnetlink_put_flow(&buffer, &whole_rows[i].flow), &flow))
			fail_msg("%s: not parsed", desc);
		assert_side(desc, &flow.original, &whole_rows[i].flow.original,
			    whole_rows[i].transport);
		assert_side(desc, &flow.reply, &whole_rows[i].flow.reply, whole_rows[i].transport);
		assert_false(flow.is_midway);
	}
}

static void test_conntrack_parse_no_flow(void **state)
{
	static const struct {
		const char *desc;
		struct ctnetlink_flow flow;
	} rows[] = {
		{ "ICMP", { 1, { CLIENT, SERVER, -1, -1 }, { SERVER, CLIENT, -1, -1 } } },
		{ "GRE, whose keys are no ports", { 47, TO_SERVER, TO_CLIENT } },
		{ "no protocol", { 0, TO_SERVER, TO_CLIENT } },
		{ "no source", { 6, { NULL, SERVER, 1, 2 }, TO_CLIENT } },
		{ "no destination", { 6, { CLIENT, NULL, 1, 2 }, TO_CLIENT } },
		{ "no source port", { 6, { CLIENT, SERVER, -1, 2 }, TO_CLIENT } },
		{ "no destination port", { 6, { CLIENT, SERVER, 1, -1 }, TO_CLIENT } },
		{ "no source in the reply", { 6, TO_SERVER, { NULL, CLIENT, 1, 2 } } },
		{ "no port in the reply", { 6, TO_SERVER, { SERVER, CLIENT, 1, -1 } } },
		{ "two families in one tuple", { 6, { "fd01::2", SERVER, 1, 2 }, TO_CLIENT } },
	};
	static const uint16_t types[] = {
		NLMSG_DONE,
		NLMSG_ERROR,
		NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
		NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW,
	};
	struct conntrack_flow flow;
	union ctnetlink_buffer buffer;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (conntrack_parse(ctnetlink_put_flow(&buffer, &rows[i].flow), &flow))
			fail_msg("%s: parsed", rows[i].desc);
	for (size_t i = 0; i < COUNT(types); i++) {
		struct nlmsghdr *message = ctnetlink_put_flow(&buffer, &whole_rows[0].flow);

		message->nlmsg_type = types[i];
		assert_false(conntrack_parse(message, &flow));
	}
	assert_false(conntrack_parse(ctnetlink_begin(&buffer, CTNETLINK_NEW), &flow));
	ctnetlink_begin(&buffer, CTNETLINK_NEW);
	ctnetlink_put_tuple(&buffer.message, CTA_TUPLE_ORIG, &whole_rows[0].flow.original, 6);
	assert_false(conntrack_parse(&buffer.message, &flow));
}

/* Attributes whose size is not that of what they hold. */
static void test_conntrack_parse_sizes(void **state)
{
	static const struct {
		const char *desc;
		uint16_t address; /* bytes of each */
		uint16_t protocol, port;
		bool is_parsed;
	} rows[] = {
		{ "as it should be", 4, 1, 2, true },    { "a short address", 3, 1, 2, false },
		{ "a long address", 5, 1, 2, false },    { "an empty address", 0, 1, 2, false },
		{ "an empty protocol", 4, 0, 2, false }, { "a long protocol", 4, 2, 2, false },
		{ "a short port", 4, 1, 1, false },      { "a long port", 4, 1, 4, false },
		{ "an empty port", 4, 1, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static const uint8_t zero[16], six[2] = { 6 };
		struct conntrack_flow flow;
		union ctnetlink_buffer buffer;
		struct nlmsghdr *message = ctnetlink_begin(&buffer, CTNETLINK_NEW);

		for (uint16_t type = CTA_TUPLE_ORIG; type <= CTA_TUPLE_REPLY; type++) {
			struct nlattr *tuple = mnl_attr_nest_start(message, type), *nest;

			nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);
			mnl_attr_put(message, CTA_IP_V4_SRC, rows[i].address, zero);
			mnl_attr_put(message, CTA_IP_V4_DST, rows[i].address, zero);
			mnl_attr_nest_end(message, nest);
			nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
			mnl_attr_put(message, CTA_PROTO_NUM, rows[i].protocol, six);
			mnl_attr_put(message, CTA_PROTO_SRC_PORT, rows[i].port, zero);
			mnl_attr_put(message, CTA_PROTO_DST_PORT, rows[i].port, zero);
			mnl_attr_nest_end(message, nest);
			mnl_attr_nest_end(message, tuple);
		}
		if (conntrack_parse(message, &flow) != rows[i].is_parsed)
			fail_msg("%s", rows[i].desc);
	}
}

static void test_conntrack_parse_midway(void **state)
{
	static const struct {
		const char *desc;
		uint8_t protocol, original, reply;
		bool is_midway;
	} rows[] = {
		{ "handshake seen", 6, IP_CT_TCP_FLAG_WINDOW_SCALE | IP_CT_TCP_FLAG_SACK_PERM,
		  IP_CT_TCP_FLAG_WINDOW_SCALE | IP_CT_TCP_FLAG_SACK_PERM, false },
		{ "handshake without options", 6, 0, 0, false },
		{ "met midway", 6, SEEN_MIDWAY, SEEN_MIDWAY, true },
		{ "met midway, closing", 6, SEEN_MIDWAY | IP_CT_TCP_FLAG_CLOSE_INIT, SEEN_MIDWAY,
		  true },
		{ "one side liberal", 6, SEEN_MIDWAY, IP_CT_TCP_FLAG_SACK_PERM, false },
		{ "offloaded, with window scales", 6, SEEN_MIDWAY | IP_CT_TCP_FLAG_WINDOW_SCALE,
		  SEEN_MIDWAY | IP_CT_TCP_FLAG_WINDOW_SCALE, false },
		{ "flags on UDP", 17, SEEN_MIDWAY, SEEN_MIDWAY, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ctnetlink_flow text = { rows[i].protocol, TO_SERVER, TO_CLIENT };
		struct conntrack_flow flow;
		union ctnetlink_buffer buffer;

		ctnetlink_put_flow(&buffer, &text);
		ctnetlink_put_tcp_flags(&buffer.message, rows[i].original, rows[i].reply);
		assert_true(conntrack_parse(&buffer.message, &flow));
		if (flow.is_midway != rows[i].is_midway)
			fail_msg("%s", rows[i].desc);
	}
}

/* In memory that ends where the message does, for a sanitizer to see what is read beyond. */
static bool parse_copy(const union ctnetlink_buffer *buffer, size_t length,
		       struct conntrack_flow *flow)
{
	struct nlmsghdr *copy = malloc(length);
	bool is_parsed;

	assert_non_null(copy);
	memcpy(copy, buffer->bytes, length);
	copy->nlmsg_len = (uint32_t)length;
	is_parsed = conntrack_parse(copy, flow);
	free(copy);
	return is_parsed;
}

static void test_conntrack_parse_cut(void **state)
{
	struct conntrack_flow whole, flow;
	union ctnetlink_buffer buffer;
	size_t parsed = 0;

	(void)state;
	ctnetlink_put_flow(&buffer, &whole_rows[7].flow);
	ctnetlink_put_tcp_flags(&buffer.message, SEEN_MIDWAY, SEEN_MIDWAY);
	assert_true(conntrack_parse(&buffer.message, &whole));
	assert_true(whole.is_midway);
	for (size_t length = NLMSG_HDRLEN; length <= buffer.message.nlmsg_len; length++) {
		if (!parse_copy(&buffer, length, &flow))
			continue;
		parsed++;
		assert_memory_equal(&flow.original, &whole.original, sizeof(whole.original));
		assert_memory_equal(&flow.reply, &whole.reply, sizeof(whole.reply));
	}
	/* Only what lies behind the tuples, the status and the protocol's, may be missing. */
	assert_in_range(parsed, 8, 64);
}

/* Every byte of a message set to what lengths and types go wrong by. */
static void test_conntrack_parse_damaged(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 4, 5, 0x7f, 0x80, 0xff };
	struct conntrack_flow flow;
	union ctnetlink_buffer buffer;
	size_t length, refused = 0;

	(void)state;
	ctnetlink_put_flow(&buffer, &whole_rows[0].flow);
	ctnetlink_put_tcp_flags(&buffer.message, SEEN_MIDWAY, SEEN_MIDWAY);
	length = buffer.message.nlmsg_len;
	for (size_t at = NLMSG_HDRLEN; at < length; at++)
		for (size_t i = 0; i < COUNT(values); i++) {
			char before = buffer.bytes[at];

			buffer.bytes[at] = (char)values[i];
			if (!parse_copy(&buffer, length, &flow))
				refused++;
			else
				assert_true(flow.original.transport < PORT_TRANSPORTS);
			buffer.bytes[at] = before;
		}
	assert_true(refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conntrack_parse_whole),
		cmocka_unit_test(test_conntrack_parse_no_flow),
		cmocka_unit_test(test_conntrack_parse_sizes),
		cmocka_unit_test(test_conntrack_parse_midway),
		cmocka_unit_test(test_conntrack_parse_cut),
		cmocka_unit_test(test_conntrack_parse_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
