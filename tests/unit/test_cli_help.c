// SPDX-License-Identifier: GPL-2.0-only

/* The help text: it and the parser know the same options, and tell the same defaults. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "fixture.h"

#define HELP_COLUMNS 100

static const struct known_option {
	char letter;
	const char *name, *value; /* value: one that is taken; NULL: the option has none */
	const char *shown;        /* of the value */
} known_options[] = {
	{ 0, "top", NULL, "[=N]" },
	{ 0, "once", NULL, "" },
	{ 0, "attach", NULL, "" },
	{ 0, "detach", NULL, "" },
	{ 0, "status", NULL, "" },
	{ 0, "reload", NULL, "" },
	{ 0, "forget", "eth0", " DEV" },
	{ 0, "lookup", "ssh", " WHAT" },
	{ 0, "check-services", "f", " FILE" },
	{ 0, "replay", "f", " FILE" },
	{ 0, "audit", NULL, "[=SECONDS]" },
	{ 'h', "help", NULL, "" },
	{ 'V', "version", NULL, "" },
	{ 'i', "interface", "eth0", " DEV" },
	{ 's', "services", "f", " FILE" },
	{ 0, "no-builtin", NULL, "" },
	{ 'o', "textfile", "f", " FILE" },
	{ 't', "interval", "1", " SEC" },
	{ 'm', "mode", "auto", " MODE" },
	{ 0, "egress", NULL, "" },
	{ 0, "allow-stacked", NULL, "" },
	{ 0, "max-series", "1", " N" },
	{ 0, "by", "port", " KEY" },
	{ 0, "sort", "bytes", " KEY" },
	{ 0, "json", NULL, "" },
	{ 0, "trace", NULL, "" },
	{ 0, "endpoints", "64K", " CELLS" },
	{ 0, "endpoint-age", "1", " SEC" },
	{ 0, "unclassified-ports", "on", " X" },
	{ 0, "group", "adm", " NAME" },
	{ 0, "pin-dir", "/x", " DIR" },
};

static struct fixture_text help;

static int set_up(void **state)
{
	(void)state;
	cli_print_help(fixture_text_open(&help));
	fixture_text_close(&help);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_text_free(&help);
	return 0;
}

/* getopt keeps its place in a word that it did not finish: as in a new process. */
static void forget_getopt(void)
{
	char name[] = "agent", *argv[] = { name, NULL };

	optind = 0;
	getopt(1, argv, "");
}

/* What the parser says to one option alone; the message if it refuses. */
static int parse(const char *option, const char *value, char *message, size_t size)
{
	char name[] = "agent", first[64], second[64] = "";
	char *argv[] = { name, first, value ? second : NULL, NULL };
	struct cli_options options;
	int err;

	snprintf(first, sizeof(first), "%s", option);
	snprintf(second, sizeof(second), "%s", value ? value : "");
	forget_getopt();
	fixture_messages_begin();
	err = cli_parse(&options, value ? 3 : 2, argv);
	fixture_messages_end(message, size);
	return err;
}

static void test_cli_print_help_each_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known_options); i++) {
		const struct known_option *option = &known_options[i];
		char start[64] = "\n     ", *end = start + strlen(start);

		if (option->letter)
			snprintf(start, sizeof(start), "\n -%c, ", option->letter);
		snprintf(end, sizeof(start) - (size_t)(end - start), "--%s%s ", option->name,
			 option->shown);
		if (!strstr(help.text, start))
			fail_msg("'%s' is not in the help", start + 1);
	}
}

/* And no other: what the help offers is in the list above, and the parser takes it. */
static void test_cli_print_help_nothing_else(void **state)
{
	size_t found = 0;

	(void)state;
	for (const char *line = help.text; *line; line += strcspn(line, "\n") + 1) {
		const char *name = strncmp(line, "     --", 7) && strncmp(line + 3, ", --", 4)
					   ? NULL
					   : line + 7;

		found += name != NULL;
		for (size_t i = 0; name; i++) {
			size_t len = strcspn(name, " =[");

			if (i == COUNT(known_options))
				fail_msg("the help offers --%.*s", (int)len, name);
			if (strlen(known_options[i].name) == len &&
			    !strncmp(name, known_options[i].name, len))
				break;
		}
	}
	assert_int_equal(found, COUNT(known_options));
}

static void test_cli_parse_each_option(void **state)
{
	char word[64], message[512];

	(void)state;
	for (size_t i = 0; i < COUNT(known_options); i++) {
		const struct known_option *option = &known_options[i];
		/* Two that do not go without a command. */
		bool alone = !strcmp(option->name, "json") || !strcmp(option->name, "trace");

		snprintf(word, sizeof(word), "--%s", option->name);
		if ((parse(word, option->value, message, sizeof(message)) != 0) != alone)
			fail_msg("%s: %s", word, message);
		snprintf(word, sizeof(word), "-%c", option->letter);
		if (option->letter && parse(word, option->value, message, sizeof(message)))
			fail_msg("%s: %s", word, message);
	}
}

/* No letter works that the help does not show. */
static void test_cli_parse_each_letter(void **state)
{
	char message[512];

	(void)state;
	for (char letter = '!'; letter <= '~'; letter++) {
		char word[] = { '-', letter, '\0' },
		     start[] = { '\n', ' ', '-', letter, ',', ' ', '-', '-', '\0' };
		bool shown = strstr(help.text, start), unknown;

		if (letter == '-') /* the end of the options */
			continue;
		parse(word, NULL, message, sizeof(message));
		unknown = strstr(message, ": unknown");
		if (shown == unknown)
			fail_msg("%s: %s", word, message);
	}
}

static void test_cli_print_help_columns(void **state)
{
	(void)state;
	fixture_assert_lines("help", help.text, HELP_COLUMNS);
	assert_int_equal(strncmp(help.text, "Usage: agent ", strlen("Usage: agent ")), 0);
}

/* The numbers in the text are those of the program. */
static void test_cli_print_help_defaults(void **state)
{
	char expected[128], name[] = "agent", *argv[] = { name, NULL };
	struct cli_options options;

	(void)state;
	forget_getopt();
	assert_int_equal(cli_parse(&options, 1, argv), 0);
	snprintf(expected, sizeof(expected), "print the N busiest (default %u)", options.top_rows);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "series of their own (default %u)",
		 options.max_series);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "default %d (%d with --top)", CLI_INTERVAL_DEFAULT,
		 CLI_TOP_INTERVAL_DEFAULT);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "tracking (default %u seconds)",
		 options.audit_seconds);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "64K to 256M (default %uM)",
		 DATAPATH_ENDPOINT_CELLS_DEFAULT >> 20);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "remembered at least (default %d)",
		 DATAPATH_ENDPOINT_AGE_DEFAULT);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "on up to %d processors", DATAPATH_UNCLASSIFIED_CPUS);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "default %s\n", options.textfile);
	assert_non_null(strstr(help.text, expected));
	snprintf(expected, sizeof(expected), "default %s\n", options.pin_dir);
	assert_non_null(strstr(help.text, expected));
}

/* Every word that an option takes is in its help. */
static void test_cli_print_help_words(void **state)
{
	(void)state;
	for (unsigned int key = 0; key < REPORT_KEYS; key++)
		assert_non_null(strstr(strstr(help.text, "--by KEY"), report_key_name(key)));
	for (unsigned int sort = 0; sort < REPORT_SORTS; sort++)
		assert_non_null(strstr(strstr(help.text, "--sort KEY"), report_sort_name(sort)));
	for (unsigned int mode = DATAPATH_AUTO; mode < DATAPATH_MODES; mode++)
		assert_non_null(strstr(strstr(help.text, "--mode MODE"), datapath_mode_name(mode)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_print_help_each_option),
		cmocka_unit_test(test_cli_print_help_nothing_else),
		cmocka_unit_test(test_cli_parse_each_option),
		cmocka_unit_test(test_cli_parse_each_letter),
		cmocka_unit_test(test_cli_print_help_columns),
		cmocka_unit_test(test_cli_print_help_defaults),
		cmocka_unit_test(test_cli_print_help_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
