/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A record of a capture as an Ethernet frame, which is what the kernel half reads: Ethernet as it
 * is, of other link types with an Ethernet header in the place of their own. Pure.
 *
 *   raw IP, null, loop   the EtherType of the IP version; one that counts as other_l2 for the rest
 *   Linux cooked         the EtherType that the record has, VLAN tags and all
 *   PPP                  a PPPoE session, which counts as IP, or as pppoe, by the PPP protocol
 *
 * A record that is cut within its link header becomes a frame that counts as malformed, and none is
 * shorter than an Ethernet header, as the kernel takes no less.
 *
 * Only what is classified changes. What is counted are the record's bytes as they were captured,
 * with the header of its own link type, whatever that is.
 */
#ifndef LINKTYPE_H
#define LINKTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINKTYPE_ROOM 4096 /* a frame that is made is cut to it; headers end far before */

struct linktype_frame {
	const uint8_t *bytes; /* in the record or in the buffer */
	size_t length;        /* 14 at least */
};

/* Of the numbers that libpcap hands out, and those that files hold where they differ (raw IP). */
bool linktype_is_read(int linktype);
/* For a link type that is read. */
struct linktype_frame linktype_to_ethernet(int linktype, const uint8_t *record, size_t length,
					   uint8_t buffer[LINKTYPE_ROOM]);

#endif
