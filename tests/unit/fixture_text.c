// SPDX-License-Identifier: GPL-2.0-only

/* Catching and judging text. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "cli.h"
#include "fixture.h"

FILE *fixture_text_open(struct fixture_text *text)
{
	*text = (struct fixture_text){};
	text->out = open_memstream(&text->text, &text->len);
	assert_non_null(text->out);
	return text->out;
}

const char *fixture_text_close(struct fixture_text *text)
{
	assert_int_equal(fclose(text->out), 0);
	text->out = NULL;
	assert_int_equal(strlen(text->text), text->len);
	return text->text;
}

void fixture_text_free(struct fixture_text *text)
{
	free(text->text);
	*text = (struct fixture_text){};
}

FILE *fixture_full(void)
{
	FILE *out = fopen("/dev/full", "we");

	assert_non_null(out);
	return out;
}

static int messages = -1, standard_error = -1;

void fixture_messages_begin(void)
{
	fflush(stderr);
	messages = memfd_create("messages", MFD_CLOEXEC);
	standard_error = dup(STDERR_FILENO);
	assert_true(messages >= 0 && standard_error >= 0);
	assert_int_equal(dup2(messages, STDERR_FILENO), STDERR_FILENO);
}

void fixture_messages_end(char *text, size_t size)
{
	ssize_t len;

	fflush(stderr);
	dup2(standard_error, STDERR_FILENO);
	len = pread(messages, text, size - 1, 0);
	close(standard_error);
	close(messages);
	assert_true(len >= 0);
	text[len] = '\0';
	assert_int_equal(strlen(text), len);
}

const char *fixture_version(void)
{
	static char version[128];
	struct fixture_text text;

	cli_print_version(fixture_text_open(&text));
	assert_int_equal(sscanf(fixture_text_close(&text), "portacct %127s (libbpf ", version), 1);
	fixture_text_free(&text);
	return version;
}

/* A version may look like any number: it is one where it stands in quotes, or before a comma. */
static void put_neutral(FILE *out, const char *text, const char *version)
{
	size_t len = strlen(version);
	char last = '\0';

	while (*text) {
		bool is_version = len && (last == '"' || last == ' ') &&
				  !strncmp(text, version, len) &&
				  (text[len] == '"' || text[len] == ',');

		if (is_version)
			fputs("@VERSION@", out);
		else
			fputc(*text, out);
		last = *text;
		text += is_version ? len : 1;
	}
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &room, '\0', file) < 0)
		assert_int_equal(ferror(file), 0);
	fclose(file);
	return text;
}

static void update(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	print_message("%s: written anew, to be looked at\n", path);
}

static unsigned int line_of_difference(const char *a, const char *b)
{
	unsigned int line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return line;
}

void fixture_assert_golden(const char *name, const char *text, const char *version)
{
	struct fixture_text neutral;
	char path[128], *expected;
	unsigned int line;

	put_neutral(fixture_text_open(&neutral), text, version);
	fixture_text_close(&neutral);
	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (getenv("UPDATE_GOLDEN"))
		update(path, neutral.text);
	expected = read_file(path);
	if (!expected)
		fail_msg("%s: cannot be read; tests run in the project's directory", path);
	line = line_of_difference(expected, neutral.text);
	if (strcmp(expected, neutral.text))
		fail_msg("%s differs from line %u on; this is the text:\n%s", path, line,
			 neutral.text);
	free(expected);
	fixture_text_free(&neutral);
}

/* By the C library's tables, not by what the program itself uses. */
static void assert_line(const char *desc, const char *line, size_t len, size_t columns)
{
	size_t width = 0, step;
	mbstate_t state = {};
	wchar_t c;

	for (size_t i = 0; i < len; i += step) {
		step = mbrtowc(&c, line + i, len - i, &state);
		if (step == 0 || step > len)
			fail_msg("%s: no UTF-8 at byte %zu of: %.*s", desc, i, (int)len, line);
		if (!iswprint((wint_t)c))
			fail_msg("%s: control character %x in: %.*s", desc, (unsigned int)c,
				 (int)len, line);
		width += (size_t)wcwidth(c);
	}
	if (width > columns)
		fail_msg("%s: %zu columns: %.*s", desc, width, (int)len, line);
}

void fixture_assert_lines(const char *desc, const char *text, size_t columns)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), old;

	assert_true(utf8 != (locale_t)0);
	old = uselocale(utf8);
	while (*text) {
		size_t len = strcspn(text, "\n");

		assert_line(desc, text, len, columns);
		if (text[len] != '\n')
			fail_msg("%s: the last line has no end", desc);
		text += len + 1;
	}
	uselocale(old);
	freelocale(utf8);
}

size_t fixture_count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}
