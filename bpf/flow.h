/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a frame's addresses are needed for: marks of endpoints, and fragments that follow their
 * first. BPF only. Off the common path: none of this is reached by a frame whose ports decide.
 */
#ifndef FLOW_H
#define FLOW_H

#include "config.h"
#include "endpoints.h"
#include "maps.h"
#include "resolve.h"

/* In ticks of the kernel: a plain load, while a clock of nanoseconds takes several of them. */
static __always_inline __u64 now_ticks(void)
{
	return is_replay ? replay.ticks : bpf_jiffies64();
}

static __always_inline __u8 now_epoch(void)
{
	return endpoint_epoch(now_ticks(), endpoint_epoch_shift);
}

/* The hashes by which a frame's endpoints are found among the marks, as a pair. */
static __always_inline __u64 hash_endpoints(const struct port_endpoints *head, const void *ip,
					    bool is_ipv6, __u64 words)
{
	const struct ipv4_header *v4 = ip;
	const struct ipv6_header *v6 = ip;

	return pair(endpoint_hash(head->keys, is_ipv6, is_ipv6 ? v6->source_be : &v4->source_be,
				  pair_side(words, SOURCE)),
		    endpoint_hash(head->keys, is_ipv6,
				  is_ipv6 ? v6->destination_be : &v4->destination_be,
				  pair_side(words, DESTINATION)));
}

/*
 * Rules 3 to 6, and the marks that come of them. UDP has no handshake, so what is chosen for its
 * first frame is marked, and both directions stay together from then on; likewise SCTP and DCCP
 * whose handshake was missed. A TCP endpoint is marked by a handshake only; use renews its mark.
 */
static __always_inline struct choice resolve_by_marks(const void *ip, bool is_ipv6, __u64 words,
						      __u64 values)
{
	struct endpoint_size size = { .shift = endpoint_shift, .mask = endpoint_mask };
	__u32 index = 0, epoch = now_epoch(), source, destination;
	struct port_endpoints *head = bpf_map_lookup_elem(&endpoints, &index);
	struct choice choice;
	__u64 hashes;
	__u8 *cells;

	if (!head)
		return resolve_database(words, values);
	cells = (__u8 *)(head + 1);
	hashes = hash_endpoints(head, ip, is_ipv6, words);
	source = endpoint_is_marked(cells, size, pair_side(hashes, SOURCE), epoch);
	destination = endpoint_is_marked(cells, size, pair_side(hashes, DESTINATION), epoch);
	choice = resolve_evidence(words, values, source, destination);
	/*
	 * Of equal ports the destination is chosen; what is renewed is the mark that there is.
	 * Where both are marked one of them may be wrong, and is given time to be forgotten.
	 */
	if (source != destination)
		endpoint_mark(cells, size, pair_side(hashes, destination), epoch);
	else if (words_transport(words) != PORT_TCP && !source)
		endpoint_mark(cells, size, pair_side(hashes, choice.side), epoch);
	return choice;
}

/* Where a firm port's clients are noted. */
static __always_inline __u8 *firm_client(__u8 transport, __u32 port)
{
	__u8 *clients = firm_clients;
	__u32 index;

	OPAQUE(clients);
	/* A sum, and masked at its end: from an "or" older verifiers (6.1) learn no bound. */
	index = (__u32)transport * PORT_FIRM_END + (port & (PORT_FIRM_END - 1));
	OPAQUE(index);
	return clients + (index & (sizeof(firm_clients) - 1));
}

/* Clients of long ago are forgotten on the way. */
static __always_inline bool has_clients(__u64 words, enum side side)
{
	__u8 *client = firm_client(words_transport(words), pair_side(words, side));

	if (endpoint_is_live(*client, now_epoch()))
		return true;
	*client = 0;
	return false;
}

/*
 * A firm port is that of a client, from the acceptance of its connection on while that is in use.
 */
static __always_inline void note_client(__u64 words, enum side side)
{
	__u8 *client = firm_client(words_transport(words), pair_side(words, side));
	__u8 stamp = endpoint_stamp(now_epoch());

	if (*client != stamp)
		*client = stamp;
}

/* An accepted connection marks who accepted it, and a firm port as that of a client. */
static __always_inline void note_accepted(const void *ip, bool is_ipv6, __u64 words, __u64 values)
{
	struct endpoint_size size = { .shift = endpoint_shift, .mask = endpoint_mask };
	__u32 index = 0;
	struct port_endpoints *head = bpf_map_lookup_elem(&endpoints, &index);
	__u8 epoch = now_epoch();

	if (head)
		endpoint_mark((__u8 *)(head + 1), size,
			      pair_side(hash_endpoints(head, ip, is_ipv6, words), SOURCE), epoch);
	if (!is_strong(pair_side(values, SOURCE)) &&
	    pair_side(values, DESTINATION) & PORT_VALUE_FIRM)
		note_client(words, DESTINATION);
}

static __always_inline struct port_fragment_key fragment_key(const void *ip, bool is_ipv6,
							     __u32 identification_be)
{
	struct port_fragment_key key = { .identification_be = identification_be,
					 .is_ipv6 = is_ipv6 };
	const struct ipv4_header *v4 = ip;
	const struct ipv6_header *v6 = ip;

	if (!is_ipv6) {
		key.protocol = v4->protocol;
		key.source_be[0] = v4->source_be;
		key.destination_be[0] = v4->destination_be;
		return key;
	}
	for (int i = 0; i < 4; i++) {
		key.source_be[i] = v6->source_be[i];
		key.destination_be[i] = v6->destination_be[i];
	}
	return key;
}

static __always_inline void remember_fragment(const void *ip, bool is_ipv6, __u32 identification_be,
					      __u8 transport, const struct verdict *verdict)
{
	struct port_fragment_key key = fragment_key(ip, is_ipv6, identification_be);
	struct port_fragment fragment = {
		.seen = now_ticks(),
		.value = verdict->value,
		.port = verdict->port,
		.transport = transport,
		.direction = verdict->direction,
		.method = verdict->method,
	};

	bpf_map_update_elem(&fragments, &key, &fragment, 0 /* BPF_ANY */);
}

/* The verdict on the first fragment of the datagram; false: it has not been seen lately. */
static __always_inline bool follow_fragment(const void *ip, bool is_ipv6, __u32 identification_be,
					    __u8 *transport, struct verdict *verdict)
{
	struct port_fragment_key key = fragment_key(ip, is_ipv6, identification_be);
	const struct port_fragment *fragment = bpf_map_lookup_elem(&fragments, &key);

	if (!fragment || now_ticks() - fragment->seen > fragment_ticks)
		return false;
	verdict->value = fragment->value;
	verdict->port = fragment->port;
	verdict->direction = fragment->direction;
	verdict->method = fragment->method;
	*transport = fragment->transport & (PORT_TRANSPORTS - 1);
	return true;
}

#endif
