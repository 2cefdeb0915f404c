// SPDX-License-Identifier: GPL-2.0-only

/* The port table: who owns a port, with which rank, weak or firm. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portdb_load.h"
#include "portdb.h"
#include "porttable.h"
#include "slots.h"

#ifndef SERVICES_CSV
#define SERVICES_CSV "data/services.csv"
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEADER "Service Name,Port Number,Transport Protocol\n"

struct fixture {
	struct portdb *db;
	struct slots *slots;
	struct porttable *table;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.db = portdb_new(NULL, NULL);
	fixture.slots = slots_new();
	fixture.table = malloc(sizeof(*fixture.table));
	*state = &fixture;
	if (!fixture.db || !fixture.slots || !fixture.table)
		return -1;
	/* Whatever was there before must not shine through. */
	memset(fixture.table, 0xa5, sizeof(*fixture.table));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->table);
	slots_free(fixture->slots);
	portdb_free(fixture->db);
	*fixture = (struct fixture){};
	return 0;
}

static void load(struct fixture *fixture, const char *rows)
{
	char *text = malloc(sizeof(HEADER) + strlen(rows));
	int err;

	assert_non_null(text);
	strcpy(text, HEADER);
	strcat(text, rows);
	err = portdb_load_buffer(fixture->db, "test", text, strlen(text));
	free(text);
	assert_int_equal(err, 0);
}

static void compile(struct fixture *fixture)
{
	assert_int_equal(porttable_compile(fixture->db, fixture->slots, fixture->table), 0);
}

static uint32_t value(const struct fixture *fixture, enum port_transport transport, uint16_t port)
{
	return fixture->table->values[PORT_TABLE_INDEX(transport, port)];
}

static const char *owner(const struct fixture *fixture, enum port_transport transport,
			 uint16_t port)
{
	const struct portdb_entry *entry =
		porttable_owner(fixture->table, fixture->db, transport, port);

	return entry ? entry->name : "-";
}

/* Every value says what the entry that owns its port says. */
static void assert_values_fit(const struct fixture *fixture)
{
	for (uint32_t i = 0; i < PORT_TABLE_ENTRIES; i++) {
		enum port_transport transport = (enum port_transport)(i >> 16);
		uint16_t port = (uint16_t)i;
		const struct portdb_entry *entry =
			porttable_owner(fixture->table, fixture->db, transport, port);
		uint32_t got = fixture->table->values[i];
		bool is_firm = entry && entry->first == entry->last && port < 1024;

		if (!entry && !got)
			continue;
		if (!entry || PORT_VALUE_SLOT(got) !=
				      slots_find(fixture->slots, entry->name, transport))
			fail_msg("transport %u port %u: wrong slot", transport, port);
		if (!PORT_VALUE_SLOT(got) || !PORT_VALUE_RANK(got))
			fail_msg("transport %u port %u: no slot or rank", transport, port);
		if (!(got & PORT_VALUE_WEAK) != (port < 32768) || !(got & PORT_VALUE_FIRM) == is_firm)
			fail_msg("transport %u port %u: value %#x", transport, port, got);
	}
}

static void test_porttable_compile_nothing(void **state)
{
	struct fixture *fixture = *state;

	compile(fixture);
	for (uint32_t i = 0; i < PORT_TABLE_ENTRIES; i++)
		if (fixture->table->values[i] || fixture->table->owners[i])
			fail_msg("index %u is not empty", i);
	assert_int_equal(slots_end(fixture->slots), PORT_SLOT_FIRST);
}

static void test_porttable_owner_precedence(void **state)
{
	static const struct {
		const char *desc;
		enum port_transport transport;
		uint16_t port;
		const char *name;
	} rows[] = {
		{ "last port", PORT_TCP, 65535, "all" },
		{ "other transport", PORT_UDP, 1, "-" },
		{ "port 0 belongs to nobody", PORT_TCP, 0, "-" },
		{ "narrower range, earlier line", PORT_TCP, 1000, "narrow" },
		{ "narrower range, last port", PORT_TCP, 1009, "narrow" },
		{ "exact inside the narrower", PORT_TCP, 1005, "exact" },
		{ "behind the narrower", PORT_TCP, 1010, "wide" },
		{ "equal width: earlier line", PORT_TCP, 2005, "left" },
		{ "same port: earlier line", PORT_TCP, 3000, "twin-a" },
		{ "same port, other transport", PORT_SCTP, 3000, "twin-b" },
		{ "later file, though wider", PORT_TCP, 4000, "later-wide" },
		{ "later file, narrower range within it", PORT_TCP, 4500, "later-exact" },
		{ "beside the later file", PORT_TCP, 5000, "earlier" },
	};
	struct fixture *fixture = *state;

	load(fixture, "all,1-65535,tcp\nnarrow,1000-1009,tcp\nwide,900-1100,tcp\nexact,1005,tcp\n"
		      "left,2000-2009,tcp\nright,2001-2010,tcp\ntwin-a,3000,tcp\ntwin-b,3000,tcp\n"
		      "twin-b,3000,sctp\nearlier,4000,tcp\nearlier,4500,tcp\nearlier,5000,tcp\n");
	load(fixture, "later-wide,4000-4999,tcp\nlater-exact,4500,tcp\n");
	compile(fixture);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = owner(fixture, rows[i].transport, rows[i].port);

		if (strcmp(name, rows[i].name) != 0)
			fail_msg("%s: %s", rows[i].desc, name);
	}
	assert_values_fit(fixture);
}

static void test_porttable_precedes_pairs(void **state)
{
	static const struct {
		const char *desc;
		struct portdb_entry a, b;
		bool precedes;
	} rows[] = {
#define AT(from, to, in_file, at_line) \
	{ .first = (from), .last = (to), .file = (in_file), .line = (at_line) }
		{ "later file", AT(1, 65535, 1, 9), AT(80, 80, 0, 1), true },
		{ "earlier file", AT(80, 80, 0, 1), AT(1, 65535, 1, 9), false },
		{ "narrower", AT(80, 81, 0, 9), AT(80, 82, 0, 1), true },
		{ "wider", AT(80, 82, 0, 1), AT(80, 81, 0, 9), false },
		{ "the widest", AT(1, 65534, 0, 9), AT(1, 65535, 0, 1), true },
		{ "earlier line", AT(80, 81, 0, 1), AT(81, 82, 0, 2), true },
		{ "later line", AT(81, 82, 0, 2), AT(80, 81, 0, 1), false },
		{ "itself", AT(80, 81, 0, 1), AT(80, 81, 0, 1), false },
#undef AT
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (porttable_precedes(&rows[i].a, &rows[i].b) != rows[i].precedes)
			fail_msg("%s", rows[i].desc);
}

/* Dense from the highest rank down, equal for entries of equal width and file. */
static void test_porttable_rank_steps(void **state)
{
	static const struct {
		const char *desc;
		enum port_transport transport;
		uint16_t port;
		uint32_t below_highest;
	} rows[] = {
		{ "exact, later file", PORT_TCP, 200, 0 },
		{ "exact, later file, other transport", PORT_UDP, 201, 0 },
		{ "exact", PORT_TCP, 100, 1 },
		{ "exact, weak", PORT_TCP, 40000, 1 },
		{ "two ports, later file", PORT_TCP, 210, 2 },
		{ "two ports", PORT_TCP, 110, 3 },
		{ "everything", PORT_TCP, 65535, 4 },
	};
	struct fixture *fixture = *state;

	load(fixture, "e,100,tcp\nweak,40000,tcp\nall,1-65535,tcp\n"
		      "p,110-111,tcp\n");
	load(fixture, "e,200,tcp\nu,201,udp\nr,210-211,tcp\n");
	compile(fixture);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t rank = PORT_VALUE_RANK(value(fixture, rows[i].transport, rows[i].port));

		if (rank != PORT_VALUE_RANK_MAX - rows[i].below_highest)
			fail_msg("%s: rank %u", rows[i].desc, rank);
	}
	assert_values_fit(fixture);
}

static void test_porttable_weak_and_firm_edges(void **state)
{
	static const struct {
		const char *desc;
		uint16_t port;
		uint32_t bits;
	} rows[] = {
		{ "exact, lowest", 1, PORT_VALUE_FIRM },
		{ "exact, last below 1024", 1023, PORT_VALUE_FIRM },
		{ "exact, 1024", 1024, 0 },
		{ "exact, last below 32768", 32767, 0 },
		{ "exact, 32768", 32768, PORT_VALUE_WEAK },
		{ "exact, highest", 65535, PORT_VALUE_WEAK },
		{ "range below 1024", 500, 0 },
		{ "range below 1024, its end", 501, 0 },
		{ "range across 32768, below", 32766, 0 },
		{ "range across 32768, above", 32769, PORT_VALUE_WEAK },
	};
	struct fixture *fixture = *state;

	load(fixture, "a,1,tcp\na,1023,tcp\na,1024,tcp\na,32767,tcp\na,32768,tcp\na,65535,tcp\n"
		      "b,500-501,tcp\nb,32766-32769,tcp\n");
	compile(fixture);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t bits = value(fixture, PORT_TCP, rows[i].port);

		bits &= PORT_VALUE_FIRM | PORT_VALUE_WEAK;
		if (bits != rows[i].bits)
			fail_msg("%s: %#x", rows[i].desc, bits);
	}
	assert_values_fit(fixture);
}

static void test_porttable_compile_without_room(void **state)
{
	const struct slot_record last = { .name = "last" };
	struct fixture *fixture = *state;

	assert_int_equal(slots_restore(fixture->slots, PORT_SLOT_END - 1, &last), 0);
	load(fixture, "last,1,tcp\nnew,2,tcp\n");
	assert_int_equal(porttable_compile(fixture->db, fixture->slots, fixture->table), -ENOSPC);
}

static void test_porttable_compile_keeps_slots(void **state)
{
	struct fixture *fixture = *state;
	uint32_t slot;

	assert_int_equal(slots_assign(fixture->slots, "b", PORT_TCP, &slot), 0);
	load(fixture, "a,1,tcp\nb,2,tcp\na,3,tcp\na,1,udp\n");
	compile(fixture);
	assert_int_equal(PORT_VALUE_SLOT(value(fixture, PORT_TCP, 2)), 1);
	assert_int_equal(PORT_VALUE_SLOT(value(fixture, PORT_TCP, 1)), 2);
	assert_int_equal(PORT_VALUE_SLOT(value(fixture, PORT_TCP, 3)), 2);
	assert_int_equal(PORT_VALUE_SLOT(value(fixture, PORT_UDP, 1)), 3);
}

/* The ports that name/transport keeps: "16388-16392 16403-16403". */
static void list_runs(const struct fixture *fixture, const char *name,
		      enum port_transport transport, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < portdb_count(fixture->db); i++) {
		const struct portdb_entry *entry = portdb_entry(fixture->db, i);
		uint32_t first = 0, last = 0;

		if (entry->transport != transport || strcmp(entry->name, name) != 0)
			continue;
		for (; porttable_next_run(fixture->table, transport, i, &first, &last);
		     first = last + 1)
			used += (size_t)snprintf(out + used, size - used, "%s%u-%u",
						 used ? " " : "", first, last);
	}
}

struct run_row {
	const char *name;
	enum port_transport transport;
	const char *runs;
};

static void assert_runs(const struct fixture *fixture, const struct run_row *rows, size_t count)
{
	char runs[256];

	for (size_t i = 0; i < count; i++) {
		list_runs(fixture, rows[i].name, rows[i].transport, runs, sizeof(runs));
		if (strcmp(runs, rows[i].runs) != 0)
			fail_msg("%s: '%s'", rows[i].name, runs);
	}
}

static void test_porttable_next_run_pieces(void **state)
{
	static const struct run_row rows[] = {
		{ "all", PORT_TCP, "1-9 11-19 30-65534" },
		{ "ten", PORT_TCP, "10-10" },
		{ "end", PORT_TCP, "65535-65535" },
		{ "range", PORT_TCP, "20-24 26-29" },
		{ "hidden", PORT_TCP, "" },
		{ "alone", PORT_SCTP, "65534-65535" },
		{ "absent", PORT_TCP, "" },
	};
	struct fixture *fixture = *state;

	load(fixture, "all,1-65535,tcp\nten,10,tcp\nend,65535,tcp\nrange,20-29,tcp\nover,25,tcp\n"
		      "hidden,25,tcp\nalone,65534-65535,sctp\n");
	compile(fixture);
	assert_runs(fixture, rows, COUNT(rows));
}

/* The built-in database overlaps itself; each range keeps what the rules leave to it. */
static void test_porttable_builtin_overlaps(void **state)
{
	static const struct run_row rows[] = {
		{ "facetime-rtp-16384", PORT_UDP, "16384-16387" },
		{ "messages-rtp", PORT_UDP, "16388-16392 16403-16403" },
		{ "facetime-rtp-16393", PORT_UDP, "16393-16402" },
		{ "gamecenter-rtp", PORT_UDP, "16404-16472" },
		{ "irdmi", PORT_TCP, "8000-8999" },
		{ "itunes-radio", PORT_TCP, "42000-42999" },
		{ "xsan", PORT_TCP, "49152-65535" },
		{ "nat-stun-port", PORT_UDP, "3478-3497" },
		{ "net-assistant", PORT_TCP, "3283-3283" },
		{ "classroom", PORT_TCP, "3284-3284 3285-3285" },
	};
	struct fixture *fixture = *state;

	assert_int_equal(portdb_load_file(fixture->db, SERVICES_CSV), 0);
	compile(fixture);
	assert_runs(fixture, rows, COUNT(rows));
	assert_string_equal(owner(fixture, PORT_TCP, 7999), "-");
	assert_string_equal(owner(fixture, PORT_TCP, 9000), "-");
	assert_values_fit(fixture);
}

static void test_porttable_user_file_over_builtin(void **state)
{
	static const struct run_row rows[] = {
		{ "proxy", PORT_TCP, "8080-8080" },
		{ "irdmi", PORT_TCP, "8000-8079 8081-8999" },
		{ "mine", PORT_TCP, "50000-50009" },
		{ "xsan", PORT_TCP, "49152-49999 50010-65535" },
		{ "calls", PORT_UDP, "16380-16410" },
		{ "facetime-rtp-16384", PORT_UDP, "" },
		{ "messages-rtp", PORT_UDP, "" },
		{ "gamecenter-rtp", PORT_UDP, "16411-16472" },
	};
	struct fixture *fixture = *state;

	assert_int_equal(portdb_load_file(fixture->db, SERVICES_CSV), 0);
	load(fixture, "proxy,8080,tcp\nmine,50000-50009,tcp\ncalls,16380-16410,udp\nhttps,443,tcp\n");
	compile(fixture);
	assert_runs(fixture, rows, COUNT(rows));
	assert_int_equal(porttable_owner(fixture->table, fixture->db, PORT_TCP, 443)->file, 1);
	assert_values_fit(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_porttable_compile_nothing),
		TEST(test_porttable_owner_precedence),
		TEST(test_porttable_precedes_pairs),
		TEST(test_porttable_rank_steps),
		TEST(test_porttable_weak_and_firm_edges),
		TEST(test_porttable_compile_without_room),
		TEST(test_porttable_compile_keeps_slots),
		TEST(test_porttable_next_run_pieces),
		TEST(test_porttable_builtin_overlaps),
		TEST(test_porttable_user_file_over_builtin),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
