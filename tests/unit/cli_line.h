/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines as text, given to the parser. For behind the headers of cmocka. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "fixture.h"

#define WORDS_MAX 160

/* A command line as the shell would make it; "''" is an empty word. Words point into line. */
struct words {
	char line[2048];
	char *argv[WORDS_MAX + 1];
	int argc;
};

static inline void split(struct words *words, const char *line)
{
	char *rest = words->line, *word;

	words->argc = 0;
	assert_true((size_t)snprintf(words->line, sizeof(words->line), "agent %s", line) <
		    sizeof(words->line));
	while ((word = strsep(&rest, " "))) {
		assert_true(words->argc < WORDS_MAX);
		if (*word)
			words->argv[words->argc++] = strcmp(word, "''") ? word : word + 2;
	}
	words->argv[words->argc] = NULL;
}

/* getopt keeps its place in a word that it did not finish: as in a new process. */
static inline void forget_getopt(void)
{
	char name[] = "agent", *argv[] = { name, NULL };

	optind = 0;
	getopt(1, argv, "");
}

static inline int parse(struct cli_options *options, struct words *words, const char *line,
			char *messages, size_t size)
{
	int err;

	split(words, line);
	forget_getopt();
	fixture_messages_begin();
	err = cli_parse(options, words->argc, words->argv);
	fixture_messages_end(messages, size);
	return err;
}

#endif
