/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for the torture test: plausible, wrong in all the places where frames can be wrong, and
 * the same again for the same seed on every machine.
 *
 * The caller owns everything; the ports given to rng_init() must outlive the rng. Nothing fails.
 * No more than cap bytes of buf are ever written, and all bytes up to the length returned are.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GENERATE_USUAL_MAX 1500 /* bytes; longest frame but for a few */
#define GENERATE_LONG_MAX 3000  /* bytes; longest of the few */

struct rng {
	uint64_t state;
	const uint16_t *ports; /* host byte order; frames use these ports most */
	size_t ports_len;      /* may be 0 */
};

void rng_init(struct rng *rng, uint64_t seed, const uint16_t *ports, size_t ports_len);
uint64_t rng_next(struct rng *rng);
/* 0 to n - 1; n must not be 0. */
uint32_t rng_below(struct rng *rng, uint32_t n);

/*
 * Writes one frame and returns its length: 14 to 1500 bytes with an Ethernet header, 1 to 1500
 * without, one in 32 up to 3000; never above cap. cap must be at least 14.
 */
size_t generate_frame(struct rng *rng, uint8_t *buf, size_t cap, bool starts_at_l3);

/* Damages len bytes (1 to cap) in one to four places. Returns the new length, 1 to cap. */
size_t mutate_frame(struct rng *rng, uint8_t *buf, size_t len, size_t cap);

#endif
