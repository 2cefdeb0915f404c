// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "parse_num.h"
#include "pins.h"
#include "version.h"

#define INTERVAL_MAX 86400
#define ROWS_MAX 1000000

/* One option: how it is written, what it says in the help, and what it does. */
struct option_row {
	char letter;          /* 0: none */
	const char *name;
	const char *argument; /* name of its value; NULL: it has none */
	bool is_optional;     /* the value may be left out */
	const char *help;     /* may have several lines */
	int (*set)(struct cli_options *options, const char *value);
};

static int set_command(struct cli_options *options, enum cli_command command)
{
	if (options->command == CLI_HELP)
		return 0;
	if (options->command != CLI_RUN && options->command != command) {
		log_errorx("command line: only one of --top, --once, --attach, --detach, --status, --services, "
			   "--lookup and --check-services can be asked for");
		return -EINVAL;
	}
	options->command = command;
	return 0;
}

static int set_number(const char *option, const char *value, uint32_t min, uint32_t max, uint32_t *number)
{
	if (!parse_u32(value, strlen(value), max, number) && *number >= min)
		return 0;
	log_errorx("option '--%s': '%s' is not a number from %u to %u", option, value, min, max);
	return -EINVAL;
}

static int append(struct cli_list *list, const char *option, const char *value)
{
	if (list->count == CLI_LIST_MAX) {
		log_errorx("option '--%s': given more than %d times", option, CLI_LIST_MAX);
		return -EINVAL;
	}
	list->items[list->count++] = value;
	return 0;
}

static int set_top(struct cli_options *options, const char *value)
{
	int err = value ? set_number("top", value, 1, ROWS_MAX, &options->top_rows) : 0;

	return err ? err : set_command(options, CLI_TOP);
}

static int set_once(struct cli_options *options, const char *value)
{
	(void)value;
	return set_command(options, CLI_ONCE);
}

static int set_attach(struct cli_options *options, const char *value)
{
	(void)value;
	return set_command(options, CLI_ATTACH);
}

static int set_detach(struct cli_options *options, const char *value)
{
	(void)value;
	return set_command(options, CLI_DETACH);
}

static int set_status(struct cli_options *options, const char *value)
{
	(void)value;
	return set_command(options, CLI_STATUS);
}

static int set_list_services(struct cli_options *options, const char *value)
{
	if (value) /* "--services FILE" adds a file, "--services" alone lists */
		return append(&options->services, "services", value);
	return set_command(options, CLI_SERVICES);
}

static int set_lookup(struct cli_options *options, const char *value)
{
	options->argument = value;
	return set_command(options, CLI_LOOKUP);
}

static int set_check_services(struct cli_options *options, const char *value)
{
	options->argument = value;
	return set_command(options, CLI_CHECK_SERVICES);
}

static int set_help(struct cli_options *options, const char *value)
{
	(void)value;
	options->command = CLI_RUN; /* help is given whatever else was asked */
	return set_command(options, CLI_HELP);
}

static int set_version(struct cli_options *options, const char *value)
{
	(void)value;
	return set_command(options, CLI_VERSION);
}

static int set_interface(struct cli_options *options, const char *value)
{
	return append(&options->interfaces, "interface", value);
}

static int set_no_builtin(struct cli_options *options, const char *value)
{
	(void)value;
	options->no_builtin = true;
	return 0;
}

static int set_textfile(struct cli_options *options, const char *value)
{
	options->textfile = value;
	return 0;
}

static int set_interval(struct cli_options *options, const char *value)
{
	return set_number("interval", value, 1, INTERVAL_MAX, &options->interval);
}

static int set_mode(struct cli_options *options, const char *value)
{
	for (uint32_t mode = DATAPATH_AUTO; mode <= DATAPATH_GENERIC; mode++)
		if (!strcmp(value, datapath_mode_name(mode))) {
			options->mode = mode;
			return 0;
		}
	log_errorx("option '--mode': '%s' is not auto, native or generic", value);
	return -EINVAL;
}

static int set_max_series(struct cli_options *options, const char *value)
{
	return set_number("max-series", value, 0, PORT_SLOT_END, &options->max_series);
}

static int set_by(struct cli_options *options, const char *value)
{
	for (unsigned int key = 0; key < REPORT_KEYS; key++)
		if (!strcmp(value, report_key_name(key))) {
			options->key = key;
			return 0;
		}
	log_errorx("option '--by': '%s' is not service, port, protocol, device, encryption, method or bucket", value);
	return -EINVAL;
}

static int set_sort(struct cli_options *options, const char *value)
{
	for (unsigned int sort = 0; sort < REPORT_SORTS; sort++)
		if (!strcmp(value, report_sort_name(sort))) {
			options->sort = sort;
			return 0;
		}
	log_errorx("option '--sort': '%s' is not bytes or packets", value);
	return -EINVAL;
}

static int set_json(struct cli_options *options, const char *value)
{
	(void)value;
	options->json = true;
	return 0;
}

static int set_pin_dir(struct cli_options *options, const char *value)
{
	options->pin_dir = value;
	return 0;
}

static const struct option_row rows[] = {
	{ 0, "top", "N", true, "measure for one interval, print the N busiest (default 15), exit", set_top },
	{ 0, "once", NULL, false, "write the textfile once from the pinned counters, exit", set_once },
	{ 0, "attach", NULL, false, "start counting and exit; the kernel goes on alone", set_attach },
	{ 0, "detach", NULL, false, "stop counting, remove the pinned state and the textfile", set_detach },
	{ 0, "status", NULL, false, "devices, mode, since when, the account, loss against the interface", set_status },
	{ 0, "lookup", "WHAT", false, "PORT[/TRANSPORT] or NAME: which entry wins and why; what it shadows", set_lookup },
	{ 0, "check-services", "FILE", false, "all errors of a database file as FILE:LINE:COLUMN, exit", set_check_services },
	{ 'h', "help", NULL, false, "this text", set_help },
	{ 'V', "version", NULL, false, "version of the agent and of libbpf", set_version },
	{ 'i', "interface", "DEV", false, "device or shell pattern to count on; repeat for more", set_interface },
	{ 's', "services", "FILE", false, "further database file; repeat, later files win; as the\n"
	  "last word, without FILE: list the loaded database", set_list_services },
	{ 0, "no-builtin", NULL, false, "leave the built-in database out", set_no_builtin },
	{ 'o', "textfile", "FILE", false, "default " CLI_TEXTFILE_DEFAULT, set_textfile },
	{ 't', "interval", "SEC", false, "default 15 (1 with --top)", set_interval },
	{ 'm', "mode", "MODE", false, "auto, native or generic XDP (default auto, which is native)", set_mode },
	{ 0, "max-series", "N", false, "services with metric series of their own (default 512)", set_max_series },
	{ 0, "by", "KEY", false, "rows of --top: service, port, protocol, device, encryption,\nmethod or bucket", set_by },
	{ 0, "sort", "KEY", false, "order of --top: bytes or packets", set_sort },
	{ 0, "json", NULL, false, "one JSON object: with --top, --status, --services, --lookup", set_json },
	{ 0, "pin-dir", "DIR", false, "default " PINS_DEFAULT, set_pin_dir },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define COMMAND_ROWS 9 /* the first rows, up to --version */

/* getopt's tables, made from the rows. Long options answer with their row's number above all letters. */
#define LONG_BASE 256

static void make_tables(struct option longs[ROWS + 1], char shorts[2 * ROWS + 2])
{
	size_t used = 0;

	shorts[used++] = ':'; /* a missing value is told apart from an unknown option */
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ .name = rows[i].name, .val = LONG_BASE + (int)i };
		longs[i].has_arg = rows[i].is_optional ? optional_argument :
				   rows[i].argument    ? required_argument :
							 no_argument;
		if (!rows[i].letter)
			continue;
		shorts[used++] = rows[i].letter;
		if (rows[i].argument)
			shorts[used++] = ':';
	}
	shorts[used] = '\0';
	longs[ROWS] = (struct option){};
}

static const struct option_row *find_row(int answer)
{
	if (answer >= LONG_BASE)
		return &rows[answer - LONG_BASE];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == answer)
			return &rows[i];
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
		return set_list_services(options, NULL);
	log_errorx("option '%s': needs a value; see --help", word);
	return -EINVAL;
}

static int apply(struct cli_options *options, int answer, char **argv)
{
	const struct option_row *row = find_row(answer);
	const char letter[] = { '-', (char)optopt, '\0' };
	/* getopt stays at a word as long as it has letters left. */
	const char *word = optopt && optopt < LONG_BASE ? letter : argv[optind - 1];

	if (answer == ':')
		return apply_without_value(options, word);
	if (row)
		return row->set(options, optarg);
	log_errorx("option '%s': unknown, ambiguous, or with a value it does not take; see --help", word);
	return -EINVAL;
}

/* The word after --services is a file unless it is an option: then the database is to be listed. */
static bool lists_services(int argc, char **argv, int at)
{
	return at < argc && is_services(argv[at]) && (at + 1 == argc || argv[at + 1][0] == '-');
}

static int check_json(const struct cli_options *options)
{
	switch (options->command) {
	case CLI_RUN:
	case CLI_ONCE:
	case CLI_ATTACH:
	case CLI_DETACH:
	case CLI_CHECK_SERVICES:
		if (!options->json)
			return 0;
		log_errorx("option '--json': goes with --top, --status, --services and --lookup only");
		return -EINVAL;
	default:
		return 0;
	}
}

int cli_parse(struct cli_options *options, int argc, char **argv)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2];
	int answer = 0, err = 0;

	*options = (struct cli_options){
		.textfile = CLI_TEXTFILE_DEFAULT,
		.max_series = 512,
		.top_rows = 15,
		.pin_dir = PINS_DEFAULT,
	};
	make_tables(longs, shorts);
	opterr = 0;
	optind = 1;
	while (!err && answer != -1) {
		if (lists_services(argc, argv, optind)) {
			err = set_list_services(options, NULL);
			optind++;
			continue;
		}
		answer = getopt_long(argc, argv, shorts, longs, NULL);
		if (answer != -1)
			err = apply(options, answer, argv);
	}
	if (err)
		return err;
	if (optind >= argc)
		return check_json(options);
	log_errorx("command line: '%s' is not an option; see --help", argv[optind]);
	return -EINVAL;
}

static void print_row(FILE *out, const struct option_row *row)
{
	char left[40];
	const char *help = row->help;
	size_t len = strcspn(help, "\n");

	snprintf(left, sizeof(left), "--%s%s%s%s%s", row->name, row->is_optional ? "[=" : row->argument ? " " : "",
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
		     "Counts which services a gateway's received traffic belongs to, in the kernel, and exports\n"
		     "the counters through the textfile collector of Prometheus' node_exporter.\n\n"
		     "Without a command: attach, count, write the textfile every interval until stopped.\n\n"
		     "Commands:\n");
	for (size_t i = 0; i < ROWS; i++) {
		if (i == COMMAND_ROWS)
			fprintf(out, "\nOptions:\n");
		print_row(out, &rows[i]);
	}
	fprintf(out, "\nWithout -i: every device that is up and backed by hardware; where there is none, every\n"
		     "device that carries a default route.\n\n"
		     "Examples:\n"
		     "  agent -i 'eth*' -t 10      count on eth0, eth1, ..., write the textfile every 10 s\n"
		     "  agent --top=5 --by device  the five busiest devices, measured for one second\n"
		     "  agent --lookup 465/tcp     what is counted for that port, and why\n\n"
		     "Exit status: 0 done, 1 failed at run time, 2 usage error or bad file.\n");
}

void cli_print_version(FILE *out)
{
	fprintf(out, "portacct %s (libbpf %s)\n", PORTACCT_VERSION, datapath_library_version());
}
