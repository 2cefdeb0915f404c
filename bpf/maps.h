/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map of the kernel half. BPF only. All keys are __u32 indices in host byte order.
 * User space creates, sizes and pins them; max_entries of `counters` is set before loading.
 */
#ifndef MAPS_H
#define MAPS_H

#include "parse.h"

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
 * A device's counters, by PORT_INDEX_*. Written by the kernel half alone, each CPU in its own copy,
 * so no atomics; a program that runs in NAPI context is not interrupted by itself on the same CPU.
 * User space only reads and sums. Never reset.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PORT_INDEX_END(PORT_SLOT_FIRST));
	__type(key, __u32);
	__type(value, struct port_counter);
} counters SEC(".maps");

/* A CPU's scratch space: the start of a frame whose headers are not in its linear part. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[COPY_ROOM]);
} copies SEC(".maps");

#endif
