// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tc hook by a filter of a clsact queueing discipline: kernels before 6.6, and tools that know
 * nothing else. A filter has no link that could be pinned, so the program is: whatever filter has
 * it is ours, and no other. One that replaces it is pinned as `next` before and as `link` after, so
 * that a start which is killed in between leaves a filter that the next one finds. It is seen from
 * its own network namespace only; taken to another one, a device loses its filters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_hook.h"
#include "log.h"

/* libbpf wants even what lies between and behind the members to be 0. */
static void set_hook(struct bpf_tc_hook *hook, const struct datapath_device *device,
		     uint32_t ifindex)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = device->is_egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

/* The filter that has the device's program, in found. */
static bool find(const struct datapath_device *device, uint32_t ifindex, struct hook_filter *found)
{
	struct hook_filters filters;
	const struct hook_filter *filter;

	if (device->link < 0 || hook_filters_read(&filters, ifindex, device->is_egress))
		return false;
	filter = hook_filters_find(&filters, hook_filter_program_id(device->link));
	if (filter)
		*found = *filter;
	hook_filters_free(&filters);
	return filter;
}

bool hook_clsact_is_on(const struct datapath_device *device, uint32_t ifindex)
{
	struct hook_filter found;

	return device->state.ifindex == ifindex && find(device, ifindex, &found);
}

static bool is_empty(uint32_t ifindex)
{
	struct hook_filters received, transmitted = {};
	bool empty = !hook_filters_read(&received, ifindex, false) &&
		     !hook_filters_read(&transmitted, ifindex, true) && !received.count &&
		     !transmitted.count;

	hook_filters_free(&received);
	hook_filters_free(&transmitted);
	return empty;
}

static void remove_qdisc(const struct datapath_device *device, uint32_t ifindex)
{
	struct bpf_tc_hook hook;

	if (!(device->state.flags & DATAPATH_MADE_QDISC) || !is_empty(ifindex))
		return;
	set_hook(&hook, device, ifindex);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; /* all of it */
	bpf_tc_hook_destroy(&hook);
}

/*
 * A device that has no filter of ours may be another one of the same number by now, with a queueing
 * discipline of somebody else's: that is left alone, unless a start was killed between the making of
 * the one and of the other.
 */
int hook_clsact_remove(const struct datapath_device *device, bool is_unfinished)
{
	uint32_t ifindex = device->state.ifindex;
	struct bpf_tc_hook hook;
	struct hook_filter found;
	bool is_there = find(device, ifindex, &found);
	int err = 0;

	set_hook(&hook, device, ifindex);
	if (is_there) {
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = found.handle,
			    .priority = found.priority);

		err = bpf_tc_detach(&hook, &options);
		if (err && !find(device, ifindex, &found))
			err = 0; /* somebody else was faster */
	}
	if (!err && (is_there || is_unfinished))
		remove_qdisc(device, ifindex);
	return err;
}

/* One made for what the device receives holds what it transmits too, and the other way round. */
static bool other_made_qdisc(const struct datapath *datapath, const struct datapath_device *device)
{
	for (size_t i = 0; i < datapath->count; i++) {
		const struct datapath_device *other = &datapath->devices[i];

		if (other != device && other->state.mode == DATAPATH_CLSACT &&
		    other->state.flags & DATAPATH_MADE_QDISC &&
		    hook_clsact_is_on(other, device->ifindex))
			return true;
	}
	return false;
}

/*
 * Whether it is to be removed in the end is stored before it is made, so that nobody has to guess
 * it afterwards.
 */
static int make_qdisc(const struct datapath *datapath, struct datapath_device *device,
		      struct hook_refusal *refusal)
{
	struct bpf_tc_hook hook;
	char kind[16];
	int err = hook_qdisc_kind(device->ifindex, kind);

	if (!err && device->is_egress && !strcmp(kind, "ingress")) {
		err = -EOPNOTSUPP;
		snprintf(refusal->reason, sizeof(refusal->reason),
			 "its queueing discipline 'ingress' knows no transmitted frames");
	}
	if (!err && (!*kind || other_made_qdisc(datapath, device))) {
		device->state.flags |= DATAPATH_MADE_QDISC;
		err = datapath_store_state(device);
		if (err)
			return err;
	}
	set_hook(&hook, device, device->ifindex);
	if (!err && !*kind)
		err = bpf_tc_hook_create(&hook);
	refusal->err = err == -EEXIST ? 0 : err;
	return refusal->err;
}

static int put_filter(struct datapath_device *device, int program, struct hook_refusal *refusal)
{
	struct bpf_tc_hook hook;
	struct hook_filters filters;
	struct hook_filter place;
	bool replaces = find(device, device->ifindex, &place);

	refusal->err = hook_filters_read(&filters, device->ifindex, device->is_egress);
	if (refusal->err)
		return refusal->err;
	if (!replaces)
		place = hook_filters_place(&filters);
	hook_filters_free(&filters);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = place.handle, .priority = place.priority,
		    .prog_fd = program, .flags = replaces ? BPF_TC_F_REPLACE : 0);
	set_hook(&hook, device, device->ifindex);
	refusal->err = bpf_tc_attach(&hook, &options);
	return refusal->err;
}

static int pin_next(const char *path, int program)
{
	int err;

	unlink(path); /* of a start that was killed before it was in force */
	err = bpf_obj_pin(program, path);
	if (err)
		log_error(err, "pin '%s': cannot be made", path);
	return err;
}

static int make_link(const char *next, const char *link)
{
	if (!rename(next, link))
		return 0;
	log_error(errno, "pin '%s': cannot be made", link);
	return -errno;
}

/* The filter is found by what is held, and pinned as `next`: so both are done before. */
static int prepare(const struct datapath_device *device, int program, const char *next)
{
	int copy = fcntl(program, F_DUPFD_CLOEXEC, 0), err;

	if (copy < 0) {
		log_error(errno, "device '%s': its program cannot be kept", device->name);
		return -errno;
	}
	err = next ? pin_next(next, program) : 0;
	if (!err)
		return copy;
	close(copy);
	return err;
}

int hook_clsact_put(const struct datapath *datapath, struct datapath_device *device, int program,
		    struct hook_refusal *refusal)
{
	bool is_pinned = datapath->access != DATAPATH_PRIVATE;
	char next[PATH_MAX], link[PATH_MAX];
	libbpf_print_fn_t before;
	int err, held;

	if (is_pinned && (!pins_device_path(&datapath->pins, device->folder, "next", next) ||
			  !pins_device_path(&datapath->pins, device->folder, "link", link)))
		return -ENAMETOOLONG;
	held = prepare(device, program, is_pinned ? next : NULL);
	if (held < 0)
		return held;
	before = hook_listen(refusal);
	err = make_qdisc(datapath, device, refusal);
	if (!err)
		err = put_filter(device, program, refusal);
	hook_listen_end(before);
	if (err) {
		close(held);
		remove_qdisc(device, device->ifindex);
		if (is_pinned)
			unlink(next);
		return err;
	}
	datapath_close_fd(&device->link);
	device->link = held; /* whether or not it can be pinned as `link` too */
	return is_pinned ? make_link(next, link) : 0;
}
