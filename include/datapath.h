/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel half seen from user space: maps, program, links, counters. The only room that uses
 * libbpf. Everything is pinned (pins.h), so that the kernel counts on when no agent runs; a private
 * datapath pins nothing and ends with its process.
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

struct device;
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
};

_Static_assert(sizeof(struct datapath_state) == 72, "no implicit padding in a map value");

/* A device whose frames are counted in one direction: those it receives, or those it transmits. */
struct datapath_device {
	char name[IFNAMSIZ];        /* the label of its counters */
	char folder[IFNAMSIZ + 16]; /* its name in the pinned state: "eth0", or "eth0:egress" */
	bool is_egress;             /* transmitted frames; else those received */
	struct datapath_state state;
	uint32_t ifindex; /* that the link is on; 0: the device is gone or not attached */
	int counters;     /* descriptors, -1: none */
	int handshakes;
	int link;
	int state_map;
	bool is_new;          /* its folder was made by this process */
	bool is_added;        /* not adopted, whether or not there was a folder */
	bool is_attached_now; /* by this process, though its counters may be older */
};

struct datapath;

enum datapath_access {
	DATAPATH_READ,    /* the pinned state that there is; -ENOENT if there is none */
	DATAPATH_WRITE,   /* the same, made where missing, locked against a second agent */
	DATAPATH_PRIVATE, /* unpinned maps of this process */
};

int datapath_open(struct datapath **out, const char *pin_dir, enum datapath_access access);
void datapath_close(struct datapath *datapath);

/* Takes the pinned records over into slots. 0 or -errno. */
int datapath_restore_slots(struct datapath *datapath, struct slots *slots);
/*
 * Makes room for the slots and stores their records; what is counted does not change. Options that
 * differ from what is pinned are refused. 0 or -errno.
 */
int datapath_prepare(struct datapath *datapath, struct slots *slots,
		     const struct datapath_options *options);
/* Whether a table is in force. */
bool datapath_has_table(const struct datapath *datapath);
/* Puts the table in force, whole, in one store. 0 or -errno. */
int datapath_publish(struct datapath *datapath, const struct porttable *table);
/*
 * Attaches a device, or replaces the program of one that is attached. 0, -EOPNOTSUPP (a device of a
 * kind that cannot be counted), or another -errno; then nothing of that device has changed.
 */
int datapath_attach(struct datapath *datapath, const struct device *device, enum datapath_mode mode,
		    bool is_egress);
/* Takes back what this process has made, attached or pinned; for a start that failed half-way. */
void datapath_undo(struct datapath *datapath);

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

/* Held by who measures and writes a textfile, so that no older measurement replaces a newer one. */
int datapath_lock_export(const struct datapath *datapath);
void datapath_unlock_export(int lock);
/* The series decisions are shared by all writers: read, decide, store; under the lock above. */
void datapath_decide_series(struct datapath *datapath, struct slots *slots,
			    void (*decide)(void *ctx, struct slots *slots), void *ctx);

/*
 * Stops counting on all devices and removes the pinned state. 0, -ENOENT (nothing there), or
 * -errno.
 */
int datapath_detach(const char *pin_dir);

bool datapath_agent_runs(const struct datapath *datapath);
uint32_t datapath_capacity(const struct datapath *datapath);     /* services there is room for */
uint64_t datapath_memory_bytes(const struct datapath *datapath); /* of all maps, in the kernel */
const char *datapath_library_version(void);
/* As users write it: "auto", "native", "generic", "tc", "clsact". */
const char *datapath_mode_name(uint32_t mode);
/* What metrics and --status tell of an attached device: "xdp" with "native" or "generic", "tc" with
 * "tcx" or "clsact". */
const char *datapath_hook_label(uint32_t mode);
const char *datapath_mode_label(uint32_t mode);

#endif
