/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measurements made by hand, without a kernel, and what the tests of the formatters need to catch
 * and to judge text. Everything here fails the test that calls it if something cannot be done.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "catalog.h"
#include "measure.h"
#include "slots.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT_32 (UINT64_C(1) << 32)
#define BIT_53 (UINT64_C(1) << 53)
#define NEARLY_ALL (UINT64_MAX - 999) /* 2^64 - 1000 */

struct fixture_service {
	const char *name;
	enum port_transport transport;
	enum portdb_encryption encryption;
	const char *ports;
	const char *reference;
};

struct fixture {
	struct slots *slots;
	struct catalog catalog;
	struct measurement measurement;
	struct portdb *db; /* of the next; NULL: none */
	struct porttable *table;
};

/*
 * Service i has slot i + 1. Devices are "eth0", "eth1", ...: xdp, native, attached; one second.
 */
void fixture_init(struct fixture *fixture, const struct fixture_service *services, size_t count,
		  size_t devices);
void fixture_fini(struct fixture *fixture);
/* Sets a counter by its index of port_abi.h: what the interval added, and the total with it. */
void fixture_set(struct fixture *fixture, size_t device, uint32_t index,
		 struct port_counter interval, struct port_counter total);
/* The same for the connections of a slot; 0: of no service. */
void fixture_set_handshakes(struct fixture *fixture, size_t device, uint32_t slot,
			    struct port_handshakes interval, struct port_handshakes total);
/* The same for an unclassified port; the first gives the measurement ports. */
void fixture_set_port(struct fixture *fixture, enum port_transport transport, uint16_t port,
		      uint8_t methods, struct port_counter interval, struct port_counter total);
/* Different numbers in every counter of every device. */
void fixture_fill(struct fixture *fixture);

/*
 * Two busy devices and an idle one; services with every kind of name and number; a method, a bucket
 * and a service that counted nothing. The account of the first device is closed.
 */
void fixture_init_rich(struct fixture *fixture);
/*
 * The same and two more: the transmitted frames of the second device, by the same hook, and a
 * device of which only these are counted. What the interfaces say is known of all but one.
 */
void fixture_init_egress(struct fixture *fixture);
/*
 * As the rich one, by port: unclassified ports with every method, with and without a hint. Those of
 * TCP have all frames of their bucket, those of UDP one less.
 */
void fixture_init_ports(struct fixture *fixture);
/* Gives the ports of the measurement hints from a database, whose services get slots elsewhere. */
void fixture_set_database(struct fixture *fixture, const char *database);

/* What is written to a stream. */
struct fixture_text {
	FILE *out;
	char *text;
	size_t len;
};

FILE *fixture_text_open(struct fixture_text *text);
/* Closes the stream; text and len hold until fixture_text_free(). */
const char *fixture_text_close(struct fixture_text *text);
void fixture_text_free(struct fixture_text *text);

/* A stream that takes nothing: every write fails with ENOSPC. */
FILE *fixture_full(void);

/* Standard error goes to a file between the two. The text is cut to size. */
void fixture_messages_begin(void);
void fixture_messages_end(char *text, size_t size);

/* The version of the build, as --version prints it. */
const char *fixture_version(void);
/*
 * Compares text, in which version is written @VERSION@, with tests/golden/NAME. With UPDATE_GOLDEN
 * in the environment the file is written instead.
 */
void fixture_assert_golden(const char *name, const char *text, const char *version);
/* Every line has at most columns of them, and nothing in it but printable characters in UTF-8. */
void fixture_assert_lines(const char *desc, const char *text, size_t columns);
size_t fixture_count_lines(const char *text);

#endif
