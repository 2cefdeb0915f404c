// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "unclassified.h"

int unclassified_init(struct unclassified *unclassified)
{
	*unclassified = (struct unclassified){
		.ports = calloc(PORT_UNCLASSIFIED_ENTRIES, sizeof(*unclassified->ports)),
		.methods = calloc(PORT_UNCLASSIFIED_ENTRIES, sizeof(*unclassified->methods)),
	};
	if (unclassified->ports && unclassified->methods)
		return 0;
	unclassified_fini(unclassified);
	return -ENOMEM;
}

void unclassified_fini(struct unclassified *unclassified)
{
	free(unclassified->ports);
	free(unclassified->methods);
	*unclassified = (struct unclassified){};
}

void unclassified_copy(struct unclassified *to, const struct unclassified *from)
{
	memcpy(to->ports, from->ports, PORT_UNCLASSIFIED_ENTRIES * sizeof(*to->ports));
	memcpy(to->methods, from->methods, PORT_UNCLASSIFIED_ENTRIES * sizeof(*to->methods));
}

void unclassified_fold(struct unclassified *unclassified, uint32_t first, uint32_t count,
		       const struct port_counter *per_cpu, unsigned int cpus)
{
	for (uint32_t i = 0; i < count && first + i < PORT_UNCLASSIFIED_ENTRIES; i++) {
		struct port_counter *sum = &unclassified->ports[first + i];

		for (unsigned int cpu = 0; cpu < cpus; cpu++) {
			const struct port_counter *cell = &per_cpu[(size_t)i * cpus + cpu];

			sum->packets += PORT_UNCLASSIFIED_PACKETS(cell->packets);
			sum->bytes += cell->bytes;
			unclassified->methods[first + i] |=
				(uint8_t)PORT_UNCLASSIFIED_METHODS(cell->packets);
		}
	}
}

static bool has_restarted(const struct unclassified *later, const struct unclassified *earlier)
{
	for (uint32_t i = 0; i < PORT_UNCLASSIFIED_ENTRIES; i++)
		if (later->ports[i].packets < earlier->ports[i].packets ||
		    later->ports[i].bytes < earlier->ports[i].bytes)
			return true;
	return false;
}

void unclassified_subtract(struct unclassified *later, const struct unclassified *earlier)
{
	if (has_restarted(later, earlier))
		return;
	for (uint32_t i = 0; i < PORT_UNCLASSIFIED_ENTRIES; i++) {
		later->ports[i].packets -= earlier->ports[i].packets;
		later->ports[i].bytes -= earlier->ports[i].bytes;
	}
}
