// SPDX-License-Identifier: GPL-2.0-only

/* The command line: what is refused, and how it is said. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli_line.h"

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
	{ "--top=3 5", "command line: '5' is not an option" },
	{ "--top 5 6", "command line: '6' is not an option" },
	{ "--top x", "command line: 'x' is not an option" },
	{ "--audit x", "command line: 'x' is not an option" },
	{ "--status 5", "command line: '5' is not an option" },
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
	{ "--replay x --audit", CONFLICT },
	{ "--top --replay x", CONFLICT },
	{ "--audit --status", CONFLICT },
	{ "--top=0", "option '--top': '0' is not a number from 1 to 1000000" },
	{ "--top=1000001", "option '--top': '1000001' is not" },
	{ "--top=", "option '--top': '' is not" },
	{ "--top=-1", "option '--top': '-1' is not" },
	{ "--top=+1", "option '--top': '+1' is not" },
	{ "--top=0x5", "option '--top': '0x5' is not" },
	{ "--top=5.0", "option '--top': '5.0' is not" },
	{ "--top=4294967297", "option '--top': '4294967297' is not" },
	{ "--top=18446744073709551617", "option '--top': '18446744073709551617' is not" },
	{ "--top 5x", "option '--top': '5x' is not" },
	{ "--top 0", "option '--top': '0' is not" },
	{ "--audit=0", "option '--audit': '0' is not a number from 1 to 86400" },
	{ "--audit 86401", "option '--audit': '86401' is not" },
	{ "--audit=", "option '--audit': '' is not" },
	{ "--endpoints", "option '--endpoints': needs a value" },
	{ "--endpoints ''", "option '--endpoints': '' is not a power of 2 from 64K to 256M" },
	{ "--endpoints 32K", "option '--endpoints': '32K' is not" },
	{ "--endpoints 512M", "option '--endpoints': '512M' is not" },
	{ "--endpoints 100K", "option '--endpoints': '100K' is not" },
	{ "--endpoints 0", "option '--endpoints': '0' is not" },
	{ "--endpoints K", "option '--endpoints': 'K' is not" },
	{ "--endpoints 1MM", "option '--endpoints': '1MM' is not" },
	{ "--endpoints 1G", "option '--endpoints': '1G' is not" },
	{ "--endpoints 1m", "option '--endpoints': '1m' is not" },
	{ "--endpoints 4097M", "option '--endpoints': '4097M' is not" },
	{ "--endpoint-age 0", "option '--endpoint-age': '0' is not a number from 1 to 86400" },
	{ "--endpoint-age 86401", "option '--endpoint-age': '86401' is not" },
	{ "--unclassified-ports yes",
	  "option '--unclassified-ports': 'yes' is not on, off or auto" },
	{ "--unclassified-ports", "option '--unclassified-ports': needs a value" },
	{ "--endpoint", "option '--endpoint': unknown, ambiguous" },
	{ "--replay", "option '--replay': needs a value" },
	{ "--trace", "option '--trace': goes with --replay" },
	{ "--trace --top", "option '--trace': goes with --replay" },
	{ "--trace --replay x --json",
	  "option '--trace': goes with --replay, and not with --json" },
	{ "-i ''", "option '--interface': '' is not a name that a device can have" },
	{ "-i eth0.1234.567890", "option '--interface': 'eth0.1234.567890' is not a name" },
	{ "-t 0", "option '--interval': '0' is not a number from 1 to 86400" },
	{ "-t 86401", "option '--interval': '86401' is not" },
	{ "-t ''", "option '--interval': '' is not" },
	{ "-t 1s", "option '--interval': '1s' is not" },
	{ "--max-series 65002", "option '--max-series': '65002' is not a number from 0 to 65001" },
	{ "--max-series=-1", "option '--max-series': '-1' is not" },
	{ "-m tcx", "option '--mode': 'tcx' is not auto, native, generic, tc or clsact" },
	{ "--top --egress --by port", "option '--by': transmitted frames are not" },
	{ "--group", "option '--group': needs a value" },
	{ "--forget", "option '--forget': needs a value" },
	{ "--reload --forget x", CONFLICT },
	{ "--detach --reload", CONFLICT },
	{ "-m Native", "option '--mode': 'Native' is not" },
	{ "-m ''", "option '--mode': '' is not" },
	{ "--by servic", "option '--by': 'servic' is not service, port, " },
	{ "--by ''", "option '--by': '' is not" },
	{ "--sort name", "option '--sort': 'name' is not bytes, packets or connections" },
	{ "--json", ONLY_JSON },
	{ "--once --json", ONLY_JSON },
	{ "--json --attach", ONLY_JSON },
	{ "--detach --json", ONLY_JSON },
	{ "--check-services x --json", ONLY_JSON },
	{ "--replay x -i eth0", "option '--interface': --replay touches no device" },
	{ "-i eth0 --detach", "option '--interface': --detach ends the counting on all devices" },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_parse_usage_errors),
		cmocka_unit_test(test_cli_parse_too_many),
	};

	unsetenv("POSIXLY_CORRECT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
