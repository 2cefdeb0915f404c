/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line. One table of options makes the parser, the help text and, by a test, the
 * README. Parsing touches nothing but the options; what is wrong with the line is logged here.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "datapath.h"
#include "report.h"

#define CLI_LIST_MAX 64

enum cli_command {
	CLI_RUN,
	CLI_TOP,
	CLI_ONCE,
	CLI_ATTACH,
	CLI_DETACH,
	CLI_STATUS,
	CLI_RELOAD,
	CLI_FORGET,
	CLI_SERVICES,
	CLI_LOOKUP,
	CLI_CHECK_SERVICES,
	CLI_REPLAY,
	CLI_AUDIT,
	CLI_HELP,
	CLI_VERSION,
};

struct cli_list {
	const char *items[CLI_LIST_MAX];
	size_t count;
};

struct cli_options {
	enum cli_command command;
	const char *argument;       /* of --lookup, --check-services, --replay and --forget */
	struct cli_list interfaces; /* shell patterns */
	struct cli_list services;   /* database files */
	bool no_builtin;
	const char *textfile;
	uint32_t interval; /* seconds; 0: the command's default */
	enum datapath_mode mode;
	bool egress;        /* transmitted frames too; with --top: these */
	bool allow_stacked; /* devices on one another, whose frames are counted on each */
	const char *group;  /* that may read the pinned state; NULL: none */
	uint32_t max_series;
	uint32_t top_rows;
	enum report_key key;
	enum report_sort sort;
	bool json;
	bool trace;
	uint32_t audit_seconds;
	struct datapath_options datapath;
	const char *pin_dir;
};

#define CLI_TEXTFILE_DEFAULT "/var/lib/prometheus/node-exporter/portacct.prom"
#define CLI_INTERVAL_DEFAULT 15
#define CLI_TOP_INTERVAL_DEFAULT 1
#define CLI_AUDIT_SECONDS_DEFAULT 10

/* 0, or -EINVAL (logged): a usage error. Strings point into argv. */
int cli_parse(struct cli_options *options, int argc, char **argv);
void cli_print_help(FILE *out);
void cli_print_version(FILE *out);

#endif
