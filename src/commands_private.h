/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the commands share: commands.c, commands_status.c, commands_control.c,
 * commands_kernel.c.
 */
#ifndef COMMANDS_PRIVATE_H
#define COMMANDS_PRIVATE_H

#include "commands.h"
#include "session.h"

/* Says that nothing is counted; returns the exit status. */
int commands_nothing_counted(const struct cli_options *options);
int commands_status(struct session *session);
/* These need no database. */
int commands_reload(const struct cli_options *options);
int commands_forget(const struct cli_options *options);

#endif
