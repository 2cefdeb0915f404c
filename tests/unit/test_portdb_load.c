// SPDX-License-Identifier: GPL-2.0-only

/* Feeding files and buffers: what is no file, and lines that arrive in pieces. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portdb.h"
#include "portdb_load.h"

/* A directory of our own, and a file in it. */
struct place {
	char dir[64];
	char path[128];
};

struct messages {
	char text[4096];
};

static void note_message(void *ctx, const char *message)
{
	struct messages *messages = ctx;
	size_t len = strlen(messages->text);

	snprintf(messages->text + len, sizeof(messages->text) - len, "%s\n", message);
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	strcpy(place->dir, "/tmp/test_portdb_load.XXXXXX");
	if (!mkdtemp(place->dir)) {
		free(place);
		return -1;
	}
	snprintf(place->path, sizeof(place->path), "%s/services", place->dir);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	int err;

	unlink(place->path);
	err = rmdir(place->dir);
	free(place);
	return err;
}

static void write_file(const struct place *place, const char *text, size_t len)
{
	FILE *file = fopen(place->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Loads place->path; the one message expected ends in what. */
static void assert_refused(const struct place *place, int err, const char *what)
{
	struct messages messages = {};
	struct portdb *db = portdb_new(note_message, &messages);
	char expected[256];

	snprintf(expected, sizeof(expected), "services file '%s': %s\n", place->path, what);
	assert_int_equal(portdb_load_file(db, place->path), err);
	assert_string_equal(messages.text, expected);
	assert_int_equal(portdb_count(db), 0);
	/* And the portdb goes on. */
	assert_int_equal(portdb_load_buffer(db, "b", "a 1/tcp", 7), 0);
	assert_int_equal(portdb_count(db), 1);
	portdb_free(db);
}

static void test_portdb_load_file_missing(void **state)
{
	assert_refused(*state, -ENOENT, "cannot open: No such file or directory");
}

static void test_portdb_load_file_directory(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdir(place->path, 0700), 0);
	assert_refused(place, -EINVAL, "is a directory");
	assert_int_equal(rmdir(place->path), 0);
}

static void test_portdb_load_file_fifo_does_not_block(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkfifo(place->path, 0600), 0);
	alarm(10);
	assert_refused(place, -EINVAL, "is a FIFO");
	alarm(0);
}

static void test_portdb_load_file_device(void **state)
{
	struct place *place = *state;
	struct place device = {};

	strcpy(device.path, "/dev/zero");
	assert_refused(&device, -EINVAL, "is a device");
	/* Links are followed: what counts is what they lead to. */
	assert_int_equal(symlink("/dev/null", place->path), 0);
	assert_refused(place, -EINVAL, "is a device");
}

/* Regular by its mode, and there is nothing at its address 0. */
static void test_portdb_load_file_read_error(void **state)
{
	struct place memory = {};
	char message[64];

	(void)state;
	strcpy(memory.path, "/proc/self/mem");
	if (access(memory.path, R_OK)) {
		print_message("skipped: cannot open /proc/self/mem\n");
		skip();
	}
	snprintf(message, sizeof(message), "cannot read: %s", strerror(EIO));
	assert_refused(&memory, -EIO, message);
}

static void test_portdb_load_file_too_large(void **state)
{
	struct place *place = *state;

	write_file(place, "", 0);
	assert_int_equal(truncate(place->path, PORTDB_LOAD_FILE_MAX + 1), 0);
	assert_refused(place, -EINVAL, "is larger than 16777216 bytes");
}

static void test_portdb_load_file_at_the_size_limit(void **state)
{
	static const char row[] = "a 1/tcp\n";
	struct place *place = *state;
	struct portdb *db = portdb_new(NULL, NULL);
	char *text = malloc(PORTDB_LOAD_FILE_MAX);

	assert_non_null(text);
	memset(text, '\n', PORTDB_LOAD_FILE_MAX);
	memcpy(text, row, sizeof(row) - 1);
	write_file(place, text, PORTDB_LOAD_FILE_MAX);
	assert_int_equal(portdb_load_file(db, place->path), 0);
	assert_int_equal(portdb_count(db), 1);
	free(text);
	portdb_free(db);
}

static void test_portdb_load_file_bad_content(void **state)
{
	static const char text[] = "a 1/tcp\nb 70000/tcp\n";
	struct place *place = *state;
	struct messages messages = {};
	struct portdb *db = portdb_new(note_message, &messages);
	char expected[256];

	write_file(place, text, sizeof(text) - 1);
	assert_int_equal(portdb_load_file(db, place->path), -EINVAL);
	snprintf(expected, sizeof(expected), "%s:2:3: port 70000 is above 65535\n", place->path);
	assert_string_equal(messages.text, expected);
	portdb_free(db);
}

static const struct text_row {
	const char *desc;
	const char *text;
	size_t entries;
	const char *messages;
} text_rows[] = {
	{ "two lines", "a 1/tcp\nb 2/tcp\n", 2, "" },
	{ "no final newline", "a 1/tcp\nb 2/tcp", 2, "" },
	{ "CR LF", "a 1/tcp\r\nb 2/tcp\r\n", 2, "" },
	{ "CR LF, cut off", "a 1/tcp\r\nb 2/tcp\r", 2, "" },
	{ "empty lines", "\n\na 1/tcp\n\n\n", 1, "" },
	{ "nothing", "", 0, "f:1:1: no entries\n" },
	{ "an error in the last line", "a 1/tcp\n\nb 0/tcp", 0, "f:3:3: port 0 is not a port\n" },
};

static void test_portdb_load_buffer_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		const struct text_row *row = &text_rows[i];
		struct messages messages = {};
		struct portdb *db = portdb_new(note_message, &messages);
		int err = portdb_load_buffer(db, "f", row->text, strlen(row->text));

		if (err != (row->messages[0] ? -EINVAL : 0) ||
		    portdb_count(db) != row->entries || strcmp(messages.text, row->messages))
			fail_msg("%s: err %d, %zu entries: %s", row->desc, err, portdb_count(db),
				 messages.text);
		portdb_free(db);
	}
}

/* From a file the same as from memory. */
static void test_portdb_load_file_lines(void **state)
{
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		const struct text_row *row = &text_rows[i];
		struct portdb *db = portdb_new(NULL, NULL);

		write_file(place, row->text, strlen(row->text));
		if (portdb_load_file(db, place->path) != (row->messages[0] ? -EINVAL : 0) ||
		    portdb_count(db) != row->entries)
			fail_msg("%s: %zu entries", row->desc, portdb_count(db));
		portdb_free(db);
	}
}

/* Lines of all lengths modulo the reader's buffer, so that every one of them is cut somewhere. */
static void test_portdb_load_file_lines_across_reads(void **state)
{
	enum { ROWS = 3000 };
	struct place *place = *state;
	struct portdb *db = portdb_new(NULL, NULL);
	FILE *file = fopen(place->path, "w");
	char name[64];

	assert_non_null(file);
	for (int i = 0; i < ROWS; i++)
		fprintf(file, "name-%d %d/tcp # %*d%s", i, 1 + i, 1 + i % 257, i,
			i == ROWS - 1 ? "" : i % 2 ? "\r\n" : "\n");
	assert_int_equal(fclose(file), 0);
	assert_int_equal(portdb_load_file(db, place->path), 0);
	assert_int_equal(portdb_count(db), ROWS);
	for (int i = 0; i < ROWS; i++) {
		const struct portdb_entry *entry = portdb_entry(db, (size_t)i);

		snprintf(name, sizeof(name), "name-%d", i);
		assert_string_equal(entry->name, name);
		assert_int_equal(entry->first, 1 + i);
		assert_int_equal(entry->line, 1 + i);
		snprintf(name, sizeof(name), "%d", i);
		assert_string_equal(entry->description, name);
	}
	portdb_free(db);
}

static const struct length_row {
	const char *desc;
	size_t len;
	const char *end;
	bool fits;
} length_rows[] = {
	{ "at the limit", PORTDB_LINE_MAX, "\n", true },
	{ "at the limit, CR LF", PORTDB_LINE_MAX, "\r\n", true },
	{ "at the limit, no newline", PORTDB_LINE_MAX, "", true },
	{ "one more", PORTDB_LINE_MAX + 1, "\n", false },
	{ "one more, CR LF", PORTDB_LINE_MAX + 1, "\r\n", false },
	{ "one more, no newline", PORTDB_LINE_MAX + 1, "", false },
	{ "two more", PORTDB_LINE_MAX + 2, "\n", false },
	{ "a CR where the line is cut", PORTDB_LINE_MAX, "\rx\n", false },
	{ "a megabyte", 1000000, "\n", false },
	{ "a megabyte, no newline", 1000000, "", false },
};

static void load_line(const struct place *place, const struct length_row *row)
{
	struct messages messages = {};
	struct portdb *db = portdb_new(note_message, &messages);
	FILE *file = fopen(place->path, "w");
	char expected[256] = "";
	int err;

	assert_non_null(file);
	fprintf(file, "# first\na 1/tcp #");
	for (size_t i = strlen("a 1/tcp #"); i < row->len; i++)
		fputc('x', file);
	fputs(row->end, file);
	assert_int_equal(fclose(file), 0);
	err = portdb_load_file(db, place->path);
	if (!row->fits)
		snprintf(expected, sizeof(expected),
			 "%s:2:65537: line is longer than 65536 bytes\n", place->path);
	if (err != (row->fits ? 0 : -EINVAL) || strcmp(messages.text, expected))
		fail_msg("%s: err %d: %s", row->desc, err, messages.text);
	portdb_free(db);
}

static void test_portdb_load_file_line_at_and_over_the_limit(void **state)
{
	for (size_t i = 0; i < sizeof(length_rows) / sizeof(length_rows[0]); i++)
		load_line(*state, &length_rows[i]);
}

static void test_portdb_load_file_etc_services(void **state)
{
	struct messages messages = {};
	struct portdb *db;
	bool has_ssh = false;

	(void)state;
	if (access("/etc/services", R_OK)) {
		print_message("skipped: there is no /etc/services\n");
		skip();
	}
	db = portdb_new(note_message, &messages);
	if (portdb_load_file(db, "/etc/services"))
		fail_msg("%s", messages.text);
	for (size_t i = 0; i < portdb_count(db); i++) {
		const struct portdb_entry *entry = portdb_entry(db, i);

		has_ssh |= portdb_entry_is(entry, "ssh") && entry->first == 22 &&
			   entry->last == 22 && entry->transport == PORT_TCP;
	}
	assert_true(has_ssh);
	portdb_free(db);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(test_portdb_load_file_missing),
		WITH_PLACE(test_portdb_load_file_directory),
		WITH_PLACE(test_portdb_load_file_fifo_does_not_block),
		WITH_PLACE(test_portdb_load_file_device),
		cmocka_unit_test(test_portdb_load_file_read_error),
		WITH_PLACE(test_portdb_load_file_too_large),
		WITH_PLACE(test_portdb_load_file_at_the_size_limit),
		WITH_PLACE(test_portdb_load_file_bad_content),
		cmocka_unit_test(test_portdb_load_buffer_lines),
		WITH_PLACE(test_portdb_load_file_lines),
		WITH_PLACE(test_portdb_load_file_lines_across_reads),
		WITH_PLACE(test_portdb_load_file_line_at_and_over_the_limit),
		cmocka_unit_test(test_portdb_load_file_etc_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
