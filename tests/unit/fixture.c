// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "portdb_load.h"
#include "porttable.h"

static void add_service(struct fixture *fixture, uint32_t slot,
			const struct fixture_service *service)
{
	struct slot_record record = { .transport = (uint8_t)service->transport };

	assert_true(strlen(service->name) < sizeof(record.name));
	memcpy(record.name, service->name, strlen(service->name));
	assert_int_equal(slots_restore(fixture->slots, slot, &record), 0);
	fixture->catalog.services[slot] = (struct catalog_service){
		.name = slots_record(fixture->slots, slot)->name,
		.transport = service->transport,
		.encryption = service->encryption,
		.reference = service->reference ? service->reference : "",
		.ports = strdup(service->ports ? service->ports : ""),
	};
}

void fixture_init(struct fixture *fixture, const struct fixture_service *services, size_t count,
		  size_t devices)
{
	static const char *const names[] = { "eth0", "eth1", "eth2", "eth3",
					     "eth4", "eth5", "eth6", "eth7" };

	assert_true(devices <= COUNT(names));
	*fixture = (struct fixture){ .slots = slots_new(), .catalog.end = (uint32_t)count + 1 };
	assert_non_null(fixture->slots);
	fixture->catalog.services = calloc(count + 1, sizeof(*fixture->catalog.services));
	assert_non_null(fixture->catalog.services);
	for (size_t i = 0; i < count; i++)
		add_service(fixture, (uint32_t)i + 1, &services[i]);
	assert_int_equal(measurement_init(&fixture->measurement, devices, fixture->catalog.end,
					  &fixture->catalog),
			 0);
	fixture->measurement.seconds = 1;
	for (size_t i = 0; i < devices; i++) {
		fixture->measurement.devices[i].name = names[i];
		fixture->measurement.devices[i].hook = "xdp";
		fixture->measurement.devices[i].mode = "native";
		fixture->measurement.devices[i].is_attached = true;
	}
}

void fixture_fini(struct fixture *fixture)
{
	measurement_fini(&fixture->measurement);
	catalog_fini(&fixture->catalog);
	slots_free(fixture->slots);
	portdb_free(fixture->db);
	free(fixture->table);
	*fixture = (struct fixture){};
}

void fixture_set(struct fixture *fixture, size_t device, uint32_t index,
		 struct port_counter interval, struct port_counter total)
{
	struct measured_device *measured = &fixture->measurement.devices[device];

	assert_true(device < fixture->measurement.count);
	assert_true(index < PORT_INDEX_END(measured->total.slots_end));
	measured->interval.cells[index] = interval;
	measured->total.cells[index] = total;
}

void fixture_set_handshakes(struct fixture *fixture, size_t device, uint32_t slot,
			    struct port_handshakes interval, struct port_handshakes total)
{
	struct measured_device *measured = &fixture->measurement.devices[device];

	assert_true(device < fixture->measurement.count);
	assert_true(slot < measured->total.slots_end);
	measured->interval.handshakes[slot] = interval;
	measured->total.handshakes[slot] = total;
}

void fixture_set_port(struct fixture *fixture, enum port_transport transport, uint16_t port,
		      uint8_t methods, struct port_counter interval, struct port_counter total)
{
	uint32_t index = PORT_TABLE_INDEX(transport, port);
	struct measured_ports *ports;

	assert_int_equal(measurement_add_ports(&fixture->measurement), 0);
	ports = fixture->measurement.ports;
	ports->interval.ports[index] = interval;
	ports->total.ports[index] = total;
	ports->total.methods[index] = methods;
}

/* xorshift64: any numbers do, as long as no two are equal. */
static uint64_t next_number(uint64_t *number)
{
	*number ^= *number << 13;
	*number ^= *number >> 7;
	*number ^= *number << 17;
	return *number;
}

static void fill_cells(struct fixture *fixture, size_t device, uint64_t *state)
{
	uint32_t end = PORT_INDEX_END(fixture->measurement.devices[device].total.slots_end);

	for (uint32_t index = 0; index < end; index++) {
		uint64_t number = next_number(state);
		struct port_counter interval = { number >> 40, number >> 24 };
		struct port_counter total = { interval.packets + (number >> 32),
					      interval.bytes + (number >> 16) };

		fixture_set(fixture, device, index, interval, total);
	}
}

static void fill_handshakes(struct fixture *fixture, size_t device, uint64_t *state)
{
	uint32_t end = fixture->measurement.devices[device].total.slots_end;

	for (uint32_t slot = 0; slot < end; slot++) {
		uint64_t number = next_number(state);
		struct port_handshakes interval = { number >> 48, number >> 47, number >> 46 };
		struct port_handshakes total = { interval.attempted + (number >> 40),
						 interval.accepted + (number >> 39),
						 interval.reset + (number >> 38) };

		fixture_set_handshakes(fixture, device, slot, interval, total);
	}
}

void fixture_fill(struct fixture *fixture)
{
	uint64_t state = 88172645463325252;

	for (size_t i = 0; i < fixture->measurement.count; i++) {
		fill_cells(fixture, i, &state);
		fill_handshakes(fixture, i, &state);
	}
}

static const struct fixture_service rich_services[] = {
	{ "https", PORT_TCP, PORTDB_TLS, "443", "[RFC9110]" },
	{ "domain", PORT_UDP, PORTDB_NONE, "53", "[RFC1034][RFC1035]" },
	{ "quote\"back\\slash", PORT_TCP, PORTDB_OPTIONAL, "7000-7010", "\"\\\n" },
	{ "line\nfeed", PORT_UDP, PORTDB_UNKNOWN, "", "" },
	{ "\xc3\xbc"
	  "bertragung-\xc4\x8d"
	  "e\xc5\xa1tina-\xe2\x82\xac",
	  PORT_TCP, PORTDB_STARTTLS, "25", "" },
	{ "other", PORT_TCP, PORTDB_NONE, "9999", "" },
	{ "\033[31mred\a\x7f", PORT_TCP, PORTDB_NATIVE, "22", "" },
	{ "bad\xff\x80utf8", PORT_SCTP, PORTDB_UNKNOWN, "5060,5061", "" },
	{ "c1\xc2\x9b"
	  "31m",
	  PORT_UDP, PORTDB_NONE, "31", "" },
	{ "never-seen", PORT_DCCP, PORTDB_NONE, "1", "" },
	{ "arp", PORT_TCP, PORTDB_NONE, "2", "" },
	{ "https", PORT_UDP, PORTDB_NATIVE, "443", "[RFC9114]" },
	{ "idle-now", PORT_TCP, PORTDB_TLS, "3", "" },
};

/* Of slot and direction: by the database, or by a method that is counted besides. */
#define BY_DATABASE(slot, direction) PORT_INDEX_SERVICE(slot, PORT_TO_##direction, true)
#define BY_OTHERS(slot, direction) PORT_INDEX_SERVICE(slot, PORT_TO_##direction, false)
#define METHOD(method) (PORT_INDEX_METHODS + PORT_##method)
#define UNCLASSIFIED(transport, method) PORT_INDEX_UNCLASSIFIED(PORT_##transport, PORT_##method)
#define BUCKET(bucket) (PORT_INDEX_BUCKETS + PORT_##bucket)

static const struct rich_count {
	size_t device;
	uint32_t index;
	struct port_counter interval, total;
} rich_counts[] = {
	{ 0, BY_DATABASE(1, SERVER), { 960, 86400 }, { BIT_32 - 40, 7 * BIT_32 - 3683 } },
	{ 0, BY_OTHERS(1, SERVER), { 40, 3600 }, { 41, 3690 } },
	{ 0, METHOD(HANDSHAKE), { 40, 0 }, { 41, 0 } },
	{ 0, BY_DATABASE(1, CLIENT), { 3000, 4410000 }, { BIT_53 / 8 + 1, BIT_53 + 1 } },
	{ 1, BY_DATABASE(1, CLIENT), { 50, 50000 }, { 60, 60000 } },
	{ 0, BY_DATABASE(2, SERVER), { 10, 800 }, { 10, 800 } },
	{ 1, BY_OTHERS(2, CLIENT), { 10, 2400 }, { 11, 2500 } }, /* no method has counted these */
	{ 0, BY_DATABASE(3, SERVER), { 7, 700 }, { 8, 800 } },
	{ 0, BY_DATABASE(4, SERVER), { 6, 600 }, { 7, 700 } },
	{ 0, BY_DATABASE(5, CLIENT), { 500, 500500 }, { 600, 600600 } },
	{ 0, BY_DATABASE(6, SERVER), { 5, 500 }, { 6, 600 } },
	{ 0, BY_DATABASE(7, SERVER), { 4, 400 }, { 5, 500 } },
	{ 0, BY_DATABASE(8, SERVER), { 3, 300 }, { 4, 400 } },
	{ 0, BY_DATABASE(9, SERVER), { 2, 200 }, { 3, 300 } },
	{ 0, BY_DATABASE(11, SERVER), { 1, 60 }, { 1, 60 } },
	{ 0, BY_DATABASE(12, SERVER), { 400, 40000 }, { 400, 40000 } },
	{ 0, BY_DATABASE(12, CLIENT), { 100, 135000 }, { 100, 135000 } },
	{ 0, BY_OTHERS(12, CLIENT), { 500, 675000 }, { 500, 675000 } },
	{ 0, METHOD(ENDPOINT), { 500, 0 }, { 500, 0 } },
	{ 0, BY_DATABASE(13, CLIENT), { 0, 0 }, { 12, 1200 } },
	{ 0, BUCKET(ARP), { 2, 120 }, { 20, 1200 } },
	{ 0, UNCLASSIFIED(TCP, GUESS), { 7, 700 }, { 8, 800 } },
	{ 0, UNCLASSIFIED(TCP, HANDSHAKE), { 2, 200 }, { 2, 200 } },
	{ 1, UNCLASSIFIED(UDP, GUESS), { 8, 800 }, { 9, 900 } },
	{ 1, BUCKET(ICMPV6), { 0, 0 }, { 1, 86 } },
	{ 0, PORT_INDEX_SUSPICIOUS, { 4, 240 }, { BIT_32 + 5, 300 } },
};

static const struct rich_connections {
	size_t device;
	uint32_t slot;
	struct port_handshakes interval, total;
} rich_connections[] = {
	{ 0, 0, { 5, 0, 4 }, { 6, 0, 5 } },
	{ 0, 1, { 12, 10, 1 }, { BIT_32 + 5, BIT_32, 77 } },
	{ 1, 1, { 1, 0, 0 }, { 2, 1, 0 } },
	{ 0, 6, { 1, 1, 0 }, { 2, 1, 0 } },
	{ 0, 7, { 3000, 0, 2999 }, { 3001, 0, 3000 } },
	{ 0, 8, { 2, 1, 1 }, { BIT_53 + 1, 1, 1 } },
};

static void init_rich(struct fixture *fixture, size_t devices)
{
	fixture_init(fixture, rich_services, COUNT(rich_services), devices);
	fixture->measurement.devices[1].name = "w\033]0;x\a\"\\";
	fixture->measurement.devices[1].mode = "generic";
	for (size_t i = 0; i < COUNT(rich_counts); i++)
		fixture_set(fixture, rich_counts[i].device, rich_counts[i].index,
			    rich_counts[i].interval, rich_counts[i].total);
	for (size_t i = 0; i < COUNT(rich_connections); i++)
		fixture_set_handshakes(fixture, rich_connections[i].device,
				       rich_connections[i].slot, rich_connections[i].interval,
				       rich_connections[i].total);
}

void fixture_init_rich(struct fixture *fixture)
{
	init_rich(fixture, 3);
}

/* Of the first, 30 frames were missed; of the last, one more was counted than the interface has. */
static const struct {
	bool is_egress, is_attached, has_interface;
	const char *hook, *mode;
	uint64_t base_frames, interface_packets, stalls;
} watched[] = {
	{ false, true, true, "xdp", "native", BIT_53 / 8, BIT_32 + 1718, 0 },
	{ false, false, false, "tc", "tcx", 0, 0, 3 },
	{ false, true, true, "xdp", "native", 0, 0, 0 },
	{ true, true, true, "tc", "tcx", 2, 100, 0 },
	{ true, true, true, "tc", "tcx", 0, 2, 0 },
};

static const struct rich_count egress_counts[] = {
	{ 3, BY_DATABASE(1, SERVER), { 20, 30000 }, { 70, 105000 } },
	{ 3, BY_OTHERS(1, CLIENT), { 9, 540 }, { 12, 720 } },
	{ 3, METHOD(TIE), { 9, 0 }, { 11, 0 } }, /* a frame is counted whose method is not yet */
	{ 3, BY_DATABASE(3, SERVER), { 5, 300 }, { 5, 300 } },
	{ 3, BY_DATABASE(6, CLIENT), { 4, 240 }, { 4, 240 } },
	{ 3, UNCLASSIFIED(UDP, GUESS), { 1, 80 }, { 2, 160 } },
	{ 3, BUCKET(ARP), { 0, 0 }, { 9, 378 } },
	{ 3, PORT_INDEX_SUSPICIOUS, { 1, 60 }, { 7, 420 } },
	{ 4, BY_DATABASE(13, SERVER), { 3, 180 }, { 3, 180 } },
};

void fixture_init_egress(struct fixture *fixture)
{
	const struct port_handshakes connections = { 2, 1, 1 };

	init_rich(fixture, COUNT(watched));
	for (size_t i = 0; i < COUNT(watched); i++) {
		struct measured_device *device = &fixture->measurement.devices[i];

		device->is_egress = watched[i].is_egress;
		device->is_attached = watched[i].is_attached;
		device->hook = watched[i].hook;
		device->mode = watched[i].mode;
		device->base_frames = watched[i].base_frames;
		device->has_interface = watched[i].has_interface;
		device->interface_packets = watched[i].interface_packets;
		device->interface_bytes = watched[i].interface_packets * 100;
		device->stalls = watched[i].stalls;
	}
	fixture->measurement.devices[3].name = fixture->measurement.devices[1].name;
	for (size_t i = 0; i < COUNT(egress_counts); i++)
		fixture_set(fixture, egress_counts[i].device, egress_counts[i].index,
			    egress_counts[i].interval, egress_counts[i].total);
	fixture_set_handshakes(fixture, 3, 1, connections, connections);
}

void fixture_set_database(struct fixture *fixture, const char *database)
{
	struct slots *slots = slots_new();

	fixture->db = portdb_new(NULL, NULL);
	fixture->table = malloc(sizeof(*fixture->table));
	assert_true(fixture->db && fixture->table && slots);
	assert_int_equal(portdb_load_buffer(fixture->db, "test", database, strlen(database)), 0);
	assert_int_equal(porttable_compile(fixture->db, slots, fixture->table), 0);
	slots_free(slots);
	fixture->measurement.ports->db = fixture->db;
	fixture->measurement.ports->table = fixture->table;
}

void fixture_init_ports(struct fixture *fixture)
{
	static const char database[] = "Service Name,Port Number,Transport Protocol\n"
				       "italk,12345,udp\n"
				       "a-name-of-forty-eight-letters-which-is-the-most-,7,tcp\n";
	const uint8_t seen = 1 << PORT_HANDSHAKE | 1 << PORT_ENDPOINT | 1 << PORT_GUESS;

	fixture_init_rich(fixture);
	fixture_set_port(fixture, PORT_TCP, 12345, seen, (struct port_counter){ 5, 500 },
			 (struct port_counter){ 6, 600 });
	fixture_set_port(fixture, PORT_TCP, 65535, 1 << PORT_GUESS, (struct port_counter){ 4, 400 },
			 (struct port_counter){ 4, 400 });
	fixture_set_port(fixture, PORT_UDP, 7, 31, (struct port_counter){ 6, 600 },
			 (struct port_counter){ 6, 600 });
	fixture_set_port(fixture, PORT_UDP, 0, 0, (struct port_counter){ 1, 100 },
			 (struct port_counter){ 2, 200 });
	fixture_set_database(fixture, database);
}
