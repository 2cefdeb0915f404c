/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices stand on which: a VLAN on its device, a bridge or a bond over its members, a tunnel
 * on the device that it goes out by. From the list of all devices alone, without any I/O but the
 * printing.
 *
 * A frame that comes in by a lower device and is handed to the upper one is received by both, so
 * both programs count it. What a tunnel carries is another frame than the one around it: that is
 * counted on the lower device as what it is (UDP, GRE, ESP, MACsec), and what is within on the
 * tunnel, so tunnels are ordered and drawn and count nothing twice. The same holds for a vrf and
 * for Open vSwitch, whose master devices do not receive what their members do. The two ends of a
 * veth pair do not stand on each other. What the kernel does not tell is not known here: on which
 * device a ppp device's PPPoE session runs.
 */
#ifndef STACK_H
#define STACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "devices.h"

/* Whether a device is counted on, or about to be. */
typedef bool stack_is_counted(void *ctx, const struct device *device);

/* Two counted devices that count the same frames. They point into the list they were found in. */
struct stack_pair {
	const struct device *upper, *lower;
	const struct device *over; /* the next below upper on the way; lower itself if it is that */
};

struct stack_pairs {
	struct stack_pair
		*list; /* by upper, in the order of the devices' list; the nearest below first */
	size_t count;
};

/*
 * Puts lower devices before upper ones, members before their bridge, and changes the order no
 * further than that takes. To be called with all devices, before some are chosen: a device between
 * two others may be one that is not. -ENOMEM leaves the list as it was.
 */
int stack_sort(struct devices *devices);

/*
 * Every pair of counted devices that would count the same frame, also through devices between them
 * that are not counted. 0, or -ENOMEM, and then there are none; stack_pairs_free() in either case.
 */
int stack_doubles(struct stack_pairs *pairs, const struct devices *all,
		  stack_is_counted *is_counted, void *ctx);
void stack_pairs_free(struct stack_pairs *pairs);

#define STACK_SENTENCE_SIZE 256
/*
 * "device 'eth0.5': a vlan on 'eth0', which is counted too: frames that pass both would be counted
 * twice (--allow-stacked permits it)"; where that is permitted: "... both are counted twice".
 * Writes at most STACK_SENTENCE_SIZE bytes, and names as they are: log.h makes them printable.
 */
const char *stack_sentence(char *out, const struct stack_pair *pair, bool is_permitted);

/*
 * The groups of related devices in which at least one is counted, and lone counted devices, a line
 * each: name, kind, whether it is counted, and what it counts twice. A device follows the one that
 * it stands on and is two spaces further in. A bridge or a bond stands over several, so it begins
 * a tree, and its line names some of its members. Every line begins with indent spaces. 0 or
 * -ENOMEM; failures to write stay in the stream (ferror(3)).
 */
int stack_print(FILE *out, unsigned int indent, const struct devices *all,
		stack_is_counted *is_counted, void *ctx);
/*
 * The same devices as an array, lower ones first: {"device", "kind", "counted", "over": names,
 * "counted_twice_with": names of counted devices below it}. NULL: out of memory.
 */
json_t *stack_json(const struct devices *all, stack_is_counted *is_counted, void *ctx);

#endif
