// SPDX-License-Identifier: GPL-2.0-only

#include "world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "seed.h"

struct world world;

int world_make(const char *test)
{
	const uint64_t seed = seed_choose(test);

	world.rows_len = packet_table(&world.rows);
	world.database = database_make(seed);
	rng_init(&world.rng, ~seed, world.database->ports, world.database->ports_len);
	return world.rows_len > 1000 ? 0 : -1;
}

int world_free(void **state)
{
	(void)state;
	print_message("frames run: %llu\n", (unsigned long long)program_frames_run);
	database_free(world.database);
	free(world.rows);
	return 0;
}

void world_skip_without_bpf(void)
{
	const char *obstacle = program_obstacle();

	if (!obstacle)
		return;
	print_message("skipped: %s\n", obstacle);
	skip();
}

struct program *world_load(const struct program_options *options)
{
	struct program_options with_database = *options;

	with_database.database = world.database;
	return program_load(&with_database);
}

void world_for_each_row(struct program *program,
			void (*fn)(struct program *program, const struct packet_row *row))
{
	size_t count = 0;

	for (size_t i = 0; i < world.rows_len; i++) {
		if (world.rows[i].starts_at_l3 != program->options.starts_at_l3)
			continue;
		fn(program, &world.rows[i]);
		count++;
	}
	assert_true(count > 50);
	program_check(program);
}

size_t world_make_frame(uint8_t *bytes, bool starts_at_l3)
{
	size_t len = generate_frame(&world.rng, bytes, GENERATE_LONG_MAX, starts_at_l3);

	if (rng_below(&world.rng, 2))
		len = mutate_frame(&world.rng, bytes, len, GENERATE_LONG_MAX);
	while (len < WORLD_FRAME_MIN)
		bytes[len++] = (uint8_t)rng_next(&world.rng);
	return len;
}
