// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent.h"
#include "cli.h"
#include "commands.h"

int main(int argc, char **argv)
{
	struct cli_options options;

	signal(SIGPIPE,
	       SIG_IGN); /* a closed output is an error of the write, told or not by who writes */
	if (cli_parse(&options, argc, argv))
		return EXIT_USAGE;
	switch (options.command) {
	case CLI_HELP:
		cli_print_help(stdout);
		break;
	case CLI_VERSION:
		cli_print_version(stdout);
		break;
	case CLI_RUN:
		return agent_run(&options);
	default:
		return commands_run(&options);
	}
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}
