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
	watch->patience_ns = patience > WATCH_NS ? patience : WATCH_NS;
	watch->until_ns = attached->has_link ? attached->ns + watch->patience_ns : 0;
	return true;
}

static enum watch_verdict judge(struct watch *watch, const struct watch_look *now)
{
	if (!watch->patience_ns || now->packets != watch->attached.packets)
		return WATCH_RECEIVES;
	if (!now->has_link)
		watch->until_ns = 0;
	else if (!watch->until_ns)
		watch->until_ns = now->ns + watch->patience_ns;
	else if (now->ns >= watch->until_ns)
		return WATCH_STALLED;
	return WATCH_WAITS;
}

enum watch_verdict watch_look(struct watch *watch, const struct watch_look *now)
{
	enum watch_verdict verdict = judge(watch, now);

	if (verdict != WATCH_WAITS)
		*watch = (struct watch){};
	return verdict;
}

bool watch_is_due(const struct watch *watch)
{
	return watch->until_ns;
}
