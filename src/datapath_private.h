/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the datapath share: datapath.c (open, close), datapath_maps.c (services, port
 * table), datapath_shared.c (the other maps of all devices), datapath_device.c (a device's maps),
 * datapath_load.c (program), datapath_hook.c (links), datapath_attach.c (devices),
 * datapath_replay.c (frames handed in), datapath_read.c (counters).
 */
#ifndef DATAPATH_PRIVATE_H
#define DATAPATH_PRIVATE_H

#include "datapath.h"
#include "pins.h"
#include "port_abi.h"

struct agent_bpf;
struct device;
struct slot_record;

struct datapath {
	enum datapath_access access;
	struct pins pins;
	int ports; /* map descriptors, -1: none yet */
	int services;
	int endpoints, firm_clients, fragments, unclassified;
	uint32_t endpoint_cells, epoch_shift; /* of the map `endpoints` */
	bool counts_unclassified;
	struct agent_bpf *replay;    /* the loaded program of a replay */
	struct slot_record *records; /* the services map, mapped; NULL: none yet */
	bool is_new;                 /* this process has made the pinned state */
	uint32_t capacity; /* slots that the services map and every device's counters hold */
	unsigned int cpus; /* possible ones: a per-CPU map hands out a cell for each */
	void *cells;       /* room for one batch of counters or handshakes */
	struct datapath_device *devices;
	size_t count;
};

#define DATAPATH_BATCH 1024                              /* counters read by one system call */
#define DATAPATH_CELL_MAX sizeof(struct port_handshakes) /* the largest of them */
_Static_assert(DATAPATH_BATCH *DATAPATH_CELL_MAX >= sizeof(struct port_unclassified),
	       "the room of a batch is enough for a block");

/*
 * The same for a map of all devices, by its name.
 */
int datapath_shared_map(struct datapath *datapath, const char *name,
			int (*create)(const struct datapath *));
/* Opens or makes endpoints, firm_clients, fragments, unclassified. 0 or -errno (logged). */
int datapath_open_shared(struct datapath *datapath, const struct datapath_options *options);
/* Opens those that are pinned, to read them. */
int datapath_adopt_shared(struct datapath *datapath);
uint64_t datapath_shared_bytes(const struct datapath *datapath);
/*
 * Loads the program with the device's counters; for a replay, or for counting. NULL: failed
 * (logged), errno tells why.
 */
struct agent_bpf *datapath_load(const struct datapath *datapath,
				const struct datapath_device *device, bool starts_at_l3,
				bool is_replay);
int datapath_program(const struct agent_bpf *skeleton);
void datapath_unload(struct agent_bpf *skeleton);
/*
 * Opens the pinned map, or creates and pins it; a private datapath only creates. fd or -errno
 * (logged).
 */
int datapath_map(struct datapath *datapath, const char *path,
		 int (*create)(const struct datapath *));
/* Maps the records of the services map into memory. 0 or -errno (logged). */
int datapath_map_records(struct datapath *datapath);
/* Adds a device with no descriptors; NULL when out of memory. */
struct datapath_device *datapath_add(struct datapath *datapath, const char *folder);
struct datapath_device *datapath_find(struct datapath *datapath, const char *folder);
void datapath_close_fd(int *fd);
void datapath_drop(struct datapath *datapath, struct datapath_device *device);
/* A place for a device that has none, with its maps open. NULL: failed (logged), nothing left. */
struct datapath_device *datapath_make_device(struct datapath *datapath, const char *folder);
/* Takes back what this process has made of a device; one that it added is gone afterwards. */
void datapath_undo_device(struct datapath *datapath, struct datapath_device *device);
/* Opens what is pinned of a device. 0 or -errno (logged). */
int datapath_adopt(struct datapath *datapath, const char *folder);

#define DATAPATH_EGRESS ":egress" /* ends the name of a folder of transmitted frames */
_Static_assert(sizeof(((struct datapath_device *)0)->folder) == PINS_FOLDER_MAX,
	       "a folder's name fits");

/*
 * Whether the device's program is on this very interface: a number alone may be that of another
 * one, made since, or in another network namespace.
 */
bool datapath_is_on(const struct datapath_device *device, const struct device *interface);
/* What is adopted: the interface that it is on, which it follows; 0: that one is gone. */
uint32_t datapath_hook_ifindex(const struct datapath_device *device);
/* Puts the program on interface number device->ifindex by the hook of device->state.mode. 0 or
 * -errno (logged). */
int datapath_hook_attach(struct datapath_device *device, int program);
/* Replaces the program that counts, in place: no frame is missed. 0 or -errno (logged). */
int datapath_hook_replace(const struct datapath_device *device, int program);
int datapath_pin_link(const struct datapath *datapath, const struct datapath_device *device);

#endif
