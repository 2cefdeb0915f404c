// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_features.h"

static const struct {
	const char *key, *name, *without;
} words[FEATURES] = {
	[FEATURE_BATCH_READS] = { "batch_reads", "batch reads of per-CPU maps",
				  "counters are read one by one, which takes longer" },
	[FEATURE_FRAGS] = { "frags", "XDP for frames in several buffers",
			    "a driver may refuse a large MTU, and --mode auto counts at the tc "
			    "hook then" },
	[FEATURE_TCX] = { "tcx", "tcx links",
			  "the tc hook is a filter of a clsact queueing discipline, which other "
			  "tools can remove" },
	[FEATURE_CAPABILITIES] = { "cap_bpf", "CAP_BPF and CAP_PERFMON",
				   "the agent keeps CAP_SYS_ADMIN instead" },
	[FEATURE_GROUP_READS] = { "group_reads", "reads of maps without CAP_BPF",
				  "while kernel.unprivileged_bpf_disabled is set, --group lets "
				  "nobody read" },
};

const char *feature_key(enum feature feature)
{
	return words[feature].key;
}

const char *feature_name(enum feature feature)
{
	return words[feature].name;
}

const char *feature_without(enum feature feature)
{
	return words[feature].without;
}
