// SPDX-License-Identifier: GPL-2.0-only

/* Slots: given out once, kept for ever, taken over from the pinned state. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slots.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X10 "xxxxxxxxxx"
#define X48 X10 X10 X10 X10 "xxxxxxxx"
#define SERVICES 65000

static int set_up(void **state)
{
	*state = slots_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	slots_free(*state);
	return 0;
}

static void test_slots_free_null(void **state)
{
	(void)state;
	slots_free(NULL);
}

static void test_slots_new_is_empty(void **state)
{
	struct slots *slots = *state;

	assert_int_equal(slots_end(slots), PORT_SLOT_FIRST);
	assert_int_equal(slots_find(slots, "http", PORT_TCP), 0);
}

static void test_slots_assign_in_order(void **state)
{
	static const struct {
		const char *desc;
		const char *name;
		enum port_transport transport;
		int err;
		uint32_t slot;
	} rows[] = {
		{ "the first", "http", PORT_TCP, 0, 1 },
		{ "the second", "domain", PORT_UDP, 0, 2 },
		{ "the same again", "http", PORT_TCP, 0, 1 },
		{ "the same name, another transport", "domain", PORT_TCP, 0, 3 },
		{ "another transport", "domain", PORT_SCTP, 0, 4 },
		{ "another transport", "domain", PORT_DCCP, 0, 5 },
		{ "the longest name", X48, PORT_TCP, 0, 6 },
		{ "a name too long", X48 "x", PORT_TCP, -EINVAL, 0 },
		{ "no name", "", PORT_TCP, -EINVAL, 0 },
		{ "the beginning of another name", "htt", PORT_TCP, 0, 7 },
		{ "the longest name again", X48, PORT_TCP, 0, 6 },
		{ "space and parentheses", "smtp (legacy)", PORT_TCP, 0, 8 },
	};
	struct slots *slots = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t slot = 0;
		int err = slots_assign(slots, rows[i].name, rows[i].transport, &slot);

		if (err != rows[i].err || slot != rows[i].slot)
			fail_msg("%s: err %d, slot %u", rows[i].desc, err, slot);
		slot = slots_find(slots, rows[i].name, rows[i].transport);
		if (slot != rows[i].slot)
			fail_msg("%s: found %u", rows[i].desc, slot);
	}
	assert_int_equal(slots_end(slots), 9);
}

static void test_slots_record_holds_service(void **state)
{
	struct slots *slots = *state;
	struct slot_record *record;
	uint32_t slot;

	assert_int_equal(slots_assign(slots, "domain", PORT_UDP, &slot), 0);
	record = slots_record(slots, slot);
	assert_string_equal(record->name, "domain");
	assert_int_equal(record->transport, PORT_UDP);
	assert_int_equal(record->series, SLOT_SERIES_UNDECIDED);
	record->series = SLOT_SERIES_OWN;
	assert_int_equal(slots_assign(slots, "domain", PORT_UDP, &slot), 0);
	assert_int_equal(slots_record(slots, slot)->series, SLOT_SERIES_OWN);
}

static struct slot_record make_record(const char *name, size_t len, uint8_t transport,
				      uint8_t series)
{
	struct slot_record record = { .transport = transport, .series = series };

	memcpy(record.name, name, len);
	return record;
}

static void test_slots_restore_records(void **state)
{
	static const struct {
		const char *desc;
		uint32_t slot;
		const char *name;
		uint8_t transport, series;
		int err;
	} rows[] = {
		{ "first slot", 1, "http", PORT_TCP, SLOT_SERIES_OWN, 0 },
		{ "with a gap before it", 5, "domain", PORT_DCCP, SLOT_SERIES_OTHER, 0 },
		{ "longest name", 6, X48, PORT_TCP, SLOT_SERIES_UNDECIDED, 0 },
		{ "slot 0", 0, "ntp", PORT_UDP, 0, -EINVAL },
		{ "slot past the last", 65001, "ntp", PORT_UDP, 0, -EINVAL },
		{ "slot far past the last", UINT32_MAX, "ntp", PORT_UDP, 0, -EINVAL },
		{ "no name", 7, "", PORT_UDP, 0, -EINVAL },
		{ "name that nobody could ask for", 7, X48 "x", PORT_UDP, 0, -EINVAL },
		{ "name without an end", 7, X48 "xxxx", PORT_UDP, 0, -EINVAL },
		{ "unknown transport", 7, "ntp", PORT_TRANSPORTS, 0, -EINVAL },
		{ "unknown series", 7, "ntp", PORT_UDP, SLOT_SERIES_OTHER + 1, -EINVAL },
		{ "slot taken", 5, "ntp", PORT_UDP, 0, -EEXIST },
		{ "service has a slot", 7, "http", PORT_TCP, 0, -EEXIST },
		{ "the slot refused before", 7, "ntp", PORT_UDP, 0, 0 },
	};
	struct slots *slots = *state;
	uint32_t slot;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slot_record record = make_record(rows[i].name, strlen(rows[i].name),
							rows[i].transport, rows[i].series);
		int err = slots_restore(slots, rows[i].slot, &record);

		if (err != rows[i].err)
			fail_msg("%s: err %d", rows[i].desc, err);
		if (err)
			continue;
		slot = slots_find(slots, rows[i].name, rows[i].transport);
		if (slot != rows[i].slot ||
		    memcmp(slots_record(slots, slot), &record, sizeof(record)) != 0)
			fail_msg("%s: slot %u, or another record", rows[i].desc, slot);
	}
	assert_int_equal(slots_find(slots, "http", PORT_TCP), 1);
	assert_int_equal(slots_end(slots), 8);
}

static void test_slots_assign_after_restore(void **state)
{
	const struct slot_record record = make_record("imap", 4, PORT_TCP, 0);
	struct slots *slots = *state;
	uint32_t slot;

	assert_int_equal(slots_restore(slots, 9, &record), 0);
	assert_string_equal(slots_record(slots, 8)->name, "");
	/* The gap may belong to a service whose record was lost; its counters go on existing. */
	assert_int_equal(slots_assign(slots, "pop3", PORT_TCP, &slot), 0);
	assert_int_equal(slot, 10);
	assert_int_equal(slots_assign(slots, "imap", PORT_TCP, &slot), 0);
	assert_int_equal(slot, 9);
}

static void test_slots_assign_until_full(void **state)
{
	struct slots *slots = *state;
	char name[16];
	uint32_t slot;

	for (uint32_t i = 1; i <= SERVICES; i++) {
		snprintf(name, sizeof(name), "service-%u", i);
		if (slots_assign(slots, name, PORT_TCP, &slot) || slot != i)
			fail_msg("%s got slot %u", name, slot);
	}
	assert_int_equal(slots_assign(slots, "one-more", PORT_TCP, &slot), -ENOSPC);
	assert_int_equal(slots_assign(slots, "service-1", PORT_UDP, &slot), -ENOSPC);
	assert_int_equal(slots_find(slots, "one-more", PORT_TCP), 0);
	assert_int_equal(slots_assign(slots, "service-65000", PORT_TCP, &slot), 0);
	assert_int_equal(slot, SERVICES);
	assert_int_equal(slots_end(slots), SERVICES + 1);
}

static void test_slots_copy_is_apart(void **state)
{
	const struct slot_record record = make_record("imap", 4, PORT_TCP, SLOT_SERIES_OTHER);
	struct slots *slots = *state, *copy;
	uint32_t slot;

	assert_int_equal(slots_assign(slots, "pop3", PORT_TCP, &slot), 0);
	assert_int_equal(slots_restore(slots, 9, &record), 0);
	copy = slots_copy(slots);
	assert_non_null(copy);
	assert_int_equal(slots_end(copy), 10);
	assert_int_equal(slots_find(copy, "pop3", PORT_TCP), slot);
	assert_int_equal(slots_find(copy, "imap", PORT_TCP), 9);
	assert_memory_equal(slots_record(copy, 9), &record, sizeof(record));
	assert_string_equal(slots_record(copy, 5)->name, "");
	assert_int_equal(slots_assign(copy, "new", PORT_TCP, &slot), 0);
	assert_int_equal(slot, 10);
	assert_int_equal(slots_end(slots), 10);
	assert_int_equal(slots_find(slots, "new", PORT_TCP), 0);
	slots_free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_free_null),
		cmocka_unit_test_setup_teardown(test_slots_new_is_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_assign_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_record_holds_service, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_restore_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_assign_after_restore, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_assign_until_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_copy_is_apart, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
