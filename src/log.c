// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "utf8.h"

static struct log_limit *in_force;

void log_limit(struct log_limit *limit)
{
	in_force = limit;
}

bool log_limit_permits(struct log_limit *limit, uint64_t now)
{
	uint64_t earned = now > limit->line_ns ? (now - limit->line_ns) / LOG_LIMIT_NS : 0;

	if (!limit->line_ns || limit->lines + earned >= LOG_LIMIT_LINES) {
		limit->lines = LOG_LIMIT_LINES;
		limit->line_ns = now;
	} else {
		limit->lines += (unsigned int)earned;
		limit->line_ns += earned * LOG_LIMIT_NS;
	}
	if (!limit->lines) {
		limit->unsaid++;
		return false;
	}
	limit->lines--;
	return true;
}

static bool may_speak(void)
{
	struct timespec now;
	char line[96];

	if (!in_force)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!log_limit_permits(in_force, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec))
		return false;
	if (!in_force->unsaid)
		return true;
	snprintf(line, sizeof(line), "%s: %u more messages were left out\n", in_force->kind,
		 in_force->unsaid);
	fputs(line, stderr);
	in_force->unsaid = 0;
	return true;
}

/*
 * One write a message, so that lines of several processes do not mix in a journal; and one line,
 * whatever the names in it hold.
 */
static void __attribute__((format(printf, 1, 0)))
print_line(const char *format, va_list args, const char *reason)
{
	char line[2048], whole[sizeof(line) + 256];
	int used = vsnprintf(line, sizeof(line), format, args);
	size_t length = used < 0 ? 0 : (size_t)used;

	if (!may_speak())
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
	print_line(format, args, strerror(abs(err)));
	va_end(args);
	errno = saved;
}

void log_errorx(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_line(format, args, NULL);
	va_end(args);
	errno = saved;
}

void log_info(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_line(format, args, NULL);
	va_end(args);
	errno = saved;
}
