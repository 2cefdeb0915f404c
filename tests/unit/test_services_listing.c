// SPDX-License-Identifier: GPL-2.0-only

/* --services and --lookup: what they find, why, and what it shadows. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fixture.h"
#include "portdb.h"
#include "portdb_load.h"
#include "porttable.h"
#include "services.h"

static const char first_file[] =
	"Service Name,Port Number,Transport "
	"Protocol,Description,Reference,Aliases,Encryption,SRV,Used By\n"
	"https,443,tcp,HTTP over TLS,[RFC9110],www-https;http-tls,tls,_https._tcp,\"Web, "
	"\"\"all\"\" of it\"\n"
	"https,443,udp,HTTP/3,[RFC9114],,native,,\n"
	"wide,400-499,tcp,,,,,,\n"
	"wide,1-65535,udp,,,,,,\n"
	"twin,450-459,tcp,\"two\nlines\tand a tab\",\"[RFC1]\n[RFC2]\",,none,,\n"
	"clone,450-459,tcp,,,,,,\n"
	"hidden,455,tcp,,,,,,\n"
	"3com-tsmux,106,tcp,,,,,,\n"
	"914c/g,211,tcp,,,,,,\n"
	"\"quote\"\"back\\slash\",600,tcp,,,,,,\n"
	"\xc3\xbc"
	"bung,601,sctp,\xe2\x82\xac,,\xc3\xb6"
	"ffnung,optional,,\n"
	"a-name-of-forty-eight-bytes-which-is-the-longest,602,dccp,,,,starttls,,\n";
static const char second_file[] =
	"Service Name,Port Number,Transport Protocol\n"
	"later,455,tcp\n"
	"many,700,tcp\nmany,702,tcp\nmany,704-709,tcp\n"
	"holes,690-799,tcp\n";

static struct portdb *db;
static struct porttable *table;

static int set_up(void **state)
{
	struct slots *slots = slots_new();
	int err;

	(void)state;
	db = portdb_new(NULL, NULL);
	table = malloc(sizeof(*table));
	if (!db || !slots || !table ||
	    portdb_load_buffer(db, "first.csv", first_file, sizeof(first_file) - 1) ||
	    portdb_load_buffer(db, "evil\033[2J\n.csv", second_file, sizeof(second_file) - 1))
		return -1;
	err = porttable_compile(db, slots, table);
	slots_free(slots);
	return err;
}

static int tear_down(void **state)
{
	(void)state;
	portdb_free(db);
	free(table);
	return 0;
}

static void list(struct fixture_text *text, bool json)
{
	assert_int_equal(services_print(fixture_text_open(text), db, table, json), 0);
	fixture_text_close(text);
}

static void test_services_print_golden(void **state)
{
	struct fixture_text text;

	(void)state;
	list(&text, false);
	fixture_assert_golden("services.txt", text.text, "");
	fixture_assert_lines("services", text.text, 160);
	assert_int_equal(fixture_count_lines(text.text), portdb_count(db) + 1);
	fixture_text_free(&text);
	list(&text, true);
	fixture_assert_golden("services.json", text.text, "");
	fixture_text_free(&text);
}

static void test_services_print_empty(void **state)
{
	struct portdb *empty = portdb_new(NULL, NULL);
	struct fixture_text text;

	(void)state;
	assert_non_null(empty);
	assert_int_equal(services_print(fixture_text_open(&text), empty, table, true), 0);
	assert_string_equal(fixture_text_close(&text), "{\n  \"entries\": []\n}\n");
	fixture_text_free(&text);
	portdb_free(empty);
}

static json_t *read_json(const char *text)
{
	json_error_t error;
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!document)
		fail_msg("line %d: %s: %s", error.line, error.text, text);
	return document;
}

static const char *string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		fail_msg("'%s' is no string", key);
	return text;
}

/* The same objects as --lookup gives, in the order of the database, with the same words. */
static void test_services_print_json_entries(void **state)
{
	struct fixture_text text;
	json_t *document, *entries, *entry;
	size_t i;

	(void)state;
	list(&text, true);
	document = read_json(text.text);
	entries = json_object_get(document, "entries");
	assert_int_equal(json_array_size(entries), portdb_count(db));
	json_array_foreach(entries, i, entry) {
		const struct portdb_entry *expected = portdb_entry(db, i);

		assert_string_equal(string(entry, "service"), expected->name);
		assert_string_equal(string(entry, "description"), expected->description);
		assert_string_equal(string(entry, "reference"), expected->reference);
		assert_string_equal(string(entry, "encryption"),
				    portdb_encryption_name(expected->encryption));
		assert_string_equal(string(entry, "used_by"), expected->used_by);
		assert_string_equal(string(entry, "srv"), expected->srv);
		assert_int_equal(json_integer_value(json_object_get(entry, "first")),
				 expected->first);
		assert_int_equal(json_integer_value(json_object_get(entry, "last")),
				 expected->last);
		assert_int_equal(json_integer_value(json_object_get(entry, "line")),
				 expected->line);
	}
	json_decref(document);
	fixture_text_free(&text);
}

/* found: the names of the entries, in this order, each with a space behind. */
static const struct lookup_row {
	const char *query;
	int err;
	const char *found;
} lookup_rows[] = {
	{ "443", 0, "https https " },
	{ "443/tcp", 0, "https " },
	{ "443/TCP", 0, "https " },
	{ "0443/tcp", 0, "https " },
	{ "443/sctp", -ENOENT, "" },
	{ "https", 0, "https https " },
	{ "HTTPS", 0, "https https " },
	{ "https/udp", 0, "https " },
	{ "https/Udp", 0, "https " },
	{ "http-tls", 0, "https " },
	{ "WWW-HTTPS/tcp", 0, "https " },
	{ "www-https/udp", -ENOENT, "" },
	{ "http", -ENOENT, "" },
	{ "httpsx", -ENOENT, "" },
	{ "400/tcp", 0, "wide " },
	{ "499/tcp", 0, "wide " },
	{ "399/tcp", -ENOENT, "" },
	{ "450/tcp", 0, "twin " },
	{ "455/tcp", 0, "later " },
	{ "455", 0, "wide later " },
	{ "1", 0, "wide " },
	{ "65535", 0, "wide " },
	{ "hidden", 0, "hidden " },
	{ "clone", 0, "clone " },
	{ "3com-tsmux", 0, "3com-tsmux " },
	{ "914c/g", 0, "914c/g " },
	{ "914c/g/tcp", 0, "914c/g " },
	{ "914c/g/udp", -ENOENT, "" },
	{ "quote\"back\\slash", 0, "quote\"back\\slash " },
	{ "\xc3\xbc" "bung", 0, "\xc3\xbc" "bung " },
	{ "\xc3\xb6" "ffnung/sctp", 0, "\xc3\xbc" "bung " },
	{ "a-name-of-forty-eight-bytes-which-is-the-longest", 0,
	  "a-name-of-forty-eight-bytes-which-is-the-longest " },
	{ "a-name-of-forty-eight-bytes-which-is-the-longest2", -ENOENT, "" },
	{ "a-name-of-forty-eight-bytes-which-is-the-longest-and-then-some-more/dccp", -ENOENT, "" },
	{ "443/icmp", -EINVAL, NULL },
	{ "443/", -EINVAL, NULL },
	{ "/tcp", -ENOENT, "" },
	{ "", -ENOENT, "" },
	{ " 443", -ENOENT, "" },
	{ "-1", -ENOENT, "" },
	{ "0", -EINVAL, NULL },
	{ "0/tcp", -EINVAL, NULL },
	{ "65536", -EINVAL, NULL },
	{ "65536/tcp", -EINVAL, NULL },
	{ "4294967739", -EINVAL, NULL },
	{ "18446744073709552059/tcp", -EINVAL, NULL },
};

/* An entry's first line is "NAME PORTS/TRANSPORT", and all others are indented. */
static void list_names(const char *text, char *names, size_t size)
{
	size_t used = 0;

	*names = '\0';
	for (; *text; text += strcspn(text, "\n") + 1)
		if (*text != ' ' && !strstr(text, ": no entry"))
			used += (size_t)snprintf(names + used, size - used, "%.*s ",
						 (int)strcspn(text, " "), text);
}

static void test_services_lookup_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lookup_rows); i++) {
		const struct lookup_row *row = &lookup_rows[i];
		struct fixture_text text;
		int err = services_lookup(fixture_text_open(&text), db, table, row->query, false);
		char names[256];

		fixture_text_close(&text);
		list_names(text.text, names, sizeof(names));
		if (err != row->err || strcmp(names, row->found ? row->found : ""))
			fail_msg("'%s': %d, found %s", row->query, err, names);
		if (err == -EINVAL ? text.len != 0 : text.len == 0)
			fail_msg("'%s': printed: '%s'", row->query, text.text);
		fixture_assert_lines(row->query, text.text, 160);
		fixture_text_free(&text);
	}
}

/* With a transport one object, or null; without one an array, which may be empty. */
static void check_json_answer(const struct lookup_row *row, const char *text)
{
	const char *slash = strrchr(row->query, '/');
	bool one = slash && (!strcasecmp(slash, "/tcp") || !strcasecmp(slash, "/udp") ||
			     !strcasecmp(slash, "/sctp") || !strcasecmp(slash, "/dccp"));
	json_t *answer = read_json(text), *entry;
	char names[256] = "";
	size_t i, used = 0;

	if (one ? !(row->err ? json_is_null(answer) : json_is_object(answer))
		: !json_is_array(answer))
		fail_msg("'%s': %s", row->query, text);
	if (json_is_object(answer))
		used += (size_t)snprintf(names, sizeof(names), "%s ", string(answer, "service"));
	json_array_foreach(answer, i, entry) used += (size_t)snprintf(
		names + used, sizeof(names) - used, "%s ", string(entry, "service"));
	if (strcmp(names, row->found))
		fail_msg("'%s': %s", row->query, names);
	json_decref(answer);
}

static void test_services_lookup_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lookup_rows); i++) {
		struct fixture_text text;
		int err = services_lookup(fixture_text_open(&text), db, table, lookup_rows[i].query,
					  true);

		fixture_text_close(&text);
		if (err != lookup_rows[i].err)
			fail_msg("'%s': %d", lookup_rows[i].query, err);
		if (err == -EINVAL)
			assert_int_equal(text.len, 0);
		else
			check_json_answer(&lookup_rows[i], text.text);
		fixture_text_free(&text);
	}
}

/* The reasons are those of the rule that decides. */
static void test_services_lookup_reasons(void **state)
{
	static const struct {
		const char *query, *line;
	} rows[] = {
		{ "443/tcp", "  shadows     wide 400-499/tcp (first.csv:4): narrower range\n" },
		{ "wide/tcp", "  yields to   https 443/tcp (first.csv:2): narrower range\n" },
		{ "wide/tcp", "  yields to   later 455/tcp (evil?[2J .csv:2): later file\n" },
		{ "twin", "  shadows     clone 450-459/tcp (first.csv:9): earlier line\n" },
		{ "clone", "  yields to   twin 450-459/tcp (first.csv:6): earlier line\n" },
		{ "455/tcp", "  shadows     hidden 455/tcp (first.csv:10): later file\n" },
		{ "hidden", "  shadows     twin 450-459/tcp (first.csv:6): narrower range\n" },
		{ "455/tcp", "  entry       evil?[2J .csv:2\n" },
		{ "twin", "  description two lines and a tab\n" },
		{ "twin", "  reference   [RFC1] [RFC2]\n" },
		{ "https/tcp", "  aliases     www-https, http-tls\n" },
		{ "https/tcp", "  used by     Web, \"all\" of it\n" },
		{ "https/tcp", "  srv         _https._tcp\n" },
		{ "https/tcp", "  encryption  tls\n" },
		{ "399/tcp", "399/tcp: no entry: frames to it are counted as unclassified\n" },
		{ "nobody", "nobody: no entry of this name or alias\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture_text text;

		services_lookup(fixture_text_open(&text), db, table, rows[i].query, false);
		fixture_text_close(&text);
		if (!strstr(text.text, rows[i].line))
			fail_msg("'%s' lacks '%s':\n%s", rows[i].query, rows[i].line, text.text);
		fixture_text_free(&text);
	}
}

static void test_services_lookup_golden(void **state)
{
	struct fixture_text text;

	(void)state;
	assert_int_equal(services_lookup(fixture_text_open(&text), db, table, "455", false), 0);
	fixture_assert_golden("lookup.txt", fixture_text_close(&text), "");
	fixture_text_free(&text);
	assert_int_equal(services_lookup(fixture_text_open(&text), db, table, "455/tcp", true), 0);
	fixture_assert_golden("lookup.json", fixture_text_close(&text), "");
	fixture_text_free(&text);
}

static void test_services_full(void **state)
{
	(void)state;
	for (unsigned int json = 0; json < 2; json++) {
		FILE *out = fixture_full();

		assert_int_equal(services_print(out, db, table, json), -EIO);
		fclose(out);
		out = fixture_full();
		assert_int_equal(services_lookup(out, db, table, "https", json), -EIO);
		fclose(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services_print_golden),
		cmocka_unit_test(test_services_print_empty),
		cmocka_unit_test(test_services_print_json_entries),
		cmocka_unit_test(test_services_lookup_text),
		cmocka_unit_test(test_services_lookup_json),
		cmocka_unit_test(test_services_lookup_reasons),
		cmocka_unit_test(test_services_lookup_golden),
		cmocka_unit_test(test_services_full),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
