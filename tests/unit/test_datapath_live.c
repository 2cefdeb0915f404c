// SPDX-License-Identifier: GPL-2.0-only

/* The kernel's ticks, as user space computes them, against what a program in the kernel reads. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_live.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECONDS_OFF 30 /* what a boot may take before the clock runs */

/* Returns the low 32 bits of bpf_jiffies64(). */
static int load(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "ticks", "GPL", program, COUNT(program),
			     NULL);
}

static void test_datapath_ticks_now(void **state)
{
	uint8_t frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame));
	int64_t off;
	int fd = load();

	(void)state;
	if (fd < 0) {
		print_message("skipped: no program can be loaded: %s\n", strerror(-fd));
		skip();
	}
	assert_int_equal(bpf_prog_test_run_opts(fd, &options), 0);
	off = (int32_t)((uint32_t)datapath_ticks_now() - options.retval);
	close(fd);
	if (off < 0)
		off = -off;
	assert_in_range(off, 0, SECONDS_OFF * datapath_ticks_per_second());
}

/* It never goes back, and keeps the rate that is said. */
static void test_datapath_ticks_now_rate(void **state)
{
	uint64_t first = datapath_ticks_now(), last = first;

	(void)state;
	while (last < first + 3) {
		uint64_t now = datapath_ticks_now();

		assert_true(now >= last);
		last = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datapath_ticks_now),
		cmocka_unit_test(test_datapath_ticks_now_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
