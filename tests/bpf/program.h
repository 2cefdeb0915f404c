/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loaded kernel half under test: runs frames through it and holds its account against the
 * reference's. Every run of a frame is checked for its return value and for the frame's bytes
 * behind it; every batch for every counter cell, so that a frame counted twice, elsewhere or not at
 * all is seen. On a difference the batch is run again frame by frame, and the frame that fails is
 * printed. What is wrong fails an assertion of cmocka. Needs root.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "database.h"
#include "port_abi.h"

struct agent_bpf;

#define PROGRAM_BATCH 1000
#define PROGRAM_FRAME_MAX 9216
#define PROGRAM_ALL_LINEAR UINT32_MAX /* as far as the kernel has room for it */

struct program_options {
	bool starts_at_l3, have_frags;
	const struct database *database; /* NULL: no table is stored, no port has an entry */
	uint32_t slots_end; /* what the counters have room for; 0: all of the database */
};

struct frame {
	uint8_t *bytes;
	uint32_t len;
	uint32_t linear; /* how many of them lie in the linear part */
};

struct program {
	struct program_options options;
	struct agent_bpf *skeleton;
	int fd;
	uint32_t cells;
	unsigned int cpus;
	struct port_counter *expected; /* a cell each */
	struct port_counter *copies;   /* one cell, a copy for each possible CPU */
	uint64_t frames, bytes;        /* what was run */
	struct frame batch[PROGRAM_BATCH];
	size_t batch_len;
};

/* Why nothing can be loaded here, or NULL. */
const char *program_obstacle(void);
/* Whether the kernel runs frames whose linear part is cut short; if not, *error is its errno. */
bool program_can_split(struct program *program, int *error);

struct program *program_load(const struct program_options *options);
void program_free(struct program *program);
uint32_t program_verified_instructions(const struct program *program);

/* Takes a copy of a frame into the batch; a full batch is run. */
void program_add(struct program *program, const uint8_t *bytes, size_t len, uint32_t linear);
/* Runs what is in the batch and compares the whole account. desc is printed on failure. */
void program_check(struct program *program, const char *desc);

#endif
