// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "status.h"
#include "units.h"
#include "utf8.h"
#include "version.h"

/* "2026-01-01 12:00:00 (5m12s)" */
static void print_time(FILE *out, uint64_t then, uint64_t now)
{
	char since[32] = "", age[UNITS_MAX];
	time_t seconds = (time_t)then;
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(out, "%s (%s)", since, units_duration(age, now > then ? now - then : 0));
}

static void print_account(FILE *out, const struct snapshot *snapshot)
{
	struct account_totals totals = snapshot_totals(snapshot);
	struct measured_account account = measured_account(snapshot);
	struct port_handshakes connections = snapshot_connections(snapshot);

	fprintf(out, "  account     services %llu + buckets %llu = %llu frames, %llu bytes\n",
		totals.services.packets, totals.buckets.packets, totals.frames.packets,
		totals.frames.bytes);
	fprintf(out, "              with ports %" PRIu64 ", by method %" PRIu64 ": %s\n",
		account.with_ports, account.by_method,
		account.difference ? "read while counting" : "closed");
	fprintf(out, "  connections attempted %llu, accepted %llu, reset %llu\n",
		connections.attempted, connections.accepted, connections.reset);
	fprintf(out, "  suspicious  %llu requests from a firm port to another service or to none\n",
		snapshot_suspicious(snapshot).packets);
}

/* Beside what the interface itself says, which is read later: the last frames may be missing. */
static void print_interface(FILE *out, const struct measured_device *measured)
{
	uint64_t counted = measured_since_base(measured);
	double share;

	if (!measured->has_interface)
		return;
	fprintf(out, "  interface   %s %" PRIu64 " frames since, counted ",
		measured->is_egress ? "transmitted" : "received", measured->interface_packets);
	if (measured_coverage(measured, &share))
		fprintf(out, "%.3f %%", share * 100);
	else
		fprintf(out, "%" PRIu64, counted);
	if (counted < measured->interface_packets)
		fprintf(out, ", all but %" PRIu64, measured->interface_packets - counted);
	fprintf(out, "\n");
}

static void print_device(FILE *out, const struct status_device *device, uint64_t now)
{
	const struct measured_device *measured = device->measured;
	char memory[UNITS_MAX];

	fprintf(out, "device ");
	utf8_print(out, measured->name);
	fprintf(out, ": %s frames\n", measured->is_egress ? "transmitted" : "received");
	fprintf(out, "  counting    %s\n",
		measured->is_attached ? "yes" : "no: the device is gone, or was let go");
	fprintf(out, "  hook, mode  %s, %s (program ", measured->hook, measured->mode);
	utf8_print(out, device->version);
	fprintf(out, ")\n  since       ");
	print_time(out, device->since, now);
	fprintf(out, "\n");
	print_account(out, &measured->total);
	print_interface(out, measured);
	if (measured->stalls)
		fprintf(out,
			"  stalls      %" PRIu64 " times it stopped to receive and was let go\n",
			measured->stalls);
	fprintf(out, "  memory      about %s in kernel maps\n",
		units_bytes(memory, device->memory));
}

static void print_agent(FILE *out, const struct status *status)
{
	fprintf(out, "agent       %s",
		status->agent_running ? "running" : "not running; the kernel counts on");
	if (status->agent_running && status->agent_pid)
		fprintf(out, ", process %u", status->agent_pid);
	fprintf(out, "\nreloads     %" PRIu64 " done", status->reloads);
	if (status->last_reload) {
		fprintf(out, ", the last ");
		print_time(out, status->last_reload, status->now);
	}
	fprintf(out, "; %" PRIu64 " refused\n", status->reload_failures);
	fprintf(out, "textfile    %" PRIu64 " writes failed\n", status->write_failures);
}

static void print_maps(FILE *out, const struct status *status)
{
	char memory[UNITS_MAX], age[UNITS_MAX], advice[FOOTPRINT_ADVICE_MAX];

	fprintf(out, "services    %u, room for %u\n", status->services, status->capacity);
	if (status->endpoint_cells)
		fprintf(out, "marks       %u cells; a server is remembered for %s at least\n",
			status->endpoint_cells, units_duration(age, status->endpoint_age));
	fprintf(out, "ports       unclassified frames are %s\n",
		status->counts_ports ? "counted by port"
				     : "not counted by port (--unclassified-ports off)");
	if (status->memory.total)
		fprintf(out, "memory      about %s in kernel maps\n",
			units_bytes(memory, status->memory.total));
	if (*footprint_advice(advice, &status->memory))
		fprintf(out, "            %s\n", advice);
	if (status->memory.cpus != status->cpus_online)
		fprintf(out,
			"processors  %u possible, %u online: memory is for the possible ones\n",
			status->memory.cpus, status->cpus_online);
}

static void print_feature(FILE *out, enum feature feature, enum feature_answer answer)
{
	const char *name = feature_name(feature);

	if (answer == FEATURE_PRESENT)
		fprintf(out, "  has         %s\n", name);
	else if (answer == FEATURE_MISSING)
		fprintf(out, "  has no      %s:\n              %s\n", name,
			feature_without(feature));
	else
		fprintf(out, "  not known   %s (to ask takes more rights)\n", name);
}

static void print_kernel(FILE *out, const struct features *kernel)
{
	if (!kernel)
		return;
	fprintf(out, "kernel      ");
	utf8_print(out, kernel->release);
	fprintf(out, "\n");
	for (enum feature i = 0; i < FEATURES; i++)
		print_feature(out, i, kernel->has[i]);
}

/* Not to members of the group, who cannot see what the programs are on. */
static bool knows_any(const struct status *status)
{
	for (size_t i = 0; status->all && i < status->all->count; i++)
		if (status->is_counted(status->is_counted_ctx, &status->all->list[i]))
			return true;
	return false;
}

static int print_stack(FILE *out, const struct status *status)
{
	if (!knows_any(status))
		return 0;
	fprintf(out, "stack\n");
	return stack_print(out, 2, status->all, status->is_counted, status->is_counted_ctx);
}

int status_print(FILE *out, const struct status *status)
{
	int err;

	fprintf(out, "portacct %s, pinned in ", PORTACCT_VERSION);
	utf8_print(out, status->pin_dir);
	fprintf(out, "\n");
	print_agent(out, status);
	print_maps(out, status);
	print_kernel(out, status->kernel);
	for (size_t i = 0; i < status->count; i++)
		print_device(out, &status->devices[i], status->now);
	if (!status->count)
		fprintf(out, "no device is counted\n");
	err = print_stack(out, status);
	return fflush(out) || ferror(out) ? -EIO : err;
}
