// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_file.h"

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d
#define ETHERNET 1

const struct capture_file_frame file_frames[FILE_FRAMES] = {
	{ 60, 60, 1700000000 * FILE_SECOND_NS + 123456789 },
	{ 20, 61, 1700000000 * FILE_SECOND_NS + 999999999 },
	{ 14, 62, 1700000001 * FILE_SECOND_NS },
};

uint8_t file_frame_byte(size_t n, size_t i)
{
	return (uint8_t)(n * 16 + i);
}

void file_put(struct capture_file *file, uint64_t value, size_t size)
{
	assert_true(file->len + size <= sizeof(file->bytes));
	for (size_t i = 0; i < size; i++)
		file->bytes[file->len + (file->is_big_endian ? size - 1 - i : i)] =
			(uint8_t)(value >> 8 * i);
	file->len += size;
}

static void put_frame(struct capture_file *file, size_t n)
{
	for (uint32_t i = 0; i < file_frames[n].kept; i++)
		file_put(file, file_frame_byte(n, i), 1);
}

/* draft-ietf-opsawg-pcap, section 4. */
void file_put_pcap_header(struct capture_file *file, uint32_t unit_ns, uint32_t linktype)
{
	file_put(file, unit_ns == 1 ? MAGIC_NS : MAGIC_US, 4);
	file_put(file, 2, 2);
	file_put(file, 4, 2);
	file_put(file, 0, 8);
	file_put(file, 65535, 4);
	file_put(file, linktype, 4);
}

void file_write_pcap(struct capture_file *file, uint32_t unit_ns)
{
	file_put_pcap_header(file, unit_ns, ETHERNET);
	for (size_t n = 0; n < FILE_FRAMES; n++) {
		int64_t time_ns = file_frames[n].time_ns;

		file_put(file, (uint64_t)(time_ns / FILE_SECOND_NS), 4);
		file_put(file, (uint64_t)(time_ns % FILE_SECOND_NS) / unit_ns, 4);
		file_put(file, file_frames[n].kept, 4);
		file_put(file, file_frames[n].length, 4);
		put_frame(file, n);
	}
}

/* draft-ietf-opsawg-pcapng, sections 4.1 and 4.2: a section, an interface. */
void file_put_pcapng_header(struct capture_file *file, uint32_t unit_ns)
{
	bool has_nanoseconds = unit_ns == 1;

	file_put(file, 0x0a0d0d0a, 4);
	file_put(file, 28, 4);
	file_put(file, 0x1a2b3c4d, 4);
	file_put(file, 1, 2);
	file_put(file, 0, 2);
	file_put(file, UINT64_MAX, 8);
	file_put(file, 28, 4);
	file_put(file, 1, 4);
	file_put(file, has_nanoseconds ? 32 : 20, 4);
	file_put(file, ETHERNET, 2);
	file_put(file, 0, 2);
	file_put(file, 65535, 4);
	if (has_nanoseconds) { /* option if_tsresol: 10^-9 */
		file_put(file, 9, 2);
		file_put(file, 1, 2);
		file_put(file, 9, 1);
		file_put(file, 0, 3);
		file_put(file, 0, 4);
	}
	file_put(file, has_nanoseconds ? 32 : 20, 4);
}

/* The same, section 4.3: an enhanced packet. */
void file_put_pcapng_packet(struct capture_file *file, size_t n, uint64_t time)
{
	uint32_t padding = -file_frames[n].kept & 3;
	uint32_t length = 32 + file_frames[n].kept + padding;

	file_put(file, 6, 4);
	file_put(file, length, 4);
	file_put(file, 0, 4);
	file_put(file, time >> 32, 4);
	file_put(file, time, 4);
	file_put(file, file_frames[n].kept, 4);
	file_put(file, file_frames[n].length, 4);
	put_frame(file, n);
	file_put(file, 0, padding);
	file_put(file, length, 4);
}

void file_write_pcapng(struct capture_file *file, uint32_t unit_ns)
{
	file_put_pcapng_header(file, unit_ns);
	for (size_t n = 0; n < FILE_FRAMES; n++)
		file_put_pcapng_packet(file, n, (uint64_t)file_frames[n].time_ns / unit_ns);
}
