/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers as a person reads them, three digits and a
 * decimal prefix (1 k = 1000). The string goes to out, which is also returned.
 */
#ifndef UNITS_H
#define UNITS_H

#include <stdint.h>

#define UNITS_MAX 32

char *units_count(char out[UNITS_MAX], double value);        /* "999", "12.3k", "4.5M" */
char *units_bytes(char out[UNITS_MAX], uint64_t bytes);      /* "999 B", "12.3 kB" */
char *units_bits(char out[UNITS_MAX], double bits);          /* "12.3 Mbit" */
char *units_duration(char out[UNITS_MAX], uint64_t seconds); /* "59s", "5m12s", "3h05m", "12d03h" */

#endif
