// SPDX-License-Identifier: GPL-2.0-only
#include "programs.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glob.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.skel.h"
#include "generated.h"
#include "portdb.h"
#include "portdb_load.h"
#include "porttable.h"
#include "slots.h"
#include "vary.h"

#define ENDPOINT_BITS 20 /* the default */

static bool have_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static void set_flags(struct bpf_program *program)
{
	if (have_frags())
		bpf_program__set_flags(program, BPF_F_XDP_HAS_FRAGS);
}

/* Maps that ask to be pinned are not: nothing of the bench stays behind. */
static int load_object(struct programs *programs, enum program_id id, const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	if (!object)
		return -errno;
	programs->objects[id] = object;
	bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, NULL);
	program = bpf_object__next_program(object, NULL);
	if (!program)
		return -ENOENT;
	set_flags(program);
	err = bpf_object__load(object);
	programs->fds[id] = err ? -1 : bpf_program__fd(program);
	return err;
}

static int load_own(struct programs *programs, enum program_id id, const char *objects,
		    const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", objects, name);
	return load_object(programs, id, path);
}

/* Database text to table, the way of the agent. Returns the end of the slots, or -errno. */
static int compile(struct porttable *table, unsigned int services)
{
	struct portdb *db = portdb_new(NULL, NULL);
	struct slots *slots = slots_new();
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err = db && slots && out ? generated_write(out, services) : -ENOMEM;

	if (out)
		fclose(out);
	if (!err)
		err = portdb_load_buffer(db, "generated", text, len);
	if (!err)
		err = porttable_compile(db, slots, table);
	if (!err)
		err = (int)slots_end(slots);
	free(text);
	slots_free(slots);
	portdb_free(db);
	return err;
}

static int store(int ports, const struct porttable *table)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "port_table", sizeof(uint32_t),
				   sizeof(uint32_t), PORT_TABLE_ENTRIES, &options);
	int err = inner < 0 ? inner : 0;
	uint32_t index;

	for (index = 0; !err && index < PORT_TABLE_ENTRIES; index++)
		if (table->values[index])
			err = bpf_map_update_elem(inner, &index, &table->values[index], BPF_ANY);
	index = 0;
	if (!err)
		err = bpf_map_update_elem(ports, &index, &inner, BPF_ANY);
	if (inner >= 0)
		close(inner);
	return err;
}

/* Keys that are not random serve as well here. */
static int store_keys(int endpoints)
{
	const size_t size = sizeof(struct port_endpoints) + (1U << ENDPOINT_BITS);
	struct port_endpoints *head = calloc(1, size);
	uint32_t index = 0;
	int err = -ENOMEM;

	for (size_t i = 0; head && i < PORT_ENDPOINT_KEYS; i++)
		head->keys[i] = (i + 1) * 0x9e3779b97f4a7c15ULL;
	if (head)
		err = bpf_map_update_elem(endpoints, &index, head, BPF_ANY);
	free(head);
	return err;
}

static int configure(struct agent_bpf *agent, uint32_t slots_end)
{
	const struct {
		struct bpf_map *map;
		uint32_t entries;
	} sizes[] = {
		{ agent->maps.counters, PORT_INDEX_END(slots_end) },
		{ agent->maps.handshakes, slots_end },
		{ agent->maps.unclassified, PORT_UNCLASSIFIED_BLOCKS },
	};
	int err = 0;

	agent->rodata->have_frags = have_frags();
	agent->rodata->have_unclassified = true;
	agent->rodata->endpoint_shift = 32 - ENDPOINT_BITS;
	agent->rodata->endpoint_mask = (1U << ENDPOINT_BITS) - 1;
	set_flags(agent->progs.portacct);
	for (size_t i = 0; !err && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		err = bpf_map__set_max_entries(sizes[i].map, sizes[i].entries);
	return err ? err
		   : bpf_map__set_value_size(agent->maps.endpoints,
					     sizeof(struct port_endpoints) + (1U << ENDPOINT_BITS));
}

static int load_agent(struct programs *programs, enum program_id id, unsigned int services)
{
	struct agent_bpf *agent = programs->agents[id] = agent_bpf__open();
	struct porttable *table = malloc(sizeof(*table));
	int end = agent && table ? compile(table, services) : -ENOMEM, err = end < 0 ? end : 0;

	if (!err)
		err = configure(agent, (uint32_t)end);
	if (!err)
		err = agent_bpf__load(agent);
	if (!err)
		err = store_keys(bpf_map__fd(agent->maps.endpoints));
	if (!err)
		err = store(bpf_map__fd(agent->maps.ports), table);
	if (!err)
		programs->fds[id] = bpf_program__fd(agent->progs.portacct);
	free(table);
	return err;
}

/* xdp-filter's map: a cell a port in network byte order, flags in the low bits of its per-CPU
 * values. */
#define FILTER_DESTINATION 2
#define FILTER_TCP 4
#define FILTER_UDP 8

static int list_port(struct programs *programs, enum program_id id, uint16_t port, uint64_t flags)
{
	const int map = bpf_object__find_map_fd_by_name(programs->objects[id], "filter_ports");
	const int cpus = libbpf_num_possible_cpus();
	uint64_t *values = calloc(cpus > 0 ? (size_t)cpus : 1, sizeof(*values));
	uint32_t key = htons(port);
	int err = map < 0 ? map : values ? 0 : -ENOMEM;

	for (int cpu = 0; !err && cpu < cpus; cpu++)
		values[cpu] = FILTER_DESTINATION | flags;
	if (!err)
		err = bpf_map_update_elem(map, &key, values, BPF_ANY);
	free(values);
	return err;
}

/* With the policy "deny", a listed port passes: as the agent's program, it looks up, counts,
 * passes. */
static int load_filter(struct programs *programs, enum program_id id, const char *name,
		       uint16_t port, uint64_t flags)
{
	char pattern[256];
	glob_t found;
	int err;

	snprintf(pattern, sizeof(pattern), "/usr/lib{,64}{,/*}/bpf/%s", name);
	if (glob(pattern, GLOB_BRACE, NULL, &found)) {
		programs->no_filter = "xdp-filter's objects are not installed (package xdp-tools)";
		return -ENOENT;
	}
	err = load_object(programs, id, found.gl_pathv[0]);
	globfree(&found);
	if (!err)
		err = list_port(programs, id, port, flags);
	return err;
}

static void load_filters(struct programs *programs)
{
	int err = load_filter(programs, PROGRAM_FILTER_TCP, "xdpfilt_dny_tcp.o", 443, FILTER_TCP);

	if (!err)
		err = load_filter(programs, PROGRAM_FILTER_UDP, "xdpfilt_dny_udp.o", 53,
				  FILTER_UDP);
	if (!err)
		err = load_filter(programs, PROGRAM_FILTER_ALL, "xdpfilt_dny_all.o", 443,
				  FILTER_TCP | FILTER_UDP);
	if (!err)
		err = list_port(programs, PROGRAM_FILTER_ALL, 53, FILTER_TCP | FILTER_UDP);
	if (err && !programs->no_filter)
		programs->no_filter = "xdp-filter's programs cannot be loaded";
}

static int load_vary(struct programs *programs, const char *objects)
{
	struct vary_settings settings = {
		.state = 88172645463325252ULL,
		.first = GENERATED_TCP,
		.step = GENERATED_STEP,
	};
	uint32_t index = 0;
	int err = load_own(programs, PROGRAM_VARY, objects, "vary");

	return err ? err
		   : bpf_map_update_elem(bpf_object__find_map_fd_by_name(
						 programs->objects[PROGRAM_VARY], "settings"),
					 &index, &settings, BPF_ANY);
}

static int attach(struct programs *programs, const char *device)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	const unsigned int ifindex = if_nametoindex(device);

	if (!ifindex)
		return -errno;
	programs->link =
		bpf_link_create(programs->fds[PROGRAM_EMPTY], (int)ifindex, BPF_XDP, &options);
	return programs->link < 0 ? programs->link : 0;
}

static int keep_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

int programs_open(struct programs *programs, const char *objects, const char *device)
{
	int err;

	*programs = (struct programs){ .link = -1 };
	for (int id = 0; id < PROGRAMS; id++)
		programs->fds[id] = -1;
	libbpf_set_print(keep_silent);
	err = load_own(programs, PROGRAM_EMPTY, objects, "empty");
	if (!err)
		err = load_own(programs, PROGRAM_PARSE, objects, "parse");
	if (!err)
		err = load_vary(programs, objects);
	if (!err)
		err = load_agent(programs, PROGRAM_SMALL, PROGRAMS_SMALL);
	if (!err)
		err = load_agent(programs, PROGRAM_LARGE, PROGRAMS_LARGE);
	if (!err)
		err = attach(programs, device);
	if (!err)
		load_filters(programs);
	return err;
}

void programs_close(struct programs *programs)
{
	if (programs->link >= 0)
		close(programs->link);
	for (int id = 0; id < PROGRAMS; id++) {
		agent_bpf__destroy(programs->agents[id]);
		bpf_object__close(programs->objects[id]);
	}
}

int programs_select(const struct programs *programs, enum program_id id)
{
	return bpf_link_update(programs->link, programs->fds[id], NULL);
}

int programs_vary(const struct programs *programs, enum program_id id, uint32_t destinations)
{
	struct bpf_object *vary = programs->objects[PROGRAM_VARY];
	const int settings = bpf_object__find_map_fd_by_name(vary, "settings");
	const int target = bpf_object__find_map_fd_by_name(vary, "target");
	struct vary_settings values;
	uint32_t index = 0;
	int err = bpf_map_lookup_elem(settings, &index, &values);

	values.count = destinations;
	if (!err)
		err = bpf_map_update_elem(settings, &index, &values, BPF_ANY);
	return err ? err : bpf_map_update_elem(target, &index, &programs->fds[id], BPF_ANY);
}

int programs_run(const struct programs *programs, enum program_id id, const void *frame,
		 uint32_t len, uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = len,
		    .repeat = (int)repeat);
	const int err = bpf_prog_test_run_opts(programs->fds[id], &options);

	return err ? err : (int)options.retval;
}

static uint64_t read_cell(const struct programs *programs, enum program_id id, uint32_t cell,
			  struct port_counter *copies)
{
	const int cpus = libbpf_num_possible_cpus();
	uint64_t packets = 0;

	if (!bpf_map_lookup_elem(bpf_map__fd(programs->agents[id]->maps.counters), &cell, copies))
		for (int cpu = 0; cpu < cpus; cpu++)
			packets += copies[cpu].packets;
	return packets;
}

uint64_t programs_packets(const struct programs *programs, enum program_id id, uint32_t cell)
{
	const int cpus = libbpf_num_possible_cpus();
	struct port_counter *copies = calloc(cpus > 0 ? (size_t)cpus : 1, sizeof(*copies));
	const uint32_t end = bpf_map__max_entries(programs->agents[id]->maps.counters);
	uint64_t packets = 0;

	if (copies && cell != PROGRAMS_BY_DATABASE)
		packets = read_cell(programs, id, cell, copies);
	for (uint32_t i = PORT_INDEX_SERVICE(PORT_SLOT_FIRST, 0, true);
	     copies && cell == PROGRAMS_BY_DATABASE && i < end; i += 2)
		packets += read_cell(programs, id, i, copies);
	free(copies);
	return packets;
}
