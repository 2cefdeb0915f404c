/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of privileges share: children that give them up, and what is left to a process. */
#ifndef PRIVILEGES_CASE_H
#define PRIVILEGES_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "privileges.h"
#include "scratch.h"

#define BIT(value) (UINT64_C(1) << (value))
#define DOCUMENTED (BIT(CAP_BPF) | BIT(CAP_NET_ADMIN) | BIT(CAP_PERFMON))

static struct scratch scratch;

/* Privileges are given up for good: each test does it in a child, whose findings are a number. */
static inline int in_child(int (*test)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(test());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The line of a test that does not hold, for want of asserts in a child. */
#define DEMAND(holds)                                                                              \
	do {                                                                                       \
		if (!(holds))                                                                      \
			return __LINE__ & 0xff;                                                    \
	} while (0)

static inline void root_or_skip(void)
{
	if (!geteuid() && cap_get_bound(CAP_BPF) > 0)
		return;
	print_message("skipped: giving up capabilities needs root and a kernel that has CAP_BPF\n");
	skip();
}

static inline uint64_t status_value(const char *key, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	size_t len = strlen(key);
	uint64_t value = UINT64_MAX;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, len) && line[len] == ':')
			value = strtoull(line + len + 1, NULL, base);
	if (file)
		fclose(file);
	return value;
}

static inline int give_up_all(void)
{
	cap_t none = cap_init();
	int err = none ? cap_set_proc(none) : -1;

	cap_free(none);
	return err;
}

static inline int keeps_only(uint64_t wanted)
{
	DEMAND(status_value("CapEff", 16) == wanted);
	DEMAND(status_value("CapPrm", 16) == wanted);
	DEMAND(status_value("CapBnd", 16) == wanted);
	DEMAND(status_value("CapInh", 16) == 0);
	DEMAND(status_value("CapAmb", 16) == 0);
	DEMAND(status_value("NoNewPrivs", 10) == 1);
	return 0;
}

#endif
