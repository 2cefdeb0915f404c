// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack_lists.h"

const struct device stack_lists_office[12] = {
	{ .name = "lo", .ifindex = 1 },
	{ .name = "br0", .ifindex = 2, .kind = "bridge" },
	{ .name = "bond0", .ifindex = 3, .kind = "bond" },
	{ .name = "bond0.5", .ifindex = 4, .kind = "vlan", .lower = 3, .master = 2 },
	{ .name = "bond0.6", .ifindex = 5, .kind = "vlan", .lower = 3 },
	{ .name = "eth0", .ifindex = 6, .master = 3 },
	{ .name = "eth1", .ifindex = 7, .master = 3 },
	{ .name = "eth2", .ifindex = 8 },
	{ .name = "vxlan7", .ifindex = 9, .kind = "vxlan", .lower = 8, .master = 2 },
	{ .name = "veth0", .ifindex = 10, .kind = "veth", .lower = 11 },
	{ .name = "veth1", .ifindex = 11, .kind = "veth", .lower = 10 },
	{ .name = "mac0", .ifindex = 12, .kind = "macvlan", .lower = 11 },
};

struct devices stack_lists_copy(const struct device *list, size_t count)
{
	struct devices devices = { .list = calloc(count + 1, sizeof(*list)), .count = count };

	assert_non_null(devices.list);
	if (count)
		memcpy(devices.list, list, count * sizeof(*list));
	return devices;
}

void stack_lists_names(const struct devices *devices, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < devices->count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
					 devices->list[i].name);
}

bool stack_lists_is_counted(void *names, const struct device *device)
{
	const char *text = names;
	size_t len = strlen(device->name);

	for (const char *at = text; (at = strstr(at, device->name)); at++)
		if ((at == text || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}
