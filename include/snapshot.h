/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device's counters at one moment, summed over the CPUs, in the index space of port_abi.h.
 * Pure: the numbers come in as the kernel hands them out, one cell a CPU.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdint.h>

#include "port_abi.h"

struct snapshot {
	struct port_counter *cells;         /* PORT_INDEX_END(slots_end) of them */
	struct port_handshakes *handshakes; /* slots_end of them; 0: of no service */
	uint32_t slots_end;
	uint64_t taken_ns; /* CLOCK_MONOTONIC */
};

/* All counters 0. 0 or -ENOMEM. */
int snapshot_init(struct snapshot *snapshot, uint32_t slots_end);
void snapshot_fini(struct snapshot *snapshot);
/* Of snapshots of as many slots. */
void snapshot_copy(struct snapshot *to, const struct snapshot *from);
/* Sums the cells of indices first to first + count - 1: cpus cells each, one behind the other. */
void snapshot_fold(struct snapshot *snapshot, uint32_t first, uint32_t count,
		   const struct port_counter *per_cpu, unsigned int cpus);
/* The same for handshakes: of slots first to first + count - 1. */
void snapshot_fold_handshakes(struct snapshot *snapshot, uint32_t first, uint32_t count,
			      const struct port_handshakes *per_cpu, unsigned int cpus);
/*
 * Into later: what was counted since earlier. Slots that earlier did not have count from 0, and so
 * does all of a device whose maps have begun anew in between, which shows in any counter that went
 * back: as long as a map lives, its cells only grow.
 */
void snapshot_subtract(struct snapshot *later, const struct snapshot *earlier);

struct port_counter snapshot_bucket(const struct snapshot *snapshot, enum port_bucket bucket);
/* A slot beyond the snapshot's has counted nothing. */
struct port_counter snapshot_service(const struct snapshot *snapshot, uint32_t slot,
				     enum port_direction direction);
struct port_handshakes snapshot_handshakes(const struct snapshot *snapshot, uint32_t slot);
/* Those of all slots, and of no service. */
struct port_handshakes snapshot_connections(const struct snapshot *snapshot);
uint64_t snapshot_method_packets(const struct snapshot *snapshot, enum port_method method);
struct port_counter snapshot_suspicious(const struct snapshot *snapshot);

/* The closed account: services and buckets are disjoint and together are what the program saw. */
struct account_totals {
	struct port_counter services;
	struct port_counter buckets;
	struct port_counter frames;
};
struct account_totals snapshot_totals(const struct snapshot *snapshot);

#endif
