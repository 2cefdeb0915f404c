// SPDX-License-Identifier: GPL-2.0-only
/* The maps of all devices: services and the port table. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath_private.h"
#include "footprint.h"
#include "log.h"
#include "privileges.h"
#include "porttable.h"
#include "slots.h"

#define CAPACITY_MIN 1024

static int create_services(const struct datapath *datapath)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "services", sizeof(uint32_t),
			      sizeof(struct slot_record), datapath->capacity, &options);
}

/* Into memory that is freed as a mapping is. NULL: errno tells why. */
static void *copy_values(int map, uint32_t entries, size_t value_size)
{
	uint32_t *keys = calloc(entries, sizeof(*keys)), count = entries, next;
	void *values = mmap(NULL, entries * value_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = !keys || values == MAP_FAILED ? -ENOMEM : 0;

	if (!err)
		err = bpf_map_lookup_batch(map, NULL, &next, keys, values, &count, NULL);
	free(keys);
	if (!err || err == -ENOENT) /* the batch ends where the map does */
		return values;
	if (values != MAP_FAILED)
		munmap(values, entries * value_size);
	errno = -err;
	return NULL;
}

/*
 * An array's values in place. A member's are as they were now: a map that is opened to be read only
 * cannot be mapped, as mmap() takes that for private, which bpf_map_mmap() refuses.
 */
void *datapath_map_values(const struct datapath *datapath, int map, uint32_t entries,
			  size_t value_size, int protection)
{
	void *values;

	if (datapath->is_member)
		return copy_values(map, entries, value_size);
	values = mmap(NULL, entries * value_size, protection, MAP_SHARED, map, 0);
	return values == MAP_FAILED ? NULL : values;
}

/* The records are read and written in place: their number makes a system call for each too slow. */
int datapath_map_records(struct datapath *datapath)
{
	datapath->records = datapath_map_values(datapath, datapath->services, datapath->capacity,
						sizeof(*datapath->records), PROT_READ | PROT_WRITE);
	if (datapath->records)
		return 0;
	log_error(errno, "map 'services': cannot be mapped");
	return -errno;
}

static int create_table(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "port_table", sizeof(uint32_t), sizeof(uint32_t),
			      PORT_TABLE_ENTRIES, &options);
}

static int create_ports(const struct datapath *datapath)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int inner = create_table(), outer;

	(void)datapath;
	if (inner < 0)
		return inner;
	options.inner_map_fd = (__u32)inner;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "ports", sizeof(uint32_t),
			       sizeof(uint32_t), 1, &options);
	close(inner);
	return outer;
}

static const char *create_hint(int err)
{
	if (err == -E2BIG)
		return " (older kernels take 4 MiB in one piece: --endpoints 2M is the most)";
	if (err == -ENOMEM)
		return " (less is taken with --unclassified-ports off, smaller --endpoints, fewer "
		       "services or devices)";
	return privileges_hint(err);
}

int datapath_open_pin(const struct datapath *datapath, const char *path)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get(path);

	/* One that is opened to be read only cannot be mapped, so that is done where it must be. */
	return fd == -EACCES && datapath->access == DATAPATH_READ ? bpf_obj_get_opts(path, &options)
								  : fd;
}

int datapath_map(struct datapath *datapath, const char *path,
		 int (*create)(const struct datapath *))
{
	int fd = datapath->access == DATAPATH_PRIVATE ? -ENOENT : datapath_open_pin(datapath, path);
	int err;

	if (fd >= 0)
		return fd;
	if (fd == -ENOENT && datapath->access == DATAPATH_READ)
		return fd; /* a device's may be removed at any time */
	if (fd != -ENOENT) {
		log_error(fd, "pin '%s': cannot be opened%s", path, pins_hint(fd));
		return fd;
	}
	fd = create(datapath);
	if (fd < 0) {
		log_error(fd, "map '%s': cannot be created%s", strrchr(path, '/') + 1,
			  create_hint(fd));
		return fd;
	}
	if (datapath->access == DATAPATH_PRIVATE)
		return fd;
	err = bpf_obj_pin(fd, path);
	if (!err)
		return fd;
	log_error(err, "pin '%s': cannot be made%s", path, pins_hint(err));
	close(fd);
	return err;
}

int datapath_shared_map(struct datapath *datapath, const char *name,
			int (*create)(const struct datapath *))
{
	char path[PATH_MAX] = "/";
	int fd;

	if (datapath->access != DATAPATH_PRIVATE && !pins_map_path(&datapath->pins, name, path))
		return -ENAMETOOLONG;
	if (datapath->access == DATAPATH_PRIVATE)
		strcat(path, name);
	fd = datapath_map(datapath, path, create);
	if (fd == -ENOENT && datapath->access == DATAPATH_READ && !datapath_is_outdated(datapath))
		log_error(fd, "pin '%s': cannot be opened", path);
	return fd;
}

int datapath_restore_slots(struct datapath *datapath, struct slots *slots)
{
	const struct datapath *from =
		!datapath->records && datapath->old ? datapath->old : datapath;

	for (uint32_t slot = PORT_SLOT_FIRST; from->records && slot < from->capacity; slot++) {
		struct slot_record record = from->records[slot];
		int err;

		if (!record.name[0])
			break; /* slots are given out in order */
		err = slots_restore(slots, slot, &record);
		if (err) {
			log_error(err, "map 'services': slot %u cannot be used", slot);
			return err;
		}
	}
	return 0;
}

uint32_t datapath_capacity_for(const struct slots *slots)
{
	/* Room to grow: half as many services again fit before the counters have to move. */
	uint32_t capacity = slots_end(slots) + slots_end(slots) / 2;

	if (capacity < CAPACITY_MIN)
		return CAPACITY_MIN;
	return capacity < PORT_SLOT_END ? capacity : PORT_SLOT_END;
}

/* Those that are new; the others may be written by who decides on series, at this very time. */
static void store_records(struct datapath *datapath, struct slots *slots)
{
	for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++)
		if (!datapath->records[slot].name[0])
			datapath->records[slot] = *slots_record(slots, slot);
}

/* An array map's values lie 8 bytes apart (kernel/bpf/arraymap.c rounds elem_size up). */
struct table_cell {
	uint32_t value;
	uint32_t unused;
};

#define TABLE_BYTES (PORT_TABLE_ENTRIES * sizeof(struct table_cell))

/* Through a mapping, as a system call for each value would take a hundred times as long. */
static int fill_table(int inner, const struct porttable *table)
{
	struct table_cell *cells =
		mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, inner, 0);

	if (cells == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; i < PORT_TABLE_ENTRIES; i++)
		if (table->values[i])
			cells[i].value = table->values[i];
	munmap(cells, TABLE_BYTES);
	return 0;
}

/* Fills a new table, then puts it in force. */
static int store_table(struct datapath *datapath, const struct porttable *table)
{
	int inner = create_table(), err;
	uint32_t index = 0;

	if (inner < 0)
		return inner;
	err = fill_table(inner, table);
	if (!err)
		err = bpf_map_update_elem(datapath->ports, &index, &inner, BPF_ANY);
	close(inner);
	return err;
}

int datapath_make_shared(struct datapath *datapath, const struct datapath_options *options)
{
	int err = 0;

	if (datapath->services < 0) {
		datapath->services = datapath_shared_map(datapath, "services", create_services);
		err = datapath->services < 0 ? datapath->services : datapath_map_records(datapath);
	}
	if (err)
		return err;
	if (datapath->ports < 0)
		datapath->ports = datapath_shared_map(datapath, "ports", create_ports);
	return datapath->ports < 0 ? datapath->ports : datapath_open_shared(datapath, options);
}

int datapath_prepare(struct datapath *datapath, struct slots *slots,
		     const struct datapath_options *options)
{
	int err = datapath_carry(datapath, slots, options);

	if (err)
		return err;
	if (!datapath->capacity) {
		datapath->is_new = true;
		datapath->capacity = datapath_capacity_for(slots);
	}
	err = datapath_make_shared(datapath, options);
	if (!err)
		store_records(datapath, slots);
	return err;
}

bool datapath_has_table(const struct datapath *datapath)
{
	uint32_t index = 0, id;

	return !bpf_map_lookup_elem(datapath->ports, &index, &id);
}

int datapath_publish(struct datapath *datapath, const struct porttable *table)
{
	int err = store_table(datapath, table);

	if (err)
		log_error(err, "map 'ports': the table cannot be stored");
	return err;
}

int datapath_lock_export(const struct datapath *datapath)
{
	return datapath->access == DATAPATH_PRIVATE ? -1 : pins_lock_records(&datapath->pins);
}

int datapath_lock_file(const struct datapath *datapath, uint64_t file, bool waits)
{
	return datapath->access == DATAPATH_PRIVATE ? -ENOENT
						    : pins_lock_file(&datapath->pins, file, waits);
}

void datapath_unlock(int lock)
{
	pins_release(lock);
}

void datapath_decide_series(struct datapath *datapath, struct slots *slots,
			    void (*decide)(void *ctx, struct slots *slots), void *ctx)
{
	uint32_t end =
		slots_end(slots) < datapath->capacity ? slots_end(slots) : datapath->capacity;

	for (uint32_t slot = PORT_SLOT_FIRST; slot < end; slot++)
		slots_record(slots, slot)->series = datapath->records[slot].series;
	decide(ctx, slots);
	for (uint32_t slot = PORT_SLOT_FIRST; !datapath->is_member && slot < end; slot++)
		datapath->records[slot].series = slots_record(slots, slot)->series;
}

struct footprint datapath_footprint(const struct datapath *datapath)
{
	struct footprint_shape shape = {
		.cpus = datapath->cpus,
		.capacity = datapath->capacity,
		.endpoint_cells = datapath->endpoint_cells,
		.counts_ports = datapath->counts_unclassified,
		.devices = datapath->count,
	};

	for (size_t i = 0; i < datapath->count; i++)
		shape.bases += datapath->devices[i].sums != NULL;
	return footprint_of(&shape);
}
