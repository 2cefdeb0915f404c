// SPDX-License-Identifier: GPL-2.0-only
#include "accuracy_kernel.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accuracy_rules.h"
#include "agent.skel.h"
#include "slots.h"

#define DIFFERENCES_PRINTED 10
#define MARKS_BYTES (sizeof(struct port_endpoints) + ACCURACY_CELLS)

struct accuracy_kernel {
	const struct accuracy_database *database;
	struct agent_bpf *skeleton;
	struct port_endpoints *marks; /* the head, and cells that are empty */
	struct accuracy_memory host;
	int fd;
};

static void configure(struct accuracy_kernel *kernel)
{
	struct agent_bpf *skeleton = kernel->skeleton;
	uint32_t slots = slots_end(kernel->database->slots);

	skeleton->rodata->is_replay = true;
	skeleton->rodata->endpoint_shift = 32 - ACCURACY_CELLS_SHIFT;
	skeleton->rodata->endpoint_mask = ACCURACY_CELLS - 1;
	skeleton->rodata->endpoint_epoch_shift = ACCURACY_EPOCH_SHIFT;
	skeleton->rodata->fragment_ticks = PORT_FRAGMENT_SECONDS * ACCURACY_TICKS_PER_SECOND;
	assert_int_equal(bpf_map__set_max_entries(skeleton->maps.counters, PORT_INDEX_END(slots)),
			 0);
	assert_int_equal(bpf_map__set_max_entries(skeleton->maps.handshakes, slots), 0);
	assert_int_equal(bpf_map__set_value_size(skeleton->maps.endpoints, MARKS_BYTES), 0);
}

static void store_table(int ports, const struct porttable *table)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "port_table", sizeof(uint32_t),
				   sizeof(uint32_t), PORT_TABLE_ENTRIES, &options);
	uint32_t index;

	assert_true(inner >= 0);
	for (index = 0; index < PORT_TABLE_ENTRIES; index++)
		if (table->values[index])
			assert_int_equal(
				bpf_map_update_elem(inner, &index, &table->values[index], BPF_ANY),
				0);
	index = 0;
	assert_int_equal(bpf_map_update_elem(ports, &index, &inner, BPF_ANY), 0);
	close(inner);
}

struct accuracy_kernel *accuracy_kernel_load(const struct accuracy_database *database)
{
	struct accuracy_kernel *kernel = calloc(1, sizeof(*kernel));

	assert_non_null(kernel);
	kernel->database = database;
	accuracy_memory_init(&kernel->host);
	kernel->marks = calloc(1, MARKS_BYTES);
	kernel->skeleton = agent_bpf__open();
	assert_true(kernel->marks && kernel->skeleton);
	memcpy(kernel->marks->keys, accuracy_keys, sizeof(kernel->marks->keys));
	kernel->marks->epoch_shift = ACCURACY_EPOCH_SHIFT;
	configure(kernel);
	assert_int_equal(agent_bpf__load(kernel->skeleton), 0);
	kernel->fd = bpf_program__fd(kernel->skeleton->progs.portacct);
	store_table(bpf_map__fd(kernel->skeleton->maps.ports), &database->table);
	return kernel;
}

void accuracy_kernel_free(struct accuracy_kernel *kernel)
{
	if (!kernel)
		return;
	agent_bpf__destroy(kernel->skeleton);
	accuracy_memory_fini(&kernel->host);
	free(kernel->marks);
	free(kernel);
}

static void forget(struct accuracy_kernel *kernel)
{
	uint32_t index = 0;

	accuracy_memory_clear(&kernel->host);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.endpoints), &index,
					     kernel->marks, BPF_ANY),
			 0);
	memset(kernel->skeleton->data_firm_clients->firm_clients, 0,
	       sizeof(kernel->skeleton->data_firm_clients->firm_clients));
}

static struct port_replay run(struct accuracy_kernel *kernel, const struct trace *trace,
			      const struct trace_packet *packet)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = trace->bytes + packet->offset,
		    .data_size_in = packet->length);

	kernel->skeleton->bss->replay =
		(struct port_replay){ .ticks = packet->ticks, .bytes = packet->wire_bytes };
	assert_int_equal(bpf_prog_test_run_opts(kernel->fd, &options), 0);
	assert_int_equal(options.retval, XDP_PASS);
	return kernel->skeleton->bss->replay;
}

static bool agree(const struct port_replay *replay, const struct verdict *verdict,
		  uint8_t transport)
{
	return replay->has_ports && replay->has_verdict && replay->transport == transport &&
	       replay->port == verdict->port && replay->direction == verdict->direction &&
	       replay->method == verdict->method && replay->slot == PORT_VALUE_SLOT(verdict->value);
}

static void print_difference(size_t number, const struct port_replay *replay,
			     const struct verdict *verdict)
{
	print_message("packet %zu: kernel: port %u, direction %u, method %u, slot %u; "
		      "host: port %u, direction %u, method %u, slot %u\n",
		      number, replay->port, replay->direction, replay->method, replay->slot,
		      verdict->port, verdict->direction, verdict->method,
		      PORT_VALUE_SLOT(verdict->value));
}

uint64_t accuracy_kernel_compare(struct accuracy_kernel *kernel, const struct trace *trace,
				 uint64_t *with_ports)
{
	const struct accuracy_rules *rules = &accuracy_rules[ACCURACY_RULES_KERNEL];
	uint64_t differences = 0;

	for (size_t i = 0; i < trace->count; i++) {
		struct accuracy_question question = {};
		struct verdict verdict = {};
		struct port_replay replay;
		bool agrees;

		if (trace->packets[i].is_new)
			forget(kernel);
		replay = run(kernel, trace, &trace->packets[i]);
		if (accuracy_ask(trace, i, &kernel->database->table, &question)) {
			verdict = verdict_of(question.words, question.values,
					     accuracy_answer(rules, &kernel->host, &question));
			agrees = agree(&replay, &verdict, words_transport(question.words));
			++*with_ports;
		} else {
			agrees = !replay.has_ports;
		}
		if (!agrees && differences++ < DIFFERENCES_PRINTED)
			print_difference(i, &replay, &verdict);
	}
	return differences;
}
