/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tun or tap device in a network namespace of its own, with the program of a tc hook on it, and
 * frames through it both ways. Nothing else sends or receives there. The process stays in that
 * namespace. What is wrong fails an assertion of cmocka. Needs root.
 */
#ifndef TAP_H
#define TAP_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAP_MTU 9000

struct tap {
	bool is_tap; /* frames start with an Ethernet header; else with that of IP */
	bool is_egress;
	int fd;     /* its wire: what is written here it receives, what it sends is read */
	int packet; /* a packet socket, to send from the host's side */
	int link;
	unsigned int ifindex;
};

/* Why there can be none here, or NULL. */
const char *tap_obstacle(void);

/* Makes a device and attaches the program to it, for what it receives or what it transmits. */
struct tap *tap_open(bool is_tap, bool is_egress, int program);
void tap_close(struct tap *tap);

/*
 * Puts a frame before the program; when this returns, it has run. header: what is told of it beside
 * its bytes; NULL: nothing. False: the kernel takes no such frame.
 */
bool tap_send(struct tap *tap, const uint8_t *bytes, size_t len,
	      const struct virtio_net_hdr *header);

/* Reads a frame that the device has sent. Its length; 0: there is none, nor comes one in time. */
size_t tap_read(struct tap *tap, uint8_t *bytes, size_t size, int wait_ms);

#endif
