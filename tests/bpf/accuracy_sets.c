// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule sets: what a peer does, the kernel's with a rule left out, and what was weighed before
 * rules 4 to 6 became what they are. Equal ports do not come here, but to what is in place of all.
 */
#include "accuracy_rules.h"

#define DYNAMIC_FIRST 49152 /* IANA's dynamic ports, which it never assigns: RFC 6335 section 6 */

static uint16_t port(uint64_t words, enum side side)
{
	return (uint16_t)pair_side(words, side);
}

static bool is_high(uint64_t words, enum side side)
{
	return port(words, side) >= PORT_WEAK_FIRST;
}

static bool is_firm(uint64_t values, enum side side)
{
	return pair_side(values, side) & PORT_VALUE_FIRM;
}

static bool has_entry(uint64_t values, enum side side)
{
	return pair_side(values, side) != 0;
}

static enum side lower(uint64_t words)
{
	return port(words, SOURCE) < port(words, DESTINATION) ? SOURCE : DESTINATION;
}

static enum side always_destination(uint64_t words, uint64_t values)
{
	(void)words;
	(void)values;
	return DESTINATION;
}

static enum side always_lower(uint64_t words, uint64_t values)
{
	(void)values;
	return lower(words);
}

static enum side database_first(uint64_t words, uint64_t values)
{
	if (has_entry(values, SOURCE) == has_entry(values, DESTINATION))
		return lower(words);
	return has_entry(values, SOURCE) ? SOURCE : DESTINATION;
}

/* Rules 4 to 6 of TCP, with one of them left out, which then decides nothing. */
static enum side tcp_without(uint64_t words, uint64_t values, unsigned int rule)
{
	bool source = has_entry(values, SOURCE) && !is_high(words, SOURCE);
	bool destination = has_entry(values, DESTINATION) && !is_high(words, DESTINATION);

	if (source != destination && rule != 4)
		return source ? SOURCE : DESTINATION;
	if (source && destination && rule != 5)
		return higher_rank(words, values);
	return rule == 6 ? DESTINATION : lower(words);
}

static enum side tcp_without_4(uint64_t words, uint64_t values)
{
	return tcp_without(words, values, 4);
}

static enum side tcp_without_5(uint64_t words, uint64_t values)
{
	return tcp_without(words, values, 5);
}

static enum side tcp_without_6(uint64_t words, uint64_t values)
{
	return tcp_without(words, values, 6);
}

/* Whether an entry may win where weak ones may, against other ports of clients. */
static bool may_win(uint64_t words, uint64_t values, enum side side)
{
	return has_entry(values, side) && (!is_high(words, side) || is_high(words, !side));
}

static enum side weak_too(uint64_t words, uint64_t values)
{
	bool source = may_win(words, values, SOURCE);
	bool destination = may_win(words, values, DESTINATION);

	if (source != destination)
		return source ? SOURCE : DESTINATION;
	if (source)
		return higher_rank(words, values);
	return words_transport(words) == PORT_TCP ? lower(words) : DESTINATION;
}

static enum side firm_first(uint64_t words, uint64_t values)
{
	(void)words;
	return is_firm(values, SOURCE) && !is_firm(values, DESTINATION) ? SOURCE : DESTINATION;
}

/* A reply is told by an entry against a port of clients. */
static enum side entry_first(uint64_t words, uint64_t values)
{
	bool is_reply =
		has_entry(values, SOURCE) && !is_high(words, SOURCE) && is_high(words, DESTINATION);

	if (is_firm(values, SOURCE) != is_firm(values, DESTINATION))
		return is_firm(values, SOURCE) ? SOURCE : DESTINATION;
	return is_reply ? SOURCE : DESTINATION;
}

/* The same without an entry. */
static enum side below_first(uint64_t words, uint64_t values)
{
	if (is_firm(values, SOURCE) != is_firm(values, DESTINATION))
		return is_firm(values, SOURCE) ? SOURCE : DESTINATION;
	return !is_high(words, SOURCE) && is_high(words, DESTINATION) ? SOURCE : DESTINATION;
}

/* As UDP has it, and an entry within a class. */
static enum side class_then_entry(uint64_t words, uint64_t values)
{
	uint32_t source = port_class(words, SOURCE), destination = port_class(words, DESTINATION);

	if (source != destination)
		return source < destination ? SOURCE : DESTINATION;
	return has_entry(values, SOURCE) && !has_entry(values, DESTINATION) ? SOURCE : DESTINATION;
}

static enum side four_classes(uint64_t words, uint64_t values)
{
	uint32_t source = port_class(words, SOURCE) + (port(words, SOURCE) >= DYNAMIC_FIRST);
	uint32_t destination =
		port_class(words, DESTINATION) + (port(words, DESTINATION) >= DYNAMIC_FIRST);

	(void)values;
	return source < destination ? SOURCE : DESTINATION;
}

static enum side class_first(uint64_t words, uint64_t values)
{
	(void)values;
	return lower_class(words);
}

const struct accuracy_rules accuracy_rules[] = {
	{ "destination", "whatever the ports are", .everything = always_destination },
	{ "lower port", "whatever the database has", .everything = always_lower },
	{ "database, lower port", "the one that has an entry, even a wide or a weak one",
	  .everything = database_first },
	{ .name = "**rules 1-6**", .about = "as in the kernel" },
	{ "without 1", "SYN and ACK are not looked at, and so mark nothing",
	  .without = ACCURACY_RULE(1) },
	{ "without 2", "it is there for speed: others say the same", .without = ACCURACY_RULE(2) },
	{ "2 without its exception", "a firm port wins though clients connected from it",
	  .without = ACCURACY_RULE_2_EXCEPTION },
	{ "without 3: no marks", "rules 1, 2, 4, 5 and 6", .without = ACCURACY_RULE(3) },
	{ "without 4", "TCP: one entry decides nothing", .without = ACCURACY_RULE(4),
	  .tcp = tcp_without_4 },
	{ "without 5", "TCP: two entries decide nothing", .without = ACCURACY_RULE(5),
	  .tcp = tcp_without_5 },
	{ "without 6", "what is left goes to the destination", .without = ACCURACY_RULE(6),
	  .tcp = tcp_without_6, .udp = always_destination },
	{ "a. weak entries win", "between ports of clients; and UDP has rules 4 and 5 as TCP has",
	  .tcp = weak_too, .udp = weak_too },
	{ "b. UDP: destination", "in place of the classes", .udp = always_destination },
	{ "c. UDP: firm first", "one firm port, then the destination", .udp = firm_first },
	{ "d. UDP: entry first", "c, then an entry against a port of clients, the destination",
	  .udp = entry_first },
	{ "e. UDP: firm, < 32768",
	  "c, then a port below 32768 against one of clients, the destination",
	  .udp = below_first },
	{ "f. UDP: class, entry", "the lower class, in one class one entry, then the destination",
	  .udp = class_then_entry },
	{ "g. UDP: four classes", "from 49152 up apart from those below", .udp = four_classes },
	{ "h. UDP: lower port", "in place of the classes", .udp = always_lower },
	{ "i. TCP: lower port", "in place of 4 and 5", .tcp = always_lower },
	{ "j. TCP: as UDP", "the lower class, then the destination", .tcp = class_first },
};

const size_t accuracy_rules_count = sizeof(accuracy_rules) / sizeof(accuracy_rules[0]);

_Static_assert(sizeof(accuracy_rules) / sizeof(accuracy_rules[0]) <= ACCURACY_RULES_MAX,
	       "there is room for the scores");
