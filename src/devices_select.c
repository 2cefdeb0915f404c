// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "log.h"

static bool matches(const struct device *device, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!fnmatch(patterns[i], device->name, 0))
			return true;
	return false;
}

/* "lo, eth0, eth1" in out, cut where it is full. */
static void list_names(const struct devices *devices, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < devices->count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
					 devices->list[i].name);
}

bool devices_is_pattern(const char *text)
{
	return strpbrk(text, "*?[\\");
}

size_t devices_missing(const struct devices *devices, const char *const *patterns, size_t count,
		       void (*tell)(void *ctx, const char *pattern), void *ctx)
{
	size_t missing = 0;

	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < devices->count && !matches(&devices->list[k], &patterns[i], 1))
			k++;
		if (k < devices->count)
			continue;
		missing++;
		if (tell)
			tell(ctx, patterns[i]);
	}
	return missing;
}

static bool is_up_on_bus(const struct device *device)
{
	return device->is_up && device->has_bus;
}

bool devices_any_bus(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		if (is_up_on_bus(&devices->list[i]))
			return true;
	return false;
}

/* Whether a device that is up and on a bus stands on this one: both have the same frames. */
static bool is_below_another(const struct devices *devices, const struct device *device)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *other = &devices->list[i];

		if (is_up_on_bus(other) &&
		    (other->lower == device->ifindex || other->ifindex == device->master))
			return true;
	}
	return false;
}

static bool is_default(const struct devices *devices, const struct device *device, bool any_bus)
{
	if (!any_bus)
		return device->has_default_route;
	return is_up_on_bus(device) && !is_below_another(devices, device);
}

/* What is not kept moves behind what is: until the end the list holds every device. */
void devices_choose(struct devices *devices, const char *const *patterns, size_t count)
{
	bool any_bus = devices_any_bus(devices);
	size_t kept = 0;

	for (size_t i = 0; i < devices->count; i++) {
		struct device device = devices->list[i];

		if (!(count ? matches(&device, patterns, count)
			    : is_default(devices, &device, any_bus)))
			continue;
		devices->list[i] = devices->list[kept];
		devices->list[kept++] = device;
	}
	devices->count = kept;
}

static void tell_missing(void *ctx, const char *pattern)
{
	const char **first = ctx;

	if (!*first)
		*first = pattern;
}

int devices_select(struct devices *devices, const char *const *patterns, size_t count)
{
	const char *missing = NULL;
	char names[512];

	list_names(devices, names, sizeof(names));
	if (devices_missing(devices, patterns, count, tell_missing, &missing)) {
		log_errorx("device '%s': no such device: there are %s", missing, names);
		return -ENODEV;
	}
	devices_choose(devices, patterns, count);
	if (devices->count)
		return 0;
	if (!*names)
		snprintf(names, sizeof(names), "none");
	log_errorx("devices: none is backed by hardware or carries a default route: choose with -i "
		   "from %s",
		   names);
	return -ENODEV;
}
