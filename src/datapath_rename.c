// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that has got another name takes its counters along: its folder is renamed, and with it
 * its label. Where two have swapped their names one folder has to wait, as "dev0:moving", till the
 * other is out of the way; a start that is killed meanwhile leaves it so, readers pass over it, and
 * the next start completes it.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "datapath_private.h"
#include "devices.h"
#include "log.h"

static void folder_name(char folder[PINS_FOLDER_MAX], const char *name, const char *state,
			bool is_egress)
{
	snprintf(folder, PINS_FOLDER_MAX, "%.*s%s%s", IFNAMSIZ - 1, name, state,
		 is_egress ? DATAPATH_EGRESS : "");
}

/* The name that its interface has in this network namespace; false: it is not here. */
static bool present_name(const struct datapath_device *device, char name[IFNAMSIZ])
{
	uint32_t ifindex = datapath_still_here(device);

	return ifindex && if_indextoname(ifindex, name);
}

static int move(struct datapath *datapath, const char *from, const char *to)
{
	int err = datapath->access == DATAPATH_PRIVATE
			  ? 0
			  : pins_rename_device(&datapath->pins, from, to);

	if (!err)
		datapath_relist(datapath, datapath_find(datapath, from), to);
	return err;
}

static void say_moved(const char *was, const char *name, bool is_egress)
{
	if (!is_egress)
		log_info("device '%s': was '%.*s': its counters follow", name,
			 (int)strcspn(was, ":"), was);
}

static int follow(struct datapath *datapath, const char *from, const char *name);

/* The folder `to` is that of other: both move if that one has another name now. */
static int swap(struct datapath *datapath, const struct datapath_device *other, const char *from,
		const char *to)
{
	char waiting[PINS_FOLDER_MAX], old[IFNAMSIZ], present[IFNAMSIZ];
	bool waits = strstr(from, DATAPATH_MOVING);
	int err;

	if (!present_name(other, present) || !strcmp(present, other->name))
		return -EEXIST;
	snprintf(old, sizeof(old), "%.*s", (int)strcspn(from, ":"), from);
	folder_name(waiting, old, DATAPATH_MOVING, other->is_egress);
	if (!waits && datapath_find(datapath, waiting))
		return -EEXIST;
	err = waits ? 0 : move(datapath, from, waiting);
	if (err)
		return err;
	err = follow(datapath, to, present);
	if (!err)
		return move(datapath, waiting, to);
	if (!waits)
		move(datapath, waiting, from);
	return err;
}

/* Each that is moved to wait is out of the way of the rest, so this ends. */
static int follow(struct datapath *datapath, const char *from, const char *name)
{
	bool is_egress = datapath_is_egress(from);
	const struct datapath_device *other;
	char to[PINS_FOLDER_MAX];
	int err;

	folder_name(to, name, "", is_egress);
	other = datapath_find(datapath, to);
	err = other ? swap(datapath, other, from, to) : move(datapath, from, to);
	if (!err)
		say_moved(from, name, is_egress);
	return err;
}

/* Wherever it lies by now: no two have the same descriptor. */
static struct datapath_device *find_counters(const struct datapath *datapath, int counters)
{
	size_t i = 0;

	while (datapath->devices[i].counters != counters)
		i++;
	return &datapath->devices[i];
}

struct datapath_device *datapath_rename(struct datapath *datapath, struct datapath_device *device,
					const char *name)
{
	char from[PINS_FOLDER_MAX], to[PINS_FOLDER_MAX];
	int counters = device->counters, err;

	folder_name(to, name, "", device->is_egress);
	/* While its counters are in two places, the one is found by the other's name. */
	if (!strcmp(device->folder, to) || datapath->old)
		return device;
	memcpy(from, device->folder, sizeof(from));
	err = follow(datapath, from, name);
	device = find_counters(datapath, counters);
	if (!err) {
		*device->wanted = '\0';
		return device;
	}
	if (strcmp(device->wanted, name))
		log_info("device '%s': is counted as '%s', its earlier name, as there are counters "
			 "of another device '%s'",
			 name, device->name, name);
	snprintf(device->wanted, sizeof(device->wanted), "%s", name);
	return device;
}

bool datapath_rename_away(struct datapath *datapath, struct datapath_device *device)
{
	char from[PINS_FOLDER_MAX], name[IFNAMSIZ];
	int counters = device->counters, err;

	if (datapath->old || !present_name(device, name) || !strcmp(name, device->name))
		return false;
	memcpy(from, device->folder, sizeof(from));
	err = follow(datapath, from, name);
	device = find_counters(datapath, counters);
	snprintf(device->wanted, sizeof(device->wanted), "%s", err ? name : "");
	return !err;
}

/* One whose device is gone gets its earlier name back; if that is taken, it is passed over. */
static void complete(struct datapath *datapath, const char *folder)
{
	struct datapath_device *device = datapath_find(datapath, folder);
	char name[IFNAMSIZ], to[PINS_FOLDER_MAX];

	if (present_name(device, name)) {
		follow(datapath, folder, name);
		return;
	}
	folder_name(to, device->name, "", device->is_egress);
	if (!datapath_find(datapath, to))
		move(datapath, folder, to);
	else if (!device->ifindex)
		datapath_drop(datapath, device);
}

void datapath_rename_rest(struct datapath *datapath)
{
	char folder[PINS_FOLDER_MAX];

	for (size_t i = datapath->count; !datapath->old && i-- > 0;) {
		if (!strstr(datapath->devices[i].folder, DATAPATH_MOVING))
			continue;
		memcpy(folder, datapath->devices[i].folder, sizeof(folder));
		complete(datapath, folder);
		i = i < datapath->count ? i : datapath->count;
	}
}
