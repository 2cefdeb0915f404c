// SPDX-License-Identifier: GPL-2.0-only

/* Loads the program with maps of its own, as large as the test wants them. */

#include "program.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent.skel.h"
#include "tc.skel.h"

#define COPY_BYTES 512  /* of a frame whose headers are not in its linear part this much is read */
#define STANDS_STILL 40 /* no epoch ends within a test: 2^40 ticks last 34 years or more */

const char *program_obstacle(void)
{
	if (geteuid() != 0)
		return "loading a BPF program needs root";
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL) != 1)
		return "this kernel or container loads no XDP programs";
	return NULL;
}

unsigned int program_many_bits(void)
{
	const int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "try", sizeof(uint32_t),
				      sizeof(struct port_endpoints) + (1U << 24), 1, NULL);

	if (fd < 0)
		return 21;
	close(fd);
	return 24;
}

/* By system calls: what a mapping of the map looks like is the kernel's business. */
static void store_table(int ports, const struct porttable *table)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	const int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "port_table", sizeof(uint32_t),
					 sizeof(uint32_t), PORT_TABLE_ENTRIES, &options);
	uint32_t index;

	assert_true(inner >= 0);
	for (index = 0; index < PORT_TABLE_ENTRIES; index++)
		if (table->values[index] &&
		    bpf_map_update_elem(inner, &index, &table->values[index], BPF_ANY))
			fail_msg("port table: %u cannot be stored", index);
	index = 0;
	assert_int_equal(bpf_map_update_elem(ports, &index, &inner, BPF_ANY), 0);
	close(inner);
}

struct bpf_map *program_map(const struct program *program, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);

	assert_non_null(map);
	return map;
}

static void open_xdp(struct program *program)
{
	const struct program_options *options = &program->options;
	struct agent_bpf__rodata *rodata;

	program->xdp = agent_bpf__open();
	assert_non_null(program->xdp);
	program->object = program->xdp->obj;
	rodata = program->xdp->rodata;
	rodata->starts_at_l3 = options->starts_at_l3;
	rodata->have_frags = options->have_frags;
	rodata->have_unclassified = !options->no_ports;
	rodata->is_replay = options->is_replay;
	rodata->endpoint_shift = 32 - options->endpoint_bits;
	rodata->endpoint_mask = (1U << options->endpoint_bits) - 1;
	rodata->endpoint_epoch_shift = options->is_replay ? PROGRAM_EPOCH_SHIFT : STANDS_STILL;
	rodata->fragment_ticks =
		options->is_replay ? PORT_FRAGMENT_SECONDS * PROGRAM_TICKS_PER_SECOND : UINT32_MAX;
	if (options->have_frags)
		bpf_program__set_flags(program->xdp->progs.portacct, BPF_F_XDP_HAS_FRAGS);
}

static void open_tc(struct program *program)
{
	const struct program_options *options = &program->options;
	struct tc_bpf__rodata *rodata;

	program->tc = tc_bpf__open();
	assert_non_null(program->tc);
	program->object = program->tc->obj;
	rodata = program->tc->rodata;
	rodata->starts_at_l3 = options->starts_at_l3;
	rodata->have_unclassified = !options->no_ports;
	rodata->endpoint_shift = 32 - options->endpoint_bits;
	rodata->endpoint_mask = (1U << options->endpoint_bits) - 1;
	rodata->endpoint_epoch_shift = STANDS_STILL;
	rodata->fragment_ticks = UINT32_MAX;
}

static void configure(struct program *program)
{
	struct bpf_map *endpoints = program_map(program, "endpoints");
	const struct {
		const char *name;
		uint32_t entries;
	} sizes[] = {
		{ "counters", program->expected.cells },
		{ "handshakes", program->expected.slots_end },
		{ "unclassified", program->options.no_ports ? 1 : PORT_UNCLASSIFIED_BLOCKS },
	};

	program->endpoints_len =
		sizeof(struct port_endpoints) + (1U << program->options.endpoint_bits);
	assert_int_equal(bpf_map__set_value_size(endpoints, (uint32_t)program->endpoints_len), 0);
	/* So that the cells can be set back without a system call that copies them all. */
	assert_int_equal(bpf_map__set_map_flags(endpoints, BPF_F_MMAPABLE), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(bpf_map__set_max_entries(program_map(program, sizes[i].name),
							  sizes[i].entries),
				 0);
}

static void map_endpoints(struct program *program)
{
	struct port_endpoints *head =
		mmap(NULL, program->endpoints_len, PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(program_map(program, "endpoints")), 0);

	assert_true(head != MAP_FAILED);
	assert_int_equal(getrandom(head->keys, sizeof(head->keys), 0), sizeof(head->keys));
	program->endpoints = (uint8_t *)head;
}

static uint32_t choose_slots_end(const struct program_options *options)
{
	if (options->slots_end)
		return options->slots_end;
	return options->database ? options->database->slots_end : PORT_SLOT_FIRST;
}

struct program *program_load(const struct program_options *options)
{
	struct program *program = calloc(1, sizeof(*program));
	const struct database *database = options->database;

	assert_non_null(program);
	program->options = *options;
	if (!options->endpoint_bits)
		program->options.endpoint_bits = PROGRAM_BITS;
	ledger_init(&program->expected, choose_slots_end(options), !options->no_ports);
	ledger_init(&program->found, choose_slots_end(options), !options->no_ports);
	program->reference = reference_new(database ? database->entries : NULL,
					   database ? database->entries_len : 0);
	if (options->is_tc)
		open_tc(program);
	else
		open_xdp(program);
	configure(program);
	/* By the skeleton, which maps its variables into memory besides. */
	assert_int_equal(options->is_tc ? tc_bpf__load(program->tc) : agent_bpf__load(program->xdp),
			 0);
	program->fd = bpf_program__fd(bpf_object__next_program(program->object, NULL));
	map_endpoints(program);
	if (database)
		store_table(bpf_map__fd(program_map(program, "ports")), &database->table);
	return program;
}

uint32_t program_verified_instructions(const struct program *program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(program->fd, &info, &size), 0);
	return info.verified_insns;
}

void program_forget(struct program *program)
{
	const int fragments = bpf_map__fd(program_map(program, "fragments"));
	uint8_t *clients = program->tc ? program->tc->data_firm_clients->firm_clients
				       : program->xdp->data_firm_clients->firm_clients;
	struct port_fragment_key key;

	memset(program->endpoints + sizeof(struct port_endpoints), 0,
	       program->endpoints_len - sizeof(struct port_endpoints));
	memset(clients, 0, PORT_TRANSPORTS * PORT_FIRM_END);
	while (!bpf_map_get_next_key(fragments, NULL, &key))
		assert_int_equal(bpf_map_delete_elem(fragments, &key), 0);
	reference_forget(program->reference);
}
