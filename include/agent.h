/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent: attaches, then writes the textfile every interval until SIGTERM, SIGINT or SIGHUP; the
 * kernel goes on counting when it stops. Where standard output is a terminal, it shows the busiest
 * services every interval. Returns the exit status, as commands.h defines it.
 */
#ifndef AGENT_H
#define AGENT_H

#include "cli.h"

int agent_run(const struct cli_options *options);

#endif
