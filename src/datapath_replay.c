// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that are handed in, one by one, to the program that counts devices, by BPF_PROG_TEST_RUN:
 * it is loaded once more, with maps of its own, and told what the hook would tell it otherwise.
 */
#include <bpf/bpf.h>
#include <errno.h>

#include "datapath_private.h"
#include "log.h"

int datapath_load_replay(struct datapath *datapath, const char *name)
{
	struct datapath_device *device = datapath_make_device(datapath, name);

	if (!device)
		return -ENOMEM;
	datapath->replay = datapath_load(datapath, device, false, true);
	return datapath->replay ? 0 : -errno;
}

int datapath_replay(struct datapath *datapath, const void *frame, size_t length,
		    struct port_replay *replay)
{
	struct port_replay *told = datapath_replay_of(datapath->replay);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		    .data_size_in = (uint32_t)(length < DATAPATH_REPLAY_MAX ? length
									    : DATAPATH_REPLAY_MAX));
	int err;

	*told = *replay;
	err = bpf_prog_test_run_opts(datapath_program(datapath->replay), &options);
	*replay = *told;
	if (err)
		log_error(err, "capture '%s': a frame of %zu bytes cannot be replayed",
			  datapath->devices[0].name, length);
	return err;
}
