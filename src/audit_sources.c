// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit_private.h"

int audit_sources_add(struct audit_sources *sources, const char *name, struct capture *capture)
{
	struct audit_source *list =
		realloc(sources->list, (sources->count + 1) * sizeof(*sources->list));

	if (!list) {
		capture_close(capture);
		return -ENOMEM;
	}
	sources->list = list;
	list += sources->count++;
	*list = (struct audit_source){ .capture = capture };
	snprintf(list->name, sizeof(list->name), "%s", name);
	return 0;
}

static void end_source(struct audit_source *source)
{
	if (source->capture)
		source->lost = capture_lost(source->capture);
	capture_close(source->capture);
	source->capture = NULL;
	source->has_frame = false;
}

static void look(struct audit_source *source)
{
	int status;

	if (!source->capture || source->has_frame)
		return;
	status = capture_next(source->capture, &source->frame);
	source->has_frame = status > 0;
	if (status < 0)
		end_source(source);
}

/* A clock that was set back meanwhile is no reason to wait. */
static bool is_held(const struct audit_source *source, int64_t now_ns)
{
	int64_t age_ns = now_ns - source->frame.time_ns;

	return age_ns >= 0 && age_ns < AUDIT_HOLD_NS;
}

struct audit_source *audit_sources_next(struct audit_sources *sources, int64_t now_ns)
{
	struct audit_source *oldest = NULL;
	bool is_waiting = false;

	for (size_t i = 0; i < sources->count; i++) {
		struct audit_source *source = &sources->list[i];

		look(source);
		if (source->has_frame && (!oldest || source->frame.time_ns < oldest->frame.time_ns))
			oldest = source;
		if (source->capture && !source->has_frame)
			is_waiting = true;
	}
	return oldest && is_waiting && is_held(oldest, now_ns) ? NULL : oldest;
}

size_t audit_sources_open(const struct audit_sources *sources)
{
	size_t open = 0;

	for (size_t i = 0; i < sources->count; i++)
		open += sources->list[i].capture != NULL;
	return open;
}

uint64_t audit_sources_end(struct audit_sources *sources)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < sources->count; i++) {
		end_source(&sources->list[i]);
		lost += sources->list[i].lost;
	}
	return lost;
}

void audit_sources_fini(struct audit_sources *sources)
{
	audit_sources_end(sources);
	free(sources->list);
	*sources = (struct audit_sources){};
}
