// SPDX-License-Identifier: GPL-2.0-only
#include "accuracy_rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "parse.h"

static const struct endpoint_size size = { .shift = 32 - ACCURACY_CELLS_SHIFT,
					   .mask = ACCURACY_CELLS - 1 };

/* Any will do; the agent draws them. */
const __u64 accuracy_keys[PORT_ENDPOINT_KEYS] = {
	0x7d1b9f04c6e2a835, 0xe94c20b7185fd36b, 0x3a86d5f1907be24d, 0xc25f0e73ab9d4861,
	0x58e3b71c2fd6940b, 0x96a40d8be573f12f, 0x0f72c9e85d1ab647,
};

void accuracy_memory_init(struct accuracy_memory *memory)
{
	memory->cells = malloc(ACCURACY_CELLS);
	assert_non_null(memory->cells);
	accuracy_memory_clear(memory);
}

void accuracy_memory_clear(struct accuracy_memory *memory)
{
	memset(memory->cells, 0, ACCURACY_CELLS);
	memset(memory->clients, 0, sizeof(memory->clients));
}

void accuracy_memory_fini(struct accuracy_memory *memory)
{
	free(memory->cells);
}

/* By a copy of the address, which in a frame need not lie where a 32-bit word may. */
static uint32_t hash(const struct pkt *pkt, const void *address, uint32_t word)
{
	__be32 copy[4] = {};

	memcpy(copy, address, pkt->is_ipv6 ? 16 : 4);
	return endpoint_hash(accuracy_keys, pkt->is_ipv6, copy, word);
}

static uint64_t hash_both(const struct pkt *pkt, uint64_t words)
{
	const struct ipv4_header *v4 = pkt->ip;
	const struct ipv6_header *v6 = pkt->ip;
	const void *source = &v4->source_be, *destination = &v4->destination_be;

	if (pkt->is_ipv6) {
		source = v6->source_be;
		destination = v6->destination_be;
	}
	return pair(hash(pkt, source, pair_side(words, SOURCE)),
		    hash(pkt, destination, pair_side(words, DESTINATION)));
}

static uint32_t value_of(const struct porttable *table, uint32_t kind, uint16_t port)
{
	return table->values[PORT_TABLE_INDEX(kind_transport(kind), port)];
}

bool accuracy_ask(const struct trace *trace, size_t packet, const struct porttable *table,
		  struct accuracy_question *question)
{
	const struct trace_packet *of = &trace->packets[packet];
	const uint8_t *frame = trace->bytes + of->offset;
	struct pkt pkt;

	if (parse_frame(frame, frame + of->length, of->length, 0, false, &pkt) != PORT_NO_BUCKET)
		return false;
	question->ticks = of->ticks;
	question->flags = kind_flags(pkt.kind);
	question->words = port_words(pkt.kind, pkt.source_port, pkt.destination_port);
	question->values = pair(value_of(table, pkt.kind, pkt.source_port),
				value_of(table, pkt.kind, pkt.destination_port));
	question->hashes = hash_both(&pkt, question->words);
	return true;
}

/* Rules 4 to 6, or what the rule set has in their place. */
static struct choice by_ports(const struct accuracy_rules *rules, uint64_t words, uint64_t values)
{
	struct choice choice = resolve_database(words, values);
	accuracy_side_fn other = words_transport(words) == PORT_TCP ? rules->tcp : rules->udp;

	if (other && !same_ports(words))
		choice.side = other(words, values);
	return choice;
}

/* As resolve_by_marks() in bpf/flow.h. */
static struct choice by_marks(const struct accuracy_rules *rules, struct accuracy_memory *memory,
			      const struct accuracy_question *question, uint8_t epoch)
{
	uint32_t source =
		endpoint_is_marked(memory->cells, size, pair_side(question->hashes, SOURCE), epoch);
	uint32_t destination = endpoint_is_marked(memory->cells, size,
						  pair_side(question->hashes, DESTINATION), epoch);
	struct choice choice =
		resolve_evidence(question->words, question->values, source, destination);

	if (source == destination)
		choice = by_ports(rules, question->words, question->values);
	if (source != destination)
		endpoint_mark(memory->cells, size, pair_side(question->hashes, destination), epoch);
	else if (words_transport(question->words) != PORT_TCP && !source)
		endpoint_mark(memory->cells, size, pair_side(question->hashes, choice.side), epoch);
	return choice;
}

static uint8_t *client_of(struct accuracy_memory *memory, uint64_t words, enum side side)
{
	return &memory->clients[words_transport(words) * PORT_FIRM_END +
				(pair_side(words, side) & (PORT_FIRM_END - 1))];
}

/* As note_accepted() there. */
static void note_accepted(struct accuracy_memory *memory, const struct accuracy_question *question,
			  uint8_t epoch)
{
	endpoint_mark(memory->cells, size, pair_side(question->hashes, SOURCE), epoch);
	if (!is_strong(pair_side(question->values, SOURCE)) &&
	    pair_side(question->values, DESTINATION) & PORT_VALUE_FIRM)
		*client_of(memory, question->words, DESTINATION) = endpoint_stamp(epoch);
}

/* As has_clients() there. */
static bool has_clients(struct accuracy_memory *memory, uint64_t words, enum side side,
			uint8_t epoch)
{
	uint8_t *client = client_of(memory, words, side);

	if (endpoint_is_live(*client, epoch))
		return true;
	*client = 0;
	return false;
}

static struct choice beyond_rule_2(const struct accuracy_rules *rules,
				   struct accuracy_memory *memory,
				   const struct accuracy_question *question, uint8_t epoch)
{
	if (rules->without & ACCURACY_RULE(3))
		return by_ports(rules, question->words, question->values);
	return by_marks(rules, memory, question, epoch);
}

/* As resolve_ports() in bpf/agent.bpf.c. */
static struct choice by_rule_2(const struct accuracy_rules *rules, struct accuracy_memory *memory,
			       const struct accuracy_question *question, uint8_t epoch)
{
	struct choice choice;
	enum side firm;

	if ((rules->without & ACCURACY_RULE(2)) || !resolve_firm(question->values, &choice))
		return beyond_rule_2(rules, memory, question, epoch);
	if (rules->without & ACCURACY_RULE_2_EXCEPTION ||
	    !has_clients(memory, question->words, choice.side, epoch))
		return choice;
	firm = choice.side;
	choice = beyond_rule_2(rules, memory, question, epoch);
	if (choice.method == PORT_ENDPOINT && choice.side != firm)
		*client_of(memory, question->words, firm) = endpoint_stamp(epoch);
	return choice;
}

/* As resolve_any() there. */
struct choice accuracy_answer(const struct accuracy_rules *rules, struct accuracy_memory *memory,
			      const struct accuracy_question *question)
{
	uint8_t epoch = endpoint_epoch(question->ticks, ACCURACY_EPOCH_SHIFT);
	struct choice choice = { .side = DESTINATION, .method = PORT_GUESS };

	if (rules->everything) {
		choice.side = rules->everything(question->words, question->values);
		return choice;
	}
	if (!(question->flags & TCP_FLAG_SYN) || rules->without & ACCURACY_RULE(1))
		return by_rule_2(rules, memory, question, epoch);
	if (question->flags & TCP_FLAG_ACK)
		note_accepted(memory, question, epoch);
	return resolve_handshake(question->words, question->flags);
}
