// SPDX-License-Identifier: GPL-2.0-only
/* Which port is the service: every pair of some ports, with all marks, against the reference. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "generate.h"
#include "reference.h"
#include "resolve_decide.h"
#include "seed.h"

/*
 * The table's value for a port, made from the entry that the reference gives the port to. Widths
 * are at most 8000 and files 0 or 1, so that this rank orders them as the contract does.
 */
static __u32 value_of(const struct ref_entry *entries, size_t n, int transport, uint16_t port)
{
	const struct ref_entry *owner = reference_find_owner(entries, n, transport, port);
	__u32 width, value;

	if (!owner)
		return 0;
	width = (__u32)owner->last - owner->first + 1;
	assert_in_range(width, 1, 8000);
	value = RESOLVE_VALUE(PORT_VALUE_RANK_MAX - 2 * width + owner->file, owner->slot);
	if (width == 1 && port < PORT_FIRM_END)
		value |= PORT_VALUE_FIRM;
	return port >= PORT_WEAK_FIRST ? value | PORT_VALUE_WEAK : value;
}

/* What the reference would read of it, sent between two hosts. */
static struct ref_reading reading_of(const struct resolve_frame *frame)
{
	return (struct ref_reading){
		.bucket = -1,
		.transport = (int)frame->transport,
		.src_port = frame->source_port,
		.dst_port = frame->destination_port,
		.has_syn = frame->flags & TCP_FLAG_SYN,
		.has_ack = frame->flags & TCP_FLAG_ACK,
		.src = { 10, 0, 0, 1 },
		.dst = { 10, 0, 0, 2 },
	};
}

/* An accepted connection marks who accepted it; here it was somebody else's. */
static void let_serve(struct reference *reference, const struct ref_reading *reading,
		      bool is_source)
{
	struct ref_reading accepts = *reading;
	struct ref_verdict v;

	accepts.has_syn = accepts.has_ack = true;
	if (!is_source) {
		accepts.src_port = reading->dst_port;
		memcpy(accepts.src, reading->dst, sizeof(accepts.src));
	}
	accepts.dst_port = 65535;
	accepts.dst[0] = 11;
	reference_judge(reference, &accepts, &v);
}

static struct ref_verdict ask_reference(struct reference *reference,
					const struct resolve_frame *frame)
{
	const struct ref_reading reading = reading_of(frame);
	struct ref_verdict v;

	reference_forget(reference);
	if (frame->evidence & RESOLVE_SOURCE_SERVES)
		let_serve(reference, &reading, true);
	if (frame->evidence & RESOLVE_DESTINATION_SERVES)
		let_serve(reference, &reading, false);
	reference_judge(reference, &reading, &v);
	return v;
}

static void check_against_reference(struct reference *reference, const struct resolve_frame *frame)
{
	const struct ref_verdict expected = ask_reference(reference, frame);
	const struct verdict v = judge(frame);

	if (PORT_VALUE_SLOT(v.value) != expected.slot || v.port != expected.service_port ||
	    v.direction != expected.direction || v.method != expected.method)
		fail_msg("transport %d, flags %#x, ports %u to %u, values %#x to %#x, evidence %u: "
			 "slot %u, port %u, direction %u, method %u; not %u, %u, %d, %d",
			 (int)frame->transport, frame->flags, frame->source_port,
			 frame->destination_port, frame->source, frame->destination,
			 frame->evidence, PORT_VALUE_SLOT(v.value), v.port, v.direction, v.method,
			 expected.slot, expected.service_port, (int)expected.direction,
			 expected.method);
}

#define PORTS 14
#define ENTRIES_MAX 12

/* Entries that begin and end at the ports that the frames use; some lie over each other. */
static size_t make_entries(struct rng *rng, const uint16_t ports[PORTS], struct ref_entry *entries)
{
	const size_t n = rng_below(rng, ENTRIES_MAX + 1);

	for (size_t i = 0; i < n; i++) {
		const uint16_t first = ports[rng_below(rng, PORTS)];
		uint32_t last = first;

		if (rng_below(rng, 2))
			last += rng_below(rng, rng_below(rng, 2) ? 4 : 8000);
		entries[i] = (struct ref_entry){
			.transport = rng_below(rng, 3) ? PORT_TCP : PORT_UDP,
			.first = first,
			.last = last < 65535 ? (uint16_t)last : 65535,
			.file = rng_below(rng, 2),
			.line = (uint32_t)i + 1,
			.slot = (uint16_t)(i + 1),
		};
	}
	return n;
}

/* Between two ports: every transport, every part of a connection, all that can be marked. */
static void check_pair(struct reference *reference, const struct ref_entry *entries, size_t n,
		       uint16_t source_port, uint16_t destination_port)
{
	static const uint8_t flags[] = { TCP_FLAG_ACK, TCP_FLAG_SYN, TCP_FLAG_SYN | TCP_FLAG_ACK };

	for (int transport = 0; transport < PORT_TRANSPORTS; transport++) {
		struct resolve_frame frame = {
			.transport = (enum port_transport)transport,
			.source_port = source_port,
			.destination_port = destination_port,
			.source = value_of(entries, n, transport, source_port),
			.destination = value_of(entries, n, transport, destination_port),
		};

		for (unsigned int i = 0; i < 12; i++) {
			frame.flags = flags[i / 4];
			frame.evidence = i % 4; /* clients are the reference's own to remember */
			check_against_reference(reference, &frame);
		}
	}
}

/* Every pair of a few ports, every kind of frame, under a new database each time. */
static void test_resolve_against_reference(void **state)
{
	struct ref_entry entries[ENTRIES_MAX];
	struct rng rng;

	(void)state;
	rng_init(&rng, seed_choose(__func__), NULL, 0);
	for (int times = 0; times < 150; times++) {
		const uint16_t ports[PORTS] = {
			0,
			1,
			80,
			1023,
			1024,
			5000,
			5001,
			32767,
			32768,
			50000,
			65534,
			(uint16_t)rng_below(&rng, 1024),
			(uint16_t)(1024 + rng_below(&rng, 31744)),
			(uint16_t)(32768 + rng_below(&rng, 32767)),
		};
		const size_t n = make_entries(&rng, ports, entries);
		struct reference *reference = reference_new(entries, n);

		for (size_t i = 0; i < (size_t)PORTS * PORTS; i++)
			check_pair(reference, entries, n, ports[i / PORTS], ports[i % PORTS]);
		reference_free(reference);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_against_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
