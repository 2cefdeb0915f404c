/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only writer of counters. BPF only. Every frame is added to exactly one cell of a service, of
 * the unclassified or of a bucket (port_abi.h draws them); a replay is told what became of it.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "hook.h"
#include "maps.h"
#include "resolve.h"

static __always_inline void add(struct port_counter *counter, __u64 amount)
{
	counter->packets += amount_packets(amount);
	counter->bytes += amount_bytes(amount);
}

static __always_inline bool account_add(__u32 index, __u64 amount)
{
	struct port_counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (!counter)
		return false;
	add(counter, amount);
	return true;
}

static __always_inline void account_bucket(enum port_bucket bucket, __u64 amount)
{
	account_add(PORT_INDEX_BUCKETS + bucket, amount);
	if (is_replay) {
		replay.slot = 0;
		replay.bucket = bucket;
		replay.has_verdict = replay.has_ports = false;
	}
}

/* Packets only. */
static __always_inline void account_method(enum port_method method, __u64 amount)
{
	__u32 index = PORT_INDEX_METHODS + method;
	struct port_counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		counter->packets += amount_packets(amount);
}

/* Of a frame with ports. */
static __always_inline void report_packet(const struct hook_context *ctx, const struct pkt *pkt)
{
	replay.has_ports = true;
	replay.source_port = pkt->source_port;
	replay.destination_port = pkt->destination_port;
	replay.network = (const __u8 *)pkt->ip - (const __u8 *)(long)ctx->data;
	replay.is_ipv6 = pkt->is_ipv6;
}

static __always_inline void report(__u8 transport, __u16 port, __u8 direction, __u8 method,
				   __u32 slot)
{
	replay.slot = slot;
	replay.bucket = slot ? PORT_NO_BUCKET : PORT_UNCLASSIFIED_TCP + transport;
	replay.has_verdict = true;
	replay.transport = transport;
	replay.port = port;
	replay.direction = direction;
	replay.method = method;
}

static __always_inline void account_port(__u32 index, enum port_method method, __u64 amount)
{
	__u32 block_index = index / PORT_UNCLASSIFIED_BLOCK;
	struct port_unclassified *block = bpf_map_lookup_elem(&unclassified, &block_index);
	struct port_counter *counter;

	if (!block)
		return;
	counter = &block->ports[index % PORT_UNCLASSIFIED_BLOCK];
	add(counter, amount);
	counter->packets |= 1ULL << (PORT_UNCLASSIFIED_METHODS_SHIFT + (method & 7));
}

/*
 * index: that of transport and port in the port table. Not inlined, so that the common path keeps
 * its registers.
 */
static __noinline int account_unclassified(__u32 index, enum port_method method,
					   enum port_direction direction, __u64 amount)
{
	__u8 transport = index >> 16 & (PORT_TRANSPORTS - 1);

	account_add(PORT_INDEX_UNCLASSIFIED(transport, method & 7), amount);
	if (have_unclassified && transport <= PORT_UDP)
		account_port(index, method, amount);
	if (is_replay)
		report(transport, index, direction, method, 0);
	return 0;
}

/*
 * A slot beyond the counters can only be met if user space stored a table that is larger than this
 * device's counters, which it refuses to do; the frame would still be counted, as unclassified.
 */
static __always_inline void account_verdict(const struct verdict *verdict, __u8 transport,
					    __u64 amount)
{
	__u32 slot = PORT_VALUE_SLOT(verdict->value);
	bool by_database = verdict->method == PORT_DATABASE;

	if (!slot ||
	    !account_add(PORT_INDEX_SERVICE(slot, verdict->direction, by_database), amount)) {
		account_unclassified(PORT_TABLE_INDEX(transport, verdict->port), verdict->method,
				     verdict->direction, amount);
		return;
	}
	if (!by_database)
		account_method(verdict->method, amount);
	if (is_replay)
		report(transport, verdict->port, verdict->direction, verdict->method, slot);
}

/* A frame that asks for, accepts or resets a connection. */
static __always_inline void account_handshake(__u8 flags, const struct verdict *verdict,
					      __u64 amount)
{
	__u32 slot = PORT_VALUE_SLOT(verdict->value);
	struct port_handshakes *handshake = bpf_map_lookup_elem(&handshakes, &slot);

	if (!handshake)
		return;
	if (flags & TCP_FLAG_RST)
		handshake->reset += amount_packets(amount);
	else if (flags & TCP_FLAG_ACK)
		handshake->accepted += amount_packets(amount);
	else
		handshake->attempted += amount_packets(amount);
}

/*
 * A request for a connection that comes from a firm port and goes to another service, or to none:
 * servers seldom connect from their own port, but who wants to be taken for one does.
 */
static __always_inline void account_suspicion(__u8 flags, __u64 values, __u64 amount)
{
	__u32 source = pair_side(values, SOURCE), destination = pair_side(values, DESTINATION);

	if ((flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_SYN && source & PORT_VALUE_FIRM &&
	    PORT_VALUE_SLOT(source) != PORT_VALUE_SLOT(destination))
		account_add(PORT_INDEX_SUSPICIOUS, amount);
}

#endif
