// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent.h"
#include "cli.h"
#include "commands.h"

/* So that no map or link takes the number of a stream that the caller has closed. */
static void open_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Each device keeps some open; the soft limit is that of programs which use select(2). */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * Large blocks go back to the kernel when they are freed, also after the first: the C library would
 * keep them in its heap from then on, and a reload takes some megabytes for a moment.
 */
static void give_back_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

int main(int argc, char **argv)
{
	struct cli_options options;

	open_streams();
	raise_descriptors();
	give_back_memory();
	signal(SIGPIPE,
	       SIG_IGN); /* a closed output is an error of the write, told or not by who writes */
	signal(SIGXFSZ, SIG_IGN); /* so is a file that would be larger than the limit */
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
	return commands_finish_output(fflush(stdout) ? -EIO : 0);
}
