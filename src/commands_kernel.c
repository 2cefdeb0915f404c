// SPDX-License-Identifier: GPL-2.0-only
/* What a start says of the kernel: a line for each feature that it lacks, and of much memory. */
#include "commands_private.h"
#include "footprint.h"
#include "kernel_features.h"
#include "log.h"
#include "units.h"

void commands_tell_kernel(const struct datapath *datapath)
{
	struct footprint footprint = datapath_footprint(datapath);
	char advice[FOOTPRINT_ADVICE_MAX], total[UNITS_MAX];
	struct features features;

	datapath_probe(datapath, &features);
	for (enum feature i = 0; i < FEATURES; i++)
		if (features.has[i] == FEATURE_MISSING)
			log_info("kernel: has no %s: %s", feature_name(i), feature_without(i));
	if (*footprint_advice(advice, &footprint))
		log_info("memory: the maps take about %s; %s", units_bytes(total, footprint.total),
			 advice);
}
