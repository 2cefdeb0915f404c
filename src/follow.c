// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "follow_private.h"
#include "log.h"
#include "session.h"
#include "stack.h"
#include "watch.h"

/* An interface that there is. */
struct followed {
	char name[IFNAMSIZ];
	uint32_t ifindex;
	bool is_there;          /* at this look */
	struct watch_look look; /* the last one */
	struct watch watch;
	unsigned int failures; /* to attach, one after the other */
	uint64_t retry_ns;     /* not before; UINT64_MAX: it is of a kind that cannot be counted */
};

#define RETRY_NS 1000000000ULL /* doubled with each failure, ten times at most */
#define RETRY_DOUBLINGS 10

static struct followed *find(const struct follow *follow, const struct device *device)
{
	for (size_t i = 0; i < follow->count; i++)
		if (follow->list[i].ifindex == device->ifindex &&
		    !strcmp(follow->list[i].name, device->name))
			return &follow->list[i];
	return NULL;
}

static struct followed *add(struct follow *follow, const struct device *device)
{
	struct followed *list = realloc(follow->list, (follow->count + 1) * sizeof(*list));

	if (!list)
		return NULL;
	follow->list = list;
	list += follow->count++;
	*list = (struct followed){ .ifindex = device->ifindex };
	memcpy(list->name, device->name, sizeof(list->name));
	return list;
}

static struct watch_look look_at(const struct device *device, uint64_t now)
{
	return (struct watch_look){
		.packets = device->receive_packets,
		.ns = now,
		.is_up = device->is_up,
		.has_link = device->is_up && device->has_carrier,
	};
}

/* Before these are dealt with, so that what becomes of each is remembered. */
static void add_new(struct follow *follow, const struct devices *all, uint64_t now)
{
	for (size_t i = 0; i < all->count; i++) {
		struct followed *followed = find(follow, &all->list[i]) ? NULL
						    : add(follow, &all->list[i]);

		if (followed)
			followed->look = look_at(&all->list[i], now);
	}
}

/* Those that are not there any more are dropped: one that is made anew is another one. */
static void remember(struct follow *follow, const struct devices *all, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct followed *followed = find(follow, &all->list[i]);

		if (!followed)
			continue;
		followed->is_there = true;
		followed->look = look_at(&all->list[i], now);
	}
	for (size_t i = 0; i < follow->count; i++) {
		if (!follow->list[i].is_there)
			continue;
		follow->list[kept] = follow->list[i];
		follow->list[kept++].is_there = false;
	}
	follow->count = kept;
}

int follow_init(struct follow *follow, struct session *session)
{
	struct devices all;
	int err;

	*follow = (struct follow){ .session = session };
	err = devices_read(&all);
	if (err)
		return err;
	add_new(follow, &all, follow_now());
	devices_free(&all);
	return 0;
}

void follow_fini(struct follow *follow)
{
	free(follow->list);
	follow_forget(follow);
	*follow = (struct follow){};
}

static void tell_gone(void *ctx, const struct datapath_device *device)
{
	(void)ctx;
	if (!device->is_egress)
		log_info("device '%s': is gone; its counters are kept", device->name);
}

static void tell_forgotten(void *ctx, const struct datapath_device *device)
{
	(void)ctx;
	if (!device->is_egress)
		log_info("device '%s': is forgotten", device->name);
}

static const struct datapath_device *received(const struct follow *follow, const char *name)
{
	const struct datapath *datapath = follow->session->datapath;

	for (size_t i = 0; i < datapath_count(datapath); i++) {
		const struct datapath_device *device = datapath_device(datapath, i);

		if (!device->is_egress && !strcmp(device->name, name))
			return device;
	}
	return NULL;
}

/* From the last look before the program came to the present one. */
static void begin_watch(struct follow *follow, const struct device *device, uint64_t now)
{
	const struct datapath_device *counted = received(follow, device->name);
	struct followed *followed = find(follow, device);
	struct watch_look look = look_at(device, now);

	if (counted && followed && counted->state.mode == DATAPATH_NATIVE)
		watch_begin(&followed->watch, &followed->look, &look);
}

/* The list is some milliseconds old: the device may have left, or got another name. */
static bool is_here(const struct device *device)
{
	char name[IFNAMSIZ];

	return if_indextoname(device->ifindex, name) && !strcmp(name, device->name);
}

static void attach(struct follow *follow, const struct device *device)
{
	bool goes_on = datapath_is_on_device(follow->session->datapath, device);
	struct followed *followed = find(follow, device);
	const struct datapath_device *counted;
	unsigned int doublings;
	int err;

	if (!is_here(device))
		return;
	err = session_attach(follow->session, device);
	follow->changed = true;
	datapath_keep(follow->session->datapath); /* of two directions one may have failed */
	if (!err) {
		counted = received(follow, device->name);
		if (counted && !goes_on)
			log_info("device '%s': counting (%s %s)", device->name,
				 datapath_mode_label(counted->state.mode),
				 counted->state.mode < DATAPATH_TC ? "XDP" : "at the tc hook");
		begin_watch(follow, device, follow_now());
	}
	/* One that left while it was attached has not failed: the next of its name and number may. */
	if (!followed || (err && !is_here(device)))
		return;
	followed->failures = err ? followed->failures + 1 : 0;
	doublings = followed->failures < RETRY_DOUBLINGS ? followed->failures : RETRY_DOUBLINGS;
	followed->retry_ns =
		err == -EOPNOTSUPP ? UINT64_MAX : follow_now() + (RETRY_NS << doublings);
}

static bool is_wanted(const struct follow *follow, const struct device *device)
{
	const struct datapath *datapath = follow->session->datapath;
	const struct followed *followed = find(follow, device);

	if (followed && followed->failures && follow_now() < followed->retry_ns)
		return false;
	return !datapath_is_counted(datapath, device, false) ||
	       (follow->session->options->egress && !datapath_is_counted(datapath, device, true));
}

struct candidate {
	const struct follow *follow;
	const struct device *device;
};

static bool would_be_counted(void *ctx, const struct device *device)
{
	const struct candidate *candidate = ctx;

	return device->ifindex == candidate->device->ifindex ||
	       datapath_is_on_device(candidate->follow->session->datapath, device);
}

/* A start refuses what would be counted twice; later it is left out, and said. */
static bool is_double(struct follow *follow, const struct devices *all, const struct device *device)
{
	struct candidate candidate = { .follow = follow, .device = device };
	char sentence[STACK_SENTENCE_SIZE];
	struct stack_pairs pairs;
	bool found = false;

	if (follow->session->options->allow_stacked ||
	    stack_doubles(&pairs, all, would_be_counted, &candidate))
		return false;
	for (size_t i = 0; i < pairs.count; i++) {
		const struct stack_pair *pair = &pairs.list[i];

		if (pair->upper->ifindex != device->ifindex &&
		    pair->lower->ifindex != device->ifindex)
			continue;
		found = true;
		follow_tell_once(follow, stack_sentence(sentence, pair, false));
	}
	stack_pairs_free(&pairs);
	return found;
}

static void attach_new(struct follow *follow, const struct devices *all)
{
	struct devices chosen;

	if (session_choose(follow->session, all, &chosen, false)) {
		devices_free(&chosen);
		return;
	}
	for (size_t i = 0; i < chosen.count; i++) {
		const struct device *device = &chosen.list[i];

		if (is_wanted(follow, device) &&
		    (datapath_is_on_device(follow->session->datapath, device) ||
		     !is_double(follow, all, device)))
			attach(follow, device);
	}
	devices_free(&chosen);
}

/* One that is counted under a name that it has no more, whether or not that is chosen now. */
static void attach_renamed(struct follow *follow, const struct devices *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct device *device = &all->list[i];
		const struct followed *followed = find(follow, device);

		if (!datapath_is_on_device(follow->session->datapath, device) ||
		    datapath_is_counted(follow->session->datapath, device, false) ||
		    (followed && followed->failures))
			continue;
		attach(follow, device);
	}
}

static bool is_counted(void *ctx, const struct device *device)
{
	return datapath_is_on_device(ctx, device);
}

/* A device that is counted may come to stand on another one that is, long after both began. */
static void tell_doubles(struct follow *follow, const struct devices *all)
{
	char sentence[STACK_SENTENCE_SIZE];
	struct stack_pairs pairs;

	if (!stack_doubles(&pairs, all, is_counted, follow->session->datapath))
		for (size_t i = 0; i < pairs.count; i++)
			follow_tell_once(follow, stack_sentence(sentence, &pairs.list[i], true));
	stack_pairs_free(&pairs);
}

static void tell_missing(void *ctx, const char *pattern)
{
	struct follow *follow = ctx;
	char sentence[192];

	if (received(follow, pattern))
		return; /* it was there: that it is gone has been told */
	snprintf(sentence, sizeof(sentence), "device '%s': %s yet: waited for", pattern,
		 devices_is_pattern(pattern) ? "matches none" : "does not exist");
	follow_tell_once(follow, sentence);
}

static void give_up(struct followed *followed)
{
	if (!followed)
		return;
	followed->failures = 1;
	followed->retry_ns = UINT64_MAX;
}

static void end_watch(struct follow *follow, const struct device *device)
{
	struct datapath *datapath = follow->session->datapath;
	const struct datapath_device *counted = received(follow, device->name);

	log_errorx("device '%s': has received nothing since the program came to it: it is taken "
		   "off%s",
		   device->name,
		   follow->session->options->mode == DATAPATH_AUTO ? " and put on the tc hook" : "");
	if (counted && !datapath_stalled(datapath, counted) &&
	    follow->session->options->mode == DATAPATH_AUTO)
		attach(follow, device);
	else
		give_up(find(follow, device));
}

static void watch_all(struct follow *follow, const struct devices *all, uint64_t now)
{
	for (size_t i = 0; i < all->count; i++) {
		struct followed *followed = find(follow, &all->list[i]);
		struct watch_look look = look_at(&all->list[i], now);

		if (followed && watch_look(&followed->watch, &look) == WATCH_STALLED)
			end_watch(follow, &all->list[i]);
	}
}

static void update(struct follow *follow, const struct devices *all)
{
	const struct cli_list *patterns = &follow->session->options->interfaces;
	struct datapath *datapath = follow->session->datapath;
	int lock = datapath_lock_export(datapath); /* --forget holds it while it removes */

	datapath_drop_forgotten(datapath, tell_forgotten, NULL);
	datapath_refresh(datapath, all, tell_gone, NULL);
	attach_renamed(follow, all);
	attach_new(follow, all);
	watch_all(follow, all, follow_now());
	datapath_unlock(lock);
	devices_missing(all, patterns->items, patterns->count, tell_missing, follow);
	tell_doubles(follow, all);
	follow_next_look(follow);
}

void follow_update(struct follow *follow)
{
	struct devices all;

	if (devices_read(&all))
		return;
	add_new(follow, &all, follow_now());
	if (!stack_sort(&all))
		update(follow, &all);
	remember(follow, &all, follow_now());
	devices_free(&all);
}

void follow_begin(struct follow *follow)
{
	struct devices all = {};
	uint64_t now;
	bool read = !devices_read(&all);

	now = follow_now();
	for (size_t i = 0; i < all.count; i++) {
		const struct datapath_device *counted = received(follow, all.list[i].name);

		if (counted && counted->is_attached_now)
			begin_watch(follow, &all.list[i], now);
	}
	devices_free(&all);
	datapath_keep(follow->session->datapath);
	if (read)
		follow_update(follow);
}

bool follow_is_waiting(const struct follow *follow)
{
	for (size_t i = 0; i < follow->count; i++)
		if (watch_is_due(&follow->list[i].watch) ||
		    (follow->list[i].failures && follow->list[i].retry_ns != UINT64_MAX))
			return true;
	return false;
}
