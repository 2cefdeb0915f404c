// SPDX-License-Identifier: GPL-2.0-only
/* The table of options, and what each does. */
#include <errno.h>
#include <string.h>

#include "cli_private.h"
#include "devices.h"
#include "log.h"
#include "parse_num.h"
#include "pins.h"

#define INTERVAL_MAX 86400
#define ROWS_MAX 1000000
#define AGE_MAX 86400

static int set_command(struct cli_options *options, enum cli_command command)
{
	if (options->command == CLI_HELP)
		return 0;
	if (options->command != CLI_RUN && options->command != command) {
		log_errorx("command line: only one of --top, --once, --attach, --detach, --status, "
			   "--reload, --forget, --services, --lookup, --check-services, --replay "
			   "and --audit can be asked for");
		return -EINVAL;
	}
	options->command = command;
	return 0;
}

static int set_number(const char *option, const char *value, uint32_t min, uint32_t max,
		      uint32_t *number)
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

static int set_reload(struct cli_options *options, const char *value)
{
	(void)value;
	return set_command(options, CLI_RELOAD);
}

static int set_forget(struct cli_options *options, const char *value)
{
	options->argument = value;
	return set_command(options, CLI_FORGET);
}

int cli_list_services(struct cli_options *options, const char *value)
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

static int set_replay(struct cli_options *options, const char *value)
{
	options->argument = value;
	return set_command(options, CLI_REPLAY);
}

static int set_audit(struct cli_options *options, const char *value)
{
	int err = value ? set_number("audit", value, 1, INTERVAL_MAX, &options->audit_seconds) : 0;

	return err ? err : set_command(options, CLI_AUDIT);
}

static int set_trace(struct cli_options *options, const char *value)
{
	(void)value;
	options->trace = true;
	return 0;
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
	if (*value && (strlen(value) < IFNAMSIZ || devices_is_pattern(value)))
		return append(&options->interfaces, "interface", value);
	log_errorx("option '--interface': '%s' is not a name that a device can have", value);
	return -EINVAL;
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
	for (uint32_t mode = DATAPATH_AUTO; mode < DATAPATH_MODES; mode++)
		if (!strcmp(value, datapath_mode_name(mode))) {
			options->mode = mode;
			return 0;
		}
	log_errorx("option '--mode': '%s' is not auto, native, generic, tc or clsact", value);
	return -EINVAL;
}

static int set_egress(struct cli_options *options, const char *value)
{
	(void)value;
	options->egress = true;
	return 0;
}

static int set_allow_stacked(struct cli_options *options, const char *value)
{
	(void)value;
	options->allow_stacked = true;
	return 0;
}

static int set_group(struct cli_options *options, const char *value)
{
	options->group = value;
	return 0;
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
	log_errorx("option '--by': '%s' is not service, port, protocol, device, encryption, method "
		   "or bucket",
		   value);
	return -EINVAL;
}

static int set_sort(struct cli_options *options, const char *value)
{
	for (unsigned int sort = 0; sort < REPORT_SORTS; sort++)
		if (!strcmp(value, report_sort_name(sort))) {
			options->sort = sort;
			return 0;
		}
	log_errorx("option '--sort': '%s' is not bytes, packets or connections", value);
	return -EINVAL;
}

static int set_json(struct cli_options *options, const char *value)
{
	(void)value;
	options->json = true;
	return 0;
}

/* "1M": a power of 2 with an optional K or M, which are powers of 1024. */
static int set_endpoints(struct cli_options *options, const char *value)
{
	size_t len = strlen(value);
	char unit = len ? value[len - 1] : '\0';
	uint32_t shift = unit == 'M' ? 20 : unit == 'K' ? 10 : 0, number;

	if (!parse_u32(value, shift ? len - 1 : len, UINT32_MAX >> shift, &number)) {
		number <<= shift;
		options->datapath.endpoint_cells = number;
		if (number >= 1U << PORT_ENDPOINT_BITS_MIN &&
		    number <= 1U << PORT_ENDPOINT_BITS_MAX && !(number & (number - 1)))
			return 0;
	}
	log_errorx("option '--endpoints': '%s' is not a power of 2 from 64K to 256M", value);
	return -EINVAL;
}

static int set_endpoint_age(struct cli_options *options, const char *value)
{
	return set_number("endpoint-age", value, 1, AGE_MAX, &options->datapath.endpoint_age);
}

static int set_unclassified_ports(struct cli_options *options, const char *value)
{
	static const char *const words[] = {
		[DATAPATH_CHOOSE] = "auto",
		[DATAPATH_ON] = "on",
		[DATAPATH_OFF] = "off",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(value, words[i])) {
			options->datapath.unclassified = i;
			return 0;
		}
	log_errorx("option '--unclassified-ports': '%s' is not on, off or auto", value);
	return -EINVAL;
}

static int set_pin_dir(struct cli_options *options, const char *value)
{
	options->pin_dir = value;
	return 0;
}

const struct option_row cli_rows[CLI_ROWS] = {
	{ 0, "top", "N", true, "measure for one interval, print the N busiest (default 15), exit",
	  set_top },
	{ 0, "once", NULL, false, "write the textfile once from the pinned counters, exit",
	  set_once },
	{ 0, "attach", NULL, false, "start counting and exit; the kernel goes on alone",
	  set_attach },
	{ 0, "detach", NULL, false, "stop counting, remove the pinned state and the textfile",
	  set_detach },
	{ 0, "status", NULL, false,
	  "devices, mode, since when, the account, loss against the interface", set_status },
	{ 0, "reload", NULL, false, "have the running agent read its database files anew, exit",
	  set_reload },
	{ 0, "forget", "DEV", false, "remove the counters of a device that is gone, exit",
	  set_forget },
	{ 0, "lookup", "WHAT", false,
	  "PORT[/TRANSPORT] or NAME: which entry wins and why; what it shadows", set_lookup },
	{ 0, "check-services", "FILE", false,
	  "all errors of a database file as FILE:LINE:COLUMN, exit", set_check_services },
	{ 0, "replay", "FILE", false,
	  "run a pcap or pcapng file through the kernel program, print\nthe account; no device is "
	  "touched",
	  set_replay },
	{ 0, "audit", "SECONDS", true,
	  "compare what is counted with the kernel's connection\ntracking (default 10 seconds)",
	  set_audit },
	{ 'h', "help", NULL, false, "this text", set_help },
	{ 'V', "version", NULL, false, "version of the agent and of libbpf", set_version },
	{ 'i', "interface", "DEV", false, "device or shell pattern to count on; repeat for more",
	  set_interface },
	{ 's', "services", "FILE", false,
	  "further database file; repeat, later files win; as the\n"
	  "last word, without FILE: list the loaded database",
	  cli_list_services },
	{ 0, "no-builtin", NULL, false, "leave the built-in database out", set_no_builtin },
	{ 'o', "textfile", "FILE", false, "default " CLI_TEXTFILE_DEFAULT, set_textfile },
	{ 't', "interval", "SEC", false, "default 15 (1 with --top)", set_interval },
	{ 'm', "mode", "MODE", false,
	  "auto, native or generic (XDP), tc or clsact (default auto:\nnative, else tc)",
	  set_mode },
	{ 0, "egress", NULL, false,
	  "count transmitted frames too (tc hook); with --top: show\nthese", set_egress },
	{ 0, "allow-stacked", NULL, false,
	  "count on devices that lie on one another, twice if need be", set_allow_stacked },
	{ 0, "max-series", "N", false, "services with metric series of their own (default 512)",
	  set_max_series },
	{ 0, "by", "KEY", false,
	  "rows of --top: service, port, protocol, device, encryption,\nmethod or bucket", set_by },
	{ 0, "sort", "KEY", false, "order of --top: bytes, packets or connections", set_sort },
	{ 0, "json", NULL, false,
	  "one JSON object: with --top, --status, --services, --lookup,\n--replay, --audit",
	  set_json },
	{ 0, "trace", NULL, false, "with --replay: a line for each frame, tab-separated",
	  set_trace },
	{ 0, "endpoints", "CELLS", false,
	  "size of the table of servers seen, 64K to 256M (default 1M)", set_endpoints },
	{ 0, "endpoint-age", "SEC", false,
	  "how long a server seen is remembered at least (default 1000)", set_endpoint_age },
	{ 0, "unclassified-ports", "X", false,
	  "count frames of no service by port: on, off or auto (default:\non up to 64 processors)",
	  set_unclassified_ports },
	{ 0, "group", "NAME", false, "group that may use --top, --status and --once without root",
	  set_group },
	{ 0, "pin-dir", "DIR", false, "default " PINS_DEFAULT, set_pin_dir },
};

_Static_assert(sizeof(cli_rows) == CLI_ROWS * sizeof(cli_rows[0]), "no row is left empty");
