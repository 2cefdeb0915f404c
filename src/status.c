// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "json.h"
#include "status.h"
#include "units.h"
#include "utf8.h"
#include "version.h"

/*
 * The account is closed when the frames of services and the unclassified ones are as many as the
 * frames that all methods have chosen a port for. The kernel half counts a frame of a service whose
 * method is not `database` in two places: it is by these that the two sums can differ. While frames
 * come in they are read a moment apart, and may differ by what came between.
 */
struct closure {
	uint64_t with_ports, by_method;
};

static struct closure close_account(const struct snapshot *snapshot)
{
	struct closure closure = { .with_ports = snapshot_totals(snapshot).services.packets };

	for (unsigned int i = 0; i < PORT_TRANSPORTS; i++)
		closure.with_ports += snapshot_bucket(snapshot, PORT_UNCLASSIFIED_TCP + i).packets;
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		closure.by_method += snapshot_method_packets(snapshot, i);
	return closure;
}

static double ratio(uint64_t counted, uint64_t received)
{
	return received ? (double)counted * 100 / (double)received : 100;
}

static void print_since(FILE *out, const struct status_device *device, uint64_t now)
{
	char since[32] = "", age[UNITS_MAX];
	time_t began = (time_t)device->since;
	struct tm tm;

	if (localtime_r(&began, &tm))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	units_duration(age, now > device->since ? now - device->since : 0);
	fprintf(out, "  since       %s (%s)\n", since, age);
}

static void print_account(FILE *out, const struct snapshot *snapshot)
{
	struct account_totals totals = snapshot_totals(snapshot);
	struct closure closure = close_account(snapshot);
	struct port_handshakes connections = snapshot_connections(snapshot);

	fprintf(out, "  account     services %llu + buckets %llu = %llu frames, %llu bytes\n",
		totals.services.packets, totals.buckets.packets, totals.frames.packets,
		totals.frames.bytes);
	fprintf(out, "              with ports %" PRIu64 ", by method %" PRIu64 ": %s\n",
		closure.with_ports, closure.by_method,
		closure.with_ports == closure.by_method ? "closed" : "read while counting");
	fprintf(out, "  connections attempted %llu, accepted %llu, reset %llu\n",
		connections.attempted, connections.accepted, connections.reset);
	fprintf(out, "  suspicious  %llu requests from a firm port to another service or to none\n",
		snapshot_suspicious(snapshot).packets);
}

static void print_device(FILE *out, const struct status_device *device, uint64_t now)
{
	const struct snapshot *total = &device->measured->total;

	fprintf(out, "device ");
	utf8_print(out, device->measured->name);
	fprintf(out, "\n");
	fprintf(out, "  counting    %s\n", device->is_attached ? "yes" : "no: the device is gone");
	fprintf(out, "  hook, mode  %s, %s (program ", device->measured->hook,
		device->measured->mode);
	utf8_print(out, device->version);
	fprintf(out, ")\n");
	print_since(out, device, now);
	print_account(out, total);
	if (device->has_interface)
		fprintf(out, "  interface   received %" PRIu64 " frames since, counted %.3f %%\n",
			device->interface_packets,
			ratio(snapshot_totals(total).frames.packets - device->base_frames,
			      device->interface_packets));
}

static void print_maps(FILE *out, const struct status *status)
{
	char memory[UNITS_MAX], age[UNITS_MAX];

	fprintf(out, "services    %u, room for %u\n", status->services, status->capacity);
	fprintf(out, "marks       %u cells; a server is remembered for %s at least\n",
		status->endpoint_cells, units_duration(age, status->endpoint_age));
	fprintf(out, "ports       unclassified frames are %s\n",
		status->counts_ports ? "counted by port"
				     : "not counted by port (--unclassified-ports off)");
	fprintf(out, "memory      %s in kernel maps\n", units_bytes(memory, status->memory_bytes));
}

int status_print(FILE *out, const struct status *status)
{
	fprintf(out, "portacct %s, pinned in ", PORTACCT_VERSION);
	utf8_print(out, status->pin_dir);
	fprintf(out, "\n");
	fprintf(out, "agent       %s\n",
		status->agent_running ? "running" : "not running; the kernel counts on");
	print_maps(out, status);
	for (size_t i = 0; i < status->count; i++)
		print_device(out, &status->devices[i], status->now);
	if (!status->count)
		fprintf(out, "no device is counted\n");
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static json_t *connections_object(struct port_handshakes connections)
{
	json_t *object = json_object();

	json_put(object, "attempted", json_count(connections.attempted));
	json_put(object, "accepted", json_count(connections.accepted));
	json_put(object, "reset", json_count(connections.reset));
	return object;
}

static json_t *device_object(const struct status_device *device)
{
	struct account_totals totals = snapshot_totals(&device->measured->total);
	struct closure closure = close_account(&device->measured->total);
	json_t *object = json_object();

	json_put(object, "device", json_text(device->measured->name));
	json_put(object, "attached", json_boolean(device->is_attached));
	json_put(object, "hook", json_text(device->measured->hook));
	json_put(object, "mode", json_text(device->measured->mode));
	json_put(object, "program_version", json_text(device->version));
	json_put(object, "since_timestamp_seconds", json_count(device->since));
	json_put(object, "frames", json_count(totals.frames.packets));
	json_put(object, "bytes", json_count(totals.frames.bytes));
	json_put(object, "service_frames", json_count(totals.services.packets));
	json_put(object, "service_bytes", json_count(totals.services.bytes));
	json_put(object, "bucket_frames", json_count(totals.buckets.packets));
	json_put(object, "bucket_bytes", json_count(totals.buckets.bytes));
	json_put(object, "frames_with_ports", json_count(closure.with_ports));
	json_put(object, "frames_by_method", json_count(closure.by_method));
	json_put(object, "connections",
		 connections_object(snapshot_connections(&device->measured->total)));
	json_put(object, "suspicious_source_port_frames",
		 json_count(snapshot_suspicious(&device->measured->total).packets));
	if (device->has_interface) {
		json_put(object, "interface_frames", json_count(device->interface_packets));
		json_put(object, "interface_bytes", json_count(device->interface_bytes));
	}
	return object;
}

int status_json_print(FILE *out, const struct status *status)
{
	json_t *document = json_object(), *array = json_array();

	json_put(document, "version", json_text(PORTACCT_VERSION));
	json_put(document, "pin_dir", json_text(status->pin_dir));
	json_put(document, "agent_running", json_boolean(status->agent_running));
	json_put(document, "services", json_count(status->services));
	json_put(document, "capacity", json_count(status->capacity));
	json_put(document, "endpoint_cells", json_count(status->endpoint_cells));
	json_put(document, "endpoint_age_seconds", json_count(status->endpoint_age));
	json_put(document, "unclassified_ports", json_boolean(status->counts_ports));
	json_put(document, "memory_bytes", json_count(status->memory_bytes));
	for (size_t i = 0; i < status->count; i++)
		json_array_append_new(array, device_object(&status->devices[i]));
	json_put(document, "devices", array);
	return json_print(out, document);
}
