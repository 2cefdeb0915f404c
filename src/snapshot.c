// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "snapshot.h"

int snapshot_init(struct snapshot *snapshot, uint32_t slots_end)
{
	*snapshot = (struct snapshot){ .slots_end = slots_end };
	snapshot->cells = calloc(PORT_INDEX_END(slots_end), sizeof(*snapshot->cells));
	return snapshot->cells ? 0 : -ENOMEM;
}

void snapshot_fini(struct snapshot *snapshot)
{
	free(snapshot->cells);
	*snapshot = (struct snapshot){};
}

static void add(struct port_counter *sum, const struct port_counter *counter)
{
	sum->packets += counter->packets;
	sum->bytes += counter->bytes;
}

void snapshot_fold(struct snapshot *snapshot, uint32_t first, uint32_t count,
		   const struct port_counter *per_cpu, unsigned int cpus)
{
	uint32_t end = PORT_INDEX_END(snapshot->slots_end);

	for (uint32_t i = 0; i < count && first + i < end; i++)
		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			add(&snapshot->cells[first + i], &per_cpu[(size_t)i * cpus + cpu]);
}

static uint32_t shared_end(const struct snapshot *later, const struct snapshot *earlier)
{
	uint32_t slots_end = later->slots_end;

	return PORT_INDEX_END(earlier->slots_end < slots_end ? earlier->slots_end : slots_end);
}

/*
 * A counter never goes back, so one that is behind its earlier value shows another life of the map
 * (detached and attached again in between). Then no counter of it goes on from its earlier value,
 * even one that is past it already.
 */
static bool has_restarted(const struct snapshot *later, const struct snapshot *earlier)
{
	uint32_t end = shared_end(later, earlier);

	for (uint32_t i = 0; i < end; i++)
		if (later->cells[i].packets < earlier->cells[i].packets ||
		    later->cells[i].bytes < earlier->cells[i].bytes)
			return true;
	return false;
}

void snapshot_subtract(struct snapshot *later, const struct snapshot *earlier)
{
	uint32_t end = shared_end(later, earlier);

	if (has_restarted(later, earlier))
		return;
	for (uint32_t i = 0; i < end; i++) {
		later->cells[i].packets -= earlier->cells[i].packets;
		later->cells[i].bytes -= earlier->cells[i].bytes;
	}
}

const struct port_counter *snapshot_bucket(const struct snapshot *snapshot, enum port_bucket bucket)
{
	return &snapshot->cells[PORT_INDEX_BUCKETS + bucket];
}

struct port_counter snapshot_service(const struct snapshot *snapshot, uint32_t slot,
				     enum port_direction direction)
{
	if (slot < PORT_SLOT_FIRST || slot >= snapshot->slots_end)
		return (struct port_counter){};
	return snapshot->cells[PORT_INDEX_SERVICE(slot, direction)];
}

uint64_t snapshot_method_packets(const struct snapshot *snapshot, enum port_method method)
{
	return snapshot->cells[PORT_INDEX_METHODS + method].packets;
}

struct account_totals snapshot_totals(const struct snapshot *snapshot)
{
	struct account_totals totals = {};

	for (uint32_t i = 0; i < PORT_BUCKETS; i++)
		add(&totals.buckets, &snapshot->cells[PORT_INDEX_BUCKETS + i]);
	for (uint32_t i = PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0);
	     i < PORT_INDEX_END(snapshot->slots_end); i++)
		add(&totals.services, &snapshot->cells[i]);
	totals.frames = totals.services;
	add(&totals.frames, &totals.buckets);
	return totals;
}
