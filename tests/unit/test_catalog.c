// SPDX-License-Identifier: GPL-2.0-only

/* The catalog: the database's words by slot. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "portdb_load.h"
#include "slots.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char database[] =
	"Service Name,Port Number,Transport Protocol,Reference,Encryption\n"
	"apns,2195,tcp,[RFC1],tls\n"
	"domain,53,udp,[RFC1034],none\n"
	"apns,2197,tcp,[RFC2],none\n"
	"web,8000-8999,tcp,,\n"
	"apns,5223,tcp,,\n"
	"domain,53,tcp,[RFC1035],none\n"
	"widest,1-65535,udp,,native\n"
	"widest,65534-65535,udp,,native\n";

struct fixture {
	struct portdb *db;
	struct slots *slots;
	struct catalog catalog;
};

static void assign_all(const struct portdb *db, struct slots *slots)
{
	uint32_t slot;

	for (size_t i = 0; i < portdb_count(db); i++)
		assert_int_equal(slots_assign(slots, portdb_entry(db, i)->name,
					      portdb_entry(db, i)->transport, &slot), 0);
}

/* A service of an earlier database has the first slot. */
static int set_up(void **state)
{
	static struct fixture fixture;
	uint32_t slot;

	fixture.db = portdb_new(NULL, NULL);
	fixture.slots = slots_new();
	if (!fixture.db || !fixture.slots ||
	    portdb_load_buffer(fixture.db, "test", database, sizeof(database) - 1))
		return -1;
	assert_int_equal(slots_assign(fixture.slots, "gone", PORT_SCTP, &slot), 0);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	catalog_fini(&fixture->catalog);
	slots_free(fixture->slots);
	portdb_free(fixture->db);
	*fixture = (struct fixture){};
	return 0;
}

static void test_catalog_init_services(void **state)
{
	static const struct {
		const char *name;
		enum port_transport transport;
		size_t entries;
		const char *ports, *reference;
		enum portdb_encryption encryption;
	} rows[] = {
		{ "gone", PORT_SCTP, 0, "", "", PORTDB_UNKNOWN },
		{ "apns", PORT_TCP, 3, "2195,2197,5223", "[RFC1]", PORTDB_TLS },
		{ "domain", PORT_UDP, 1, "53", "[RFC1034]", PORTDB_NONE },
		{ "web", PORT_TCP, 1, "8000-8999", "", PORTDB_UNKNOWN },
		{ "domain", PORT_TCP, 1, "53", "[RFC1035]", PORTDB_NONE },
		{ "widest", PORT_UDP, 2, "1-65535,65534-65535", "", PORTDB_NATIVE },
	};
	struct fixture *fixture = *state;

	assign_all(fixture->db, fixture->slots);
	assert_int_equal(catalog_init(&fixture->catalog, fixture->db, fixture->slots), 0);
	assert_int_equal(fixture->catalog.end, COUNT(rows) + 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t slot = slots_find(fixture->slots, rows[i].name, rows[i].transport);
		const struct catalog_service *service = &fixture->catalog.services[slot];

		if (strcmp(service->name, rows[i].name) != 0 ||
		    service->transport != rows[i].transport ||
		    service->entries != rows[i].entries ||
		    service->encryption != rows[i].encryption ||
		    strcmp(service->reference, rows[i].reference) != 0 ||
		    strcmp(service->ports, rows[i].ports) != 0)
			fail_msg("%s in slot %u: %s, %zu entries, ports '%s', reference '%s'",
				 rows[i].name, slot, service->name, service->entries,
				 service->ports, service->reference);
	}
}

/* Entries whose services have no slot are left out: no slot left, or not assigned yet. */
static void test_catalog_init_without_slots(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(catalog_init(&fixture->catalog, fixture->db, fixture->slots), 0);
	assert_int_equal(fixture->catalog.end, 2);
	assert_string_equal(fixture->catalog.services[1].name, "gone");
	assert_string_equal(fixture->catalog.services[1].ports, "");
}

static void test_catalog_fini_twice(void **state)
{
	struct fixture *fixture = *state;

	assign_all(fixture->db, fixture->slots);
	assert_int_equal(catalog_init(&fixture->catalog, fixture->db, fixture->slots), 0);
	catalog_fini(&fixture->catalog);
	catalog_fini(&fixture->catalog);
	assert_null(fixture->catalog.services);
	assert_int_equal(fixture->catalog.end, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_catalog_init_services, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_catalog_init_without_slots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_catalog_fini_twice, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
