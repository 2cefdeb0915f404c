// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program of the tc hook on devices, with and without an Ethernet header, for what they receive
 * and for what they transmit: where frames start, what BPF_PROG_TEST_RUN does not take, frames
 * whose linear part is short, and merged frames, which are counted as what comes out of the device.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "tap.h"
#include "world.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define CUT_BYTES 100
#define LONG_BYTES 5000 /* more than a page: of shorter ones all is linear */
#define GSO_UDP_L4 5    /* of Linux 6.2; older headers do not have it */

struct device {
	struct program *program;
	struct tap *tap;
};

static void skip_without(void)
{
	const char *obstacle = program_obstacle() ? program_obstacle() : tap_obstacle();

	if (!obstacle)
		return;
	print_message("skipped: %s\n", obstacle);
	skip();
}

/* On receive the kernel takes a first tag off before anything looks. So it is given one more. */
static bool has_tag(const uint8_t *bytes, size_t len)
{
	return len >= 14 &&
	       ((bytes[12] == 0x81 && !bytes[13]) || (bytes[12] == 0x88 && bytes[13] == 0xa8));
}

static size_t add_tag(uint8_t *out, const uint8_t *bytes, size_t len)
{
	static const uint8_t tag[] = { 0x81, 0x00, 0x00, 0x07 };

	memcpy(out, bytes, 12);
	memcpy(out + 12, tag, sizeof(tag));
	memcpy(out + 16, bytes + 12, len - 12);
	return len + sizeof(tag);
}

/* What the kernel does not take is not expected to be counted. */
static bool is_taken(const struct device *device, size_t len, bool tagged)
{
	if (!device->tap->is_tap)
		return len > 0;
	return len >= (tagged && !device->tap->is_egress ? 16 : 14);
}

static void send_frame(void *ctx, const struct frame *frame)
{
	struct device *device = ctx;
	static uint8_t copy[PROGRAM_FRAME_MAX + 4];
	struct virtio_net_hdr header = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };
	const uint8_t *bytes = frame->bytes;
	size_t len = frame->len;

	if (frame->linear != PROGRAM_ALL_LINEAR)
		header.hdr_len = (uint16_t)frame->linear;
	if (device->tap->is_tap && !device->tap->is_egress && has_tag(bytes, len)) {
		len = add_tag(copy, bytes, len);
		bytes = copy;
	}
	if (!tap_send(device->tap, bytes, len, &header))
		fail_msg("%s: %zu bytes cannot be sent", frame->desc, len);
}

static struct device open_device(bool is_tap, bool is_egress)
{
	const struct program_options options = {
		.is_tc = true,
		.forgets = true,
		.starts_at_l3 = !is_tap,
		.no_ports = is_egress,
	};
	struct device device = { .program = world_load(&options) };

	device.tap = tap_open(is_tap, is_egress, device.program->fd);
	return device;
}

static void close_device(struct device *device)
{
	tap_close(device->tap);
	program_free(device->program);
}

static void add(struct device *device, const char *desc, const uint8_t *bytes, size_t len,
		uint32_t linear)
{
	if (is_taken(device, len, has_tag(bytes, len)))
		program_add(device->program, desc, bytes, len, linear);
}

static void add_cuts(struct device *device, const struct packet_row *row)
{
	for (size_t len = 0; len < row->packet.len && len < CUT_BYTES; len += len < 60 ? 1 : 11)
		add(device, row->desc, row->packet.data, len, PROGRAM_ALL_LINEAR);
	add(device, row->desc, row->packet.data, row->packet.len, PROGRAM_ALL_LINEAR);
}

/* The linear part ends anywhere. The kernel itself reads as far as where it took a tag off. */
static void add_splits(struct device *device, const struct packet_row *row)
{
	static uint8_t bytes[LONG_BYTES];
	const size_t len = row->packet.len;

	memcpy(bytes, row->packet.data, len);
	for (size_t i = len; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rng_next(&world.rng);
	for (uint32_t linear = 16; linear < len + 40; linear += 1 + rng_below(&world.rng, 12))
		add(device, row->desc, bytes, sizeof(bytes), linear);
}

static void run_rows(bool is_tap, bool is_egress, size_t step,
		     void (*add_row)(struct device *device, const struct packet_row *row))
{
	struct device device = open_device(is_tap, is_egress);

	device.program->send = send_frame;
	device.program->send_ctx = &device;
	for (size_t i = 0; i < world.rows_len; i++)
		if (world.rows[i].starts_at_l3 != is_tap && (i % step == 0 || !is_tap))
			add_row(&device, &world.rows[i]);
	program_check(device.program);
	assert_true(device.program->expected.frames > 100);
	print_message("%s, %s: %llu frames\n", is_tap ? "Ethernet" : "IP",
		      is_egress ? "transmitted" : "received",
		      (unsigned long long)device.program->expected.frames);
	close_device(&device);
}

static void test_tc_device_table(void **state)
{
	(void)state;
	skip_without();
	for (int way = 0; way < 4; way++)
		run_rows(way & 1, way & 2, 13, add_cuts);
}

static void test_tc_device_short_linear_part(void **state)
{
	(void)state;
	skip_without();
	for (int way = 0; way < 4; way++)
		run_rows(way & 1, way & 2, 13, add_splits);
}

struct merged_case {
	const char *desc;
	unsigned int ip_version;
	uint8_t protocol, type;
	uint16_t checksum_at; /* in the transport header */
	uint16_t payload, size;
};

static const struct merged_case merged_cases[] = {
	{ "TCP, IPv4", 4, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_TCPV4, 16, 1800, 500 },
	{ "TCP, IPv4, all full", 4, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_TCPV4, 16, 1800, 600 },
	{ "TCP, IPv6", 6, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_TCPV6, 16, 1801, 600 },
	{ "UDP, IPv4", 4, IPPROTO_UDP, GSO_UDP_L4, 6, 1501, 500 },
	{ "UDP, IPv6", 6, IPPROTO_UDP, GSO_UDP_L4, 6, 1600, 333 },
};

static struct port_counter sum_counted(struct program *program)
{
	struct port_counter sum = {};

	ledger_read(&program->found, program->object);
	for (uint32_t cell = 0; cell < program->found.cells; cell++) {
		if (cell >= PORT_INDEX_METHODS && cell < PORT_INDEX_SERVICES)
			continue;
		sum.packets += program->found.counters[cell].packets;
		sum.bytes += program->found.counters[cell].bytes;
	}
	return sum;
}

/* What the device has sent of it: so many frames, if no more come. */
static struct port_counter read_wire(struct tap *tap, uint64_t packets)
{
	static uint8_t bytes[TAP_MTU];
	struct port_counter sum = {};
	size_t len;

	while ((len = tap_read(tap, bytes, sizeof(bytes), sum.packets < packets ? 5000 : 20))) {
		sum.packets++;
		sum.bytes += len;
	}
	return sum;
}

static struct port_counter cut(const struct merged_case *merged, size_t headers)
{
	struct port_counter sum = {};

	for (size_t done = 0; done < merged->payload; done += merged->size) {
		const size_t left = merged->payload - done;

		sum.packets++;
		sum.bytes += headers + (left < merged->size ? left : merged->size);
	}
	return sum;
}

/* The frame, and what is told of it beside. Returns how long the headers are. */
static size_t build_merged(const struct merged_case *merged, bool is_tap, struct packet *p,
			   struct virtio_net_hdr *header)
{
	*p = (struct packet){};
	if (is_tap)
		packet_eth(p);
	if (merged->ip_version == 4)
		packet_ipv4(p, 5, 0);
	else
		packet_ipv6(p);
	*header = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = merged->type,
		.gso_size = merged->size,
		.csum_start = (uint16_t)p->len,
		.csum_offset = merged->checksum_at,
	};
	packet_ports(p, merged->protocol, 50000, 443, PACKET_TCP_ACK);
	header->hdr_len = (uint16_t)p->len;
	packet_payload(p, merged->payload);
	packet_finish(p);
	return header->hdr_len;
}

static void check_merged(struct device *device, const struct merged_case *merged)
{
	const struct port_counter before = sum_counted(device->program);
	struct port_counter expected, after;
	struct virtio_net_hdr header;
	struct packet p;

	expected = cut(merged, build_merged(merged, device->tap->is_tap, &p, &header));
	if (!tap_send(device->tap, p.data, p.len, &header)) {
		print_message("skipped: %s: this kernel takes none that are merged\n",
			      merged->desc);
		return;
	}
	if (device->tap->is_egress)
		expected = read_wire(device->tap, expected.packets);
	after = sum_counted(device->program);
	assert_true(expected.packets > 1);
	assert_int_equal(after.packets - before.packets, expected.packets);
	assert_int_equal(after.bytes - before.bytes, expected.bytes);
}

static void test_tc_device_merged(void **state)
{
	(void)state;
	skip_without();
	for (int way = 0; way < 4; way++) {
		struct device device = open_device(way & 1, way & 2);

		for (size_t i = 0; i < ARRAY_LEN(merged_cases); i++)
			check_merged(&device, &merged_cases[i]);
		close_device(&device);
	}
}

static int make_world(void **state)
{
	(void)state;
	return world_make("test_tc_device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tc_device_table),
		cmocka_unit_test(test_tc_device_short_linear_part),
		cmocka_unit_test(test_tc_device_merged),
	};

	return cmocka_run_group_tests(tests, make_world, world_free);
}
