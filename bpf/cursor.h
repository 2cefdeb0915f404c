/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounded reading, in a way that the verifier follows: every read is checked against the end of the
 * bytes that there are, and against the end that an IP header names.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "net.h"

/*
 * A read position in a run of bytes. In a packet the verifier knows the run by its end pointer. In
 * a copy it knows the buffer's size: COPY_BYTES, a power of 2, and room for a header behind it.
 */
#define COPY_BYTES 512
#define COPY_ROOM (COPY_BYTES + 64)

struct cursor {
	const __u8 *start;
	const __u8 *end;
	bool is_copy;
	__u32 offset;
	__u32 length; /* how many bytes there are */
	__u32 last;   /* offset of the last byte by the IP header's length; ~0: it names none */
	__u32 zero;   /* 0, in a way that the verifier cannot know */
};

/*
 * Points *at to the cursor; false if size bytes cannot be read there. OPAQUE makes the compiler
 * check and use the very same pointer, as the verifier would not know two computations of it to be
 * equal.
 */
static __always_inline bool cursor_read(const struct cursor *c, __u32 size, const void **at)
{
	__u32 offset = c->offset;
	const __u8 *pointer;

	if (c->is_copy) {
		OPAQUE(offset);
		pointer = c->start + (offset & (COPY_BYTES - 1));
		*at = pointer;
		return c->offset + size <= c->length;
	}
	pointer = c->start + offset;
	OPAQUE(pointer);
	*at = pointer;
	return pointer + size <= c->end;
}

/* The same below an IP header, which names an end of its own. */
static __always_inline bool cursor_read_packet(const struct cursor *c, __u32 size, const void **at)
{
	return c->offset + size - 1 <= c->last && cursor_read(c, size, at);
}

/*
 * Whether what has been passed lies within both ends, to be asked where nothing is read behind it.
 */
static __always_inline bool cursor_is_inside(const struct cursor *c)
{
	return c->offset - 1 <= c->last && c->offset <= c->length;
}

/*
 * Leaves the offset as it is and makes the verifier forget how it came about: it then sees any
 * offset up to mask, the same on every path, and reads what follows once, not once for each of the
 * several hundred ways to stack tags, labels and extension headers. mask is larger than any offset
 * that can be reached at that point. In a copy neither end needs to be known to the verifier, as
 * every offset is masked: it forgets what earlier comparisons told of them, too.
 */
static __always_inline void cursor_forget(struct cursor *c, __u32 mask)
{
	c->offset = (c->offset ^ c->zero) & mask;
	if (c->is_copy) {
		c->last ^= c->zero;
		c->length ^= c->zero;
	}
}
#define LINK_OFFSET_MASK 0x7f
#define NETWORK_OFFSET_MASK 0x7fff

#endif
