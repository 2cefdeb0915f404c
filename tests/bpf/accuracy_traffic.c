// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows of the kinds of accuracy_kinds.c between hosts on both sides of a gateway, in the order of
 * time. Hosts choose client ports as their systems do; servers are met again, a few of them often.
 * Of some flows the beginning was before the agent's, and is left out.
 */
#include "accuracy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "accuracy_frame.h"
#include "generate.h"
#include "net.h"
#include "portdb.h"

#define HOSTS_INSIDE 250
#define HOSTS_OUTSIDE 4000
#define MIDFLOW_PERCENT 20
#define IPV6_PERCENT 40
#define SECONDS 600        /* in which flows begin */
#define SECONDS_MIDFLOW 60 /* in which those go on that began before */
#define FLOWS_PER_SERVER 8 /* on average */

struct host {
	const struct accuracy_policy *policy;
	uint16_t peer_port;
};

struct server {
	struct accuracy_endpoint at;
	const struct host *host;
};

struct flow {
	const struct accuracy_kind *kind;
	struct accuracy_endpoint client, server;
	uint8_t policy;          /* of the client */
	uint32_t packets, first; /* how many, and the first that is seen */
	uint64_t start_us, gap_us;
};

struct scheduled {
	uint64_t time_us;
	uint32_t flow;
	uint16_t number;
	uint8_t flags;
	bool to_client;
};

#define FLAG_FIN 0x01

/* Everything that is drawn from. */
struct world {
	struct rng rng;
	struct accuracy_database *const *databases;
	struct host inside[HOSTS_INSIDE], outside[HOSTS_OUTSIDE];
	struct flow *flows;
	struct scheduled *schedule;
	size_t scheduled;
};

static uint32_t between(struct rng *rng, uint32_t first, uint32_t last)
{
	return first + rng_below(rng, last - first + 1);
}

/* Doublings are drawn first, so that each is as likely as the next. */
static uint32_t log_between(struct rng *rng, uint32_t first, uint32_t last)
{
	uint32_t doublings = 0, low, high;

	while (first << (doublings + 1) <= last)
		doublings++;
	low = first << rng_below(rng, doublings + 1);
	high = low * 2 - 1;
	return between(rng, low, high < last ? high : last);
}

static bool chance(struct rng *rng, uint32_t of_1000)
{
	return rng_below(rng, 1000) < of_1000;
}

static const struct accuracy_policy *draw_policy(struct rng *rng, bool is_outside)
{
	uint32_t draw = rng_below(rng, 100), end = 0;

	for (const struct accuracy_policy *policy = accuracy_policies;; policy++) {
		end += is_outside ? policy->outside : policy->inside;
		if (draw < end)
			return policy;
	}
}

static void settle(struct rng *rng, struct host *hosts, size_t count, bool is_outside)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t draw;

		hosts[i].policy = draw_policy(rng, is_outside);
		/* BitTorrent's first ports, a usual choice, or a random one. */
		draw = rng_below(rng, 8);
		hosts[i].peer_port = (uint16_t)(draw == 0   ? between(rng, 6881, 6889)
						: draw == 1 ? 51413
							    : between(rng, 1024, 65535));
	}
}

static bool in_range(const struct accuracy_database *database, enum port_transport transport,
		     uint16_t port)
{
	const struct portdb_entry *entry =
		porttable_owner(&database->table, database->db, transport, port);

	return entry && entry->first != entry->last;
}

static bool suits(const struct world *world, enum port_transport transport, uint16_t port,
		  enum accuracy_ports wanted)
{
	const struct accuracy_database *builtin = world->databases[ACCURACY_BUILTIN];
	const struct accuracy_database *registry = world->databases[ACCURACY_REGISTRY];
	uint32_t known = builtin->table.values[PORT_TABLE_INDEX(transport, port)];
	uint32_t registered = registry->table.values[PORT_TABLE_INDEX(transport, port)];

	switch (wanted) {
	case PORTS_FIRM:
		return known & PORT_VALUE_FIRM && port != 20;
	case PORTS_KNOWN:
		return known && port >= PORT_FIRM_END && port < PORT_WEAK_FIRST &&
		       !in_range(builtin, transport, port);
	case PORTS_REGISTERED:
		return !known && registered;
	case PORTS_RANGE:
		return port < PORT_WEAK_FIRST && in_range(builtin, transport, port);
	case PORTS_UNKNOWN:
		return !known && !registered && port >= PORT_FIRM_END && port < PORT_WEAK_FIRST;
	default:
		return port >= PORT_WEAK_FIRST;
	}
}

static uint16_t fixed_port(struct rng *rng, const struct accuracy_kind *kind)
{
	uint32_t count = 0;

	while (count < 4 && kind->fixed[count])
		count++;
	assert_true(count > 0);
	return kind->fixed[rng_below(rng, count)];
}

/* A port that a host opens for one flow, or for all that it has with peers. */
static uint16_t host_port(struct rng *rng, const struct host *host, enum accuracy_ports ports)
{
	switch (ports) {
	case PORTS_EPHEMERAL:
		return (uint16_t)between(rng, host->policy->first, host->policy->last);
	case PORTS_ANY:
		return (uint16_t)between(rng, 1024, 65535);
	case PORTS_MEDIA:
		return (uint16_t)between(rng, 16384 / 2, 32766 / 2) * 2;
	default:
		return host->peer_port;
	}
}

static uint16_t server_port(struct world *world, const struct accuracy_kind *kind)
{
	uint16_t port;

	if (kind->server == PORTS_FIXED)
		return fixed_port(&world->rng, kind);
	do
		port = (uint16_t)between(&world->rng, 1, 65535);
	while (!suits(world, kind->transport, port, kind->server));
	return port;
}

static bool is_per_flow(enum accuracy_ports ports)
{
	return ports == PORTS_EPHEMERAL || ports == PORTS_ANY || ports == PORTS_MEDIA;
}

static const struct host *pick_host(struct world *world, struct accuracy_endpoint *at)
{
	struct host *hosts = at->is_outside ? world->outside : world->inside;

	at->host = rng_below(&world->rng, at->is_outside ? HOSTS_OUTSIDE : HOSTS_INSIDE);
	return &hosts[at->host];
}

static void make_server(struct world *world, const struct accuracy_kind *kind,
			struct server *server)
{
	server->at.is_outside = !chance(&world->rng, kind->inside);
	server->at.is_ipv6 = rng_below(&world->rng, 100) < IPV6_PERCENT;
	server->host = pick_host(world, &server->at);
	if (kind->server == PORTS_PEER)
		server->at.port = server->host->peer_port;
	else if (!is_per_flow(kind->server))
		server->at.port = server_port(world, kind);
}

static void choose_client(struct world *world, struct flow *flow)
{
	const struct accuracy_kind *kind = flow->kind;
	struct accuracy_endpoint *client = &flow->client;
	const struct host *host;

	client->is_outside = !flow->server.is_outside;
	client->is_ipv6 = flow->server.is_ipv6;
	host = pick_host(world, client);
	flow->policy = kind->client == PORTS_EPHEMERAL ? (uint8_t)(host->policy - accuracy_policies)
						       : ACCURACY_NO_POLICY;
	if (kind->client == PORTS_SAME)
		client->port = flow->server.port;
	else if (kind->client == PORTS_FIXED)
		client->port = kind->fixed_client;
	else
		client->port = host_port(&world->rng, host, kind->client);
}

static void choose_times(struct rng *rng, struct flow *flow)
{
	uint32_t least = flow->kind->transport == PORT_TCP ? 3 : 1; /* a handshake */
	uint32_t from = 0, seconds = SECONDS;

	flow->packets = log_between(rng, flow->kind->packets_min, flow->kind->packets_max);
	if (flow->packets > least && rng_below(rng, 100) < MIDFLOW_PERCENT)
		flow->first = between(rng, least, flow->packets - 1);
	if (flow->first)
		seconds = SECONDS_MIDFLOW;
	from = rng_below(rng, seconds * 1000);
	flow->start_us = (uint64_t)from * 1000;
	flow->gap_us = log_between(rng, 1000, 2000000);
}

static void make_flows(struct world *world, const struct accuracy_kind *kind, size_t count,
		       struct flow *flows)
{
	size_t servers_count = count / FLOWS_PER_SERVER + 1;
	struct server *servers = calloc(servers_count, sizeof(*servers));
	struct rng *rng = &world->rng;

	assert_non_null(servers);
	for (size_t i = 0; i < servers_count; i++)
		make_server(world, kind, &servers[i]);
	for (size_t i = 0; i < count; i++) {
		/* The square of a draw: the first of n servers has 1 / sqrt(n) of the flows. */
		uint64_t draw = rng_below(rng, 1U << 16);
		const struct server *server = &servers[(draw * draw >> 16) * servers_count >> 16];

		flows[i].kind = kind;
		flows[i].server = server->at;
		if (is_per_flow(kind->server))
			flows[i].server.port = host_port(rng, server->host, kind->server);
		choose_client(world, &flows[i]);
		choose_times(rng, &flows[i]);
	}
	free(servers);
}

static uint8_t tcp_flags(const struct flow *flow, uint32_t number)
{
	if (!number)
		return TCP_FLAG_SYN;
	if (number == 1)
		return TCP_FLAG_SYN | TCP_FLAG_ACK;
	if (number + 1 == flow->packets)
		return flow->start_us % 10 ? TCP_FLAG_ACK | FLAG_FIN : TCP_FLAG_RST;
	return TCP_FLAG_ACK;
}

/* The first goes to the server, the second comes back, the third of TCP acknowledges. */
static bool goes_to_client(struct rng *rng, const struct flow *flow, uint32_t number)
{
	if (!number || flow->kind->to_client == ACCURACY_ONE_WAY)
		return false;
	if (number == 1)
		return true;
	return (number > 2 || flow->kind->transport == PORT_UDP) &&
	       chance(rng, flow->kind->to_client);
}

static void schedule(struct world *world, uint32_t index)
{
	const struct flow *flow = &world->flows[index];
	uint64_t time_us = flow->start_us;

	for (uint32_t number = 0; number < flow->packets; number++) {
		bool to_client = goes_to_client(&world->rng, flow, number);

		if (number < flow->first)
			continue;
		world->schedule[world->scheduled++] = (struct scheduled){
			.time_us = time_us,
			.flow = index,
			.number = (uint16_t)number,
			.flags = flow->kind->transport == PORT_TCP ? tcp_flags(flow, number) : 0,
			.to_client = to_client,
		};
		time_us += between(&world->rng, 1, (uint32_t)flow->gap_us);
	}
}

static int by_time(const void *left, const void *right)
{
	const struct scheduled *a = left, *b = right;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	if (a->flow != b->flow)
		return a->flow < b->flow ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void put_packet(struct trace *trace, const struct world *world,
		       const struct scheduled *scheduled)
{
	const struct flow *flow = &world->flows[scheduled->flow];
	bool is_tcp = flow->kind->transport == PORT_TCP;
	uint8_t frame[ACCURACY_BUILT_MAX];
	size_t length;
	struct trace_packet packet = {
		.ticks = ACCURACY_BEGIN_TICKS +
			 scheduled->time_us * ACCURACY_TICKS_PER_SECOND / 1000000,
		.port = flow->server.port,
		.kind = (uint8_t)(flow->kind - accuracy_kinds),
		.policy = flow->policy,
		.class = (uint8_t)((is_tcp ? ACCURACY_TCP : ACCURACY_UDP) + (flow->first != 0)),
		.from_outside = scheduled->to_client == flow->server.is_outside,
		.is_new = !trace->count,
	};

	if (scheduled->to_client)
		length = accuracy_frame(frame, &flow->server, &flow->client, is_tcp,
					scheduled->flags);
	else
		length = accuracy_frame(frame, &flow->client, &flow->server, is_tcp,
					scheduled->flags);
	packet.wire_bytes = (uint32_t)length;
	trace_add(trace, packet, frame, length);
}

void accuracy_traffic(struct trace *trace, struct accuracy_database *const databases[],
		      uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));
	size_t packets = 0, flows = 0;

	assert_non_null(world);
	rng_init(&world->rng, seed, NULL, 0);
	world->databases = databases;
	world->flows = calloc(ACCURACY_FLOWS, sizeof(*world->flows));
	assert_non_null(world->flows);
	settle(&world->rng, world->inside, HOSTS_INSIDE, false);
	settle(&world->rng, world->outside, HOSTS_OUTSIDE, true);
	for (size_t i = 0; i < accuracy_kinds_count; i++) {
		size_t count = (size_t)accuracy_kinds[i].weight * ACCURACY_FLOWS / 2 / 1000;

		assert_in_range(flows + count, 0, ACCURACY_FLOWS);
		make_flows(world, &accuracy_kinds[i], count, world->flows + flows);
		flows += count;
	}
	assert_int_equal(flows, ACCURACY_FLOWS); /* the weights' sums are right */
	for (size_t i = 0; i < flows; i++)
		packets += world->flows[i].packets;
	world->schedule = calloc(packets, sizeof(*world->schedule));
	assert_non_null(world->schedule);
	for (uint32_t i = 0; i < flows; i++)
		schedule(world, i);
	qsort(world->schedule, world->scheduled, sizeof(*world->schedule), by_time);
	for (size_t i = 0; i < world->scheduled; i++)
		put_packet(trace, world, &world->schedule[i]);
	trace->flows = flows;
	free(world->schedule);
	free(world->flows);
	free(world);
}
