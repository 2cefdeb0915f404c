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

struct device {
	char name[IFNAMSIZ];
	uint32_t ifindex;
	uint32_t mtu;
	uint16_t hardware; /* ARPHRD_*: what its frames start with */
	bool is_up;
	bool is_loopback;
	bool has_bus; /* backed by hardware, or by a virtual machine's */
	bool has_default_route;
	uint64_t receive_packets; /* the interface's own counters */
	uint64_t receive_bytes;
};

struct devices {
	struct device *list;
	size_t count;
};

/* 0 or -errno (logged). */
int devices_read(struct devices *devices);
void devices_free(struct devices *devices);
const struct device *devices_find(const struct devices *devices, const char *name);

/*
 * Keeps the devices that match one of the shell patterns (glob(7)); each must match one at least.
 * Without patterns: what is up and backed by a bus; if there is none, what carries a default route.
 * 0, or -ENODEV (logged, with the devices that there are).
 */
int devices_select(struct devices *devices, const char *const *patterns, size_t count);

/* How frames start: true at the IP header, false at an Ethernet header. -EOPNOTSUPP: neither. */
int devices_starts_at_l3(const struct device *device, bool *starts_at_l3);

#endif
