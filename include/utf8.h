/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text whose bytes nobody has vouched for: names of devices, and whatever the pinned state holds.
 * A device's name may be any bytes but NUL, white space, '/' and ':'.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdio.h>

/* Length of the well-formed sequence at s (RFC 3629 section 4), 0 if none; left bytes are there. */
size_t utf8_length(const char *s, size_t left);
/* The same in a string; 0 also for NUL and for a control character (C0, DEL, C1). */
size_t utf8_printable(const char *s);
/* Writes text for a terminal: each byte of it that is not printable becomes '?'. */
void utf8_print(FILE *out, const char *text);

#endif
