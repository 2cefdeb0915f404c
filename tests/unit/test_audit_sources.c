// SPDX-License-Identifier: GPL-2.0-only

/* Frames of several captures in one order. Files stand for the devices: they, too, end for now. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pcap/pcap.h>
#include <string.h>

#include "../../src/audit_private.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FRAMES_MAX 5
#define SECOND INT64_C(1000000000)

/* The times at which a device receives, in milliseconds of one second; 0 ends the list. */
static void write_capture(const char *path, const int times[FRAMES_MAX])
{
	static const uint8_t frame[60];
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, path);

	assert_non_null(dumper);
	for (int i = 0; i < FRAMES_MAX && times[i]; i++) {
		struct pcap_pkthdr header = {
			.ts = { .tv_sec = 1, .tv_usec = times[i] * 1000 },
			.caplen = sizeof(frame),
			.len = sizeof(frame),
		};

		pcap_dump((u_char *)dumper, &header, frame);
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

static void add(struct audit_sources *sources, struct scratch *scratch, const int times[FRAMES_MAX])
{
	char name[16];
	struct capture *capture;

	snprintf(name, sizeof(name), "dev%zu", sources->count);
	write_capture(scratch_in(scratch, name), times);
	assert_int_equal(capture_open_file(&capture, scratch_in(scratch, name)), 0);
	assert_int_equal(audit_sources_add(sources, name, capture), 0);
}

/* The milliseconds of the next frame; 0: there is none. */
static int next(struct audit_sources *sources, int64_t now_ns)
{
	struct audit_source *source = audit_sources_next(sources, now_ns);

	if (!source)
		return 0;
	source->has_frame = false;
	return (int)((source->frame.time_ns - SECOND) / 1000000);
}

static const struct {
	const char *desc;
	int devices[3][FRAMES_MAX];
	int wanted[3 * FRAMES_MAX];
} rows[] = {
	{ "nothing", {}, {} },
	{ "one device", { { 10, 20, 30 } }, { 10, 20, 30 } },
	{ "in turn", { { 10, 30, 50 }, { 20, 40, 60 } }, { 10, 20, 30, 40, 50, 60 } },
	{ "one after the other", { { 40, 50 }, { 10, 20 } }, { 10, 20, 40, 50 } },
	{ "three", { { 30 }, { 20, 50 }, { 10, 40 } }, { 10, 20, 30, 40, 50 } },
	{ "at the same time: in the order of devices", { { 10, 10 }, { 10 } }, { 10, 10, 10 } },
	{ "a device whose own order is none keeps it", { { 30, 10 }, { 20 } }, { 20, 30, 10 } },
};

static void test_audit_sources_order(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct audit_sources sources = {};

		for (size_t k = 0; k < COUNT(rows[i].devices); k++)
			add(&sources, *state, rows[i].devices[k]);
		for (const int *wanted = rows[i].wanted; *wanted; wanted++) {
			int got = next(&sources, INT64_MAX);

			if (got != *wanted)
				fail_msg("%s: %d, wanted %d", rows[i].desc, got, *wanted);
		}
		assert_int_equal(next(&sources, INT64_MAX), 0);
		assert_int_equal(audit_sources_open(&sources), COUNT(rows[i].devices));
		audit_sources_fini(&sources);
	}
}

/* While another device may still tell of an older one, a frame is held back; but not for long. */
static void test_audit_sources_hold(void **state)
{
	const int64_t time = SECOND + 100 * 1000000;
	struct audit_sources sources = {};

	add(&sources, *state, (const int[FRAMES_MAX]){ 50, 100 });
	add(&sources, *state, (const int[FRAMES_MAX]){ 70 });
	assert_int_equal(next(&sources, time), 50); /* both have one: the older is the next */
	assert_int_equal(next(&sources, time), 70);
	assert_int_equal(next(&sources, time), 0);
	assert_int_equal(next(&sources, time + AUDIT_HOLD_NS - 1), 0);
	assert_int_equal(next(&sources, time + AUDIT_HOLD_NS), 100);
	assert_int_equal(next(&sources, time + AUDIT_HOLD_NS), 0);
	audit_sources_fini(&sources);
}

static void test_audit_sources_hold_not(void **state)
{
	const int64_t time = SECOND + 50 * 1000000;
	struct audit_sources sources = {};

	add(&sources, *state, (const int[FRAMES_MAX]){ 50 });
	assert_int_equal(next(&sources, time), 50); /* there is no other device */
	audit_sources_fini(&sources);

	add(&sources, *state, (const int[FRAMES_MAX]){ 50 });
	add(&sources, *state, (const int[FRAMES_MAX]){});
	assert_int_equal(next(&sources, time - 1), 50); /* the clock was set back */
	audit_sources_fini(&sources);
}

/* A device that cannot be read on ends, and no other waits for it. */
static void test_audit_sources_end(void **state)
{
	const int64_t time = SECOND + 50 * 1000000;
	struct audit_sources sources = {};
	struct capture *capture;
	struct scratch *scratch = *state;

	add(&sources, scratch, (const int[FRAMES_MAX]){ 50, 60 });
	write_capture(scratch_in(scratch, "cut"), (const int[FRAMES_MAX]){ 55 });
	assert_int_equal(truncate(scratch_in(scratch, "cut"), 24 + 16 + 10), 0);
	assert_int_equal(capture_open_file(&capture, scratch_in(scratch, "cut")), 0);
	assert_int_equal(audit_sources_add(&sources, "cut", capture), 0);
	assert_int_equal(audit_sources_open(&sources), 2);
	assert_int_equal(next(&sources, time), 50);
	assert_int_equal(audit_sources_open(&sources), 1);
	assert_int_equal(next(&sources, time), 60);
	assert_int_equal(audit_sources_end(&sources), 0);
	assert_int_equal(audit_sources_open(&sources), 0);
	assert_int_equal(next(&sources, INT64_MAX), 0);
	assert_string_equal(sources.list[1].name, "cut");
	audit_sources_fini(&sources);
}

int main(void)
{
	static struct scratch scratch;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(test_audit_sources_order, scratch_set_up,
							 scratch_tear_down, &scratch),
		cmocka_unit_test_prestate_setup_teardown(test_audit_sources_hold, scratch_set_up,
							 scratch_tear_down, &scratch),
		cmocka_unit_test_prestate_setup_teardown(
			test_audit_sources_hold_not, scratch_set_up, scratch_tear_down, &scratch),
		cmocka_unit_test_prestate_setup_teardown(test_audit_sources_end, scratch_set_up,
							 scratch_tear_down, &scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
