// SPDX-License-Identifier: GPL-2.0-only
/* What tells whether every frame is counted, and once. */
#include "measure.h"

struct measured_account measured_account(const struct snapshot *total)
{
	struct measured_account account = { .with_ports = snapshot_totals(total).services.packets };

	for (unsigned int i = 0; i < PORT_TRANSPORTS; i++)
		account.with_ports += snapshot_bucket(total, PORT_UNCLASSIFIED_TCP + i).packets;
	for (unsigned int i = 0; i < PORT_METHODS; i++)
		account.by_method += snapshot_method_packets(total, i);
	account.difference = account.with_ports > account.by_method
				     ? account.with_ports - account.by_method
				     : account.by_method - account.with_ports;
	return account;
}

uint64_t measured_since_base(const struct measured_device *device)
{
	uint64_t frames = snapshot_totals(&device->total).frames.packets;

	return frames > device->base_frames ? frames - device->base_frames : 0;
}

bool measured_coverage(const struct measured_device *device, double *share)
{
	uint64_t counted = measured_since_base(device);

	if (!device->has_interface || (!device->interface_packets && counted))
		return false;
	*share = counted == device->interface_packets
			 ? 1
			 : (double)counted / (double)device->interface_packets;
	return true;
}
