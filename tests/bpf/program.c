// SPDX-License-Identifier: GPL-2.0-only

#include "program.h"

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
#include <unistd.h>

#include "agent.skel.h"
#include "reference.h"

#define COPY_BYTES 512 /* of a frame whose headers are not in its linear part this much is read */

const char *program_obstacle(void)
{
	if (geteuid() != 0)
		return "loading a BPF program needs root";
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL) != 1)
		return "this kernel or container loads no XDP programs";
	return NULL;
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

static void configure(struct program *program)
{
	struct agent_bpf *skeleton = program->skeleton;
	const struct program_options *options = &program->options;

	skeleton->rodata->starts_at_l3 = options->starts_at_l3;
	skeleton->rodata->have_frags = options->have_frags;
	if (options->have_frags)
		bpf_program__set_flags(skeleton->progs.portacct, BPF_F_XDP_HAS_FRAGS);
	assert_int_equal(bpf_map__set_max_entries(skeleton->maps.counters, program->cells), 0);
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
	int cpus = libbpf_num_possible_cpus();

	assert_non_null(program);
	assert_true(cpus > 0);
	program->options = *options;
	program->cells = PORT_INDEX_END(choose_slots_end(options));
	program->cpus = (unsigned int)cpus;
	program->expected = calloc(program->cells, sizeof(*program->expected));
	program->copies = calloc(program->cpus, sizeof(*program->copies));
	program->skeleton = agent_bpf__open();
	assert_true(program->expected && program->copies && program->skeleton);
	configure(program);
	assert_int_equal(agent_bpf__load(program->skeleton), 0);
	program->fd = bpf_program__fd(program->skeleton->progs.portacct);
	if (options->database)
		store_table(bpf_map__fd(program->skeleton->maps.ports), &options->database->table);
	return program;
}

static void empty_batch(struct program *program)
{
	while (program->batch_len)
		free(program->batch[--program->batch_len].bytes);
}

void program_free(struct program *program)
{
	if (!program)
		return;
	empty_batch(program);
	agent_bpf__destroy(program->skeleton);
	free(program->copies);
	free(program->expected);
	free(program);
}

uint32_t program_verified_instructions(const struct program *program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(program->fd, &info, &size), 0);
	return info.verified_insns;
}

/* 0 or -errno. What the program did to the frame is in *options and out. */
static int run(struct program *program, const struct frame *frame, uint8_t *out,
	       struct bpf_test_run_opts *options)
{
	struct xdp_md context = { .data_end = frame->linear };

	*options = (struct bpf_test_run_opts){
		.sz = sizeof(*options),
		.data_in = frame->bytes,
		.data_size_in = frame->len,
		.data_out = out,
		.data_size_out = PROGRAM_FRAME_MAX,
	};
	if (frame->linear != PROGRAM_ALL_LINEAR) {
		options->ctx_in = &context;
		options->ctx_size_in = sizeof(context);
	}
	return bpf_prog_test_run_opts(program->fd, options) ? -errno : 0;
}

static void fail_frame(const char *desc, const struct frame *frame, const char *what)
{
	print_error("%s: %u bytes, ", desc, frame->len);
	if (frame->linear != PROGRAM_ALL_LINEAR)
		print_error("%u of them linear, ", frame->linear);
	for (uint32_t i = 0; i < frame->len; i++)
		print_error("%02x", frame->bytes[i]);
	print_error("\n");
	fail_msg("%s: %s", desc, what);
}

/*
 * The cell that the frame belongs in. The program reads the linear part, or else a copy of the
 * frame's start; more bytes never make a frame that has its ports another.
 */
static uint32_t expect_cell(const struct program *program, const struct frame *frame, int *method)
{
	const struct database *database = program->options.database;
	struct ref_verdict v;
	uint32_t len = frame->len, cell;

	if (frame->linear != PROGRAM_ALL_LINEAR && len > frame->linear) {
		if (len > COPY_BYTES)
			len = COPY_BYTES;
		if (len < frame->linear)
			len = frame->linear;
	}
	reference_classify(frame->bytes, len, program->options.starts_at_l3,
			   database ? database->entries : NULL,
			   database ? database->entries_len : 0, &v);
	*method = v.method;
	cell = v.bucket < 0 ? PORT_INDEX_SERVICE(v.slot, v.direction)
			    : PORT_INDEX_BUCKETS + (uint32_t)v.bucket;
	/* Counters without room for the service. */
	return cell < program->cells ? cell : PORT_INDEX_BUCKETS + (uint32_t)v.transport;
}

static void expect(struct program *program, const struct frame *frame)
{
	int method;
	const uint32_t cell = expect_cell(program, frame, &method);

	program->expected[cell].packets++;
	program->expected[cell].bytes += frame->len;
	if (method >= 0)
		program->expected[PORT_INDEX_METHODS + method].packets++;
	program->frames++;
	program->bytes += frame->len;
}

static void run_and_expect(struct program *program, const struct frame *frame, const char *desc)
{
	static uint8_t out[PROGRAM_FRAME_MAX];
	struct bpf_test_run_opts options;
	int err;

	memset(out, ~frame->bytes[0], frame->len);
	err = run(program, frame, out, &options);
	if (err)
		fail_frame(desc, frame, strerror(-err));
	expect(program, frame);
	if (options.retval != XDP_PASS)
		fail_frame(desc, frame, "is not passed on");
	if (options.data_size_out != frame->len || memcmp(out, frame->bytes, frame->len))
		fail_frame(desc, frame, "is changed");
}

static struct port_counter read_cell(const struct program *program, uint32_t cell)
{
	const int counters = bpf_map__fd(program->skeleton->maps.counters);
	struct port_counter sum = {};

	assert_int_equal(bpf_map_lookup_elem(counters, &cell, program->copies), 0);
	for (unsigned int cpu = 0; cpu < program->cpus; cpu++) {
		sum.packets += program->copies[cpu].packets;
		sum.bytes += program->copies[cpu].bytes;
	}
	return sum;
}

/*
 * Compares every cell, and takes over what was found, so that a difference is met once. Returns the
 * number of cells that differ.
 */
static unsigned int compare(struct program *program, bool is_loud)
{
	unsigned int differences = 0;

	for (uint32_t cell = 0; cell < program->cells; cell++) {
		const struct port_counter found = read_cell(program, cell);
		struct port_counter *expected = &program->expected[cell];

		if (found.packets == expected->packets && found.bytes == expected->bytes)
			continue;
		differences++;
		if (is_loud)
			print_error("cell %u: %+lld packets, %+lld bytes against the reference\n",
				    cell, (long long)(found.packets - expected->packets),
				    (long long)(found.bytes - expected->bytes));
		*expected = found;
	}
	return differences;
}

/* The closed account, after compare() has found these numbers in the cells. */
static void check_sums(const struct program *program)
{
	struct port_counter sum = {};

	for (uint32_t cell = 0; cell < program->cells; cell++) {
		if (cell >= PORT_INDEX_METHODS && cell < PORT_INDEX_SERVICES)
			continue;
		sum.packets += program->expected[cell].packets;
		sum.bytes += program->expected[cell].bytes;
	}
	assert_int_equal(sum.packets, program->frames);
	assert_int_equal(sum.bytes, program->bytes);
}

static void find_failing(struct program *program, const char *desc)
{
	for (size_t i = 0; i < program->batch_len; i++) {
		run_and_expect(program, &program->batch[i], desc);
		if (compare(program, true))
			fail_frame(desc, &program->batch[i], "is counted otherwise");
	}
	fail_msg("%s: a batch of %zu frames is counted otherwise, but none of them alone", desc,
		 program->batch_len);
}

void program_check(struct program *program, const char *desc)
{
	for (size_t i = 0; i < program->batch_len; i++)
		run_and_expect(program, &program->batch[i], desc);
	if (compare(program, false))
		find_failing(program, desc);
	check_sums(program);
	empty_batch(program);
}

void program_add(struct program *program, const uint8_t *bytes, size_t len, uint32_t linear)
{
	struct frame *frame = &program->batch[program->batch_len];

	assert_in_range(len, 14, PROGRAM_FRAME_MAX);
	frame->bytes = malloc(len);
	assert_non_null(frame->bytes);
	memcpy(frame->bytes, bytes, len);
	frame->len = (uint32_t)len;
	frame->linear = linear;
	if (++program->batch_len == PROGRAM_BATCH)
		program_check(program, "full batch");
}

bool program_can_split(struct program *program, int *error)
{
	uint8_t bytes[64] = {}, out[PROGRAM_FRAME_MAX];
	const struct frame frame = { bytes, sizeof(bytes), 0 };
	struct bpf_test_run_opts options;

	*error = -run(program, &frame, out, &options);
	if (*error)
		return false;
	expect(program, &frame);
	return true;
}
