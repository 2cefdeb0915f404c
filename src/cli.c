// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli_private.h"
#include "log.h"
#include "pins.h"
#include "version.h"

/*
 * getopt's tables, made from the rows. Long options answer with their row's number above all
 * letters.
 */
#define LONG_BASE 256

static void make_tables(struct option longs[CLI_ROWS + 1], char shorts[2 * CLI_ROWS + 2])
{
	size_t used = 0;

	shorts[used++] = ':'; /* a missing value is told apart from an unknown option */
	for (size_t i = 0; i < CLI_ROWS; i++) {
		longs[i] = (struct option){ .name = cli_rows[i].name, .val = LONG_BASE + (int)i };
		longs[i].has_arg = cli_rows[i].is_optional ? optional_argument
				   : cli_rows[i].argument  ? required_argument
							   : no_argument;
		if (!cli_rows[i].letter)
			continue;
		shorts[used++] = cli_rows[i].letter;
		if (cli_rows[i].argument)
			shorts[used++] = ':';
	}
	shorts[used] = '\0';
	longs[CLI_ROWS] = (struct option){};
}

static const struct option_row *find_row(int answer)
{
	if (answer >= LONG_BASE)
		return &cli_rows[answer - LONG_BASE];
	for (size_t i = 0; i < CLI_ROWS; i++)
		if (cli_rows[i].letter == answer)
			return &cli_rows[i];
	return NULL;
}

/* Or an abbreviation of it that no other option shares. */
static bool is_services(const char *word)
{
	size_t len = strlen(word);

	return len >= strlen("--se") && !strncmp(word, "--services", len);
}

/* "--services" without a file is a command of its own. */
static int apply_without_value(struct cli_options *options, const char *word)
{
	if (is_services(word))
		return cli_list_services(options, NULL);
	log_errorx("option '%s': needs a value; see --help", word);
	return -EINVAL;
}

/* "--top 5" as well as "--top=5": no word of its own can begin with a digit. */
static const char *optional_value(const struct option_row *row, int argc, char **argv)
{
	if (!optarg && row->is_optional && optind < argc && isdigit((unsigned char)*argv[optind]))
		return argv[optind++];
	return optarg;
}

static int apply(struct cli_options *options, int answer, int argc, char **argv)
{
	const struct option_row *row = find_row(answer);
	const char letter[] = { '-', (char)optopt, '\0' };
	/* getopt stays at a word as long as it has letters left. */
	const char *word = optopt && optopt < LONG_BASE ? letter : argv[optind - 1];

	if (answer == ':')
		return apply_without_value(options, word);
	if (row)
		return row->set(options, optional_value(row, argc, argv));
	log_errorx("option '%s': unknown, ambiguous, or with a value it does not take; see --help",
		   word);
	return -EINVAL;
}

/* The word after --services is a file unless it is an option: then the database is to be listed. */
static bool lists_services(int argc, char **argv, int at)
{
	return at < argc && is_services(argv[at]) && (at + 1 == argc || argv[at + 1][0] == '-');
}

/* What would promise something else than the command does. */
static int check_command(const struct cli_options *options)
{
	bool has_json = options->command == CLI_TOP || options->command == CLI_STATUS ||
			options->command == CLI_SERVICES || options->command == CLI_LOOKUP ||
			options->command == CLI_REPLAY || options->command == CLI_AUDIT ||
			options->command == CLI_HELP || options->command == CLI_VERSION;

	if (options->json && !has_json) {
		log_errorx("option '--json': goes with --top, --status, --services, --lookup, "
			   "--replay and --audit");
		return -EINVAL;
	}
	if (options->trace && (options->command != CLI_REPLAY || options->json)) {
		log_errorx("option '--trace': goes with --replay, and not with --json");
		return -EINVAL;
	}
	if (options->command == CLI_REPLAY && options->interfaces.count) {
		log_errorx("option '--interface': --replay touches no device");
		return -EINVAL;
	}
	if (options->command == CLI_TOP && options->egress && options->key == REPORT_PORT) {
		log_errorx("option '--by': transmitted frames are not counted by port");
		return -EINVAL;
	}
	if (options->command == CLI_DETACH && options->interfaces.count) {
		log_errorx("option '--interface': --detach ends the counting on all devices");
		return -EINVAL;
	}
	return 0;
}

int cli_parse(struct cli_options *options, int argc, char **argv)
{
	struct option longs[CLI_ROWS + 1];
	char shorts[2 * CLI_ROWS + 2];
	int answer = 0, err = 0;

	*options = (struct cli_options){
		.textfile = CLI_TEXTFILE_DEFAULT,
		.max_series = 512,
		.top_rows = 15,
		.audit_seconds = CLI_AUDIT_SECONDS_DEFAULT,
		.pin_dir = PINS_DEFAULT,
	};
	make_tables(longs, shorts);
	opterr = 0;
	optind = 1;
	while (!err && answer != -1) {
		if (lists_services(argc, argv, optind)) {
			err = cli_list_services(options, NULL);
			optind++;
			continue;
		}
		answer = getopt_long(argc, argv, shorts, longs, NULL);
		if (answer != -1)
			err = apply(options, answer, argc, argv);
	}
	if (err)
		return err;
	if (optind >= argc)
		return check_command(options);
	log_errorx("command line: '%s' is not an option; see --help", argv[optind]);
	return -EINVAL;
}

static void print_row(FILE *out, const struct option_row *row)
{
	char left[40];
	const char *help = row->help;
	size_t len = strcspn(help, "\n");

	snprintf(left, sizeof(left), "--%s%s%s%s%s", row->name,
		 row->is_optional ? "[="
		 : row->argument  ? " "
				  : "",
		 row->argument ? row->argument : "", row->is_optional ? "]" : "", "");
	if (row->letter)
		fprintf(out, " -%c, %-22s %.*s\n", row->letter, left, (int)len, help);
	else
		fprintf(out, "     %-22s %.*s\n", left, (int)len, help);
	for (help += len; *help; help += len) {
		len = strcspn(++help, "\n");
		fprintf(out, "%28s%.*s\n", "", (int)len, help);
	}
}

void cli_print_help(FILE *out)
{
	fprintf(out, "Usage: agent [COMMAND] [OPTION]...\n"
		     "Counts which services a gateway's received traffic belongs to, in the "
		     "kernel, and exports\n"
		     "the counters through the textfile collector of Prometheus' node_exporter.\n\n"
		     "Without a command: attach, count, write the textfile every interval until "
		     "stopped.\n\n"
		     "Commands:\n");
	for (size_t i = 0; i < CLI_ROWS; i++) {
		if (i == CLI_COMMAND_ROWS)
			fprintf(out, "\nOptions:\n");
		print_row(out, &cli_rows[i]);
	}
	fprintf(out,
		"\nWithout -i: every device that is up and backed by hardware, of two that stand "
		"on each\n"
		"other the upper; where there is none, every device that carries a default "
		"route.\n\n"
		"Examples:\n"
		"  agent -i 'eth*' -t 10      count on eth0, eth1, ..., write the textfile every "
		"10 s\n"
		"  agent --top=5 --by device  the five busiest devices, measured for one second\n"
		"  agent --lookup 465/tcp     what is counted for that port, and why\n\n"
		"Exit status: 0 done, 1 failed at run time, 2 usage error or bad file.\n");
}

void cli_print_version(FILE *out)
{
	fprintf(out, "portacct %s (libbpf %s)\n", PORTACCT_VERSION, datapath_library_version());
}
