// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads per-CPU maps: many a system call where the kernel can, one by one where it cannot.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <time.h>

#include "datapath_private.h"
#include "layout.h"
#include "log.h"
#include "snapshot.h"
#include "unclassified.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* A map, how far it is to be read, and who sums what datapath->cells then holds. */
struct reading {
	int map;
	uint32_t first, end;
	void (*fold)(const struct datapath *datapath, struct snapshot *into, uint32_t first,
		     uint32_t count);
	struct snapshot *into;
};

/* Both read on from reading->first, which tells how far they came. */
static int read_batches(const struct datapath *datapath, struct reading *reading)
{
	uint32_t keys[DATAPATH_BATCH], position = 0;
	int err = 0;

	while (!err && reading->first < reading->end) {
		uint32_t count = DATAPATH_BATCH;

		err = bpf_map_lookup_batch(reading->map, reading->first ? &position : NULL,
					   &position, keys, datapath->cells, &count, NULL);
		if (err && err != -ENOENT) /* -ENOENT: the map ends here */
			return err;
		reading->fold(datapath, reading->into, reading->first, count);
		reading->first += count;
	}
	return 0;
}

static int read_singly(const struct datapath *datapath, struct reading *reading)
{
	for (; reading->first < reading->end; reading->first++) {
		int err = bpf_map_lookup_elem(reading->map, &reading->first, datapath->cells);

		if (err)
			return err;
		reading->fold(datapath, reading->into, reading->first, 1);
	}
	return 0;
}

static int read_map(const struct datapath *datapath, struct reading *reading)
{
	int err = read_batches(datapath, reading);

	return datapath_lacks_batches(err) ? read_singly(datapath, reading) : err;
}

static void fold_counters(const struct datapath *datapath, struct snapshot *into, uint32_t first,
			  uint32_t count)
{
	const struct port_counter *cells = datapath->cells;

	if (datapath->layout->version == PORT_ABI_VERSION) {
		snapshot_fold(into, first, count, cells, datapath->cpus);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = layout_index(datapath->layout, first + i);

		if (index != LAYOUT_NO_INDEX)
			snapshot_fold(into, index, 1, cells + (size_t)i * datapath->cpus,
				      datapath->cpus);
	}
}

static void fold_handshakes(const struct datapath *datapath, struct snapshot *into, uint32_t first,
			    uint32_t count)
{
	snapshot_fold_handshakes(into, first, count, datapath->cells, datapath->cpus);
}

static int read_maps(const struct datapath *datapath, const struct datapath_device *device,
		     struct snapshot *snapshot)
{
	uint32_t slots =
		snapshot->slots_end < datapath->capacity ? snapshot->slots_end : datapath->capacity;
	struct reading counters = {
		.map = device->counters,
		.end = layout_end(datapath->layout, slots),
		.fold = fold_counters,
		.into = snapshot,
	};
	struct reading handshakes = {
		.map = device->handshakes,
		.end = slots,
		.fold = fold_handshakes,
		.into = snapshot,
	};
	int err = read_map(datapath, &counters);

	return err ? err : read_map(datapath, &handshakes);
}

/*
 * What was counted in earlier maps is in the base or, until that is there, still in those maps,
 * which may be written to even now: the sum of all is right at every instant.
 */
int datapath_read(struct datapath *datapath, size_t i, struct snapshot *snapshot)
{
	const struct datapath_device *device = &datapath->devices[i], *earlier = NULL;
	int err = read_maps(datapath, device, snapshot);

	if (device->sums)
		datapath_add_base(datapath, device, snapshot);
	else if (datapath->old)
		earlier = datapath_find(datapath->old, device->folder);
	snapshot->taken_ns = now_ns();
	if (err)
		log_error(err, "device '%s': its counters cannot be read", device->name);
	else if (earlier)
		err = datapath_read(datapath->old, (size_t)(earlier - datapath->old->devices),
				    snapshot);
	return err;
}

bool datapath_counts_unclassified(const struct datapath *datapath)
{
	return datapath->counts_unclassified;
}

/* Of each block the kernel hands out one CPU's after the other's. */
int datapath_read_unclassified(struct datapath *datapath, struct unclassified *unclassified)
{
	const struct port_unclassified *blocks = datapath->cells;
	uint32_t end = datapath->counts_unclassified ? PORT_UNCLASSIFIED_BLOCKS : 0;

	for (uint32_t i = 0; i < end; i++) {
		int err = bpf_map_lookup_elem(datapath->unclassified, &i, datapath->cells);

		if (err) {
			log_error(err, "map 'unclassified': cannot be read");
			return err;
		}
		for (unsigned int cpu = 0; cpu < datapath->cpus; cpu++)
			unclassified_fold(unclassified, i * PORT_UNCLASSIFIED_BLOCK,
					  PORT_UNCLASSIFIED_BLOCK, blocks[cpu].ports, 1);
	}
	return 0;
}
