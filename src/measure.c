// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

int measurement_init(struct measurement *measurement, size_t count, uint32_t slots_end,
		     const struct catalog *catalog)
{
	*measurement = (struct measurement){ .catalog = catalog };
	measurement->devices = calloc(count + 1, sizeof(*measurement->devices));
	if (!measurement->devices)
		return -ENOMEM;
	for (; measurement->count < count; measurement->count++) {
		struct measured_device *device = &measurement->devices[measurement->count];

		if (snapshot_init(&device->total, slots_end) ||
		    snapshot_init(&device->interval, slots_end)) {
			measurement->count++;
			measurement_fini(measurement);
			return -ENOMEM;
		}
	}
	return 0;
}

void measured_set_name(struct measured_device *device, const char *name)
{
	snprintf(device->copied_name, sizeof(device->copied_name), "%s", name);
	device->name = device->copied_name;
}

static void free_ports(struct measured_ports *ports)
{
	if (!ports)
		return;
	unclassified_fini(&ports->total);
	unclassified_fini(&ports->interval);
	free(ports);
}

void measurement_fini(struct measurement *measurement)
{
	for (size_t i = 0; i < measurement->count; i++) {
		snapshot_fini(&measurement->devices[i].total);
		snapshot_fini(&measurement->devices[i].interval);
	}
	free(measurement->devices);
	free_ports(measurement->ports);
	*measurement = (struct measurement){};
}

int measurement_add_ports(struct measurement *measurement)
{
	struct measured_ports *ports;

	if (measurement->ports)
		return 0;
	ports = calloc(1, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	if (unclassified_init(&ports->total) || unclassified_init(&ports->interval)) {
		free_ports(ports);
		return -ENOMEM;
	}
	measurement->ports = ports;
	measurement->by_port = MEASURED_BY_PORT;
	return 0;
}

static const struct measured_device *find(const struct measurement *measurement,
					  const struct measured_device *device)
{
	for (size_t i = 0; i < measurement->count; i++)
		if (!strcmp(measurement->devices[i].name, device->name) &&
		    measurement->devices[i].is_egress == device->is_egress)
			return &measurement->devices[i];
	return NULL;
}

static void compare_ports(struct measured_ports *now, const struct measured_ports *before)
{
	unclassified_copy(&now->interval, &now->total);
	if (before)
		unclassified_subtract(&now->interval, &before->total);
}

void measurement_compare(struct measurement *now, const struct measurement *before)
{
	for (size_t i = 0; i < now->count; i++) {
		struct measured_device *device = &now->devices[i];
		const struct measured_device *earlier = find(before, device);

		snapshot_copy(&device->interval, &device->total);
		if (!earlier)
			continue;
		snapshot_subtract(&device->interval, &earlier->total);
		now->seconds = (double)(device->total.taken_ns - earlier->total.taken_ns) / 1e9;
	}
	if (now->ports)
		compare_ports(now->ports, before->ports);
}
