// SPDX-License-Identifier: GPL-2.0-only

/* The formats of the port database: what each of them takes, and what is said of the rest where. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "portdb.h"
#include "portdb_account.h"

/* A text that may hold NUL. */
#define TEXT(literal) (literal), sizeof(literal) - 1

#define OWN_FULL "Service Name,Port Number,Transport Protocol,Description,Reference,Aliases," \
		 "Encryption,SRV,Used By\n"
#define X10 "xxxxxxxxxx"
#define X48 X10 X10 X10 X10 "xxxxxxxx"

static const struct accept_row {
	const char *desc;
	const char *text;
	size_t passed_over;
	const char *entries;
} accept_rows[] = {
	{ "own: the three columns", OWN "ssh,22,tcp\nntp,123,udp\n", 0,
	  "ssh 22-22/tcp @2; ntp 123-123/udp @3" },
	{ "own: header only", OWN, 0, "" },
	{ "own: all columns",
	  OWN_FULL "submissions,465,tcp,Mail in,[RFC8314],smtps; urd ;,tls,_submissions._tcp,"
	  "Mail\n", 0,
	  "submissions(smtps\nurd) 465-465/tcp @2 "
	  "{Mail in|[RFC8314]|tls|_submissions._tcp|Mail}" },
	{ "own: columns in another order, and unknown ones",
	  "Note,Transport Protocol,Encryption,Service Name,Port Number\nn,tcp,native,ssh,22\n", 0,
	  "ssh 22-22/tcp @2 {||native||}" },
	{ "own: every encryption", "Encryption,Service Name,Port Number,Transport Protocol\n"
	  ",a,1,tcp\nnone,b,2,tcp\nstarttls,c,3,tcp\ntls,d,4,tcp\nnative,e,5,tcp\nOptional,f,6,tcp",
	  0, "a 1-1/tcp @2; b 2-2/tcp @3 {||none||}; c 3-3/tcp @4 {||starttls||}; "
	  "d 4-4/tcp @5 {||tls||}; e 5-5/tcp @6 {||native||}; f 6-6/tcp @7 {||optional||}" },
	{ "own: quoted header, other case, spaces",
	  "\"service name\", Port Number ,TRANSPORT PROTOCOL\nssh,22,tcp\n", 0,
	  "ssh 22-22/tcp @2" },
	{ "own: transports, in either case", OWN "a,1,tcp\na,1,UDP\na,1,Sctp\na,1,dCCP\n", 0,
	  "a 1-1/tcp @2; a 1-1/udp @3; a 1-1/sctp @4; a 1-1/dccp @5" },
	{ "own: ranges, ports at the ends",
	  OWN "a,1-65535,tcp\nb,7-7,tcp\nc,65535,udp\nd,001,udp\n", 0,
	  "a 1-65535/tcp @2; b 7-7/tcp @3; c 65535-65535/udp @4; d 1-1/udp @5" },
	{ "own: spaces around values", OWN " ssh ,\t22 , tcp\n", 0, "ssh 22-22/tcp @2" },
	{ "own: several names for a port, several ports for a name",
	  OWN "http,80,tcp\nwww,80,tcp\nhttp,8080,tcp\nhttp,80-81,tcp\nhttp,80,udp\n", 0,
	  "http 80-80/tcp @2; www 80-80/tcp @3; http 8080-8080/tcp @4; http 80-81/tcp @5; "
	  "http 80-80/udp @6" },
	{ "own: comments and empty lines",
	  "# a\n\n  # b\n\t\n" OWN "# c\nssh,22,tcp\n\n  # \"d\nntp,123,udp\n#", 0,
	  "ssh 22-22/tcp @7; ntp 123-123/udp @10" },
	{ "own: a quoted name may begin with #", OWN "\"#x\",22,tcp\n", 0, "#x 22-22/tcp @2" },
	{ "own: quoted commas, quotes and line breaks",
	  OWN_FULL "\"a, \"\"b\"\"\",22,tcp,\"one, \"\"two\"\"\n# three\",,,,,\nb,1,udp,,,,,,\n", 0,
	  "a, \"b\" 22-22/tcp @2 {one, \"two\"\n# three||||}; b 1-1/udp @4" },
	{ "own: CR LF, also inside quotes",
	  "Service Name,Port Number,Transport Protocol,Description\r\nssh,22,tcp,\"a\r\nb\"\r\n", 0,
	  "ssh 22-22/tcp @2 {a\nb||||}" },
	{ "own: byte order mark", "\xef\xbb\xbf" OWN "ssh,22,tcp\n", 0, "ssh 22-22/tcp @2" },
	{ "own: byte order mark before a comment", "\xef\xbb\xbf# x\n" OWN "ssh,22,tcp\n", 0,
	  "ssh 22-22/tcp @3" },
	{ "own: no final newline", OWN "ssh,22,tcp", 0, "ssh 22-22/tcp @2" },
	{ "own: name of 48 bytes", OWN X48 ",22,tcp", 0, X48 " 22-22/tcp @2" },
	{ "own: name of other scripts", OWN "\xe6\x97\xa5\xf0\x9f\x98\x80,22,tcp", 0,
	  "\xe6\x97\xa5\xf0\x9f\x98\x80 22-22/tcp @2" },
	{ "registry: named, unnamed, without port, without transport, twice",
	  REGISTRY
	  ",0,tcp,Reserved,,,,,,,,\n"
	  "alpha,7,tcp,First,[A],[A],,,[RFC862],,,\n"
	  "beta-srv,,tcp,Without a port,[A],[A],2001-01-01,,,,,keys=none\n"
	  "gamma,,,Name only,[A],[A],,,,,,\n"
	  "delta,9,,No transport,[A],[A],,,,,,\n"
	  "alpha,7,TCP,Again,[B],[B],,,[RFC1],,,\n"
	  ",8-10,udp,Unassigned,,,,,,,,\n"
	  "alpha,7,udp,Second,[A],[A],,,,,,\n", 6,
	  "alpha 7-7/tcp @3 {First|[RFC862]|||}; alpha 7-7/udp @9 {Second||||}" },
	{ "registry: quoted line breaks, quotes in notes, CR LF",
	  "Service Name,Port Number,Transport Protocol,Description,Registration Date,"
	  "Assignment Notes\r\nxyz,63,tcp,\"xyz++\r\nA replacement for \"\"xyz++\"\".\",,\r\n"
	  "xyz++,63,tcp,xyz++,,\"See \"\"xyz\"\".\r\nHistoric, now.\"\r\n", 0,
	  "xyz 63-63/tcp @2 {xyz++\nA replacement for \"xyz++\".||||}; "
	  "xyz++ 63-63/tcp @4 {xyz++||||}" },
	{ "registry: names with spaces and parentheses, ranges, other transports",
	  REGISTRY "Some Name (old),6000-6063,tcp,,,,,,,,,\nq*r/s,20,sctp,,,,,,,,,\n"
	  "t,9,dccp,,,,,,,1145656131,,\n", 0,
	  "Some Name (old) 6000-6063/tcp @2; q*r/s 20-20/sctp @3; t 9-9/dccp @4" },
	{ "registry: short rows are padded, surplus fields ignored",
	  REGISTRY "a,1,tcp\nb,2\nc,3,tcp,,,,,,,,,,,more\n", 1, "a 1-1/tcp @2; c 3-3/tcp @4" },
	{ "registry: known by either column",
	  "Service Name,Port Number,Transport Protocol,Assignment Notes\n,1,tcp,\na,2,tcp,\n", 1,
	  "a 2-2/tcp @3" },
	{ "registry: a control character in a column that is not read",
	  REGISTRY "a,1,tcp,,\x01,,,,,,,\n", 0, "a 1-1/tcp @2" },
	{ "services: as in /etc/services",
	  "# Network services\n\ntcpmux\t\t1/tcp\t\t\t# TCP port multiplexer \n"
	  "smtp 25/tcp mail\ndiscard\t9/udp\t\tsink null# nothing\n  echo 7/tcp\n", 0,
	  "tcpmux 1-1/tcp @3 {TCP port multiplexer||||}; smtp(mail) 25-25/tcp @4; "
	  "discard(sink\nnull) 9-9/udp @5 {nothing||||}; echo 7-7/tcp @6" },
	{ "services: AppleTalk and rows given twice",
	  "rtmp 1/ddp # routing\necho 4/DDP\na 5/tcp\na 5/tcp again\na 5/udp\n", 3,
	  "a 5-5/tcp @3; a 5-5/udp @5" },
	{ "services: ranges, CR LF, byte order mark, no final newline",
	  "\xef\xbb\xbfx11 6000-6063/tcp\r\nntp 123/UDP", 0,
	  "x11 6000-6063/tcp @1; ntp 123-123/udp @2" },
	{ "services: a comma or quote means nothing", "a\",b 1/tcp \"c,d\n", 0,
	  "a\",b(\"c,d) 1-1/tcp @1" },
};

static void test_portdb_finish_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accept_rows); i++) {
		const struct accept_row *row = &accept_rows[i];
		struct account messages = {}, entries = {};
		struct portdb *db = portdb_new(note_message, &messages);

		if (parse(db, "f", row->text, strlen(row->text)))
			fail_msg("%s: refused: %s", row->desc, messages.text);
		note_entries(&entries, db);
		if (strcmp(entries.text, row->entries))
			fail_msg("%s: %s", row->desc, entries.text);
		if (portdb_passed_over(db, 0) != row->passed_over)
			fail_msg("%s: %zu passed over", row->desc, portdb_passed_over(db, 0));
		if (messages.lines)
			fail_msg("%s: %s", row->desc, messages.text);
		portdb_free(db);
	}
}

static const struct refuse_row {
	const char *desc;
	const char *text;
	size_t len;
	const char *messages;
} refuse_rows[] = {
	{ "nothing", TEXT(""), "f:1:1: no entries\n" },
	{ "comments only", TEXT("# a\n\n \t\n#b"), "f:1:1: no entries\n" },
	{ "byte order mark only", TEXT("\xef\xbb\xbf"), "f:1:1: no entries\n" },
	{ "neither format, said once", TEXT("# c\nhello world\nagain\n,,,\n"),
	  "f:2:1: neither services(5) nor CSV with the columns 'Service Name', 'Port Number' and "
	  "'Transport Protocol'\n" },
	{ "neither format: a name without a port", TEXT("ssh\n"),
	  "f:1:1: neither services(5) nor CSV with the columns 'Service Name', 'Port Number' and "
	  "'Transport Protocol'\n" },
	{ "header without a column", TEXT("Service Name,Transport Protocol\nx,tcp\n"),
	  "f:1:1: the header lacks the column 'Port Number'\n" },
	{ "header without two columns", TEXT("Description,Port Number\n"),
	  "f:1:1: the header lacks the column 'Service Name'\n"
	  "f:1:1: the header lacks the column 'Transport Protocol'\n" },
	{ "header with a column twice",
	  TEXT("Service Name,Port Number,Transport Protocol,Port Number\na,1,tcp,2\n"),
	  "f:1:45: column 'Port Number' is there twice\n" },
	{ "header with a stray quote",
	  TEXT("Service Name,Port Number,Transport Protocol,a\"\nx,y,z\n"),
	  "f:1:46: quote inside an unquoted field\n" },
	{ "port above", TEXT(OWN "ssh,70000,tcp\n"), "f:2:5: port 70000 is above 65535\n" },
	{ "port one above", TEXT(OWN "ssh,65536,tcp\n"), "f:2:5: port 65536 is above 65535\n" },
	{ "port 0", TEXT(OWN "ssh,0,tcp\n"), "f:2:5: port 0 is not a port\n" },
	{ "port of many digits", TEXT(OWN "a," X10 ",tcp\nb,11111111112222222222"
	  "333333333344444444445555555555,tcp\n"),
	  "f:2:3: '" X10 "' is not a port or a range\n"
	  "f:3:3: port 11111111112222222222333333333344444444445555... is above 65535\n" },
	{ "port with a sign", TEXT(OWN "ssh,+22,tcp\n"),
	  "f:2:5: '+22' is not a port or a range\n" },
	{ "port that is negative", TEXT(OWN "ssh,-22,tcp\n"),
	  "f:2:5: '-22' is not a port or a range\n" },
	{ "range without an end", TEXT(OWN "ssh,22-,tcp\n"),
	  "f:2:5: '22-' is not a port or a range\n" },
	{ "range of three", TEXT(OWN "ssh,1-2-3,tcp\n"),
	  "f:2:5: '1-2-3' is not a port or a range\n" },
	{ "range with spaces", TEXT(OWN "ssh,1 - 2,tcp\n"),
	  "f:2:5: '1 - 2' is not a port or a range\n" },
	{ "range reversed", TEXT(OWN "ssh,90-80,tcp\n"), "f:2:5: range 90-80 is reversed\n" },
	{ "range from 0", TEXT(OWN "ssh,0-80,tcp\n"), "f:2:5: port 0 is not a port\n" },
	{ "range to above", TEXT(OWN "ssh,80-65536,tcp\n"),
	  "f:2:5: port 65536 is above 65535\n" },
	{ "unknown transport", TEXT(OWN "ssh,22,xyz\n"), "f:2:8: unknown transport 'xyz'\n" },
	{ "transport ddp in CSV", TEXT(OWN "rtmp,1,ddp\n"), "f:2:8: unknown transport 'ddp'\n" },
	{ "unknown encryption",
	  TEXT("Encryption,Service Name,Port Number,Transport Protocol\nssl,a,1,tcp\n"),
	  "f:2:1: unknown encryption 'ssl'\n" },
	{ "empty cells", TEXT(OWN ",22,tcp\nssh,,tcp\nssh,22,\n \t,\"\",\n"),
	  "f:2:1: name is empty\nf:3:5: port is empty\nf:4:8: transport is empty\n"
	  "f:5:1: name is empty\nf:5:4: port is empty\nf:5:7: transport is empty\n" },
	{ "name of 49 bytes", TEXT(OWN "a" X48 ",22,tcp\n"),
	  "f:2:1: name is longer than 48 bytes\n" },
	{ "control character in name", TEXT(OWN "a\tb,1,tcp\n\"a\nb\",2,tcp\na\x1b[2J,3,tcp\n"
	  "a\x7f,4,tcp\na\xc2\x9bz,5,tcp\n"),
	  "f:2:1: control character in name\nf:3:1: control character in name\n"
	  "f:5:1: control character in name\nf:6:1: control character in name\n"
	  "f:7:1: control character in name\n" },
	{ "control character in the other texts",
	  TEXT(OWN_FULL "a,1,tcp,\x1b,b\x07,c\rd,,\x01,\x02\n"),
	  "f:2:9: control character in description\nf:2:11: control character in reference\n"
	  "f:2:14: control character in alias\nf:2:19: control character in SRV\n"
	  "f:2:21: control character in used by\n" },
	{ "alias too long", TEXT(OWN_FULL "a,1,tcp,,,b;" X48 "x,,,\n"),
	  "f:2:11: alias is longer than 48 bytes\n" },
	{ "quote not closed", TEXT(OWN "a,1,tcp\nb,2,\"tcp\nc,3,tcp\n"),
	  "f:3:5: quote is not closed\n" },
	{ "quote not closed in the header", TEXT("\"Service Name,Port Number\na"),
	  "f:1:1: quote is not closed\n" },
	{ "quote not closed, and an error before it", TEXT(OWN "\"a\"b,\"1\n"),
	  "f:2:4: text after a closing quote\nf:2:6: quote is not closed\n" },
	{ "text after a closing quote", TEXT(OWN "\"a\"b,1,tcp\nc,0,tcp\n"),
	  "f:2:4: text after a closing quote\nf:3:3: port 0 is not a port\n" },
	{ "text after a closing quote, behind line breaks", TEXT(OWN "a,1,\"tcp\n\nx\"y\n"),
	  "f:4:3: text after a closing quote\n" },
	{ "quote inside an unquoted field", TEXT(OWN "a,1,t\"cp\"\n"),
	  "f:2:6: quote inside an unquoted field\n" },
	{ "NUL in a name", TEXT(OWN "a\0b,1,tcp\nc,0,tcp\n"),
	  "f:2:2: NUL byte\nf:3:3: port 0 is not a port\n" },
	{ "NUL in a comment", TEXT("# \0\n" OWN "b,1,tcp\nc,0,tcp\n"),
	  "f:1:3: NUL byte\nf:4:3: port 0 is not a port\n" },
	{ "NUL before a format is known", TEXT("\x7f" "ELF\0\0\0\0\na\n\xff\n"),
	  "f:1:5: NUL byte\n" },
	{ "NUL inside quotes", TEXT(OWN "a,1,\"t\n\0\nx\"\nc,0,tcp\n"),
	  "f:3:1: NUL byte\nf:5:3: port 0 is not a port\n" },
	{ "invalid UTF-8: a stray continuation", TEXT(OWN "a\x80,1,tcp\n"),
	  "f:2:2: invalid UTF-8\n" },
	{ "invalid UTF-8: overlong",
	  TEXT(OWN "a,1,\xc0\xaf\nb,1,\xe0\x80\xaf\nc,1,\xf0\x80\x80\xaf\n"),
	  "f:2:5: invalid UTF-8\nf:3:5: invalid UTF-8\nf:4:5: invalid UTF-8\n" },
	{ "invalid UTF-8: surrogate", TEXT(OWN "a,1,\xed\xa0\x80\n"), "f:2:5: invalid UTF-8\n" },
	{ "invalid UTF-8: above U+10FFFF", TEXT(OWN "\xf4\x90\x80\x80\n\xf5\x80\x80\x80\n"),
	  "f:2:1: invalid UTF-8\nf:3:1: invalid UTF-8\n" },
	{ "invalid UTF-8: cut off by the line's end", TEXT(OWN "\xf0\x9f\x98\n\xe6\x97\n\xc3\n"),
	  "f:2:1: invalid UTF-8\nf:3:1: invalid UTF-8\nf:4:1: invalid UTF-8\n" },
	{ "invalid UTF-8 behind eight plain bytes", TEXT(OWN "12345678\xff,1,tcp\n"),
	  "f:2:9: invalid UTF-8\n" },
	{ "invalid UTF-8 in Latin-1, services(5)", TEXT("a 1/tcp # Gr\xf6\xdf" "e\nb 0/tcp\n"),
	  "f:1:13: invalid UTF-8\nf:2:3: port 0 is not a port\n" },
	{ "columns of a byte order mark's line", TEXT("\xef\xbb\xbf" "a 0/tcp\n"),
	  "f:1:3: port 0 is not a port\n" },
	{ "a byte order mark in a later line", TEXT(OWN "\xef\xbb\xbf" "a,0,tcp\n"),
	  "f:2:6: port 0 is not a port\n" },
	{ "too few and too many columns", TEXT(OWN "a,1\nb,2,tcp,x\n"),
	  "f:2:1: row has 2 columns, the header has 3\n"
	  "f:3:1: row has 4 columns, the header has 3\n" },
	{ "twice in the own format",
	  TEXT(OWN "a,1,tcp\nb,1-9,udp\na,1,udp\na,01,TCP\n b,1-9,udp\n"),
	  "f:5:1: 'a' 1/tcp is on line 2 already\nf:6:1: 'b' 1-9/udp is on line 3 already\n" },
	{ "registry: named rows are checked", TEXT(REGISTRY "a,0,tcp,,,,,,,,,\n,70000,x,,,,,,,,,\n"
	  "b,1,rdp,,,,,,,,,\n"), "f:2:3: port 0 is not a port\nf:4:5: unknown transport 'rdp'\n" },
	{ "services: ports", TEXT("a 70000/tcp\n\tb  0/tcp\nc 90-80/udp\nd x/tcp\ne /tcp\n"),
	  "f:1:3: port 70000 is above 65535\nf:2:5: port 0 is not a port\n"
	  "f:3:3: range 90-80 is reversed\nf:4:3: 'x' is not a port or a range\n"
	  "f:5:3: port is empty\n" },
	{ "services: transports", TEXT("a 1/xyz b\nb 1/\nc 22 tcp\nd\ne # 1/tcp\n"),
	  "f:1:5: unknown transport 'xyz'\nf:2:5: transport is empty\n"
	  "f:3:3: '22' is not port/transport\nf:4:2: port/transport is missing\n"
	  "f:5:3: port/transport is missing\n" },
	{ "services: names", TEXT("a 1/tcp\n" X48 "x 2/tcp " X48 "y\nb\x01 3/tcp # \x1b\n"),
	  "f:2:1: name is longer than 48 bytes\nf:2:57: alias is longer than 48 bytes\n"
	  "f:3:1: control character in name\nf:3:12: control character in description\n" },
	{ "quoted text is shortened and made harmless", TEXT("a 1/\x1b[31m\xc2\x9b" "2J" X48 "\n"),
	  "f:1:5: unknown transport '?[31m??2J" X10 X10 X10 "xxxxx...'\n" },
	{ "quoted text is cut between characters", TEXT("a 1/" X10 X10 X10 X10
	  "abc\xc3\xa9" X10 "\n"), "f:1:5: unknown transport '" X10 X10 X10 X10 "abc...'\n" },
};

static void test_portdb_finish_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refuse_rows); i++) {
		const struct refuse_row *row = &refuse_rows[i];
		struct account messages = {};
		struct portdb *db = portdb_new(note_message, &messages);

		if (parse(db, "f", row->text, row->len) != -EINVAL)
			fail_msg("%s: not refused: %s", row->desc, messages.text);
		if (strcmp(messages.text, row->messages))
			fail_msg("%s: %s", row->desc, messages.text);
		if (portdb_count(db))
			fail_msg("%s: added %zu entries", row->desc, portdb_count(db));
		portdb_free(db);
	}
}

static const struct name_row {
	const char *name;
	bool is;
} name_rows[] = {
	{ "submissions", true },
	{ "smtps", true },
	{ "SMTPS", true },
	{ "urd", true },
	{ "Submissions", true },
	{ "submission", false },
	{ "smtp", false },
	{ "smtpss", false },
	{ "ur", false },
	{ "smtps\nurd", false },
	{ "", false },
};

static void test_portdb_entry_is_name_or_alias(void **state)
{
	static const char text[] = "submissions 465/tcp smtps urd\nx 1/tcp";
	struct portdb *db = portdb_new(NULL, NULL);

	(void)state;
	assert_int_equal(parse(db, "f", text, sizeof(text) - 1), 0);
	for (size_t i = 0; i < COUNT(name_rows); i++)
		if (portdb_entry_is(portdb_entry(db, 0), name_rows[i].name) != name_rows[i].is)
			fail_msg("'%s'", name_rows[i].name);
	assert_true(portdb_entry_is(portdb_entry(db, 1), "x"));
	assert_false(portdb_entry_is(portdb_entry(db, 1), ""));
	portdb_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portdb_finish_accepted),
		cmocka_unit_test(test_portdb_finish_refused),
		cmocka_unit_test(test_portdb_entry_is_name_or_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
