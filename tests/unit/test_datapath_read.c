// SPDX-License-Identifier: GPL-2.0-only

/*
 * Counters as they are read from the kernel on a machine with 256 possible processors, of which
 * eight are online: per-CPU maps hand out a cell for each possible one. The system calls are those
 * of this file.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "../../src/datapath_private.h"
#include "snapshot.h"
#include "unclassified.h"

#define POSSIBLE 256
#define ONLINE 8
#define CAPACITY 3000 /* slots: several batches, the last of which is not full */
#define KERNEL_ENOTSUPP 524
#define BIT_32 (UINT64_C(1) << 32)

/* Descriptors of the maps, which nothing else opens. */
enum map { COUNTERS = 1000, HANDSHAKES, UNCLASSIFIED };

static int possible;  /* processors */
static int batch_err; /* of batches, once so many calls were good */
static uint32_t batch_calls, batch_calls_good, single_calls;

int libbpf_num_possible_cpus(void)
{
	return possible;
}

/* The processors that are online are not the first ones, as after some were taken out. */
static bool is_online(uint32_t cpu)
{
	return cpu % (POSSIBLE / ONLINE) == 7;
}

static struct port_counter counter_of(uint32_t index, uint32_t cpu)
{
	if (possible == POSSIBLE && !is_online(cpu))
		return (struct port_counter){};
	return (struct port_counter){ BIT_32 + index * 1000 + cpu, BIT_32 * 1500 + index + cpu };
}

static void put_counters(void *values, uint32_t index)
{
	struct port_counter *cells = values;

	for (uint32_t cpu = 0; cpu < (uint32_t)possible; cpu++)
		cells[cpu] = counter_of(index, cpu);
}

static void put_handshakes(void *values, uint32_t index)
{
	struct port_handshakes *cells = values;

	for (uint32_t cpu = 0; cpu < (uint32_t)possible; cpu++) {
		struct port_counter counter = counter_of(index, cpu);

		cells[cpu] = (struct port_handshakes){ counter.packets, counter.bytes, cpu };
	}
}

static void put_block(void *values, uint32_t index)
{
	struct port_unclassified *blocks = values;
	const uint64_t method = UINT64_C(1) << (PORT_UNCLASSIFIED_METHODS_SHIFT + PORT_GUESS);

	for (uint32_t cpu = 0; cpu < (uint32_t)possible; cpu++)
		for (uint32_t i = 0; i < PORT_UNCLASSIFIED_BLOCK; i++) {
			blocks[cpu].ports[i] = counter_of(index * PORT_UNCLASSIFIED_BLOCK + i, cpu);
			if (blocks[cpu].ports[i].packets)
				blocks[cpu].ports[i].packets |= method;
		}
}

static const struct {
	void (*put)(void *values, uint32_t index);
	uint32_t entries;
	size_t size;
} maps[] = {
	{ put_counters, PORT_INDEX_END(CAPACITY), sizeof(struct port_counter) },
	{ put_handshakes, CAPACITY, sizeof(struct port_handshakes) },
	{ put_block, PORT_UNCLASSIFIED_BLOCKS, sizeof(struct port_unclassified) },
};

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	uint32_t index;

	single_calls++;
	memcpy(&index, key, sizeof(index));
	if (index >= maps[fd - COUNTERS].entries)
		return -ENOENT;
	maps[fd - COUNTERS].put(value, index);
	return 0;
}

/* As bpf(2) does it: the position is opaque; at the end fewer are handed out, with ENOENT. */
int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values,
			 __u32 *count, const struct bpf_map_batch_opts *opts)
{
	uint32_t first = 0, end = maps[fd - COUNTERS].entries, wanted = *count, index;

	assert_null(opts);
	*count = 0;
	if (batch_err && batch_calls >= batch_calls_good)
		return batch_err;
	batch_calls++;
	if (in_batch)
		memcpy(&first, in_batch, sizeof(first));
	for (index = first; index < end && *count < wanted; index++, ++*count) {
		memcpy((uint32_t *)keys + *count, &index, sizeof(index));
		maps[fd - COUNTERS].put((char *)values + (size_t)*count * maps[fd - COUNTERS].size *
								 (size_t)possible,
					index);
	}
	memcpy(out_batch, &index, sizeof(index));
	return index == end ? -ENOENT : 0;
}

static struct datapath *make(int cpus)
{
	struct datapath *datapath;
	struct datapath_device *device;

	possible = cpus;
	datapath = datapath_new(DATAPATH_PRIVATE);
	assert_non_null(datapath);
	assert_int_equal(datapath->cpus, cpus);
	device = datapath_add(datapath, "eth0");
	assert_non_null(device);
	device->counters = COUNTERS;
	device->handshakes = HANDSHAKES;
	datapath->unclassified = UNCLASSIFIED;
	datapath->counts_unclassified = true;
	datapath->capacity = CAPACITY;
	batch_err = 0;
	batch_calls = batch_calls_good = single_calls = 0;
	return datapath;
}

/* They are no descriptors that could be closed. */
static void end(struct datapath *datapath)
{
	datapath->devices[0].counters = datapath->devices[0].handshakes = -1;
	datapath->unclassified = -1;
	datapath_close(datapath);
}

static struct port_handshakes sum_of(uint32_t index)
{
	struct port_handshakes sum = {};

	for (uint32_t cpu = 0; cpu < (uint32_t)possible; cpu++) {
		struct port_counter counter = counter_of(index, cpu);

		sum.attempted += counter.packets;
		sum.accepted += counter.bytes;
		sum.reset += cpu;
	}
	return sum;
}

/* The first slots of the maps' are in the snapshot, and hold what was counted for them. */
static void check_read(struct datapath *datapath, uint32_t slots)
{
	uint32_t shared = slots < CAPACITY ? slots : CAPACITY;
	struct snapshot snapshot;

	assert_int_equal(snapshot_init(&snapshot, slots), 0);
	assert_int_equal(datapath_read(datapath, 0, &snapshot), 0);
	for (uint32_t i = 0; i < PORT_INDEX_END(slots); i++) {
		struct port_handshakes sum = sum_of(i);
		bool is_in = i < PORT_INDEX_END(shared);

		if (snapshot.cells[i].packets != (is_in ? sum.attempted : 0) ||
		    snapshot.cells[i].bytes != (is_in ? sum.accepted : 0))
			fail_msg("%d processors, %u slots: cell %u", possible, slots, i);
	}
	for (uint32_t i = 0; i < slots; i++) {
		struct port_handshakes sum = i < shared ? sum_of(i) : (struct port_handshakes){};

		assert_memory_equal(&snapshot.handshakes[i], &sum, sizeof(sum));
	}
	snapshot_fini(&snapshot);
}

static const int processors[] = { 1, 3, POSSIBLE };
#define ROWS (sizeof(processors) / sizeof(processors[0]))

static void test_datapath_read_batches(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct datapath *datapath = make(processors[i]);

		check_read(datapath, CAPACITY);
		check_read(datapath, 5);
		check_read(datapath, CAPACITY + 2);
		assert_true(batch_calls >= 3 * 2);
		assert_int_equal(single_calls, 0);
		end(datapath);
	}
}

/* A kernel without batches, and one that stops to take them, as none does. */
static void test_datapath_read_singly(void **state)
{
	static const struct {
		int err;
		uint32_t good;
	} rows[] = { { -KERNEL_ENOTSUPP, 0 }, { -EINVAL, 0 }, { -EINVAL, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct datapath *datapath = make(POSSIBLE);

		batch_err = rows[i].err;
		batch_calls_good = rows[i].good;
		check_read(datapath, CAPACITY);
		assert_int_equal(batch_calls, rows[i].good);
		assert_int_equal(single_calls, PORT_INDEX_END(CAPACITY) + CAPACITY -
						       rows[i].good * DATAPATH_BATCH);
		end(datapath);
	}
}

static void test_datapath_read_fails(void **state)
{
	struct datapath *datapath = make(POSSIBLE);
	struct snapshot snapshot;

	(void)state;
	batch_err = -EPERM;
	assert_int_equal(snapshot_init(&snapshot, CAPACITY), 0);
	assert_int_equal(datapath_read(datapath, 0, &snapshot), -EPERM);
	assert_int_equal(single_calls, 0);
	snapshot_fini(&snapshot);
	end(datapath);
}

static void test_datapath_read_unclassified(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct datapath *datapath = make(processors[i]);
		struct unclassified unclassified;

		assert_int_equal(unclassified_init(&unclassified), 0);
		assert_int_equal(datapath_read_unclassified(datapath, &unclassified), 0);
		for (uint32_t port = 0; port < PORT_UNCLASSIFIED_ENTRIES; port++) {
			struct port_handshakes sum = sum_of(port);

			if (unclassified.ports[port].packets != sum.attempted ||
			    unclassified.ports[port].bytes != sum.accepted ||
			    unclassified.methods[port] != 1 << PORT_GUESS)
				fail_msg("%d processors: port %u", possible, port);
		}
		assert_int_equal(single_calls, PORT_UNCLASSIFIED_BLOCKS);
		unclassified_fini(&unclassified);
		end(datapath);
	}
}

static void test_datapath_new_without_processors(void **state)
{
	(void)state;
	possible = -EINVAL;
	assert_null(datapath_new(DATAPATH_PRIVATE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datapath_read_batches),
		cmocka_unit_test(test_datapath_read_singly),
		cmocka_unit_test(test_datapath_read_fails),
		cmocka_unit_test(test_datapath_read_unclassified),
		cmocka_unit_test(test_datapath_new_without_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
