/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages for the operator, on standard error, one line each: "kind 'name': what failed: reason".
 * log_error() appends the words of the errno value given (negative or positive), log_errorx() does
 * not, log_info() tells what happened. None of them exits or changes errno.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

void log_error(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_errorx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define LOG_LIMIT_LINES 20
#define LOG_LIMIT_NS 5000000000ULL

/*
 * What may be logged of events that come as often as they like: LOG_LIMIT_LINES messages at once,
 * and one more each LOG_LIMIT_NS. The rest is only counted, and the next that is logged tells how
 * many there were. All zero but its kind: the first are free.
 */
struct log_limit {
	const char *kind;    /* of the events: "devices" */
	unsigned int lines;  /* that may be logged at once */
	unsigned int unsaid; /* that were not */
	uint64_t line_ns;    /* when the last was earned; 0: all are */
};

/*
 * Hold for all messages from now on, whoever logs them: the one for what log_info() tells, the other
 * for failures, so that what happens often does not keep these back. NULL: none are held back.
 */
void log_limit(struct log_limit *events, struct log_limit *failures);
/* Tells how many were left out, if one more may be logged, or if it is the last chance. */
void log_limit_tell(struct log_limit *limit, bool is_last);
/* Whether one more may be logged at this time of CLOCK_MONOTONIC. */
bool log_limit_permits(struct log_limit *limit, uint64_t now);

#endif
