// SPDX-License-Identifier: GPL-2.0-only
/* A private datapath that decides as the pinned one does. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "datapath_live.h"
#include "datapath_private.h"
#include "log.h"
#include "porttable.h"

/* The kernel's clock starts that many seconds before 2^32 ticks: INITIAL_JIFFIES. */
#define TICKS_START_SECONDS 300
#define SECOND_NS 1000000000

/*
 * From then on it keeps up with CLOCK_MONOTONIC, but for the moment that passed at boot before it
 * ran.
 */
uint64_t datapath_ticks_now(void)
{
	uint64_t rate = datapath_ticks_per_second();
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (UINT64_C(1) << 32) - TICKS_START_SECONDS * rate + (uint64_t)now.tv_sec * rate +
	       (uint64_t)now.tv_nsec * rate / SECOND_NS;
}

/* The map that is the table in force: a descriptor or -errno. */
static int open_table(int outer)
{
	uint32_t index = 0, id;
	int err = bpf_map_lookup_elem(outer, &index, &id);

	return err ? err : bpf_map_get_fd_by_id(id);
}

static int read_values(int inner, struct porttable *table)
{
	uint32_t count = PORT_TABLE_ENTRIES, next;
	uint32_t *indices = malloc(count * sizeof(*indices));
	int err = -ENOMEM;

	if (indices)
		err = bpf_map_lookup_batch(inner, NULL, &next, indices, table->values, &count,
					   NULL);
	free(indices);
	/* The batch ends where the map does. */
	if (err && err != -ENOENT)
		return err;
	return count == PORT_TABLE_ENTRIES ? 0 : -EINVAL;
}

static int read_table(struct datapath *live, struct porttable *table)
{
	int outer = datapath_shared_map(live, "ports", NULL), inner, err;

	if (outer < 0)
		return outer;
	inner = open_table(outer);
	err = inner < 0 ? inner : read_values(inner, table);
	memset(table->owners, 0, sizeof(table->owners));
	if (inner >= 0)
		close(inner);
	close(outer);
	if (err)
		log_error(err, "map 'ports': the table in force cannot be read%s",
			  err == -EPERM ? " (root, or CAP_SYS_ADMIN, is needed)" : "");
	return err;
}

static int copy_clients(struct datapath *to, const struct datapath *live)
{
	uint8_t clients[PORT_TRANSPORTS * PORT_FIRM_END];
	uint32_t index = 0;
	int err = bpf_map_lookup_elem(live->firm_clients, &index, clients);

	if (!err)
		err = bpf_map_update_elem(to->firm_clients, &index, clients, BPF_ANY);
	if (err)
		log_error(err, "map 'firm_clients': cannot be copied");
	return err;
}

int datapath_follow(struct datapath *to, struct datapath *live, struct porttable *table)
{
	int err = read_table(live, table);

	if (!err)
		err = datapath_publish(to, table);
	if (!err)
		err = copy_clients(to, live);
	return err ? err : datapath_copy_marks(to, live);
}
