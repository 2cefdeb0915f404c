// SPDX-License-Identifier: GPL-2.0-only

/* The textfile: written whole, removed only if it is ours. A private datapath needs no kernel. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"
#include "prom_reader.h"
#include "scratch.h"
#include "textfile.h"

static struct scratch scratch;
static char path[PATH_MAX];

static int set_up(void **state)
{
	int err = scratch_open(&scratch);

	(void)state;
	snprintf(path, sizeof(path), "%s/portacct.prom", scratch.path);
	return err;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return scratch_close(&scratch);
}

static void make_file(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
	struct stat st;

	return !lstat(name, &st);
}

static void test_textfile_remove_ours_only(void **state)
{
	static const struct {
		const char *text;
		bool is_ours;
	} rows[] = {
		{ "# HELP portacct_service_receive_packets_total Received", true },
		{ "# HELP portacct_", true },
		{ "", false },
		{ "# HELP portacct", false },
		{ "# HELP node_load1 text\n", false },
		{ " # HELP portacct_", false },
		{ "# help portacct_x", false },
		{ "# TYPE portacct_x counter\n", false },
		{ "root:x:0:0:", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		make_file(rows[i].text);
		assert_int_equal(textfile_remove(path), 0);
		if (is_there(path) == rows[i].is_ours)
			fail_msg("'%s': %s", rows[i].text,
				 rows[i].is_ours ? "still there" : "removed");
	}
}

static void test_textfile_remove_absent(void **state)
{
	char below[PATH_MAX + 4];

	(void)state;
	assert_int_equal(textfile_remove(path), 0);
	make_file("");
	snprintf(below, sizeof(below), "%s/x", path);
	assert_int_equal(textfile_remove(below), -ENOTDIR);
}

/* Whatever stands there in place of a file: left alone, and no waiting for a writer. */
static void test_textfile_remove_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(textfile_remove(path), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_int_equal(textfile_remove(path), 0);
	alarm(0);
	assert_true(is_there(path));
}

/* No link is followed, nor removed: a writer would have replaced it, so it is not ours. */
static void test_textfile_remove_link(void **state)
{
	char target[PATH_MAX];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", scratch.path);
	make_file("# HELP portacct_x text\n");
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(textfile_remove(path), 0);
	assert_true(is_there(path));
	assert_true(is_there(target));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(target), 0);
}

static void open_session(struct session *session, const struct cli_options *options,
			 struct fixture *fixture)
{
	fixture_init_rich(fixture);
	*session = (struct session){ .options = options, .slots = fixture->slots };
	assert_int_equal(datapath_open(&session->datapath, "/nowhere", DATAPATH_PRIVATE), 0);
}

static void close_session(struct session *session, struct fixture *fixture)
{
	datapath_close(session->datapath);
	fixture_fini(fixture);
}

static void check_written(double before)
{
	static char text[65536];
	FILE *file = fopen(path, "re");
	struct prom_text prom;
	struct utsname system;
	struct stat st;
	double written_at;

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	assert_int_equal(fstat(fileno(file), &st), 0);
	fclose(file);
	assert_int_equal(st.st_mode & 07777, 0644);
	if (!prom_read(&prom, text))
		fail_msg("line %s", prom.error);
	assert_int_equal(uname(&system), 0);
	assert_non_null(prom_find(&prom, "portacct_build_info", "version", fixture_version(),
				  "libbpf", datapath_library_version(), "kernel", system.release,
				  NULL));
	assert_true(prom_find(&prom, "portacct_collection_duration_seconds", NULL)->number == 0.25);
	assert_true(prom_find(&prom, "portacct_services_over_limit", NULL)->number == 11);
	written_at = prom_find(&prom, "portacct_last_write_timestamp_seconds", NULL)->number;
	assert_true(written_at >= before && written_at < before + 60);
	prom_free(&prom);
}

/* And what was written is what --detach removes. */
static void test_textfile_write_whole(void **state)
{
	const struct cli_options options = { .textfile = path, .max_series = 2 };
	double before = (double)time(NULL);
	struct session session;
	struct fixture fixture;

	(void)state;
	make_file("old\n");
	open_session(&session, &options, &fixture);
	/* Idle services are decided on when they count; here all have. */
	fixture_set(&fixture, 0, PORT_INDEX_SERVICE(10, 0, true), (struct port_counter){ 1, 1 },
		    (struct port_counter){ 1, 1 });
	assert_int_equal(textfile_write(&session, &fixture.measurement, 0.25), 0);
	check_written(before);
	assert_int_equal(textfile_write(&session, &fixture.measurement, 0.25), 0);
	check_written(before);
	close_session(&session, &fixture);
	assert_int_equal(textfile_remove(path), 0);
	assert_false(is_there(path));
}

static void test_textfile_write_no_directory(void **state)
{
	const struct cli_options options = { .textfile = "/nonexistent/portacct.prom",
					     .max_series = 512 };
	struct session session;
	struct fixture fixture;

	(void)state;
	open_session(&session, &options, &fixture);
	assert_int_equal(textfile_write(&session, &fixture.measurement, 0), -ENOENT);
	close_session(&session, &fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_textfile_remove_ours_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_textfile_remove_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_textfile_remove_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_textfile_remove_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_textfile_write_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_textfile_write_no_directory, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
