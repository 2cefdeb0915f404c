// SPDX-License-Identifier: GPL-2.0-only

/* How the reference decides: the rules in their order, and what they want remembered, in sets. */

#include "reference.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_EPOCHS 3 /* that a mark lives after the one in which it was made */
#define LIFE_SECONDS 60

/* Who serves: an address, a port and a transport. */
struct endpoint {
	bool is_ipv6;
	uint8_t address[16];
	uint16_t port;
	int transport;
	uint32_t epoch; /* of the mark; the rest is the key */
};

/* Which datagram the fragments are of: RFC 791 section 3.2, RFC 8200 section 4.5. */
struct datagram {
	bool is_ipv6;
	uint8_t src[16], dst[16];
	uint32_t identification;
	uint8_t protocol;
	uint32_t second; /* in which the first fragment came; the key ends before it */
	struct ref_verdict verdict;
};

struct reference {
	const struct ref_entry *entries;
	size_t entries_len;
	uint32_t epoch, second;
	void *endpoints, *datagrams; /* trees of tsearch() */
	struct {
		bool is_known;
		uint32_t epoch;
	} clients[PORT_TRANSPORTS][PORT_FIRM_END];
};

static int compare_endpoints(const void *left, const void *right)
{
	const struct endpoint *a = left, *b = right;

	if (a->is_ipv6 != b->is_ipv6)
		return a->is_ipv6 ? 1 : -1;
	if (a->transport != b->transport)
		return a->transport - b->transport;
	if (a->port != b->port)
		return a->port - b->port;
	return memcmp(a->address, b->address, sizeof(a->address));
}

static int compare_datagrams(const void *left, const void *right)
{
	const struct datagram *a = left, *b = right;
	const int src = memcmp(a->src, b->src, sizeof(a->src));

	if (a->is_ipv6 != b->is_ipv6)
		return a->is_ipv6 ? 1 : -1;
	if (a->identification != b->identification)
		return a->identification < b->identification ? -1 : 1;
	if (a->protocol != b->protocol)
		return a->protocol - b->protocol;
	return src ? src : memcmp(a->dst, b->dst, sizeof(a->dst));
}

/* Finds what compares equal to key; where there is nothing, puts a copy of key there. */
static void *find_or_add(void **tree, const void *key, size_t size,
			 int (*compare)(const void *, const void *))
{
	void *const *node = tfind(key, tree, compare);
	void *copy;

	if (node)
		return *node;
	copy = malloc(size);
	assert(copy);
	memcpy(copy, key, size);
	node = tsearch(copy, tree, compare);
	assert(node);
	return copy;
}

/* One end of a frame: its port, the entry that the port belongs to, if any, and who it is. */
struct end {
	uint16_t port;
	const struct ref_entry *owner;
	struct endpoint endpoint;
};

static bool is_firm(const struct end *end)
{
	return end->owner && end->owner->first == end->owner->last && end->port < PORT_FIRM_END;
}

/* An entry on a port where clients live names what was chosen, but is no reason to choose it. */
static bool counts(const struct end *end)
{
	return end->owner && end->port < PORT_WEAK_FIRST;
}

static bool is_source_ranked_higher(const struct end *src, const struct end *dst)
{
	if (reference_width(src->owner) != reference_width(dst->owner))
		return reference_width(src->owner) < reference_width(dst->owner);
	if (src->owner->file != dst->owner->file)
		return src->owner->file > dst->owner->file;
	return src->port < dst->port;
}

static bool is_marked(const struct reference *reference, const struct end *end)
{
	void *const *node = tfind(&end->endpoint, &reference->endpoints, compare_endpoints);
	const struct endpoint *found = node ? *node : NULL;

	return found && reference->epoch - found->epoch <= LIFE_EPOCHS;
}

static void mark(struct reference *reference, const struct end *end)
{
	struct endpoint *found = find_or_add(&reference->endpoints, &end->endpoint, sizeof(*found),
					     compare_endpoints);

	found->epoch = reference->epoch;
}

/* Whether a connection from this port to one without an entry that counts was accepted lately. */
static bool has_clients(const struct reference *reference, const struct end *firm)
{
	const int transport = firm->endpoint.transport;

	return reference->clients[transport][firm->port].is_known &&
	       reference->epoch - reference->clients[transport][firm->port].epoch <= LIFE_EPOCHS;
}

static void note_client(struct reference *reference, const struct end *firm)
{
	reference->clients[firm->endpoint.transport][firm->port].is_known = true;
	reference->clients[firm->endpoint.transport][firm->port].epoch = reference->epoch;
}

static void note_accepted(struct reference *reference, const struct end *src, const struct end *dst)
{
	mark(reference, src);
	if (!counts(src) && is_firm(dst))
		note_client(reference, dst);
}

/* System ports, then the others that servers use, then those where clients live. */
static int class_of(uint16_t port)
{
	if (port < PORT_FIRM_END)
		return 0;
	return port < PORT_WEAK_FIRST ? 1 : 2;
}

/* Returns whether the service is at the source. */
static bool choose_tcp(const struct end *src, const struct end *dst)
{
	if (counts(src) != counts(dst))
		return counts(src);
	if (counts(src))
		return is_source_ranked_higher(src, dst);
	return src->port < dst->port;
}

/* Why one end was chosen before the other: how much its entry is worth beside the other's. */
static int method_of(const struct end *chosen, const struct end *other)
{
	if (!chosen->owner)
		return PORT_GUESS;
	if (!other->owner || (counts(chosen) && !counts(other)))
		return PORT_DATABASE;
	return PORT_TIE;
}

/* Rules 4 to 6. */
static bool choose_by_database(int transport, const struct end *src, const struct end *dst,
			       int *method)
{
	const bool at_source = transport == PORT_TCP ? choose_tcp(src, dst)
						     : class_of(src->port) < class_of(dst->port);

	*method = at_source ? method_of(src, dst) : method_of(dst, src);
	return at_source;
}

/*
 * Rules 3 to 6. A mark that decides is renewed. Where no transport's handshake needs to be waited
 * for, what is chosen becomes marked: of equal ports the destination.
 */
static bool choose_by_marks(struct reference *reference, int transport, const struct end *src,
			    const struct end *dst, int *method)
{
	const bool src_serves = is_marked(reference, src), dst_serves = is_marked(reference, dst);
	bool at_source;

	if (src_serves != dst_serves) {
		*method = PORT_ENDPOINT;
		mark(reference, src_serves ? src : dst);
		return src_serves;
	}
	at_source = choose_by_database(transport, src, dst, method);
	if (transport != PORT_TCP && !src_serves)
		mark(reference, at_source && src->port != dst->port ? src : dst);
	return at_source;
}

/* The end that rule 2 would choose, or NULL. */
static const struct end *firm_end(const struct end *src, const struct end *dst)
{
	if (is_firm(src) && !counts(dst))
		return src;
	return is_firm(dst) && !counts(src) ? dst : NULL;
}

/* All rules in their order. */
static bool choose(struct reference *reference, const struct ref_reading *reading,
		   const struct end *src, const struct end *dst, int *method)
{
	const struct end *firm = firm_end(src, dst);
	bool at_source;

	*method = PORT_HANDSHAKE;
	if (reading->has_syn && reading->has_ack)
		note_accepted(reference, src, dst);
	if (reading->has_syn)
		return reading->has_ack;

	*method = PORT_DATABASE;
	if (firm && !has_clients(reference, firm))
		return firm == src;
	at_source = choose_by_marks(reference, reading->transport, src, dst, method);
	if (firm && *method == PORT_ENDPOINT && (at_source ? src : dst) != firm)
		note_client(reference, firm); /* it is still in use */
	return at_source;
}

static struct end end_of(const struct reference *reference, const struct ref_reading *reading,
			 uint16_t port, const uint8_t address[16])
{
	struct end end = {
		.port = port,
		.owner = reference_find_owner(reference->entries, reference->entries_len,
					      reading->transport, port),
		.endpoint = {
			.is_ipv6 = reading->is_ipv6,
			.port = port,
			.transport = reading->transport,
			.epoch = reference->epoch,
		},
	};

	memcpy(end.endpoint.address, address, sizeof(end.endpoint.address));
	return end;
}

static enum ref_handshake handshake_of(const struct ref_reading *reading)
{
	if (reading->has_rst)
		return REF_RESET;
	if (reading->has_syn)
		return reading->has_ack ? REF_ACCEPTED : REF_ATTEMPTED;
	return REF_NO_HANDSHAKE;
}

static void judge_ports(struct reference *reference, const struct ref_reading *reading,
			struct ref_verdict *out)
{
	const struct end src = end_of(reference, reading, reading->src_port, reading->src);
	const struct end dst = end_of(reference, reading, reading->dst_port, reading->dst);
	const bool at_source =
		choose(reference, reading, &src, &dst, &out->method) && src.port != dst.port;
	const struct end *service = at_source ? &src : &dst;

	out->transport = reading->transport;
	out->service_port = service->port;
	out->direction = at_source ? PORT_TO_CLIENT : PORT_TO_SERVER;
	if (service->owner) {
		out->bucket = -1;
		out->slot = service->owner->slot;
	} else {
		out->bucket = PORT_UNCLASSIFIED_TCP + reading->transport;
	}
	out->handshake = handshake_of(reading);
	out->is_suspicious = reading->has_syn && !reading->has_ack && is_firm(&src) &&
			     !(dst.owner && dst.owner->slot == src.owner->slot);
}

static struct datagram datagram_of(const struct reference *reference,
				   const struct ref_reading *reading)
{
	struct datagram datagram = {
		.is_ipv6 = reading->is_ipv6,
		.identification = reading->identification,
		.protocol = reading->protocol,
		.second = reference->second,
	};

	memcpy(datagram.src, reading->src, sizeof(datagram.src));
	memcpy(datagram.dst, reading->dst, sizeof(datagram.dst));
	return datagram;
}

/* The rest of a datagram opens and ends no connection: those are the first fragment's to count. */
static void remember(struct reference *reference, const struct ref_reading *reading,
		     const struct ref_verdict *verdict)
{
	const struct datagram datagram = datagram_of(reference, reading);
	struct datagram *found =
		find_or_add(&reference->datagrams, &datagram, sizeof(datagram), compare_datagrams);

	found->second = reference->second;
	found->verdict = *verdict;
	found->verdict.handshake = REF_NO_HANDSHAKE;
	found->verdict.is_suspicious = false;
}

static void follow(const struct reference *reference, const struct ref_reading *reading,
		   struct ref_verdict *out)
{
	const struct datagram datagram = datagram_of(reference, reading);
	void *const *node = tfind(&datagram, &reference->datagrams, compare_datagrams);
	const struct datagram *found = node ? *node : NULL;

	if (found && reference->second - found->second <= LIFE_SECONDS)
		*out = found->verdict;
}

void reference_judge(struct reference *reference, const struct ref_reading *reading,
		     struct ref_verdict *out)
{
	*out = (struct ref_verdict){ .bucket = reading->bucket, .transport = -1, .method = -1 };
	if (reading->bucket < 0)
		judge_ports(reference, reading, out);
	if (reading->bucket < 0 && reading->fragment == REF_FIRST)
		remember(reference, reading, out);
	if (reading->bucket == PORT_FRAGMENT)
		follow(reference, reading, out);
}

struct reference *reference_new(const struct ref_entry *entries, size_t n)
{
	struct reference *reference = calloc(1, sizeof(*reference));

	assert(reference);
	reference->entries = entries;
	reference->entries_len = n;
	return reference;
}

void reference_forget(struct reference *reference)
{
	tdestroy(reference->endpoints, free);
	tdestroy(reference->datagrams, free);
	reference->endpoints = reference->datagrams = NULL;
	memset(reference->clients, 0, sizeof(reference->clients));
}

void reference_free(struct reference *reference)
{
	if (!reference)
		return;
	reference_forget(reference);
	free(reference);
}

void reference_set_time(struct reference *reference, uint32_t epoch, uint32_t second)
{
	reference->epoch = epoch;
	reference->second = second;
}

void reference_classify(const uint8_t *frame, size_t len, bool starts_at_l3,
			const struct ref_entry *entries, size_t n, struct ref_verdict *out)
{
	struct reference *reference = reference_new(entries, n);
	struct ref_reading reading;

	reference_read(frame, len, starts_at_l3, &reading);
	reference_judge(reference, &reading, out);
	reference_free(reference);
}
