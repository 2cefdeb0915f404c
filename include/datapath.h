/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel half seen from user space: maps, program, links, counters. The only room that uses
 * libbpf. Everything is pinned (pins.h), so that the kernel counts on when no agent runs; a private
 * datapath pins nothing and ends with its process, but for filters, which only closing it removes.
 *
 * Order, for a pinned one: open, restore slots, prepare, publish the table, attach; where a table
 * is in force already it is replaced last, so that a start that fails changes nothing. Maps are
 * filled before a device is attached, and a device's link is pinned last. Failures are logged here.
 */
#ifndef DATAPATH_H
#define DATAPATH_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct device;
struct devices;
struct features;
struct footprint;
struct port_replay;
struct porttable;
struct slots;
struct snapshot;
struct unclassified;

/*
 * Where frames are seen. AUTO: native XDP, else TC. TC: tcx where the kernel has it, else CLSACT.
 * Values are kept in the pinned state.
 */
enum datapath_mode {
	DATAPATH_AUTO,
	DATAPATH_NATIVE,  /* XDP in the driver */
	DATAPATH_GENERIC, /* XDP behind it, which sees frames after they were merged */
	DATAPATH_TC,      /* the tc hook by a tcx link */
	DATAPATH_CLSACT,  /* the tc hook by a filter of a clsact queueing discipline */
	DATAPATH_MODES,
};

enum datapath_switch { DATAPATH_CHOOSE, DATAPATH_ON, DATAPATH_OFF };

/* How the maps of all devices are made. 0 throughout: as they are, or by default. */
struct datapath_options {
	uint32_t endpoint_cells;           /* of the table of marks; a power of 2 */
	uint32_t endpoint_age;             /* seconds that a mark lives at least */
	enum datapath_switch unclassified; /* whether unclassified frames are counted by port */
};

#define DATAPATH_ENDPOINT_CELLS_DEFAULT (1U << 20)
#define DATAPATH_ENDPOINT_AGE_DEFAULT 1000
#define DATAPATH_UNCLASSIFIED_CPUS 64 /* unless told, ports are counted on at most so many CPUs */

/* What the pinned `state` of a device holds. */
struct datapath_state {
	char version[32];      /* of the agent that loaded the program */
	uint64_t since;        /* when counting began, seconds since 1970 */
	uint64_t base_counted; /* frames counted before the program came to the present interface */
	uint64_t base_packets; /* that interface's own counters at that time */
	uint64_t base_bytes;
	uint32_t mode;    /* enum datapath_mode, never DATAPATH_AUTO */
	uint32_t ifindex; /* that it was attached to last */
	uint32_t stalls;  /* times that it was detached as it had stopped to receive */
	uint32_t flags;   /* of the hooks */
};

_Static_assert(sizeof(struct datapath_state) == 80, "no implicit padding in a map value");

/* A device whose frames are counted in one direction: those it receives, or those it transmits. */
struct datapath_device {
	char name[IFNAMSIZ];        /* the label of its counters */
	char folder[IFNAMSIZ + 16]; /* its name in the pinned state: "eth0", or "eth0:egress" */
	bool is_egress;             /* transmitted frames; else those received */
	struct datapath_state state;
	uint32_t ifindex; /* that the link is on; 0: the device is gone or not attached */
	uint32_t here;    /* the same, if it is in this network namespace; as of the last look */
	int counters;     /* descriptors, -1: none */
	int handshakes;
	int link;
	int state_map;
	void *sums;            /* counted in earlier maps; NULL: nothing */
	bool is_new;           /* its folder was made by this process */
	bool is_added;         /* not adopted, whether or not there was a folder */
	bool is_attached_now;  /* by this process, though its counters may be older */
	char wanted[IFNAMSIZ]; /* the name of its interface, where another has its place; else "" */
};

/* What has become of a reload. Values are kept in the pinned state. */
enum datapath_reload { DATAPATH_RELOADED, DATAPATH_RELOAD_REFUSED, DATAPATH_RELOADING };
#define DATAPATH_RELOAD_STEP 4U

/*
 * The record of the agent, pinned, so that what it counts outlives it, and others find it. Written
 * by who holds the lock of the pinned state.
 */
struct datapath_agent {
	uint32_t pid;     /* of the agent that runs, if datapath_agent_runs() */
	uint32_t reload;  /* the last: its number times the step, and what became of it */
	uint64_t started; /* its start, in ticks since boot: field 22 of /proc/PID/stat, proc(5) */
	uint64_t reloads; /* of the database, that were done */
	uint64_t reload_failures;
	uint64_t write_failures; /* of the textfile */
	uint64_t last_reload;    /* seconds since 1970; 0: none */
};

_Static_assert(sizeof(struct datapath_agent) == 48, "no implicit padding in a map value");

struct datapath;

enum datapath_access {
	DATAPATH_READ,    /* the pinned state that there is; -ENOENT if there is none */
	DATAPATH_WRITE,   /* the same, made where missing, locked against a second agent */
	DATAPATH_PRIVATE, /* unpinned maps of this process */
};

int datapath_open(struct datapath **out, const char *pin_dir, enum datapath_access access);
void datapath_close(struct datapath *datapath);

/*
 * For who only reads, and for as long as the export is locked: whether the counters are still where
 * they were opened. Those that have moved to other maps meanwhile stand still.
 */
bool datapath_is_current(const struct datapath *datapath);

/* Takes the pinned records over into slots. 0 or -errno. */
int datapath_restore_slots(struct datapath *datapath, struct slots *slots);
/*
 * Makes room for the slots and stores their records; what is counted does not change. Where there
 * is not room enough, the counters move to larger maps, and where an earlier version counted, to
 * those of this one: the programs are replaced, the sums go on. Options that differ from what is
 * pinned are refused. Not to be called with the export locked. 0 or -errno.
 */
int datapath_prepare(struct datapath *datapath, struct slots *slots,
		     const struct datapath_options *options);
/* Whether a table is in force. */
bool datapath_has_table(const struct datapath *datapath);
/* Puts the table in force, whole, in one store. 0 or -errno. */
int datapath_publish(struct datapath *datapath, const struct porttable *table);
/*
 * Attaches a device, or replaces the program of one that is attached, which stays at its hook; one
 * that has another name now takes its counters along. Places in the list of devices may change. 0,
 * -EOPNOTSUPP (a device of a kind that cannot be counted, or the hook asked for does not take), -ENXIO
 * (it has left since it was listed), or another -errno; then nothing of that device has changed.
 */
int datapath_attach(struct datapath *datapath, const struct device *device, enum datapath_mode mode,
		    bool is_egress);
/* Takes back what this process has made, attached or pinned; for a start that failed half-way. */
void datapath_undo(struct datapath *datapath);
/* From here on what was made is kept, whatever fails later. */
void datapath_keep(struct datapath *datapath);

/*
 * Looks where the devices' programs are, as these follow their interface through renames and to
 * other network namespaces; devices are all that there are, read just now. What a look has found
 * holds till the next, and costs nothing to ask for.
 */
void datapath_look(struct datapath *datapath, const struct devices *devices);
/* The same, and tells of those that are gone since the last time, with their interface. */
void datapath_refresh(struct datapath *datapath, const struct devices *devices,
		      void (*gone)(void *ctx, const struct datapath_device *device), void *ctx);
/* The one of the devices, read just now, that this one's program is on; NULL: none of them. */
const struct device *datapath_interface(const struct datapath_device *device,
					const struct devices *devices);
/* By the last look: whether a device is counted, under whatever name, whichever its frames. */
bool datapath_is_on_device(const struct datapath *datapath, const struct device *interface);
/* By the last look: whether a device is counted, under its present name. */
bool datapath_is_counted(const struct datapath *datapath, const struct device *interface,
			 bool is_egress);
/*
 * Removes the counters of a device; with the export locked. Where they are only read, an agent
 * runs: then it must be one that is gone, and the agent finds them removed. 0 or -errno (logged).
 */
int datapath_forget(struct datapath *datapath, const char *name);
/*
 * Lets a group read the pinned state, or nobody but its owner: (gid_t)-1. To be called again when
 * pins were added. 0 or -errno (logged).
 */
int datapath_open_to_group(const struct datapath *datapath, gid_t group);
/* Takes the program off a device that has stopped to receive, and keeps count. 0 or -errno. */
int datapath_stalled(struct datapath *datapath, const struct datapath_device *device);
/* Drops those that another process has forgotten, and tells of them. */
void datapath_drop_forgotten(struct datapath *datapath,
			     void (*forgotten)(void *ctx, const struct datapath_device *device),
			     void *ctx);

size_t datapath_count(const struct datapath *datapath);
const struct datapath_device *datapath_device(const struct datapath *datapath, size_t i);
/* Reads a device's counters into a snapshot that has been initialised. 0 or -errno. */
int datapath_read(struct datapath *datapath, size_t i, struct snapshot *snapshot);

bool datapath_counts_unclassified(const struct datapath *datapath);
/* Reads what unclassified frames there were by port, into one that has been initialised. */
int datapath_read_unclassified(struct datapath *datapath, struct unclassified *unclassified);

/*
 * For a private datapath with a table in force: loads the program for frames that are handed in.
 * They count as those of a device with an Ethernet header would; its counters are read as device 0.
 * 0 or -errno (logged).
 */
int datapath_load_replay(struct datapath *datapath, const char *name);
/*
 * Classifies and counts a frame, of which length bytes are there, at least an Ethernet header; in
 * is the time and its length on the wire, out what became of it. Frames longer than
 * DATAPATH_REPLAY_MAX are cut. 0 or -errno (logged).
 */
int datapath_replay(struct datapath *datapath, const void *frame, size_t length,
		    struct port_replay *replay);
#define DATAPATH_REPLAY_MAX 3072 /* one page less what XDP keeps before and behind a frame */
/* The kernel's ticks in a second: the unit of a replay's time. */
uint32_t datapath_ticks_per_second(void);
/*
 * The marks of one datapath as another's, whose table must be as large: datapath_options_of() tells
 * how to make it so. 0 or -errno (logged).
 */
int datapath_copy_marks(struct datapath *to, const struct datapath *from);
struct datapath_options datapath_options_of(const struct datapath *datapath);

/*
 * Held by who measures, decides on series, or removes counters, and never while a disk is waited
 * for: an agent that follows its devices waits for it.
 */
int datapath_lock_export(const struct datapath *datapath);
/*
 * Held by who measures and writes a file, so that no older measurement replaces a newer one there:
 * taken before the one above, and held longer. -EBUSY: by another, who is not to be waited for;
 * -ENOENT: who may only read holds none.
 */
int datapath_lock_file(const struct datapath *datapath, uint64_t file, bool waits);
void datapath_unlock(int lock);
/* The series decisions are shared by all writers: read, decide, store; under the lock above. */
void datapath_decide_series(struct datapath *datapath, struct slots *slots,
			    void (*decide)(void *ctx, struct slots *slots), void *ctx);

/*
 * Stops counting on all devices and removes the pinned state. 0, -ENOENT (nothing there), or
 * -errno.
 */
int datapath_detach(const char *pin_dir);

/* Mapped from the kernel, and so always as it is now; NULL: there is none. */
struct datapath_agent *datapath_agent(const struct datapath *datapath);
bool datapath_agent_runs(const struct datapath *datapath);
uint32_t datapath_capacity(const struct datapath *datapath); /* services there is room for */
/* The memory for all maps; its total is not known to a member of the group that may read. */
struct footprint datapath_footprint(const struct datapath *datapath);
/*
 * What this kernel has: it is asked, which leaves nothing behind, never told by its version. Of an
 * open datapath, as one of its maps is asked for.
 */
void datapath_probe(const struct datapath *datapath, struct features *features);
const char *datapath_library_version(void);
/* As users write it: "auto", "native", "generic", "tc", "clsact". */
const char *datapath_mode_name(uint32_t mode);
/* What metrics and --status tell of an attached device: "xdp" with "native" or "generic", "tc" with
 * "tcx" or "clsact". */
const char *datapath_hook_label(uint32_t mode);
const char *datapath_mode_label(uint32_t mode);

#endif
