// SPDX-License-Identifier: GPL-2.0-only

/* When a device is held to have stopped to receive, and when not. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "watch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS 1000000ULL

static const struct begin_row {
	const char *desc;
	uint64_t packets, ms; /* received before the attach, and in what time */
	bool is_watched;
	uint64_t until_ms; /* after the attach */
} begin_rows[] = {
	{ "nothing received", 0, 50, false, 0 },
	{ "too little to tell", WATCH_PACKETS - 1, 50, false, 0 },
	{ "just enough", WATCH_PACKETS, 50, true, 3000 },
	{ "busy", 50000, 50, true, 3000 },
	{ "the same in a second", WATCH_PACKETS, 1000, true, 10000 },
	{ "a slow one is given more time", 2 * WATCH_PACKETS, 15000, true, 75000 },
	{ "a busy one, seen for long", 1000000, 15000, true, 3000 },
};

static void test_watch_begin_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(begin_rows); i++) {
		const struct begin_row *row = &begin_rows[i];
		const struct watch_look before = { .packets = 7000, .ns = 90000 * MS };
		const struct watch_look attached = { .packets = 7000 + row->packets,
						     .ns = (90000 + row->ms) * MS,
						     .is_up = true,
						     .has_link = true };
		struct watch watch;

		if (watch_begin(&watch, &before, &attached) != row->is_watched)
			fail_msg("%s: watched or not", row->desc);
		if (row->is_watched && watch.until_ns != attached.ns + row->until_ms * MS)
			fail_msg("%s: until %llu ms after", row->desc,
				 (unsigned long long)((watch.until_ns - attached.ns) / MS));
	}
}

/* An interface whose counter went back is another one, or was reset. */
static void test_watch_begin_counter_went_back(void **state)
{
	const struct watch_look before = { .packets = 5000, .ns = MS };
	const struct watch_look attached = { .packets = 20, .ns = 2 * MS };
	struct watch watch;

	(void)state;
	assert_false(watch_begin(&watch, &before, &attached));
	assert_int_equal(watch_look(&watch, &attached), WATCH_RECEIVES);
}

static void begin(struct watch *watch)
{
	const struct watch_look before = { .packets = 0, .ns = 0, .is_up = true, .has_link = true };
	const struct watch_look attached = {
		.packets = 1000, .ns = 100 * MS, .is_up = true, .has_link = true
	};

	assert_true(watch_begin(watch, &before, &attached));
}

static void test_watch_look_stalls_after_patience(void **state)
{
	struct watch_look now = {
		.packets = 1000, .ns = 600 * MS, .is_up = true, .has_link = true
	};
	struct watch watch;

	(void)state;
	begin(&watch);
	assert_int_equal(watch_look(&watch, &now), WATCH_WAITS);
	now.ns = 3099 * MS;
	assert_int_equal(watch_look(&watch, &now), WATCH_WAITS);
	now.ns = 3100 * MS;
	assert_int_equal(watch_look(&watch, &now), WATCH_STALLED);
	/* It is said once. */
	now.ns = 9000 * MS;
	assert_int_equal(watch_look(&watch, &now), WATCH_RECEIVES);
}

static void test_watch_look_one_frame_is_enough(void **state)
{
	struct watch_look now = {
		.packets = 1001, .ns = 3000 * MS, .is_up = true, .has_link = true
	};
	struct watch watch;

	(void)state;
	begin(&watch);
	assert_int_equal(watch_look(&watch, &now), WATCH_RECEIVES);
	now.ns = 30000 * MS;
	assert_int_equal(watch_look(&watch, &now), WATCH_RECEIVES);
}

/* The promise: with a look each WATCH_LOOK_NS a busy device is off within five seconds. */
static void test_watch_look_within_five_seconds(void **state)
{
	struct watch_look now = {
		.packets = 1000, .ns = 100 * MS, .is_up = true, .has_link = true
	};
	struct watch watch;

	(void)state;
	begin(&watch);
	do
		now.ns += WATCH_LOOK_NS;
	while (watch_look(&watch, &now) == WATCH_WAITS);
	assert_true(now.ns - 100 * MS < 5000 * MS);
}

/* A link that is down receives nothing, whatever the driver does: the time begins when it is up. */
static const struct link_row {
	const char *desc;
	bool link_at_attach;
	struct {
		uint64_t ms; /* after the attach; 0: no look */
		enum { SET_DOWN, DOWN, UP } link;
		uint64_t packets; /* since then */
		enum watch_verdict verdict;
		bool is_due;
	} looks[5];
} link_rows[] = {
	{ "down at the attach, not up for a minute",
	  false,
	  { { 500, DOWN, 0, WATCH_WAITS, true },
	    { 62999, DOWN, 0, WATCH_WAITS, true },
	    { 63000, DOWN, 0, WATCH_STALLED, false } } },
	{ "set down by somebody, and up after long",
	  false,
	  { { 500, SET_DOWN, 0, WATCH_WAITS, false },
	    { 600000, SET_DOWN, 0, WATCH_WAITS, false },
	    { 600500, UP, 0, WATCH_WAITS, true },
	    { 603500, UP, 0, WATCH_STALLED, false } } },
	{ "up and down without end",
	  true,
	  { { 20000, DOWN, 0, WATCH_WAITS, true },
	    { 40000, UP, 0, WATCH_WAITS, true },
	    { 42000, DOWN, 0, WATCH_WAITS, true },
	    { 62900, UP, 0, WATCH_WAITS, true },
	    { 63100, UP, 0, WATCH_STALLED, false } } },
	{ "down at the attach, up, and stalls",
	  false,
	  { { 7000, UP, 0, WATCH_WAITS, true },
	    { 9999, UP, 0, WATCH_WAITS, true },
	    { 10000, UP, 0, WATCH_STALLED, false } } },
	{ "down at the attach, up, and receives",
	  false,
	  { { 7000, UP, 0, WATCH_WAITS, true }, { 9999, UP, 1, WATCH_RECEIVES, false } } },
	{ "down behind it, up, and stalls",
	  true,
	  { { 500, UP, 0, WATCH_WAITS, true },
	    { 2900, DOWN, 0, WATCH_WAITS, true },
	    { 8000, UP, 0, WATCH_WAITS, true },
	    { 10999, UP, 0, WATCH_WAITS, true },
	    { 11000, UP, 0, WATCH_STALLED, false } } },
	{ "down twice",
	  true,
	  { { 1000, DOWN, 0, WATCH_WAITS, true },
	    { 2000, UP, 0, WATCH_WAITS, true },
	    { 4900, DOWN, 0, WATCH_WAITS, true },
	    { 6000, UP, 0, WATCH_WAITS, true },
	    { 8999, UP, 0, WATCH_WAITS, true } } },
	{ "first seen down when it would have stalled",
	  true,
	  { { 3500, DOWN, 0, WATCH_WAITS, true }, { 4000, UP, 5, WATCH_RECEIVES, false } } },
	{ "down, but it has received",
	  true,
	  { { 500, DOWN, 1, WATCH_RECEIVES, false }, { 9000, UP, 1, WATCH_RECEIVES, false } } },
};

static void look_at_link(const struct link_row *row)
{
	const struct watch_look before = { .packets = 0, .ns = 0, .is_up = true, .has_link = true };
	const struct watch_look attached = { 1000, 100 * MS, true, row->link_at_attach };
	struct watch watch;

	assert_true(watch_begin(&watch, &before, &attached));
	assert_true(watch_is_due(&watch));
	for (size_t i = 0; i < COUNT(row->looks) && row->looks[i].ms; i++) {
		const struct watch_look now = { 1000 + row->looks[i].packets,
						(100 + row->looks[i].ms) * MS,
						row->looks[i].link != SET_DOWN,
						row->looks[i].link == UP };

		if (watch_look(&watch, &now) != row->looks[i].verdict)
			fail_msg("%s: look %zu: the verdict", row->desc, i);
		if (watch_is_due(&watch) != row->looks[i].is_due)
			fail_msg("%s: look %zu: due or not", row->desc, i);
	}
}

static void test_watch_look_link_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(link_rows); i++)
		look_at_link(&link_rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watch_begin_rows),
		cmocka_unit_test(test_watch_begin_counter_went_back),
		cmocka_unit_test(test_watch_look_stalls_after_patience),
		cmocka_unit_test(test_watch_look_one_frame_is_enough),
		cmocka_unit_test(test_watch_look_within_five_seconds),
		cmocka_unit_test(test_watch_look_link_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
