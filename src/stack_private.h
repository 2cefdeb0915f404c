/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The relations in a list of devices, which are named by their index in it. A graph lives as long
 * as the list does, and holds for its order.
 */
#ifndef STACK_PRIVATE_H
#define STACK_PRIVATE_H

#include "stack.h"

#define STACK_NONE UINT32_MAX

struct stack_edge {
	uint32_t upper, lower;
	bool is_member; /* lower is a member of upper, and not what upper alone stands on */
	bool is_same;   /* the very frames that lower receives come to upper */
};

struct stack_graph {
	const struct devices *devices;
	struct stack_edge *edges; /* by upper, then by lower */
	uint32_t *first;          /* edges below device i: from first[i] to before first[i + 1] */
};

/* 0 or -ENOMEM; stack_graph_fini() in either case. */
int stack_graph_init(struct stack_graph *graph, const struct devices *devices);
void stack_graph_fini(struct stack_graph *graph);

#endif
