/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of a frame's two ports is the service. Pure: the caller looks both ports up in the port
 * table and both endpoints up among the marks, and hands in what it found; a value of 0 means that
 * the table has no entry.
 *
 * The rules, in this order:
 *   1. A connection is asked for (SYN): the destination; it is accepted (SYN and ACK): the source.
 *                                                                                 handshake
 *   2. One port has a firm entry and the other has none, or a weak one: the firm one, unless
 *      clients have lately connected from that port.                              database
 *   3. Exactly one of the two endpoints is marked as one that serves: that one.   endpoint
 *   4. TCP: exactly one port has an entry that is not weak: that one.
 *   5. TCP: both have: the higher rank; on equal rank the lower port.
 *   6. TCP: none has: the lower port.
 *      Others, in place of 4 to 6: the port of the lower class; in one class the destination. The
 *      classes end at PORT_FIRM_END and PORT_WEAK_FIRST.
 *      By 4 to 6: the chosen port alone has an entry, or its alone is not weak       database
 *                 the other one has one as good                                      tie
 *                 the chosen one has none                                            guess
 * A weak entry, on a port where clients live, decides nothing: it names what other rules choose.
 * Equal ports on both sides count as to the server.
 *
 * Rules 3 to 6 are written with few branches: they are the part of the packet path that costs most.
 * tests/bpf/test_accuracy.c measures what each rule is worth, and what others would be.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "parse.h"

enum side { SOURCE, DESTINATION };

/* Two numbers of a frame in one: its source's in the low half, its destination's in the high. */
static __always_inline __u64 pair(__u32 source, __u32 destination)
{
	return (__u64)destination << 32 | source;
}

static __always_inline __u32 pair_side(__u64 pair, enum side side)
{
	return pair >> (side * 32);
}

/*
 * A frame's ports as a pair, with IP version and transport above each: the form in which endpoints
 * are hashed, so that those of two versions or transports are never the same.
 */
static __always_inline __u64 port_words(__u32 kind, __u16 source, __u16 destination)
{
	return pair((kind & ~0xffffU) | source, (kind & ~0xffffU) | destination);
}

static __always_inline __u8 words_transport(__u64 words)
{
	return kind_transport(words);
}

struct choice {
	enum side side;
	enum port_method method;
};

struct verdict {
	__u32 value; /* the port table's value for the service port; 0: the frame is unclassified */
	__u16 port;  /* the service port, host byte order */
	__u8 direction; /* enum port_direction */
	__u8 method;    /* enum port_method */
};

static __always_inline struct verdict verdict_of(__u64 words, __u64 values, struct choice choice)
{
	return (struct verdict){
		.value = pair_side(values, choice.side),
		.port = pair_side(words, choice.side),
		.direction = choice.side == SOURCE ? PORT_TO_CLIENT : PORT_TO_SERVER,
		.method = choice.method,
	};
}

static __always_inline bool same_ports(__u64 words)
{
	return (__u32)words == words >> 32;
}

/* Rule 1, for a frame that asks for a connection or accepts one. */
static __always_inline struct choice resolve_handshake(__u64 words, __u8 flags)
{
	return (struct choice){
		.side = flags & TCP_FLAG_ACK && !same_ports(words) ? SOURCE : DESTINATION,
		.method = PORT_HANDSHAKE,
	};
}

/* Whether there is an entry that is not weak: the weak bit becomes the sign. */
static __always_inline bool is_strong(__u32 value)
{
	return (__s32)(value << (31 - PORT_VALUE_WEAK_SHIFT)) > 0;
}

/* Rule 2. False: it does not apply. */
static __always_inline bool resolve_firm(__u64 values, struct choice *choice)
{
	__u32 source = pair_side(values, SOURCE), destination = pair_side(values, DESTINATION);

	choice->method = PORT_DATABASE;
	if (destination & PORT_VALUE_FIRM && !is_strong(source))
		choice->side = DESTINATION;
	else if (source & PORT_VALUE_FIRM && !is_strong(destination))
		choice->side = SOURCE;
	else
		return false;
	return true;
}

static __always_inline enum side lower_port(__u64 words)
{
	return (__u32)words < words >> 32 ? SOURCE : DESTINATION;
}

static __always_inline enum side higher_rank(__u64 words, __u64 values)
{
	__u32 source = PORT_VALUE_RANK(pair_side(values, SOURCE));
	__u32 destination = PORT_VALUE_RANK(pair_side(values, DESTINATION));

	if (source == destination)
		return lower_port(words);
	return source > destination ? SOURCE : DESTINATION;
}

/* 0 for the system's ports, 2 for those where clients live, 1 for what is between. */
static __always_inline __u32 port_class(__u64 words, enum side side)
{
	__u32 port = pair_side(words, side) & 0xffff;

	return ((PORT_FIRM_END - 1 - port) >> 31) + (port >> PORT_WEAK_SHIFT);
}

static __always_inline enum side lower_class(__u64 words)
{
	return port_class(words, SOURCE) < port_class(words, DESTINATION) ? SOURCE : DESTINATION;
}

/* How a port was chosen whose entry did not decide; other is the other port's. */
static __always_inline enum port_method method_beside(__u32 chosen, __u32 other)
{
	if (!chosen)
		return PORT_GUESS;
	return !other || (is_strong(chosen) && !is_strong(other)) ? PORT_DATABASE : PORT_TIE;
}

/* Rules 4 to 6; equal ports come out as the destination in each of them. */
static __always_inline struct choice resolve_database(__u64 words, __u64 values)
{
	__u32 source = pair_side(values, SOURCE), destination = pair_side(values, DESTINATION);
	bool is_tcp = words_transport(words) == PORT_TCP;
	enum side side;

	if (is_tcp && is_strong(source) != is_strong(destination))
		return (struct choice){
			.side = is_strong(destination) ? DESTINATION : SOURCE,
			.method = PORT_DATABASE,
		};
	if (is_tcp && is_strong(source))
		return (struct choice){ .side = higher_rank(words, values), .method = PORT_TIE };
	side = is_tcp ? lower_port(words) : lower_class(words);
	return (struct choice){
		.side = side,
		.method = side == SOURCE ? method_beside(source, destination)
					 : method_beside(destination, source),
	};
}

/* Rules 3 to 6. The evidence is 1 or 0: whether an endpoint serves. */
static __always_inline struct choice resolve_evidence(__u64 words, __u64 values,
						      __u32 source_serves, __u32 destination_serves)
{
	if (source_serves == destination_serves)
		return resolve_database(words, values);
	return (struct choice){
		.side = same_ports(words) ? DESTINATION : destination_serves,
		.method = PORT_ENDPOINT,
	};
}

#endif
