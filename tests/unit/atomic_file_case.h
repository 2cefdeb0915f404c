/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the atomic file share: a scratch directory, and what is in it. */
#ifndef ATOMIC_FILE_CASE_H
#define ATOMIC_FILE_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atomic_file.h"
#include "scratch.h"

#define RANDOM "0123456789abcdef"
#define LARGE 50000

static struct scratch scratch;

/* A path in the scratch directory. */
static inline const char *in(const char *name)
{
	return scratch_in(&scratch, name);
}

static inline void make_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wxe");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline void assert_content(const char *path, const char *text)
{
	char content[256] = "";
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	fread(content, 1, sizeof(content) - 1, file);
	fclose(file);
	assert_string_equal(content, text);
}

static inline unsigned int count_files(void)
{
	DIR *dir = opendir(scratch.path);
	const struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

static inline bool exists(const char *name)
{
	return !faccessat(AT_FDCWD, in(name), F_OK, AT_SYMLINK_NOFOLLOW);
}

static inline int write_text(const char *path, const char *text)
{
	return atomic_file_write(path, text, strlen(text));
}

#endif
