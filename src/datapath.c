// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_private.h"
#include "log.h"
#include "process.h"
#include "slots.h"

void datapath_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct datapath_device *datapath_find(const struct datapath *datapath, const char *folder)
{
	for (size_t i = 0; i < datapath->count; i++)
		if (!strcmp(datapath->devices[i].folder, folder))
			return &datapath->devices[i];
	return NULL;
}

/* What is transmitted is counted in a folder of its own, whose name no device can have. */
bool datapath_is_egress(const char *folder)
{
	size_t len = strlen(folder), suffix = strlen(DATAPATH_EGRESS);

	return len > suffix && !strcmp(folder + len - suffix, DATAPATH_EGRESS);
}

static void set_names(struct datapath_device *device, const char *folder)
{
	device->is_egress = datapath_is_egress(folder);
	strncpy(device->folder, folder, sizeof(device->folder) - 1);
	device->folder[sizeof(device->folder) - 1] = '\0';
	snprintf(device->name, sizeof(device->name), "%.*s", (int)strcspn(folder, ":"), folder);
}

/* In the order of names, so that all that is printed keeps one order. */
static struct datapath_device *insert(struct datapath *datapath, struct datapath_device device,
				      const char *folder)
{
	struct datapath_device *devices = datapath->devices;
	size_t at = 0;

	while (at < datapath->count && strcmp(devices[at].folder, folder) < 0)
		at++;
	memmove(&devices[at + 1], &devices[at], (datapath->count - at) * sizeof(*devices));
	datapath->count++;
	devices[at] = device;
	set_names(&devices[at], folder);
	return &devices[at];
}

struct datapath_device *datapath_add(struct datapath *datapath, const char *folder)
{
	struct datapath_device *devices;

	devices = realloc(datapath->devices, (datapath->count + 1) * sizeof(*devices));
	if (!devices)
		return NULL;
	datapath->devices = devices;
	return insert(datapath,
		      (struct datapath_device){
			      .counters = -1, .handshakes = -1, .link = -1, .state_map = -1 },
		      folder);
}

static void take_out(struct datapath *datapath, struct datapath_device *device)
{
	size_t behind = (size_t)(&datapath->devices[datapath->count] - (device + 1));

	memmove(device, device + 1, behind * sizeof(*device));
	datapath->count--;
}

struct datapath_device *datapath_relist(struct datapath *datapath, struct datapath_device *device,
					const char *folder)
{
	struct datapath_device moved = *device;

	take_out(datapath, device);
	return insert(datapath, moved, folder);
}

void datapath_drop(struct datapath *datapath, struct datapath_device *device)
{
	if (datapath->access == DATAPATH_PRIVATE)
		datapath_hook_detach(datapath, device); /* a filter would outlive the process */
	datapath_close_fd(&device->counters);
	datapath_close_fd(&device->handshakes);
	datapath_close_fd(&device->state_map);
	datapath_close_fd(&device->link);
	free(device->sums);
	take_out(datapath, device);
	for (size_t i = 0; i < datapath->count; i++)
		*datapath->devices[i].wanted = '\0'; /* it may be free now */
}

void datapath_close(struct datapath *datapath)
{
	if (!datapath)
		return;
	datapath_close(datapath->old);
	while (datapath->count)
		datapath_drop(datapath, &datapath->devices[datapath->count - 1]);
	free(datapath->devices);
	free(datapath->cells);
	if (datapath->records)
		munmap(datapath->records, (size_t)datapath->capacity * sizeof(*datapath->records));
	if (datapath->record)
		munmap(datapath->record, sizeof(*datapath->record));
	datapath_unload(datapath->replay);
	datapath_close_fd(&datapath->ports);
	datapath_close_fd(&datapath->services);
	datapath_close_fd(&datapath->endpoints);
	datapath_close_fd(&datapath->firm_clients);
	datapath_close_fd(&datapath->fragments);
	datapath_close_fd(&datapath->agent);
	datapath_close_fd(&datapath->unclassified);
	pins_close(&datapath->pins);
	free(datapath);
}

size_t datapath_count(const struct datapath *datapath)
{
	return datapath->count;
}

const struct datapath_device *datapath_device(const struct datapath *datapath, size_t i)
{
	return &datapath->devices[i];
}

struct datapath_agent *datapath_agent(const struct datapath *datapath)
{
	return datapath->record;
}

/* Who may not see the lock goes by the record that the agent leaves there while it runs. */
bool datapath_agent_runs(const struct datapath *datapath)
{
	int locked = pins_is_locked(&datapath->pins);

	if (locked >= 0)
		return locked;
	return datapath->record && datapath->record->pid &&
	       process_start(datapath->record->pid) == datapath->record->started;
}

uint32_t datapath_capacity(const struct datapath *datapath)
{
	return datapath->capacity - PORT_SLOT_FIRST;
}

const char *datapath_library_version(void)
{
	return libbpf_version_string();
}
