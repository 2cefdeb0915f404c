/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process told apart from a later one of the same number: by when it started, in ticks since
 * boot, field 22 of /proc/PID/stat (proc(5)). 0: there is no such process, or it cannot be seen.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

uint64_t process_start(uint32_t pid);

#endif
