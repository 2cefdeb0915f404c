// SPDX-License-Identifier: GPL-2.0-only
/* The families of services: which of these have series of their own, and the sum of the others. */
#include <stdbool.h>
#include <string.h>

#include "names.h"
#include "prom_private.h"
#include "prom.h"
#include "slots.h"

/* What is told of a service, once for each direction or, where it has none, once. */
struct family {
	const char *name, *help;
	unsigned int directions;
	uint64_t (*count)(const struct snapshot *total, uint32_t slot, unsigned int direction);
};

static uint64_t count_packets(const struct snapshot *total, uint32_t slot, unsigned int direction)
{
	return snapshot_service(total, slot, direction).packets;
}

static uint64_t count_bytes(const struct snapshot *total, uint32_t slot, unsigned int direction)
{
	return snapshot_service(total, slot, direction).bytes;
}

static uint64_t count_attempted(const struct snapshot *total, uint32_t slot, unsigned int direction)
{
	(void)direction;
	return snapshot_handshakes(total, slot).attempted;
}

static uint64_t count_accepted(const struct snapshot *total, uint32_t slot, unsigned int direction)
{
	(void)direction;
	return snapshot_handshakes(total, slot).accepted;
}

static uint64_t count_reset(const struct snapshot *total, uint32_t slot, unsigned int direction)
{
	(void)direction;
	return snapshot_handshakes(total, slot).reset;
}

static const struct family families[] = {
	{ "service_receive_packets_total",
	  "Received frames of a service, by the direction of its port.", PORT_DIRECTIONS,
	  count_packets },
	{ "service_receive_bytes_total",
	  "Received bytes of a service, link-layer headers included.", PORT_DIRECTIONS,
	  count_bytes },
	{ "service_connections_attempted_total",
	  "Received frames that ask for a connection: SYN; INIT of SCTP, Request of DCCP.", 1,
	  count_attempted },
	{ "service_connections_accepted_total",
	  "Received frames that accept a connection: SYN and ACK; INIT ACK, Response.", 1,
	  count_accepted },
	{ "service_connections_reset_total",
	  "Received frames that refuse or break a connection: RST; ABORT, Reset.", 1, count_reset },
};

/* UDP has no connections, so series of these would stay 0 for ever. */
static bool is_told(const struct family *family, unsigned int transport)
{
	return family->directions > 1 || transport != PORT_UDP;
}

static void put_sample(FILE *out, const struct family *family, const char *device,
		       const char *service, unsigned int transport, unsigned int direction,
		       uint64_t value)
{
	prom_put_start(out, family->name, device);
	prom_put_label(out, ",", "service", service);
	prom_put_label(out, ",", "protocol", transport_name(transport));
	if (family->directions > 1)
		prom_put_label(out, ",", "direction", direction_name(direction));
	prom_put_end(out, value);
}

/*
 * The sum of the services that have no series of their own; it exists from the start, so that rates
 * have a first value.
 */
static void put_other(FILE *out, const struct family *family, const struct measured_device *device,
		      struct slots *slots)
{
	uint64_t sums[PORT_TRANSPORTS][PORT_DIRECTIONS] = {};

	for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++) {
		const struct slot_record *record = slots_record(slots, slot);

		if (record->series == SLOT_SERIES_OWN)
			continue;
		for (unsigned int i = 0; i < family->directions; i++)
			sums[record->transport][i] += family->count(&device->total, slot, i);
	}
	for (unsigned int transport = 0; transport < PORT_TRANSPORTS; transport++)
		for (unsigned int i = 0; is_told(family, transport) && i < family->directions; i++)
			put_sample(out, family, device->name, "other", transport, i,
				   sums[transport][i]);
}

static bool any_other(struct slots *slots)
{
	for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++) {
		const struct slot_record *record = slots_record(slots, slot);

		if (*record->name && record->series != SLOT_SERIES_OWN)
			return true;
	}
	return false;
}

static void put_own(FILE *out, const struct family *family, const struct measured_device *device,
		    struct slots *slots)
{
	for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++) {
		const struct slot_record *record = slots_record(slots, slot);

		if (record->series != SLOT_SERIES_OWN || !is_told(family, record->transport))
			continue;
		for (unsigned int i = 0; i < family->directions; i++)
			put_sample(out, family, device->name, record->name, record->transport, i,
				   family->count(&device->total, slot, i));
	}
}

void prom_put_services(FILE *out, const struct measurement *measurement, struct slots *slots)
{
	bool with_other = any_other(slots);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		prom_put_head(out, families[i].name, "counter", families[i].help);
		for (size_t k = 0; k < measurement->count; k++) {
			put_own(out, &families[i], &measurement->devices[k], slots);
			if (with_other)
				put_other(out, &families[i], &measurement->devices[k], slots);
		}
	}
}

/*
 * Anything at all, as what is told of a service before it has a decision is in the sum of the
 * others, which would go back when it gets series of its own. Connections are read after frames,
 * and may be there before their first frame is.
 */
static bool has_counted(const struct measurement *measurement, uint32_t slot)
{
	for (size_t i = 0; i < measurement->count; i++)
		for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++)
			for (unsigned int way = 0; way < families[k].directions; way++)
				if (families[k].count(&measurement->devices[i].total, slot, way))
					return true;
	return false;
}

void prom_decide_series(void *ctx, struct slots *slots)
{
	const struct prom_series *series = ctx;
	uint32_t end = slots_end(slots), own = 0;
	bool all_fit = end - PORT_SLOT_FIRST <= series->max_series;

	for (uint32_t slot = PORT_SLOT_FIRST; slot < end; slot++)
		own += slots_record(slots, slot)->series == SLOT_SERIES_OWN;
	for (uint32_t slot = PORT_SLOT_FIRST; slot < end; slot++) {
		struct slot_record *record = slots_record(slots, slot);

		if (!*record->name || record->series != SLOT_SERIES_UNDECIDED ||
		    (!all_fit && !has_counted(series->measurement, slot)))
			continue;
		/* A service that is called "other" would give the same series twice. */
		record->series = own < series->max_series && strcmp(record->name, "other")
					 ? SLOT_SERIES_OWN
					 : SLOT_SERIES_OTHER;
		own += record->series == SLOT_SERIES_OWN;
	}
}
