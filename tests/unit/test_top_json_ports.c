// SPDX-License-Identifier: GPL-2.0-only

/* The JSON of --top: connections and unclassified ports. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "top_json_check.h"

static void test_top_json_print_golden_ports(void **state)
{
	struct fixture_text text;
	struct fixture fixture;

	(void)state;
	fixture_init_ports(&fixture);
	top_json_text(&text, &fixture, REPORT_PORT, 12);
	fixture_assert_golden("top_port.json", text.text, "");
	fixture_text_free(&text);
	fixture_fini(&fixture);
}

static const char *const connection_keys[] = { "attempted",       "accepted",       "reset",
					       "attempted_total", "accepted_total", "reset_total" };

/* The six numbers of an object's connections, added to sums. */
static void add_connections(json_int_t sums[6], const json_t *object)
{
	json_t *connections = json_object_get(object, "connections");

	if (!connections)
		return;
	assert_int_equal(json_object_size(connections), 6);
	for (size_t i = 0; i < COUNT(connection_keys); i++)
		sums[i] += json_number(connections, connection_keys[i]);
}

static void add_all_connections(json_int_t sums[6], const json_t *document, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(document, name), i, item) add_connections(sums, item);
}

/* Devices have all connections, services and rows by any key those of services. */
static void test_top_json_print_connections(void **state)
{
	static const json_int_t serviceless[6] = { 5, 0, 4, 6, 0, 5 }; /* of fixture_init_rich() */
	struct fixture fixture;

	(void)state;
	fixture_init_ports(&fixture);
	for (unsigned int key = 0; key < REPORT_KEYS; key++) {
		json_t *document = top_json_read(&fixture, key, SIZE_MAX);
		json_int_t all[6] = {}, devices[6] = {}, services[6] = {}, rows[6] = {};

		add_connections(all, document);
		add_all_connections(devices, document, "devices");
		add_all_connections(services, document, "services");
		add_all_connections(rows, document, "rows");
		for (size_t i = 0; i < 6; i++) {
			assert_true(all[i] > 0);
			assert_int_equal(devices[i], all[i]);
			assert_int_equal(services[i] + serviceless[i], all[i]);
			if (key != REPORT_METHOD && key != REPORT_BUCKET)
				assert_int_equal(rows[i], services[i]);
			else
				assert_int_equal(rows[i], 0);
		}
		json_decref(document);
	}
	fixture_fini(&fixture);
}

/* Each service has them, those of UDP too; what is counted by no service has none, not 0. */
static void test_top_json_print_connections_where_counted(void **state)
{
	struct fixture fixture;
	json_t *document, *row;
	size_t i;

	(void)state;
	fixture_init_ports(&fixture);
	document = top_json_read(&fixture, REPORT_PORT, SIZE_MAX);
	json_array_foreach(json_object_get(document, "services"), i, row)
		assert_non_null(json_object_get(row, "connections"));
	json_array_foreach(json_object_get(document, "buckets"), i, row)
		assert_null(json_object_get(row, "connections"));
	json_array_foreach(json_object_get(document, "methods"), i, row)
		assert_null(json_object_get(row, "connections"));
	json_array_foreach(json_object_get(document, "rows"), i, row)
		assert_int_equal(json_object_get(row, "connections") != NULL,
				 json_object_get(row, "to_server") != NULL);
	json_decref(document);
	fixture_fini(&fixture);
}

static const json_t *find_row(const json_t *document, const char *label)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(document, "rows"), i,
			   row) if (!strcmp(json_string_of(row, "label"), label)) return row;
	fail_msg("no row %s", label);
	return NULL;
}

static void test_top_json_print_ports(void **state)
{
	static const struct {
		const char *label, *methods, *hint; /* methods as a JSON text */
		json_int_t port;
	} rows[] = {
		{ "12345/tcp", "[\"handshake\",\"endpoint\",\"guess\"]", "udp: italk", 12345 },
		{ "65535/tcp", "[\"guess\"]", NULL, 65535 },
		{ "7/udp", "[\"handshake\",\"endpoint\",\"database\",\"tie\",\"guess\"]",
		  "tcp: a-name-of-forty-eight-letters-which-is-the-most-", 7 },
		{ "0/udp", "[]", NULL, 0 },
	};
	struct fixture fixture;
	json_t *document;

	(void)state;
	fixture_init_ports(&fixture);
	document = top_json_read(&fixture, REPORT_PORT, SIZE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const json_t *row = find_row(document, rows[i].label);
		json_t *hint = json_object_get(row, "hint");
		char *methods = json_dumps(json_object_get(row, "methods"), JSON_COMPACT);

		assert_string_equal(methods, rows[i].methods);
		assert_int_equal(json_number(row, "port"), rows[i].port);
		if (rows[i].hint)
			assert_string_equal(json_string_value(hint), rows[i].hint);
		else
			assert_true(json_is_null(hint));
		free(methods);
	}
	assert_null(json_object_get(find_row(document, "unclassified_udp"), "methods"));
	assert_null(json_object_get(find_row(document, "443/tcp"), "methods"));
	assert_null(json_object_get(document, "note"));
	json_decref(document);
	fixture_fini(&fixture);
}

static void test_top_json_print_note(void **state)
{
	struct fixture fixture;
	json_t *document;

	(void)state;
	fixture_init_rich(&fixture);
	fixture.measurement.by_port = MEASURED_SOME_DEVICES;
	document = top_json_read(&fixture, REPORT_PORT, 1);
	assert_non_null(strstr(json_string_of(document, "note"), "leave out -i"));
	json_decref(document);
	document = top_json_read(&fixture, REPORT_SERVICE, 1);
	assert_null(json_object_get(document, "note"));
	json_decref(document);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_json_print_golden_ports),
		cmocka_unit_test(test_top_json_print_connections),
		cmocka_unit_test(test_top_json_print_connections_where_counted),
		cmocka_unit_test(test_top_json_print_ports),
		cmocka_unit_test(test_top_json_print_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
