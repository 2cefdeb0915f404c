// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

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
	}
}

void fixture_fini(struct fixture *fixture)
{
	measurement_fini(&fixture->measurement);
	catalog_fini(&fixture->catalog);
	slots_free(fixture->slots);
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

void fixture_fill(struct fixture *fixture)
{
	uint64_t number = 88172645463325252;

	for (size_t i = 0; i < fixture->measurement.count; i++) {
		uint32_t end = PORT_INDEX_END(fixture->measurement.devices[i].total.slots_end);

		for (uint32_t index = 0; index < end; index++) {
			struct port_counter interval, total;

			/* xorshift64: any numbers do, as long as no two are equal. */
			number ^= number << 13;
			number ^= number >> 7;
			number ^= number << 17;
			interval.packets = number >> 40;
			interval.bytes = number >> 24;
			total.packets = interval.packets + (number >> 32);
			total.bytes = interval.bytes + (number >> 16);
			fixture_set(fixture, i, index, interval, total);
		}
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

static const struct rich_count {
	size_t device;
	uint32_t index;
	struct port_counter interval, total;
} rich_counts[] = {
	{ 0,
	  PORT_INDEX_SERVICE(1, PORT_TO_SERVER),
	  { 1000, 90000 },
	  { BIT_32 + 1, 7 * BIT_32 + 7 } },
	{ 0,
	  PORT_INDEX_SERVICE(1, PORT_TO_CLIENT),
	  { 3000, 4410000 },
	  { BIT_53 / 8 + 1, BIT_53 + 1 } },
	{ 1, PORT_INDEX_SERVICE(1, PORT_TO_CLIENT), { 50, 50000 }, { 60, 60000 } },
	{ 0, PORT_INDEX_SERVICE(2, PORT_TO_SERVER), { 10, 800 }, { 10, 800 } },
	{ 1, PORT_INDEX_SERVICE(2, PORT_TO_CLIENT), { 10, 2400 }, { 11, 2500 } },
	{ 0, PORT_INDEX_SERVICE(3, PORT_TO_SERVER), { 7, 700 }, { 8, 800 } },
	{ 0, PORT_INDEX_SERVICE(4, PORT_TO_SERVER), { 6, 600 }, { 7, 700 } },
	{ 0, PORT_INDEX_SERVICE(5, PORT_TO_CLIENT), { 500, 500500 }, { 600, 600600 } },
	{ 0, PORT_INDEX_SERVICE(6, PORT_TO_SERVER), { 5, 500 }, { 6, 600 } },
	{ 0, PORT_INDEX_SERVICE(7, PORT_TO_SERVER), { 4, 400 }, { 5, 500 } },
	{ 0, PORT_INDEX_SERVICE(8, PORT_TO_SERVER), { 3, 300 }, { 4, 400 } },
	{ 0, PORT_INDEX_SERVICE(9, PORT_TO_SERVER), { 2, 200 }, { 3, 300 } },
	{ 0, PORT_INDEX_SERVICE(11, PORT_TO_SERVER), { 1, 60 }, { 1, 60 } },
	{ 0, PORT_INDEX_SERVICE(12, PORT_TO_SERVER), { 400, 40000 }, { 400, 40000 } },
	{ 0, PORT_INDEX_SERVICE(12, PORT_TO_CLIENT), { 600, 810000 }, { 600, 810000 } },
	{ 0, PORT_INDEX_SERVICE(13, PORT_TO_CLIENT), { 0, 0 }, { 12, 1200 } },
	{ 0, PORT_INDEX_BUCKETS + PORT_ARP, { 2, 120 }, { 20, 1200 } },
	{ 0, PORT_INDEX_BUCKETS + PORT_UNCLASSIFIED_TCP, { 9, 900 }, { 10, 1000 } },
	{ 1, PORT_INDEX_BUCKETS + PORT_UNCLASSIFIED_UDP, { 8, 800 }, { 9, 900 } },
	{ 1, PORT_INDEX_BUCKETS + PORT_ICMPV6, { 0, 0 }, { 1, 86 } },
	{ 0, PORT_INDEX_METHODS + PORT_HANDSHAKE, { 40, 0 }, { 41, 0 } },
	{ 0, PORT_INDEX_METHODS + PORT_DATABASE, { 5507, 0 }, { BIT_53 / 8 + BIT_32 + 1627, 0 } },
	{ 1, PORT_INDEX_METHODS + PORT_GUESS, { 8, 0 }, { 9, 0 } },
};

void fixture_init_rich(struct fixture *fixture)
{
	fixture_init(fixture, rich_services, COUNT(rich_services), 3);
	fixture->measurement.devices[1].name = "w\033]0;x\a\"\\";
	fixture->measurement.devices[1].mode = "generic";
	for (size_t i = 0; i < COUNT(rich_counts); i++)
		fixture_set(fixture, rich_counts[i].device, rich_counts[i].index,
			    rich_counts[i].interval, rich_counts[i].total);
}
