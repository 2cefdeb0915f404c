/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that fill the packet table share: packet_table.c (IP and protocols above it),
 * packet_rows_link.c (link layer), packet_rows_ext.c (fragments and extension headers),
 * packet_rows_transport.c (transport headers). Not for runners.
 *
 * A row is made in this order: rows_add(), rows_eth() or rows_l3(), layers, rows_put_upper() last.
 * Running out of room in the table or in a description fails an assert.
 */
#ifndef PACKET_ROWS_H
#define PACKET_ROWS_H

#include "packet_table.h"

#define ROWS_MAX 4096
#define ROWS_SRC_PORT 50123
#define ROWS_DST_PORT 443
#define ROWS_PAYLOAD 4
#define ROWS_IPV4_ID 0x1234 /* of every IPv4 header that packet_ipv4() makes */
/* As the bucket of a new row: ports or bucket follow from the upper layer put on top. */
#define ROWS_BY_UPPER PACKET_HAS_PORTS

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct rows {
	struct packet_row *row;
	size_t count;
};

/* A protocol above IP. Without a transport (-1) its frames go to bucket. */
struct upper {
	const char *name;
	uint8_t proto;
	int transport;
	int bucket;
	size_t needed; /* bytes of the header without which a frame is malformed */
	size_t header;
};

/* The transports with ports, TCP and UDP first. */
#define ROWS_TRANSPORTS 5
extern const struct upper rows_transports[ROWS_TRANSPORTS];

/*
 * "Each IP version with each transport and ICMP" as one index below ROWS_COMBINATIONS; the second
 * half is IPv6, whose ICMP is ICMPv6.
 */
#define ROWS_COMBINATIONS (2 * (ROWS_TRANSPORTS + 1))
unsigned int rows_version_at(size_t i);
const struct upper *rows_upper_at(size_t i);

/* The row is valid until the table is freed. */
struct packet_row *rows_add(struct rows *rows, int bucket, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* How the frame starts; both return the row's packet. */
struct packet *rows_eth(struct packet_row *row);
struct packet *rows_l3(struct packet_row *row);

void rows_put_ip(struct packet *p, unsigned int version);
/* count tags, their TPIDs taken from tpids in turn. */
void rows_put_tags(struct packet *p, size_t count, const uint16_t tpids[3]);
/* Header, payload, lengths, and the expectation if the row's bucket is ROWS_BY_UPPER. */
void rows_put_upper(struct packet_row *row, const struct upper *up);
void rows_expect_ports(struct packet_row *row, int transport, uint16_t src, uint16_t dst,
		       uint8_t flags);
void rows_expect_fragment(struct packet_row *row, bool is_later, uint32_t identification);
/* The last layer with ports, and what the row expects unless it expects a bucket. */
void rows_put_ports(struct packet_row *row, const struct upper *up, uint16_t src, uint16_t dst,
		    uint8_t flags);

void rows_add_link(struct rows *rows);
void rows_add_ext(struct rows *rows);
void rows_add_transport(struct rows *rows);

#endif
