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
 * The account is closed when the frames with ports that the methods have counted are those that
 * services and unclassified buckets have counted. While frames come in the two are read a moment
 * apart, and may differ by what came between.
 */
struct closure {
	uint64_t with_ports, by_method;
};

static struct closure close_account(const struct snapshot *snapshot)
{
	struct closure closure = { .with_ports = snapshot_totals(snapshot).services.packets };

	for (unsigned int i = 0; i < PORT_TRANSPORTS; i++)
		closure.with_ports += snapshot_bucket(snapshot, PORT_UNCLASSIFIED_TCP + i)->packets;
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		closure.by_method += snapshot_method_packets(snapshot, i);
	return closure;
}

static double ratio(uint64_t counted, uint64_t received)
{
	return received ? (double)counted * 100 / (double)received : 100;
}

static void print_device(FILE *out, const struct status_device *device, uint64_t now)
{
	struct account_totals totals = snapshot_totals(&device->measured->total);
	uint64_t services = totals.services.packets, buckets = totals.buckets.packets;
	uint64_t frames = totals.frames.packets, bytes = totals.frames.bytes;
	struct closure closure = close_account(&device->measured->total);
	char since[32] = "", age[UNITS_MAX];
	time_t began = (time_t)device->since;
	struct tm tm;

	if (localtime_r(&began, &tm))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	units_duration(age, now > device->since ? now - device->since : 0);
	fprintf(out, "device ");
	utf8_print(out, device->measured->name);
	fprintf(out, "\n");
	fprintf(out, "  counting    %s\n", device->is_attached ? "yes" : "no: the device is gone");
	fprintf(out, "  hook, mode  %s, %s (program ", device->measured->hook,
		device->measured->mode);
	utf8_print(out, device->version);
	fprintf(out, ")\n");
	fprintf(out, "  since       %s (%s)\n", since, age);
	fprintf(out,
		"  account     services %" PRIu64 " + buckets %" PRIu64 " = %" PRIu64
		" frames, %" PRIu64 " bytes\n",
		services, buckets, frames, bytes);
	fprintf(out, "              with ports %" PRIu64 ", by method %" PRIu64 ": %s\n",
		closure.with_ports, closure.by_method,
		closure.with_ports == closure.by_method ? "closed" : "read while counting");
	if (device->has_interface)
		fprintf(out, "  interface   received %" PRIu64 " frames since, counted %.3f %%\n",
			device->interface_packets,
			ratio(frames - device->base_frames, device->interface_packets));
}

int status_print(FILE *out, const struct status *status)
{
	char memory[UNITS_MAX];

	fprintf(out, "portacct %s, pinned in ", PORTACCT_VERSION);
	utf8_print(out, status->pin_dir);
	fprintf(out, "\n");
	fprintf(out, "agent       %s\n",
		status->agent_running ? "running" : "not running; the kernel counts on");
	fprintf(out, "services    %u, room for %u\n", status->services, status->capacity);
	fprintf(out, "memory      %s in kernel maps\n", units_bytes(memory, status->memory_bytes));
	for (size_t i = 0; i < status->count; i++)
		print_device(out, &status->devices[i], status->now);
	if (!status->count)
		fprintf(out, "no device is counted\n");
	return fflush(out) || ferror(out) ? -EIO : 0;
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
	json_put(document, "memory_bytes", json_count(status->memory_bytes));
	for (size_t i = 0; i < status->count; i++)
		json_array_append_new(array, device_object(&status->devices[i]));
	json_put(document, "devices", array);
	return json_print(out, document);
}
