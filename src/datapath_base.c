// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device had counted before its maps were replaced: the map `base`, numbers of 8 bytes,
 * first its counters, then its handshakes, as many as the maps have. It is written once, before it
 * is pinned, so that it is whole where there is one.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath_private.h"
#include "layout.h"
#include "log.h"
#include "snapshot.h"

#define COUNTER_NUMBERS (sizeof(struct port_counter) / sizeof(uint64_t))
#define HANDSHAKE_NUMBERS (sizeof(struct port_handshakes) / sizeof(uint64_t))

static uint32_t base_numbers(const struct datapath *datapath)
{
	return layout_end(datapath->layout, datapath->capacity) * (uint32_t)COUNTER_NUMBERS +
	       datapath->capacity * (uint32_t)HANDSHAKE_NUMBERS;
}

/*
 * Read by system calls, as a map that is opened to be read only cannot be mapped: mmap() takes it
 * for private then, which bpf_map_mmap() in kernel/bpf/syscall.c refuses.
 */
static int read_numbers(int fd, uint64_t *numbers, uint32_t count)
{
	uint32_t *indices = malloc(count * sizeof(*indices)), read = count, next;
	int err = -ENOMEM;

	if (indices)
		err = bpf_map_lookup_batch(fd, NULL, &next, indices, numbers, &read, NULL);
	free(indices);
	if (err && err != -ENOENT) /* -ENOENT: the map ends here */
		return err;
	return read == count ? 0 : -EINVAL;
}

static bool fits(const struct datapath *datapath, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == BPF_MAP_TYPE_ARRAY &&
	       info.value_size == sizeof(uint64_t) && info.max_entries == base_numbers(datapath);
}

int datapath_open_base(const struct datapath *datapath, struct datapath_device *device)
{
	char path[PATH_MAX];
	uint64_t *sums;
	int fd, err;

	if (datapath->access == DATAPATH_PRIVATE || device->sums)
		return 0;
	if (!pins_device_path(&datapath->pins, device->folder, "base", path))
		return -ENAMETOOLONG;
	fd = datapath_open_pin(datapath, path);
	if (fd == -ENOENT)
		return 0;
	err = fd < 0 ? fd : fits(datapath, fd) ? 0 : -EINVAL;
	sums = err ? NULL : calloc(base_numbers(datapath), sizeof(*sums));
	if (sums)
		err = read_numbers(fd, sums, base_numbers(datapath));
	else if (!err)
		err = -ENOMEM;
	if (err && !datapath_is_outdated(datapath))
		log_error(err, "pin '%s': cannot be read%s", path, pins_hint(err));
	if (err)
		free(sums);
	else
		device->sums = sums;
	if (fd >= 0)
		close(fd);
	return err;
}

static void *sums_of(const struct datapath *datapath, const struct snapshot *snapshot)
{
	struct port_counter *cells = calloc(base_numbers(datapath), sizeof(uint64_t));
	uint32_t end = PORT_INDEX_END(datapath->capacity);

	if (!cells)
		return NULL;
	memcpy(cells, snapshot->cells, end * sizeof(*cells));
	memcpy(cells + end, snapshot->handshakes,
	       datapath->capacity * sizeof(*snapshot->handshakes));
	return cells;
}

/* Through a mapping, as a system call for each number would take a hundred times as long. */
static int store_numbers(int fd, const void *numbers, uint32_t count)
{
	size_t size = count * sizeof(uint64_t);
	void *values = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (values == MAP_FAILED)
		return -errno;
	memcpy(values, numbers, size);
	munmap(values, size);
	return 0;
}

static int pin_sums(const struct datapath *datapath, const struct datapath_device *device,
		    const void *sums)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	uint32_t count = base_numbers(datapath);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "base", sizeof(uint32_t), sizeof(uint64_t),
				count, &options);
	int err = fd < 0 ? fd : store_numbers(fd, sums, count);
	char path[PATH_MAX];

	if (!err)
		err = pins_device_path(&datapath->pins, device->folder, "base", path)
			      ? bpf_obj_pin(fd, path)
			      : -ENAMETOOLONG;
	if (fd >= 0)
		close(fd);
	return err;
}

int datapath_make_base(const struct datapath *datapath, struct datapath_device *device,
		       struct datapath *old)
{
	const struct datapath_device *earlier = datapath_find(old, device->folder);
	struct snapshot snapshot;
	void *sums = NULL;
	int err = snapshot_init(&snapshot, datapath->capacity);

	if (!err && earlier)
		err = datapath_read(old, (size_t)(earlier - old->devices), &snapshot);
	if (!err)
		sums = sums_of(datapath, &snapshot);
	if (!err)
		err = sums ? pin_sums(datapath, device, sums) : -ENOMEM;
	if (err) {
		log_error(err, "device '%s': its sums cannot be carried over", device->name);
		free(sums);
	} else {
		device->sums = sums;
	}
	snapshot_fini(&snapshot);
	return err;
}

static void add(const struct port_layout *layout, const struct port_counter *cells, uint32_t i,
		struct snapshot *snapshot)
{
	uint32_t index = layout_index(layout, i);

	if (index != LAYOUT_NO_INDEX)
		snapshot_fold(snapshot, index, 1, &cells[i], 1);
}

void datapath_add_base(const struct datapath *datapath, const struct datapath_device *device,
		       struct snapshot *snapshot)
{
	const struct port_counter *cells = (const void *)device->sums;
	uint32_t end = layout_end(datapath->layout, datapath->capacity);
	const void *handshakes = cells + end;

	for (uint32_t i = 0; i < end; i++)
		add(datapath->layout, cells, i, snapshot);
	snapshot_fold_handshakes(snapshot, 0, datapath->capacity, handshakes, 1);
}
