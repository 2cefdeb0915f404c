/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a private datapath needs to decide on frames as the one that counts does at this time.
 */
#ifndef DATAPATH_LIVE_H
#define DATAPATH_LIVE_H

#include <stdint.h>

struct datapath;
struct porttable;

/*
 * Takes over the table in force, whose values are left in table too, the marks of endpoints, and
 * the firm ports that have clients. to is private and was prepared with datapath_options_of(live);
 * live is only read. 0 or -errno (logged).
 */
int datapath_follow(struct datapath *to, struct datapath *live, struct porttable *table);
/*
 * The kernel's ticks at this time, for frames that are handed in: within a second or so, as the
 * kernel does not tell; marks are told apart by minutes.
 */
uint64_t datapath_ticks_now(void);

#endif
