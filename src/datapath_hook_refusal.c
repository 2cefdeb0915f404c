// SPDX-License-Identifier: GPL-2.0-only
/* Why a hook was refused, in the kernel's words where it has any. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath_hook.h"

/* What the errno of attaching means where the kernel says no more. */
static const char *hint(const struct hook_refusal *refusal)
{
	if (refusal->err == -EPERM)
		return "CAP_NET_ADMIN is needed";
	if (!refusal->is_xdp)
		return "";
	switch (-refusal->err) {
	case EEXIST: /* dev_xdp_attach() in net/core/dev.c */
		return "an XDP program is on a device above it";
	case EOPNOTSUPP:
		return "its driver has none";
	case EINVAL:
	case ERANGE:
		return "its MTU may be too large for XDP";
	case ENOMEM:
		return "its driver may have too few queues";
	default:
		return "";
	}
}

void hook_refusal_text(const struct hook_refusal *refusal, char *text, size_t size)
{
	const char *err = strerror(abs(refusal->err));
	const char *why = *refusal->reason ? refusal->reason : hint(refusal);

	if (refusal->id && *refusal->name)
		snprintf(text, size, "%s (another XDP program is on it: id %u, '%.*s')", err,
			 refusal->id, (int)sizeof(refusal->name), refusal->name);
	else if (refusal->id)
		snprintf(text, size, "%s (another XDP program is on it: id %u)", err, refusal->id);
	else
		snprintf(text, size, *why ? "%s (%s)" : "%s", err, why);
}

static struct hook_refusal *listening;

/* libbpf hands on what comes with an error over netlink, and by no other way. */
static int __attribute__((format(printf, 2, 0)))
keep_reason(enum libbpf_print_level level, const char *format, va_list args)
{
	static const char before[] = "Kernel error message: ";
	char line[sizeof(listening->reason) + sizeof(before) + 16];
	const char *found;

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	found = strstr(line, before);
	if (!found || !listening)
		return 0;
	found += strlen(before);
	snprintf(listening->reason, sizeof(listening->reason), "%.*s", (int)strcspn(found, "\n"),
		 found);
	return 0;
}

libbpf_print_fn_t hook_listen(struct hook_refusal *refusal)
{
	listening = refusal;
	return libbpf_set_print(keep_reason);
}

void hook_listen_end(libbpf_print_fn_t before)
{
	libbpf_set_print(before);
	listening = NULL;
}
