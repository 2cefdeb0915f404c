// SPDX-License-Identifier: GPL-2.0-only
/*
 * Little conversations through the program in the kernel: what becomes of each frame is written
 * down by hand in flows.c. Each goes over both IP versions through a replay, whose reports are
 * compared with the table, and once more against the reference, with every counter; those that take
 * no time also through a program that counts.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "flows.h"
#include "packet.h"
#include "program.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define PAYLOAD 64

static struct database *database;

static int make_database(void **state)
{
	(void)state;
	database = database_parse(flow_services);
	return 0;
}

static int free_database(void **state)
{
	(void)state;
	database_free(database);
	return 0;
}

static struct program *load(bool is_replay)
{
	const struct program_options options = {
		.starts_at_l3 = true,
		.is_replay = is_replay,
		.database = database,
		.endpoint_bits = program_many_bits(),
	};

	return program_load(&options);
}

static void skip_without_bpf(void)
{
	const char *obstacle = program_obstacle();

	if (!obstacle)
		return;
	print_message("skipped: %s\n", obstacle);
	skip();
}

static void put_network(struct packet *p, const struct flow_step *step, int version)
{
	const uint8_t from[16] = { 10, 0, 0, (uint8_t)step->from, [15] = (uint8_t)step->from };
	const uint8_t to[16] = { 10, 0, 0, (uint8_t)step->to, [15] = (uint8_t)step->to };
	const uint16_t offset = step->piece == FLOW_LATER ? 8 : 0;

	if (version == 4) {
		packet_ipv4(p, 5, step->piece == FLOW_FIRST ? 0x2000 : offset);
		packet_set_identification(p, step->id);
		packet_set_addresses(p, from, to);
		return;
	}
	packet_ipv6(p);
	packet_set_addresses(p, from, to);
	if (step->piece != FLOW_WHOLE)
		packet_fragment(p, (uint16_t)(offset << 3 | (step->piece == FLOW_FIRST)), step->id);
}

static struct packet build(const struct flow_step *step, int version)
{
	struct packet p = {};

	put_network(&p, step, version);
	if (step->piece == FLOW_LATER || step->protocol == IPPROTO_ICMP) {
		packet_protocol(&p, step->protocol);
	} else {
		packet_ports(&p, step->protocol, step->source_port, step->destination_port,
			     step->what);
		if (step->protocol == IPPROTO_SCTP)
			packet_chunk(&p, step->what);
		if (step->protocol == IPPROTO_DCCP)
			packet_dccp_type(&p, step->what);
	}
	packet_payload(&p, PAYLOAD);
	packet_finish(&p);
	return p;
}

static int transport_of(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return PORT_TCP;
	case IPPROTO_SCTP:
		return PORT_SCTP;
	case IPPROTO_DCCP:
		return PORT_DCCP;
	default:
		return PORT_UDP;
	}
}

static struct ref_verdict expected_of(const struct flow_step *step)
{
	const int transport = transport_of(step->protocol);
	struct ref_verdict verdict = { .bucket = step->bucket, .transport = -1, .method = -1 };

	if (step->bucket >= PORT_TRANSPORTS)
		return verdict;
	verdict.transport = transport;
	verdict.service_port = step->port;
	verdict.direction = step->direction;
	verdict.method = (int)step->method;
	if (step->bucket < 0)
		verdict.slot = reference_find_owner(database->entries, database->entries_len,
						    transport, step->port)
				       ->slot;
	return verdict;
}

static void check_step(const struct flow *flow, const struct flow_step *step, int version,
		       const struct ref_verdict *report)
{
	const struct ref_verdict expected = expected_of(step);

	if (report->bucket != expected.bucket || report->slot != expected.slot ||
	    report->transport != expected.transport ||
	    report->service_port != expected.service_port ||
	    report->direction != expected.direction || report->method != expected.method)
		fail_msg("%s: %s, IPv%d: bucket %d, slot %u, transport %d, port %u, direction %d, "
			 "method %d",
			 flow->desc, step->desc, version, report->bucket, report->slot,
			 report->transport, report->service_port, (int)report->direction,
			 report->method);
}

static bool is_step(const struct flow *flow, size_t i)
{
	return i < FLOW_STEPS && flow->steps[i].desc;
}

/* Against the table. */
static void check_reports(struct program *replay, const struct flow *flow, int version)
{
	uint32_t second = 0;

	program_forget(replay);
	for (size_t i = 0; is_step(flow, i); i++) {
		const struct flow_step *step = &flow->steps[i];
		struct packet p = build(step, version);
		const struct frame frame = {
			.desc = step->desc,
			.bytes = p.data,
			.len = (uint32_t)p.len,
			.linear = PROGRAM_ALL_LINEAR,
			.wire = (uint32_t)p.len,
			.second = second += step->pause,
		};
		struct ref_verdict report;

		program_run(replay, &frame);
		report = program_report(replay);
		check_step(flow, step, version, &report);
	}
}

/* Against the reference. A conversation that takes time is only for a replay. */
static void check_counters(struct program *program, const struct flow *flow, int version)
{
	for (size_t i = 0; is_step(flow, i); i++)
		if (flow->steps[i].pause && !program->options.is_replay)
			return;
	for (size_t i = 0; is_step(flow, i); i++) {
		const struct packet p = build(&flow->steps[i], version);

		program->second += flow->steps[i].pause;
		program_add(program, flow->steps[i].desc, p.data, p.len, PROGRAM_ALL_LINEAR);
	}
	program_check(program);
}

static void test_flows(void **state)
{
	struct program *reports, *replay, *counting;

	(void)state;
	skip_without_bpf();
	reports = load(true);
	replay = load(true);
	counting = load(false);
	for (size_t i = 0; i < flows_len; i++) {
		for (int version = 4; version <= (flows[i].ipv4_only ? 4 : 6); version += 2) {
			check_reports(reports, &flows[i], version);
			check_counters(replay, &flows[i], version);
			check_counters(counting, &flows[i], version);
		}
	}
	assert_true(counting->expected.frames > 50);
	program_free(counting);
	program_free(replay);
	program_free(reports);
}

/* Frames that are counted, and the account behind them. */
static const struct ledger *count(struct program *program, const struct flow_step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct packet p = build(&steps[i], 4);
		const struct frame frame = {
			.desc = steps[i].desc,
			.bytes = p.data,
			.len = (uint32_t)p.len,
			.linear = PROGRAM_ALL_LINEAR,
		};

		program_run(program, &frame);
	}
	ledger_read(&program->found, program->object);
	return &program->found;
}

#define STEP(protocol, what, piece, id, from, to, source, destination)                             \
	{                                                                                          \
		"frame", 0, protocol, what, piece, id, from, to, source, destination, 0, 0, 0, 0   \
	}

static void check_port(const struct ledger *ledger, uint32_t index, uint64_t packets,
		       uint64_t bytes, unsigned int methods)
{
	const struct port_counter *port = &ledger->ports[index];

	assert_int_equal(PORT_UNCLASSIFIED_PACKETS(port->packets), packets);
	assert_int_equal(port->bytes, bytes);
	assert_int_equal(PORT_UNCLASSIFIED_METHODS(port->packets), methods);
}

/* By the port that was chosen, all pieces of a datagram, with every method that chose it. */
static void test_flows_unclassified_by_port(void **state)
{
	static const struct flow_step steps[] = {
		STEP(IPPROTO_UDP, 0, FLOW_FIRST, 7, 'c', 's', 40000, 45000),
		STEP(IPPROTO_UDP, 0, FLOW_LATER, 7, 'c', 's', 0, 0),
		STEP(IPPROTO_UDP, 0, FLOW_LATER, 7, 'c', 's', 0, 0),
		STEP(IPPROTO_UDP, 0, FLOW_WHOLE, 0, 's', 'c', 45000, 40000),
		STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'c', 's', 33000, 45000),
		STEP(IPPROTO_TCP, 0x10, FLOW_WHOLE, 0, 'c', 's', 33000, 45000),
		STEP(IPPROTO_UDP, 0, FLOW_WHOLE, 0, 'c', 's', 40000, 53),
		STEP(IPPROTO_SCTP, 0, FLOW_WHOLE, 0, 'c', 's', 40000, 45000),
	};
	const uint64_t whole = 20 + 8 + PAYLOAD, later = 20 + PAYLOAD, tcp = 20 + 20 + PAYLOAD;
	const struct ledger *ledger;
	struct program *program;
	unsigned int ports = 0;

	(void)state;
	skip_without_bpf();
	program = load(false);
	ledger = count(program, steps, ARRAY_LEN(steps));
	check_port(ledger, PORT_TABLE_INDEX(PORT_UDP, 45000), 4, 2 * whole + 2 * later,
		   1U << PORT_GUESS | 1U << PORT_ENDPOINT);
	check_port(ledger, PORT_TABLE_INDEX(PORT_TCP, 45000), 1, tcp, 1U << PORT_HANDSHAKE);
	check_port(ledger, PORT_TABLE_INDEX(PORT_TCP, 33000), 1, tcp, 1U << PORT_GUESS);
	for (uint32_t i = 0; i < PORT_UNCLASSIFIED_ENTRIES; i++)
		ports += ledger->ports[i].packets != 0;
	assert_int_equal(ports, 3);
	program_free(program);
}

static void check_handshakes(const struct ledger *ledger, int transport, uint16_t port,
			     struct port_handshakes expected)
{
	const struct ref_entry *owner =
		reference_find_owner(database->entries, database->entries_len, transport, port);
	const struct port_handshakes *found = &ledger->handshakes[owner ? owner->slot : 0];

	assert_int_equal(found->attempted, expected.attempted);
	assert_int_equal(found->accepted, expected.accepted);
	assert_int_equal(found->reset, expected.reset);
}

/* By service; 0 is for those of none. A reset is one, whatever else the frame says. */
static void test_flows_handshakes(void **state)
{
	static const struct flow_step steps[] = {
		STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'c', 's', 33000, 8080),
		STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'c', 's', 33000, 8080),
		STEP(IPPROTO_TCP, 0x12, FLOW_WHOLE, 0, 's', 'c', 8080, 33000),
		STEP(IPPROTO_TCP, 0x14, FLOW_WHOLE, 0, 's', 'c', 8080, 33000),
		STEP(IPPROTO_TCP, 0x04, FLOW_WHOLE, 0, 'c', 's', 33000, 22),
		STEP(IPPROTO_TCP, 0x06, FLOW_WHOLE, 0, 'c', 's', 33000, 22),
		STEP(IPPROTO_TCP, 0x16, FLOW_WHOLE, 0, 's', 'c', 22, 33000),
		STEP(IPPROTO_TCP, 0x11, FLOW_WHOLE, 0, 's', 'c', 22, 33000),
		STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'c', 's', 33000, 40000),
		STEP(IPPROTO_TCP, 0x02, FLOW_FIRST, 7, 'c', 's', 33000, 21),
		STEP(IPPROTO_TCP, 0, FLOW_LATER, 7, 'c', 's', 0, 0),
		STEP(IPPROTO_SCTP, 1, FLOW_WHOLE, 0, 'c', 's', 33000, 2905),
		STEP(IPPROTO_SCTP, 2, FLOW_WHOLE, 0, 's', 'c', 2905, 33000),
		STEP(IPPROTO_SCTP, 6, FLOW_WHOLE, 0, 's', 'c', 2905, 33000),
		STEP(IPPROTO_DCCP, 0, FLOW_WHOLE, 0, 'c', 's', 33000, 40000),
		STEP(IPPROTO_DCCP, 1, FLOW_WHOLE, 0, 's', 'c', 40000, 33000),
		STEP(IPPROTO_DCCP, 7, FLOW_WHOLE, 0, 's', 'c', 40000, 33000),
		STEP(IPPROTO_UDP, 0, FLOW_WHOLE, 0, 'c', 's', 33000, 53),
	};
	const struct ledger *ledger;
	struct program *program;

	(void)state;
	skip_without_bpf();
	program = load(false);
	ledger = count(program, steps, ARRAY_LEN(steps));
	check_handshakes(ledger, PORT_TCP, 8080, (struct port_handshakes){ 2, 1, 1 });
	check_handshakes(ledger, PORT_TCP, 22, (struct port_handshakes){ 0, 0, 3 });
	check_handshakes(ledger, PORT_TCP, 21, (struct port_handshakes){ 1, 0, 0 });
	check_handshakes(ledger, PORT_SCTP, 2905, (struct port_handshakes){ 1, 1, 1 });
	check_handshakes(ledger, PORT_UDP, 53, (struct port_handshakes){});
	check_handshakes(ledger, PORT_TCP, 40000, (struct port_handshakes){ 2, 1, 1 });
	program_free(program);
}

/* Who asks for a connection from a firm port, but not for one of the same service. */
static void test_flows_suspicious(void **state)
{
	static const struct {
		struct flow_step step;
		bool is_suspicious;
	} rows[] = {
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'x', 's', 53, 22), true },
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'x', 's', 53, 4444), true },
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 's', 'c', 20, 33000), true },
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'x', 's', 53, 60000), true },
		{ STEP(IPPROTO_TCP, 0x06, FLOW_WHOLE, 0, 'x', 's', 53, 22), true },
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'n', 's', 53, 53), false },
		{ STEP(IPPROTO_TCP, 0x12, FLOW_WHOLE, 0, 's', 'x', 22, 53), false },
		{ STEP(IPPROTO_TCP, 0x10, FLOW_WHOLE, 0, 'x', 's', 53, 22), false },
		{ STEP(IPPROTO_TCP, 0x04, FLOW_WHOLE, 0, 'x', 's', 53, 22), false },
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'c', 's', 8080, 22), false },
		{ STEP(IPPROTO_TCP, 0x02, FLOW_WHOLE, 0, 'c', 's', 25, 22), false },
		{ STEP(IPPROTO_UDP, 0, FLOW_WHOLE, 0, 'x', 's', 53, 22), false },
		{ STEP(IPPROTO_SCTP, 1, FLOW_WHOLE, 0, 'x', 's', 53, 22), false },
	};
	struct port_counter before, after = {};
	struct program *program;

	(void)state;
	skip_without_bpf();
	program = load(false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		before = after;
		after = count(program, &rows[i].step, 1)->counters[PORT_INDEX_SUSPICIOUS];
		if (after.packets - before.packets != rows[i].is_suspicious ||
		    after.bytes - before.bytes != (rows[i].is_suspicious ? 20 + 20 + PAYLOAD : 0))
			fail_msg("row %zu: %u to %u", i, rows[i].step.source_port,
				 rows[i].step.destination_port);
	}
	program_free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_flows_unclassified_by_port),
		cmocka_unit_test(test_flows_handshakes),
		cmocka_unit_test(test_flows_suspicious),
	};

	return cmocka_run_group_tests(tests, make_database, free_database);
}
