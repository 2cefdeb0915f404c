// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "json.h"
#include "names.h"
#include "top_json.h"

static void put_counts(json_t *object, struct port_counter interval, struct port_counter total)
{
	json_put(object, "packets", json_count(interval.packets));
	json_put(object, "bytes", json_count(interval.bytes));
	json_put(object, "packets_total", json_count(total.packets));
	json_put(object, "bytes_total", json_count(total.bytes));
}

static json_t *connections(const struct port_handshakes *interval,
			   const struct port_handshakes *total)
{
	json_t *object = json_object();

	json_put(object, "attempted", json_count(interval->attempted));
	json_put(object, "accepted", json_count(interval->accepted));
	json_put(object, "reset", json_count(interval->reset));
	json_put(object, "attempted_total", json_count(total->attempted));
	json_put(object, "accepted_total", json_count(total->accepted));
	json_put(object, "reset_total", json_count(total->reset));
	return object;
}

static json_t *methods_array(uint8_t methods)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < PORT_METHODS; i++)
		if (methods & 1 << i)
			json_array_append_new(array, json_text(method_name(i)));
	return array;
}

/* What is known of an unclassified port. */
static void put_port(json_t *object, const struct report_row *row)
{
	char hint[PORT_NAME_MAX + 16];

	json_put(object, "port", json_integer(row->port));
	json_put(object, "methods", methods_array(row->methods));
	if (!row->hint) {
		json_put(object, "hint", json_null());
		return;
	}
	snprintf(hint, sizeof(hint), "%s: %s", row->hint_transport, row->hint);
	json_put(object, "hint", json_text(hint));
}

static json_t *side(const struct report_row *row, enum report_side i)
{
	json_t *object = json_object();

	put_counts(object, row->interval[i], row->total[i]);
	return object;
}

static json_t *row_object(const struct report *report, const struct report_row *row,
			  const char *key, bool with_sides)
{
	json_t *object = json_object();

	json_put(object, key, json_text(row->label));
	if (*row->transport)
		json_put(object, "transport", json_text(row->transport));
	if (with_sides)
		json_put(object, "encryption", json_text(row->encryption));
	put_counts(object, report_sum(row->interval), report_sum(row->total));
	if (with_sides) {
		json_put(object, "to_server", side(row, REPORT_TO_SERVER));
		json_put(object, "to_client", side(row, REPORT_TO_CLIENT));
	}
	if (report_has_connections(report, row))
		json_put(object, "connections",
			 connections(&row->connections, &row->connections_total));
	if (row->is_port)
		put_port(object, row);
	return object;
}

/*
 * By service only the services, by port only the unclassified ports, whose "port" is the number:
 * the rest is in other arrays.
 */
static bool is_listed(const struct report_row *row, enum report_key key)
{
	if (key == REPORT_PORT)
		return row->is_port;
	return key != REPORT_SERVICE || !row->is_bucket;
}

int top_json_put_rows(json_t *document, const struct measurement *measurement, const char *name,
		      enum report_key key)
{
	json_t *array = json_array();
	struct report report;
	int err = report_build(&report, measurement, key, REPORT_BYTES);

	if (!err) {
		for (size_t i = 0; i < report.count; i++)
			if (is_listed(&report.rows[i], key))
				json_array_append_new(array, row_object(&report, &report.rows[i],
									report_key_name(key),
									key == REPORT_SERVICE));
		report_free(&report);
	}
	json_put(document, name, array);
	return err;
}

static json_t *devices_array(const struct measurement *measurement)
{
	json_t *array = json_array();

	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];
		struct port_handshakes interval, total;
		json_t *object;

		if (!report_is_told(measurement, device))
			continue;
		object = json_object();
		json_put(object, "device", json_text(device->name));
		json_put(object, "hook", json_text(device->hook));
		json_put(object, "mode", json_text(device->mode));
		put_counts(object, snapshot_totals(&device->interval).frames,
			   snapshot_totals(&device->total).frames);
		interval = snapshot_connections(&device->interval);
		total = snapshot_connections(&device->total);
		json_put(object, "connections", connections(&interval, &total));
		json_array_append_new(array, object);
	}
	return array;
}

int top_json_print(FILE *out, const struct report *report, const struct measurement *measurement,
		   size_t rows)
{
	json_t *document = json_object(), *array = json_array();
	int err;

	json_put(document, "interval_seconds", json_real(report->seconds));
	json_put(document, "traffic", json_text(report->transmitted ? "transmitted" : "received"));
	json_put(document, "frames", json_count(report->interval.packets));
	json_put(document, "bytes", json_count(report->interval.bytes));
	json_put(document, "frames_total", json_count(report->total.packets));
	json_put(document, "bytes_total", json_count(report->total.bytes));
	json_put(document, "connections",
		 connections(&report->connections, &report->connections_total));
	json_put(document, "devices", devices_array(measurement));
	err = top_json_put_rows(document, measurement, "services", REPORT_SERVICE);
	if (!err)
		err = top_json_put_rows(document, measurement, "buckets", REPORT_BUCKET);
	if (!err)
		err = top_json_put_rows(document, measurement, "methods", REPORT_METHOD);
	json_put(document, "by", json_text(report_key_name(report->key)));
	if (report->note)
		json_put(document, "note", json_text(report->note));
	for (size_t i = 0; i < report->count && i < rows; i++)
		json_array_append_new(array, row_object(report, &report->rows[i], "label",
							!report->rows[i].is_bucket));
	json_put(document, "rows", array);
	if (!err)
		return json_print(out, document);
	json_decref(document);
	return err;
}
