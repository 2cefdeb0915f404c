/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of the counting, for a person or as JSON: devices, hook and mode, since when, the
 * closed account, connections, and what was counted beside what the interfaces say they received
 * since.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "measure.h"

struct status_device {
	const struct measured_device *measured;
	const char *version;        /* of the agent that loaded the program */
	uint64_t since;             /* seconds since 1970 */
	bool is_attached;           /* false: the device is gone, or counting on it has ended */
	uint64_t base_frames;       /* counted before the program came to the present interface */
	bool has_interface;         /* the next two are known */
	uint64_t interface_packets; /* received by the interface since counting began */
	uint64_t interface_bytes;
};

struct status {
	const char *pin_dir;
	bool agent_running;
	struct status_device *devices;
	size_t count;
	uint32_t services, capacity;
	uint32_t endpoint_cells; /* of the table of marks */
	uint32_t endpoint_age;   /* seconds that a mark lives at least */
	bool counts_ports;       /* unclassified frames are counted by port */
	uint64_t memory_bytes;   /* of the kernel, for all maps */
	uint64_t now;            /* seconds since 1970 */
};

/* 0, -ENOMEM or -EIO. */
int status_print(FILE *out, const struct status *status);
int status_json_print(FILE *out, const struct status *status);

#endif
