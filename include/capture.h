/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames from a capture file (pcap, pcapng) or from a device, one by one, as Ethernet frames: what
 * begins otherwise is given an Ethernet header (linktype.h). The only user of libpcap. Failures are
 * logged here, once; none of them is -EIO, which is what a failing output is told by.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct capture;

struct capture_frame {
	const uint8_t *bytes; /* Ethernet; valid until the next call */
	size_t length;        /* of bytes, at least an Ethernet header */
	uint32_t wire_bytes;  /* the frame's length on the wire, as the capture has it */
	int64_t time_ns;      /* since 1970; not before, and no later than 63 bits hold */
};

/*
 * A path, or "-" for standard input; a pipe will do. 0, -EINVAL (no capture, or a link type that is
 * not read), or another -errno.
 */
int capture_open_file(struct capture **out, const char *path);
/* What the device receives from now on, the first bytes of each frame. 0 or -errno. */
int capture_open_device(struct capture **out, const char *device);
void capture_close(struct capture *capture);
/* 1: *frame is the next one; 0: there is none (a file's end; a device's, for now); or -errno. */
int capture_next(struct capture *capture, struct capture_frame *frame);
/* libpcap's name of the link type, as "EN10MB", or its number. */
const char *capture_link_type(const struct capture *capture);
/* To poll for frames of a device. */
int capture_descriptor(const struct capture *capture);
/* Frames of a device that were lost on the way here. */
uint64_t capture_lost(struct capture *capture);

#endif
