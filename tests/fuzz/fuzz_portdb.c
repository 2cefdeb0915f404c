// SPDX-License-Identifier: GPL-2.0-only

/*
 * libFuzzer harness of the port database parser: any bytes, as one file. What must hold whatever
 * they are: accepted entries keep the promises of portdb.h, messages are few and harmless, a
 * refused file leaves nothing behind, and the portdb goes on working.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portdb.h"
#include "portdb_load.h"

#define FILE_NAME "f"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_message(void *ctx, const char *message)
{
	size_t *count = ctx;

	++*count;
	require(strncmp(message, FILE_NAME ":", strlen(FILE_NAME ":")) == 0);
	require(strlen(message) < 256);
	for (const char *c = message; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void check_entry(const struct portdb_entry *entry)
{
	size_t len = strlen(entry->name);

	require(len >= 1 && len <= PORT_NAME_MAX);
	require(entry->first >= 1 && entry->first <= entry->last);
	require(entry->transport < PORT_TRANSPORTS);
	require(entry->encryption < PORTDB_ENCRYPTIONS);
	require(entry->line >= 1);
	require(portdb_entry_is(entry, entry->name));
	for (const char *c = entry->name; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
	for (const char *alias = entry->aliases; *alias; alias += strspn(alias, "\n")) {
		len = strcspn(alias, "\n");
		require(len >= 1 && len <= PORT_NAME_MAX);
		alias += len;
	}
	/* Each is read to its end. */
	require(strlen(entry->description) + strlen(entry->reference) + strlen(entry->srv) +
		strlen(entry->used_by) <= SIZE_MAX / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t messages = 0;
	struct portdb *db = portdb_new(check_message, &messages);
	size_t count;
	int err;

	require(db != NULL);
	err = portdb_load_buffer(db, FILE_NAME, (const char *)data, size);
	count = portdb_count(db);
	require(err ? messages > 0 && count == 0 : messages == 0);
	require(messages <= PORTDB_ERRORS_MAX + 1);
	for (size_t i = 0; i < count; i++) {
		check_entry(portdb_entry(db, i));
		require(i == 0 || portdb_entry(db, i - 1)->line < portdb_entry(db, i)->line);
	}
	require(portdb_load_buffer(db, FILE_NAME, "ssh 22/tcp", 10) == 0);
	require(portdb_count(db) == count + 1);
	/* A second time over the first: a later file may say the same again. */
	require(portdb_load_buffer(db, FILE_NAME, (const char *)data, size) == err);
	require(portdb_count(db) == 2 * count + 1);
	portdb_free(db);
	return 0;
}
