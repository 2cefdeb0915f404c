/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network devices of this network namespace, as rtnetlink(7) tells them, and which of them to
 * count on. Failures are logged here.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICES_KIND_SIZE 16

struct device {
	char name[IFNAMSIZ];
	uint32_t ifindex;
	/*
	 * The device it stands on: IFLA_LINK, of a vxlan IFLA_VXLAN_LINK. 0: none, or one in
	 * another network namespace. Of a veth it is the peer (stack.h tells them apart).
	 */
	uint32_t lower;
	uint32_t master;              /* the bridge, bond, ... that it is a member of; 0: none */
	char kind[DEVICES_KIND_SIZE]; /* IFLA_INFO_KIND: "vlan", "bridge"; "" for hardware */
	uint32_t mtu;
	uint16_t hardware; /* ARPHRD_*: what its frames start with */
	bool is_up;
	bool has_carrier;
	bool is_loopback;
	bool has_bus; /* backed by hardware, or by a virtual machine's */
	/* Read only where nothing is up and on a bus (devices_any_bus()); else false. */
	bool has_default_route;
	uint32_t xdp_program; /* id of the XDP program on it, in whatever mode; 0: none */
	/* The interface's own counters, of IFLA_STATS64. */
	uint64_t receive_packets;
	uint64_t receive_bytes;
	uint64_t receive_dropped;
	uint64_t receive_missed;
	uint64_t transmit_packets;
	uint64_t transmit_bytes;
};

struct devices {
	struct device *list;
	size_t count;
};

/* 0 or -errno (logged). */
int devices_read(struct devices *devices);
void devices_free(struct devices *devices);
const struct device *devices_find(const struct devices *devices, const char *name);
/* NULL for 0 and for what is not in the list. */
const struct device *devices_find_index(const struct devices *devices, uint32_t ifindex);

/* Whether a device is up and backed by a bus: then default routes do not decide what is counted. */
bool devices_any_bus(const struct devices *devices);

/*
 * Patterns are shell patterns (glob(7)), matched against names; the order of the list is kept.
 * Without any, these are chosen: what is up and backed by a bus, but of two such of which one
 * stands on the other (the ports of a switch chip on the port to the processor, a virtual
 * function's fail-over) only the upper; if nothing is up and on a bus, what carries a default
 * route.
 */

/*
 * Keeps the devices that are chosen; each pattern must match one at least.
 * 0, or -ENODEV (logged, with the devices that there are; the list is then of no use).
 */
int devices_select(struct devices *devices, const char *const *patterns, size_t count);
/* The same for one that waits for devices: what matches nothing is no failure. */
void devices_choose(struct devices *devices, const char *const *patterns, size_t count);
/* False for what can match one device only, by its very name. */
bool devices_is_pattern(const char *text);
/* Gives each pattern that matches none of all devices to tell, if not NULL; returns how many. */
size_t devices_missing(const struct devices *devices, const char *const *patterns, size_t count,
		       void (*tell)(void *ctx, const char *pattern), void *ctx);

/* How frames start: true at the IP header, false at an Ethernet header. -EOPNOTSUPP: neither. */
int devices_starts_at_l3(const struct device *device, bool *starts_at_l3);

#endif
