// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads per-CPU maps: many a system call where the kernel can, one by one where it cannot.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <time.h>

#include "datapath_private.h"
#include "log.h"
#include "snapshot.h"
#include "unclassified.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/*
 * Kernels before 5.13 have no batch reads of per-CPU arrays and answer ENOTSUPP, which libc does
 * not know.
 */
#define KERNEL_ENOTSUPP 524

/* A map, how far it is to be read, and who sums what datapath->cells then holds. */
struct reading {
	int map;
	uint32_t first, end;
	void (*fold)(const struct datapath *datapath, void *into, uint32_t first, uint32_t count);
	void *into;
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

	return err == -KERNEL_ENOTSUPP || err == -EINVAL ? read_singly(datapath, reading) : err;
}

static void fold_counters(const struct datapath *datapath, void *into, uint32_t first,
			  uint32_t count)
{
	snapshot_fold(into, first, count, datapath->cells, datapath->cpus);
}

static void fold_handshakes(const struct datapath *datapath, void *into, uint32_t first,
			    uint32_t count)
{
	snapshot_fold_handshakes(into, first, count, datapath->cells, datapath->cpus);
}

int datapath_read(struct datapath *datapath, size_t i, struct snapshot *snapshot)
{
	const struct datapath_device *device = &datapath->devices[i];
	uint32_t slots =
		snapshot->slots_end < datapath->capacity ? snapshot->slots_end : datapath->capacity;
	struct reading counters = {
		.map = device->counters,
		.end = PORT_INDEX_END(slots),
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

	if (!err)
		err = read_map(datapath, &handshakes);
	snapshot->taken_ns = now_ns();
	if (err)
		log_error(err, "device '%s': its counters cannot be read", device->name);
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
