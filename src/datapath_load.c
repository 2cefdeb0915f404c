// SPDX-License-Identifier: GPL-2.0-only
/* Loads the kernel half's program, an instance for each device and one for a replay. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>

#include "agent.skel.h"
#include "datapath_private.h"
#include "log.h"

static bool kernel_has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static void set_constants(struct agent_bpf *skeleton, const struct datapath *datapath)
{
	skeleton->rodata->have_unclassified = datapath->counts_unclassified;
	skeleton->rodata->endpoint_mask = datapath->endpoint_cells - 1;
	skeleton->rodata->endpoint_shift = (uint32_t)__builtin_clz(datapath->endpoint_cells) + 1;
	skeleton->rodata->endpoint_epoch_shift = datapath->epoch_shift;
	skeleton->rodata->fragment_ticks = PORT_FRAGMENT_SECONDS * datapath_ticks_per_second();
}

static int reuse_maps(struct agent_bpf *skeleton, const struct datapath *datapath,
		      const struct datapath_device *device)
{
	const struct {
		struct bpf_map *map;
		int fd;
	} maps[] = {
		{ skeleton->maps.ports, datapath->ports },
		{ skeleton->maps.endpoints, datapath->endpoints },
		{ skeleton->maps.data_firm_clients, datapath->firm_clients },
		{ skeleton->maps.fragments, datapath->fragments },
		{ skeleton->maps.unclassified, datapath->unclassified },
		{ skeleton->maps.counters, device->counters },
		{ skeleton->maps.handshakes, device->handshakes },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(maps) / sizeof(maps[0]); i++)
		err = bpf_map__reuse_fd(maps[i].map, maps[i].fd);
	return err;
}

static int configure(struct agent_bpf *skeleton, const struct datapath *datapath,
		     const struct datapath_device *device, bool starts_at_l3, bool is_replay)
{
	set_constants(skeleton, datapath);
	skeleton->rodata->starts_at_l3 = starts_at_l3;
	skeleton->rodata->is_replay = is_replay;
	/* Generic XDP with several buffers has panicked kernels: there the frame is made linear. */
	if (!is_replay && device->state.mode == DATAPATH_NATIVE && kernel_has_frags()) {
		skeleton->rodata->have_frags = true;
		bpf_program__set_flags(skeleton->progs.portacct,
				       bpf_program__flags(skeleton->progs.portacct) |
					       BPF_F_XDP_HAS_FRAGS);
	}
	return reuse_maps(skeleton, datapath, device);
}

struct agent_bpf *datapath_load(const struct datapath *datapath,
				const struct datapath_device *device, bool starts_at_l3,
				bool is_replay)
{
	struct agent_bpf *skeleton = agent_bpf__open();
	int err =
		skeleton ? configure(skeleton, datapath, device, starts_at_l3, is_replay) : -errno;

	if (!err)
		err = agent_bpf__load(skeleton);
	if (!err)
		return skeleton;
	log_error(err, "program for %s '%s': cannot be loaded%s", is_replay ? "capture" : "device",
		  device->name, err == -EACCES ? " (the kernel's verifier refuses it)" : "");
	agent_bpf__destroy(skeleton);
	errno = -err;
	return NULL;
}

int datapath_program(const struct agent_bpf *skeleton)
{
	return bpf_program__fd(skeleton->progs.portacct);
}

void datapath_unload(struct agent_bpf *skeleton)
{
	agent_bpf__destroy(skeleton);
}
