// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: answers bpf(2) and prctl(2) as a kernel does that lacks what the words in $LACKS
 * name: batch_reads, frags, tcx, cap_bpf, group_reads; or memory, for large maps; several_buffers, as
 * drivers that have XDP, but not for such frames. All other calls go to the kernel there is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of newer headers. */
#define LINUX_ENOTSUPP 524
#define ATTACH_TYPE_TCX 46
#define FLAG_XDP_HAS_FRAGS (1U << 5)
#define HELPER_XDP_GET_BUFF_LEN 188

#define LARGE_MAP (32U << 20)

typedef long system_call(long number, ...);

static system_call *kernel(void)
{
	static system_call *next;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	return next;
}

static int lacks(const char *word)
{
	const char *words = getenv("LACKS");

	return words && strstr(words, word) != NULL;
}

static int refuse(int reason)
{
	errno = reason;
	return 1;
}

static int is_per_cpu(const union bpf_attr *attr)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr ask = { .info = { .bpf_fd = attr->batch.map_fd,
					 .info_len = sizeof(info),
					 .info = (unsigned long)&info } };

	return !kernel()(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask)) &&
	       info.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* A whole program has the call where the verifier does not come; one that asks for it is short. */
static int asks_for_frags(const union bpf_attr *attr)
{
	const struct bpf_insn *code = (const void *)(unsigned long)attr->insns;

	if (attr->prog_flags & FLAG_XDP_HAS_FRAGS)
		return 1;
	if (attr->insn_cnt > 2 || code->code != (BPF_JMP | BPF_CALL) ||
	    code->imm != HELPER_XDP_GET_BUFF_LEN)
		return 0;
	if (attr->log_buf)
		snprintf((char *)(unsigned long)attr->log_buf, attr->log_size,
			 "invalid func unknown#%d\n", code->imm);
	return 1;
}

static int has_no_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };

	kernel()(SYS_capget, &head, sets);
	return !(sets[1].effective & 1U << (CAP_BPF - 32)) &&
	       !(sets[0].effective & 1U << CAP_SYS_ADMIN);
}

/* Programs for frames in several buffers, by their descriptors. */
static unsigned char is_for_several[1024];

static void note_program(long program, const union bpf_attr *attr)
{
	if (program >= 0 && (size_t)program < sizeof(is_for_several))
		is_for_several[program] = (attr->prog_flags & FLAG_XDP_HAS_FRAGS) != 0;
}

static int is_of_several(unsigned int program)
{
	return program < sizeof(is_for_several) && is_for_several[program];
}

static int is_refused(enum bpf_cmd command, const union bpf_attr *attr)
{
	if (lacks("group_reads") && has_no_rights())
		return refuse(EPERM);
	if (lacks("batch_reads") && command == BPF_MAP_LOOKUP_BATCH && is_per_cpu(attr))
		return refuse(LINUX_ENOTSUPP);
	if (lacks("memory") && command == BPF_MAP_CREATE &&
	    (__u64)attr->max_entries * attr->value_size > LARGE_MAP)
		return refuse(ENOMEM);
	if (lacks("frags") && command == BPF_PROG_LOAD && asks_for_frags(attr))
		return refuse(EINVAL);
	if (lacks("tcx") &&
	    ((command == BPF_PROG_QUERY && attr->query.attach_type >= ATTACH_TYPE_TCX) ||
	     (command == BPF_LINK_CREATE && attr->link_create.attach_type >= ATTACH_TYPE_TCX)))
		return refuse(EINVAL);
	if (lacks("several_buffers") &&
	    ((command == BPF_LINK_CREATE && is_of_several(attr->link_create.prog_fd)) ||
	     (command == BPF_LINK_UPDATE && is_of_several(attr->link_update.new_prog_fd))))
		return refuse(EOPNOTSUPP);
	return 0;
}

long syscall(long number, ...)
{
	long a[6], result;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && is_refused((enum bpf_cmd)a[0], (const union bpf_attr *)a[1]))
		return -1;
	result = kernel()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_bpf && a[0] == BPF_PROG_LOAD)
		note_program(result, (const union bpf_attr *)a[1]);
	return result;
}

int prctl(int option, ...)
{
	long a[4];
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (option == PR_CAPBSET_READ && lacks("cap_bpf") && a[0] >= CAP_PERFMON) {
		errno = EINVAL;
		return -1;
	}
	return (int)kernel()(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}
