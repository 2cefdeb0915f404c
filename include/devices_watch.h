/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Told when devices of this network namespace appear, vanish or change: a descriptor for poll(2),
 * readable (POLLIN, or POLLERR where the queue overflowed) when devices_read() may tell something
 * new. What has changed is not told, only that something has: the list is read anew, so nothing
 * depends on having received each event. Failures are logged here.
 *
 * Order: open, then read the list; later drain, then read the list. So no change is missed.
 */
#ifndef DEVICES_WATCH_H
#define DEVICES_WATCH_H

#include <stdbool.h>

/*
 * With default_routes, changes of default routes count too: for a choice without patterns. The
 * kernel drops changes of other routes before they are queued, so a router with full tables costs
 * nothing here. The descriptor is close-on-exec and does not block; close(2) ends it. -errno on
 * failure.
 */
int devices_watch_open(bool default_routes);
/*
 * Takes all that is queued. 1: something may have changed, or the queue overflowed; 0: nothing;
 * -errno on failure.
 */
int devices_watch_drain(int fd);

#endif
