/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A measurement: every counted device's totals and what was added in the last interval, with the
 * words that belong to the numbers. The input of all that is printed or exported.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "unclassified.h"

struct catalog;
struct portdb;
struct porttable;

struct measured_device {
	const char *name;         /* outlives the measurement, or is a copy: measured_set_name() */
	char copied_name[IFNAMSIZ];
	const char *hook;         /* "xdp" or "tc" */
	const char *mode;         /* "native", "generic", "tcx" or "clsact" */
	bool is_egress;           /* transmitted frames; else those received */
	struct snapshot total;    /* since counting began */
	struct snapshot interval; /* since the measurement before; all 0 if there was none */
	bool is_attached;         /* false: the device is gone, or counting on it has ended */
	uint64_t base_frames;     /* counted before the program came to the present interface */
	/* What that interface says it received, or transmitted, since the program came to it. */
	bool has_interface; /* the next two are known */
	uint64_t interface_packets;
	uint64_t interface_bytes;
	uint64_t stalls; /* times that counting was ended as the device had stopped to receive */
};

/*
 * Unclassified frames by port. The kernel half counts them for all devices together, so this is
 * there only where the devices of the measurement are all that it counts on.
 */
struct measured_ports {
	struct unclassified total;
	struct unclassified interval;  /* as above; its methods are those of the total */
	const struct portdb *db;       /* who has a port under another transport; NULL: not known */
	const struct porttable *table; /* of the same database */
};

/* Whether a measurement tells unclassified frames by port, and why not. */
enum measured_by_port {
	MEASURED_NOT_BY_PORT,  /* nobody has asked */
	MEASURED_BY_PORT,      /* `ports` is there */
	MEASURED_UNCOUNTED,    /* the kernel half was told not to count them */
	MEASURED_SOME_DEVICES, /* it counts on more devices than these */
};

struct measurement {
	struct measured_device *devices;
	size_t count;
	const struct catalog *catalog;
	double seconds; /* the interval's length; 0: there was no measurement before */
	enum measured_by_port by_port;
	struct measured_ports *ports; /* of received frames; NULL: see by_port */
	bool transmitted; /* what reports are made of: transmitted frames; else those received */
};

/*
 * Room for count devices of slots_end slots; names and modes are the caller's to fill. 0 or
 * -ENOMEM.
 */
int measurement_init(struct measurement *measurement, size_t count, uint32_t slots_end,
		     const struct catalog *catalog);
/*
 * Copies a name, for measurements that are kept: those of counted devices move, and change, as
 * devices come and go.
 */
void measured_set_name(struct measured_device *device, const char *name);
/* Frees what the measurement holds, its ports included; not names that were not copied. */
void measurement_fini(struct measurement *measurement);
/* Gives it ports, all 0, if it has none yet. 0 or -ENOMEM. */
int measurement_add_ports(struct measurement *measurement);
/*
 * Sets each interval to what the totals have grown since before, by device name; devices new since
 * count from 0, and so do ports that were not read before.
 */
void measurement_compare(struct measurement *now, const struct measurement *before);

/* ---- what tells whether every frame is counted, and once (measure_watch.c) */

/*
 * The account is closed when the frames of services and the unclassified ones are as many as the
 * frames that all methods have chosen a port for. The kernel half counts a frame of a service whose
 * method is not `database` in two places: it is by these that the two sums can differ. While frames
 * come in they are read a moment apart, and may differ by what came between.
 */
struct measured_account {
	uint64_t with_ports, by_method;
	uint64_t difference; /* between the two, whichever is more */
};
struct measured_account measured_account(const struct snapshot *total);

/* Frames counted since the program came to the present interface. */
uint64_t measured_since_base(const struct measured_device *device);
/*
 * Their share of the interface's own, 1 where both are 0. False where there is none: the interface
 * does not tell, or tells of no frame although some were counted.
 */
bool measured_coverage(const struct measured_device *device, double *share);

#endif
