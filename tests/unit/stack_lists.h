/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices on devices, made by hand, and choices among them by name. */
#ifndef STACK_LISTS_H
#define STACK_LISTS_H

#include "devices.h"
#include "stack.h"

/* A copy to sort and to free; fails the test where it cannot be made. */
struct devices stack_lists_copy(const struct device *list, size_t count);
/* The names, with spaces between them. */
void stack_lists_names(const struct devices *devices, char *out, size_t size);
/* A stack_is_counted whose context is a text of names with spaces between them. */
bool stack_lists_is_counted(void *names, const struct device *device);

/*
 * eth0 and eth1 in bond0, which carries VLANs, of which one is in a bridge with a tunnel's end that
 * goes out by eth2; listed as the kernel might, by number, with upper ones before lower ones.
 */
extern const struct device stack_lists_office[12];

#endif
