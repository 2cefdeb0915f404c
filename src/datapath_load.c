// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the kernel half: the program of the XDP hook, which is that of a replay too, or of the tc
 * hook. An instance for each device and direction, with its counters and the maps of all devices.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "agent.skel.h"
#include "datapath_private.h"
#include "log.h"
#include "privileges.h"
#include "tc.skel.h"

/* One of the two; the other is NULL. */
struct datapath_program {
	struct agent_bpf *xdp;
	struct tc_bpf *tc;
};

bool datapath_has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static uint32_t endpoint_shift(const struct datapath *datapath)
{
	return (uint32_t)__builtin_clz(datapath->endpoint_cells) + 1;
}

static uint32_t fragment_ticks(void)
{
	return PORT_FRAGMENT_SECONDS * datapath_ticks_per_second();
}

static int reuse_maps(const struct bpf_object *object, const struct datapath *datapath,
		      const struct datapath_device *device)
{
	const struct {
		const char *name;
		int fd;
	} maps[] = {
		{ "ports", datapath->ports },
		{ "endpoints", datapath->endpoints },
		{ ".data.firm_clients", datapath->firm_clients },
		{ "fragments", datapath->fragments },
		{ "unclassified", datapath->unclassified },
		{ "counters", device->counters },
		{ "handshakes", device->handshakes },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, maps[i].name);

		err = map ? bpf_map__reuse_fd(map, maps[i].fd) : -ENOENT;
	}
	return err;
}

static void configure_xdp(struct agent_bpf *xdp, const struct datapath *datapath,
			  const struct datapath_device *device, bool starts_at_l3, bool is_replay)
{
	struct agent_bpf__rodata *rodata = xdp->rodata;
	struct bpf_program *program = xdp->progs.portacct;

	rodata->have_unclassified = datapath->counts_unclassified;
	rodata->endpoint_mask = datapath->endpoint_cells - 1;
	rodata->endpoint_shift = endpoint_shift(datapath);
	rodata->endpoint_epoch_shift = datapath->epoch_shift;
	rodata->fragment_ticks = fragment_ticks();
	rodata->starts_at_l3 = starts_at_l3;
	rodata->is_replay = is_replay;
	/* Generic XDP with several buffers has panicked kernels: there the frame is made linear. */
	if (is_replay || device->state.mode != DATAPATH_NATIVE ||
	    device->state.flags & DATAPATH_ONE_BUFFER || !datapath_has_frags())
		return;
	rodata->have_frags = true;
	bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
}

/* By port only what is received is counted: transmitted, it would be the same frames once more. */
static void configure_tc(struct tc_bpf *tc, const struct datapath *datapath,
			 const struct datapath_device *device, bool starts_at_l3)
{
	struct tc_bpf__rodata *rodata = tc->rodata;

	rodata->have_unclassified = datapath->counts_unclassified && !device->is_egress;
	rodata->endpoint_mask = datapath->endpoint_cells - 1;
	rodata->endpoint_shift = endpoint_shift(datapath);
	rodata->endpoint_epoch_shift = datapath->epoch_shift;
	rodata->fragment_ticks = fragment_ticks();
	rodata->starts_at_l3 = starts_at_l3;
}

static int load_xdp(struct datapath_program *program, const struct datapath *datapath,
		    const struct datapath_device *device, bool starts_at_l3, bool is_replay)
{
	int err;

	program->xdp = agent_bpf__open();
	if (!program->xdp)
		return -errno;
	configure_xdp(program->xdp, datapath, device, starts_at_l3, is_replay);
	err = reuse_maps(program->xdp->obj, datapath, device);
	return err ? err : agent_bpf__load(program->xdp);
}

static int load_tc(struct datapath_program *program, const struct datapath *datapath,
		   const struct datapath_device *device, bool starts_at_l3)
{
	int err;

	program->tc = tc_bpf__open();
	if (!program->tc)
		return -errno;
	configure_tc(program->tc, datapath, device, starts_at_l3);
	err = reuse_maps(program->tc->obj, datapath, device);
	return err ? err : tc_bpf__load(program->tc);
}

static bool is_of_tc(const struct datapath_device *device)
{
	return device->is_egress || device->state.mode == DATAPATH_TC ||
	       device->state.mode == DATAPATH_CLSACT;
}

/* The verifier answers EACCES to a program that it refuses, and to who may not have it load one. */
static const char *load_hint(int err)
{
	const char *hint = privileges_hint(err);

	return !*hint && err == -EACCES ? " (the kernel's verifier refuses it)" : hint;
}

struct datapath_program *datapath_load(const struct datapath *datapath,
				       const struct datapath_device *device, bool starts_at_l3,
				       bool is_replay)
{
	struct datapath_program *program = calloc(1, sizeof(*program));
	int err = -ENOMEM;

	if (program && !is_replay && is_of_tc(device))
		err = load_tc(program, datapath, device, starts_at_l3);
	else if (program)
		err = load_xdp(program, datapath, device, starts_at_l3, is_replay);
	if (!err)
		return program;
	log_error(err, "program for %s '%s': cannot be loaded%s", is_replay ? "capture" : "device",
		  device->name, load_hint(err));
	datapath_unload(program);
	errno = -err;
	return NULL;
}

int datapath_program(const struct datapath_program *program)
{
	return bpf_program__fd(program->tc ? program->tc->progs.portacct_tc
					   : program->xdp->progs.portacct);
}

struct port_replay *datapath_replay_of(const struct datapath_program *program)
{
	return &program->xdp->bss->replay;
}

void datapath_unload(struct datapath_program *program)
{
	if (!program)
		return;
	agent_bpf__destroy(program->xdp);
	tc_bpf__destroy(program->tc);
	free(program);
}
