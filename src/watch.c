// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

/* How many times the time that WATCH_PACKETS took must pass without any. */
#define PATIENCE 10

bool watch_begin(struct watch *watch, const struct watch_look *before,
		 const struct watch_look *attached)
{
	uint64_t packets, ns = attached->ns - before->ns, patience;

	*watch = (struct watch){ .attached = *attached };
	if (attached->packets < before->packets + WATCH_PACKETS)
		return false;
	packets = attached->packets - before->packets;
	patience = PATIENCE * ns / (packets / WATCH_PACKETS);
	watch->until_ns = attached->ns + (patience > WATCH_NS ? patience : WATCH_NS);
	return true;
}

enum watch_verdict watch_look(struct watch *watch, const struct watch_look *now)
{
	enum watch_verdict verdict;

	if (!watch->until_ns || now->packets != watch->attached.packets)
		verdict = WATCH_RECEIVES;
	else
		verdict = now->ns < watch->until_ns ? WATCH_WAITS : WATCH_STALLED;
	if (verdict != WATCH_WAITS)
		watch->until_ns = 0;
	return verdict;
}
