/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One request to rtnetlink(7) for a list, over a socket of its own. header is what follows the
 * message's own, a struct of <linux/rtnetlink.h>; read is called for each message of the answer, as
 * libmnl calls it. 0 or -errno; -EINTR: the list changed while it was read, and is to be asked for
 * anew from an empty one.
 */
#ifndef RTNETLINK_H
#define RTNETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

int rtnetlink_dump(uint16_t type, const void *header, size_t size, mnl_cb_t read, void *data);

#define RTNETLINK_TRIES 10 /* enough for a list that changes */

#endif
