/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the hooks share: datapath_hook.c (any hook), datapath_hook_xdp.c,
 * datapath_hook_tcx.c, datapath_hook_clsact.c, datapath_hook_filters.c (what of traffic control is
 * there), datapath_hook_refusal.c (words).
 *
 * A device's `link` is a link, but with DATAPATH_CLSACT, whose filters know no links: there it is
 * the program, and the filter is found by it. Who attaches fills in a refusal where the kernel says
 * no, and leaves it to the caller to say so, or to try the next hook.
 */
#ifndef DATAPATH_HOOK_H
#define DATAPATH_HOOK_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath_private.h"

struct hook_refusal {
	int err;          /* -errno; 0: nothing was refused */
	bool is_xdp;      /* by the hook of XDP; else by that of tc */
	uint32_t id;      /* of the XDP program that is on the device already; 0: none */
	char name[16];    /* of that one, as BPF_OBJ_NAME_LEN in linux/bpf.h; "": not known */
	char reason[160]; /* the kernel's own words; "": none */
};

/* "Device or resource busy (another XDP program is on it: id 7, 'pass')". Pure. */
void hook_refusal_text(const struct hook_refusal *refusal, char *text, size_t size);
/*
 * While it listens, what the kernel tells libbpf of a refusal goes to refusal->reason. One at a
 * time. The first call returns what the second is to restore.
 */
libbpf_print_fn_t hook_listen(struct hook_refusal *refusal);
void hook_listen_end(libbpf_print_fn_t before);

/* Each: 0, or -errno, which is in the refusal too unless it has been logged. */
int hook_xdp_attach(struct datapath_device *device, int program, struct hook_refusal *refusal);
int hook_tcx_attach(struct datapath_device *device, int program, struct hook_refusal *refusal);
/* Attaches, or replaces the program of the filter that there is; pins that program as `link`. */
int hook_clsact_put(const struct datapath *datapath, struct datapath_device *device, int program,
		    struct hook_refusal *refusal);
/*
 * Takes the filter off, and the queueing discipline if it was made for it and is empty. is_unfinished:
 * a start was killed that may have made the one and not yet the other.
 */
int hook_clsact_remove(const struct datapath_device *device, bool is_unfinished);

/* 0, -EINVAL where the kernel has no tcx, or another -errno. */
int hook_tcx_probe(void);

/* Whether the program, by its id or as it is held, is on that device of this namespace. */
bool hook_tcx_is_on(const struct datapath_device *device, uint32_t ifindex, uint32_t program);
bool hook_clsact_is_on(const struct datapath_device *device, uint32_t ifindex);

/* Pins a link, in place of one whose device is gone. 0 or -errno (logged). */
int hook_pin_link(const struct datapath *datapath, const struct datapath_device *device);
/* The device that a link of XDP or of tcx is on; 0: it is on none, or is no such link. */
uint32_t hook_link_ifindex(int link, uint32_t *program_id);
/* The id of a program for a filter of tc; 0: it is none, or its id cannot be told. */
uint32_t hook_filter_program_id(int program);

struct hook_filter {
	uint32_t handle;   /* 0: stands for the priority alone */
	uint32_t program;  /* its id; 0: none */
	uint16_t priority; /* the lowest is asked first */
	bool is_bpf;       /* of the kind "bpf", and for frames of all protocols */
};

struct hook_filters {
	struct hook_filter *list;
	size_t count;
};

/* The filters of one direction; none where there is no queueing discipline. 0 or -errno. */
int hook_filters_read(struct hook_filters *filters, uint32_t ifindex, bool is_egress);
void hook_filters_free(struct hook_filters *filters);
const struct hook_filter *hook_filters_find(const struct hook_filters *filters, uint32_t program);
/* A place before all others, or as far to the front as there is one. */
struct hook_filter hook_filters_place(const struct hook_filters *filters);
/* The kind of the queueing discipline that holds filters, "clsact" or "ingress"; "": none. */
int hook_qdisc_kind(uint32_t ifindex, char kind[16]);

#endif
