// SPDX-License-Identifier: GPL-2.0-only
/*
 * A database that resembles the registry of IANA as published: its columns, its number of rows, how
 * many ports of each stretch are assigned, its few ranges, rows without a port; nothing from 49152
 * up. What the built-in database has by exact port stands there too, under the same name.
 */
#include "accuracy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "generate.h"
#include "portdb.h"
#include "portdb_load.h"
#include "slots.h"

/* Of 1,000 ports, how many are assigned, up to a port. */
static const struct density {
	uint16_t last, assigned;
} densities[] = {
	{ 1023, 750 }, { 3999, 970 }, { 4999, 650 }, { 9999, 240 },
	{ 19999, 35 }, { 32767, 20 }, { 49151, 11 },
};

/* What the registry has of the kinds' own ports and the built-in database has not. */
static const struct {
	const char *name;
	uint16_t port;
	bool tcp, udp;
} assigned[] = {
	{ "https", 443, true, true },         { "syslog", 514, false, true },
	{ "xbox", 3074, true, true },         { "ipsec-nat-t", 4500, true, true },
	{ "cbt", 7777, true, true },          { "stun", 3478, true, true },
	{ "sip", 5060, true, true },          { "dhcpv6-client", 546, true, true },
	{ "dhcpv6-server", 547, true, true },
};

static const struct {
	uint16_t first, last;
} ranges[] = { { 6000, 6063 }, { 6665, 6669 }, { 8808, 8813 }, { 27000, 27009 }, { 44321, 44330 } };

/* The text so far, and which ports it has. */
struct registry {
	FILE *out;
	unsigned int rows;
	bool is_taken[2][65536];
};

static void put_row(struct registry *registry, const char *name, const char *port, bool is_udp)
{
	fprintf(registry->out,
		"%s,%s,%s,\"A service, as row %u "
		"says\",[Example],[Example],2001-02-03,,[RFC%u],,,\n",
		name, port, is_udp ? "udp" : "tcp", registry->rows, 1000 + registry->rows % 8000);
	registry->rows++;
}

static void put_port(struct registry *registry, const char *name, uint16_t port, bool is_udp)
{
	char text[8];

	if (registry->is_taken[is_udp][port])
		return;
	registry->is_taken[is_udp][port] = true;
	snprintf(text, sizeof(text), "%u", port);
	put_row(registry, name, text, is_udp);
}

static void put_known(struct registry *registry, const struct portdb *builtin)
{
	for (size_t i = 0; i < portdb_count(builtin); i++) {
		const struct portdb_entry *entry = portdb_entry(builtin, i);

		if (entry->first == entry->last && entry->first <= densities[6].last &&
		    entry->transport <= PORT_UDP)
			put_port(registry, entry->name, entry->first, entry->transport == PORT_UDP);
	}
}

static void put_assigned(struct registry *registry)
{
	for (size_t i = 0; i < sizeof(assigned) / sizeof(assigned[0]); i++) {
		if (assigned[i].tcp)
			put_port(registry, assigned[i].name, assigned[i].port, false);
		if (assigned[i].udp)
			put_port(registry, assigned[i].name, assigned[i].port, true);
	}
}

static void put_ranges(struct registry *registry)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		char name[24], text[16];

		snprintf(name, sizeof(name), "range-%zu", i);
		snprintf(text, sizeof(text), "%u-%u", ranges[i].first, ranges[i].last);
		for (int is_udp = 0; is_udp < 2; is_udp++) {
			put_row(registry, name, text, is_udp);
			for (uint32_t port = ranges[i].first; port <= ranges[i].last; port++)
				registry->is_taken[is_udp][port] = true;
		}
	}
}

/* Most ports were assigned for TCP and UDP at once. */
static void put_drawn(struct registry *registry, struct rng *rng)
{
	const struct density *density = densities;

	for (uint32_t port = 1; port <= densities[6].last; port++) {
		uint32_t transports = rng_below(rng, 100);
		char name[16];

		density += port > density->last;
		if (rng_below(rng, 1000) >= density->assigned)
			continue;
		snprintf(name, sizeof(name), "assigned-%u", port);
		if (transports < 97)
			put_port(registry, name, (uint16_t)port, false);
		if (transports >= 7)
			put_port(registry, name, (uint16_t)port, true);
	}
}

static char *registry_text(const struct portdb *builtin, size_t *size)
{
	struct registry *registry = calloc(1, sizeof(*registry));
	struct rng rng;
	char *text = NULL;

	assert_non_null(registry);
	rng_init(&rng, 14000, NULL, 0);
	registry->out = open_memstream(&text, size);
	assert_non_null(registry->out);
	fputs("Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,"
	      "Registration Date,Modification Date,Reference,Service Code,"
	      "Unauthorized Use Reported,Assignment Notes\n",
	      registry->out);
	put_known(registry, builtin);
	put_assigned(registry);
	put_ranges(registry);
	put_drawn(registry, &rng);
	assert_in_range(registry->rows, 11000, 13500);
	while (registry->rows < ACCURACY_REGISTRY_ROWS) {
		char name[24];

		snprintf(name, sizeof(name), "by-name-%u", registry->rows);
		put_row(registry, name, "", registry->rows % 2);
	}
	assert_int_equal(fclose(registry->out), 0);
	free(registry);
	return text;
}

static void report(void *ctx, const char *message)
{
	(void)ctx;
	print_message("%s\n", message);
}

struct accuracy_database *accuracy_database_make(bool registry)
{
	struct accuracy_database *database = calloc(1, sizeof(*database));
	size_t size = (size_t)(builtin_services_end - builtin_services);

	assert_non_null(database);
	database->db = portdb_new(report, NULL);
	database->slots = slots_new();
	assert_true(database->db && database->slots);
	assert_int_equal(portdb_load_buffer(database->db, BUILTIN_NAME, builtin_services, size), 0);
	if (registry) {
		char *text = registry_text(database->db, &size);

		assert_int_equal(portdb_load_buffer(database->db, "registry.csv", text, size), 0);
		free(text);
	}
	assert_int_equal(porttable_compile(database->db, database->slots, &database->table), 0);
	return database;
}

void accuracy_database_free(struct accuracy_database *database)
{
	if (!database)
		return;
	portdb_free(database->db);
	slots_free(database->slots);
	free(database);
}
