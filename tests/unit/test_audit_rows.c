// SPDX-License-Identifier: GPL-2.0-only

/* Disagreements, flow by flow, to the rows that tell the most. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "audit_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FLOWS 10
#define DIFFERENCES_MAX 8
#define ROWS_MAX 3

/* Ports 8000 to 8009 are one service, 9000 another; the rest have none. */
static uint32_t values[PORT_TABLE_ENTRIES];

static int fill_values(void **state)
{
	(void)state;
	for (uint16_t port = 8000; port < 8010; port++)
		values[PORT_TABLE_INDEX(PORT_TCP, port)] = PORT_VALUE_FIRM | 7;
	values[PORT_TABLE_INDEX(PORT_TCP, 9000)] = 1U << PORT_VALUE_RANK_SHIFT | 8;
	return 0;
}

#define OF(transport, counted, tracked, flow, frames)                                              \
	{                                                                                          \
		PORT_##transport, counted, tracked, flow, frames, 0                                \
	}

static const struct row {
	const char *desc;
	struct audit_difference differences[DIFFERENCES_MAX]; /* 0 frames end the list */
	struct audit_row wanted[ROWS_MAX];
} rows[] = {
	{ "none", {}, {} },
	{ "one",
	  { OF(TCP, 1000, 2000, 3, 5) },
	  { { PORT_TCP, { 1000, 1, 0 }, { 2000, 1, 0 }, 5, 1 } } },
	{ "both directions of a flow",
	  { OF(TCP, 1000, 2000, 3, 5), OF(TCP, 1000, 2000, 3, 6) },
	  { { PORT_TCP, { 1000, 1, 0 }, { 2000, 1, 0 }, 11, 1 } } },
	{ "two flows",
	  { OF(TCP, 1000, 2000, 3, 5), OF(TCP, 1000, 2000, 4, 6) },
	  { { PORT_TCP, { 1000, 1, 0 }, { 2000, 1, 0 }, 11, 2 } } },
	{ "clients taken for servers: one row for the server",
	  { OF(TCP, 1000, 2000, 0, 1), OF(TCP, 1002, 2000, 1, 2), OF(TCP, 1001, 2000, 2, 3) },
	  { { PORT_TCP, { 1000, 3, 0 }, { 2000, 1, 0 }, 6, 3 } } },
	{ "a server's port from which it connects: one row for it",
	  { OF(TCP, 20, 40000, 0, 1), OF(TCP, 20, 40001, 1, 2), OF(TCP, 20, 39999, 2, 3) },
	  { { PORT_TCP, { 20, 1, 0 }, { 39999, 3, 0 }, 6, 3 } } },
	{ "ports of a service are taken together",
	  { OF(TCP, 8001, 2000, 0, 1), OF(TCP, 8000, 2000, 1, 1), OF(TCP, 8000, 2000, 2, 1) },
	  { { PORT_TCP, { 8000, 2, 7 }, { 2000, 1, 0 }, 3, 3 } } },
	{ "and stand in one row against several ports of none",
	  { OF(TCP, 8001, 2000, 0, 1), OF(TCP, 8002, 2001, 1, 1), OF(TCP, 8001, 2001, 2, 1) },
	  { { PORT_TCP, { 8001, 2, 7 }, { 2000, 2, 0 }, 3, 3 } } },
	{ "several services against one port have no common one",
	  { OF(TCP, 8001, 2000, 0, 4), OF(TCP, 9000, 2000, 1, 5) },
	  { { PORT_TCP, { 8001, 2, 0 }, { 2000, 1, 0 }, 9, 2 } } },
	{ "transports are apart, and so are their services",
	  { OF(UDP, 8001, 2000, 0, 4), OF(TCP, 8001, 2000, 1, 4) },
	  { { PORT_TCP, { 8001, 1, 7 }, { 2000, 1, 0 }, 4, 1 },
	    { PORT_UDP, { 8001, 1, 0 }, { 2000, 1, 0 }, 4, 1 } } },
	{ "the most frames first",
	  { OF(DCCP, 1, 2, 0, 4), OF(DCCP, 3, 4, 1, 9), OF(DCCP, 5, 6, 2, 6) },
	  { { PORT_DCCP, { 3, 1, 0 }, { 4, 1, 0 }, 9, 1 },
	    { PORT_DCCP, { 5, 1, 0 }, { 6, 1, 0 }, 6, 1 },
	    { PORT_DCCP, { 1, 1, 0 }, { 2, 1, 0 }, 4, 1 } } },
	{ "the same ports the other way round are no reason to join",
	  { OF(TCP, 1000, 2000, 0, 4), OF(TCP, 2000, 1000, 1, 3) },
	  { { PORT_TCP, { 1000, 1, 0 }, { 2000, 1, 0 }, 4, 1 },
	    { PORT_TCP, { 2000, 1, 0 }, { 1000, 1, 0 }, 3, 1 } } },
	{ "the first and the last port",
	  { OF(TCP, 0, 65535, FLOWS - 1, 1) },
	  { { PORT_TCP, { 0, 1, 0 }, { 65535, 1, 0 }, 1, 1 } } },
	{ "frames beyond 32 bits",
	  { OF(TCP, 1000, 2000, 0, UINT64_C(1) << 40), OF(TCP, 1000, 2000, 1, 1) },
	  { { PORT_TCP, { 1000, 1, 0 }, { 2000, 1, 0 }, (UINT64_C(1) << 40) + 1, 2 } } },
};

static void assert_row(const char *desc, const struct audit_row *row,
		       const struct audit_row *wanted)
{
	if (row->transport != wanted->transport || row->frames != wanted->frames ||
	    row->flows != wanted->flows ||
	    memcmp(&row->counted, &wanted->counted, sizeof(row->counted)) ||
	    memcmp(&row->tracked, &wanted->tracked, sizeof(row->tracked)))
		fail_msg("%s: transport %u: counted %u (%u ports, slot %u), tracked %u (%u ports, "
			 "slot %u), %u frames, %u flows",
			 desc, row->transport, row->counted.port, row->counted.ports,
			 row->counted.slot, row->tracked.port, row->tracked.ports,
			 row->tracked.slot, (unsigned int)row->frames, row->flows);
}

static size_t count_of(const struct row *row)
{
	size_t count = 0;

	while (count < DIFFERENCES_MAX && row->differences[count].frames)
		count++;
	return count;
}

/* In the order given, and in every other that starts elsewhere. */
static void test_audit_rows_build(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t count = count_of(&rows[i]), wanted = 0;

		while (wanted < ROWS_MAX && rows[i].wanted[wanted].frames)
			wanted++;
		for (size_t first = 0; first == 0 || first < count; first++) {
			struct audit_difference differences[DIFFERENCES_MAX];
			struct audit_sums sums = {};

			for (size_t k = 0; k < count; k++)
				differences[k] = rows[i].differences[(first + k) % count];
			assert_int_equal(audit_rows_build(&sums, differences, count, FLOWS, values),
					 0);
			if (sums.count != wanted)
				fail_msg("%s: %zu rows", rows[i].desc, sums.count);
			for (size_t k = 0; k < wanted; k++)
				assert_row(rows[i].desc, &sums.rows[k], &rows[i].wanted[k]);
			audit_sums_fini(&sums);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audit_rows_build),
	};

	return cmocka_run_group_tests(tests, fill_values, NULL);
}
