// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "footprint.h"
#include "port_abi.h"
#include "slots.h"
#include "units.h"

/* A per-CPU array keeps a pointer for each value. */
#define PER_CPU_POINTER 8
/* struct htab_elem before its key, and struct bucket: there are as many, a power of two. */
#define HASH_ELEMENT (48 + 16)

static uint64_t array(uint64_t entries, uint64_t value)
{
	return entries * ((value + 7) & ~UINT64_C(7));
}

static uint64_t per_cpu_array(uint64_t entries, uint64_t value, uint32_t cpus)
{
	return array(entries, value) * cpus + entries * PER_CPU_POINTER;
}

static uint64_t device_bytes(const struct footprint_shape *shape)
{
	return per_cpu_array(PORT_INDEX_END(shape->capacity), sizeof(struct port_counter),
			     shape->cpus) +
	       per_cpu_array(shape->capacity, sizeof(struct port_handshakes), shape->cpus);
}

/* The same numbers once. */
static uint64_t base_bytes(const struct footprint_shape *shape)
{
	return PORT_INDEX_END(shape->capacity) * sizeof(struct port_counter) +
	       shape->capacity * sizeof(struct port_handshakes);
}

static uint64_t ports_bytes(const struct footprint_shape *shape)
{
	return per_cpu_array(shape->counts_ports ? PORT_UNCLASSIFIED_BLOCKS : 1,
			     sizeof(struct port_unclassified), shape->cpus);
}

static uint64_t rest_bytes(const struct footprint_shape *shape)
{
	const uint64_t fragment =
		sizeof(struct port_fragment_key) + sizeof(struct port_fragment) + HASH_ELEMENT;

	return array(PORT_TABLE_ENTRIES, sizeof(uint32_t)) +
	       array(shape->capacity, sizeof(struct slot_record)) +
	       array(1, PORT_TRANSPORTS * PORT_FIRM_END) + PORT_FRAGMENTS * fragment;
}

struct footprint footprint_of(const struct footprint_shape *shape)
{
	struct footprint footprint = {
		.device = device_bytes(shape),
		.base = base_bytes(shape),
		.cpus = shape->cpus,
	};

	footprint.parts[FOOTPRINT_COUNTERS] =
		shape->devices * footprint.device + shape->bases * footprint.base;
	footprint.parts[FOOTPRINT_PORTS] = ports_bytes(shape);
	footprint.parts[FOOTPRINT_REST] = rest_bytes(shape);
	if (!shape->endpoint_cells)
		return footprint;
	footprint.parts[FOOTPRINT_MARKS] =
		sizeof(struct port_endpoints) + (uint64_t)shape->endpoint_cells;
	for (unsigned int i = 0; i < FOOTPRINT_PARTS; i++)
		footprint.total += footprint.parts[i];
	return footprint;
}

/* Of those that can be changed. */
static enum footprint_part largest(const struct footprint *footprint)
{
	enum footprint_part part = FOOTPRINT_COUNTERS;

	for (unsigned int i = 0; i < FOOTPRINT_REST; i++)
		if (footprint->parts[i] > footprint->parts[part])
			part = (enum footprint_part)i;
	return part;
}

/* All of it is decided when the pinned state is made. */
char *footprint_advice(char out[FOOTPRINT_ADVICE_MAX], const struct footprint *footprint)
{
	enum footprint_part part = largest(footprint);
	char takes[UNITS_MAX], each[UNITS_MAX];

	*out = '\0';
	if (footprint->total <= FOOTPRINT_LARGE)
		return out;
	units_bytes(takes, footprint->parts[part]);
	if (part == FOOTPRINT_PORTS)
		snprintf(out, FOOTPRINT_ADVICE_MAX,
			 "unclassified frames by port take %s of it: --detach, then start with "
			 "--unclassified-ports off",
			 takes);
	else if (part == FOOTPRINT_MARKS)
		snprintf(out, FOOTPRINT_ADVICE_MAX,
			 "the table of marks takes %s of it: --detach, then start with smaller "
			 "--endpoints",
			 takes);
	else
		snprintf(out, FOOTPRINT_ADVICE_MAX,
			 "counters take %s of it, %s for each device and direction: --detach, "
			 "then start with fewer devices or services",
			 takes, units_bytes(each, footprint->device));
	return out;
}
