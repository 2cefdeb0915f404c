/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots: the numbers under which services (a name with its transport) are counted. A slot is given
 * to the first service that asks and never to another while the pinned state lives; so counters
 * keep their meaning over restarts and database changes. The records are what the pinned map
 * `services` holds, index = slot; record 0 is unused.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include <stdint.h>

#include "port_abi.h"

/* Whether a service has metric series of its own; decided once and kept. */
enum slot_series { SLOT_SERIES_UNDECIDED, SLOT_SERIES_OWN, SLOT_SERIES_OTHER };

struct slot_record {
	char name[PORT_NAME_MAX + 4]; /* NUL-terminated; empty: the slot is free */
	uint8_t transport;            /* enum port_transport */
	uint8_t series;               /* enum slot_series */
	uint8_t reserved[2];
};

_Static_assert(sizeof(struct slot_record) == 56, "no implicit padding in a map value");

struct slots;

struct slots *slots_new(void);
/* NULL when out of memory. */
struct slots *slots_copy(const struct slots *slots);
void slots_free(struct slots *slots);
/*
 * Takes over a slot from the pinned state. 0, -EINVAL (no such slot, or an unusable record),
 * -EEXIST, -ENOMEM.
 */
int slots_restore(struct slots *slots, uint32_t slot, const struct slot_record *record);
/* The slot of a service, given out if it has none. 0, -EINVAL (name too long), -ENOSPC, -ENOMEM. */
int slots_assign(struct slots *slots, const char *name, enum port_transport transport,
		 uint32_t *slot);
/* The slot of a service, or 0. */
uint32_t slots_find(const struct slots *slots, const char *name, enum port_transport transport);
/* One more than the highest slot in use; PORT_SLOT_FIRST when there is none. */
uint32_t slots_end(const struct slots *slots);
/*
 * The record of a slot below slots_end(); its series may be written. An unused slot has an empty
 * name.
 */
struct slot_record *slots_record(struct slots *slots, uint32_t slot);

#endif
