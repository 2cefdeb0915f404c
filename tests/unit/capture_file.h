/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capture files in memory, byte by byte, in either byte order. A file that outgrows its room fails
 * an assert.
 */
#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILE_FRAMES 3
#define FILE_SECOND_NS INT64_C(1000000000)

struct capture_file {
	uint8_t bytes[4096];
	size_t len;
	bool is_big_endian;
};

/* The frames that the two writers below write: how much of each is kept, how long it was. */
struct capture_file_frame {
	uint32_t kept, length;
	int64_t time_ns;
};
extern const struct capture_file_frame file_frames[FILE_FRAMES];
/* Byte i of frame n, so that each tells where it is from. */
uint8_t file_frame_byte(size_t n, size_t i);

/* A whole file, with times in units of 1000 or 1 nanoseconds. */
void file_write_pcap(struct capture_file *file, uint32_t unit_ns);
void file_write_pcapng(struct capture_file *file, uint32_t unit_ns);

/* Parts of one. An integer of that many bytes; a header; the record of frame n. */
void file_put(struct capture_file *file, uint64_t value, size_t size);
void file_put_pcap_header(struct capture_file *file, uint32_t unit_ns, uint32_t linktype);
void file_put_pcapng_header(struct capture_file *file, uint32_t unit_ns);
void file_put_pcapng_packet(struct capture_file *file, size_t n, uint64_t time);

#endif
