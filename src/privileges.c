// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "log.h"
#include "parse_num.h"
#include "privileges.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NEEDED_MAX 3
#define OVER_FILES 2
#define GROUPS_MAX 4096

static const struct {
	cap_value_t value;
	const char *name;
} names[] = {
	{ CAP_BPF, "CAP_BPF" },         { CAP_NET_ADMIN, "CAP_NET_ADMIN" },
	{ CAP_PERFMON, "CAP_PERFMON" }, { CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE" },
	{ CAP_FOWNER, "CAP_FOWNER" },   { CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
};

/* With these root uses others' directories, and replaces their files in one that is sticky. */
static const cap_value_t over_files[OVER_FILES] = { CAP_DAC_OVERRIDE, CAP_FOWNER };
static bool has_given_up_files;

static const char *name_of(cap_value_t value)
{
	size_t i = 0;

	while (i + 1 < COUNT(names) && names[i].value != value)
		i++;
	return names[i].name;
}

/* What counting needs on this kernel, which is asked for what it knows. */
static size_t needed(cap_value_t values[NEEDED_MAX])
{
	static const cap_value_t now[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };
	static const cap_value_t before[] = { CAP_NET_ADMIN, CAP_SYS_ADMIN };

	if (!privileges_are_split()) {
		memcpy(values, before, sizeof(before));
		return COUNT(before);
	}
	memcpy(values, now, sizeof(now));
	return COUNT(now);
}

static bool has(cap_t caps, cap_value_t value, cap_flag_t set)
{
	cap_flag_value_t flag;

	return !cap_get_flag(caps, value, set, &flag) && flag == CAP_SET;
}

static int put(cap_t caps, cap_value_t value, cap_flag_t set, cap_flag_value_t flag)
{
	return cap_set_flag(caps, set, 1, &value, flag) ? -errno : 0;
}

static int apply(cap_t caps)
{
	return cap_set_proc(caps) ? -errno : 0;
}

static bool is_kept(cap_value_t value, const cap_value_t *kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == value)
			return true;
	return false;
}

/* In effect: what is kept; at hand still: what decides whether one more is, and lowers the rest. */
static int narrow(cap_t caps, const cap_value_t *kept, size_t count)
{
	int err = cap_clear_flag(caps, CAP_EFFECTIVE) || cap_clear_flag(caps, CAP_INHERITABLE)
			  ? -errno
			  : 0;

	for (size_t i = 0; !err && i < count; i++)
		if (has(caps, kept[i], CAP_PERMITTED))
			err = put(caps, kept[i], CAP_EFFECTIVE, CAP_SET);
	return err ? err : apply(caps);
}

/* Takes up those of a set of bits, and lets go of the others. False: some are not at hand. */
static bool take_up(cap_t caps, unsigned int set)
{
	for (unsigned int i = 0; i < OVER_FILES; i++) {
		bool is_in = set & 1U << i;

		if (is_in && !has(caps, over_files[i], CAP_PERMITTED))
			return false;
		if (put(caps, over_files[i], CAP_EFFECTIVE, is_in ? CAP_SET : CAP_CLEAR))
			return false;
	}
	return !apply(caps);
}

static bool is_refusal(int err)
{
	return abs(err) == EPERM || abs(err) == EACCES;
}

/* The least set that makes the difference between what works and what does not; 0: none does. */
static unsigned int find_over_files(cap_t caps, int (*works)(void *ctx), void *ctx, int *without)
{
	*without = works ? works(ctx) : 0;
	if (!is_refusal(*without))
		return 0;
	for (unsigned int set = 1; set < 1U << OVER_FILES; set++)
		if (take_up(caps, set) && !works(ctx))
			return set;
	take_up(caps, 0);
	return 0;
}

static size_t keep_over_files(cap_t caps, int (*works)(void *ctx), void *ctx, cap_value_t *kept)
{
	int without;
	unsigned int set = find_over_files(caps, works, ctx, &without);
	size_t count = 0;

	for (unsigned int i = 0; i < OVER_FILES; i++) {
		if (set & 1U << i) {
			kept[count++] = over_files[i];
			log_info("capabilities: %s is kept, as a file cannot be used without it: "
				 "%s",
				 name_of(over_files[i]), strerror(-without));
		} else if (has(caps, over_files[i], CAP_PERMITTED)) {
			has_given_up_files = true;
		}
	}
	return count;
}

/*
 * Only with CAP_SETPCAP; without it the set stays as it is, which is no way back to anything, as no
 * program that is started gains privileges.
 */
static int lower_bounds(cap_t caps, const cap_value_t *kept, size_t count)
{
	int err;

	if (!has(caps, CAP_SETPCAP, CAP_PERMITTED))
		return 0;
	err = put(caps, CAP_SETPCAP, CAP_EFFECTIVE, CAP_SET);
	if (!err)
		err = apply(caps);
	for (cap_value_t value = 0; !err && cap_get_bound(value) >= 0; value++)
		if (!is_kept(value, kept, count) && cap_get_bound(value) && cap_drop_bound(value))
			err = -errno;
	return err;
}

static int keep_only(cap_t caps, const cap_value_t *kept, size_t count)
{
	int err = 0;

	for (cap_value_t value = 0; !err && cap_get_bound(value) >= 0; value++) {
		if (is_kept(value, kept, count))
			continue;
		err = put(caps, value, CAP_EFFECTIVE, CAP_CLEAR);
		if (!err)
			err = put(caps, value, CAP_PERMITTED, CAP_CLEAR);
	}
	return err ? err : apply(caps);
}

static int drop(cap_t caps, int (*works)(void *ctx), void *ctx)
{
	cap_value_t kept[NEEDED_MAX + OVER_FILES];
	size_t count = needed(kept);
	int err;

	cap_reset_ambient(); /* a kernel that cannot has no such set */
	err = narrow(caps, kept, count);
	if (err)
		return err;
	count += keep_over_files(caps, works, ctx, kept + count);
	err = lower_bounds(caps, kept, count);
	return err ? err : keep_only(caps, kept, count);
}

int privileges_drop(int (*works)(void *ctx), void *ctx)
{
	cap_t caps = cap_get_proc();
	int err = caps ? drop(caps, works, ctx) : -errno;

	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	if (err)
		log_error(err, "capabilities: those that are not needed cannot be given up");
	if (caps)
		cap_free(caps);
	return err;
}

/* Of this thread, of which the process has one. */
int privileges_without(int (*works)(void *ctx), void *ctx)
{
	cap_t caps = cap_get_proc(), none = caps ? cap_dup(caps) : NULL;
	int err =
		none && !cap_clear_flag(none, CAP_EFFECTIVE) && !cap_set_proc(none) ? 0 : -ENOTSUP;

	if (!err) {
		err = works(ctx);
		if (cap_set_proc(caps))
			log_error(errno, "capabilities: cannot be taken up again");
	}
	if (none)
		cap_free(none);
	if (caps)
		cap_free(caps);
	return err;
}

bool privileges_are_split(void)
{
	return cap_get_bound(CAP_BPF) >= 0 && cap_get_bound(CAP_PERFMON) >= 0;
}

size_t privileges_missing(char *out, size_t size)
{
	cap_value_t values[NEEDED_MAX];
	size_t count = needed(values), missing = 0, used = 0;
	cap_t caps = cap_get_proc();

	*out = '\0';
	for (size_t i = 0; caps && i < count; i++) {
		if (has(caps, values[i], CAP_EFFECTIVE))
			continue;
		if (used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s",
						 missing ? ", " : "", name_of(values[i]));
		missing++;
	}
	if (caps)
		cap_free(caps);
	return missing;
}

const char *privileges_hint(int err)
{
	static char hint[PRIVILEGES_TEXT_MAX + 96];
	char missing[PRIVILEGES_TEXT_MAX];
	cap_value_t values[NEEDED_MAX];

	if (!is_refusal(err) || !privileges_missing(missing, sizeof(missing)))
		return "";
	snprintf(hint, sizeof(hint), " (missing: %s; run as root, or with %s)", missing,
		 needed(values) == NEEDED_MAX ? "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
					      : "CAP_NET_ADMIN and CAP_SYS_ADMIN");
	return hint;
}

const char *privileges_files_hint(int err)
{
	if (!has_given_up_files || !is_refusal(err))
		return "";
	return " (restart the agent: it has given up its rights over other users' files)";
}

/* One more group for this process; without the right to do so it stays with those it has: false. */
static bool join(gid_t gid)
{
	gid_t *groups = calloc(GROUPS_MAX, sizeof(*groups));
	int count = groups ? getgroups(GROUPS_MAX - 1, groups) : -1;
	bool is_member = getegid() == gid;

	for (int i = 0; i < count; i++)
		is_member |= groups[i] == gid;
	if (count >= 0 && !is_member) {
		groups[count] = gid;
		is_member = !setgroups((size_t)count + 1, groups);
	}
	free(groups);
	return is_member;
}

static bool may_chown(void)
{
	cap_t caps = cap_get_proc();
	bool may = caps && has(caps, CAP_CHOWN, CAP_EFFECTIVE);

	if (caps)
		cap_free(caps);
	return may;
}

int privileges_group(const char *name, bool for_good, gid_t *gid)
{
	struct group *group;
	uint32_t number;

	errno = 0;
	group = getgrnam(name);
	if (group) {
		*gid = group->gr_gid;
	} else if (!parse_u32(name, strlen(name), UINT32_MAX - 1, &number)) {
		*gid = number;
	} else {
		log_errorx("option '--group': no group '%s'", name);
		return -EINVAL;
	}
	if (join(*gid) || (!for_good && may_chown()))
		return 0;
	log_error(EPERM,
		  "option '--group': the pinned state cannot be given to group '%s' (run as root, "
		  "or as a member of that group)",
		  name);
	return -EPERM;
}
