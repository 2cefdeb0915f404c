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
	bool is_egress; /* of transmitted frames, where these are counted; else of received ones */
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

/* Connections are told of received frames only: one that is forwarded would be there twice. */
static const struct family families[] = {
	{ "service_receive_packets_total",
	  "Received frames of a service, by the direction of its port.", false, PORT_DIRECTIONS,
	  count_packets },
	{ "service_receive_bytes_total",
	  "Received bytes of a service, link-layer headers included.", false, PORT_DIRECTIONS,
	  count_bytes },
	{ "service_transmit_packets_total",
	  "Transmitted frames of a service, by the direction of its port.", true, PORT_DIRECTIONS,
	  count_packets },
	{ "service_transmit_bytes_total",
	  "Transmitted bytes of a service, link-layer headers included.", true, PORT_DIRECTIONS,
	  count_bytes },
	{ "service_connections_attempted_total",
	  "Received frames that ask for a connection: SYN; INIT of SCTP, Request of DCCP.", false,
	  1, count_attempted },
	{ "service_connections_accepted_total",
	  "Received frames that accept a connection: SYN and ACK; INIT ACK, Response.", false, 1,
	  count_accepted },
	{ "service_connections_reset_total",
	  "Received frames that refuse or break a connection: RST; ABORT, Reset.", false, 1,
	  count_reset },
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

static void put_family(FILE *out, const struct family *family,
		       const struct measurement *measurement, struct slots *slots, bool with_other)
{
	prom_put_head(out, family->name, "counter", family->help);
	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		if (device->is_egress != family->is_egress)
			continue;
		put_own(out, family, device, slots);
		if (with_other)
			put_other(out, family, device, slots);
	}
}

void prom_put_services(FILE *out, const struct measurement *measurement, struct slots *slots)
{
	bool with_other = any_other(slots), with_transmitted = prom_has_transmitted(measurement);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (with_transmitted || !families[i].is_egress)
			put_family(out, &families[i], measurement, slots, with_other);
}

/*
 * Anything at all, as what is told of a service before it has a decision is in the sum of the
 * others, which would go back when it gets series of its own. Connections are read after frames,
 * and may be there before their first frame is.
 */
static bool has_counted(const struct measured_device *device, uint32_t slot)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (unsigned int way = 0; way < families[i].directions; way++)
			if (families[i].is_egress == device->is_egress &&
			    families[i].count(&device->total, slot, way))
				return true;
	return false;
}

static bool any_counted(const struct measurement *measurement, uint32_t slot)
{
	for (size_t i = 0; i < measurement->count; i++)
		if (has_counted(&measurement->devices[i], slot))
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
		    (!all_fit && !any_counted(series->measurement, slot)))
			continue;
		/* A service that is called "other" would give the same series twice. */
		record->series = own < series->max_series && strcmp(record->name, "other")
					 ? SLOT_SERIES_OWN
					 : SLOT_SERIES_OTHER;
		own += record->series == SLOT_SERIES_OWN;
	}
}
