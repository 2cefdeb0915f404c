/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the replay share: replay.c (the frames), replay_trace.c (a line for each),
 * replay_text.c and replay_json.c (the account).
 */
#ifndef REPLAY_PRIVATE_H
#define REPLAY_PRIVATE_H

#include <stdint.h>
#include <stdio.h>

#include "measure.h"
#include "report.h"

struct catalog;
struct port_replay;

/* What a capture held, and what the kernel half made of it. */
struct replay_account {
	const char *file;
	const char *link_type;
	struct port_counter frames; /* handed in: the account is closed if it comes to as many */
	/* One device. All is in its interval, which lasts from the earliest frame to the latest. */
	struct measurement measurement;
};

/* Nothing was lost between the frames handed in and those counted. */
bool replay_is_closed(const struct replay_account *account);

/* The line above all others, and a frame's. They look at no error of the stream. */
void replay_trace_head(FILE *out);
void replay_trace_frame(FILE *out, uint64_t number, const struct port_replay *frame,
			const struct catalog *catalog);

/* 0, -ENOMEM, or -EIO if out could not take it all. */
int replay_text_print(FILE *out, const struct replay_account *account, enum report_sort sort);
int replay_json_print(FILE *out, const struct replay_account *account);

#endif
