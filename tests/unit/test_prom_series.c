// SPDX-License-Identifier: GPL-2.0-only

/* Which services have series of their own, and the sum of the others. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fixture.h"
#include "prom.h"
#include "prom_reader.h"

#define SERVICES 4

static const struct fixture_service four[SERVICES] = {
	{ "a", PORT_TCP, PORTDB_NONE, "1", "" },
	{ "b", PORT_TCP, PORTDB_NONE, "2", "" },
	{ "c", PORT_UDP, PORTDB_NONE, "3", "" },
	{ "d", PORT_UDP, PORTDB_NONE, "4", "" },
};

static void decide(struct fixture *fixture, uint32_t max_series)
{
	struct prom_series series = { .measurement = &fixture->measurement,
				      .max_series = max_series };

	prom_decide_series(&series, fixture->slots);
}

/* "o" own, "x" other, "." undecided, for each slot. */
static const char *decisions(struct fixture *fixture)
{
	static char text[16];
	uint32_t end = slots_end(fixture->slots);

	assert_true(end <= sizeof(text));
	memset(text, 0, sizeof(text));
	for (uint32_t slot = 1; slot < end; slot++)
		text[slot - 1] = ".ox"[slots_record(fixture->slots, slot)->series];
	return text;
}

static void count(struct fixture *fixture, const char *slots)
{
	const struct port_counter counter = { 1, 60 };

	for (; *slots; slots++)
		fixture_set(fixture, (size_t)(*slots % 2),
			    PORT_INDEX_SERVICE(*slots - '0', PORT_TO_CLIENT, *slots % 2), counter,
			    counter);
}

/* First those that have counted by then, in the order of slots; then what counts later. */
static void test_prom_decide_series_first_come(void **state)
{
	static const struct {
		const char *desc;
		uint32_t max_series;
		const char *counted[3], *decided[3];
	} rows[] = {
		{ "all fit, counted or not", 4, { "", "", "" }, { "oooo", "oooo", "oooo" } },
		{ "one too many: only what has counted",
		  3,
		  { "", "4", "123" },
		  { "....", "...o", "ooxo" } },
		{ "the first to count", 2, { "3", "2", "14" }, { "..o.", ".oo.", "xoox" } },
		{ "at once, by slot", 2, { "4321", "", "" }, { "ooxx", "ooxx", "ooxx" } },
		{ "one series", 1, { "2", "1", "34" }, { ".o..", "xo..", "xoxx" } },
		{ "none at all", 0, { "1", "", "234" }, { "x...", "x...", "xxxx" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture fixture;

		fixture_init(&fixture, four, SERVICES, 2);
		for (size_t k = 0; k < 3; k++) {
			count(&fixture, rows[i].counted[k]);
			decide(&fixture, rows[i].max_series);
			if (strcmp(decisions(&fixture), rows[i].decided[k]))
				fail_msg("%s, step %zu: %s", rows[i].desc, k, decisions(&fixture));
		}
		fixture_fini(&fixture);
	}
}

/* A connection counts, too: it may be read before the frame that it came with. */
static void test_prom_decide_series_by_connections(void **state)
{
	static const struct port_handshakes rows[] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture fixture;

		fixture_init(&fixture, four, SERVICES, 2);
		fixture_set_handshakes(&fixture, 1, 0, rows[i], rows[i]);
		decide(&fixture, 2);
		assert_string_equal(decisions(&fixture), "....");
		fixture_set_handshakes(&fixture, 1, 2, rows[i], rows[i]);
		decide(&fixture, 2);
		assert_string_equal(decisions(&fixture), ".o..");
		fixture_fini(&fixture);
	}
}

/* What is transmitted counts, but for connections, which are told of received frames only. */
static void test_prom_decide_series_by_transmitted(void **state)
{
	const struct port_handshakes connections = { 1, 1, 1 };
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, four, SERVICES, 2);
	fixture.measurement.devices[1].is_egress = true;
	fixture_set_handshakes(&fixture, 1, 1, connections, connections);
	decide(&fixture, 2);
	assert_string_equal(decisions(&fixture), "....");
	count(&fixture, "3");
	decide(&fixture, 2);
	assert_string_equal(decisions(&fixture), "..o.");
	fixture_fini(&fixture);
}

/* A decision holds for the life of the pinned state, whatever the limit is later. */
static void test_prom_decide_series_kept(void **state)
{
	static const uint32_t limits[] = { 0, 1, 2, 3, 4, 512, 65001 };
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, four, SERVICES, 2);
	count(&fixture, "124");
	decide(&fixture, 2);
	assert_string_equal(decisions(&fixture), "oo.x");
	for (size_t i = 0; i < COUNT(limits); i++) {
		slots_record(fixture.slots, 3)->series = SLOT_SERIES_UNDECIDED;
		decide(&fixture, limits[i]);
		assert_memory_equal(decisions(&fixture), "oo", 2);
		assert_int_equal(decisions(&fixture)[3], 'x');
	}
	fixture_fini(&fixture);
}

/* Its series would be those of the sum. */
static void test_prom_decide_series_service_called_other(void **state)
{
	static const struct fixture_service services[] = {
		{ "other", PORT_TCP, PORTDB_NONE, "1", "" },
		{ "other", PORT_UDP, PORTDB_NONE, "1", "" },
		{ "others", PORT_TCP, PORTDB_NONE, "2", "" },
	};
	struct fixture_text text;
	struct prom_text prom;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, services, COUNT(services), 1);
	count(&fixture, "");
	decide(&fixture, 512);
	assert_string_equal(decisions(&fixture), "xxo");
	assert_int_equal(prom_write(fixture_text_open(&text), &fixture.measurement, fixture.slots,
				    &(struct prom_self){ .libbpf = "", .kernel = "" }),
			 0);
	if (!prom_read(&prom, fixture_text_close(&text)))
		fail_msg("line %s", prom.error);
	prom_free(&prom);
	fixture_text_free(&text);
	fixture_fini(&fixture);
}

/* A slot that no service has gets no decision and no series. */
static void test_prom_decide_series_unused_slot(void **state)
{
	const struct slot_record last = { .name = "last" };
	struct fixture_text text;
	struct prom_text prom;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, four, SERVICES, 1);
	assert_int_equal(slots_restore(fixture.slots, SERVICES + 3, &last), 0);
	decide(&fixture, 512);
	assert_string_equal(decisions(&fixture), "oooo..o");
	assert_int_equal(prom_write(fixture_text_open(&text), &fixture.measurement, fixture.slots,
				    &(struct prom_self){ .libbpf = "", .kernel = "" }),
			 0);
	if (!prom_read(&prom, fixture_text_close(&text)))
		fail_msg("line %s", prom.error);
	assert_null(strstr(text.text, "service=\"\""));
	assert_null(strstr(text.text, "service=\"other\""));
	prom_free(&prom);
	fixture_text_free(&text);
	fixture_fini(&fixture);
}

static uint64_t sum(const struct prom_text *prom, const char *family)
{
	uint64_t total = 0;

	for (size_t i = 0; i < prom->count; i++)
		if (!strcmp(prom->samples[i].family, family))
			total += prom->samples[i].count;
	return total;
}

static size_t series_of(const struct prom_text *prom, const char *family)
{
	size_t series = 0;

	for (size_t i = 0; i < prom->count; i++)
		series += !strcmp(prom->samples[i].family, family);
	return series;
}

/* With a series of its own or in the sum of the others: each is there once. */
static void assert_connections(const struct prom_text *prom, const struct measurement *measurement)
{
	struct port_handshakes expected = {};

	for (size_t i = 0; i < measurement->count; i++) {
		const struct snapshot *total = &measurement->devices[i].total;

		for (uint32_t slot = 1; slot < total->slots_end; slot++) {
			if (measurement->catalog->services[slot].transport == PORT_UDP)
				continue;
			expected.attempted += total->handshakes[slot].attempted;
			expected.accepted += total->handshakes[slot].accepted;
			expected.reset += total->handshakes[slot].reset;
		}
	}
	assert_true(expected.attempted > 0);
	assert_int_equal(sum(prom, "portacct_service_connections_attempted_total"),
			 expected.attempted);
	assert_int_equal(sum(prom, "portacct_service_connections_accepted_total"),
			 expected.accepted);
	assert_int_equal(sum(prom, "portacct_service_connections_reset_total"), expected.reset);
}

/* Services and buckets together are the device's frames, whatever the limit. */
static void test_prom_write_closed_account(void **state)
{
	static const char *const quantities[] = { "packets", "bytes" };

	(void)state;
	for (uint32_t max_series = 0; max_series <= 14; max_series++) {
		struct fixture_text text;
		struct prom_text prom;
		struct fixture fixture;

		fixture_init_rich(&fixture);
		fixture_fill(&fixture);
		decide(&fixture, max_series);
		assert_int_equal(
			prom_write(fixture_text_open(&text), &fixture.measurement, fixture.slots,
				   &(struct prom_self){
					   .libbpf = "", .kernel = "", .max_series = max_series }),
			0);
		if (!prom_read(&prom, fixture_text_close(&text)))
			fail_msg("line %s", prom.error);
		for (size_t i = 0; i < COUNT(quantities); i++) {
			char services[64], buckets[64], devices[64];

			snprintf(services, sizeof(services), "portacct_service_receive_%s_total",
				 quantities[i]);
			snprintf(buckets, sizeof(buckets), "portacct_bucket_receive_%s_total",
				 quantities[i]);
			snprintf(devices, sizeof(devices), "portacct_device_receive_%s_total",
				 quantities[i]);
			assert_true(sum(&prom, devices) > 0);
			assert_int_equal(sum(&prom, services) + sum(&prom, buckets),
					 sum(&prom, devices));
			/* 12 of the 13 may have their own: one is called "other". */
			assert_int_equal(series_of(&prom, services),
					 3 * (2 * (max_series < 12 ? max_series : 12) +
					      PORT_TRANSPORTS * 2));
		}
		assert_connections(&prom, &fixture.measurement);
		assert_int_equal(prom_find(&prom, "portacct_services_over_limit", NULL)->number,
				 max_series < 13 ? 13 - max_series : 0);
		prom_free(&prom);
		fixture_text_free(&text);
		fixture_fini(&fixture);
	}
}

/* No series goes back or away from one writing to the next, while services begin to count. */
static void test_prom_write_no_series_decreases(void **state)
{
	struct prom_text before = {}, now;
	struct fixture_text texts[2] = {};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, four, SERVICES, 2);
	for (unsigned int step = 0; step < 8; step++) {
		struct fixture_text *text = &texts[step % 2];

		for (unsigned int slot = 1; slot <= SERVICES && step; slot++)
			if ((step * 5 + slot * 3) % 4 == 0)
				fixture_set(&fixture, step % 2,
					    PORT_INDEX_SERVICE(slot, step / 4, step % 2),
					    (struct port_counter){},
					    (struct port_counter){ step, step * 100 });
		fixture_set_handshakes(&fixture, step % 2, 1 + step % SERVICES,
				       (struct port_handshakes){},
				       (struct port_handshakes){ step, step, step / 2 });
		decide(&fixture, 2);
		assert_int_equal(prom_write(fixture_text_open(text), &fixture.measurement,
					    fixture.slots,
					    &(struct prom_self){ .libbpf = "", .kernel = "" }),
				 0);
		if (!prom_read(&now, fixture_text_close(text)))
			fail_msg("line %s", now.error);
		for (size_t i = 0; i < before.count; i++) {
			bool found = false;

			for (size_t k = 0; k < now.count && !found; k++)
				found = before.samples[i].series_len == now.samples[k].series_len &&
					!memcmp(before.samples[i].series, now.samples[k].series,
						now.samples[k].series_len) &&
					before.samples[i].count <= now.samples[k].count;
			if (!found)
				fail_msg("step %u: %.*s", step, (int)before.samples[i].series_len,
					 before.samples[i].series);
		}
		prom_free(&before);
		before = now;
		fixture_text_free(&texts[(step + 1) % 2]);
	}
	assert_string_not_equal(decisions(&fixture), "....");
	prom_free(&before);
	fixture_text_free(&texts[1]);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prom_decide_series_first_come),
		cmocka_unit_test(test_prom_decide_series_by_connections),
		cmocka_unit_test(test_prom_decide_series_by_transmitted),
		cmocka_unit_test(test_prom_decide_series_kept),
		cmocka_unit_test(test_prom_decide_series_service_called_other),
		cmocka_unit_test(test_prom_decide_series_unused_slot),
		cmocka_unit_test(test_prom_write_closed_account),
		cmocka_unit_test(test_prom_write_no_series_decreases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
