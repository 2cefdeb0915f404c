/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this process may do. Counting needs CAP_BPF (maps, programs), CAP_NET_ADMIN (attaching) and
 * CAP_PERFMON (a program that computes with packet pointers), see capabilities(7); a kernel without
 * the first and the last of them asks for CAP_SYS_ADMIN instead.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PRIVILEGES_TEXT_MAX 128

/*
 * For good: keeps of the capabilities that the process has those that counting needs, gives up the
 * others, what could be inherited and the bounding set, and lets no program that it would start
 * gain any (PR_SET_NO_NEW_PRIVS).
 *
 * works, if there is one, tells with 0 or -errno whether the files that are written and read from
 * now on can be: it is called with the effective capabilities that are to stay. Where it fails, and
 * works with CAP_DAC_OVERRIDE, CAP_FOWNER or both, that is kept too, and it is said so: root
 * without the one cannot write to another user's directory, without the other not replace another
 * user's file in one that is sticky. Where it fails either way nothing is kept for it: that is for
 * the caller to tell.
 *
 * A process without capabilities has none to give up. 0 or -errno (logged).
 */
int privileges_drop(int (*works)(void *ctx), void *ctx);
/*
 * What works() returns when no capability is in effect, as for who has none; then those that were
 * are in effect again. -ENOTSUP: it was not called.
 */
int privileges_without(int (*works)(void *ctx), void *ctx);
/* Whether the kernel has CAP_BPF and CAP_PERFMON. */
bool privileges_are_split(void);
/*
 * Writes the names of those needed that are not in effect, as "CAP_BPF, CAP_PERFMON"; "" if none is
 * missing. Returns their number.
 */
size_t privileges_missing(char *out, size_t size);
/*
 * The rest of a message for a system call that failed with err: after -EPERM or -EACCES, if
 * something is missing, " (missing: CAP_BPF; run as root, or with CAP_BPF, CAP_NET_ADMIN and
 * CAP_PERFMON)"; "" otherwise. Static memory, valid until the next call.
 */
const char *privileges_hint(int err);
/*
 * The same for a file that cannot be used from now on, where privileges_drop() has given up what
 * might have helped: " (restart the agent: ...)"; or "".
 */
const char *privileges_files_hint(int err);
/*
 * Finds a group by its name or number, to which files are to be handed; for_good: after
 * privileges_drop() as well, for which this process must be in it, or join it. 0, -EINVAL (there is
 * none) or -EPERM (it may not); both are logged as a fault of option --group.
 */
int privileges_group(const char *name, bool for_good, gid_t *gid);

#endif
