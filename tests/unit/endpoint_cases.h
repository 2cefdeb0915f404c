/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endpoints, keys and tables for the tests of bpf/endpoints.h on the host. The same seed makes the
 * same ones. cmocka.h comes first.
 */
#ifndef ENDPOINT_CASES_H
#define ENDPOINT_CASES_H

#include <stdlib.h>

#include "../../bpf/endpoints.h"
#include "../../bpf/resolve.h"
#include "generate.h"

struct endpoint {
	bool is_ipv6;
	__be32 address[4];
	enum port_transport transport;
	uint16_t port;
};

static inline struct endpoint_size size_of(unsigned int bits)
{
	return (struct endpoint_size){ .shift = 32 - bits, .mask = (1U << bits) - 1 };
}

static inline uint8_t *make_cells(unsigned int bits)
{
	uint8_t *cells = calloc(1U << bits, 1);

	assert_non_null(cells);
	return cells;
}

static inline void draw_keys(struct rng *rng, __u64 keys[PORT_ENDPOINT_KEYS])
{
	for (size_t i = 0; i < PORT_ENDPOINT_KEYS; i++)
		keys[i] = rng_next(rng);
}

/* As the packet path does it: what is hashed of a port comes from port_words(). */
static inline uint32_t hash_of(const __u64 keys[PORT_ENDPOINT_KEYS],
			       const struct endpoint *endpoint)
{
	const __u32 kind = (__u32)endpoint->is_ipv6 << KIND_IPV6_SHIFT |
			   (__u32)endpoint->transport << KIND_TRANSPORT_SHIFT | TCP_FLAG_ACK;

	return endpoint_hash(keys, endpoint->is_ipv6, endpoint->address,
			     pair_side(port_words(kind, endpoint->port, 0), SOURCE));
}

static inline struct endpoint random_endpoint(struct rng *rng, bool is_ipv6)
{
	struct endpoint endpoint = {
		.is_ipv6 = is_ipv6,
		.transport = (enum port_transport)rng_below(rng, PORT_TRANSPORTS),
		.port = (uint16_t)rng_next(rng),
	};

	for (int word = 0; word < (is_ipv6 ? 4 : 1); word++)
		endpoint.address[word] = (__be32)rng_next(rng);
	return endpoint;
}

#endif
