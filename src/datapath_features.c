// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this kernel has. Nothing is made or changed to find out, but that programs of two
 * instructions are checked by the verifier and let go.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "datapath_hook.h"
#include "datapath_private.h"
#include "kernel_features.h"
#include "privileges.h"

/* Which libc does not know. */
#define KERNEL_ENOTSUPP 524

/* Before 5.13 per-CPU arrays answer the first, and a kernel without the command the second. */
bool datapath_lacks_batches(int err)
{
	return err == -KERNEL_ENOTSUPP || err == -EINVAL;
}

/* No value is asked for: generic_map_lookup_batch() in kernel/bpf/syscall.c has done, then. */
static enum feature_answer probe_batches(const struct datapath *datapath)
{
	uint32_t position = 0, key, count = 0;
	int err = bpf_map_lookup_batch(datapath->unclassified, NULL, &position, &key,
				       datapath->cells, &count, NULL);

	if (datapath_lacks_batches(err))
		return FEATURE_MISSING;
	return err ? FEATURE_UNKNOWN : FEATURE_PRESENT;
}

/*
 * libbpf takes a helper for there, unless the verifier says that it is none: so a number that is
 * none tells whether the verifier is asked at all.
 */
static enum feature_answer probe_frags(void)
{
	const enum bpf_func_id none = (enum bpf_func_id)INT16_MAX;

	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, none, NULL))
		return FEATURE_UNKNOWN;
	return datapath_has_frags() ? FEATURE_PRESENT : FEATURE_MISSING;
}

static enum feature_answer probe_tcx(void)
{
	int err = hook_tcx_probe();

	if (err == -EINVAL)
		return FEATURE_MISSING;
	return err ? FEATURE_UNKNOWN : FEATURE_PRESENT;
}

static int read_record(void *ctx)
{
	const struct datapath *datapath = ctx;
	struct datapath_agent record;
	uint32_t index = 0;

	return bpf_map_lookup_elem(datapath->agent, &index, &record);
}

static enum feature_answer probe_group_reads(const struct datapath *datapath)
{
	int err = privileges_without(read_record, (void *)(uintptr_t)datapath);

	if (err == -EPERM)
		return FEATURE_MISSING;
	return err ? FEATURE_UNKNOWN : FEATURE_PRESENT;
}

void datapath_probe(const struct datapath *datapath, struct features *features)
{
	struct utsname system = {};

	uname(&system);
	snprintf(features->release, sizeof(features->release), "%s", system.release);
	features->has[FEATURE_BATCH_READS] = probe_batches(datapath);
	features->has[FEATURE_FRAGS] = probe_frags();
	features->has[FEATURE_TCX] = probe_tcx();
	features->has[FEATURE_CAPABILITIES] =
		privileges_are_split() ? FEATURE_PRESENT : FEATURE_MISSING;
	features->has[FEATURE_GROUP_READS] = probe_group_reads(datapath);
}
