// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

int snapshot_init(struct snapshot *snapshot, uint32_t slots_end)
{
	*snapshot = (struct snapshot){ .slots_end = slots_end };
	snapshot->cells = calloc(PORT_INDEX_END(slots_end), sizeof(*snapshot->cells));
	snapshot->handshakes = calloc(slots_end + 1, sizeof(*snapshot->handshakes));
	if (snapshot->cells && snapshot->handshakes)
		return 0;
	snapshot_fini(snapshot);
	return -ENOMEM;
}

void snapshot_fini(struct snapshot *snapshot)
{
	free(snapshot->cells);
	free(snapshot->handshakes);
	*snapshot = (struct snapshot){};
}

void snapshot_copy(struct snapshot *to, const struct snapshot *from)
{
	memcpy(to->cells, from->cells, PORT_INDEX_END(from->slots_end) * sizeof(*from->cells));
	memcpy(to->handshakes, from->handshakes, from->slots_end * sizeof(*from->handshakes));
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

static void add_handshakes(struct port_handshakes *sum, const struct port_handshakes *handshakes)
{
	sum->attempted += handshakes->attempted;
	sum->accepted += handshakes->accepted;
	sum->reset += handshakes->reset;
}

void snapshot_fold_handshakes(struct snapshot *snapshot, uint32_t first, uint32_t count,
			      const struct port_handshakes *per_cpu, unsigned int cpus)
{
	for (uint32_t i = 0; i < count && first + i < snapshot->slots_end; i++)
		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			add_handshakes(&snapshot->handshakes[first + i],
				       &per_cpu[(size_t)i * cpus + cpu]);
}

static uint32_t shared_slots(const struct snapshot *later, const struct snapshot *earlier)
{
	return earlier->slots_end < later->slots_end ? earlier->slots_end : later->slots_end;
}

static uint32_t shared_end(const struct snapshot *later, const struct snapshot *earlier)
{
	return PORT_INDEX_END(shared_slots(later, earlier));
}

static bool is_behind(const struct port_handshakes *later, const struct port_handshakes *earlier)
{
	return later->attempted < earlier->attempted || later->accepted < earlier->accepted ||
	       later->reset < earlier->reset;
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
	for (uint32_t slot = 0; slot < shared_slots(later, earlier); slot++)
		if (is_behind(&later->handshakes[slot], &earlier->handshakes[slot]))
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
	for (uint32_t slot = 0; slot < shared_slots(later, earlier); slot++) {
		later->handshakes[slot].attempted -= earlier->handshakes[slot].attempted;
		later->handshakes[slot].accepted -= earlier->handshakes[slot].accepted;
		later->handshakes[slot].reset -= earlier->handshakes[slot].reset;
	}
}

struct port_counter snapshot_bucket(const struct snapshot *snapshot, enum port_bucket bucket)
{
	struct port_counter sum = {};

	if ((unsigned int)bucket >= PORT_TRANSPORTS)
		return snapshot->cells[PORT_INDEX_BUCKETS + bucket];
	for (unsigned int method = 0; method < PORT_METHODS; method++)
		add(&sum, &snapshot->cells[PORT_INDEX_UNCLASSIFIED(bucket, method)]);
	return sum;
}

struct port_counter snapshot_service(const struct snapshot *snapshot, uint32_t slot,
				     enum port_direction direction)
{
	struct port_counter sum = {};

	if (slot < PORT_SLOT_FIRST || slot >= snapshot->slots_end)
		return sum;
	add(&sum, &snapshot->cells[PORT_INDEX_SERVICE(slot, direction, false)]);
	add(&sum, &snapshot->cells[PORT_INDEX_SERVICE(slot, direction, true)]);
	return sum;
}

struct port_handshakes snapshot_handshakes(const struct snapshot *snapshot, uint32_t slot)
{
	if (slot >= snapshot->slots_end)
		return (struct port_handshakes){};
	return snapshot->handshakes[slot];
}

struct port_handshakes snapshot_connections(const struct snapshot *snapshot)
{
	struct port_handshakes sum = {};

	for (uint32_t slot = 0; slot < snapshot->slots_end; slot++)
		add_handshakes(&sum, &snapshot->handshakes[slot]);
	return sum;
}

static uint64_t services_by_database(const struct snapshot *snapshot)
{
	uint64_t packets = 0;

	for (uint32_t slot = PORT_SLOT_FIRST; slot < snapshot->slots_end; slot++)
		for (unsigned int i = 0; i < PORT_DIRECTIONS; i++)
			packets += snapshot->cells[PORT_INDEX_SERVICE(slot, i, true)].packets;
	return packets;
}

uint64_t snapshot_method_packets(const struct snapshot *snapshot, enum port_method method)
{
	uint64_t packets = method == PORT_DATABASE
				   ? services_by_database(snapshot)
				   : snapshot->cells[PORT_INDEX_METHODS + method].packets;

	for (unsigned int transport = 0; transport < PORT_TRANSPORTS; transport++)
		packets += snapshot->cells[PORT_INDEX_UNCLASSIFIED(transport, method)].packets;
	return packets;
}

struct port_counter snapshot_suspicious(const struct snapshot *snapshot)
{
	return snapshot->cells[PORT_INDEX_SUSPICIOUS];
}

struct account_totals snapshot_totals(const struct snapshot *snapshot)
{
	struct account_totals totals = {};

	for (unsigned int bucket = 0; bucket < PORT_BUCKETS; bucket++) {
		struct port_counter sum = snapshot_bucket(snapshot, bucket);

		add(&totals.buckets, &sum);
	}
	for (uint32_t i = PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0, 0);
	     i < PORT_INDEX_END(snapshot->slots_end); i++)
		add(&totals.services, &snapshot->cells[i]);
	totals.frames = totals.services;
	add(&totals.frames, &totals.buckets);
	return totals;
}
