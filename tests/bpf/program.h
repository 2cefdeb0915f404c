/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loaded kernel half under test: runs frames through it and holds its account against the
 * reference's. Every run of a frame is checked for its return value, for the frame's bytes behind
 * it and, in a replay, for what is reported; every batch for every number in every map. What is
 * remembered from frame to frame is forgotten before each batch, by both sides, so that on a
 * difference the batch can be run again frame by frame, and the frame that fails be printed. What
 * is wrong fails an assertion of cmocka. Needs root.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "database.h"
#include "ledger.h"
#include "port_abi.h"
#include "reference.h"

struct agent_bpf;
struct bpf_map;
struct bpf_object;
struct tc_bpf;

#define PROGRAM_BATCH 1000
#define PROGRAM_FRAME_MAX 9216
#define PROGRAM_ALL_LINEAR UINT32_MAX /* as far as the kernel has room for it */
#define PROGRAM_BITS 16               /* the table of marks, where nothing else is asked for */

/* The clock of a replay: ticks of 10 ms, epochs of 2^12 of them, from epoch 4 on. */
#define PROGRAM_TICKS_PER_SECOND 100
#define PROGRAM_EPOCH_SHIFT 12
#define PROGRAM_TICKS_START (4ULL << PROGRAM_EPOCH_SHIFT)

struct program_options {
	bool starts_at_l3, have_frags, is_replay;
	bool is_tc;    /* the program of the tc hook, which knows neither of the other two */
	bool forgets;  /* everything before each frame, so that no frame meets another's marks */
	bool no_ports; /* unclassified frames are not counted by port */
	unsigned int endpoint_bits;      /* 0: PROGRAM_BITS */
	const struct database *database; /* NULL: no table is stored, no port has an entry */
	uint32_t slots_end;              /* what counters have room for; 0: all of the database */
};

struct frame {
	const char *desc;
	const uint8_t *bytes;
	uint32_t len;
	uint32_t linear; /* how many of them lie in the linear part */
	uint32_t wire;   /* length that a replay is told */
	uint32_t second; /* time that a replay is told */
	uint32_t size, segments; /* of a frame that was merged: what the tc hook is told of it */
	uint32_t packets;        /* frames that it is on the wire; 0: not merged, one */
	uint32_t packets_bytes;  /* of these together */
};

struct program {
	struct program_options options;
	struct agent_bpf *xdp; /* one of the two */
	struct tc_bpf *tc;
	struct bpf_object *object; /* of whichever it is */
	int fd;
	/* Puts a frame before the attached program. NULL: it is run by BPF_PROG_TEST_RUN. */
	void (*send)(void *ctx, const struct frame *frame);
	void *send_ctx;
	uint8_t *endpoints; /* the map's value */
	size_t endpoints_len;
	struct reference *reference;
	struct ledger expected, found;
	uint64_t followed; /* fragments that were counted as their first was */
	uint32_t second;   /* of the frames that are added; a counting program's clock stands */
	struct frame batch[PROGRAM_BATCH];
	uint8_t *copies[PROGRAM_BATCH]; /* of their bytes */
	size_t batch_len;
};

/* Why nothing can be loaded here, or NULL. */
const char *program_obstacle(void);
/*
 * 2^n cells of marks, so many that no endpoint of a batch looks marked by others' cells: at most
 * 2,000 cells are written, so it happens once in 70 million look-ups or more. Before Linux 6.9 a
 * map's value is smaller.
 */
unsigned int program_many_bits(void);
/* Whether the kernel runs frames whose linear part is cut short; if not, *error is its errno. */
bool program_can_split(struct program *program, int *error);

struct program *program_load(const struct program_options *options);
void program_free(struct program *program);
uint32_t program_verified_instructions(const struct program *program);
struct bpf_map *program_map(const struct program *program, const char *name);

/*
 * Takes a copy of a frame into the batch; a full batch is run. desc is printed on failure, and must
 * live until then.
 */
void program_add(struct program *program, const char *desc, const uint8_t *bytes, size_t len,
		 uint32_t linear);
/* The same; what is linear, merged or not is as the caller's frame has it. */
void program_add_frame(struct program *program, const struct frame *frame);
/* Runs what is in the batch and compares the whole account. */
void program_check(struct program *program);

/* For tests that hold two programs against each other. */

void program_forget(struct program *program);
/* One frame, now. Fails if it is changed or not passed on. */
void program_run(struct program *program, const struct frame *frame);
extern uint64_t program_frames_run; /* since the test began */
/* What a replay told of the last frame, in the reference's words. */
struct ref_verdict program_report(const struct program *program);
const struct port_replay *program_replay(const struct program *program);

#endif
