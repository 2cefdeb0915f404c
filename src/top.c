// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "top.h"
#include "units.h"
#include "utf8.h"

#define LABEL_WIDTH 18 /* tells the ranges of the built-in database apart */
#define BAR_WIDTH 6

/* ANSI SGR sequences, empty where colour is off. */
struct palette {
	const char *head, *safe, *unsafe, *end;
};

static const struct palette plain = { "", "", "", "" };
static const struct palette coloured = { "\033[1m", "\033[32m", "\033[31m", "\033[0m" };

/* Cuts name to width characters and pads it; what is not printable becomes '?'. */
static void fit(char *out, size_t size, const char *name, int width)
{
	size_t used = 0;
	int columns = 0;

	for (; *name && columns < width && used + 5 < size; columns++) {
		size_t len = utf8_printable(name);

		memcpy(out + used, len ? name : "?", len ? len : 1);
		used += len ? len : 1;
		name += len ? len : 1;
	}
	while (columns++ < width && used + 1 < size)
		out[used++] = ' ';
	out[used] = '\0';
}

static double per_second(uint64_t count, double seconds)
{
	return seconds > 0 ? (double)count / seconds : 0;
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)((double)part * 100 / (double)whole + 0.5) : 0;
}

static const char *encryption_colour(const struct palette *palette, const char *encryption)
{
	if (!strcmp(encryption, "tls") || !strcmp(encryption, "native"))
		return palette->safe;
	return !strcmp(encryption, "none") ? palette->unsafe : "";
}

/* The share of the bytes that went to the server and to the client; none for a bucket. */
static void format_split(char *out, size_t size, const struct port_counter sides[REPORT_SIDES],
			 bool by_packets)
{
	uint64_t to_server = sides[REPORT_TO_SERVER].bytes,
		 to_client = sides[REPORT_TO_CLIENT].bytes;
	unsigned int share;

	if (by_packets) {
		to_server = sides[REPORT_TO_SERVER].packets;
		to_client = sides[REPORT_TO_CLIENT].packets;
	}
	if (!to_server && !to_client) {
		snprintf(out, size, "-");
		return;
	}
	share = percent(to_server, to_server + to_client);
	snprintf(out, size, "%u/%u", share, 100 - share);
}

static void print_row(FILE *out, const struct report *report, const struct report_row *row,
		      const struct palette *palette)
{
	struct port_counter interval = report_sum(row->interval), total = report_sum(row->total);
	bool by_packets = report->key == REPORT_METHOD;
	unsigned int share = by_packets ? percent(interval.packets, report->interval.packets)
					: percent(interval.bytes, report->interval.bytes);
	int bar = (int)(share * BAR_WIDTH + 50) / 100;
	const char *shade = encryption_colour(palette, row->encryption);
	char label[128], split[16], packets[UNITS_MAX], bits[UNITS_MAX], bytes[UNITS_MAX];

	fit(label, sizeof(label), row->label, LABEL_WIDTH);
	format_split(split, sizeof(split), row->interval, by_packets);
	units_count(packets, per_second(interval.packets, report->seconds));
	units_bits(bits, per_second(interval.bytes, report->seconds) * 8);
	units_bytes(bytes, total.bytes);
	fprintf(out, "%s %-5s %s%-8s%s %7s %9s %7s %8s %3u%%%s%.*s\n", label, row->transport, shade,
		row->encryption, *shade ? palette->end : "", packets, bits, split, bytes, share,
		bar ? " " : "", bar, "######");
}

static void print_summary(FILE *out, const struct report *report,
			  const struct measurement *measurement)
{
	char packets[UNITS_MAX], bits[UNITS_MAX];
	size_t i;
	int width = 0;

	for (i = 0; i < measurement->count && width < 40; i++) {
		const struct measured_device *device = &measurement->devices[i];

		width += (int)strlen(device->name) + fprintf(out, "%s", i ? ", " : "");
		utf8_print(out, device->name);
		width += fprintf(out, " (%s %s)", device->hook, device->mode);
	}
	if (i < measurement->count)
		fprintf(out, ", %zu more", measurement->count - i);
	if (!measurement->count)
		fprintf(out, "no device");
	units_count(packets, per_second(report->interval.packets, report->seconds));
	units_bits(bits, per_second(report->interval.bytes, report->seconds) * 8);
	fprintf(out, "\n%.1f s: %s packets/s, %s/s received\n", report->seconds, packets, bits);
}

int top_print(FILE *out, const struct report *report, const struct measurement *measurement,
	      size_t rows, bool colour)
{
	const struct palette *palette = colour ? &coloured : &plain;
	char heading[64];

	fit(heading, sizeof(heading), report_key_name(report->key), LABEL_WIDTH);
	for (char *c = heading; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	print_summary(out, report, measurement);
	fprintf(out, "%s%s PROTO ENCRYPT  PACKET/S     BIT/S SRV/CLI    TOTAL SHARE%s\n",
		palette->head, heading, palette->end);
	for (size_t i = 0; i < report->count && i < rows; i++)
		print_row(out, report, &report->rows[i], palette);
	if (!report->count)
		fprintf(out, "no frame yet\n");
	return fflush(out) || ferror(out) ? -EIO : 0;
}
