// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "utf8.h"

static struct log_limit *for_events, *for_failures;

void log_limit(struct log_limit *events, struct log_limit *failures)
{
	for_events = events;
	for_failures = failures;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void earn(struct log_limit *limit, uint64_t now)
{
	uint64_t earned = now > limit->line_ns ? (now - limit->line_ns) / LOG_LIMIT_NS : 0;

	if (!limit->line_ns || limit->lines + earned >= LOG_LIMIT_LINES) {
		limit->lines = LOG_LIMIT_LINES;
		limit->line_ns = now;
	} else {
		limit->lines += (unsigned int)earned;
		limit->line_ns += earned * LOG_LIMIT_NS;
	}
}

bool log_limit_permits(struct log_limit *limit, uint64_t now)
{
	earn(limit, now);
	if (!limit->lines) {
		limit->unsaid++;
		return false;
	}
	limit->lines--;
	return true;
}

static void tell_unsaid(struct log_limit *limit)
{
	char line[96];

	if (!limit->unsaid)
		return;
	snprintf(line, sizeof(line), "%s: %u more messages were left out\n", limit->kind,
		 limit->unsaid);
	fputs(line, stderr);
	limit->unsaid = 0;
}

void log_limit_tell(struct log_limit *limit, bool is_last)
{
	if (!limit->unsaid)
		return;
	earn(limit, now_ns());
	if (limit->lines)
		limit->lines--;
	else if (!is_last)
		return;
	tell_unsaid(limit);
}

static bool may_speak(struct log_limit *limit)
{
	if (!limit)
		return true;
	if (!log_limit_permits(limit, now_ns()))
		return false;
	tell_unsaid(limit);
	return true;
}

/*
 * One write a message, so that lines of several processes do not mix in a journal; and one line,
 * whatever the names in it hold.
 */
static void __attribute__((format(printf, 2, 0)))
print_line(struct log_limit *limit, const char *format, va_list args, const char *reason)
{
	char line[2048], whole[sizeof(line) + 256];
	int used = vsnprintf(line, sizeof(line), format, args);
	size_t length = used < 0 ? 0 : (size_t)used;

	if (!may_speak(limit))
		return;
	if (length >= sizeof(line))
		length = sizeof(line) - 1;
	for (size_t i = 0, step; i < length; i += step) {
		step = utf8_printable(line + i);
		if (!step) {
			line[i] = '?';
			step = 1;
		}
	}
	snprintf(whole, sizeof(whole), "%.*s%s%s\n", (int)length, line, reason ? ": " : "",
		 reason ? reason : "");
	fputs(whole, stderr); /* fprintf() may write in parts */
}

void log_error(int err, const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_line(for_failures, format, args, strerror(abs(err)));
	va_end(args);
	errno = saved;
}

void log_errorx(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_line(for_failures, format, args, NULL);
	va_end(args);
	errno = saved;
}

void log_info(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_line(for_events, format, args, NULL);
	va_end(args);
	errno = saved;
}
