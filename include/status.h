/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of the counting, for a person or as JSON: devices, hook and mode, since when, the
 * closed account, connections, what was counted beside what the interfaces say they received
 * since, what the kernel has and takes, and how the devices stand on one another.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "kernel_features.h"
#include "footprint.h"
#include "measure.h"
#include "stack.h"

struct status_device {
	const struct measured_device *measured;
	const char *version; /* of the agent that loaded the program */
	uint64_t since;      /* when counting began, seconds since 1970 */
	uint64_t memory;     /* of the kernel, for its maps, in bytes */
};

struct status {
	const char *pin_dir;
	bool agent_running;
	uint32_t agent_pid;       /* of the agent that runs; 0: not known */
	uint64_t reloads;         /* of the database, that were done */
	uint64_t reload_failures; /* that were refused */
	uint64_t last_reload;     /* that was done, seconds since 1970; 0: none */
	uint64_t write_failures;  /* of the textfile */
	struct status_device *devices;
	size_t count;
	uint32_t services, capacity;
	uint32_t endpoint_cells; /* of the table of marks; 0: not for this reader to know */
	uint32_t endpoint_age;   /* seconds that a mark lives at least */
	bool counts_ports;       /* unclassified frames are counted by port */
	struct footprint memory; /* of the kernel, for all maps */
	uint32_t cpus_online;
	const struct features *kernel; /* NULL: nothing is told of it */
	uint64_t now;                  /* seconds since 1970 */
	/* How devices stand on one another; of all there are, or NULL: nothing is drawn. */
	const struct devices *all;
	stack_is_counted *is_counted;
	void *is_counted_ctx;
};

/* 0, -ENOMEM or -EIO. */
int status_print(FILE *out, const struct status *status);
int status_json_print(FILE *out, const struct status *status);

#endif
