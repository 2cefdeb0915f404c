/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages for the operator, on standard error, one line each: "kind 'name': what failed: reason".
 * log_error() appends the words of the errno value given (negative or positive), log_errorx() does
 * not, log_info() tells what happened. None of them exits or changes errno.
 */
#ifndef LOG_H
#define LOG_H

void log_error(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_errorx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
