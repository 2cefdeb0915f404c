// SPDX-License-Identifier: GPL-2.0-only
/* --status --json */
#include <errno.h>

#include "json.h"
#include "status.h"
#include "version.h"

static json_t *connections_object(struct port_handshakes connections)
{
	json_t *object = json_object();

	json_put(object, "attempted", json_count(connections.attempted));
	json_put(object, "accepted", json_count(connections.accepted));
	json_put(object, "reset", json_count(connections.reset));
	return object;
}

static void put_account(json_t *object, const struct snapshot *snapshot)
{
	struct account_totals totals = snapshot_totals(snapshot);
	struct measured_account account = measured_account(snapshot);

	json_put(object, "frames", json_count(totals.frames.packets));
	json_put(object, "bytes", json_count(totals.frames.bytes));
	json_put(object, "service_frames", json_count(totals.services.packets));
	json_put(object, "service_bytes", json_count(totals.services.bytes));
	json_put(object, "bucket_frames", json_count(totals.buckets.packets));
	json_put(object, "bucket_bytes", json_count(totals.buckets.bytes));
	json_put(object, "frames_with_ports", json_count(account.with_ports));
	json_put(object, "frames_by_method", json_count(account.by_method));
	json_put(object, "connections", connections_object(snapshot_connections(snapshot)));
	json_put(object, "suspicious_source_port_frames",
		 json_count(snapshot_suspicious(snapshot).packets));
}

static void put_interface(json_t *object, const struct measured_device *measured)
{
	double share;

	if (!measured->has_interface)
		return;
	json_put(object, "interface_frames", json_count(measured->interface_packets));
	json_put(object, "interface_bytes", json_count(measured->interface_bytes));
	json_put(object, "interface_frames_counted", json_count(measured_since_base(measured)));
	json_put(object, "coverage_ratio",
		 measured_coverage(measured, &share) ? json_real(share) : json_null());
}

static json_t *device_object(const struct status_device *device)
{
	const struct measured_device *measured = device->measured;
	json_t *object = json_object();

	json_put(object, "device", json_text(measured->name));
	json_put(object, "traffic", json_text(measured->is_egress ? "transmitted" : "received"));
	json_put(object, "attached", json_boolean(measured->is_attached));
	json_put(object, "hook", json_text(measured->hook));
	json_put(object, "mode", json_text(measured->mode));
	json_put(object, "program_version", json_text(device->version));
	json_put(object, "since_timestamp_seconds", json_count(device->since));
	put_account(object, &measured->total);
	put_interface(object, measured);
	json_put(object, "stalls", json_count(measured->stalls));
	json_put(object, "memory_bytes", json_count(device->memory));
	return object;
}

static void put_agent(json_t *document, const struct status *status)
{
	json_put(document, "agent_running", json_boolean(status->agent_running));
	json_put(document, "agent_pid",
		 status->agent_running && status->agent_pid ? json_count(status->agent_pid)
							    : json_null());
	json_put(document, "reloads", json_count(status->reloads));
	json_put(document, "reload_failures", json_count(status->reload_failures));
	json_put(document, "last_reload_timestamp_seconds",
		 status->last_reload ? json_count(status->last_reload) : json_null());
	json_put(document, "textfile_write_failures", json_count(status->write_failures));
}

/* The table of marks is not for the eyes of all who may read the rest. */
static json_t *known(const struct status *status, uint64_t number)
{
	return status->endpoint_cells ? json_count(number) : json_null();
}

static void put_memory(json_t *document, const struct status *status)
{
	char advice[FOOTPRINT_ADVICE_MAX];

	footprint_advice(advice, &status->memory);
	json_put(document, "memory_bytes", known(status, status->memory.total));
	json_put(document, "memory_advice", *advice ? json_text(advice) : json_null());
	json_put(document, "processors_possible", json_count(status->memory.cpus));
	json_put(document, "processors_online", json_count(status->cpus_online));
}

static void put_kernel(json_t *document, const struct features *kernel)
{
	json_t *object;

	if (!kernel)
		return;
	object = json_object();
	json_put(object, "release", json_text(kernel->release));
	for (enum feature i = 0; i < FEATURES; i++)
		json_put(object, feature_key(i),
			 kernel->has[i] == FEATURE_UNKNOWN
				 ? json_null()
				 : json_boolean(kernel->has[i] == FEATURE_PRESENT));
	json_put(document, "kernel", object);
}

int status_json_print(FILE *out, const struct status *status)
{
	json_t *document = json_object(), *array = json_array();

	json_put(document, "version", json_text(PORTACCT_VERSION));
	json_put(document, "pin_dir", json_text(status->pin_dir));
	put_agent(document, status);
	json_put(document, "services", json_count(status->services));
	json_put(document, "capacity", json_count(status->capacity));
	json_put(document, "endpoint_cells", known(status, status->endpoint_cells));
	json_put(document, "endpoint_age_seconds", known(status, status->endpoint_age));
	json_put(document, "unclassified_ports", json_boolean(status->counts_ports));
	put_memory(document, status);
	put_kernel(document, status->kernel);
	for (size_t i = 0; i < status->count; i++)
		json_array_append_new(array, device_object(&status->devices[i]));
	json_put(document, "devices", array);
	if (status->all)
		json_put(document, "stack",
			 stack_json(status->all, status->is_counted, status->is_counted_ctx));
	return json_print(out, document);
}
