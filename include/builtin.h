/* SPDX-License-Identifier: GPL-2.0-only */
/* The port database that is compiled into the binary: the text of data/services.csv. */
#ifndef BUILTIN_H
#define BUILTIN_H

#define BUILTIN_NAME "data/services.csv"

extern const char builtin_services[];
extern const char builtin_services_end[]; /* one past the last byte */

#endif
