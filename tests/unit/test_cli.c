// SPDX-License-Identifier: GPL-2.0-only

/* The command line: what each option sets, what is refused, and how it is said. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
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

static void split(struct words *words, const char *line)
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
static void forget_getopt(void)
{
	char name[] = "agent", *argv[] = { name, NULL };

	optind = 0;
	getopt(1, argv, "");
}

static int parse(struct cli_options *options, struct words *words, const char *line, char *messages,
		 size_t size)
{
	int err;

	split(words, line);
	forget_getopt();
	fixture_messages_begin();
	err = cli_parse(options, words->argc, words->argv);
	fixture_messages_end(messages, size);
	return err;
}

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
		[CLI_LOOKUP] = "lookup", [CLI_CHECK_SERVICES] = "check", [CLI_HELP] = "help",
		[CLI_VERSION] = "version",
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
	{ "--top --json", "top json" },
	{ "--json --status", "status json" },
	{ "--services --json", "services json" },
	{ "--lookup ssh --json", "lookup argument=ssh json" },
	{ "--pin-dir /run/bpf", "run pin-dir=/run/bpf" },
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

#define CONFLICT "command line: only one of "
#define ONLY_JSON "option '--json': goes with "

static const struct refused_row {
	const char *line, *message; /* how it begins */
} refused_rows[] = {
	{ "--bogus", "option '--bogus': unknown" },
	{ "--bogus=1", "option '--bogus=1': unknown" },
	{ "-z", "option '-z': unknown" },
	{ "-zt 5", "option '-z': unknown" },
	{ "-Vz", "option '-z': unknown" },
	{ "-", "command line: '-' is not an option" },
	{ "word", "command line: 'word' is not an option" },
	{ "''", "command line: '' is not an option" },
	{ "--top 5", "command line: '5' is not an option" },
	{ "-- --top", "command line: '--top' is not an option" },
	{ "--services -- a.csv", "command line: 'a.csv' is not an option" },
	{ "--i eth0", "option '--i': unknown, ambiguous" },
	{ "--s", "option '--s': unknown, ambiguous" },
	{ "--status=1", "option '--status=1': unknown, ambiguous, or with a value" },
	{ "--json=x", "option '--json=x': unknown, ambiguous, or with a value" },
	{ "-i", "option '-i': needs a value" },
	{ "-s", "option '-s': needs a value" },
	{ "-hs", "option '-s': needs a value" },
	{ "--interface", "option '--interface': needs a value" },
	{ "--lookup", "option '--lookup': needs a value" },
	{ "--check-services", "option '--check-services': needs a value" },
	{ "--pin-dir", "option '--pin-dir': needs a value" },
	{ "--by", "option '--by': needs a value" },
	{ "--top --once", CONFLICT },
	{ "--once --attach", CONFLICT },
	{ "--attach --detach", CONFLICT },
	{ "--detach --status", CONFLICT },
	{ "--status --services", CONFLICT },
	{ "--services --lookup x", CONFLICT },
	{ "--lookup x --check-services y", CONFLICT },
	{ "--check-services y --top=3", CONFLICT },
	{ "--version --top", CONFLICT },
	{ "--top=0", "option '--top': '0' is not a number from 1 to 1000000" },
	{ "--top=1000001", "option '--top': '1000001' is not" },
	{ "--top=", "option '--top': '' is not" },
	{ "--top=-1", "option '--top': '-1' is not" },
	{ "--top=+1", "option '--top': '+1' is not" },
	{ "--top=0x5", "option '--top': '0x5' is not" },
	{ "--top=5.0", "option '--top': '5.0' is not" },
	{ "--top=4294967297", "option '--top': '4294967297' is not" },
	{ "--top=18446744073709551617", "option '--top': '18446744073709551617' is not" },
	{ "-t 0", "option '--interval': '0' is not a number from 1 to 86400" },
	{ "-t 86401", "option '--interval': '86401' is not" },
	{ "-t ''", "option '--interval': '' is not" },
	{ "-t 1s", "option '--interval': '1s' is not" },
	{ "--max-series 65002", "option '--max-series': '65002' is not a number from 0 to 65001" },
	{ "--max-series=-1", "option '--max-series': '-1' is not" },
	{ "-m tc", "option '--mode': 'tc' is not auto, native or generic" },
	{ "-m Native", "option '--mode': 'Native' is not" },
	{ "-m ''", "option '--mode': '' is not" },
	{ "--by servic", "option '--by': 'servic' is not service, port, " },
	{ "--by ''", "option '--by': '' is not" },
	{ "--sort connections", "option '--sort': 'connections' is not bytes or packets" },
	{ "--json", ONLY_JSON },
	{ "--once --json", ONLY_JSON },
	{ "--json --attach", ONLY_JSON },
	{ "--detach --json", ONLY_JSON },
	{ "--check-services x --json", ONLY_JSON },
	{ "--bogus -t 0 --top --once", "option '--bogus': unknown" },
	{ "--esc\033[2J", "option '--esc?[2J': unknown" },
};

/* One message, which is one line and names what is wrong. */
static void test_cli_parse_usage_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused_rows); i++) {
		const struct refused_row *row = &refused_rows[i];
		struct cli_options options;
		struct words words;
		char messages[1024];
		int err = parse(&options, &words, row->line, messages, sizeof(messages));

		if (err != -EINVAL || fixture_count_lines(messages) != 1 ||
		    strncmp(messages, row->message, strlen(row->message)))
			fail_msg("'%s': %d, '%s'", row->line, err, messages);
		fixture_assert_lines(row->line, messages, 200);
	}
}

static void test_cli_parse_too_many(void **state)
{
	static const char *const letters[] = { "-i ", "-s " }, *const names[] = { "interface",
										  "services" };
	char line[1024], expected[128], messages[1024];
	struct cli_options options;
	struct words words;

	(void)state;
	for (size_t i = 0; i < COUNT(letters); i++) {
		*line = '\0';
		for (int k = 0; k < CLI_LIST_MAX; k++)
			strcat(strcat(line, letters[i]), "x ");
		assert_int_equal(parse(&options, &words, line, messages, sizeof(messages)), 0);
		assert_int_equal(i ? options.services.count : options.interfaces.count,
				 CLI_LIST_MAX);
		strcat(strcat(line, letters[i]), "x");
		assert_int_equal(parse(&options, &words, line, messages, sizeof(messages)),
				 -EINVAL);
		snprintf(expected, sizeof(expected), "option '--%s': given more than %d times\n",
			 names[i], CLI_LIST_MAX);
		assert_string_equal(messages, expected);
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
		cmocka_unit_test(test_cli_parse_usage_errors),
		cmocka_unit_test(test_cli_parse_too_many),
		cmocka_unit_test(test_cli_parse_no_words),
		cmocka_unit_test(test_cli_print_version),
	};

	unsetenv("POSIXLY_CORRECT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
