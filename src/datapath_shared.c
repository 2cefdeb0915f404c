// SPDX-License-Identifier: GPL-2.0-only
/* The maps of all devices that programs write: marks, clients, fragments, unclassified ports. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "datapath_private.h"
#include "log.h"

/*
 * Whole epochs that every mark lives, whenever in an epoch it was made: one less than
 * bpf/endpoints.h lets it, as a mark of epoch 0 is written as one of the epoch before.
 */
#define EPOCHS 2

/* The coarse clocks' resolution is a tick, whatever CONFIG_HZ is. */
uint32_t datapath_ticks_per_second(void)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_sec || tick.tv_nsec <= 0)
		return 100;
	return (uint32_t)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}

/* The shortest epoch of 2^n ticks of which EPOCHS last as long as a mark must. */
static uint32_t epoch_shift(uint32_t age)
{
	uint64_t ticks = (uint64_t)age * datapath_ticks_per_second();
	uint32_t shift = 0;

	while ((uint64_t)EPOCHS << shift < ticks)
		shift++;
	return shift;
}

static uint32_t age_of(uint32_t shift)
{
	return (uint32_t)(((uint64_t)EPOCHS << shift) / datapath_ticks_per_second());
}

static size_t endpoints_bytes(const struct datapath *datapath)
{
	return sizeof(struct port_endpoints) + datapath->endpoint_cells;
}

/*
 * The value as memory: a system call for all of it would have the kernel copy it in one piece,
 * which older ones (before 5.15) want to lie in one piece of physical memory too.
 */
static void *map_value(int fd, size_t size, int protection)
{
	void *value = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return value == MAP_FAILED ? NULL : value;
}

static int store_head(const struct datapath *datapath, int fd)
{
	struct port_endpoints *head = map_value(fd, sizeof(*head), PROT_READ | PROT_WRITE);
	int err = 0;

	if (!head)
		return -errno;
	if (getrandom(head->keys, sizeof(head->keys), 0) != sizeof(head->keys))
		err = -errno;
	head->epoch_shift = datapath->epoch_shift;
	munmap(head, sizeof(*head));
	return err;
}

static int create_endpoints(const struct datapath *datapath)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "endpoints", sizeof(uint32_t),
				(uint32_t)endpoints_bytes(datapath), 1, &options);
	int err = fd < 0 ? fd : store_head(datapath, fd);

	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

static int create_firm_clients(const struct datapath *datapath)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	(void)datapath;
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "firm_clients", sizeof(uint32_t),
			      PORT_TRANSPORTS * PORT_FIRM_END, 1, &options);
}

static int create_fragments(const struct datapath *datapath)
{
	(void)datapath;
	return bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "fragments", sizeof(struct port_fragment_key),
			      sizeof(struct port_fragment), PORT_FRAGMENTS, NULL);
}

static int create_agent(const struct datapath *datapath)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	(void)datapath;
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "agent", sizeof(uint32_t),
			      sizeof(struct datapath_agent), 1, &options);
}

static int create_unclassified(const struct datapath *datapath)
{
	return bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "unclassified", sizeof(uint32_t),
			      sizeof(struct port_unclassified),
			      datapath->counts_unclassified ? PORT_UNCLASSIFIED_BLOCKS : 1, NULL);
}

/* How the map `endpoints` was made. 0 or -errno. */
static int read_head(struct datapath *datapath)
{
	struct bpf_map_info info = {};
	struct port_endpoints *head;
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(datapath->endpoints, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size <= sizeof(*head))
		return -EINVAL;
	head = map_value(datapath->endpoints, sizeof(*head), PROT_READ);
	if (!head)
		return -errno;
	datapath->endpoint_cells = info.value_size - (uint32_t)sizeof(*head);
	datapath->epoch_shift = head->epoch_shift;
	munmap(head, sizeof(*head));
	return 0;
}

int datapath_copy_marks(struct datapath *to, const struct datapath *from)
{
	size_t size = endpoints_bytes(from);
	void *source = map_value(from->endpoints, size, PROT_READ);
	void *target = map_value(to->endpoints, size, PROT_READ | PROT_WRITE);
	int err = !source || !target ? -errno : 0;

	if (!err && to->endpoint_cells != from->endpoint_cells)
		err = -EINVAL;
	if (!err)
		memcpy(target, source, size);
	else
		log_error(err, "map 'endpoints': cannot be copied");
	if (source)
		munmap(source, size);
	if (target)
		munmap(target, size);
	return err;
}

static int read_unclassified(struct datapath *datapath)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(datapath->unclassified, &info, &size)) {
		log_error(errno, "map 'unclassified': cannot be read");
		return -errno;
	}
	datapath->counts_unclassified = info.max_entries == PORT_UNCLASSIFIED_BLOCKS;
	return 0;
}

static int map_record(struct datapath *datapath)
{
	int protection = datapath->access == DATAPATH_READ ? PROT_READ : PROT_READ | PROT_WRITE;

	if (!datapath->record)
		datapath->record = datapath_map_values(datapath, datapath->agent, 1,
						       sizeof(*datapath->record), protection);
	if (datapath->record)
		return 0;
	log_error(errno, "map 'agent': cannot be mapped");
	return -errno;
}

static void choose(struct datapath *datapath, const struct datapath_options *options)
{
	datapath->endpoint_cells =
		options->endpoint_cells ? options->endpoint_cells : DATAPATH_ENDPOINT_CELLS_DEFAULT;
	datapath->epoch_shift = epoch_shift(options->endpoint_age ? options->endpoint_age
								  : DATAPATH_ENDPOINT_AGE_DEFAULT);
	datapath->counts_unclassified = options->unclassified == DATAPATH_CHOOSE
						? datapath->cpus <= DATAPATH_UNCLASSIFIED_CPUS
						: options->unclassified == DATAPATH_ON;
}

static int refuse(const char *option)
{
	log_errorx("option '--%s': differs from what is counted with: --detach first to change it",
		   option);
	return -EBUSY;
}

static int check_options(const struct datapath *datapath, const struct datapath_options *options)
{
	if (options->endpoint_cells && options->endpoint_cells != datapath->endpoint_cells)
		return refuse("endpoints");
	if (options->endpoint_age && epoch_shift(options->endpoint_age) != datapath->epoch_shift)
		return refuse("endpoint-age");
	if (options->unclassified != DATAPATH_CHOOSE &&
	    (options->unclassified == DATAPATH_ON) != datapath->counts_unclassified)
		return refuse("unclassified-ports");
	return 0;
}

/* A start that was killed may have left the services alone: the next one makes the rest. */
int datapath_adopt_shared(struct datapath *datapath)
{
	const struct datapath_options none = {};
	char path[PATH_MAX];

	if (!pins_map_path(&datapath->pins, "unclassified", path) || access(path, F_OK))
		return 0;
	return datapath_open_shared(datapath, &none);
}

struct shared_map {
	const char *name;
	int *fd;
	int (*create)(const struct datapath *);
	uint32_t type;
	uint32_t value_size; /* 0: any */
	bool is_secret;      /* not for a member of the group that may read */
};

#define SHARED_MAPS 5

static void list_shared(struct datapath *datapath, struct shared_map maps[SHARED_MAPS])
{
	const struct shared_map list[SHARED_MAPS] = {
		{ "endpoints", &datapath->endpoints, create_endpoints, BPF_MAP_TYPE_ARRAY, 0,
		  true },
		{ "firm_clients", &datapath->firm_clients, create_firm_clients, BPF_MAP_TYPE_ARRAY,
		  PORT_TRANSPORTS * PORT_FIRM_END, true },
		{ "fragments", &datapath->fragments, create_fragments, BPF_MAP_TYPE_LRU_HASH,
		  sizeof(struct port_fragment), true },
		{ "agent", &datapath->agent, create_agent, BPF_MAP_TYPE_ARRAY,
		  sizeof(struct datapath_agent), false },
		{ "unclassified", &datapath->unclassified, create_unclassified,
		  BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct port_unclassified), false },
	};

	memcpy(maps, list, sizeof(list));
}

static bool fits(const struct shared_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == map->type &&
	       info.key_size == (map->type == BPF_MAP_TYPE_LRU_HASH
					 ? sizeof(struct port_fragment_key)
					 : sizeof(uint32_t)) &&
	       (!map->value_size || info.value_size == map->value_size);
}

/* What is pinned by that name may be of another make, and is not to be read or added to then. */
static int open_shared(struct datapath *datapath, const struct shared_map *map)
{
	if (*map->fd >= 0 || (map->is_secret && datapath->is_member))
		return 0;
	*map->fd = datapath_shared_map(datapath, map->name, map->create);
	if (*map->fd < 0)
		return *map->fd;
	if (fits(map, *map->fd))
		return 0;
	log_errorx("pin '%s/%s': is not a map of this program: --detach first, then start anew",
		   datapath->pins.path, map->name);
	return -EINVAL;
}

int datapath_open_shared(struct datapath *datapath, const struct datapath_options *options)
{
	struct shared_map maps[SHARED_MAPS];
	int err = 0;

	list_shared(datapath, maps);
	if (datapath->endpoints < 0 && !datapath->is_member)
		choose(datapath, options);
	for (size_t i = 0; !err && i < SHARED_MAPS; i++)
		err = open_shared(datapath, &maps[i]);
	if (err)
		return err;
	err = datapath->is_member ? 0 : read_head(datapath);
	if (err)
		log_error(err, "map 'endpoints': cannot be read");
	else
		err = read_unclassified(datapath);
	if (!err)
		err = map_record(datapath);
	return err ? err : check_options(datapath, options);
}

/*
 * A map is pinned here too, if it is there and fits. Who decides by a table that is none does not
 * count right, so the table in force must be taken. 0 or -errno (logged).
 */
static int take_map(const struct datapath *datapath, const struct pins *from,
		    const struct shared_map *map)
{
	char path[PATH_MAX], to[PATH_MAX];
	int fd, err;

	if (!pins_map_path(from, map->name, path) ||
	    !pins_map_path(&datapath->pins, map->name, to))
		return -ENAMETOOLONG;
	fd = bpf_obj_get(path);
	if (fd < 0 && fd != -ENOENT) {
		log_error(fd, "pin '%s': cannot be opened", path);
		return fd;
	}
	if (fd < 0)
		return 0;
	if (fits(map, fd)) {
		err = bpf_obj_pin(fd, to);
		if (err)
			log_error(err, "pin '%s': cannot be made", to);
	} else if (map->fd == &datapath->ports) {
		err = -EINVAL;
		log_errorx("pin '%s': is of another make: --detach first, then start anew", path);
	} else {
		err = 0;
		log_info("map '%s': is of another make, and begins anew", map->name);
	}
	close(fd);
	return err;
}

int datapath_take_shared(struct datapath *datapath, const struct pins *from)
{
	struct shared_map maps[SHARED_MAPS + 1];
	int err = 0;

	list_shared(datapath, maps);
	maps[SHARED_MAPS] = (struct shared_map){ "ports", &datapath->ports, NULL,
						 BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(uint32_t),
						 true };
	for (size_t i = 0; !err && i < SHARED_MAPS + 1; i++)
		err = take_map(datapath, from, &maps[i]);
	return err;
}

struct datapath_options datapath_options_of(const struct datapath *datapath)
{
	return (struct datapath_options){
		.endpoint_cells = datapath->endpoint_cells,
		.endpoint_age = age_of(datapath->epoch_shift),
		.unclassified = datapath->counts_unclassified ? DATAPATH_ON : DATAPATH_OFF,
	};
}
