/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A measurement as sorted, named rows: what every formatter prints. By any key but bucket and
 * method the rows are disjoint and together are all frames: services, and the buckets beside them;
 * by port, where the measurement has ports, a row for each unclassified port, and the bucket's row
 * for what is left of it. Received and transmitted frames are never summed, as one that is
 * forwarded is among both: a report is of those that the measurement asks for.
 */
#ifndef REPORT_H
#define REPORT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "measure.h"

enum report_key {
	REPORT_SERVICE,
	REPORT_PORT,
	REPORT_PROTOCOL,
	REPORT_DEVICE,
	REPORT_ENCRYPTION,
	REPORT_METHOD,
	REPORT_BUCKET,
	REPORT_KEYS,
};

enum report_sort { REPORT_BYTES, REPORT_PACKETS, REPORT_CONNECTIONS, REPORT_SORTS };

/* Counts by direction; a bucket's frames have none. */
enum report_side { REPORT_TO_SERVER, REPORT_TO_CLIENT, REPORT_UNDIRECTED, REPORT_SIDES };

struct report_row {
	char label[96];
	const char *transport;  /* "" where rows of several are summed */
	const char *encryption; /* "" where unknown, or where rows of several are summed */
	bool is_bucket;         /* of frames that belong to no service; an unclassified port too */
	struct port_counter interval[REPORT_SIDES];
	struct port_counter total[REPORT_SIDES];
	struct port_handshakes connections; /* of its services, in the interval */
	struct port_handshakes connections_total;
	bool is_port; /* the row of one unclassified port: the rest holds */
	uint16_t port;
	uint8_t methods;  /* by which it was ever chosen, 1 << enum port_method */
	const char *hint; /* the service that has it under hint_transport; NULL: none */
	const char *hint_transport;
};

struct report {
	struct report_row *rows; /* in order: see report_build() */
	size_t count;
	enum report_key key;
	enum report_sort sort;
	bool transmitted; /* of transmitted frames; else of received ones */
	const char *note; /* a sentence that belongs to the rows; NULL: none */
	double seconds;
	struct port_counter interval; /* all frames */
	struct port_counter total;
	struct port_handshakes connections; /* of the interval: all, those of no service included */
	struct port_handshakes connections_total;
	struct port_handshakes serviceless; /* of the interval: those of no service */
};

/*
 * The rows that have most of what is sorted by in the interval come first, then those that have
 * most in total; equals by packets, then by label. 0 or -ENOMEM.
 */
int report_build(struct report *report, const struct measurement *measurement, enum report_key key,
		 enum report_sort sort);
void report_free(struct report *report);

/* Whether the device's frames are in the measurement's reports. */
bool report_is_told(const struct measurement *measurement, const struct measured_device *device);
struct port_counter report_sum(const struct port_counter sides[REPORT_SIDES]);
/* Whether the row's connections are told: they are counted by service only. */
bool report_has_connections(const struct report *report, const struct report_row *row);
/* How an unclassified port was chosen, and its hint: "handshake+endpoint udp: italk". */
void report_format_choice(char *out, size_t size, const struct report_row *row);
#define REPORT_CHOICE_MAX 128 /* size that is enough */
const char *report_key_name(enum report_key key);
const char *report_sort_name(enum report_sort sort);

#endif
