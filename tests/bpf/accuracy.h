/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the accuracy test share. It asks how many packets are attributed to the port
 * that the first packet of their flow addressed, by rule set, database and traffic.
 *
 *   accuracy_database.c  the built-in database, and one as large as the registry
 *   accuracy_kinds.c     which flows there are, and how often
 *   accuracy_traffic.c   flows of these kinds, as a trace; accuracy_frame.c: their frames
 *   accuracy_captures.c  the captures of a directory, as a trace
 *   accuracy_sets.c      the rule sets; accuracy_rules.c: how they are asked
 *   accuracy_run.c       all rule sets over a trace; accuracy_table.c: the tables of that
 *   accuracy_kernel.c    the program itself over a trace
 *
 * Nothing here fails but for want of memory, or where the test itself is wrong: by an assertion of
 * cmocka.
 */
#ifndef ACCURACY_H
#define ACCURACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_abi.h"
#include "porttable.h"

struct portdb;
struct slots;

enum { ACCURACY_BUILTIN, ACCURACY_REGISTRY, ACCURACY_DATABASES };

struct accuracy_database {
	struct portdb *db;
	struct slots *slots;
	struct porttable table;
};

/* registry: the built-in database, and behind it a file of ACCURACY_REGISTRY_ROWS rows. */
struct accuracy_database *accuracy_database_make(bool registry);
/* NULL is taken. */
void accuracy_database_free(struct accuracy_database *database);
#define ACCURACY_REGISTRY_ROWS 14000

/* Whether a flow is seen from its first packet on, or began before the agent came. */
enum accuracy_class {
	ACCURACY_TCP,
	ACCURACY_TCP_MIDFLOW,
	ACCURACY_UDP,
	ACCURACY_UDP_MIDFLOW,
	ACCURACY_CLASSES,
	ACCURACY_NO_CLASS = ACCURACY_CLASSES, /* of a captured packet: what is right is not known */
};

/* Where a server's port comes from, or a client's. */
enum accuracy_ports {
	PORTS_FIXED,      /* the kind's own */
	PORTS_FIRM,       /* below 1024, in both databases */
	PORTS_KNOWN,      /* an exact one from 1024 up, in both databases */
	PORTS_REGISTERED, /* in the registry, not in the built-in database */
	PORTS_RANGE,      /* of the built-in database, below 32768 */
	PORTS_UNKNOWN,    /* 1024 to 32767, in neither database */
	PORTS_DYNAMIC,    /* 32768 and up, whatever the databases say */
	PORTS_EPHEMERAL,  /* as the host's system chooses them, a new one for each flow */
	PORTS_ANY,        /* 1024 and up, a new one for each flow */
	PORTS_MEDIA,      /* even, 16384 to 32766, a new one for each flow */
	PORTS_PEER,       /* one for each host, for all its flows */
	PORTS_SAME,       /* a client's: the server's */
};

struct accuracy_kind {
	const char *name;
	enum port_transport transport;
	uint16_t weight; /* of 1,000 flows of its transport */
	uint16_t packets_min, packets_max;
	enum accuracy_ports server, client;
	uint16_t fixed[4]; /* PORTS_FIXED of servers: one of these that are not 0 */
	uint16_t fixed_client;
	uint16_t to_client; /* of 1,000 packets behind the first two; ACCURACY_ONE_WAY: none */
	uint16_t inside;    /* of 1,000 servers, how many are on the LAN */
};

#define ACCURACY_ONE_WAY 0xffff

extern const struct accuracy_kind accuracy_kinds[];
extern const size_t accuracy_kinds_count;
#define ACCURACY_KINDS_MAX 40
#define ACCURACY_KIND_CAPTURED (ACCURACY_KINDS_MAX - 1)

/* The ranges that clients take their ports from, and of 100 hosts how many use them. */
struct accuracy_policy {
	uint16_t first, last, inside, outside;
};

extern const struct accuracy_policy accuracy_policies[];
#define ACCURACY_POLICIES 4
#define ACCURACY_NO_POLICY ACCURACY_POLICIES /* the client's port is of another kind */

/* A packet and what is true of it. */
struct trace_packet {
	uint64_t ticks;
	uint32_t offset; /* of its frame in the trace's bytes */
	uint32_t length;
	uint32_t wire_bytes;
	uint16_t port; /* that its flow's first packet addressed */
	uint8_t kind;
	uint8_t class;
	uint8_t policy;    /* of the client */
	bool from_outside; /* received on the WAN */
	bool is_new;       /* nothing before it is remembered: another capture begins */
};

struct trace {
	uint8_t *bytes;
	size_t bytes_used, bytes_room;
	struct trace_packet *packets;
	size_t count, room;
	size_t flows;
};

#define ACCURACY_TICKS_PER_SECOND 100
#define ACCURACY_EPOCH_SHIFT 16 /* marks live 1500 s, as by default, at so many ticks */
#define ACCURACY_BEGIN_TICKS (20ULL << ACCURACY_EPOCH_SHIFT)
#define ACCURACY_FRAME_MAX 3072 /* what a program can be handed */

/* Takes a copy of the frame; packet.offset and length are set here. */
void trace_add(struct trace *trace, struct trace_packet packet, const uint8_t *frame,
	       size_t length);
void trace_free(struct trace *trace);

/* The same for the same seed. The ports of some kinds depend on the databases. */
void accuracy_traffic(struct trace *trace, struct accuracy_database *const databases[],
		      uint64_t seed);
#define ACCURACY_FLOWS 10000 /* half of them TCP */

/*
 * Adds all captures of a directory. is_cut: the first half of each flow is left out. False: there
 * are none.
 */
bool accuracy_captures(struct trace *trace, const char *directory, bool is_cut);

#endif
