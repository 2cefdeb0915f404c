// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the name of a device's folder among the pins, and as a name that was found there.
 * What is written is a name that a BPF file system takes, of no map, and leads back; what is found
 * is either refused or the one way to write what it leads to.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pins.h"

#define NAME_LEN_MAX (PINS_ESCAPED_MAX - 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_map(const char *name)
{
	static const char *const maps[] = { "ports",     "services", "endpoints",   "firm_clients",
					    "fragments", "agent",    "unclassified" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (!strcmp(name, maps[i]))
			return true;
	return false;
}

/* A device's name (dev_valid_name() in the kernel), or that and what stands behind a colon. */
static bool is_folder(const char *name)
{
	size_t device = strcspn(name, ":");

	return device > 0 && device < IFNAMSIZ && strlen(name) < PINS_FOLDER_MAX &&
	       !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

static void check_written(const char *name)
{
	char escaped[PINS_ESCAPED_MAX], again[PINS_FOLDER_MAX];

	pins_escape(name, escaped);
	require(strlen(escaped) < PINS_ESCAPED_MAX && !strpbrk(escaped, "./"));
	require(!is_map(escaped));
	require(pins_unescape(escaped, again));
	require(!strcmp(again, name));
}

static void check_found(const char *name)
{
	char folder[PINS_FOLDER_MAX], escaped[PINS_ESCAPED_MAX];

	if (!pins_unescape(name, folder))
		return;
	require(strlen(folder) < PINS_FOLDER_MAX);
	pins_escape(folder, escaped);
	require(!strcmp(escaped, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NAME_LEN_MAX + 1];

	if (size > NAME_LEN_MAX)
		size = NAME_LEN_MAX;
	memcpy(name, data, size);
	name[size] = '\0';
	if (is_folder(name))
		check_written(name);
	check_found(name);
	return 0;
}
