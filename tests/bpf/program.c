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
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent.skel.h"
#include "tc.skel.h"

#define COPY_BYTES 512 /* of a frame whose headers are not in its linear part this much is read */

static void empty_batch(struct program *program)
{
	while (program->batch_len)
		free(program->copies[--program->batch_len]);
}

void program_free(struct program *program)
{
	if (!program)
		return;
	empty_batch(program);
	munmap(program->endpoints, program->endpoints_len);
	agent_bpf__destroy(program->xdp);
	tc_bpf__destroy(program->tc);
	reference_free(program->reference);
	ledger_fini(&program->expected);
	ledger_fini(&program->found);
	free(program);
}

/* 0 or -errno. What the program did to the frame is in *options and out. */
static int run(struct program *program, const struct frame *frame, uint8_t *out,
	       struct bpf_test_run_opts *options)
{
	struct xdp_md xdp = { .data_end = frame->linear };
	struct __sk_buff skb = { .gso_size = frame->size, .gso_segs = frame->segments };

	*options = (struct bpf_test_run_opts){
		.sz = sizeof(*options),
		.data_in = frame->bytes,
		.data_size_in = frame->len,
		.data_out = out,
		.data_size_out = PROGRAM_FRAME_MAX,
	};
	if (program->options.is_tc) {
		if (frame->linear != PROGRAM_ALL_LINEAR)
			skb.data_end = frame->linear;
		options->ctx_in = &skb;
		options->ctx_size_in = sizeof(skb);
	} else if (frame->linear != PROGRAM_ALL_LINEAR) {
		options->ctx_in = &xdp;
		options->ctx_size_in = sizeof(xdp);
	}
	return bpf_prog_test_run_opts(program->fd, options) ? -errno : 0;
}

static void fail_frame(const struct frame *frame, const char *what)
{
	print_error("%s: %u bytes, ", frame->desc, frame->len);
	if (frame->linear != PROGRAM_ALL_LINEAR)
		print_error("%u of them linear, ", frame->linear);
	if (frame->packets)
		print_error("%u segments of %u, ", frame->segments, frame->size);
	print_error("second %u, ", frame->second);
	for (uint32_t i = 0; i < frame->len; i++)
		print_error("%02x", frame->bytes[i]);
	print_error("\n");
	fail_msg("%s: %s", frame->desc, what);
}

static uint64_t ticks_at(uint32_t second)
{
	return PROGRAM_TICKS_START + (uint64_t)second * PROGRAM_TICKS_PER_SECOND;
}

/* What is not told of the frame stays what it is here, which is nothing that can be told. */
static void ask(struct program *program, const struct frame *frame)
{
	struct port_replay *replay = &program->xdp->bss->replay;

	memset(replay, 0xa5, sizeof(*replay));
	replay->ticks = ticks_at(frame->second);
	replay->bytes = frame->wire;
}

uint64_t program_frames_run;

static void test_run(struct program *program, const struct frame *frame)
{
	static uint8_t out[PROGRAM_FRAME_MAX];
	struct bpf_test_run_opts options;
	int err;

	memset(out, ~frame->bytes[0], frame->len);
	if (program->options.is_replay)
		ask(program, frame);
	err = run(program, frame, out, &options);
	if (err)
		fail_frame(frame, strerror(-err));
	if (options.retval != (program->options.is_tc ? (uint32_t)TC_ACT_UNSPEC : XDP_PASS))
		fail_frame(frame, "is not passed on");
	if (options.data_size_out != frame->len || memcmp(out, frame->bytes, frame->len))
		fail_frame(frame, "is changed");
}

void program_run(struct program *program, const struct frame *frame)
{
	if (program->send)
		program->send(program->send_ctx, frame);
	else
		test_run(program, frame);
	program_frames_run++;
}

const struct port_replay *program_replay(const struct program *program)
{
	return &program->xdp->bss->replay;
}

struct ref_verdict program_report(const struct program *program)
{
	const struct port_replay *replay = program_replay(program);
	struct ref_verdict verdict = {
		.bucket = replay->bucket == PORT_NO_BUCKET ? -1 : replay->bucket,
		.slot = (uint16_t)replay->slot,
		.transport = -1,
		.method = -1,
	};

	assert_in_range(replay->has_verdict, 0, 1);
	assert_in_range(replay->has_ports, 0, replay->has_verdict);
	assert_in_range(replay->slot, 0, PORT_SLOT_END);
	if (!replay->has_verdict)
		return verdict;
	verdict.transport = replay->transport;
	verdict.service_port = replay->port;
	verdict.direction = replay->direction;
	verdict.method = replay->method;
	return verdict;
}

/* The program reads the linear part; where that looks malformed, a copy of the frame's start. */
static void read_frame(const struct program *program, const struct frame *frame,
		       struct ref_reading *reading)
{
	const uint32_t linear = frame->len < frame->linear ? frame->len : frame->linear;
	const uint32_t copied = frame->len < COPY_BYTES ? frame->len : COPY_BYTES;
	const bool starts_at_l3 = program->options.starts_at_l3;

	reference_read(frame->bytes, linear, starts_at_l3, reading);
	if (reading->bucket == PORT_MALFORMED && linear < frame->len)
		reference_read(frame->bytes, copied, starts_at_l3, reading);
}

static void fail_report(const struct frame *frame, const struct ref_verdict *report,
			const struct ref_verdict *expected)
{
	const struct ref_verdict *const verdicts[] = { report, expected };

	for (size_t i = 0; i < 2; i++)
		print_error("%s: slot %u, bucket %d, transport %d, port %u, direction %d, "
			    "method %d\n",
			    i ? "expected" : "reported", verdicts[i]->slot, verdicts[i]->bucket,
			    verdicts[i]->transport, verdicts[i]->service_port,
			    (int)verdicts[i]->direction, verdicts[i]->method);
	fail_frame(frame, "is reported otherwise");
}

static void check_report(const struct program *program, const struct frame *frame,
			 const struct ref_reading *reading, const struct ref_verdict *verdict)
{
	const struct port_replay *replay = program_replay(program);
	const struct ref_verdict report = program_report(program);
	const bool has_room = verdict->slot < program->expected.slots_end;

	if (report.transport != verdict->transport || report.method != verdict->method ||
	    report.service_port != verdict->service_port ||
	    report.direction != verdict->direction ||
	    report.slot != (has_room ? verdict->slot : 0) ||
	    ledger_cell(&program->expected, &report) != ledger_cell(&program->expected, verdict))
		fail_report(frame, &report, verdict);
	if (replay->has_ports != (reading->bucket < 0))
		fail_frame(frame, "is reported to have ports, or to have none");
	if (replay->has_ports &&
	    (replay->source_port != reading->src_port ||
	     replay->destination_port != reading->dst_port || replay->is_ipv6 != reading->is_ipv6 ||
	     replay->network != reading->ip - frame->bytes))
		fail_frame(frame, "is reported with other ports or another IP header");
}

static void expect(struct program *program, const struct frame *frame)
{
	struct ref_reading reading;
	struct ref_verdict verdict;

	if (program->options.is_replay)
		reference_set_time(program->reference,
				   (uint32_t)(ticks_at(frame->second) >> PROGRAM_EPOCH_SHIFT),
				   frame->second);
	read_frame(program, frame, &reading);
	reference_judge(program->reference, &reading, &verdict);
	program->followed += reading.bucket == PORT_FRAGMENT && verdict.transport >= 0;
	if (frame->packets)
		ledger_add(&program->expected, &verdict, frame->packets, frame->packets_bytes);
	else
		ledger_add(&program->expected, &verdict, 1,
			   program->options.is_replay ? frame->wire : frame->len);
	if (program->options.is_replay)
		check_report(program, frame, &reading, &verdict);
}

static void run_and_expect(struct program *program, const struct frame *frame)
{
	if (program->options.forgets)
		program_forget(program);
	program_run(program, frame);
	expect(program, frame);
}

static unsigned int compare(struct program *program, bool is_loud)
{
	unsigned int differences;

	ledger_read(&program->found, program->object);
	differences = ledger_compare(&program->expected, &program->found, is_loud);
	if (differences)
		ledger_copy(&program->expected, &program->found);
	return differences;
}

static void find_failing(struct program *program)
{
	program_forget(program);
	for (size_t i = 0; i < program->batch_len; i++) {
		run_and_expect(program, &program->batch[i]);
		if (compare(program, true))
			fail_frame(&program->batch[i], "is counted otherwise");
	}
	fail_msg("a batch of %zu frames is counted otherwise, but none of them alone",
		 program->batch_len);
}

void program_check(struct program *program)
{
	program_forget(program);
	for (size_t i = 0; i < program->batch_len; i++)
		run_and_expect(program, &program->batch[i]);
	if (compare(program, false))
		find_failing(program);
	ledger_check_sums(&program->expected);
	empty_batch(program);
	program->second = 0;
}

void program_add_frame(struct program *program, const struct frame *frame)
{
	struct frame *added = &program->batch[program->batch_len];
	uint8_t *copy = malloc(frame->len);

	assert_in_range(frame->len, 1, PROGRAM_FRAME_MAX);
	assert_non_null(copy);
	memcpy(copy, frame->bytes, frame->len);
	program->copies[program->batch_len] = copy;
	*added = *frame;
	added->bytes = copy;
	added->wire = (uint32_t)(frame->len + program->batch_len * 61 % 2000);
	added->second = program->second;
	if (++program->batch_len == PROGRAM_BATCH)
		program_check(program);
}

void program_add(struct program *program, const char *desc, const uint8_t *bytes, size_t len,
		 uint32_t linear)
{
	const struct frame frame = {
		.desc = desc,
		.bytes = bytes,
		.len = (uint32_t)len,
		.linear = linear,
	};

	program_add_frame(program, &frame);
}

bool program_can_split(struct program *program, int *error)
{
	uint8_t bytes[64] = {}, out[PROGRAM_FRAME_MAX];
	const struct frame frame = {
		.bytes = bytes,
		.len = sizeof(bytes),
		.linear = program->options.is_tc ? 14 : 0, /* for an skb 0 is all of it */
	};
	struct bpf_test_run_opts options;

	*error = -run(program, &frame, out, &options);
	if (*error)
		return false;
	expect(program, &frame);
	return true;
}
