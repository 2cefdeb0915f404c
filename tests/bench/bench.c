// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run by bench.sh, in a network namespace with a device of its own:
 *   bench packets OBJECTS DEVICE     the kernel half
 *   bench agent DEVICE DIRECTORY     the user half
 *   bench idle                       does nothing until it is killed: what the libraries alone take
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *bench_verdict(bool is_within)
{
	return is_within ? "within budget" : "over budget";
}

static int finish(const char *what, int err)
{
	fflush(stdout);
	if (err)
		fprintf(stderr, "bench: %s: not everything could be measured: %s\n", what,
			strerror(-err));
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "packets"))
		return finish(argv[1], hotpath_bench(argv[2], argv[3]));
	if (argc == 4 && !strcmp(argv[1], "agent"))
		return finish(argv[1], userhalf_bench(argv[2], argv[3]));
	if (argc == 2 && !strcmp(argv[1], "idle"))
		return pause();
	fprintf(stderr, "usage: bench packets OBJECTS DEVICE | bench agent DEVICE DIRECTORY | "
			"bench idle\n");
	return 2;
}
