// SPDX-License-Identifier: GPL-2.0-only
/* What the interfaces themselves say, beside what a session has measured. */
#include <string.h>

#include "devices.h"
#include "session_private.h"

static const struct datapath_device *counted_as(const struct session *session,
						const struct measured_device *measured)
{
	for (size_t i = 0; i < datapath_count(session->datapath); i++) {
		const struct datapath_device *device = datapath_device(session->datapath, i);

		if (device->is_egress == measured->is_egress &&
		    !strcmp(device->name, measured->name))
			return device;
	}
	return NULL;
}

/* An interface whose counters went back has been reset, and says nothing of the time before. */
static void compare(struct measured_device *measured, const struct datapath_device *counted,
		    const struct devices *devices)
{
	const struct device *interface = datapath_interface(counted, devices);
	uint64_t packets, bytes;

	if (!interface)
		return;
	packets = counted->is_egress ? interface->transmit_packets : interface->receive_packets;
	bytes = counted->is_egress ? interface->transmit_bytes : interface->receive_bytes;
	if (packets < counted->state.base_packets)
		return;
	measured->has_interface = true;
	measured->interface_packets = packets - counted->state.base_packets;
	measured->interface_bytes = bytes - counted->state.base_bytes;
}

int session_measure_interfaces(const struct session *session, struct measurement *measurement)
{
	struct devices devices;
	int err = devices_read(&devices);

	for (size_t i = 0; i < measurement->count; i++) {
		struct measured_device *measured = &measurement->devices[i];
		const struct datapath_device *counted = counted_as(session, measured);

		if (!counted)
			continue;
		measured->is_attached = counted->ifindex != 0;
		measured->base_frames = counted->state.base_counted;
		measured->stalls = counted->state.stalls;
		if (!err)
			compare(measured, counted, &devices);
	}
	if (!err)
		devices_free(&devices);
	return err;
}
