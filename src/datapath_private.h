/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the datapath share: datapath.c (the list of devices), datapath_open.c,
 * datapath_detach.c (all that is pinned), datapath_maps.c (services, port table), datapath_shared.c
 * (the other maps of all devices), datapath_device.c (a device's maps), datapath_load.c (program),
 * datapath_hook.c (hooks), datapath_attach.c (devices), datapath_rename.c (their names),
 * datapath_replay.c (frames handed in), datapath_read.c (counters), datapath_carry.c (their move to
 * other maps), datapath_base.c (the sums from before), datapath_features.c (what the kernel has).
 */
#ifndef DATAPATH_PRIVATE_H
#define DATAPATH_PRIVATE_H

#include "datapath.h"
#include "pins.h"
#include "port_abi.h"

struct datapath_program;
struct device;
struct slot_record;
struct slots;
struct snapshot;
struct port_layout;

struct datapath {
	enum datapath_access access;
	struct pins pins;
	int ports; /* map descriptors, -1: none yet */
	int services;
	int endpoints, firm_clients, fragments, agent, unclassified;
	uint32_t endpoint_cells, epoch_shift; /* of the map `endpoints` */
	bool counts_unclassified;
	struct datapath_program *replay; /* the loaded program of a replay */
	struct slot_record *records;     /* the services map, mapped; NULL: none yet */
	struct datapath_agent *record;   /* the map `agent`, mapped; NULL: none yet */
	bool is_new;                     /* this process has made the pinned state */
	bool is_member;    /* of the group that may read: only what that one may is open */
	uint32_t capacity; /* slots that the services map and every device's counters hold */
	unsigned int cpus; /* possible ones: a per-CPU map hands out a cell for each */
	void *cells;       /* room for one batch of counters or handshakes */
	struct datapath_device *devices;
	size_t count;
	const struct port_layout *layout; /* of the counters and bases */
	struct datapath *old;             /* whose sums are being carried over; NULL: none */
	struct pins_versions versions;    /* that a reader found */
};

/* Nothing is open. NULL: failed (logged). */
struct datapath *datapath_new(enum datapath_access access);
/*
 * Adds what was counted in earlier maps; opens it, if there is any; writes and pins it, from what
 * old says, which no program may write to any more. 0 or -errno (logged).
 */
void datapath_add_base(const struct datapath *datapath, const struct datapath_device *device,
		       struct snapshot *snapshot);
int datapath_open_base(const struct datapath *datapath, struct datapath_device *device);
int datapath_make_base(const struct datapath *datapath, struct datapath_device *device,
		       struct datapath *old);
/*
 * Moves what is counted to maps that have room for the slots, if it is not in such ones, and
 * completes what an earlier process began of that. 0 or -errno (logged): then all that is counted
 * is where it was, or partly in both and is read from both.
 */
int datapath_carry(struct datapath *datapath, struct slots *slots,
		   const struct datapath_options *options);
/* Of a device whose counters move: what keeps the program there is known in both places. */
void datapath_share_link(struct datapath_device *device, const struct datapath_device *earlier);
uint32_t datapath_capacity_for(const struct slots *slots);
/* Pins the maps of all devices that are pinned there here too, as far as they fit. 0 or -errno. */
int datapath_take_shared(struct datapath *datapath, const struct pins *from);
/* Makes the maps of all devices that are missing, and opens the others. 0 or -errno (logged). */
int datapath_make_shared(struct datapath *datapath, const struct datapath_options *options);

#define DATAPATH_BATCH 1024                              /* counters read by one system call */
#define DATAPATH_CELL_MAX sizeof(struct port_handshakes) /* the largest of them */
_Static_assert(DATAPATH_BATCH *DATAPATH_CELL_MAX >= sizeof(struct port_unclassified),
	       "the room of a batch is enough for a block");

/* Opens or makes endpoints, firm_clients, fragments, unclassified. 0 or -errno (logged). */
int datapath_open_shared(struct datapath *datapath, const struct datapath_options *options);
/* Opens those that are pinned, to read them. */
int datapath_adopt_shared(struct datapath *datapath);
/*
 * Loads the program with the device's counters; for a replay, or for counting. That of the tc hook
 * where device->state.mode says so or is_egress is set, else that of XDP. NULL: failed (logged),
 * errno tells why.
 */
struct datapath_program *datapath_load(const struct datapath *datapath,
				       const struct datapath_device *device, bool starts_at_l3,
				       bool is_replay);
/* Whether XDP programs may be given frames in several buffers; true if it may not be asked. */
bool datapath_has_frags(void);
/* Whether the kernel says by this that it reads no such map by batches. */
bool datapath_lacks_batches(int err);
/* Its descriptor. */
int datapath_program(const struct datapath_program *program);
/* What a replay's program reads and writes with each frame. */
struct port_replay *datapath_replay_of(const struct datapath_program *program);
void datapath_unload(struct datapath_program *program);
/*
 * Opens the pinned map, or creates and pins it; a private datapath only creates. fd or -errno
 * (logged, but for -ENOENT of who only reads).
 */
int datapath_map(struct datapath *datapath, const char *path,
		 int (*create)(const struct datapath *));
/* The same for a map of all devices, by its name; always logged. */
int datapath_shared_map(struct datapath *datapath, const char *name,
			int (*create)(const struct datapath *));
/*
 * For who only reads, and found what does not fit: whether it has been replaced meanwhile, so that
 * all is to be opened anew, and nothing is to be said.
 */
bool datapath_is_outdated(const struct datapath *datapath);
/* Opens a pin, to be read only where that is all that is allowed. fd or -errno. */
int datapath_open_pin(const struct datapath *datapath, const char *path);
/* An array's values in memory, for munmap(); NULL: errno tells why. */
void *datapath_map_values(const struct datapath *datapath, int map, uint32_t entries,
			  size_t value_size, int protection);
/* Maps the records of the services map into memory. 0 or -errno (logged). */
int datapath_map_records(struct datapath *datapath);
/* Adds a device with no descriptors; NULL when out of memory. */
struct datapath_device *datapath_add(struct datapath *datapath, const char *folder);
/* Gives a device another folder and, with it, another place in the list, which is returned. */
struct datapath_device *datapath_relist(struct datapath *datapath, struct datapath_device *device,
					const char *folder);
struct datapath_device *datapath_find(const struct datapath *datapath, const char *folder);
void datapath_close_fd(int *fd);
void datapath_drop(struct datapath *datapath, struct datapath_device *device);
/* A place for a device that has none, with its maps open. NULL: failed (logged), nothing left. */
struct datapath_device *datapath_make_device(struct datapath *datapath, const char *folder);
/* Takes back what this process has made of a device; one that it added is gone afterwards. */
void datapath_undo_device(struct datapath *datapath, struct datapath_device *device);
/* Opens what is pinned of a device. 0 or -errno (logged). */
int datapath_adopt(struct datapath *datapath, const char *folder);

#define DATAPATH_EGRESS ":egress" /* ends the name of a folder of transmitted frames */
#define DATAPATH_MOVING ":moving" /* behind a name, while the folder waits for its own */
_Static_assert(sizeof(((struct datapath_device *)0)->folder) == PINS_FOLDER_MAX,
	       "a folder's name fits");

/* Whether the device's program is on this very interface, by the last look. */
bool datapath_is_on(const struct datapath_device *device, const struct device *interface);
/* Where the last look found it, unless it has left since; 0: it is not in this namespace. */
uint32_t datapath_still_here(const struct datapath_device *device);
/* What is adopted: the interface that it is on, which it follows; 0: that one is gone. */
uint32_t datapath_hook_ifindex(const struct datapath_device *device);

struct hook_refusal;
/*
 * Puts the program on interface number device->ifindex by the hook of device->state.mode, and pins
 * what keeps it there. 0 or -errno, which is logged or in the refusal.
 */
int datapath_hook_attach(const struct datapath *datapath, struct datapath_device *device,
			 int program, struct hook_refusal *refusal);
/* Replaces the program that counts, in place: no frame is missed. The same. */
int datapath_hook_replace(const struct datapath *datapath, struct datapath_device *device,
			  int program, struct hook_refusal *refusal);
/* Takes the program off its device; its counters stay. 0 or -errno (logged). */
int datapath_hook_detach(const struct datapath *datapath, struct datapath_device *device);
/* Opens what is pinned of the hook, and sets device->ifindex; the state has been read before. */
void datapath_hook_adopt(const struct datapath *datapath, struct datapath_device *device);
/* The same for a folder that is not open: before its pins, by which it is found, are removed. */
int datapath_hook_end(const struct pins *pins, const char *folder);

#define DATAPATH_MADE_QDISC 1U   /* of datapath_state.flags: clsact is to be removed in the end */
#define DATAPATH_STARTS_AT_L3 2U /* frames begin with the IP header */
#define DATAPATH_ONE_BUFFER 4U   /* its driver takes no program for frames in several */
int datapath_store_state(const struct datapath_device *device);
bool datapath_is_egress(const char *folder);
/*
 * Has a device's folder follow its interface, which has this name now; device is what it was, or
 * where it lies in the list now. Where the folder is taken, nothing changes (logged, once).
 */
struct datapath_device *datapath_rename(struct datapath *datapath, struct datapath_device *device,
					const char *name);
/* The same for one that is in the way of another: true, and no longer there; or false. */
bool datapath_rename_away(struct datapath *datapath, struct datapath_device *device);
/* Completes the renaming of devices that a start which was killed has begun. */
void datapath_rename_rest(struct datapath *datapath);

#endif
