// SPDX-License-Identifier: GPL-2.0-only

/* The command line: what each option sets. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli_line.h"

static void put_list(FILE *out, const char *name, const struct cli_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		fprintf(out, " %s=%s", name, list->items[i]);
}

/* The command, and each field that is not as it is without options. */
static void describe(FILE *out, const struct cli_options *options)
{
	static const char *const commands[] = {
		[CLI_RUN] = "run", [CLI_TOP] = "top", [CLI_ONCE] = "once", [CLI_ATTACH] = "attach",
		[CLI_DETACH] = "detach", [CLI_STATUS] = "status", [CLI_SERVICES] = "services",
		[CLI_LOOKUP] = "lookup", [CLI_CHECK_SERVICES] = "check", [CLI_REPLAY] = "replay",
		[CLI_AUDIT] = "audit", [CLI_HELP] = "help", [CLI_VERSION] = "version",
		[CLI_RELOAD] = "reload", [CLI_FORGET] = "forget",
	};

	fprintf(out, "%s", commands[options->command]);
	if (options->argument)
		fprintf(out, " argument=%s", options->argument);
	put_list(out, "i", &options->interfaces);
	put_list(out, "s", &options->services);
	if (options->no_builtin)
		fprintf(out, " no-builtin");
	if (strcmp(options->textfile, CLI_TEXTFILE_DEFAULT))
		fprintf(out, " o=%s", options->textfile);
	if (options->interval)
		fprintf(out, " t=%u", options->interval);
	if (options->mode != DATAPATH_AUTO)
		fprintf(out, " mode=%s", datapath_mode_name(options->mode));
	if (options->egress)
		fprintf(out, " egress");
	if (options->allow_stacked)
		fprintf(out, " stacked");
	if (options->group)
		fprintf(out, " group=%s", options->group);
	if (options->max_series != 512)
		fprintf(out, " max-series=%u", options->max_series);
	if (options->top_rows != 15)
		fprintf(out, " rows=%u", options->top_rows);
	if (options->key != REPORT_SERVICE)
		fprintf(out, " by=%s", report_key_name(options->key));
	if (options->sort != REPORT_BYTES)
		fprintf(out, " sort=%s", report_sort_name(options->sort));
	if (options->json)
		fprintf(out, " json");
	if (options->trace)
		fprintf(out, " trace");
	if (options->audit_seconds != CLI_AUDIT_SECONDS_DEFAULT)
		fprintf(out, " seconds=%u", options->audit_seconds);
	if (options->datapath.endpoint_cells)
		fprintf(out, " endpoints=%u", options->datapath.endpoint_cells);
	if (options->datapath.endpoint_age)
		fprintf(out, " age=%u", options->datapath.endpoint_age);
	if (options->datapath.unclassified != DATAPATH_CHOOSE)
		fprintf(out, " ports=%s",
			options->datapath.unclassified == DATAPATH_ON ? "on" : "off");
	if (strcmp(options->pin_dir, "/sys/fs/bpf/portacct"))
		fprintf(out, " pin-dir=%s", options->pin_dir);
}

static const struct parsed_row {
	const char *line, *expected;
} parsed_rows[] = {
	{ "", "run" },
	{ "--", "run" },
	{ "--top", "top" },
	{ "--top=5", "top rows=5" },
	{ "--top=1", "top rows=1" },
	{ "--top=1000000", "top rows=1000000" },
	{ "--top --top=3", "top rows=3" },
	{ "--once", "once" },
	{ "--attach", "attach" },
	{ "--detach", "detach" },
	{ "--status", "status" },
	{ "--lookup 443/tcp", "lookup argument=443/tcp" },
	{ "--lookup=443", "lookup argument=443" },
	{ "--lookup ''", "lookup argument=" },
	{ "--check-services f.csv", "check argument=f.csv" },
	{ "--check-services=f.csv", "check argument=f.csv" },
	{ "--help", "help" },
	{ "-h", "help" },
	{ "--top --help", "help" },
	{ "--help --top", "help" },
	{ "--help --version --status", "help" },
	{ "--version", "version" },
	{ "-V", "version" },
	{ "-i eth0", "run i=eth0" },
	{ "-ieth0", "run i=eth0" },
	{ "--interface eth0", "run i=eth0" },
	{ "--interface=eth*", "run i=eth*" },
	{ "-i eth0 -i wlan? --interface=ppp0", "run i=eth0 i=wlan? i=ppp0" },
	{ "-i --top", "run i=--top" },
	{ "--no-builtin", "run no-builtin" },
	{ "-o /tmp/x.prom", "run o=/tmp/x.prom" },
	{ "--textfile=/tmp/x.prom", "run o=/tmp/x.prom" },
	{ "-o a -o b", "run o=b" },
	{ "-t 1", "run t=1" },
	{ "--interval 86400", "run t=86400" },
	{ "--interval=015", "run t=15" },
	{ "-m auto", "run" },
	{ "-m native", "run mode=native" },
	{ "--mode=generic", "run mode=generic" },
	{ "-m tc", "run mode=tc" },
	{ "-m clsact", "run mode=clsact" },
	{ "--egress", "run egress" },
	{ "--top --egress", "top egress" },
	{ "--allow-stacked -i eth0", "run i=eth0 stacked" },
	{ "--group adm", "run group=adm" },
	{ "--group=adm --attach", "attach group=adm" },
	{ "--reload", "reload" },
	{ "--forget eth0", "forget argument=eth0" },
	{ "--forget=--top", "forget argument=--top" },
	{ "--max-series 0", "run max-series=0" },
	{ "--max-series=65001", "run max-series=65001" },
	{ "--top --by service", "top" },
	{ "--top --by port", "top by=port" },
	{ "--top --by protocol", "top by=protocol" },
	{ "--top --by device", "top by=device" },
	{ "--top --by=encryption", "top by=encryption" },
	{ "--top --by=method", "top by=method" },
	{ "--top --by=bucket", "top by=bucket" },
	{ "--top --sort bytes", "top" },
	{ "--top --sort=packets", "top sort=packets" },
	{ "--sort connections --top", "top sort=connections" },
	{ "--top --json", "top json" },
	{ "--json --status", "status json" },
	{ "--services --json", "services json" },
	{ "--lookup ssh --json", "lookup argument=ssh json" },
	{ "--pin-dir /run/bpf", "run pin-dir=/run/bpf" },
	{ "--endpoints 64K", "run endpoints=65536" },
	{ "--endpoints=1M", "run endpoints=1048576" },
	{ "--endpoints 256M", "run endpoints=268435456" },
	{ "--endpoints 1024K", "run endpoints=1048576" },
	{ "--endpoints 65536", "run endpoints=65536" },
	{ "--endpoint-age 1", "run age=1" },
	{ "--endpoint-age=86400 --attach", "attach age=86400" },
	{ "--unclassified-ports on", "run ports=on" },
	{ "--unclassified-ports=off --top", "top ports=off" },
	{ "--unclassified-ports on --unclassified-ports auto", "run" },
	{ "--replay f.pcap", "replay argument=f.pcap" },
	{ "--replay=f.pcap --json", "replay argument=f.pcap json" },
	{ "--trace --replay f.pcap", "replay argument=f.pcap trace" },
	{ "--replay 5", "replay argument=5" },
	{ "--audit", "audit" },
	{ "--audit=1", "audit seconds=1" },
	{ "--audit=86400 --json", "audit json seconds=86400" },
	/* an optional value may be a word of its own, if that begins with a digit */
	{ "--audit 30", "audit seconds=30" },
	{ "--audit 30 -i eth0", "audit i=eth0 seconds=30" },
	{ "--audit -i eth0", "audit i=eth0" },
	{ "--top 5", "top rows=5" },
	{ "--top 5 --by port", "top rows=5 by=port" },
	{ "--to 7", "top rows=7" },
	{ "--top=3 --top 4", "top rows=4" },
	{ "--top --json", "top json" },
	/* --services with a file adds it, without one it lists */
	{ "-s a.csv", "run s=a.csv" },
	{ "-sa.csv", "run s=a.csv" },
	{ "--services a.csv", "run s=a.csv" },
	{ "--services=a.csv", "run s=a.csv" },
	{ "-s a.csv --services b.csv -s c.csv", "run s=a.csv s=b.csv s=c.csv" },
	{ "--services", "services" },
	{ "-s a.csv --services", "services s=a.csv" },
	{ "--services a.csv --services", "services s=a.csv" },
	{ "--services --no-builtin", "services no-builtin" },
	{ "--services -s a.csv", "services s=a.csv" },
	{ "--services --services", "services" },
	{ "--services --services a.csv", "services s=a.csv" },
	{ "--services --", "services" },
	{ "--top --services a.csv", "top s=a.csv" },
	{ "--no-builtin -s a --top=3 --by port -i e", "top i=e s=a no-builtin rows=3 by=port" },
	/* abbreviations */
	{ "--stat", "status" },
	{ "--att", "attach" },
	{ "--se", "services" },
	{ "--se a.csv", "run s=a.csv" },
	{ "--service --json", "services json" },
	{ "--lo ssh", "lookup argument=ssh" },
	{ "--to=7", "top rows=7" },
	{ "--interf=eth0", "run i=eth0" },
	{ "--v", "version" },
};

static void test_cli_parse_fields(void **state)
{
	char messages[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(parsed_rows); i++) {
		const struct parsed_row *row = &parsed_rows[i];
		struct cli_options options;
		struct fixture_text text;
		struct words words;
		int err = parse(&options, &words, row->line, messages, sizeof(messages));

		if (err || *messages)
			fail_msg("'%s': %d, %s", row->line, err, messages);
		describe(fixture_text_open(&text), &options);
		if (strcmp(fixture_text_close(&text), row->expected))
			fail_msg("'%s': %s", row->line, text.text);
		fixture_text_free(&text);
	}
}

/* No word at all, not even a name, is a line without options. */
static void test_cli_parse_no_words(void **state)
{
	char *argv[] = { NULL };
	struct cli_options options;

	(void)state;
	forget_getopt();
	assert_int_equal(cli_parse(&options, 0, argv), 0);
	assert_int_equal(options.command, CLI_RUN);
}

static void test_cli_print_version(void **state)
{
	struct fixture_text text;
	unsigned int major, minor;

	(void)state;
	cli_print_version(fixture_text_open(&text));
	fixture_text_close(&text);
	assert_int_equal(fixture_count_lines(text.text), 1);
	assert_int_equal(sscanf(text.text, "portacct %*s (libbpf v%u.%u)", &major, &minor) == 2 ||
			 sscanf(text.text, "portacct %*s (libbpf %u.%u)", &major, &minor) == 2, 1);
	fixture_text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_parse_fields),
		cmocka_unit_test(test_cli_parse_no_words),
		cmocka_unit_test(test_cli_print_version),
	};

	unsetenv("POSIXLY_CORRECT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
