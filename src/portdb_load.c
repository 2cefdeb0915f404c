// SPDX-License-Identifier: GPL-2.0-only

/* Files and buffers to lines for the port database parser. */

#include "portdb_load.h"

#include "portdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A '\r' and one byte too many: enough for the parser to see that a line is too long. */
#define LINE_ROOM (PORTDB_LINE_MAX + 2)
#define CHUNK_ROOM 65536

/* What a line needs that arrives in pieces. */
struct lines {
	size_t len;
	char line[LINE_ROOM];
	char chunk[CHUNK_ROOM];
};

static void keep_piece(struct lines *lines, const char *text, size_t len)
{
	size_t room = LINE_ROOM - lines->len;

	if (len > room)
		len = room;
	memcpy(lines->line + lines->len, text, len);
	lines->len += len;
}

static int feed_chunk(struct portdb *db, struct lines *lines, const char *text, size_t len)
{
	const char *end = text + len;
	int err = 0;

	while (!err && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t piece = (size_t)((newline ? newline : end) - text);

		if (newline && lines->len == 0) {
			err = portdb_feed(db, text, piece);
		} else {
			keep_piece(lines, text, piece);
			if (newline) {
				err = portdb_feed(db, lines->line, lines->len);
				lines->len = 0;
			}
		}
		text = newline ? newline + 1 : end;
	}
	return err;
}

static ssize_t read_chunk(int fd, char *chunk, size_t len)
{
	ssize_t got;

	do {
		got = read(fd, chunk, len);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int refuse_size(struct portdb *db, const char *path)
{
	portdb_report(db, "services file '%s': is larger than %d bytes", path,
		      PORTDB_LOAD_FILE_MAX);
	return -EINVAL;
}

/* Everything from fd. The size is counted too, as a file may grow and /proc gives none. */
static int feed_file(struct portdb *db, struct lines *lines, int fd, const char *path)
{
	size_t total = 0;
	int err = 0;

	while (!err) {
		ssize_t got = read_chunk(fd, lines->chunk, CHUNK_ROOM);

		if (got < 0) {
			portdb_report(db, "services file '%s': cannot read: %s", path,
				      strerror((int)-got));
			return (int)got;
		}
		if (got == 0)
			break;
		total += (size_t)got;
		if (total > PORTDB_LOAD_FILE_MAX)
			return refuse_size(db, path);
		err = feed_chunk(db, lines, lines->chunk, (size_t)got);
	}
	if (!err && lines->len > 0)
		err = portdb_feed(db, lines->line, lines->len);
	return err;
}

static const char *name_kind(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "a device";
	return "not a regular file";
}

static int check_file(struct portdb *db, int fd, const char *path)
{
	struct stat st;
	int err;

	if (fstat(fd, &st)) {
		err = -errno;
		portdb_report(db, "services file '%s': cannot stat: %s", path, strerror(-err));
		return err;
	}
	if (!S_ISREG(st.st_mode)) {
		portdb_report(db, "services file '%s': is %s", path, name_kind(st.st_mode));
		return -EINVAL;
	}
	return st.st_size > PORTDB_LOAD_FILE_MAX ? refuse_size(db, path) : 0;
}

/* Opens the file in the parser, feeds it, and closes it there whatever happened. */
static int parse_file(struct portdb *db, struct lines *lines, int fd, const char *path)
{
	int err = portdb_open(db, path);
	int finish_err;

	if (err)
		return err;
	err = feed_file(db, lines, fd, path);
	finish_err = portdb_finish(db);
	return err ? err : finish_err;
}

static int report_memory(struct portdb *db, const char *name, int err)
{
	if (err == -ENOMEM)
		portdb_report(db, "services file '%s': cannot load: %s", name, strerror(ENOMEM));
	return err;
}

int portdb_load_file(struct portdb *db, const char *path)
{
	/* Without O_NONBLOCK, opening a FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct lines *lines = NULL;
	int err;

	if (fd < 0) {
		err = -errno;
		portdb_report(db, "services file '%s': cannot open: %s", path, strerror(-err));
		return err;
	}
	err = check_file(db, fd, path);
	if (err)
		goto out;
	err = -ENOMEM;
	lines = calloc(1, sizeof(*lines));
	if (lines)
		err = parse_file(db, lines, fd, path);
	report_memory(db, path, err);
out:
	free(lines);
	close(fd);
	return err;
}

int portdb_load_buffer(struct portdb *db, const char *name, const char *text, size_t len)
{
	const char *end = text + len;
	int err = portdb_open(db, name);
	int finish_err;

	if (err)
		return report_memory(db, name, err);
	while (!err && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		err = portdb_feed(db, text, (size_t)((newline ? newline : end) - text));
		text = newline ? newline + 1 : end;
	}
	finish_err = portdb_finish(db);
	return report_memory(db, name, err ? err : finish_err);
}
