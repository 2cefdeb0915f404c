/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a device still receives since the program came to it: some drivers stop to receive as
 * soon as they have an XDP program. Pure: counters and times come in, a judgement goes out.
 *
 * A device is said to stall if it received WATCH_PACKETS frames or more while it was looked at
 * before the attach, and not one from then on, for WATCH_NS and for as long as ten times what it
 * took to receive WATCH_PACKETS. Whether it was so busy is known only of a device that was looked at
 * before; of others nothing is said. While its link is down, as it is with some cards for seconds
 * from the attach on, nothing can come: the time begins anew when it is up. But a link that does not
 * come up to stay within WATCH_LINK_NS has been lost to the program, unless somebody has set the
 * device down.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define WATCH_PACKETS 10
#define WATCH_NS 3000000000ULL /* three seconds: with a look each half a second, less than five */
#define WATCH_LOOK_NS 500000000ULL
#define WATCH_LINK_NS 60000000000ULL /* a minute: cards take ten seconds at the most */

/* What an interface had received at some time: its own counter, and CLOCK_MONOTONIC. */
struct watch_look {
	uint64_t packets;
	uint64_t ns;
	bool is_up;    /* set so by who manages it */
	bool has_link; /* it is up, and so is its carrier */
};

struct watch {
	struct watch_look attached;
	uint64_t patience_ns; /* 0: nothing to watch */
	uint64_t until_ns;    /* 0: its link is down */
	uint64_t latest_ns;   /* whatever its link does; 0: it is set down */
};

enum watch_verdict { WATCH_RECEIVES, WATCH_WAITS, WATCH_STALLED };

/* before and at the attach. False: not busy enough to tell, the watch is over. */
bool watch_begin(struct watch *watch, const struct watch_look *before,
		 const struct watch_look *attached);
/* WATCH_WAITS asks for a later look; after the others the watch is over. */
enum watch_verdict watch_look(struct watch *watch, const struct watch_look *now);
/* Whether a look is wanted within WATCH_LOOK_NS. Not for a device that is set down: its rise is told. */
bool watch_is_due(const struct watch *watch);

#endif
