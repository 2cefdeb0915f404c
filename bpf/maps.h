/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map of the kernel half. BPF only. Keys are __u32 indices in host byte order, but for
 * `fragments`. User space creates, sizes and pins them; max_entries and value_size of those that it
 * sizes are set before loading.
 */
#ifndef MAPS_H
#define MAPS_H

#include "cursor.h"

/*
 * The port table's outer map. Index 0 holds the table in force: an array of PORT_TABLE_ENTRIES
 * values as port_abi.h draws them. User space fills a table before it stores it here, in one atomic
 * store, and never writes to a stored one; so a frame sees one table or the other, never a mix. The
 * table can be mapped into user space, so that filling it takes no system call a value.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, PORT_TABLE_ENTRIES);
			__uint(map_flags, 1U << 10); /* BPF_F_MMAPABLE, a macro, so not in BTF */
			__type(key, __u32);
			__type(value, __u32);
		});
} ports SEC(".maps");

/*
 * A device's counters in one direction, by PORT_INDEX_*. Written by the kernel half alone, each CPU
 * in its own copy, so no atomics: both hooks run with softirqs disabled, so that none of the
 * programs is interrupted by another on the same CPU. User space only reads and sums. Never reset.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PORT_INDEX_END(PORT_SLOT_FIRST));
	__type(key, __u32);
	__type(value, struct port_counter);
} counters SEC(".maps");

/* Its connections by slot, written and read like its counters. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PORT_SLOT_FIRST);
	__type(key, __u32);
	__type(value, struct port_handshakes);
} handshakes SEC(".maps");

/* All devices' unclassified frames by port; PORT_UNCLASSIFIED_BLOCKS, or 1 where not wanted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct port_unclassified);
} unclassified SEC(".maps");

/*
 * All devices' marks, one value: struct port_endpoints and the cells behind it. The head is written
 * by user space before the map is used, the cells by the kernel half, as endpoints.h tells.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct port_endpoints) + 2);
} endpoints SEC(".maps");

/* All devices' first fragments. Full, it forgets the least recently used. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PORT_FRAGMENTS);
	__type(key, struct port_fragment_key);
	__type(value, struct port_fragment);
} fragments SEC(".maps");

/* A CPU's scratch space: the start of a frame whose headers are not in its linear part. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[COPY_ROOM]);
} copies SEC(".maps");

#endif
