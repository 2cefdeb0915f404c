/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only writer of counters. BPF only. Every frame is added to exactly one service or exactly one
 * bucket; a frame with ports is added to one method besides.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "maps.h"
#include "resolve.h"

static __always_inline bool account_add(__u32 index, __u64 bytes)
{
	struct port_counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (!counter)
		return false;
	counter->packets++;
	counter->bytes += bytes;
	return true;
}

static __always_inline void account_bucket(enum port_bucket bucket, __u64 bytes)
{
	account_add(PORT_INDEX_BUCKETS + bucket, bytes);
}

/* Methods have packets only. */
static __always_inline void account_method(enum port_method method)
{
	__u32 index = PORT_INDEX_METHODS + method;
	struct port_counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		counter->packets++;
}

/*
 * A slot beyond the counters can only be met if user space stored a table that is larger than this
 * device's counters, which it refuses to do; the frame would still be counted, as unclassified.
 */
static __always_inline void account_verdict(const struct pkt *pkt, const struct verdict *verdict,
					    __u64 bytes)
{
	__u32 slot = PORT_VALUE_SLOT(verdict->value);

	account_method(verdict->method);
	if (!slot || !account_add(PORT_INDEX_SERVICE(slot, verdict->direction), bytes))
		account_bucket(PORT_UNCLASSIFIED_TCP + pkt->transport, bytes);
}

#endif
