/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seed of a randomised test: a fresh one for every run, printed so that a failure can be had
 * again by putting it into the environment as PORTACCT_SEED. cmocka.h comes first.
 */
#ifndef SEED_H
#define SEED_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static inline uint64_t seed_choose(const char *test)
{
	const char *wanted = getenv("PORTACCT_SEED");
	uint64_t seed;

	if (wanted)
		seed = strtoull(wanted, NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)time(NULL);
	print_message("%s: PORTACCT_SEED=%llu\n", test, (unsigned long long)seed);
	return seed;
}

#endif
