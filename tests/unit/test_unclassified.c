// SPDX-License-Identifier: GPL-2.0-only

/* Unclassified ports: sums over CPUs, methods kept apart from packets, differences. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "unclassified.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define END PORT_UNCLASSIFIED_ENTRIES
#define BIT_32 (UINT64_C(1) << 32)
#define BIT_53 (UINT64_C(1) << 53)
#define MOST ((UINT64_C(1) << 56) - 1) /* packets that a cell can hold beside the methods */
#define METHOD(method) (UINT64_C(1) << (PORT_UNCLASSIFIED_METHODS_SHIFT + (method)))

static struct unclassified make(void)
{
	struct unclassified unclassified;

	assert_int_equal(unclassified_init(&unclassified), 0);
	return unclassified;
}

static void assert_port(const char *desc, const struct unclassified *unclassified, uint32_t index,
			uint64_t packets, uint64_t bytes, uint8_t methods)
{
	const struct port_counter *port = &unclassified->ports[index];

	if (port->packets != packets || port->bytes != bytes ||
	    unclassified->methods[index] != methods)
		fail_msg("%s: port %u: %llu packets, %llu bytes, methods %x", desc, index,
			 port->packets, port->bytes, unclassified->methods[index]);
}

static void test_unclassified_init_zero(void **state)
{
	struct unclassified unclassified = make();

	(void)state;
	for (uint32_t i = 0; i < END; i++)
		assert_port("new", &unclassified, i, 0, 0, 0);
	unclassified_fini(&unclassified);
	assert_null(unclassified.ports);
	assert_null(unclassified.methods);
	unclassified_fini(&unclassified);
}

static void test_unclassified_fold_cells(void **state)
{
	static const struct {
		const char *desc;
		struct port_counter cpus[3];
		uint64_t packets, bytes;
		uint8_t methods;
	} rows[] = {
		{ "nothing", { { 0, 0 } }, 0, 0, 0 },
		{ "one CPU", { { METHOD(PORT_GUESS) | 5, 300 } }, 5, 300, 1 << PORT_GUESS },
		{ "the same method on each",
		  { { METHOD(PORT_GUESS) | 1, 60 },
		    { METHOD(PORT_GUESS) | 2, 120 },
		    { METHOD(PORT_GUESS) | 4, 240 } },
		  7,
		  420,
		  1 << PORT_GUESS },
		{ "methods differ",
		  { { METHOD(PORT_HANDSHAKE) | 1, 60 },
		    { METHOD(PORT_ENDPOINT) | METHOD(PORT_GUESS) | 2, 120 } },
		  3,
		  180,
		  1 << PORT_HANDSHAKE | 1 << PORT_ENDPOINT | 1 << PORT_GUESS },
		{ "read before its method", { { 1, 60 } }, 1, 60, 0 },
		{ "sums above 2^53",
		  { { METHOD(PORT_TIE) | BIT_53, BIT_53 }, { METHOD(PORT_TIE) | 1, BIT_32 } },
		  BIT_53 + 1,
		  BIT_53 + BIT_32,
		  1 << PORT_TIE },
		{ "all packets that a cell holds",
		  { { METHOD(PORT_HANDSHAKE) | MOST, UINT64_MAX },
		    { METHOD(PORT_DATABASE) | 1, 0 } },
		  MOST + 1,
		  UINT64_MAX,
		  1 << PORT_HANDSHAKE | 1 << PORT_DATABASE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct unclassified unclassified = make();
		const uint32_t index = PORT_TABLE_INDEX(PORT_UDP, 65535);

		unclassified_fold(&unclassified, index, 1, rows[i].cpus, 3);
		assert_port(rows[i].desc, &unclassified, index, rows[i].packets, rows[i].bytes,
			    rows[i].methods);
		assert_port(rows[i].desc, &unclassified, index - 1, 0, 0, 0);
		unclassified_fini(&unclassified);
	}
}

/* As a kernel hands them out: in batches, the last of which may be longer than what is left. */
static void test_unclassified_fold_batches(void **state)
{
	struct unclassified unclassified = make();
	struct port_counter *cells = calloc((size_t)2 * 1000, sizeof(*cells));

	(void)state;
	assert_non_null(cells);
	for (uint32_t first = 0; first < END; first += 1000) {
		for (uint32_t i = 0; i < 2 * 1000; i++)
			cells[i] = (struct port_counter){ METHOD(i % 2) | (first + i / 2 + i % 2),
							  first + i / 2 };
		unclassified_fold(&unclassified, first, 1000, cells, 2);
	}
	for (uint32_t i = 0; i < END; i++)
		assert_port("batch", &unclassified, i, 2 * (uint64_t)i + 1, 2 * (uint64_t)i, 3);
	unclassified_fini(&unclassified);
	free(cells);
}

/* 256 possible processors, of which four, not the first ones, have counted. */
static void test_unclassified_fold_many_cpus(void **state)
{
	static const unsigned int online[] = { 3, 64, 200, 255 };
	struct port_counter cells[2 * 256] = {};
	struct unclassified unclassified = make();
	const uint32_t first = PORT_TABLE_INDEX(PORT_TCP, 65535);

	(void)state;
	for (unsigned int i = 0; i < COUNT(online); i++)
		for (unsigned int port = 0; port < 2; port++)
			cells[port * 256 + online[i]] =
				(struct port_counter){ METHOD(i) | (BIT_32 + port),
						       BIT_53 + online[i] };
	unclassified_fold(&unclassified, first, 2, cells, 256);
	assert_port("the first", &unclassified, first, 4 * BIT_32, 4 * BIT_53 + 522, 0xf);
	assert_port("the next", &unclassified, first + 1, 4 * BIT_32 + 4, 4 * BIT_53 + 522, 0xf);
	assert_port("before", &unclassified, first - 1, 0, 0, 0);
	assert_port("behind", &unclassified, first + 2, 0, 0, 0);
	unclassified_fini(&unclassified);
}

static void test_unclassified_copy_all(void **state)
{
	struct unclassified from = make(), to = make();

	(void)state;
	for (uint32_t i = 0; i < END; i++) {
		from.ports[i] = (struct port_counter){ i + 1, BIT_53 + i };
		from.methods[i] = (uint8_t)(i % 32);
	}
	unclassified_copy(&to, &from);
	for (uint32_t i = 0; i < END; i++)
		assert_port("copy", &to, i, i + 1, BIT_53 + i, (uint8_t)(i % 32));
	unclassified_fini(&from);
	unclassified_fini(&to);
}

/* Of two ports; what the one shows holds for all. */
static void test_unclassified_subtract_rows(void **state)
{
	static const struct {
		const char *desc;
		struct port_counter earlier[2], later[2], expected[2];
	} rows[] = {
		{ "growth", { { 5, 300 } }, { { 7, 420 }, { 1, 60 } }, { { 2, 120 }, { 1, 60 } } },
		{ "none", { { 5, 300 }, { 1, 60 } }, { { 5, 300 }, { 1, 60 } }, { { 0, 0 } } },
		{ "over 2^53",
		  { { BIT_53, BIT_53 } },
		  { { BIT_53 + 1, BIT_53 + 60 } },
		  { { 1, 60 } } },
		{ "begun anew, by packets",
		  { { 5, 300 }, { 5, 300 } },
		  { { 4, 400 }, { 6, 360 } },
		  { { 4, 400 }, { 6, 360 } } },
		{ "begun anew, by bytes",
		  { { 5, 300 }, { 5, 300 } },
		  { { 6, 360 }, { 5, 299 } },
		  { { 6, 360 }, { 5, 299 } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct unclassified earlier = make(), later = make();

		for (uint32_t k = 0; k < 2; k++) {
			earlier.ports[k * (END - 1)] = rows[i].earlier[k];
			later.ports[k * (END - 1)] = rows[i].later[k];
			earlier.methods[k * (END - 1)] = 1 << PORT_GUESS;
			later.methods[k * (END - 1)] = 1 << PORT_GUESS | 1 << PORT_ENDPOINT;
		}
		unclassified_subtract(&later, &earlier);
		for (uint32_t k = 0; k < 2; k++)
			assert_port(rows[i].desc, &later, k * (END - 1),
				    rows[i].expected[k].packets, rows[i].expected[k].bytes,
				    1 << PORT_GUESS | 1 << PORT_ENDPOINT);
		unclassified_fini(&earlier);
		unclassified_fini(&later);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unclassified_init_zero),
		cmocka_unit_test(test_unclassified_fold_cells),
		cmocka_unit_test(test_unclassified_fold_batches),
		cmocka_unit_test(test_unclassified_fold_many_cpus),
		cmocka_unit_test(test_unclassified_copy_all),
		cmocka_unit_test(test_unclassified_subtract_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
