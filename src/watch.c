// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

/* How many times the time that WATCH_PACKETS took must pass without any. */
#define PATIENCE 10

static void set_times(struct watch *watch, const struct watch_look *now)
{
	if (!now->has_link)
		watch->until_ns = 0;
	else if (!watch->until_ns)
		watch->until_ns = now->ns + watch->patience_ns;
	if (!now->is_up)
		watch->latest_ns = 0;
	else if (!watch->latest_ns)
		watch->latest_ns = now->ns + watch->patience_ns + WATCH_LINK_NS;
}

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
	set_times(watch, attached);
	return true;
}

static enum watch_verdict judge(struct watch *watch, const struct watch_look *now)
{
	if (!watch->patience_ns || now->packets != watch->attached.packets)
		return WATCH_RECEIVES;
	set_times(watch, now);
	if ((watch->until_ns && now->ns >= watch->until_ns) ||
	    (watch->latest_ns && now->ns >= watch->latest_ns))
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
	return watch->until_ns || watch->latest_ns;
}
