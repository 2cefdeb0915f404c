/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replaces a file whole or not at all: a reader finds the old content or the new, never a part. The
 * content goes to a temporary file in the same directory, ".NAME.RANDOM.tmp" (which no textfile
 * collector reads, as it does not end in ".prom"), created with O_EXCL and O_NOFOLLOW, mode 0644
 * whatever the umask; it is synced and renamed over the target. A failure leaves the target as it
 * is and no temporary file; one that the disk does not let go is removed by the next write that can.
 */
#ifndef ATOMIC_FILE_H
#define ATOMIC_FILE_H

#include <stddef.h>
#include <stdint.h>

/* 0 or -errno; -EISDIR if path names a directory, -EINVAL if a device, FIFO or socket of ours. */
int atomic_file_write(const char *path, const void *data, size_t len);
/*
 * Whether path's directory exists, takes new files, and lets path be replaced: 0 or -errno. Also
 * removes temporary files that a killed writer left there.
 */
int atomic_file_prepare(const char *path);
/* A number that the same file has by whatever path; 0: its directory cannot be opened. */
uint64_t atomic_file_number(const char *path);

#endif
