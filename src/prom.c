// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "catalog.h"
#include "names.h"
#include "prom.h"
#include "slots.h"
#include "utf8.h"
#include "version.h"

static void put_head(FILE *out, const char *family, const char *type, const char *help)
{
	fprintf(out, "# HELP portacct_%s %s\n# TYPE portacct_%s %s\n", family, help, family, type);
}

/*
 * A label value: backslash, quote and line feed are escaped; nothing else may be. Prometheus
 * refuses a file with bytes that are no UTF-8, so these are written as the text "\xff", which keeps
 * apart what is apart.
 */
static const char *put_escaped(FILE *out, const char *at)
{
	size_t len = (unsigned char)*at < 0x80 ? 1 : utf8_length(at, strnlen(at, 4));

	if (*at == '\n')
		fputs_unlocked("\\n", out);
	else if (*at == '\\' || *at == '"')
		fprintf(out, "\\%c", *at);
	else if (len)
		fwrite_unlocked(at, 1, len, out);
	else
		fprintf(out, "\\\\x%02x", (unsigned char)*at);
	return at + (len ? len : 1);
}

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\' && c != '"';
}

/* Runs of plain characters are written at once: a large database has a hundred thousand labels. */
static void put_label(FILE *out, const char *separator, const char *name, const char *value)
{
	size_t plain;

	fputs_unlocked(separator, out);
	fputs_unlocked(name, out);
	fputs_unlocked("=\"", out);
	while (*value) {
		for (plain = 0; is_plain(value[plain]); plain++)
			;
		fwrite_unlocked(value, 1, plain, out);
		value += plain;
		if (*value)
			value = put_escaped(out, value);
	}
	fputc_unlocked('"', out);
}

static void put_start(FILE *out, const char *family, const struct measured_device *device)
{
	fputs_unlocked("portacct_", out);
	fputs_unlocked(family, out);
	put_label(out, "{", "device", device->name);
}

static void put_end(FILE *out, uint64_t value)
{
	fprintf(out, "} %" PRIu64 "\n", value);
}

/* Which of a counter's two numbers a family is about. */
enum quantity { PACKETS, BYTES };

static uint64_t quantity_of(const struct port_counter *counter, enum quantity quantity)
{
	return quantity == PACKETS ? counter->packets : counter->bytes;
}

static void put_service(FILE *out, const char *family, const struct measured_device *device,
			const char *service, unsigned int transport, unsigned int direction,
			uint64_t value)
{
	put_start(out, family, device);
	put_label(out, ",", "service", service);
	put_label(out, ",", "protocol", transport_name(transport));
	put_label(out, ",", "direction", direction_name(direction));
	put_end(out, value);
}

/*
 * The sum of the services that have no series of their own; it exists from the start, so that rates
 * have a first value.
 */
static void put_other(FILE *out, const char *family, const struct measured_device *device,
		      struct slots *slots, enum quantity quantity)
{
	uint64_t sums[PORT_TRANSPORTS][PORT_DIRECTIONS] = {};

	for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++) {
		const struct slot_record *record = slots_record(slots, slot);

		for (unsigned int i = 0; record->series != SLOT_SERIES_OWN && i < PORT_DIRECTIONS;
		     i++) {
			struct port_counter counter = snapshot_service(&device->total, slot, i);

			sums[record->transport][i] += quantity_of(&counter, quantity);
		}
	}
	for (unsigned int transport = 0; transport < PORT_TRANSPORTS; transport++)
		for (unsigned int i = 0; i < PORT_DIRECTIONS; i++)
			put_service(out, family, device, "other", transport, i, sums[transport][i]);
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

static void put_services(FILE *out, const struct measurement *measurement, struct slots *slots,
			 const char *family, const char *help, enum quantity quantity)
{
	bool with_other = any_other(slots);

	put_head(out, family, "counter", help);
	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++) {
			const struct slot_record *record = slots_record(slots, slot);

			for (unsigned int k = 0;
			     record->series == SLOT_SERIES_OWN && k < PORT_DIRECTIONS; k++) {
				struct port_counter counter =
					snapshot_service(&device->total, slot, k);

				put_service(out, family, device, record->name, record->transport, k,
					    quantity_of(&counter, quantity));
			}
		}
		if (with_other)
			put_other(out, family, device, slots, quantity);
	}
}

static void put_buckets(FILE *out, const struct measurement *measurement, const char *family,
			const char *help, enum quantity quantity)
{
	put_head(out, family, "counter", help);
	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		for (unsigned int bucket = 0; bucket < PORT_BUCKETS; bucket++) {
			put_start(out, family, device);
			put_label(out, ",", "bucket", bucket_name(bucket));
			put_end(out,
				quantity_of(snapshot_bucket(&device->total, bucket), quantity));
		}
	}
}

static void put_methods(FILE *out, const struct measurement *measurement)
{
	const char *family = "method_receive_packets_total";

	put_head(out, family, "counter",
		 "Received frames with ports, by how their service port was chosen.");
	for (size_t i = 0; i < measurement->count; i++) {
		for (unsigned int method = 0; method < PORT_METHODS; method++) {
			put_start(out, family, &measurement->devices[i]);
			put_label(out, ",", "method", method_name(method));
			put_end(out,
				snapshot_method_packets(&measurement->devices[i].total, method));
		}
	}
}

static void put_devices(FILE *out, const struct measurement *measurement, const char *family,
			const char *help, enum quantity quantity)
{
	put_head(out, family, "counter", help);
	for (size_t i = 0; i < measurement->count; i++) {
		struct account_totals totals = snapshot_totals(&measurement->devices[i].total);

		put_start(out, family, &measurement->devices[i]);
		put_end(out, quantity_of(&totals.frames, quantity));
	}
}

static void put_device_info(FILE *out, const struct measurement *measurement)
{
	put_head(out, "device_info", "gauge", "How a device is counted; always 1.");
	for (size_t i = 0; i < measurement->count; i++) {
		put_start(out, "device_info", &measurement->devices[i]);
		put_label(out, ",", "hook", measurement->devices[i].hook);
		put_label(out, ",", "mode", measurement->devices[i].mode);
		put_end(out, 1);
	}
}

static void put_service_info(FILE *out, const struct catalog *catalog, struct slots *slots)
{
	put_head(out, "service_info", "gauge",
		 "What the port database says of a service; always 1.");
	for (uint32_t slot = PORT_SLOT_FIRST; slot < catalog->end; slot++) {
		const struct catalog_service *service = &catalog->services[slot];

		if (slots_record(slots, slot)->series != SLOT_SERIES_OWN)
			continue;
		fputs("portacct_service_info", out);
		put_label(out, "{", "service", service->name);
		put_label(out, ",", "protocol", transport_name(service->transport));
		put_label(out, ",", "ports", service->ports);
		put_label(out, ",", "encryption", portdb_encryption_name(service->encryption));
		put_label(out, ",", "reference", service->reference);
		put_end(out, 1);
	}
}

static void put_self(FILE *out, const struct prom_self *self, struct slots *slots)
{
	uint32_t services = slots_end(slots) - PORT_SLOT_FIRST;

	put_head(out, "build_info", "gauge", "The version that wrote this file; always 1.");
	fputs("portacct_build_info", out);
	put_label(out, "{", "version", PORTACCT_VERSION);
	put_label(out, ",", "libbpf", self->libbpf);
	put_label(out, ",", "kernel", self->kernel);
	put_end(out, 1);
	put_head(out, "last_write_timestamp_seconds", "gauge",
		 "When this file was written, in seconds since 1970.");
	fprintf(out, "portacct_last_write_timestamp_seconds %.3f\n", self->written_at);
	put_head(out, "collection_duration_seconds", "gauge",
		 "How long reading the counters took.");
	fprintf(out, "portacct_collection_duration_seconds %.6f\n", self->collection_seconds);
	put_head(out, "services_over_limit", "gauge",
		 "Services beyond the limit of series; those are summed as other.");
	fprintf(out, "portacct_services_over_limit %u\n",
		services > self->max_series ? services - self->max_series : 0);
}

static bool has_counted(const struct measurement *measurement, uint32_t slot)
{
	for (size_t i = 0; i < measurement->count; i++)
		for (unsigned int k = 0; k < PORT_DIRECTIONS; k++)
			if (snapshot_service(&measurement->devices[i].total, slot, k).packets)
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

int prom_write(FILE *out, const struct measurement *measurement, struct slots *slots,
	       const struct prom_self *self)
{
	put_services(out, measurement, slots, "service_receive_packets_total",
		     "Received frames of a service, by the direction of its port.", PACKETS);
	put_services(out, measurement, slots, "service_receive_bytes_total",
		     "Received bytes of a service, link-layer headers included.", BYTES);
	put_buckets(out, measurement, "bucket_receive_packets_total",
		    "Received frames that belong to no service, by reason.", PACKETS);
	put_buckets(out, measurement, "bucket_receive_bytes_total",
		    "Received bytes that belong to no service, by reason.", BYTES);
	put_methods(out, measurement);
	put_devices(out, measurement, "device_receive_packets_total",
		    "Frames that the program saw on a device.", PACKETS);
	put_devices(out, measurement, "device_receive_bytes_total",
		    "Bytes that the program saw on a device.", BYTES);
	put_device_info(out, measurement);
	put_service_info(out, measurement->catalog, slots);
	put_self(out, self, slots);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
