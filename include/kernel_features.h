/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernels may lack of what is used where it is there, and what follows from that. Words only:
 * the kernel is asked by datapath_probe().
 */
#ifndef KERNEL_FEATURES_H
#define KERNEL_FEATURES_H

enum feature {
	FEATURE_BATCH_READS,
	FEATURE_FRAGS,
	FEATURE_TCX,
	FEATURE_CAPABILITIES,
	FEATURE_GROUP_READS,
	FEATURES,
};

/* UNKNOWN: who asked is not let know. */
enum feature_answer { FEATURE_UNKNOWN, FEATURE_MISSING, FEATURE_PRESENT };

struct features {
	char release[65]; /* as uname(2) tells it; for people, nothing is decided by it */
	enum feature_answer has[FEATURES];
};

/* Of JSON: "batch_reads". */
const char *feature_key(enum feature feature);
/* "batch reads of per-CPU maps" */
const char *feature_name(enum feature feature);
/* What is done without it: "counters are read one by one, which takes longer". */
const char *feature_without(enum feature feature);

#endif
