// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a device's counters: many a system call where the kernel can, one by one where it cannot.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <time.h>

#include "datapath_private.h"
#include "log.h"
#include "snapshot.h"

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

/* Both read on from *first, which tells how far they came. */
static int read_batches(struct datapath *datapath, int counters, uint32_t *first, uint32_t end,
			struct snapshot *snapshot)
{
	uint32_t keys[DATAPATH_BATCH], position = 0;
	int err = 0;

	while (!err && *first < end) {
		uint32_t count = DATAPATH_BATCH;

		err = bpf_map_lookup_batch(counters, *first ? &position : NULL, &position, keys,
					   datapath->cells, &count, NULL);
		if (err && err != -ENOENT) /* -ENOENT: the map ends here */
			return err;
		snapshot_fold(snapshot, *first, count, datapath->cells, datapath->cpus);
		*first += count;
	}
	return 0;
}

static int read_singly(struct datapath *datapath, int counters, uint32_t *first, uint32_t end,
		       struct snapshot *snapshot)
{
	for (; *first < end; ++*first) {
		int err = bpf_map_lookup_elem(counters, first, datapath->cells);

		if (err)
			return err;
		snapshot_fold(snapshot, *first, 1, datapath->cells, datapath->cpus);
	}
	return 0;
}

int datapath_read(struct datapath *datapath, size_t i, struct snapshot *snapshot)
{
	const struct datapath_device *device = &datapath->devices[i];
	uint32_t slots =
		snapshot->slots_end < datapath->capacity ? snapshot->slots_end : datapath->capacity;
	uint32_t first = 0, end = PORT_INDEX_END(slots);
	int err = read_batches(datapath, device->counters, &first, end, snapshot);

	if (err == -KERNEL_ENOTSUPP || err == -EINVAL)
		err = read_singly(datapath, device->counters, &first, end, snapshot);
	snapshot->taken_ns = now_ns();
	if (err)
		log_error(err, "device '%s': its counters cannot be read", device->name);
	return err;
}
