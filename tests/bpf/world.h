/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the loaded program share: the packet table, a random database and random
 * numbers. For the same seed it is the same. What is wrong fails an assertion of cmocka.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "generate.h"
#include "packet_table.h"
#include "program.h"

#define WORLD_FRAME_MIN 14 /* what BPF_PROG_TEST_RUN takes */

struct world {
	struct database *database;
	struct packet_row *rows;
	size_t rows_len;
	struct rng rng;
};
extern struct world world;

/* Both for the group functions of cmocka_run_group_tests(). */
int world_make(const char *test);
int world_free(void **state);

void world_skip_without_bpf(void);
/* With the world's database. */
struct program *world_load(const struct program_options *options);
/* Calls fn for each row that starts as the program's frames do. */
void world_for_each_row(struct program *program,
			void (*fn)(struct program *program, const struct packet_row *row));
/* A frame of any kind, half of them damaged, up to GENERATE_LONG_MAX bytes. Returns its length. */
size_t world_make_frame(uint8_t *bytes, bool starts_at_l3);

#endif
