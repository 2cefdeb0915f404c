/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What user space sets before it loads a program, constant to the verifier from then on, which
 * prunes the branches that are not taken; and the few variables. BPF only. The program of the tc
 * hook defines HOOK_TC; it has no variants for a replay, and reads frames in any number of buffers.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "net.h"

const volatile bool starts_at_l3;               /* the device has no Ethernet header */
const volatile bool have_unclassified;          /* frames of no service are counted by port */
const volatile __u32 endpoint_shift = 31;       /* 32 - n, for a table of 2^n cells */
const volatile __u32 endpoint_mask = 1;         /* 2^n - 1 */
const volatile __u32 endpoint_epoch_shift = 14; /* an epoch lasts 2^n ticks of the kernel */
const volatile __u32 fragment_ticks = 6000;     /* that a first fragment is remembered */

/*
 * Never written. Not constant, so that the verifier takes it for any number: see cursor_forget().
 */
static volatile __u32 zero_unknown;

#ifdef HOOK_TC
enum { have_frags = true, is_replay = false };
static struct port_replay replay; /* named, never used */
#else
const volatile bool have_frags; /* frames come in several buffers (5.18) */
const volatile bool is_replay;  /* frames, time and lengths come from a capture */

/* Read and written in a replay only, by one process, one frame after the other. */
struct port_replay replay;
#endif

/*
 * Firm ports (below PORT_FIRM_END, by transport) from which clients connect to ports without an
 * entry: the epoch in which such a connection was last accepted, 0: none was. FTP's data
 * connections come from port 20, and whoever wants to look like a name server from port 53. As long
 * as there are such clients, a frame from or to that port needs more than the port to be told.
 * One for all devices. Plain bytes, as the cells of endpoints.h are.
 */
__u8 firm_clients[PORT_TRANSPORTS * PORT_FIRM_END] SEC(".data.firm_clients");

#endif
