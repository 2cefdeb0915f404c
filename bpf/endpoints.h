/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks of endpoints (address, transport, port) that serve. Pure: the caller hands in the table,
 * its keys and the epoch. The same text is compiled for BPF and for the host.
 *
 * A table is 2^n cells of one byte. An endpoint owns two of them; it is marked when both were
 * written in this epoch or in the last ENDPOINT_EPOCHS. Nothing is ever removed or searched for: a
 * mark that is not renewed is too old after a while, and a cell that two endpoints share is as
 * young as the younger one's mark.
 *
 * What goes wrong: an endpoint whose two cells were both written by others looks marked. With s
 * endpoints marked in a table of m cells that happens with a probability of about (1 - e^(-2s/m))^2
 * + s/2^32; a test measures it. Epochs begin anew after 256, so a cell that nobody has written for
 * that long counts as young again for ENDPOINT_EPOCHS + 1 of them: even if every cell was written
 * at some time, (4/256)^2 of all endpoints look marked by that.
 *
 * The hash is (k0 + x1)(k1 + x0) + (k3 + x3)(k4 + x2) + ... + k2 over words of 32 bits, with random
 * keys of 64 bits, of which the high half is taken ("pair-multiply-shift": Thorup, High Speed
 * Hashing for Integers and Strings, section 3). It is strongly universal: whichever two endpoints
 * somebody chooses, who does not know the keys, their hashes are equal with a probability of 2^-32,
 * and so are n of their bits with one of 2^-n. The first cell is that of the n high bits of the
 * hash, the second that of the n low ones.
 *
 * All CPUs read and write cells at once, as single bytes: whatever the order, a cell holds an epoch
 * that one of them wrote, and the worst of it is that a mark lives for an epoch less.
 */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include "net.h"

#define ENDPOINT_EPOCHS 3 /* that a mark lives after the one in which it was made */

/* How long the table is, 2^n cells: shift is 32 - n, mask 2^n - 1. */
struct endpoint_size {
	__u32 shift, mask;
};

static __always_inline __u32 endpoint_hash(const __u64 keys[PORT_ENDPOINT_KEYS], bool is_ipv6,
					   const __be32 *address, __u64 word)
{
	__u64 sum = (keys[0] + word) * (keys[1] + address[0]) + keys[2];

	if (is_ipv6)
		sum += (keys[3] + address[1]) * (keys[4] + address[2]) +
		       keys[5] * (keys[6] + address[3]);
	return sum >> 32;
}

/* The epoch of a moment, as cells hold it: 0 to 255, and from the beginning. */
static __always_inline __u8 endpoint_epoch(__u64 ticks, __u32 epoch_shift)
{
	return ticks >> epoch_shift;
}

/*
 * What is written in an epoch. A cell of 0 was never written, so epoch 0 counts as the one before.
 */
static __always_inline __u8 endpoint_stamp(__u8 epoch)
{
	return epoch ? epoch : 255;
}

static __always_inline bool endpoint_is_live(__u8 cell, __u8 epoch)
{
	return cell && (__u8)(epoch - cell) <= ENDPOINT_EPOCHS;
}

/*
 * 1 or 0. Almost without branches: the ages of live cells have two bits, those of others more; only
 * in the first epochs is a cell of 0 as young as that.
 */
static __always_inline __u32 endpoint_is_marked(const __u8 *cells, struct endpoint_size size,
						__u32 hash, __u32 epoch)
{
	__u32 first = cells[hash >> size.shift], second = cells[hash & size.mask];
	__u32 ages = (epoch - first) | (epoch - second);

	if (epoch <= ENDPOINT_EPOCHS && (!first || !second))
		return 0;
	return ((ages & (0xff ^ ENDPOINT_EPOCHS)) - 1) >> 31;
}

/* Written only where it changes something, so that CPUs do not take the line from each other. */
static __always_inline void endpoint_mark(__u8 *cells, struct endpoint_size size, __u32 hash,
					  __u8 epoch)
{
	__u8 *first = &cells[hash >> size.shift], *second = &cells[hash & size.mask];
	__u8 stamp = endpoint_stamp(epoch);

	if (*first != stamp)
		*first = stamp;
	if (*second != stamp)
		*second = stamp;
}

_Static_assert(!((ENDPOINT_EPOCHS + 1) & ENDPOINT_EPOCHS), "so that ages can be joined bit by bit");

#endif
