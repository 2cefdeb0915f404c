// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "stack_private.h"
#include "utf8.h"

#define NAMES_MAX 4 /* that a line lists; the rest is a number */

/* What is drawn, and the tree: a device's children are what stands on it alone. */
struct drawing {
	struct devices devices; /* a copy, lower ones first */
	struct stack_graph graph;
	struct stack_pairs pairs;
	stack_is_counted *is_counted;
	void *ctx;
	uint32_t *group;               /* a device of the same group, in the end the same for all */
	uint32_t *child, *next, *last; /* first child, next and last sibling, or STACK_NONE */
	bool *is_wanted;               /* of a group's device: one of the group is counted */
	bool *is_drawn;
};

static uint32_t group_of(const struct drawing *drawing, uint32_t at)
{
	while (drawing->group[at] != at) {
		drawing->group[at] = drawing->group[drawing->group[at]];
		at = drawing->group[at];
	}
	return at;
}

static bool is_wanted(const struct drawing *drawing, uint32_t at)
{
	return drawing->is_wanted[group_of(drawing, at)];
}

/* The edge to what it stands on alone; NULL: a root. */
static const struct stack_edge *parent_of(const struct stack_graph *graph, uint32_t at)
{
	for (uint32_t i = graph->first[at]; i < graph->first[at + 1]; i++)
		if (!graph->edges[i].is_member)
			return &graph->edges[i];
	return NULL;
}

static void add_child(struct drawing *drawing, uint32_t parent, uint32_t at)
{
	if (drawing->child[parent] == STACK_NONE)
		drawing->child[parent] = at;
	else
		drawing->next[drawing->last[parent]] = at;
	drawing->last[parent] = at;
}

static void relate(struct drawing *drawing)
{
	const struct stack_graph *graph = &drawing->graph;

	for (uint32_t i = 0; i < drawing->devices.count; i++) {
		drawing->group[i] = i;
		drawing->child[i] = drawing->next[i] = drawing->last[i] = STACK_NONE;
	}
	for (uint32_t i = 0; i < graph->first[drawing->devices.count]; i++)
		drawing->group[group_of(drawing, graph->edges[i].upper)] =
			group_of(drawing, graph->edges[i].lower);
	for (uint32_t i = 0; i < drawing->devices.count; i++) {
		const struct stack_edge *parent = parent_of(graph, i);

		if (parent)
			add_child(drawing, parent->lower, i);
		if (drawing->is_counted(drawing->ctx, &drawing->devices.list[i]))
			drawing->is_wanted[group_of(drawing, i)] = true;
	}
}

static void fini(struct drawing *drawing)
{
	stack_graph_fini(&drawing->graph);
	stack_pairs_free(&drawing->pairs);
	free(drawing->group);
	free(drawing->child);
	free(drawing->next);
	free(drawing->last);
	free(drawing->is_wanted);
	free(drawing->is_drawn);
	devices_free(&drawing->devices);
}

static int copy_sorted(struct devices *copy, const struct devices *devices)
{
	copy->list = calloc(devices->count + 1, sizeof(*copy->list));
	if (!copy->list)
		return -ENOMEM;
	copy->count = devices->count;
	if (copy->count)
		memcpy(copy->list, devices->list, copy->count * sizeof(*copy->list));
	return stack_sort(copy);
}

static int init(struct drawing *drawing, const struct devices *devices,
		stack_is_counted *is_counted, void *ctx)
{
	size_t room = devices->count + 1;
	int err;

	*drawing = (struct drawing){
		.is_counted = is_counted,
		.ctx = ctx,
		.group = calloc(room, sizeof(*drawing->group)),
		.child = calloc(room, sizeof(*drawing->child)),
		.next = calloc(room, sizeof(*drawing->next)),
		.last = calloc(room, sizeof(*drawing->last)),
		.is_wanted = calloc(room, sizeof(*drawing->is_wanted)),
		.is_drawn = calloc(room, sizeof(*drawing->is_drawn)),
	};
	err = copy_sorted(&drawing->devices, devices);
	if (!drawing->group || !drawing->child || !drawing->next || !drawing->last ||
	    !drawing->is_wanted || !drawing->is_drawn)
		err = -ENOMEM;
	if (!err)
		err = stack_graph_init(&drawing->graph, &drawing->devices);
	if (!err)
		err = stack_doubles(&drawing->pairs, &drawing->devices, is_counted, ctx);
	if (!err)
		relate(drawing);
	else
		fini(drawing);
	return err;
}

/* The i-th of all names of a list that is cut after some. */
static void print_name(FILE *out, size_t i, size_t all, const struct device *device)
{
	if (i > NAMES_MAX)
		return;
	if (i == NAMES_MAX) {
		fprintf(out, " and %zu more", all - i);
		return;
	}
	fputs(!i ? "" : i + 1 == all ? " and " : ", ", out);
	utf8_print(out, device->name);
}

static size_t count_members(const struct stack_graph *graph, uint32_t at)
{
	size_t count = 0;

	for (uint32_t i = graph->first[at]; i < graph->first[at + 1]; i++)
		count += graph->edges[i].is_member;
	return count;
}

static void print_kind(FILE *out, const struct drawing *drawing, uint32_t at)
{
	const struct stack_graph *graph = &drawing->graph;
	const struct device *device = &drawing->devices.list[at];
	size_t members = count_members(graph, at), listed = 0;
	const struct device *master = devices_find_index(&drawing->devices, device->master);

	utf8_print(out, *device->kind || !members ? device->kind : "device");
	for (uint32_t i = graph->first[at]; i < graph->first[at + 1]; i++) {
		if (!graph->edges[i].is_member)
			continue;
		fputs(listed ? "" : " of ", out);
		print_name(out, listed++, members, &drawing->devices.list[graph->edges[i].lower]);
	}
	if (*device->kind || members)
		fputs(", ", out);
	if (!master || master == device)
		return;
	fputs("in ", out);
	utf8_print(out, master->name);
	fputs(", ", out);
}

/* What at counts as the upper of two. */
static const struct stack_pair *pairs_of(const struct drawing *drawing, uint32_t at, size_t *count)
{
	const struct device *device = &drawing->devices.list[at];
	const struct stack_pairs *pairs = &drawing->pairs;
	size_t first = 0, end;

	while (first < pairs->count && pairs->list[first].upper != device)
		first++;
	end = first;
	while (end < pairs->count && pairs->list[end].upper == device)
		end++;
	*count = end - first;
	return pairs->list + first;
}

static void print_line(FILE *out, unsigned int indent, const struct drawing *drawing, uint32_t at)
{
	const struct device *device = &drawing->devices.list[at];
	const struct stack_pair *pairs;
	size_t count;

	fprintf(out, "%*s", (int)indent, "");
	utf8_print(out, device->name);
	fputs("  ", out);
	print_kind(out, drawing, at);
	fputs(drawing->is_counted(drawing->ctx, device) ? "counted" : "not counted", out);
	pairs = pairs_of(drawing, at, &count);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "" : " (frames of ", out);
		print_name(out, i, count, pairs[i].lower);
	}
	fputs(count ? " twice)\n" : "\n", out);
}

static void draw(FILE *out, unsigned int indent, struct drawing *drawing, uint32_t at)
{
	if (drawing->is_drawn[at] || !is_wanted(drawing, at))
		return;
	drawing->is_drawn[at] = true;
	print_line(out, indent, drawing, at);
	for (uint32_t i = drawing->child[at]; i != STACK_NONE; i = drawing->next[i])
		draw(out, indent + 2, drawing, i);
}

/* Devices in a circle, which the kernel does not allow, have no root: the first serves as one. */
int stack_print(FILE *out, unsigned int indent, const struct devices *all,
		stack_is_counted *is_counted, void *ctx)
{
	struct drawing drawing;
	int err = init(&drawing, all, is_counted, ctx);

	if (err)
		return err;
	for (uint32_t i = 0; i < drawing.devices.count; i++)
		if (!parent_of(&drawing.graph, i))
			draw(out, indent, &drawing, i);
	for (uint32_t i = 0; i < drawing.devices.count; i++)
		draw(out, indent, &drawing, i);
	fini(&drawing);
	return 0;
}

static json_t *device_object(const struct drawing *drawing, uint32_t at)
{
	const struct device *list = drawing->devices.list;
	const struct stack_graph *graph = &drawing->graph;
	json_t *object = json_object(), *over = json_array(), *twice = json_array();
	const struct stack_pair *pairs;
	size_t count;

	for (uint32_t i = graph->first[at]; i < graph->first[at + 1]; i++)
		json_array_append_new(over, json_text(list[graph->edges[i].lower].name));
	pairs = pairs_of(drawing, at, &count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(twice, json_text(pairs[i].lower->name));
	json_put(object, "device", json_text(list[at].name));
	json_put(object, "kind", json_text(list[at].kind));
	json_put(object, "counted", json_boolean(drawing->is_counted(drawing->ctx, &list[at])));
	json_put(object, "over", over);
	json_put(object, "counted_twice_with", twice);
	return object;
}

json_t *stack_json(const struct devices *all, stack_is_counted *is_counted, void *ctx)
{
	struct drawing drawing;
	json_t *array;

	if (init(&drawing, all, is_counted, ctx))
		return NULL;
	array = json_array();
	for (uint32_t i = 0; i < drawing.devices.count; i++)
		if (is_wanted(&drawing, i))
			json_array_append_new(array, device_object(&drawing, i));
	fini(&drawing);
	return array;
}
