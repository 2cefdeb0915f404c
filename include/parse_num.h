/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strict decimal numbers: one or more of the digits 0 to 9 and nothing else; no sign, no space, no
 * other base. Leading zeros are taken. s need not end in NUL.
 */
#ifndef PARSE_NUM_H
#define PARSE_NUM_H

#include <stddef.h>
#include <stdint.h>

/* 0, -EINVAL (not a number) or -ERANGE (a number above max). *out is written on success only. */
int parse_u32(const char *s, size_t len, uint32_t max, uint32_t *out);

#endif
