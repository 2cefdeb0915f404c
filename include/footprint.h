/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's memory for maps, in bytes, computed from how they are made, as the kernel itself
 * accounts for them (map_mem_usage() in kernel/bpf/arraymap.c and hashtab.c): values, rounded up to
 * 8 bytes and once for each possible CPU where they are per CPU, and what it keeps with each. It is
 * said to be "about" that much, as records of the allocator's own come on top: where memory is
 * accounted to control groups, twice what per-CPU maps have for one CPU (mm/percpu.c), which is as
 * much again on two CPUs and 1 % on 256.
 */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct footprint_shape {
	uint32_t cpus;           /* possible ones, of which there may be more than are online */
	uint32_t capacity;       /* slots that there is room for, the unused slot 0 included */
	uint32_t endpoint_cells; /* of the table of marks; 0: not known */
	bool counts_ports;       /* unclassified frames are counted by port */
	size_t devices;          /* what transmits is counted as another device */
	size_t bases;            /* devices that have sums of earlier maps */
};

enum footprint_part {
	FOOTPRINT_COUNTERS, /* of all devices */
	FOOTPRINT_PORTS,    /* unclassified frames by port */
	FOOTPRINT_MARKS,
	FOOTPRINT_REST, /* the port table, the services' names, fragments */
	FOOTPRINT_PARTS,
};

struct footprint {
	uint64_t parts[FOOTPRINT_PARTS];
	uint64_t total;  /* 0: not known, as the table of marks is not */
	uint64_t device; /* for one device */
	uint64_t base;   /* besides, for one that has sums of earlier maps */
	uint32_t cpus;   /* as in the shape */
};

/* Above that the advice is given. */
#define FOOTPRINT_LARGE 256000000

#define FOOTPRINT_ADVICE_MAX 192

struct footprint footprint_of(const struct footprint_shape *shape);
/*
 * What takes most of it and what to change, for a total above FOOTPRINT_LARGE, as "unclassified
 * frames by port take 537 MB of it: ..."; else "". The string goes to out, which is returned.
 */
char *footprint_advice(char out[FOOTPRINT_ADVICE_MAX], const struct footprint *footprint);

#endif
