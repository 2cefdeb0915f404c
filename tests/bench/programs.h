/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs that are measured, loaded: libbpf and its maps are used nowhere else in the bench.
 * All are loaded with the same flags, so that a tail call may lead to any of them.
 *
 * A program must be attached while BPF_PROG_TEST_RUN repeats it: the kernel otherwise puts it into
 * the XDP dispatcher and takes it out again, and waits twice for all CPUs (RCU), some 20 ms a call.
 * So the programs take turns on the link of a device that receives nothing.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

struct agent_bpf;
struct bpf_object;

enum program_id {
	PROGRAM_EMPTY,
	PROGRAM_PARSE,
	PROGRAM_SMALL, /* the agent's program, with few services */
	PROGRAM_LARGE, /* and with many */
	PROGRAM_FILTER_TCP,
	PROGRAM_FILTER_UDP,
	PROGRAM_FILTER_ALL, /* xdp-filter as it comes: ports, addresses, Ethernet */
	PROGRAM_VARY,
	PROGRAMS,
};

#define PROGRAMS_SMALL 100
#define PROGRAMS_LARGE 14000

struct programs {
	int fds[PROGRAMS]; /* -1: not loaded */
	struct bpf_object *objects[PROGRAMS];
	struct agent_bpf *agents[PROGRAMS];
	const char *no_filter; /* why xdp-filter's are not there; NULL: they are */
	int link;
};

/* Loads them; objects is the directory of the bench's own, device the name of the one to attach to.
 * 0 or -errno. */
int programs_open(struct programs *programs, const char *objects, const char *device);
void programs_close(struct programs *programs);

/* Puts a program on the link. 0 or -errno. */
int programs_select(const struct programs *programs, enum program_id id);
/* Makes PROGRAM_VARY choose among so many destinations and go on to a program. 0 or -errno. */
int programs_vary(const struct programs *programs, enum program_id id, uint32_t destinations);
/* Runs a frame over and over. Returns what the last run returned, or -errno. */
int programs_run(const struct programs *programs, enum program_id id, const void *frame,
		 uint32_t len, uint32_t repeat);
/* Not a cell: all services' frames whose method is `database`. */
#define PROGRAMS_BY_DATABASE UINT32_MAX
/* The packets in a counter of PROGRAM_SMALL or PROGRAM_LARGE. */
uint64_t programs_packets(const struct programs *programs, enum program_id id, uint32_t cell);

#endif
