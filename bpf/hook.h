/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the hooks that frames are seen at: XDP, or tc where HOOK_TC is defined. BPF
 * only. Each of the two files defines the same:
 *
 *   struct hook_context  what the program is called with: data to data_end is the linear part
 *   HOOK_PASS            what it returns, always: the frame goes on as if nobody had looked
 *   hook_hint()          what hook_amount() wants to know of a parsed frame, in one number
 *   hook_amount()        what the frame adds to its counters
 *   hook_is_wrapped()    the frame begins before its first byte that is to be counted
 *   hook_length()        the whole frame's bytes, further buffers included, without what wraps it
 *   hook_amount_of()     as hook_amount(), of a frame whose length was asked for already
 *   hook_load()          copies its first bytes, behind what wraps it; 0, or it could not be done
 *   amount_t             two numbers in one: frames as they are on the wire, and their bytes, which
 *                        are in the low half
 *   amount_make(), amount_bytes(), amount_packets()
 */
#ifndef HOOK_H
#define HOOK_H

#ifdef HOOK_TC
#include "hook_tc.h"
#else
#include "hook_xdp.h"
#endif

#endif
