// SPDX-License-Identifier: GPL-2.0-only
/* The families of devices: what is counted there, and what tells whether all of it is. */
#include <stdbool.h>
#include <string.h>

#include "names.h"
#include "prom_private.h"
#include "prom.h"

/* The samples of one device. */
typedef void put_device(FILE *out, const char *family, const struct measured_device *device);

static void put_bucket(FILE *out, const char *family, const struct measured_device *device,
		       unsigned int bucket, uint64_t value)
{
	prom_put_start(out, family, device->name);
	prom_put_label(out, ",", "bucket", bucket_name(bucket));
	prom_put_end(out, value);
}

static void put_bucket_packets(FILE *out, const char *family, const struct measured_device *device)
{
	for (unsigned int i = 0; i < PORT_BUCKETS; i++)
		put_bucket(out, family, device, i, snapshot_bucket(&device->total, i).packets);
}

static void put_bucket_bytes(FILE *out, const char *family, const struct measured_device *device)
{
	for (unsigned int i = 0; i < PORT_BUCKETS; i++)
		put_bucket(out, family, device, i, snapshot_bucket(&device->total, i).bytes);
}

static void put_methods(FILE *out, const char *family, const struct measured_device *device)
{
	for (unsigned int method = 0; method < PORT_METHODS; method++) {
		prom_put_start(out, family, device->name);
		prom_put_label(out, ",", "method", method_name(method));
		prom_put_end(out, snapshot_method_packets(&device->total, method));
	}
}

static void put_number(FILE *out, const char *family, const struct measured_device *device,
		       uint64_t value)
{
	prom_put_start(out, family, device->name);
	prom_put_end(out, value);
}

static void put_suspicious(FILE *out, const char *family, const struct measured_device *device)
{
	put_number(out, family, device, snapshot_suspicious(&device->total).packets);
}

static void put_packets(FILE *out, const char *family, const struct measured_device *device)
{
	put_number(out, family, device, snapshot_totals(&device->total).frames.packets);
}

static void put_bytes(FILE *out, const char *family, const struct measured_device *device)
{
	put_number(out, family, device, snapshot_totals(&device->total).frames.bytes);
}

static void put_attached(FILE *out, const char *family, const struct measured_device *device)
{
	put_number(out, family, device, device->is_attached);
}

static void put_coverage(FILE *out, const char *family, const struct measured_device *device)
{
	double share;

	if (!measured_coverage(device, &share))
		return;
	prom_put_start(out, family, device->name);
	prom_put_end_ratio(out, share);
}

static void put_difference(FILE *out, const char *family, const struct measured_device *device)
{
	put_number(out, family, device, measured_account(&device->total).difference);
}

static void put_stalls(FILE *out, const char *family, const struct measured_device *device)
{
	put_number(out, family, device, device->stalls);
}

static const struct family {
	const char *name, *type, *help;
	put_device *put;
} received[] = {
	{ "bucket_receive_packets_total", "counter",
	  "Received frames that belong to no service, by reason.", put_bucket_packets },
	{ "bucket_receive_bytes_total", "counter",
	  "Received bytes that belong to no service, by reason.", put_bucket_bytes },
	{ "method_receive_packets_total", "counter",
	  "Received frames of services and unclassified ones, by how the port was chosen.",
	  put_methods },
	{ "suspicious_source_port_packets_total", "counter",
	  "Requests for connections from a firm port to another service, or to none.",
	  put_suspicious },
	{ "device_receive_packets_total", "counter", "Frames that the program saw on a device.",
	  put_packets },
	{ "device_receive_bytes_total", "counter", "Bytes that the program saw on a device.",
	  put_bytes },
	{ "device_attached", "gauge",
	  "Whether a device's received frames are being counted: 1, or 0 if it is gone or was let "
	  "go.",
	  put_attached },
	{ "device_coverage_ratio", "gauge",
	  "Frames counted, as a share of those that a device says it received since the program "
	  "came.",
	  put_coverage },
	{ "device_account_difference_packets", "gauge",
	  "Difference between received frames with ports and those by method; a few while frames "
	  "come in.",
	  put_difference },
	{ "device_stalls_total", "counter",
	  "Times that counting on a device was ended because it had stopped to receive.",
	  put_stalls },
};

/*
 * Only where transmitted frames are counted. Requests for connections are told of received frames
 * only: one that is forwarded would be there twice.
 */
static const struct family transmitted[] = {
	{ "bucket_transmit_packets_total", "counter",
	  "Transmitted frames that belong to no service, by reason.", put_bucket_packets },
	{ "bucket_transmit_bytes_total", "counter",
	  "Transmitted bytes that belong to no service, by reason.", put_bucket_bytes },
	{ "method_transmit_packets_total", "counter",
	  "Transmitted frames of services and unclassified ones, by how the port was chosen.",
	  put_methods },
	{ "device_transmit_packets_total", "counter",
	  "Transmitted frames that the program saw on a device.", put_packets },
	{ "device_transmit_bytes_total", "counter",
	  "Transmitted bytes that the program saw on a device.", put_bytes },
	{ "device_transmit_attached", "gauge",
	  "Whether a device's transmitted frames are being counted: 1, or 0 if it is gone or was "
	  "let go.",
	  put_attached },
	{ "device_transmit_coverage_ratio", "gauge",
	  "Frames counted, as a share of those that a device says it transmitted since the program "
	  "came.",
	  put_coverage },
	{ "device_transmit_account_difference_packets", "gauge",
	  "Difference between transmitted frames with ports and those by method; a few while "
	  "frames "
	  "go out.",
	  put_difference },
};

bool prom_has_transmitted(const struct measurement *measurement)
{
	for (size_t i = 0; i < measurement->count; i++)
		if (measurement->devices[i].is_egress)
			return true;
	return false;
}

static void put_family(FILE *out, const struct family *family,
		       const struct measurement *measurement, bool is_egress)
{
	prom_put_head(out, family->name, family->type, family->help);
	for (size_t i = 0; i < measurement->count; i++)
		if (measurement->devices[i].is_egress == is_egress)
			family->put(out, family->name, &measurement->devices[i]);
}

/*
 * Received and transmitted frames of a device may be counted by the same hook in the same mode:
 * that is said once.
 */
static bool is_told(const struct measurement *measurement, size_t index)
{
	const struct measured_device *device = &measurement->devices[index];

	for (size_t i = 0; i < index; i++)
		if (!strcmp(measurement->devices[i].name, device->name) &&
		    !strcmp(measurement->devices[i].hook, device->hook) &&
		    !strcmp(measurement->devices[i].mode, device->mode))
			return true;
	return false;
}

static void put_info(FILE *out, const struct measurement *measurement)
{
	prom_put_head(out, "device_info", "gauge", "How a device is counted; always 1.");
	for (size_t i = 0; i < measurement->count; i++) {
		if (is_told(measurement, i))
			continue;
		prom_put_start(out, "device_info", measurement->devices[i].name);
		prom_put_label(out, ",", "hook", measurement->devices[i].hook);
		prom_put_label(out, ",", "mode", measurement->devices[i].mode);
		prom_put_end(out, 1);
	}
}

void prom_put_devices(FILE *out, const struct measurement *measurement)
{
	for (size_t i = 0; i < sizeof(received) / sizeof(received[0]); i++)
		put_family(out, &received[i], measurement, false);
	for (size_t i = 0; i < sizeof(transmitted) / sizeof(transmitted[0]); i++)
		if (prom_has_transmitted(measurement))
			put_family(out, &transmitted[i], measurement, true);
	put_info(out, measurement);
}
