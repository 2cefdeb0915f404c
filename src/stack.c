// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack_private.h"

/* A list in the making: what is in it, or is being put there, is not put there again. */
struct sorting {
	const struct stack_graph *graph;
	struct device *list;
	size_t count;
	bool *is_seen;
};

/* What is below first. The kernel lets devices stand eight deep: nor does this go deeper. */
static void put(struct sorting *sorting, uint32_t at)
{
	const struct stack_graph *graph = sorting->graph;

	if (sorting->is_seen[at])
		return;
	sorting->is_seen[at] = true;
	for (uint32_t i = graph->first[at]; i < graph->first[at + 1]; i++)
		put(sorting, graph->edges[i].lower);
	sorting->list[sorting->count++] = graph->devices->list[at];
}

int stack_sort(struct devices *devices)
{
	struct stack_graph graph;
	struct sorting sorting = {
		.graph = &graph,
		.list = calloc(devices->count + 1, sizeof(*sorting.list)),
		.is_seen = calloc(devices->count + 1, sizeof(*sorting.is_seen)),
	};
	int err = stack_graph_init(&graph, devices);

	if (!err && sorting.list && sorting.is_seen) {
		for (size_t i = 0; i < devices->count; i++)
			put(&sorting, (uint32_t)i);
		if (devices->count)
			memcpy(devices->list, sorting.list,
			       devices->count * sizeof(*devices->list));
	} else {
		err = -ENOMEM;
	}
	stack_graph_fini(&graph);
	free(sorting.list);
	free(sorting.is_seen);
	return err;
}

/* Going down from one device after the other, the nearest first. */
struct search {
	struct stack_graph graph;
	bool *is_counted;
	uint32_t *queue;
	uint32_t *from;  /* the device that at was last reached from, */
	uint32_t *first; /* and the one next below from on the way */
	struct stack_pairs *pairs;
};

static int add_pair(struct search *search, uint32_t upper, uint32_t lower)
{
	const struct device *list = search->graph.devices->list;
	struct stack_pairs *pairs = search->pairs;
	struct stack_pair *grown;

	/* Room for 1, 2, 4, ... pairs. */
	if (!(pairs->count & (pairs->count - 1))) {
		grown = reallocarray(pairs->list, pairs->count ? pairs->count * 2 : 1,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		pairs->list = grown;
	}
	pairs->list[pairs->count++] = (struct stack_pair){
		.upper = &list[upper],
		.lower = &list[lower],
		.over = &list[search->first[lower]],
	};
	return 0;
}

static int search_below(struct search *search, uint32_t upper)
{
	const struct stack_graph *graph = &search->graph;
	size_t end = 0;
	int err = 0;

	search->from[upper] = upper;
	search->queue[end++] = upper;
	for (size_t next = 0; !err && next < end; next++) {
		uint32_t at = search->queue[next];

		for (uint32_t i = graph->first[at]; !err && i < graph->first[at + 1]; i++) {
			uint32_t lower = graph->edges[i].lower;

			if (!graph->edges[i].is_same || search->from[lower] == upper)
				continue;
			search->from[lower] = upper;
			search->first[lower] = at == upper ? lower : search->first[at];
			search->queue[end++] = lower;
			if (search->is_counted[lower])
				err = add_pair(search, upper, lower);
		}
	}
	return err;
}

static int search_all(struct search *search, stack_is_counted *is_counted, void *ctx)
{
	const struct devices *devices = search->graph.devices;
	int err = 0;

	for (size_t i = 0; i < devices->count; i++) {
		search->from[i] = STACK_NONE;
		search->is_counted[i] = is_counted(ctx, &devices->list[i]);
	}
	for (size_t i = 0; !err && i < devices->count; i++)
		if (search->is_counted[i])
			err = search_below(search, (uint32_t)i);
	return err;
}

int stack_doubles(struct stack_pairs *pairs, const struct devices *all,
		  stack_is_counted *is_counted, void *ctx)
{
	size_t room = all->count + 1;
	struct search search = {
		.is_counted = calloc(room, sizeof(*search.is_counted)),
		.queue = calloc(room, sizeof(*search.queue)),
		.from = calloc(room, sizeof(*search.from)),
		.first = calloc(room, sizeof(*search.first)),
		.pairs = pairs,
	};
	int err = stack_graph_init(&search.graph, all);

	*pairs = (struct stack_pairs){};
	if (!search.is_counted || !search.queue || !search.from || !search.first)
		err = -ENOMEM;
	if (!err)
		err = search_all(&search, is_counted, ctx);
	if (err)
		stack_pairs_free(pairs);
	stack_graph_fini(&search.graph);
	free(search.is_counted);
	free(search.queue);
	free(search.from);
	free(search.first);
	return err;
}

void stack_pairs_free(struct stack_pairs *pairs)
{
	free(pairs->list);
	*pairs = (struct stack_pairs){};
}

static const char *article(const char *kind)
{
	return strchr("aeio", kind[0]) ? "an" : "a";
}

const char *stack_sentence(char *out, const struct stack_pair *pair, bool is_permitted)
{
	const char *kind = *pair->upper->kind ? pair->upper->kind : "device";
	bool is_member = pair->over->master == pair->upper->ifindex;
	char below[IFNAMSIZ + sizeof(" over ''")] = "";

	if (pair->lower != pair->over)
		snprintf(below, sizeof(below), " over '%s'", pair->lower->name);
	snprintf(out, STACK_SENTENCE_SIZE,
		 "device '%s': %s %s %s '%s'%s, which is counted too: frames that pass both %s",
		 pair->upper->name, article(kind), kind, is_member ? "over" : "on",
		 pair->over->name, below,
		 is_permitted ? "are counted twice"
			      : "would be counted twice (--allow-stacked permits it)");
	return out;
}
