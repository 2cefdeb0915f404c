// SPDX-License-Identifier: GPL-2.0-only
/* Rows of unclassified ports, and what is left of the buckets from which they are taken. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "portdb.h"
#include "porttable.h"
#include "report_private.h"

/* Only these two are counted by port. */
static const enum port_transport transports[] = { PORT_TCP, PORT_UDP };

static bool is_counted(const struct measured_ports *ports, uint32_t index)
{
	return ports->total.ports[index].packets || ports->total.ports[index].bytes;
}

size_t report_count_ports(const struct measured_ports *ports)
{
	size_t count = 0;

	for (uint32_t index = 0; ports && index < PORT_UNCLASSIFIED_ENTRIES; index++)
		count += is_counted(ports, index);
	return count;
}

/* Who has the port under another transport, the first of them. */
static void set_hint(struct report_row *row, const struct measured_ports *ports,
		     unsigned int transport)
{
	for (unsigned int other = 0; ports->db && other < PORT_TRANSPORTS; other++) {
		const struct portdb_entry *entry =
			porttable_owner(ports->table, ports->db, other, row->port);

		if (!entry || other == transport)
			continue;
		row->hint = entry->name;
		row->hint_transport = transport_name(other);
		return;
	}
}

static void add_port(struct report *report, const struct measured_ports *ports,
		     unsigned int transport, uint16_t port)
{
	uint32_t index = PORT_TABLE_INDEX(transport, port);
	struct report_row *row = report_add_row(report, "");

	snprintf(row->label, sizeof(row->label), "%u/%s", port, transport_name(transport));
	row->transport = transport_name(transport);
	row->is_bucket = true;
	row->interval[REPORT_UNDIRECTED] = ports->interval.ports[index];
	row->total[REPORT_UNDIRECTED] = ports->total.ports[index];
	row->is_port = true;
	row->port = port;
	row->methods = ports->total.methods[index];
	set_hint(row, ports, transport);
}

/* Where in a row the numbers of a bucket or a port stand, which have no direction. */
static const size_t numbers[] = {
	offsetof(struct report_row, interval[REPORT_UNDIRECTED].packets),
	offsetof(struct report_row, interval[REPORT_UNDIRECTED].bytes),
	offsetof(struct report_row, total[REPORT_UNDIRECTED].packets),
	offsetof(struct report_row, total[REPORT_UNDIRECTED].bytes),
};

static __u64 *number_at(struct report_row *row, size_t at)
{
	return (__u64 *)((char *)row + at);
}

static int by_number(const void *a, const void *b, void *at)
{
	const __u64 *x = (const __u64 *)((const char *)a + *(size_t *)at);
	const __u64 *y = (const __u64 *)((const char *)b + *(size_t *)at);

	return *x == *y ? 0 : *x > *y ? -1 : 1;
}

/* Sorted, as in a scan all ports have the same small number, and the excess is many of them. */
static void take_off(struct report_row *rows, size_t count, size_t at, uint64_t excess)
{
	qsort_r(rows, count, sizeof(*rows), by_number, &at);
	for (size_t i = 0; excess && i < count; i++) {
		__u64 *number = number_at(&rows[i], at);
		uint64_t taken = *number < excess ? *number : excess;

		*number -= taken;
		excess -= taken;
	}
}

/*
 * What the ports do not account for stays in the bucket's row. They are read a moment before the
 * bucket, at both ends of an interval, and include what was counted on a device whose start failed
 * later: what they have more than the bucket is no frame of this report, and is taken off the
 * busiest of them, where it matters least.
 */
static void settle(struct report_row *bucket, struct report_row *rows, size_t count)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		__u64 *left = number_at(bucket, numbers[i]);
		uint64_t sum = 0;

		for (size_t k = 0; k < count; k++)
			sum += *number_at(&rows[k], numbers[i]);
		if (sum > *left)
			take_off(rows, count, numbers[i], sum - *left);
		*left = sum < *left ? *left - sum : 0;
	}
}

static struct report_row *find_bucket(struct report *report, unsigned int transport)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->rows[i].is_bucket &&
		    !strcmp(report->rows[i].label, bucket_name(PORT_UNCLASSIFIED_TCP + transport)))
			return &report->rows[i];
	return NULL;
}

static bool is_empty(const struct report_row *row)
{
	const struct port_counter *interval = &row->interval[REPORT_UNDIRECTED],
				  *total = &row->total[REPORT_UNDIRECTED];

	return !interval->packets && !interval->bytes && !total->packets && !total->bytes;
}

void report_split_buckets(struct report *report, const struct measured_ports *ports)
{
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		struct report_row *bucket = find_bucket(report, transports[i]);
		size_t first = report->count;

		if (!bucket) /* nothing of it was counted on these devices */
			continue;
		for (uint32_t port = 0; port <= UINT16_MAX; port++)
			if (is_counted(ports, PORT_TABLE_INDEX(transports[i], port)))
				add_port(report, ports, transports[i], (uint16_t)port);
		settle(bucket, &report->rows[first], report->count - first);
		if (is_empty(bucket))
			*bucket = report->rows[--report->count];
	}
}

void report_format_choice(char *out, size_t size, const struct report_row *row)
{
	size_t used = 0;

	*out = '\0';
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		if (row->methods & 1 << i)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "+" : "",
						 method_name(i));
	if (row->hint)
		snprintf(out + used, size - used, "%s%s: %s", used ? " " : "", row->hint_transport,
			 row->hint);
}
