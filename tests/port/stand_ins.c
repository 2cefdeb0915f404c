// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of glibc that Debian's libraries call and musl lacks, so that the tests can run on musl
 * with libraries that were built for glibc: the checked variants of _FORTIFY_SOURCE, by what they
 * check, and a few more. D-Bus, which libpcap names, is never called. Nothing here is what portacct
 * calls: it is built with musl's headers, and would not link.
 */
#include <fcntl.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

int __vfprintf_chk(FILE *out, int flag, const char *format, va_list args)
{
	(void)flag;
	return vfprintf(out, format, args);
}

int __fprintf_chk(FILE *out, int flag, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = __vfprintf_chk(out, flag, format, args);
	va_end(args);
	return len;
}

int __printf_chk(int flag, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = __vfprintf_chk(stdout, flag, format, args);
	va_end(args);
	return len;
}

int __vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
	(void)flag;
	return vdprintf(fd, format, args);
}

int __vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, va_list args)
{
	(void)flag, (void)room;
	return vsnprintf(out, size, format, args);
}

int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = __vsnprintf_chk(out, size, flag, room, format, args);
	va_end(args);
	return len;
}

int __sprintf_chk(char *out, int flag, size_t room, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag, (void)room;
	va_start(args, format);
	len = vsprintf(out, format, args);
	va_end(args);
	return len;
}

int __asprintf_chk(char **out, int flag, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, format);
	len = vasprintf(out, format, args);
	va_end(args);
	return len;
}

size_t __fread_chk(void *to, size_t room, size_t size, size_t count, FILE *in)
{
	(void)room;
	return fread(to, size, count, in);
}

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
	(void)room;
	return memcpy(to, from, len);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
	(void)room;
	return strcat(to, from);
}

char *__strcpy_chk(char *to, const char *from, size_t room)
{
	(void)room;
	return strcpy(to, from);
}

char *__strncpy_chk(char *to, const char *from, size_t len, size_t room)
{
	(void)room;
	return strncpy(to, from, len);
}

char *__realpath_chk(const char *path, char *out, size_t room)
{
	(void)room;
	return realpath(path, out);
}

_Noreturn void __longjmp_chk(jmp_buf where, int value)
{
	longjmp(where, value);
}

void *rawmemchr(const void *from, int c)
{
	return memchr(from, c, (size_t)-1 >> 1);
}

int fcntl64(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	return fcntl(fd, command, arg);
}

/* No test asks for the names of networks, of protocols, or for D-Bus. */
#define NEVER(name)                                                                                \
	void name(void)                                                                            \
	{                                                                                          \
		abort();                                                                           \
	}
NEVER(getnetbyname_r)
NEVER(getprotobyname_r)
NEVER(dbus_bus_add_match)
NEVER(dbus_bus_get)
NEVER(dbus_bus_register)
NEVER(dbus_connection_flush)
NEVER(dbus_connection_open)
NEVER(dbus_connection_pop_message)
NEVER(dbus_connection_read_write)
NEVER(dbus_connection_send)
NEVER(dbus_connection_set_max_received_size)
NEVER(dbus_connection_unref)
NEVER(dbus_error_free)
NEVER(dbus_error_is_set)
NEVER(dbus_free)
NEVER(dbus_message_demarshal)
NEVER(dbus_message_is_signal)
NEVER(dbus_message_marshal)
NEVER(dbus_message_unref)
