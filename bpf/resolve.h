/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of a frame's two ports is the service. Pure: the caller looks both ports up in the port
 * table and hands the values in; 0 means that the table has no entry.
 *
 * The rules, in this order:
 *   1. TCP with SYN and no ACK: the destination; SYN and ACK: the source.        handshake
 *   2. One port has a firm entry and the other has none: the firm one.           database
 *   4. Exactly one port has an entry that may win: that one.                      database
 *   5. Both have: the higher rank; on equal rank the lower port.                  tie
 *   6. None has: for TCP the lower port, for the rest the destination.            guess
 * (3 is reserved for evidence about endpoints.) A weak entry, on a port where clients live, may win
 * only if the other port is such a port too. Equal ports on both sides count as to the server.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "parse.h"

struct verdict {
	__u32 value; /* the port table's value for the service port; 0: the frame is unclassified */
	__u16 port;  /* the service port, host byte order */
	__u8 direction; /* enum port_direction */
	__u8 method;    /* enum port_method */
};

static __always_inline struct verdict choose_source(const struct pkt *pkt, __u32 value,
						    enum port_method method)
{
	return (struct verdict){
		.value = value,
		.port = pkt->source_port,
		.direction =
			pkt->source_port == pkt->destination_port ? PORT_TO_SERVER : PORT_TO_CLIENT,
		.method = method,
	};
}

static __always_inline struct verdict choose_destination(const struct pkt *pkt, __u32 value,
							 enum port_method method)
{
	return (struct verdict){
		.value = value,
		.port = pkt->destination_port,
		.direction = PORT_TO_SERVER,
		.method = method,
	};
}

static __always_inline bool may_win(__u32 value, __u16 other_port)
{
	return value && (!(value & PORT_VALUE_WEAK) || other_port >= PORT_WEAK_FIRST);
}

static __always_inline struct verdict resolve_tie(const struct pkt *pkt, __u32 source,
						  __u32 destination)
{
	__u32 source_rank = PORT_VALUE_RANK(source),
	      destination_rank = PORT_VALUE_RANK(destination);

	if (source_rank > destination_rank ||
	    (source_rank == destination_rank && pkt->source_port < pkt->destination_port))
		return choose_source(pkt, source, PORT_TIE);
	return choose_destination(pkt, destination, PORT_TIE);
}

static __always_inline struct verdict resolve_guess(const struct pkt *pkt)
{
	if (pkt->transport == PORT_TCP && pkt->source_port < pkt->destination_port)
		return choose_source(pkt, 0, PORT_GUESS);
	return choose_destination(pkt, 0, PORT_GUESS);
}

static __always_inline struct verdict resolve(const struct pkt *pkt, __u32 source,
					      __u32 destination)
{
	bool source_may, destination_may;

	if (pkt->tcp_flags & TCP_FLAG_SYN)
		return pkt->tcp_flags & TCP_FLAG_ACK
			       ? choose_source(pkt, source, PORT_HANDSHAKE)
			       : choose_destination(pkt, destination, PORT_HANDSHAKE);
	if (!source) {
		if (destination & PORT_VALUE_FIRM)
			return choose_destination(pkt, destination, PORT_DATABASE);
		if (!destination)
			return resolve_guess(pkt);
	} else if (!destination && source & PORT_VALUE_FIRM) {
		return choose_source(pkt, source, PORT_DATABASE);
	}
	source_may = may_win(source, pkt->destination_port);
	destination_may = may_win(destination, pkt->source_port);
	if (source_may && destination_may)
		return resolve_tie(pkt, source, destination);
	if (source_may)
		return choose_source(pkt, source, PORT_DATABASE);
	if (destination_may)
		return choose_destination(pkt, destination, PORT_DATABASE);
	return resolve_guess(pkt);
}

#endif
