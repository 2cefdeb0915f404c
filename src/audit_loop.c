// SPDX-License-Identifier: GPL-2.0-only
/* An audit while it runs: frames and knowledge of flows go to the tally. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit_private.h"
#include "audit_tally.h"
#include "conntrack.h"
#include "datapath_live.h"
#include "log.h"
#include "session.h"

#define SECOND_NS 1000000000
#define MILLISECOND_NS 1000000
#define FRAMES_AT_ONCE 1024 /* before conntrack and the clock have their turn */
#define DUMP_SHARE 9        /* of the time, a tenth at most is spent on asking for all flows */
#define READS_MAX 1000      /* for news that have queued up, though more may come all the time */
#define IPV4_BYTES 20
#define IPV6_BYTES 40

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void learn(void *ctx, const struct conntrack_flow *flow, bool is_new)
{
	audit_tally_learn(ctx, flow, is_new);
}

/* 1: there may be more; 0: there is nothing; or -errno. Told of all, it sets the next request. */
static int read_conntrack(struct audit *audit)
{
	bool was_answering = conntrack_is_answering(audit->conntrack);
	int status = conntrack_read(audit->conntrack, learn, audit->tally);
	int64_t now = now_ns(CLOCK_MONOTONIC), rest;

	if (!was_answering || conntrack_is_answering(audit->conntrack))
		return status;
	rest = (now - audit->requested_ns) * DUMP_SHARE;
	audit->next_request_ns = now + (rest > SECOND_NS ? rest : SECOND_NS);
	return status;
}

static int ask_conntrack(struct audit *audit)
{
	audit->requested_ns = now_ns(CLOCK_MONOTONIC);
	return conntrack_request(audit->conntrack);
}

static int wait_for_answer(struct audit *audit)
{
	int fds[CONNTRACK_DESCRIPTORS], status = 0;

	conntrack_descriptors(audit->conntrack, fds);
	while (status >= 0 && conntrack_is_answering(audit->conntrack)) {
		struct pollfd answer = { .fd = fds[0], .events = POLLIN };

		poll(&answer, 1, -1);
		status = read_conntrack(audit);
	}
	return status < 0 ? status : 0;
}

/* All that is known now: an answer under way may have passed the latest flows by. */
static int learn_all(struct audit *audit)
{
	int status = wait_for_answer(audit);

	if (!status)
		status = ask_conntrack(audit);
	if (!status)
		status = wait_for_answer(audit);
	if (status)
		return status;
	status = 1;
	for (int i = 0; i < READS_MAX && status > 0; i++)
		status = read_conntrack(audit);
	return status < 0 ? status : 0;
}

/* The addresses are in the frame, the ports in the verdict. False: the frame is cut within them. */
static bool read_tuple(const struct capture_frame *frame, const struct port_replay *replay,
		       struct conntrack_tuple *tuple)
{
	const uint8_t *ip = frame->bytes + replay->network;
	size_t header = replay->is_ipv6 ? IPV6_BYTES : IPV4_BYTES;
	size_t size = replay->is_ipv6 ? 16 : 4;

	if (frame->length < replay->network + header)
		return false;
	*tuple = (struct conntrack_tuple){
		.source_port = replay->source_port,
		.destination_port = replay->destination_port,
		.transport = replay->transport,
		.is_ipv6 = replay->is_ipv6,
	};
	/* The two addresses end an IPv6 header, and an IPv4 header without options. */
	memcpy(tuple->source, ip + header - 2 * size, size);
	memcpy(tuple->destination, ip + header - size, size);
	return true;
}

static int take_frame(struct audit *audit, const struct capture_frame *frame)
{
	struct port_replay replay = { .ticks = datapath_ticks_now(), .bytes = frame->wire_bytes };
	struct conntrack_tuple tuple;
	int err = datapath_replay(audit->session->datapath, frame->bytes, frame->length, &replay);

	if (err)
		return err;
	if (replay.has_ports && replay.has_verdict && read_tuple(frame, &replay, &tuple))
		audit_tally_frame(audit->tally, &tuple, replay.method, replay.direction);
	else
		audit_tally_portless(audit->tally);
	return 0;
}

/* Some of the frames that came until end_ns. 1: there may be more; 0: there are none; or -errno. */
static int take_frames(struct audit *audit, int64_t time_ns, int64_t end_ns)
{
	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		struct audit_source *source = audit_sources_next(&audit->sources, time_ns);
		int err;

		if (!source || source->frame.time_ns > end_ns)
			return 0;
		source->has_frame = false;
		err = take_frame(audit, &source->frame);
		if (err)
			return err;
	}
	return 1;
}

/* How long nothing has to be done unless something comes, in milliseconds. */
static int spare_ms(const struct audit *audit, int64_t end_ns)
{
	int64_t now = now_ns(CLOCK_MONOTONIC), until = end_ns;

	if (!conntrack_is_answering(audit->conntrack) && audit->next_request_ns < until)
		until = audit->next_request_ns;
	for (size_t i = 0; i < audit->sources.count; i++)
		if (audit->sources.list[i].has_frame && now + AUDIT_HOLD_NS < until)
			until = now + AUDIT_HOLD_NS;
	return until > now ? (int)((until - now + MILLISECOND_NS - 1) / MILLISECOND_NS) : 0;
}

/* Waits for frames, for news of flows, or until it is time. True: a signal says to end. */
static bool wait_for_more(struct audit *audit, struct pollfd *events, int64_t end_ns)
{
	size_t count = audit->sources.count;
	int fds[CONNTRACK_DESCRIPTORS];

	for (size_t i = 0; i < count; i++) {
		const struct audit_source *source = &audit->sources.list[i];

		/* A source whose next frame is held back has nothing to say meanwhile. */
		events[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (source->capture && !source->has_frame)
			events[i].fd = capture_descriptor(source->capture);
	}
	conntrack_descriptors(audit->conntrack, fds);
	for (int i = 0; i < CONNTRACK_DESCRIPTORS; i++)
		events[count++] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	events[count] = (struct pollfd){ .fd = audit->signals, .events = POLLIN };
	poll(events, count + 1, spare_ms(audit, end_ns));
	return events[count].revents & POLLIN;
}

/* The frames and the news that there are, and a request if it is time for one. 0 or -errno. */
static int take_turn(struct audit *audit)
{
	int status = 0;

	if (!conntrack_is_answering(audit->conntrack) &&
	    now_ns(CLOCK_MONOTONIC) >= audit->next_request_ns)
		status = ask_conntrack(audit);
	if (!status)
		status = read_conntrack(audit);
	if (status >= 0)
		status = take_frames(audit, now_ns(CLOCK_REALTIME), INT64_MAX);
	return status < 0 ? status : 0;
}

int audit_loop(struct audit *audit, uint32_t seconds)
{
	int64_t end_ns = now_ns(CLOCK_MONOTONIC) + (int64_t)seconds * SECOND_NS;
	size_t count = audit->sources.count + CONNTRACK_DESCRIPTORS + 1;
	struct pollfd *events = calloc(count, sizeof(*events));
	bool is_ended = false;
	int err = 0;

	if (!events) {
		log_error(ENOMEM, "audit");
		return -ENOMEM;
	}
	while (!err && !is_ended && audit_sources_open(&audit->sources) &&
	       now_ns(CLOCK_MONOTONIC) < end_ns) {
		err = take_turn(audit);
		if (!err)
			is_ended = wait_for_more(audit, events, end_ns);
	}
	free(events);
	return err;
}

int audit_finish(struct audit *audit)
{
	int64_t end_ns = now_ns(CLOCK_REALTIME);
	int status;

	do
		status = take_frames(audit, INT64_MAX, end_ns);
	while (status > 0);
	return status ? status : learn_all(audit);
}
