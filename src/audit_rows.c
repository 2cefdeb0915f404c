// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "audit_rows.h"

/*
 * What a port is known by: its service, or itself. A number for each of them and each transport,
 * and one for the side on which they are.
 */
#define PORTS 0x10000U
#define CLASSES_OF_TRANSPORT (2 * PORTS)
#define CLASSES (PORT_TRANSPORTS * CLASSES_OF_TRANSPORT)

_Static_assert(PORT_SLOT_END <= PORTS, "a slot is told from a port");

struct builder {
	const uint32_t *values;
	uint64_t *frames; /* by class: as counted, then as tracked */
	uint32_t *ports;  /* by port: the row, plus 1, in which it was last met; for both sides */
	uint32_t *flows;  /* by flow, likewise */
};

static uint32_t slot_of(const struct builder *builder, enum port_transport transport, uint16_t port)
{
	return PORT_VALUE_SLOT(builder->values[PORT_TABLE_INDEX(transport, port)]);
}

static uint32_t class_of(const struct builder *builder, enum port_transport transport,
			 uint16_t port)
{
	uint32_t slot = slot_of(builder, transport, port);

	return transport * CLASSES_OF_TRANSPORT + (slot ? PORTS + slot : port);
}

/* The classes of a difference: as counted, and as tracked. */
struct classes {
	uint32_t counted, tracked;
};

static struct classes classes_of(const struct builder *builder, const struct audit_difference *one)
{
	return (struct classes){
		.counted = class_of(builder, one->transport, one->counted),
		.tracked = CLASSES + class_of(builder, one->transport, one->tracked),
	};
}

/* A difference is of the row of that class, of its two, that has more frames. */
static void find_rows(const struct builder *builder, struct audit_difference *differences,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct classes classes = classes_of(builder, &differences[i]);

		builder->frames[classes.counted] += differences[i].frames;
		builder->frames[classes.tracked] += differences[i].frames;
	}
	for (size_t i = 0; i < count; i++) {
		struct classes classes = classes_of(builder, &differences[i]);

		differences[i].row =
			builder->frames[classes.counted] >= builder->frames[classes.tracked]
				? classes.counted
				: classes.tracked;
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct audit_difference *first = a, *second = b;

	return (first->row > second->row) - (first->row < second->row);
}

/* Whether it has not been met in this row; then it has from now on. */
static bool is_new(uint32_t *met, uint32_t row)
{
	bool was_met = *met == row;

	*met = row;
	return !was_met;
}

static void add_port(struct audit_side *side, uint16_t port, uint32_t slot, bool is_first)
{
	if (!side->ports || port < side->port)
		side->port = port;
	if (!side->ports)
		side->slot = slot;
	else if (side->slot != slot)
		side->slot = 0;
	side->ports += is_first;
}

static void add_difference(const struct builder *builder, struct audit_row *row, uint32_t number,
			   const struct audit_difference *one)
{
	row->transport = one->transport;
	row->frames += one->frames;
	row->flows += is_new(&builder->flows[one->flow], number);
	add_port(&row->counted, one->counted, slot_of(builder, one->transport, one->counted),
		 is_new(&builder->ports[one->counted], number));
	add_port(&row->tracked, one->tracked, slot_of(builder, one->transport, one->tracked),
		 is_new(&builder->ports[PORTS + one->tracked], number));
}

/* By frames; equal ones in a fixed order. */
static int compare_frames(const void *a, const void *b)
{
	const struct audit_row *first = a, *second = b;

	if (first->frames != second->frames)
		return first->frames < second->frames ? 1 : -1;
	if (first->transport != second->transport)
		return first->transport < second->transport ? -1 : 1;
	if (first->counted.port != second->counted.port)
		return first->counted.port < second->counted.port ? -1 : 1;
	return first->tracked.port < second->tracked.port
		       ? -1
		       : first->tracked.port > second->tracked.port;
}

static void fill(const struct builder *builder, struct audit_sums *sums,
		 struct audit_difference *differences, size_t count)
{
	find_rows(builder, differences, count);
	qsort(differences, count, sizeof(*differences), compare_rows);
	for (size_t i = 0; i < count; i++) {
		if (!i || differences[i].row != differences[i - 1].row)
			sums->rows[sums->count++] = (struct audit_row){};
		add_difference(builder, &sums->rows[sums->count - 1], (uint32_t)sums->count,
			       &differences[i]);
	}
	qsort(sums->rows, sums->count, sizeof(*sums->rows), compare_frames);
}

int audit_rows_build(struct audit_sums *sums, struct audit_difference *differences, size_t count,
		     size_t flows, const uint32_t values[PORT_TABLE_ENTRIES])
{
	struct builder builder = { .values = values };
	int err = -ENOMEM;

	if (!count)
		return 0;
	builder.frames = calloc(2 * CLASSES, sizeof(*builder.frames));
	builder.ports = calloc(2 * PORTS, sizeof(*builder.ports));
	builder.flows = calloc(flows, sizeof(*builder.flows));
	sums->rows = calloc(count, sizeof(*sums->rows));
	if (builder.frames && builder.ports && builder.flows && sums->rows) {
		fill(&builder, sums, differences, count);
		err = 0;
	}
	free(builder.frames);
	free(builder.ports);
	free(builder.flows);
	return err;
}
