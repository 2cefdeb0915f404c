// SPDX-License-Identifier: GPL-2.0-only

/* Capture files that are written here byte by byte, in both byte orders. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "capture_file.h"
#include "fixture.h"
#include "scratch.h"

static const char *save(const struct scratch *scratch, const void *bytes, size_t len)
{
	const char *path = scratch_in(scratch, "file");
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	return path;
}

static void check_frame(const char *desc, const struct capture_frame *frame, size_t n,
			uint32_t unit_ns)
{
	int64_t time_ns = file_frames[n].time_ns / unit_ns * unit_ns;

	if (frame->time_ns != time_ns || frame->wire_bytes != file_frames[n].length ||
	    frame->length != file_frames[n].kept)
		fail_msg("%s, frame %zu: %zu of %u bytes at %lld", desc, n, frame->length,
			 frame->wire_bytes, (long long)frame->time_ns);
	for (size_t i = 0; i < frame->length; i++)
		if (frame->bytes[i] != file_frame_byte(n, i))
			fail_msg("%s, frame %zu: byte %zu is %u", desc, n, i, frame->bytes[i]);
}

static void check_file(const char *desc, const char *path, uint32_t unit_ns)
{
	struct capture_frame frame;
	struct capture *capture;

	assert_int_equal(capture_open_file(&capture, path), 0);
	assert_string_equal(capture_link_type(capture), "EN10MB");
	for (size_t n = 0; n < FILE_FRAMES; n++) {
		assert_int_equal(capture_next(capture, &frame), 1);
		check_frame(desc, &frame, n, unit_ns);
	}
	assert_int_equal(capture_next(capture, &frame), 0);
	assert_int_equal(capture_next(capture, &frame), 0);
	capture_close(capture);
}

static const struct format {
	const char *desc;
	void (*write)(struct capture_file *file, uint32_t unit_ns);
	uint32_t unit_ns;
	bool is_big_endian;
} formats[] = {
	{ "pcap, microseconds, little-endian", file_write_pcap, 1000, false },
	{ "pcap, microseconds, big-endian", file_write_pcap, 1000, true },
	{ "pcap, nanoseconds, little-endian", file_write_pcap, 1, false },
	{ "pcap, nanoseconds, big-endian", file_write_pcap, 1, true },
	{ "pcapng, microseconds, little-endian", file_write_pcapng, 1000, false },
	{ "pcapng, microseconds, big-endian", file_write_pcapng, 1000, true },
	{ "pcapng, nanoseconds, little-endian", file_write_pcapng, 1, false },
	{ "pcapng, nanoseconds, big-endian", file_write_pcapng, 1, true },
};

static void write_format(struct capture_file *file, const struct format *format)
{
	*file = (struct capture_file){ .is_big_endian = format->is_big_endian };
	format->write(file, format->unit_ns);
}

static void test_capture_next_formats(void **state)
{
	struct capture_file file;

	for (size_t i = 0; i < COUNT(formats); i++) {
		write_format(&file, &formats[i]);
		check_file(formats[i].desc, save(*state, file.bytes, file.len), formats[i].unit_ns);
	}
}

/* One line on standard error, which begins and ends as it must. */
static void check_message(const char *desc, const char *message, const char *start, const char *has)
{
	if (strncmp(message, start, strlen(start)) || !strstr(message, has) ||
	    fixture_count_lines(message) != 1)
		fail_msg("%s: '%s', wanted '%s...%s'", desc, message, start, has);
}

/* How many whole frames there are in a file cut to len bytes; -1: not even a header. */
static int count_frames(size_t len, const size_t ends[FILE_FRAMES + 1])
{
	int count = -1;

	for (size_t i = 0; i <= FILE_FRAMES; i++)
		count += ends[i] <= len;
	return count;
}

static void find_ends(const struct format *format, size_t ends[FILE_FRAMES + 1])
{
	const bool is_pcap = format->write == file_write_pcap;
	size_t end = is_pcap ? 24 : format->unit_ns == 1 ? 60 : 48;

	ends[0] = end;
	for (size_t n = 0; n < FILE_FRAMES; n++) {
		end += is_pcap ? 16 + file_frames[n].kept : 32 + (file_frames[n].kept + 3U) / 4 * 4;
		ends[n + 1] = end;
	}
}

/* Frames before the cut come whole; a cut between two records is an end like any other. */
static void check_cut(const struct format *format, const char *path, size_t len, int wanted,
		      bool is_between)
{
	struct capture_frame frame;
	struct capture *capture;
	char message[1024];
	int count = -1, err;

	fixture_messages_begin();
	err = capture_open_file(&capture, path);
	if (!err) {
		while ((err = capture_next(capture, &frame)) > 0)
			count++;
		count++;
		capture_close(capture);
	}
	fixture_messages_end(message, sizeof(message));
	if (count != wanted || err != (is_between ? 0 : -EINVAL))
		fail_msg("%s, %zu bytes: %d frames, then %d", format->desc, len, count, err);
	if (is_between)
		assert_string_equal(message, "");
	else
		check_message(format->desc, message, "capture '",
			      wanted < 0 ? "is no pcap or pcapng file" : "truncated");
}

static void test_capture_next_cut_anywhere(void **state)
{
	struct capture_file file;

	for (size_t i = 0; i < COUNT(formats); i++) {
		size_t ends[FILE_FRAMES + 1];

		write_format(&file, &formats[i]);
		find_ends(&formats[i], ends);
		assert_int_equal(ends[FILE_FRAMES], file.len);
		for (size_t len = 0; len <= file.len; len++) {
			int wanted = count_frames(len, ends);

			check_cut(&formats[i], save(*state, file.bytes, len), len, wanted,
				  wanted >= 0 && ends[wanted] == len);
		}
	}
}

static void check_refused(const char *desc, const char *path, int wanted, const char *has)
{
	struct capture *capture;
	char message[1024], start[PATH_MAX + 16];
	int err;

	snprintf(start, sizeof(start), "capture '%s': ", path);
	fixture_messages_begin();
	err = capture_open_file(&capture, path);
	fixture_messages_end(message, sizeof(message));
	if (err != wanted)
		fail_msg("%s: %d: %s", desc, err, message);
	check_message(desc, message, start, has);
}

static void test_capture_open_file_refuses(void **state)
{
	static const char text[] = "Service Name,Port Number,Transport Protocol\nssh,22,tcp\n";
	struct capture_file file = {};

	check_refused("nothing there", scratch_in(*state, "missing"), -ENOENT, "No such file");
	check_refused("a directory", scratch_in(*state, "."), -EISDIR, "Is a directory");
	check_refused("text", save(*state, text, sizeof(text) - 1), -EINVAL, "unknown file format");
	file_put_pcap_header(&file, 1000, 105);
	check_refused("802.11", save(*state, file.bytes, file.len), -EINVAL,
		      "link type IEEE802_11 (802.11) is not read");
	file.len = 0;
	file_put_pcap_header(&file, 1000, 4711);
	check_refused("a number nobody has", save(*state, file.bytes, file.len), -EINVAL,
		      "link type 4711 (DLT 4711) is not read");
}

static void test_capture_open_file_without_frames(void **state)
{
	struct capture_frame frame;
	struct capture *capture;
	struct capture_file file = {};

	file_put_pcap_header(&file, 1000, 1);
	assert_int_equal(capture_open_file(&capture, save(*state, file.bytes, file.len)), 0);
	assert_int_equal(capture_next(capture, &frame), 0);
	capture_close(capture);
}

/* What is no Ethernet is given its header; the length stays that of the record. */
static void test_capture_next_link_types(void **state)
{
	static const struct {
		uint32_t linktype;
		const char *name;
		size_t header;
	} rows[] = {
		{ 101, "RAW", 0 },  { 228, "IPV4", 0 },       { 0, "NULL", 4 },
		{ 108, "LOOP", 4 }, { 113, "LINUX_SLL", 16 }, { 276, "LINUX_SLL2", 20 },
		{ 9, "PPP", 2 },    { 50, "PPP_SERIAL", 2 },  { 51, "PPP_ETHER", 6 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct capture_frame frame;
		struct capture *capture;
		struct capture_file file = {};

		file_put_pcap_header(&file, 1000, rows[i].linktype);
		file_put(&file, 1, 4);
		file_put(&file, 0, 4);
		file_put(&file, 40, 4);
		file_put(&file, 1500, 4);
		file.len += 40; /* of zeros */
		assert_int_equal(capture_open_file(&capture, save(*state, file.bytes, file.len)),
				 0);
		assert_string_equal(capture_link_type(capture), rows[i].name);
		assert_int_equal(capture_next(capture, &frame), 1);
		assert_int_equal(frame.wire_bytes, 1500);
		/* PPP is given a PPPoE header besides. */
		if (frame.length != 14 + 40 - rows[i].header + (rows[i].header == 2 ? 8 : 0) +
					    (rows[i].header == 6 ? 6 : 0))
			fail_msg("%s: %zu bytes", rows[i].name, frame.length);
		capture_close(capture);
	}
}

/* Whatever a file has for a time, what comes out is one. */
static void test_capture_next_times(void **state)
{
	static const uint64_t times[] = { 0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };

	for (size_t i = 0; i < COUNT(times); i++) {
		struct capture_frame frame;
		struct capture *capture;
		struct capture_file file = {};

		file_put_pcapng_header(&file, 1000);
		file_put_pcapng_packet(&file, 0, times[i]);
		assert_int_equal(capture_open_file(&capture, save(*state, file.bytes, file.len)),
				 0);
		assert_int_equal(capture_next(capture, &frame), 1);
		assert_true(frame.time_ns >= 0);
		if (times[i] < 2)
			assert_int_equal(frame.time_ns, times[i] * 1000);
		capture_close(capture);
	}
}

static int pipe_with(const struct capture_file *file)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], file->bytes, file->len), file->len);
	close(fds[1]);
	return fds[0];
}

static void test_capture_open_file_pipe(void **state)
{
	struct capture_file file = {};
	char path[32];
	int fd;

	(void)state;
	file_write_pcapng(&file, 1);
	fd = pipe_with(&file);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	check_file("a pipe", path, 1);
	close(fd);
	fd = pipe_with(&file);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	check_file("standard input", "-", 1);
}

int main(void)
{
	static struct scratch scratch;
#define IN_SCRATCH(name)                                                                           \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(test_capture_next_formats),
		IN_SCRATCH(test_capture_next_cut_anywhere),
		IN_SCRATCH(test_capture_open_file_refuses),
		IN_SCRATCH(test_capture_open_file_without_frames),
		IN_SCRATCH(test_capture_next_link_types),
		IN_SCRATCH(test_capture_next_times),
		cmocka_unit_test(test_capture_open_file_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
