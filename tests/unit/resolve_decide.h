/* SPDX-License-Identifier: GPL-2.0-only */
/* All rules together, as the packet path puts them, which looks up what a frame has here. */
#ifndef RESOLVE_DECIDE_H
#define RESOLVE_DECIDE_H

#include "../../bpf/resolve.h"
#include "resolve_rows.h"

static inline __u64 words_of(const struct resolve_frame *frame)
{
	return port_words((__u32)frame->transport << KIND_TRANSPORT_SHIFT | frame->flags,
			  frame->source_port, frame->destination_port);
}

static inline struct choice decide(const struct resolve_frame *frame)
{
	const __u64 words = words_of(frame);
	const __u64 values = pair(frame->source, frame->destination);
	struct choice choice;

	if (frame->flags & TCP_FLAG_SYN)
		return resolve_handshake(words, frame->flags);
	if (resolve_firm(values, &choice) && !(frame->evidence & RESOLVE_HAS_CLIENTS))
		return choice;
	return resolve_evidence(words, values, !!(frame->evidence & RESOLVE_SOURCE_SERVES),
				!!(frame->evidence & RESOLVE_DESTINATION_SERVES));
}

static inline struct verdict judge(const struct resolve_frame *frame)
{
	return verdict_of(words_of(frame), pair(frame->source, frame->destination), decide(frame));
}

#endif
