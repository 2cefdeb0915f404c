// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "names.h"
#include "report_private.h"

const char *report_key_name(enum report_key key)
{
	static const char *const names[REPORT_KEYS] = {
		[REPORT_SERVICE] = "service",       [REPORT_PORT] = "port",
		[REPORT_PROTOCOL] = "protocol",     [REPORT_DEVICE] = "device",
		[REPORT_ENCRYPTION] = "encryption", [REPORT_METHOD] = "method",
		[REPORT_BUCKET] = "bucket",
	};

	return names[key];
}

const char *report_sort_name(enum report_sort sort)
{
	static const char *const names[REPORT_SORTS] = {
		[REPORT_BYTES] = "bytes",
		[REPORT_PACKETS] = "packets",
		[REPORT_CONNECTIONS] = "connections",
	};

	return names[sort];
}

struct port_counter report_sum(const struct port_counter sides[REPORT_SIDES])
{
	struct port_counter sum = {};

	for (int i = 0; i < REPORT_SIDES; i++) {
		sum.packets += sides[i].packets;
		sum.bytes += sides[i].bytes;
	}
	return sum;
}

bool report_is_told(const struct measurement *measurement, const struct measured_device *device)
{
	return device->is_egress == measurement->transmitted;
}

bool report_has_connections(const struct report *report, const struct report_row *row)
{
	return !row->is_bucket && report->key != REPORT_METHOD;
}

struct report_row *report_add_row(struct report *report, const char *label)
{
	struct report_row *row = &report->rows[report->count++];

	*row = (struct report_row){ .transport = "", .encryption = "" };
	snprintf(row->label, sizeof(row->label), "%s", label);
	return row;
}

static void label_service(struct report_row *row, const struct catalog_service *service,
			  enum report_key key, const char *device)
{
	const char *transport = transport_name(service->transport);
	const char *encryption = portdb_encryption_name(service->encryption);

	switch (key) {
	case REPORT_PORT:
		snprintf(row->label, sizeof(row->label), "%s/%s",
			 *service->ports ? service->ports : "-", transport);
		break;
	case REPORT_PROTOCOL:
		snprintf(row->label, sizeof(row->label), "%s", transport);
		return;
	case REPORT_DEVICE:
		snprintf(row->label, sizeof(row->label), "%s", device);
		return;
	case REPORT_ENCRYPTION:
		snprintf(row->label, sizeof(row->label), "%s",
			 *encryption ? encryption : "unknown");
		return;
	default:
		break;
	}
	row->transport = transport;
	row->encryption = encryption;
}

static void add_service(struct report *report, const struct measured_device *device, uint32_t slot,
			const struct catalog_service *service)
{
	struct report_row *row = report_add_row(report, service->name);

	label_service(row, service, report->key, device->name);
	for (int i = 0; i < PORT_DIRECTIONS; i++) {
		row->interval[i] = snapshot_service(&device->interval, slot, i);
		row->total[i] = snapshot_service(&device->total, slot, i);
	}
	row->connections = snapshot_handshakes(&device->interval, slot);
	row->connections_total = snapshot_handshakes(&device->total, slot);
	if (!report_sum(row->total).packets)
		report->count--;
}

/*
 * The transport of an unclassified bucket is known; by protocol it belongs to that transport's row.
 */
static void add_bucket(struct report *report, const struct measured_device *device,
		       enum port_bucket bucket)
{
	bool is_unclassified = (unsigned int)bucket < PORT_TRANSPORTS;
	struct report_row *row = report_add_row(report, bucket_name(bucket));

	row->interval[REPORT_UNDIRECTED] = snapshot_bucket(&device->interval, bucket);
	row->total[REPORT_UNDIRECTED] = snapshot_bucket(&device->total, bucket);
	row->is_bucket = true;
	if (report->key == REPORT_DEVICE)
		snprintf(row->label, sizeof(row->label), "%s", device->name);
	else if (report->key == REPORT_ENCRYPTION)
		snprintf(row->label, sizeof(row->label), "unknown");
	else if (report->key == REPORT_PROTOCOL && is_unclassified)
		snprintf(row->label, sizeof(row->label), "%s", transport_name(bucket));
	else if (is_unclassified)
		row->transport = transport_name(bucket);
	if (report->key == REPORT_DEVICE || report->key == REPORT_ENCRYPTION ||
	    report->key == REPORT_PROTOCOL)
		row->is_bucket = false;
	if (!row->total[REPORT_UNDIRECTED].packets)
		report->count--;
}

static void add_method(struct report *report, const struct measured_device *device,
		       enum port_method method)
{
	struct report_row *row = report_add_row(report, method_name(method));

	row->interval[REPORT_UNDIRECTED].packets =
		snapshot_method_packets(&device->interval, method);
	row->total[REPORT_UNDIRECTED].packets = snapshot_method_packets(&device->total, method);
}

static void add_handshakes(struct port_handshakes *sum, struct port_handshakes handshakes)
{
	sum->attempted += handshakes.attempted;
	sum->accepted += handshakes.accepted;
	sum->reset += handshakes.reset;
}

static void sum_device(struct report *report, const struct measured_device *device)
{
	struct account_totals interval = snapshot_totals(&device->interval),
			      total = snapshot_totals(&device->total);

	report->interval.packets += interval.frames.packets;
	report->interval.bytes += interval.frames.bytes;
	report->total.packets += total.frames.packets;
	report->total.bytes += total.frames.bytes;
	add_handshakes(&report->connections, snapshot_connections(&device->interval));
	add_handshakes(&report->connections_total, snapshot_connections(&device->total));
	add_handshakes(&report->serviceless, snapshot_handshakes(&device->interval, 0));
}

static void add_device(struct report *report, const struct measured_device *device,
		       const struct catalog *catalog)
{
	if (report->key == REPORT_METHOD) {
		for (unsigned int method = 0; method < PORT_METHODS; method++)
			add_method(report, device, method);
		return;
	}
	for (uint32_t slot = PORT_SLOT_FIRST; report->key != REPORT_BUCKET && slot < catalog->end;
	     slot++)
		add_service(report, device, slot, &catalog->services[slot]);
	for (unsigned int bucket = 0; bucket < PORT_BUCKETS; bucket++)
		add_bucket(report, device, bucket);
}

static int by_label(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int order = strcmp(x->label, y->label);

	if (!order)
		order = strcmp(x->transport, y->transport);
	return order ? order : (int)x->is_bucket - (int)y->is_bucket;
}

static void merge_row(struct report_row *into, const struct report_row *row)
{
	if (strcmp(into->encryption, row->encryption))
		into->encryption = "";
	for (int i = 0; i < REPORT_SIDES; i++) {
		into->interval[i].packets += row->interval[i].packets;
		into->interval[i].bytes += row->interval[i].bytes;
		into->total[i].packets += row->total[i].packets;
		into->total[i].bytes += row->total[i].bytes;
	}
	add_handshakes(&into->connections, row->connections);
	add_handshakes(&into->connections_total, row->connections_total);
}

/*
 * One row for each label and transport; a service that is called like a bucket is not the bucket.
 */
static void merge(struct report *report)
{
	size_t kept = 0;

	qsort(report->rows, report->count, sizeof(*report->rows), by_label);
	for (size_t i = 0; i < report->count; i++) {
		if (kept && !by_label(&report->rows[kept - 1], &report->rows[i]))
			merge_row(&report->rows[kept - 1], &report->rows[i]);
		else
			report->rows[kept++] = report->rows[i];
	}
	report->count = kept;
}

static int descending(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

static int by_packets(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int order = descending(report_sum(x->interval).packets, report_sum(y->interval).packets);

	if (!order)
		order = descending(report_sum(x->total).packets, report_sum(y->total).packets);
	return order ? order : by_label(a, b);
}

static int by_bytes(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int order = descending(report_sum(x->interval).bytes, report_sum(y->interval).bytes);

	if (!order)
		order = descending(report_sum(x->total).bytes, report_sum(y->total).bytes);
	return order ? order : by_packets(a, b);
}

static int by_connections(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int order = descending(x->connections.attempted, y->connections.attempted);

	if (!order)
		order = descending(x->connections_total.attempted, y->connections_total.attempted);
	return order ? order : by_packets(a, b);
}

static bool any_told(const struct measurement *measurement)
{
	for (size_t i = 0; i < measurement->count; i++)
		if (report_is_told(measurement, &measurement->devices[i]))
			return true;
	return false;
}

static const char *note_of(const struct measurement *measurement, enum report_key key)
{
	if (measurement->transmitted && !any_told(measurement))
		return "transmitted frames are counted where the agent was started with --egress";
	if (key != REPORT_PORT)
		return NULL;
	if (measurement->transmitted)
		return "unclassified ports are counted of received frames only";
	switch (measurement->by_port) {
	case MEASURED_UNCOUNTED:
		return "unclassified ports are not counted: --detach, then "
		       "--unclassified-ports on";
	case MEASURED_SOME_DEVICES:
		return "unclassified ports are counted for all devices together: leave out -i";
	default:
		return NULL;
	}
}

int report_build(struct report *report, const struct measurement *measurement, enum report_key key,
		 enum report_sort sort)
{
	static int (*const orders[REPORT_SORTS])(const void *, const void *) = {
		[REPORT_BYTES] = by_bytes,
		[REPORT_PACKETS] = by_packets,
		[REPORT_CONNECTIONS] = by_connections,
	};
	const struct measured_ports *ports =
		key == REPORT_PORT && !measurement->transmitted ? measurement->ports : NULL;
	size_t room = measurement->count * (measurement->catalog->end + PORT_BUCKETS) +
		      PORT_METHODS * measurement->count + report_count_ports(ports);

	*report = (struct report){
		.key = key,
		.sort = sort,
		.transmitted = measurement->transmitted,
		.note = note_of(measurement, key),
		.seconds = measurement->seconds,
	};
	report->rows = calloc(room + 1, sizeof(*report->rows));
	if (!report->rows)
		return -ENOMEM;
	for (size_t i = 0; i < measurement->count; i++) {
		if (!report_is_told(measurement, &measurement->devices[i]))
			continue;
		sum_device(report, &measurement->devices[i]);
		add_device(report, &measurement->devices[i], measurement->catalog);
	}
	merge(report);
	if (ports)
		report_split_buckets(report, ports);
	qsort(report->rows, report->count, sizeof(*report->rows), orders[sort]);
	return 0;
}

void report_free(struct report *report)
{
	free(report->rows);
	*report = (struct report){};
}
