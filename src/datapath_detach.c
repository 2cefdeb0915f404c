// SPDX-License-Identifier: GPL-2.0-only
/* Ends all counting and removes the pinned state, that of earlier versions too. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_private.h"

static int end_device(void *ctx, const char *folder)
{
	return datapath_hook_end(ctx, folder);
}

static int remove_other(void *ctx, const char *name)
{
	struct pins pins;
	int err = pins_open_version(&pins, ctx, name, false);

	if (!err)
		err = pins_each_device(&pins, end_device, &pins);
	if (!err)
		err = pins_remove_version(&pins);
	pins_close(&pins);
	return err == -ENOENT ? 0 : err;
}

int datapath_detach(const char *pin_dir)
{
	struct pins_versions versions;
	bool has_others;
	struct pins pins;
	int err;

	libbpf_set_print(NULL); /* who calls it says what failed */
	pins_list_versions(pin_dir, &versions);
	has_others = versions.older || versions.has_old || versions.has_new;
	versions.older = 0; /* whatever they are, they can be removed */
	versions.is_unclear = false;
	err = pins_check_versions(pin_dir, &versions);
	if (err)
		return err;
	/* Made where only the directory above is there, as a --detach that was killed leaves it. */
	err = pins_open_locked(&pins, pin_dir, has_others || !access(pin_dir, F_OK));
	if (!err && has_others)
		err = pins_each_version(pin_dir, remove_other, pins.root);
	if (!err)
		err = pins_each_device(&pins, end_device, &pins);
	if (!err)
		err = pins_remove(&pins);
	pins_close(&pins);
	return err;
}
