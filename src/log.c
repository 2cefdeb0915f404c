// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "utf8.h"

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
