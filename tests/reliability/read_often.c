// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the counters of all devices of a pinned state, again and again, while they count.
 *
 *	read_often PIN-DIR FRAME-BYTES CELLS
 *
 * All frames that come in must have FRAME-BYTES bytes. Ends after reading at least CELLS cells, each
 * the sum over the CPUs of a pair of packets and bytes. Prints how many were read, how many had
 * changed since the last time, how many were less than before, and the most frames by which the two
 * halves of a pair differed:
 *
 *	cells 1000000
 *	changed 2100
 *	backwards 0
 *	skew 1
 *
 * Exit status 1: the state cannot be read.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath.h"
#include "snapshot.h"

#define DEVICES_MAX 16

static uint64_t frame_bytes, cells, changed, backwards, skew;
static struct snapshot last[DEVICES_MAX];

static void compare(const struct port_counter *before, const struct port_counter *now)
{
	uint64_t packets_by_bytes = now->bytes / frame_bytes;
	uint64_t difference = packets_by_bytes > now->packets ? packets_by_bytes - now->packets
							      : now->packets - packets_by_bytes;

	changed += now->packets != before->packets;
	backwards += now->packets < before->packets || now->bytes < before->bytes;
	/* Frames of services that are counted for a method besides have no bytes there. */
	if (now->bytes && difference > skew)
		skew = difference;
}

static bool read_device(struct datapath *datapath, size_t i, uint32_t slots)
{
	struct snapshot now;
	bool good;

	if (snapshot_init(&now, slots))
		return false;
	good = !datapath_read(datapath, i, &now);
	for (uint32_t cell = 0; good && cell < PORT_INDEX_END(slots); cell++)
		compare(&last[i].cells[cell], &now.cells[cell]);
	cells += PORT_INDEX_END(slots);
	snapshot_copy(&last[i], &now);
	snapshot_fini(&now);
	return good;
}

static bool read_all(struct datapath *datapath, uint64_t wanted)
{
	uint32_t slots = datapath_capacity(datapath) + PORT_SLOT_FIRST;
	size_t count = datapath_count(datapath);

	if (!count || count > DEVICES_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if (snapshot_init(&last[i], slots))
			return false;
	while (cells < wanted)
		for (size_t i = 0; i < count; i++)
			if (!read_device(datapath, i, slots))
				return false;
	for (size_t i = 0; i < count; i++)
		snapshot_fini(&last[i]);
	return true;
}

int main(int argc, char **argv)
{
	struct datapath *datapath;
	bool good;

	if (argc != 4 || datapath_open(&datapath, argv[1], DATAPATH_READ)) {
		fprintf(stderr, "pin directory '%s': cannot be read\n", argc > 1 ? argv[1] : "");
		return 1;
	}
	frame_bytes = strtoull(argv[2], NULL, 10);
	good = frame_bytes && read_all(datapath, strtoull(argv[3], NULL, 10));
	datapath_close(datapath);
	printf("cells %" PRIu64 "\nchanged %" PRIu64 "\nbackwards %" PRIu64 "\nskew %" PRIu64 "\n",
	       cells, changed, backwards, skew);
	return good ? 0 : 1;
}
