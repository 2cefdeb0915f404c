// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit_rows.h"
#include "audit_tally.h"

#define TUPLE_WORDS (sizeof(struct conntrack_tuple) / sizeof(uint32_t))
#define ROOM_MIN 1024
#define NONE UINT32_MAX

enum knowledge { NOT_TRACKED, TRACKED, TRACKED_MIDWAY };

/* One direction. */
struct flow {
	struct conntrack_tuple tuple;
	uint64_t frames[PORT_METHODS][PORT_DIRECTIONS]; /* by what was decided on them */
	uint32_t next;                                  /* of the same bucket, or NONE */
	uint32_t flow;     /* index of the original direction, or of this where that is unknown */
	uint8_t knowledge; /* enum knowledge; the next holds unless NOT_TRACKED */
	uint8_t direction; /* enum port_direction, by connection tracking */
};

_Static_assert(sizeof(struct flow) <= 136, "audit_tally.h tells how much memory a flow takes");

/*
 * Flows lie in an array, in the order in which they came; as many buckets, a power of 2, hold the
 * index of the first flow of each chain.
 */
struct audit_tally {
	uint64_t keys[TUPLE_WORDS + 1];
	struct flow *flows;
	uint32_t *buckets;
	size_t count, room, limit;
	uint64_t portless, beyond;
};

/*
 * Pair-multiply-shift, as bpf/endpoints.h has it: with random keys, two tuples that somebody
 * chooses share a bucket no more often than by chance.
 */
static uint32_t hash(const struct audit_tally *tally, const struct conntrack_tuple *tuple)
{
	uint64_t sum = tally->keys[TUPLE_WORDS];
	uint32_t words[TUPLE_WORDS];

	memcpy(words, tuple, sizeof(words));
	for (size_t i = 0; i < TUPLE_WORDS; i += 2)
		sum += (tally->keys[i] + words[i + 1]) * (tally->keys[i + 1] + words[i]);
	return (uint32_t)(sum >> 32);
}

static uint32_t *bucket_of(const struct audit_tally *tally, const struct conntrack_tuple *tuple)
{
	return &tally->buckets[hash(tally, tuple) & (tally->room - 1)];
}

static void chain(struct audit_tally *tally, uint32_t i)
{
	uint32_t *bucket = bucket_of(tally, &tally->flows[i].tuple);

	tally->flows[i].next = *bucket;
	*bucket = i;
}

/* Room for twice as many. False: out of memory, and nothing has changed. */
static bool grow(struct audit_tally *tally, size_t room)
{
	uint32_t *buckets = malloc(room * sizeof(*buckets));
	struct flow *flows = realloc(tally->flows, room * sizeof(*flows));

	if (flows)
		tally->flows = flows;
	if (!buckets || !flows) {
		free(buckets);
		return false;
	}
	free(tally->buckets);
	tally->buckets = buckets;
	tally->room = room;
	memset(buckets, 0xff, room * sizeof(*buckets)); /* NONE */
	for (uint32_t i = 0; i < tally->count; i++)
		chain(tally, i);
	return true;
}

struct audit_tally *audit_tally_new(size_t limit)
{
	struct audit_tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return NULL;
	tally->limit = limit;
	if (getrandom(tally->keys, sizeof(tally->keys), 0) == sizeof(tally->keys) &&
	    grow(tally, ROOM_MIN))
		return tally;
	audit_tally_free(tally);
	return NULL;
}

void audit_tally_free(struct audit_tally *tally)
{
	if (!tally)
		return;
	free(tally->flows);
	free(tally->buckets);
	free(tally);
}

static struct flow *find(const struct audit_tally *tally, const struct conntrack_tuple *tuple)
{
	uint32_t i = *bucket_of(tally, tuple);

	while (i != NONE && memcmp(&tally->flows[i].tuple, tuple, sizeof(*tuple)))
		i = tally->flows[i].next;
	return i == NONE ? NULL : &tally->flows[i];
}

/* The flow, made where it is not there; NULL: there is no room. */
static struct flow *find_or_add(struct audit_tally *tally, const struct conntrack_tuple *tuple)
{
	struct flow *flow = find(tally, tuple);
	uint32_t i = (uint32_t)tally->count;

	if (flow)
		return flow;
	if (tally->count == tally->limit ||
	    (tally->count == tally->room && !grow(tally, 2 * tally->room)))
		return NULL;
	tally->count++;
	tally->flows[i] = (struct flow){ .tuple = *tuple, .flow = i };
	chain(tally, i);
	return &tally->flows[i];
}

void audit_tally_frame(struct audit_tally *tally, const struct conntrack_tuple *tuple,
		       enum port_method method, enum port_direction direction)
{
	struct flow *flow = find_or_add(tally, tuple);

	if (flow)
		flow->frames[method][direction]++;
	else
		tally->beyond++;
}

void audit_tally_portless(struct audit_tally *tally)
{
	tally->portless++;
}

static void learn(struct flow *flow, uint32_t original, enum port_direction direction,
		  bool is_midway)
{
	flow->flow = original;
	flow->direction = direction;
	flow->knowledge = is_midway ? TRACKED_MIDWAY : TRACKED;
}

void audit_tally_learn(struct audit_tally *tally, const struct conntrack_flow *told, bool is_new)
{
	struct flow *original, *reply;
	uint32_t number;

	if (is_new) {
		find_or_add(tally, &told->original);
		find_or_add(tally, &told->reply);
	}
	/* Only now, as flows move when their array grows. */
	original = find(tally, &told->original);
	reply = find(tally, &told->reply);
	if (!original && !reply)
		return;
	number = (uint32_t)((original ? original : reply) - tally->flows);
	if (original)
		learn(original, number, PORT_TO_SERVER, told->is_midway);
	if (reply)
		learn(reply, number, PORT_TO_CLIENT, told->is_midway);
}

static uint64_t frames_of(const struct flow *flow)
{
	uint64_t frames = 0;

	for (unsigned int method = 0; method < PORT_METHODS; method++)
		frames +=
			flow->frames[method][PORT_TO_SERVER] + flow->frames[method][PORT_TO_CLIENT];
	return frames;
}

/* Equal ports on both sides always agree: that they count as to the server tells nothing. */
static uint64_t agreeing(const struct flow *flow, unsigned int method)
{
	if (flow->tuple.source_port == flow->tuple.destination_port)
		return flow->frames[method][PORT_TO_SERVER] + flow->frames[method][PORT_TO_CLIENT];
	return flow->frames[method][flow->direction];
}

/* Adds a flow that is tracked to the sums, and returns how many of its frames do not agree. */
static uint64_t compare(const struct flow *flow, struct audit_sums *sums)
{
	uint64_t differ = 0;

	for (unsigned int method = 0; method < PORT_METHODS; method++) {
		struct audit_share *share = &sums->methods[method];
		uint64_t frames =
			flow->frames[method][PORT_TO_SERVER] + flow->frames[method][PORT_TO_CLIENT];
		uint64_t agree = agreeing(flow, method);

		share->frames += frames;
		share->agree += agree;
		sums->all.frames += frames;
		sums->all.agree += agree;
		differ += frames - agree;
	}
	return differ;
}

static struct audit_difference difference_of(const struct flow *flow, uint64_t frames)
{
	bool to_server = flow->direction == PORT_TO_SERVER;
	uint16_t source = flow->tuple.source_port, destination = flow->tuple.destination_port;

	return (struct audit_difference){
		.transport = flow->tuple.transport,
		.counted = to_server ? source : destination,
		.tracked = to_server ? destination : source,
		.flow = flow->flow,
		.frames = frames,
	};
}

int audit_tally_sum(const struct audit_tally *tally, const uint32_t values[PORT_TABLE_ENTRIES],
		    struct audit_sums *sums)
{
	struct audit_difference *differences = calloc(tally->count + 1, sizeof(*differences));
	size_t count = 0;
	int err;

	*sums = (struct audit_sums){ .portless = tally->portless, .beyond = tally->beyond };
	if (!differences)
		return -ENOMEM;
	for (size_t i = 0; i < tally->count; i++) {
		const struct flow *flow = &tally->flows[i];
		uint64_t differ = 0;

		if (flow->knowledge == NOT_TRACKED)
			sums->untracked += frames_of(flow);
		else if (flow->knowledge == TRACKED_MIDWAY)
			sums->midway += frames_of(flow);
		else
			differ = compare(flow, sums);
		if (differ)
			differences[count++] = difference_of(flow, differ);
	}
	sums->frames =
		sums->portless + sums->beyond + sums->untracked + sums->midway + sums->all.frames;
	err = audit_rows_build(sums, differences, count, tally->count, values);
	free(differences);
	return err;
}

void audit_sums_fini(struct audit_sums *sums)
{
	free(sums->rows);
	*sums = (struct audit_sums){};
}
