/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace through the program itself, loaded for a replay, with marks in the same cells as those of
 * accuracy_rules.h, so that it has to agree with the host on every packet. Needs root.
 */
#ifndef ACCURACY_KERNEL_H
#define ACCURACY_KERNEL_H

#include "accuracy.h"

struct accuracy_kernel;

struct accuracy_kernel *accuracy_kernel_load(const struct accuracy_database *database);
/* NULL is taken. */
void accuracy_kernel_free(struct accuracy_kernel *kernel);
/*
 * Runs the packets, and the host's rules beside. Returns how many were told differently; the first
 * few are printed. *with_ports: how many packets had ports.
 */
uint64_t accuracy_kernel_compare(struct accuracy_kernel *kernel, const struct trace *trace,
				 uint64_t *with_ports);

#endif
