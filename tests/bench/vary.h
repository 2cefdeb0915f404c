/* SPDX-License-Identifier: GPL-2.0-only */
/* What vary.bpf.c and the bench share. The includer provides the __u32 and __u64 types. */
#ifndef VARY_H
#define VARY_H

#define VARY_PORTS_AT 34 /* of TCP over IPv4 without options, in an untagged frame */
#define VARY_CLIENT_FIRST 49152
#define VARY_CLIENT_MASK 0x3fff

/* Destination ports are first + k * step, k below count; state is the generator's, never 0. */
struct vary_settings {
	__u64 state;
	__u32 first, step, count;
	__u32 reserved;
};

#endif
