/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel half: classifies every frame that a device receives or transmits, counts it, and
 * passes it on as it is. BPF only, compiled into a program for each hook (hook.h). One instance of
 * a program is loaded for each device and direction, with its counters, and one for a replay, which
 * differs only in what config.h says.
 */
#ifndef COUNT_H
#define COUNT_H

#include "account.h"
#include "flow.h"

/* The value of a port in the table. A table that is missing has no entry for any port. */
static __always_inline __u32 look_up(void *table, __u32 kind, __u16 port)
{
	__u32 index = PORT_TABLE_INDEX(kind_transport(kind), port);
	__u32 *value = bpf_map_lookup_elem(table, &index);

	return value ? *value : 0;
}

/* The values of both ports, as a pair. */
static __always_inline __u64 look_up_both(__u32 kind, __u16 source, __u16 destination)
{
	__u32 index = 0;
	void *table = bpf_map_lookup_elem(&ports, &index);

	if (!table)
		return 0;
	return pair(look_up(table, kind, source), look_up(table, kind, destination));
}

/* Rule 2 and, where it does not hold, 3 to 6. */
static __always_inline struct choice resolve_ports(const void *ip, bool is_ipv6, __u64 words,
						   __u64 values)
{
	struct choice choice;
	enum side firm;

	if (!resolve_firm(values, &choice))
		return resolve_by_marks(ip, is_ipv6, words, values);
	if (!has_clients(words, choice.side))
		return choice;
	firm = choice.side;
	choice = resolve_by_marks(ip, is_ipv6, words, values);
	if (choice.method == PORT_ENDPOINT && choice.side != firm)
		note_client(words, firm);
	return choice;
}

static __always_inline struct choice resolve_any(const void *ip, bool is_ipv6, __u64 words,
						 __u64 values, __u8 flags)
{
	if (!(flags & TCP_FLAG_SYN))
		return resolve_ports(ip, is_ipv6, words, values);
	if (flags & TCP_FLAG_ACK)
		note_accepted(ip, is_ipv6, words, values);
	return resolve_handshake(words, flags);
}

_Static_assert(PORT_METHODS <= 8, "a method has three bits");

/* Makes the verifier forget which rule chose, and what: see cursor_forget(). */
static __always_inline struct choice choice_forget(struct choice choice)
{
	return (struct choice){
		.side = (choice.side ^ zero_unknown) & 1,
		.method = (choice.method ^ zero_unknown) & 7,
	};
}

/*
 * Frames that set up or end a connection, first fragments, those to and from firm ports with
 * clients, and those that are read from a copy.
 */
static __always_inline int count_special(const void *ip, bool is_ipv6, __u64 words, __u64 values,
					 __u64 bytes_and_kind, __u64 id_and_packets)
{
	__u32 kind = bytes_and_kind >> 32;
	amount_t amount = amount_make(bytes_and_kind, id_and_packets >> 32);
	struct choice choice = choice_forget(resolve_any(ip, is_ipv6, words, values, kind));
	struct verdict verdict = verdict_of(words, values, choice);
	__u8 transport = words_transport(words);

	if (kind & (TCP_FLAG_SYN | TCP_FLAG_RST)) {
		account_handshake(kind, &verdict, amount);
		account_suspicion(kind, values, amount);
	}
	if (kind & KIND_FIRST_FRAGMENT)
		remember_fragment(ip, is_ipv6, id_and_packets, transport, &verdict);
	account_verdict(&verdict, transport, amount);
	return HOOK_PASS;
}

/*
 * Not inlined, as they are few, and the common path keeps its registers. There are five arguments
 * at the most, so some hold two numbers; the last one's high half is the amount's, if it has one.
 */
static __noinline int count_special_ipv4(const struct ipv4_header *ip, __u64 words, __u64 values,
					 __u64 bytes_and_kind, __u64 id_and_packets)
{
	return count_special(ip, false, words, values, bytes_and_kind, id_and_packets);
}

static __noinline int count_special_ipv6(const struct ipv6_header *ip, __u64 words, __u64 values,
					 __u64 bytes_and_kind, __u64 id_and_packets)
{
	return count_special(ip, true, words, values, bytes_and_kind, id_and_packets);
}

static __always_inline int count_specially(const struct pkt *pkt, __u32 kind, __u64 values,
					   amount_t amount)
{
	__u64 words = port_words(kind, pkt->source_port, pkt->destination_port);
	__u64 id_and_packets = pair(pkt->identification_be ^ zero_unknown, (__u64)amount >> 32);

	if (pkt->is_ipv6)
		return count_special_ipv6(pkt->ip, words, values, pair(amount, kind),
					  id_and_packets);
	return count_special_ipv4(pkt->ip, words, values, pair(amount, kind), id_and_packets);
}

static __always_inline int count_marked(const void *ip, bool is_ipv6, __u64 words, __u64 values,
					amount_t amount)
{
	struct choice choice = resolve_by_marks(ip, is_ipv6, words, values);
	struct verdict verdict = verdict_of(words, values, choice);

	account_verdict(&verdict, words_transport(words), amount);
	return HOOK_PASS;
}

/* Not inlined, so that the common path keeps its registers. */
static __noinline int count_marked_ipv6(const struct ipv6_header *ip, __u64 words, __u64 values,
					amount_t amount)
{
	return count_marked(ip, true, words, values, amount);
}

/* The common case: rule 2. side is a constant where this is inlined. */
static __always_inline int count_firm(const struct pkt *pkt, __u32 kind, __u64 values,
				      enum side side, amount_t amount)
{
	struct verdict verdict = {
		.value = pair_side(values, side),
		.port = side == SOURCE ? pkt->source_port : pkt->destination_port,
		.direction = side == SOURCE ? PORT_TO_CLIENT : PORT_TO_SERVER,
		.method = PORT_DATABASE,
	};

	if (*firm_client(kind_transport(kind), verdict.port))
		return count_specially(pkt, kind, values, amount);
	account_verdict(&verdict, kind_transport(kind), amount);
	return HOOK_PASS;
}

#define KIND_SPECIAL (KIND_FIRST_FRAGMENT | TCP_FLAG_SYN | TCP_FLAG_RST)

/*
 * The packet's kind is forgotten (see cursor_forget()), so that what follows is verified once, not
 * once for each of them. Whether it is IPv6 must stay known: it tells how much of ip can be read.
 */
static __always_inline int count_ports(const struct hook_context *ctx, const struct pkt *pkt,
				       amount_t amount)
{
	__u32 kind = pkt->kind ^ zero_unknown;
	__u64 values = look_up_both(kind, pkt->source_port, pkt->destination_port), words;
	struct choice choice;

	if (is_replay)
		report_packet(ctx, pkt);
	if (kind & KIND_SPECIAL)
		return count_specially(pkt, kind, values, amount);
	if (resolve_firm(values, &choice))
		return choice.side == SOURCE ? count_firm(pkt, kind, values, SOURCE, amount)
					     : count_firm(pkt, kind, values, DESTINATION, amount);
	words = port_words(kind, pkt->source_port, pkt->destination_port);
	if (pkt->is_ipv6)
		return count_marked_ipv6(pkt->ip, words, values, amount);
	return count_marked(pkt->ip, false, words, values, amount);
}

/* A later fragment: where its first one went. */
static __always_inline int count_fragment(const void *ip, bool is_ipv6, __u32 identification_be,
					  amount_t amount)
{
	struct verdict verdict;
	__u8 transport;

	if (follow_fragment(ip, is_ipv6, identification_be, &transport, &verdict))
		account_verdict(&verdict, transport, amount);
	else
		account_bucket(PORT_FRAGMENT, amount);
	return HOOK_PASS;
}

static __noinline int count_fragment_ipv4(const struct ipv4_header *ip, __u32 identification_be,
					  amount_t amount)
{
	return count_fragment(ip, false, identification_be, amount);
}

static __noinline int count_fragment_ipv6(const struct ipv6_header *ip, __u32 identification_be,
					  amount_t amount)
{
	return count_fragment(ip, true, identification_be, amount);
}

static __always_inline int follow(const struct pkt *pkt, amount_t amount)
{
	__u32 identification_be = pkt->identification_be ^ zero_unknown;

	if (is_replay)
		replay.has_ports = false;
	return pkt->is_ipv6 ? count_fragment_ipv6(pkt->ip, identification_be, amount)
			    : count_fragment_ipv4(pkt->ip, identification_be, amount);
}

/* Frames without ports. Not inlined, likewise. */
static __noinline int count_bucket(struct hook_context *ctx, enum port_bucket bucket, __u32 hint)
{
	__u64 linear_bytes = ctx->data_end - ctx->data;

	OPAQUE(linear_bytes);
	account_bucket(bucket, hook_amount(ctx, hint, linear_bytes));
	return HOOK_PASS;
}

/* A bucket. Not inlined, so that its stack and that of what follows do not add up. */
static __noinline __u64 parse_start(const __u8 *copy, __u32 length, struct pkt *pkt)
{
	return parse_copy(copy, length, zero_unknown, starts_at_l3, pkt);
}

static __always_inline int count_in_copy(const struct pkt *pkt, amount_t amount)
{
	__u32 kind = pkt->kind ^ zero_unknown;

	return count_specially(pkt, kind,
			       look_up_both(kind, pkt->source_port, pkt->destination_port), amount);
}

/*
 * Some drivers, and some senders, leave the linear part empty or short of the headers. Such a frame
 * looks malformed at first; it is read again from a copy of its start. So is one that is wrapped in
 * another's headers. What the verifier must know of here has 64 bits: of the halves of a stack slot
 * it follows only one, and without 32-bit comparisons (-mcpu=v2) a bound of 32 bits is lost to it.
 */
static __noinline int count_copy(struct hook_context *ctx)
{
	__u32 bytes = hook_length(ctx), index = 0;
	__u64 last = (__u64)(bytes < COPY_BYTES ? bytes : COPY_BYTES) - 1;
	__u8 *copy = bpf_map_lookup_elem(&copies, &index);
	__u64 bucket = PORT_MALFORMED;
	struct pkt pkt = {};
	amount_t amount;

	/* 1 is added behind the check: from "not 0" older verifiers (6.1) learn no lower bound. */
	OPAQUE(last);
	if (copy && last < COPY_BYTES && !hook_load(ctx, copy, last + 1))
		bucket = parse_start(copy, last + 1, &pkt);
	amount = hook_amount_of(ctx, bytes, hook_hint(&pkt));
	if (bucket == PORT_NO_BUCKET)
		return count_in_copy(&pkt, amount);
	if (bucket == PORT_FRAGMENT)
		return follow(&pkt, amount);
	account_bucket(bucket, amount);
	return HOOK_PASS;
}

/* What a program does. */
static __always_inline int count_frame(struct hook_context *ctx)
{
	const void *start, *end;
	__u64 linear_bytes;
	enum port_bucket bucket;
	struct pkt pkt;

	if (hook_is_wrapped(ctx))
		goto copy;
	start = (const void *)(long)ctx->data;
	end = (const void *)(long)ctx->data_end;
	linear_bytes = end - start;
	OPAQUE(linear_bytes); /* else pointers may be folded into 32-bit sums, which are refused */
	bucket = parse_frame(start, end, linear_bytes, zero_unknown, starts_at_l3, &pkt);
	if (bucket == PORT_NO_BUCKET)
		return count_ports(ctx, &pkt, hook_amount(ctx, hook_hint(&pkt), linear_bytes));
	if (have_frags && bucket == PORT_MALFORMED)
		goto copy;
	if (bucket == PORT_FRAGMENT)
		return follow(&pkt, hook_amount(ctx, hook_hint(&pkt), linear_bytes));
	return count_bucket(ctx, bucket ^ (zero_unknown & 31), hook_hint(&pkt) ^ zero_unknown);
copy: /* one call, as the verifier goes through each */
	return count_copy(ctx);
}

#endif
