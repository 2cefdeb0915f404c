// SPDX-License-Identifier: GPL-2.0-only
/* Why a hook was refused, in words, and where a filter finds a place. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/datapath_hook.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is behind the C library's words for the error. */
static void check_text(struct hook_refusal refusal, const char *behind)
{
	char text[256], wanted[256];

	hook_refusal_text(&refusal, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%s%s", strerror(-refusal.err), behind);
	assert_string_equal(text, wanted);
}

/* The sentences are those of drivers/net/virtio_net.c, net/core/dev.c and drivers/net/veth.c. */
static void test_kernel_words(void **state)
{
	(void)state;
	check_text((struct hook_refusal){ .is_xdp = true,
					  .err = -EOPNOTSUPP,
					  .reason = "Can't set XDP while host is implementing "
						    "GRO_HW/CSUM, disable GRO_HW/CSUM first" },
		   " (Can't set XDP while host is implementing "
		   "GRO_HW/CSUM, disable GRO_HW/CSUM first)");
	check_text((struct hook_refusal){ .is_xdp = true,
					  .err = -ENOMEM,
					  .reason = "Too few free TX rings available" },
		   " (Too few free TX rings available)");
	check_text((struct hook_refusal){ .is_xdp = true,
					  .err = -ERANGE,
					  .reason = "Peer MTU is too large to set XDP" },
		   " (Peer MTU is too large to set XDP)");
}

static void test_hints(void **state)
{
	(void)state;
	check_text((struct hook_refusal){ .is_xdp = true, .err = -ENOMEM },
		   " (its driver may have too few queues)");
	check_text((struct hook_refusal){ .is_xdp = true, .err = -EOPNOTSUPP },
		   " (its driver has none)");
	check_text((struct hook_refusal){ .is_xdp = true, .err = -EINVAL },
		   " (its MTU may be too large for XDP)");
	check_text((struct hook_refusal){ .is_xdp = true, .err = -EEXIST },
		   " (an XDP program is on a device above it)");
	check_text((struct hook_refusal){ .is_xdp = true, .err = -ENODEV }, "");
	check_text((struct hook_refusal){ .err = -EPERM }, " (CAP_NET_ADMIN is needed)");
	check_text((struct hook_refusal){ .err = -EINVAL }, "");
}

static void test_other_program(void **state)
{
	(void)state;
	check_text(
		(struct hook_refusal){
			.is_xdp = true, .err = -EBUSY, .id = 12, .name = "xdp_dispatcher" },
		" (another XDP program is on it: id 12, "
		"'xdp_dispatcher')");
	check_text((struct hook_refusal){ .is_xdp = true, .err = -EEXIST, .id = 12 },
		   " (another XDP program is on it: id 12)");
}

static libbpf_print_fn_t printing(void)
{
	libbpf_print_fn_t now = libbpf_set_print(NULL);

	libbpf_set_print(now);
	return now;
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printing()(LIBBPF_WARN, format, args);
	va_end(args);
}

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static void test_listening(void **state)
{
	struct hook_refusal refusal = { .is_xdp = true, .err = -EOPNOTSUPP };
	libbpf_print_fn_t first = libbpf_set_print(silent), before;
	char much[400];

	(void)state;
	before = hook_listen(&refusal);
	assert_ptr_equal(before, silent);
	say("libbpf: %s\n", "of something else");
	assert_string_equal(refusal.reason, "");
	say("libbpf: Kernel error message: %s\n", "Too few free TX rings available");
	assert_string_equal(refusal.reason, "Too few free TX rings available");
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	say("libbpf: Kernel error message: %s\n", much);
	assert_int_equal(strlen(refusal.reason), sizeof(refusal.reason) - 1);
	hook_listen_end(before);
	assert_ptr_equal(printing(), silent);
	libbpf_set_print(first);
}

static void check_place(struct hook_filter *list, size_t count, uint16_t priority, uint32_t handle)
{
	struct hook_filters filters = { .list = list, .count = count };
	struct hook_filter place = hook_filters_place(&filters);

	assert_int_equal(place.priority, priority);
	assert_int_equal(place.handle, handle);
}

/* Each priority is listed once with the handle 0, and then its filters. */
static void test_place(void **state)
{
	struct hook_filter flower[] = {
		{ .priority = 1 },
		{ .priority = 1, .handle = 1 },
		{ .priority = 2, .is_bpf = true },
		{ .priority = 2, .handle = 1, .is_bpf = true, .program = 9 },
	};
	struct hook_filter taken[] = {
		{ .priority = 1, .is_bpf = true },
		{ .priority = 1, .handle = 0x7061, .is_bpf = true, .program = 7 },
		{ .priority = 1, .handle = 0x7062, .is_bpf = true, .program = 8 },
	};

	(void)state;
	check_place(NULL, 0, 1, 0x7061);
	check_place(flower, COUNT(flower), 2, 0x7061);
	check_place(flower, 2, 2, 0x7061);
	check_place(taken, COUNT(taken), 1, 0x7063);
}

static void test_find(void **state)
{
	struct hook_filter list[] = {
		{ .priority = 1 },
		{ .priority = 1, .handle = 1 },
		{ .priority = 2, .handle = 5, .is_bpf = true, .program = 9 },
	};
	struct hook_filters filters = { .list = list, .count = COUNT(list) };

	(void)state;
	assert_ptr_equal(hook_filters_find(&filters, 9), &list[2]);
	assert_null(hook_filters_find(&filters, 8));
	assert_null(hook_filters_find(&filters, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_words),  cmocka_unit_test(test_hints),
		cmocka_unit_test(test_other_program), cmocka_unit_test(test_listening),
		cmocka_unit_test(test_place),         cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
