// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "catalog.h"
#include "names.h"
#include "prom_private.h"
#include "prom.h"
#include "slots.h"
#include "version.h"

/* Which of a counter's two numbers a family is about. */
enum quantity { PACKETS, BYTES };

static uint64_t quantity_of(const struct port_counter *counter, enum quantity quantity)
{
	return quantity == PACKETS ? counter->packets : counter->bytes;
}

static void put_buckets(FILE *out, const struct measurement *measurement, const char *family,
			const char *help, enum quantity quantity)
{
	prom_put_head(out, family, "counter", help);
	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		for (unsigned int bucket = 0; bucket < PORT_BUCKETS; bucket++) {
			struct port_counter counter = snapshot_bucket(&device->total, bucket);

			prom_put_start(out, family, device->name);
			prom_put_label(out, ",", "bucket", bucket_name(bucket));
			prom_put_end(out, quantity_of(&counter, quantity));
		}
	}
}

static void put_methods(FILE *out, const struct measurement *measurement)
{
	const char *family = "method_receive_packets_total";

	prom_put_head(
		out, family, "counter",
		"Received frames of services and unclassified ones, by how the port was chosen.");
	for (size_t i = 0; i < measurement->count; i++) {
		for (unsigned int method = 0; method < PORT_METHODS; method++) {
			prom_put_start(out, family, measurement->devices[i].name);
			prom_put_label(out, ",", "method", method_name(method));
			prom_put_end(out, snapshot_method_packets(&measurement->devices[i].total,
								  method));
		}
	}
}

static void put_suspicious(FILE *out, const struct measurement *measurement)
{
	const char *family = "suspicious_source_port_packets_total";

	prom_put_head(out, family, "counter",
		      "Requests for connections from a firm port to another service, or to none.");
	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		prom_put_start(out, family, device->name);
		prom_put_end(out, snapshot_suspicious(&device->total).packets);
	}
}

static void put_devices(FILE *out, const struct measurement *measurement, const char *family,
			const char *help, enum quantity quantity)
{
	prom_put_head(out, family, "counter", help);
	for (size_t i = 0; i < measurement->count; i++) {
		struct account_totals totals = snapshot_totals(&measurement->devices[i].total);

		prom_put_start(out, family, measurement->devices[i].name);
		prom_put_end(out, quantity_of(&totals.frames, quantity));
	}
}

static void put_device_info(FILE *out, const struct measurement *measurement)
{
	prom_put_head(out, "device_info", "gauge", "How a device is counted; always 1.");
	for (size_t i = 0; i < measurement->count; i++) {
		prom_put_start(out, "device_info", measurement->devices[i].name);
		prom_put_label(out, ",", "hook", measurement->devices[i].hook);
		prom_put_label(out, ",", "mode", measurement->devices[i].mode);
		prom_put_end(out, 1);
	}
}

static void put_service_info(FILE *out, const struct catalog *catalog, struct slots *slots)
{
	prom_put_head(out, "service_info", "gauge",
		      "What the port database says of a service; always 1.");
	for (uint32_t slot = PORT_SLOT_FIRST; slot < catalog->end; slot++) {
		const struct catalog_service *service = &catalog->services[slot];

		if (slots_record(slots, slot)->series != SLOT_SERIES_OWN)
			continue;
		fputs("portacct_service_info", out);
		prom_put_label(out, "{", "service", service->name);
		prom_put_label(out, ",", "protocol", transport_name(service->transport));
		prom_put_label(out, ",", "ports", service->ports);
		prom_put_label(out, ",", "encryption", portdb_encryption_name(service->encryption));
		prom_put_label(out, ",", "reference", service->reference);
		prom_put_end(out, 1);
	}
}

static void put_self(FILE *out, const struct prom_self *self, struct slots *slots)
{
	uint32_t services = slots_end(slots) - PORT_SLOT_FIRST;

	prom_put_head(out, "build_info", "gauge", "The version that wrote this file; always 1.");
	fputs("portacct_build_info", out);
	prom_put_label(out, "{", "version", PORTACCT_VERSION);
	prom_put_label(out, ",", "libbpf", self->libbpf);
	prom_put_label(out, ",", "kernel", self->kernel);
	prom_put_end(out, 1);
	prom_put_head(out, "last_write_timestamp_seconds", "gauge",
		      "When this file was written, in seconds since 1970.");
	fprintf(out, "portacct_last_write_timestamp_seconds %.3f\n", self->written_at);
	prom_put_head(out, "collection_duration_seconds", "gauge",
		      "How long reading the counters took.");
	fprintf(out, "portacct_collection_duration_seconds %.6f\n", self->collection_seconds);
	prom_put_head(out, "services_over_limit", "gauge",
		      "Services beyond the limit of series; those are summed as other.");
	fprintf(out, "portacct_services_over_limit %u\n",
		services > self->max_series ? services - self->max_series : 0);
}

int prom_write(FILE *out, const struct measurement *measurement, struct slots *slots,
	       const struct prom_self *self)
{
	prom_put_services(out, measurement, slots);
	put_buckets(out, measurement, "bucket_receive_packets_total",
		    "Received frames that belong to no service, by reason.", PACKETS);
	put_buckets(out, measurement, "bucket_receive_bytes_total",
		    "Received bytes that belong to no service, by reason.", BYTES);
	put_methods(out, measurement);
	put_suspicious(out, measurement);
	put_devices(out, measurement, "device_receive_packets_total",
		    "Frames that the program saw on a device.", PACKETS);
	put_devices(out, measurement, "device_receive_bytes_total",
		    "Bytes that the program saw on a device.", BYTES);
	put_device_info(out, measurement);
	put_service_info(out, measurement->catalog, slots);
	put_self(out, self, slots);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
