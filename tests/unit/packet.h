/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds a frame layer by layer, for the tests of the packet parser.
 *
 * In: a zeroed struct packet, then one call for each layer from the outside in. Every argument is
 * in host byte order; every field lands in network byte order. A layer writes its own number into
 * the layer before it (EtherType, next header, protocol), so that the links of a frame cannot
 * disagree; packet_type() and packet_protocol() write a number that no layer here stands for.
 * Out: data[0..len). packet_finish() fills the length fields and the IPv4 header checksum; call it
 * when the last layer is on, or again after packet_cut(). Transport checksums stay 0.
 * A frame that outgrows PACKET_MAX, or IP lengths asked for without an IP layer, fail an assert:
 * both are mistakes in a test. Nothing is allocated.
 *
 * Sources: IEEE 802.1Q, RFC 791 (IPv4), RFC 8200 (IPv6), RFC 4302 (AH), RFC 3032 (MPLS), RFC 2516
 * (PPPoE), RFC 9293 (TCP), RFC 768 (UDP), RFC 3828 (UDP-Lite), RFC 9260 (SCTP), RFC 4340 (DCCP).
 */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 2048
#define PACKET_ETH_MIN 60 /* what Ethernet pads to, frame check sequence not counted */

#define PACKET_PPP_IPV4 0x0021
#define PACKET_PPP_IPV6 0x0057

#define PACKET_TCP_FIN 0x01
#define PACKET_TCP_SYN 0x02
#define PACKET_TCP_RST 0x04
#define PACKET_TCP_ACK 0x10

struct packet {
	uint8_t data[PACKET_MAX];
	size_t len;

	/* Offsets into data, for the functions below only; in the first five 0 means none. */
	size_t type_at;	 /* the EtherType field that the next layer fills */
	size_t pppoe_at; /* the PPPoE header */
	size_t udp_at;	 /* the UDP header */
	size_t dccp_at;	 /* the DCCP header */
	size_t next_at;	 /* the protocol or next header field that the next layer fills */
	size_t ip_at;	 /* the IP header, if ip_version is not 0 */
	uint8_t ip_version;
};

/* Link layer. packet_type() also serves for the length field of an 802.3 frame. */
void packet_eth(struct packet *p);
void packet_type(struct packet *p, uint16_t type);
void packet_vlan(struct packet *p, uint16_t tpid, uint16_t vid);
/* type is 0x8847 or 0x8848 and only used by the first label of a stack. */
void packet_mpls(struct packet *p, uint16_t type, uint32_t label, bool bottom);
/* A session header with its PPP protocol number. */
void packet_pppoe(struct packet *p, uint16_t ppp_proto);

/*
 * frag_field is the 16-bit word of flags and offset. An ihl above 5 brings NOP options; one below 5
 * is only written into its field, the header keeps its 20 bytes.
 */
void packet_ipv4(struct packet *p, uint8_t ihl, uint16_t frag_field);
void packet_ipv6(struct packet *p);
/*
 * An IPv6 extension header, or AH after IPv4, of size bytes in all: a multiple of 8 up to 2048, for
 * AH (51) a multiple of 4 from 12 to 1028. Type 44 is an atomic fragment of 8 bytes.
 */
void packet_ext(struct packet *p, uint8_t type, size_t size);
/* frag_field is the 16-bit word of offset (13 bits), reserved (2 bits) and M. */
void packet_fragment(struct packet *p, uint16_t frag_field, uint32_t id);
void packet_protocol(struct packet *p, uint8_t proto);

/* A whole transport header; flags is for TCP only. proto must be one of the five with ports. */
void packet_ports(struct packet *p, uint8_t proto, uint16_t src, uint16_t dst, uint8_t flags);
/* Behind SCTP's header: that of a chunk, without anything in it. */
void packet_chunk(struct packet *p, uint8_t type);
/* In DCCP's header, which must be the last layer: the packet's type, 0 to 15. It was DCCP-Data. */
void packet_dccp_type(struct packet *p, uint8_t type);
/* size bytes that look like ports 53 and 80 to a parser that reads them. */
void packet_payload(struct packet *p, size_t size);

void packet_finish(struct packet *p);

/* After packet_finish(): changes to one thing. The IPv4 header checksum follows. */
void packet_pad(struct packet *p, size_t len); /* as packet_payload(), up to len bytes in all */
void packet_cut(struct packet *p, size_t len);
void packet_set_ip_length(struct packet *p, uint16_t length);
void packet_set_ip_version(struct packet *p, uint8_t version);
/* 4 bytes each for IPv4, 16 for IPv6. */
void packet_set_addresses(struct packet *p, const uint8_t *src, const uint8_t *dst);
/* IPv4 only; packet_fragment() has IPv6's. */
void packet_set_identification(struct packet *p, uint16_t id);

#endif
