// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>

#include "catalog.h"
#include "names.h"
#include "prom_private.h"
#include "prom.h"
#include "slots.h"
#include "version.h"

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

static void put_build_info(FILE *out, const struct prom_self *self)
{
	prom_put_head(out, "build_info", "gauge", "The version that wrote this file; always 1.");
	fputs("portacct_build_info", out);
	prom_put_label(out, "{", "version", PORTACCT_VERSION);
	prom_put_label(out, ",", "libbpf", self->libbpf);
	prom_put_label(out, ",", "kernel", self->kernel);
	prom_put_end(out, 1);
}

static void put_times(FILE *out, const struct prom_self *self)
{
	prom_put_head(out, "last_write_timestamp_seconds", "gauge",
		      "When this file was written, in seconds since 1970.");
	fprintf(out, "portacct_last_write_timestamp_seconds %.3f\n", self->written_at);
	prom_put_head(out, "collection_duration_seconds", "gauge",
		      "How long reading the counters took.");
	fprintf(out, "portacct_collection_duration_seconds %.6f\n", self->collection_seconds);
}

/* A sample without labels. */
static void put_single(FILE *out, const char *family, const char *type, const char *help,
		       uint64_t value)
{
	prom_put_head(out, family, type, help);
	fprintf(out, "portacct_%s %" PRIu64 "\n", family, value);
}

static void put_life(FILE *out, const struct prom_self *self)
{
	put_single(out, "reloads_total", "counter",
		   "Times that the database files were read anew and put in force.", self->reloads);
	put_single(out, "reload_failures_total", "counter",
		   "Times that the database files were refused, and what was in force stayed.",
		   self->reload_failures);
	put_single(out, "textfile_write_failures_total", "counter",
		   "Times that this file could not be written.", self->write_failures);
}

static void put_limit(FILE *out, const struct prom_self *self, struct slots *slots)
{
	uint32_t services = slots_end(slots) - PORT_SLOT_FIRST;

	put_single(out, "services_over_limit", "gauge",
		   "Services beyond the limit of series; those are summed as other.",
		   services > self->max_series ? services - self->max_series : 0);
}

int prom_write(FILE *out, const struct measurement *measurement, struct slots *slots,
	       const struct prom_self *self)
{
	prom_put_services(out, measurement, slots);
	prom_put_devices(out, measurement);
	put_service_info(out, measurement->catalog, slots);
	put_build_info(out, self);
	put_times(out, self);
	put_life(out, self);
	put_limit(out, self, slots);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
