/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A database of a given size as text in the registry's format, every row a service of its own, half
 * of them TCP and half UDP, each on one port:
 *   TCP  GENERATED_TCP + k * GENERATED_STEP, UDP GENERATED_UDP + k * GENERATED_STEP, for k from 0;
 * a small database has its last rows further up, so that tcp/443, tcp/8080 and udp/53 are in any of
 * at least 100 services. No port from 49152 up has an entry.
 */
#ifndef GENERATED_H
#define GENERATED_H

#include <stdio.h>

#define GENERATED_STEP 7
#define GENERATED_TCP 2
#define GENERATED_UDP 4
#define GENERATED_MAX 14000

/* services is even, from 100 to GENERATED_MAX. 0 or -EIO. */
int generated_write(FILE *out, unsigned int services);

#endif
