/* SPDX-License-Identifier: GPL-2.0-only */
/* What cli.c (parser and help) and cli_options.c (the table of options) share. */
#ifndef CLI_PRIVATE_H
#define CLI_PRIVATE_H

#include "cli.h"

/* One option: how it is written, what it says in the help, and what it does. */
struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *argument; /* name of its value; NULL: it has none */
	bool is_optional;     /* the value may be left out */
	const char *help;     /* may have several lines */
	int (*set)(struct cli_options *options, const char *value);
};

#define CLI_ROWS 31
#define CLI_COMMAND_ROWS 13 /* the first rows, up to --version */

/* --services: with a value one more file, without one the command that lists the database. */
int cli_list_services(struct cli_options *options, const char *value);

extern const struct option_row cli_rows[CLI_ROWS];

#endif
