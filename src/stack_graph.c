// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* IFLA_LINK of these names the other end, not what they stand on. */
static const char *const pairs[] = { "veth", "netkit", "vxcan" };
/* The lower device receives what these carry as other frames, within which it does not look. */
static const char *const tunnels[] = {
	"vxlan",     "geneve",    "bareudp",   "gtp",    "amt",   "gre",    "gretap", "ip6gre",
	"ip6gretap", "erspan",    "ip6erspan", "ipip",   "sit",   "ip6tnl", "vti",    "vti6",
	"xfrm",      "wireguard", "ovpn",      "macsec", "rmnet", "lowpan",
};
/*
 * A vrf gets its members' packets as routed ones, behind all hooks; Open vSwitch's master is there
 * only to hold its ports; what B.A.T.M.A.N. hands up is another frame than its members receive.
 */
static const char *const apart[] = { "vrf", "openvswitch", "batadv" };

static bool is_among(const char *kind, const char *const *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

struct key {
	uint32_t ifindex, at;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static struct key *make_keys(const struct devices *devices)
{
	struct key *keys = calloc(devices->count + 1, sizeof(*keys));

	if (!keys)
		return NULL;
	for (size_t i = 0; i < devices->count; i++)
		keys[i] = (struct key){ devices->list[i].ifindex, (uint32_t)i };
	qsort(keys, devices->count, sizeof(*keys), compare_keys);
	return keys;
}

static uint32_t find(const struct key *keys, size_t count, uint32_t ifindex)
{
	const struct key wanted = { .ifindex = ifindex };
	const struct key *key =
		ifindex ? bsearch(&wanted, keys, count, sizeof(*keys), compare_keys) : NULL;

	return key ? key->at : STACK_NONE;
}

static int compare_edges(const void *a, const void *b)
{
	const struct stack_edge *x = a, *y = b;

	if (x->upper != y->upper)
		return x->upper < y->upper ? -1 : 1;
	return (x->lower > y->lower) - (x->lower < y->lower);
}

/* The two edges that a device may be an end of by what it says itself. Returns how many. */
static size_t make_edges(struct stack_edge *edges, const struct devices *devices,
			 const struct key *keys, uint32_t at)
{
	const struct device *device = &devices->list[at];
	uint32_t lower = find(keys, devices->count, device->lower);
	uint32_t master = find(keys, devices->count, device->master);
	size_t count = 0;

	if (lower != STACK_NONE && lower != at && !is_among(device->kind, pairs, COUNT(pairs)))
		edges[count++] = (struct stack_edge){
			.upper = at,
			.lower = lower,
			.is_same = !is_among(device->kind, tunnels, COUNT(tunnels)),
		};
	if (master != STACK_NONE && master != at)
		edges[count++] = (struct stack_edge){
			.upper = master,
			.lower = at,
			.is_member = true,
			.is_same = !is_among(devices->list[master].kind, apart, COUNT(apart)),
		};
	return count;
}

int stack_graph_init(struct stack_graph *graph, const struct devices *devices)
{
	struct key *keys = make_keys(devices);
	size_t count = 0, at = 0;

	*graph = (struct stack_graph){
		.devices = devices,
		.edges = calloc(devices->count * 2 + 1, sizeof(*graph->edges)),
		.first = calloc(devices->count + 1, sizeof(*graph->first)),
	};
	if (!keys || !graph->edges || !graph->first) {
		free(keys);
		return -ENOMEM;
	}
	for (size_t i = 0; i < devices->count; i++)
		count += make_edges(graph->edges + count, devices, keys, (uint32_t)i);
	free(keys);
	qsort(graph->edges, count, sizeof(*graph->edges), compare_edges);
	for (size_t i = 0; i <= devices->count; i++) {
		while (at < count && graph->edges[at].upper < i)
			at++;
		graph->first[i] = (uint32_t)at;
	}
	return 0;
}

void stack_graph_fini(struct stack_graph *graph)
{
	free(graph->edges);
	free(graph->first);
	*graph = (struct stack_graph){};
}
