// SPDX-License-Identifier: GPL-2.0-only

/* How the reference tells whose a port is: the later file, the narrower range, the earlier line. */

#include "reference.h"

unsigned int reference_width(const struct ref_entry *entry)
{
	return (unsigned int)entry->last - entry->first + 1;
}

static bool is_before(const struct ref_entry *a, const struct ref_entry *b)
{
	if (a->file != b->file)
		return a->file > b->file;
	if (reference_width(a) != reference_width(b))
		return reference_width(a) < reference_width(b);
	return a->line < b->line;
}

const struct ref_entry *reference_find_owner(const struct ref_entry *entries, size_t n,
					     int transport, uint16_t port)
{
	const struct ref_entry *owner = NULL;

	for (size_t i = 0; i < n; i++) {
		if ((int)entries[i].transport != transport)
			continue;
		if (port < entries[i].first || port > entries[i].last)
			continue;
		if (!owner || is_before(&entries[i], owner))
			owner = &entries[i];
	}
	return owner;
}
