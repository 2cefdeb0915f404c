/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands, but for the agent's own loop. Each returns the exit status: 0 done, 1 failed at run
 * time, 2 bad file. What failed has been logged.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <sys/types.h>

#include "cli.h"

enum exit_status { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

/* Colour only on a terminal, and not where NO_COLOR asks for none. */
bool commands_use_colour(void);
/* What a start is to say of the kernel: what it lacks, a line each, and of much memory. */
void commands_tell_kernel(const struct datapath *datapath);
/* One line a device: what is done on it, or that it is gone. */
void commands_tell_devices(const struct datapath *datapath, const char *what);
/* The exit status once standard output has been written with this result; says what went wrong. */
int commands_finish_output(int err);
/*
 * That of --group, (gid_t)-1 without it; for_good: for an agent, which gives up its privileges.
 * EXIT_DONE, EXIT_USAGE (there is no such group), EXIT_FAILED (it may not be given to it).
 */
enum exit_status commands_group(const struct cli_options *options, bool for_good, gid_t *group);
int commands_run(const struct cli_options *options);

#endif
