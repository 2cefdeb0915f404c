/* SPDX-License-Identifier: GPL-2.0-only */
/* The two halves of the bench. Each prints its table to stdout, and returns 0 or -errno. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

/* objects: directory of the BPF objects. device: one that receives nothing, with native XDP. */
int hotpath_bench(const char *objects, const char *device);
/* device: as above, and up. directory: for files of the bench's own, on a real file system. */
int userhalf_bench(const char *device, const char *directory);

const char *bench_verdict(bool is_within);

#endif
