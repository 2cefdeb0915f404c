// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_private.h"
#include "log.h"
#include "porttable.h"
#include "slots.h"

#define CAPACITY_MIN 1024

void datapath_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct datapath_device *datapath_find(struct datapath *datapath, const char *name)
{
	for (size_t i = 0; i < datapath->count; i++)
		if (!strcmp(datapath->devices[i].name, name))
			return &datapath->devices[i];
	return NULL;
}

struct datapath_device *datapath_add(struct datapath *datapath, const char *name)
{
	struct datapath_device *device;

	device = realloc(datapath->devices, (datapath->count + 1) * sizeof(*device));
	if (!device)
		return NULL;
	datapath->devices = device;
	device += datapath->count++;
	*device = (struct datapath_device){ .counters = -1, .link = -1, .state_map = -1 };
	strncpy(device->name, name, sizeof(device->name) - 1);
	return device;
}

static void drop_last(struct datapath *datapath)
{
	struct datapath_device *device = &datapath->devices[--datapath->count];

	datapath_close_fd(&device->counters);
	datapath_close_fd(&device->state_map);
	datapath_close_fd(&device->link);
}

/* libbpf's own words would come twice: the caller says what failed, and for which object. */
static int keep_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int create_services(const struct datapath *datapath)
{
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "services", sizeof(uint32_t), sizeof(struct slot_record),
			      datapath->capacity, NULL);
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
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "ports", sizeof(uint32_t), sizeof(uint32_t), 1,
			       &options);
	close(inner);
	return outer;
}

int datapath_map(struct datapath *datapath, const char *path, int (*create)(const struct datapath *))
{
	int fd = datapath->access == DATAPATH_PRIVATE ? -ENOENT : bpf_obj_get(path), err;

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT || datapath->access == DATAPATH_READ) {
		log_error(fd, "pin '%s': cannot be opened", path);
		return fd;
	}
	fd = create(datapath);
	if (fd < 0) {
		log_error(fd, "map '%s': cannot be created%s", strrchr(path, '/') + 1,
			  fd == -EPERM ? " (root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, is needed)" : "");
		return fd;
	}
	if (datapath->access == DATAPATH_PRIVATE)
		return fd;
	err = bpf_obj_pin(fd, path);
	if (!err)
		return fd;
	log_error(err, "pin '%s': cannot be made", path);
	close(fd);
	return err;
}

static int open_map(struct datapath *datapath, const char *name, int (*create)(const struct datapath *))
{
	char path[PATH_MAX] = "/";

	if (datapath->access != DATAPATH_PRIVATE && !pins_map_path(&datapath->pins, name, path))
		return -ENAMETOOLONG;
	if (datapath->access == DATAPATH_PRIVATE)
		strcat(path, name);
	return datapath_map(datapath, path, create);
}

static int adopt(void *ctx, const char *name)
{
	return datapath_adopt(ctx, name);
}

/* What is pinned already: the services map, which tells the capacity, and the devices. */
static int open_pinned(struct datapath *datapath)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];

	if (!pins_map_path(&datapath->pins, "services", path))
		return -ENAMETOOLONG;
	datapath->services = bpf_obj_get(path);
	if (datapath->services == -ENOENT)
		return datapath->access == DATAPATH_READ ? -ENOENT : 0;
	if (datapath->services < 0 || bpf_obj_get_info_by_fd(datapath->services, &info, &size)) {
		log_error(errno, "pin '%s': cannot be opened", path);
		return -errno;
	}
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(struct slot_record)) {
		log_errorx("pin '%s': is not a map of this program", path);
		return -EINVAL;
	}
	datapath->capacity = info.max_entries;
	return pins_each_device(&datapath->pins, adopt, datapath);
}

static int open_access(struct datapath *datapath, const char *pin_dir)
{
	int cpus = libbpf_num_possible_cpus(), err;

	if (cpus < 0) {
		log_error(cpus, "processors: cannot be counted");
		return cpus;
	}
	datapath->cpus = (unsigned int)cpus;
	datapath->cells = calloc((size_t)DATAPATH_BATCH * datapath->cpus, sizeof(*datapath->cells));
	if (!datapath->cells)
		return -ENOMEM;
	if (datapath->access == DATAPATH_PRIVATE)
		return 0;
	err = pins_open(&datapath->pins, pin_dir, datapath->access == DATAPATH_WRITE);
	if (!err && datapath->access == DATAPATH_WRITE)
		err = pins_lock(&datapath->pins);
	return err ? err : open_pinned(datapath);
}

int datapath_open(struct datapath **out, const char *pin_dir, enum datapath_access access)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	int err;

	if (!datapath)
		return -ENOMEM;
	libbpf_set_print(keep_silent);
	*datapath = (struct datapath){ .access = access, .pins.fd = -1, .ports = -1, .services = -1 };
	err = open_access(datapath, pin_dir);
	if (err) {
		datapath_close(datapath);
		return err;
	}
	*out = datapath;
	return 0;
}

void datapath_close(struct datapath *datapath)
{
	if (!datapath)
		return;
	while (datapath->count)
		drop_last(datapath);
	free(datapath->devices);
	free(datapath->cells);
	datapath_close_fd(&datapath->ports);
	datapath_close_fd(&datapath->services);
	pins_close(&datapath->pins);
	free(datapath);
}

int datapath_restore_slots(struct datapath *datapath, struct slots *slots)
{
	for (uint32_t slot = PORT_SLOT_FIRST; datapath->services >= 0 && slot < datapath->capacity; slot++) {
		struct slot_record record;
		int err = bpf_map_lookup_elem(datapath->services, &slot, &record);

		if (!err && !record.name[0])
			break; /* slots are given out in order */
		if (!err)
			err = slots_restore(slots, slot, &record);
		if (err) {
			log_error(err, "map 'services': slot %u cannot be read", slot);
			return err;
		}
	}
	return 0;
}

static uint32_t capacity_for(uint32_t slots)
{
	uint32_t capacity = CAPACITY_MIN;

	/* Room to grow: half as many services again fit before counting has to start anew. */
	while (capacity < slots + slots / 2 && capacity < PORT_SLOT_END)
		capacity *= 2;
	return capacity < PORT_SLOT_END ? capacity : PORT_SLOT_END;
}

static int check_capacity(struct datapath *datapath, struct slots *slots)
{
	if (!datapath->capacity)
		datapath->capacity = capacity_for(slots_end(slots));
	if (slots_end(slots) <= datapath->capacity)
		return 0;
	log_errorx("pin directory '%s': has room for %u services, the database needs %u: --detach first, then start anew",
		   datapath->pins.root, datapath->capacity - PORT_SLOT_FIRST, slots_end(slots) - PORT_SLOT_FIRST);
	return -ENOSPC;
}

static int store_records(struct datapath *datapath, struct slots *slots)
{
	for (uint32_t slot = PORT_SLOT_FIRST; slot < slots_end(slots); slot++) {
		int err = bpf_map_update_elem(datapath->services, &slot, slots_record(slots, slot), BPF_ANY);

		if (err) {
			log_error(err, "map 'services': slot %u cannot be written", slot);
			return err;
		}
	}
	return 0;
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
	struct table_cell *cells = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, inner, 0);

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

int datapath_publish(struct datapath *datapath, struct slots *slots, const struct porttable *table)
{
	int err = check_capacity(datapath, slots);

	if (err)
		return err;
	if (datapath->services < 0)
		datapath->services = open_map(datapath, "services", create_services);
	if (datapath->services < 0)
		return datapath->services;
	if (datapath->ports < 0)
		datapath->ports = open_map(datapath, "ports", create_ports);
	if (datapath->ports < 0)
		return datapath->ports;
	err = store_records(datapath, slots);
	if (err)
		return err;
	err = store_table(datapath, table);
	if (err)
		log_error(err, "map 'ports': the table cannot be stored");
	return err;
}

int datapath_decide_series(struct datapath *datapath, struct slots *slots,
			   void (*decide)(void *ctx, struct slots *slots), void *ctx)
{
	int lock = datapath->access == DATAPATH_PRIVATE ? -1 : pins_lock_records(&datapath->pins), err = 0;
	uint32_t end = slots_end(slots) < datapath->capacity ? slots_end(slots) : datapath->capacity;

	for (uint32_t slot = PORT_SLOT_FIRST; !err && slot < end; slot++)
		err = bpf_map_lookup_elem(datapath->services, &slot, slots_record(slots, slot));
	if (!err)
		decide(ctx, slots);
	for (uint32_t slot = PORT_SLOT_FIRST; !err && slot < end; slot++)
		err = bpf_map_update_elem(datapath->services, &slot, slots_record(slots, slot), BPF_ANY);
	pins_unlock_records(lock);
	if (err)
		log_error(err, "map 'services': the records cannot be updated");
	return err;
}

size_t datapath_count(const struct datapath *datapath)
{
	return datapath->count;
}

const struct datapath_device *datapath_device(const struct datapath *datapath, size_t i)
{
	return &datapath->devices[i];
}

bool datapath_agent_runs(const struct datapath *datapath)
{
	return pins_is_locked(&datapath->pins);
}

uint32_t datapath_capacity(const struct datapath *datapath)
{
	return datapath->capacity - PORT_SLOT_FIRST;
}

uint64_t datapath_memory_bytes(const struct datapath *datapath)
{
	uint64_t counters = (uint64_t)PORT_INDEX_END(datapath->capacity) * sizeof(struct port_counter);
	uint64_t shared = TABLE_BYTES + (uint64_t)datapath->capacity * sizeof(struct slot_record);

	return shared + datapath->count * (counters * datapath->cpus + sizeof(struct datapath_state));
}

const char *datapath_library_version(void)
{
	return libbpf_version_string();
}

int datapath_detach(const char *pin_dir)
{
	struct pins pins;
	int err = pins_open(&pins, pin_dir, false);

	if (!err)
		err = pins_lock(&pins);
	if (!err)
		err = pins_remove(&pins);
	pins_close(&pins);
	return err;
}
