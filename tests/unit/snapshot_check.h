/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of snapshots share. For behind the headers of cmocka. */
#ifndef SNAPSHOT_CHECK_H
#define SNAPSHOT_CHECK_H

#include "snapshot.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SLOTS_END 4
#define CELLS PORT_INDEX_END(SLOTS_END)
#define BIT_32 (UINT64_C(1) << 32)
#define BIT_53 (UINT64_C(1) << 53)

static inline void assert_counter(struct port_counter counter, uint64_t packets, uint64_t bytes)
{
	assert_int_equal(counter.packets, packets);
	assert_int_equal(counter.bytes, bytes);
}

static inline void assert_handshakes(struct port_handshakes handshakes, uint64_t attempted,
				     uint64_t accepted, uint64_t reset)
{
	assert_int_equal(handshakes.attempted, attempted);
	assert_int_equal(handshakes.accepted, accepted);
	assert_int_equal(handshakes.reset, reset);
}

static inline struct snapshot make_snapshot(uint32_t slots_end)
{
	struct snapshot snapshot;

	assert_int_equal(snapshot_init(&snapshot, slots_end), 0);
	return snapshot;
}

static inline void set(struct snapshot *snapshot, uint32_t index, uint64_t packets, uint64_t bytes)
{
	const struct port_counter counter = { packets, bytes };

	assert_true(index < PORT_INDEX_END(snapshot->slots_end));
	snapshot->cells[index] = counter;
}

#endif
