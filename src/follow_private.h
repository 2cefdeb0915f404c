/* SPDX-License-Identifier: GPL-2.0-only */
/* What follow.c (which device is to be counted) and follow_say.c (what is logged) share. */
#ifndef FOLLOW_PRIVATE_H
#define FOLLOW_PRIVATE_H

#include "follow.h"

/* CLOCK_MONOTONIC. */
uint64_t follow_now(void);
/*
 * What holds at this look: logged if it did not at the last one. follow_next_look() ends a look;
 * follow_forget() ends with all that was kept.
 */
void follow_tell_once(struct follow *follow, const char *sentence);
void follow_next_look(struct follow *follow);
void follow_forget(struct follow *follow);

#endif
