// SPDX-License-Identifier: GPL-2.0-only

#include "ledger.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 4096             /* entries that are read at once, */
#define BATCH_BYTES (1U << 20) /* or as many as fit in here */

void ledger_init(struct ledger *ledger, uint32_t slots_end, bool has_ports)
{
	*ledger = (struct ledger){
		.cells = PORT_INDEX_END(slots_end),
		.slots_end = slots_end,
		.has_ports = has_ports,
	};
	ledger->counters = calloc(ledger->cells, sizeof(*ledger->counters));
	ledger->handshakes = calloc(ledger->slots_end, sizeof(*ledger->handshakes));
	ledger->ports = calloc(PORT_UNCLASSIFIED_ENTRIES, sizeof(*ledger->ports));
	assert_true(ledger->counters && ledger->handshakes && ledger->ports);
}

void ledger_fini(struct ledger *ledger)
{
	free(ledger->counters);
	free(ledger->handshakes);
	free(ledger->ports);
	*ledger = (struct ledger){};
}

static void add(struct port_counter *counter, uint32_t packets, uint64_t bytes)
{
	counter->packets += packets;
	counter->bytes += bytes;
}

static bool has_room(const struct ledger *ledger, const struct ref_verdict *verdict)
{
	return verdict->bucket < 0 && verdict->slot < ledger->slots_end;
}

uint32_t ledger_cell(const struct ledger *ledger, const struct ref_verdict *verdict)
{
	if (has_room(ledger, verdict))
		return PORT_INDEX_SERVICE(verdict->slot, verdict->direction,
					  verdict->method == PORT_DATABASE);
	if (verdict->transport >= 0)
		return PORT_INDEX_UNCLASSIFIED(verdict->transport, (uint32_t)verdict->method);
	return PORT_INDEX_BUCKETS + (uint32_t)verdict->bucket;
}

static void add_handshake(struct ledger *ledger, const struct ref_verdict *verdict,
			  uint32_t packets)
{
	struct port_handshakes *handshakes = &ledger->handshakes[verdict->slot];

	if (verdict->slot >= ledger->slots_end)
		return;
	if (verdict->handshake == REF_ATTEMPTED)
		handshakes->attempted += packets;
	else if (verdict->handshake == REF_ACCEPTED)
		handshakes->accepted += packets;
	else if (verdict->handshake == REF_RESET)
		handshakes->reset += packets;
}

static void add_port(struct ledger *ledger, const struct ref_verdict *verdict, uint32_t packets,
		     uint64_t bytes)
{
	struct port_counter *port =
		&ledger->ports[PORT_TABLE_INDEX(verdict->transport, verdict->service_port)];

	add(port, packets, bytes);
	port->packets |= 1ULL << (PORT_UNCLASSIFIED_METHODS_SHIFT + verdict->method);
}

void ledger_add(struct ledger *ledger, const struct ref_verdict *verdict, uint32_t packets,
		uint64_t bytes)
{
	ledger->frames += packets;
	ledger->bytes += bytes;
	add(&ledger->counters[ledger_cell(ledger, verdict)], packets, bytes);
	if (verdict->transport < 0)
		return;
	if (has_room(ledger, verdict) && verdict->method != PORT_DATABASE)
		ledger->counters[PORT_INDEX_METHODS + verdict->method].packets += packets;
	if (!has_room(ledger, verdict) && ledger->has_ports && verdict->transport <= PORT_UDP)
		add_port(ledger, verdict, packets, bytes);
	if (verdict->is_suspicious)
		add(&ledger->counters[PORT_INDEX_SUSPICIOUS], packets, bytes);
	add_handshake(ledger, verdict, packets);
}

/* A map of per-CPU values that is read, and who sums what was read. */
struct source {
	int fd;
	uint32_t entries;
	size_t size;
	void (*fold)(void *into, uint32_t index, const void *value);
	void *into;
};

static void fold_counter(void *into, uint32_t index, const void *value)
{
	struct port_counter *sum = &((struct port_counter *)into)[index];
	const struct port_counter *copy = value;

	sum->packets += copy->packets;
	sum->bytes += copy->bytes;
}

/* A block of ports, the packets of each a number and a set. */
static void fold_ports(void *into, uint32_t index, const void *value)
{
	struct port_counter *sums = (struct port_counter *)into + index * PORT_UNCLASSIFIED_BLOCK;
	const struct port_unclassified *copy = value;

	for (size_t i = 0; i < PORT_UNCLASSIFIED_BLOCK; i++) {
		const struct port_counter *port = &copy->ports[i];
		const uint64_t packets = PORT_UNCLASSIFIED_PACKETS(sums[i].packets) +
					 PORT_UNCLASSIFIED_PACKETS(port->packets);
		const uint64_t methods = PORT_UNCLASSIFIED_METHODS(sums[i].packets) |
					 PORT_UNCLASSIFIED_METHODS(port->packets);

		sums[i].packets = methods << PORT_UNCLASSIFIED_METHODS_SHIFT | packets;
		sums[i].bytes += port->bytes;
	}
}

static void fold_handshakes(void *into, uint32_t index, const void *value)
{
	struct port_handshakes *sum = &((struct port_handshakes *)into)[index];
	const struct port_handshakes *copy = value;

	sum->attempted += copy->attempted;
	sum->accepted += copy->accepted;
	sum->reset += copy->reset;
}

/* Kernels before 5.13 read no batches of per-CPU arrays: then the entries are read one by one. */
static void read_values(const struct source *source, uint32_t first, uint32_t count,
			uint32_t *position, uint8_t *values, size_t value_size)
{
	uint32_t keys[BATCH], found = count;
	const int err = bpf_map_lookup_batch(source->fd, first ? position : NULL, position, keys,
					     values, &found, NULL);

	/* -ENOENT: the map ends here. */
	if ((!err || err == -ENOENT) && found == count)
		return;
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t key = first + i;

		assert_int_equal(bpf_map_lookup_elem(source->fd, &key, values + i * value_size), 0);
	}
}

static void read_source(const struct source *source, unsigned int cpus)
{
	const size_t value_size = source->size * cpus;
	const uint32_t room = value_size < BATCH_BYTES / BATCH ? BATCH
			      : value_size < BATCH_BYTES ? (uint32_t)(BATCH_BYTES / value_size)
							 : 1;
	uint8_t *values = malloc(room * value_size);
	uint32_t position = 0;

	assert_non_null(values);
	memset(source->into, 0, source->entries * source->size);
	for (uint32_t first = 0; first < source->entries; first += room) {
		const uint32_t left = source->entries - first, count = left < room ? left : room;

		read_values(source, first, count, &position, values, value_size);
		for (uint32_t copy = 0; copy < count * cpus; copy++)
			source->fold(source->into, first + copy / cpus,
				     values + copy * source->size);
	}
	free(values);
}

void ledger_read(struct ledger *ledger, const struct bpf_object *object)
{
	const struct bpf_map *counters = bpf_object__find_map_by_name(object, "counters");
	const struct bpf_map *handshakes = bpf_object__find_map_by_name(object, "handshakes");
	const struct bpf_map *unclassified = bpf_object__find_map_by_name(object, "unclassified");
	const struct source sources[] = {
		{ bpf_map__fd(counters), ledger->cells, sizeof(*ledger->counters), fold_counter,
		  ledger->counters },
		{ bpf_map__fd(handshakes), ledger->slots_end, sizeof(*ledger->handshakes),
		  fold_handshakes, ledger->handshakes },
		{ bpf_map__fd(unclassified), bpf_map__max_entries(unclassified),
		  sizeof(struct port_unclassified), fold_ports, ledger->ports },
	};
	const int cpus = libbpf_num_possible_cpus();

	assert_true(counters && handshakes && unclassified && cpus > 0);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		read_source(&sources[i], (unsigned int)cpus);
}

static unsigned int compare_counters(const char *what, const struct port_counter *expected,
				     const struct port_counter *found, uint32_t count, bool is_loud)
{
	unsigned int differences = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!memcmp(&expected[i], &found[i], sizeof(found[i])))
			continue;
		differences++;
		if (is_loud)
			print_error("%s %u: %#llx packets, %llu bytes, but %#llx, %llu expected\n",
				    what, i, (unsigned long long)found[i].packets,
				    (unsigned long long)found[i].bytes,
				    (unsigned long long)expected[i].packets,
				    (unsigned long long)expected[i].bytes);
	}
	return differences;
}

static unsigned int compare_handshakes(const struct ledger *expected, const struct ledger *found,
				       bool is_loud)
{
	unsigned int differences = 0;

	for (uint32_t i = 0; i < expected->slots_end; i++) {
		const struct port_handshakes *e = &expected->handshakes[i];
		const struct port_handshakes *f = &found->handshakes[i];

		if (!memcmp(e, f, sizeof(*f)))
			continue;
		differences++;
		if (is_loud)
			print_error("slot %u: %llu, %llu, %llu handshakes, but %llu, %llu, %llu "
				    "expected\n",
				    i, (unsigned long long)f->attempted,
				    (unsigned long long)f->accepted, (unsigned long long)f->reset,
				    (unsigned long long)e->attempted,
				    (unsigned long long)e->accepted, (unsigned long long)e->reset);
	}
	return differences;
}

unsigned int ledger_compare(const struct ledger *expected, const struct ledger *found, bool is_loud)
{
	assert_int_equal(expected->cells, found->cells);
	return compare_counters("cell", expected->counters, found->counters, expected->cells,
				is_loud) +
	       compare_counters("port", expected->ports, found->ports, PORT_UNCLASSIFIED_ENTRIES,
				is_loud) +
	       compare_handshakes(expected, found, is_loud);
}

void ledger_copy(struct ledger *ledger, const struct ledger *found)
{
	memcpy(ledger->counters, found->counters, ledger->cells * sizeof(*ledger->counters));
	memcpy(ledger->handshakes, found->handshakes,
	       ledger->slots_end * sizeof(*ledger->handshakes));
	memcpy(ledger->ports, found->ports, PORT_UNCLASSIFIED_ENTRIES * sizeof(*ledger->ports));
}

/* The sum of cells that have a frame each; packets of services that are not by database. */
static struct port_counter sum_cells(const struct ledger *ledger, uint64_t *by_other_methods)
{
	struct port_counter sum = {};

	*by_other_methods = 0;
	for (uint32_t cell = 0; cell < ledger->cells; cell++) {
		const struct port_counter *counter = &ledger->counters[cell];

		if (cell >= PORT_INDEX_METHODS && cell < PORT_INDEX_SERVICES)
			continue;
		sum.packets += counter->packets;
		sum.bytes += counter->bytes;
		if (cell >= PORT_INDEX_SERVICES && cell % 2 == 0)
			*by_other_methods += counter->packets;
	}
	return sum;
}

void ledger_check_sums(const struct ledger *ledger)
{
	uint64_t by_other_methods;
	const struct port_counter sum = sum_cells(ledger, &by_other_methods);

	assert_int_equal(sum.packets, ledger->frames);
	assert_int_equal(sum.bytes, ledger->bytes);
	for (int method = 0; method < PORT_METHODS; method++)
		by_other_methods -= ledger->counters[PORT_INDEX_METHODS + method].packets;
	assert_int_equal(by_other_methods, 0);
	assert_int_equal(ledger->counters[PORT_INDEX_METHODS + PORT_DATABASE].packets, 0);
}
_Static_assert(PORT_INDEX_SERVICE(1, 0, 0) % 2 == 0, "even cells are not by database");
