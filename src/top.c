// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "top.h"
#include "units.h"
#include "utf8.h"

#define LABEL_WIDTH 18      /* tells the ranges of the built-in database apart */
#define PORT_LABEL_WIDTH 10 /* of one port: "65535/tcp" */
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

/* An unclassified port's label is short, and leaves room for how it was chosen. */
static void print_port_name(FILE *out, const struct report_row *row, int width)
{
	char label[32], choice[REPORT_CHOICE_MAX], fitted[REPORT_CHOICE_MAX];

	fit(label, sizeof(label), row->label, PORT_LABEL_WIDTH);
	report_format_choice(choice, sizeof(choice), row);
	fit(fitted, sizeof(fitted), choice, width - PORT_LABEL_WIDTH - 1);
	fprintf(out, "%s %s", label, fitted);
}

/* What the row is, in width columns; by port the label tells the transport. */
static void print_name(FILE *out, const struct report *report, const struct report_row *row,
		       const struct palette *palette, int width)
{
	const char *shade = encryption_colour(palette, row->encryption);
	char label[128];

	if (row->is_port) {
		print_port_name(out, row, width);
		return;
	}
	fit(label, sizeof(label), row->label, LABEL_WIDTH);
	if (report->key == REPORT_PORT)
		fprintf(out, "%s ", label);
	else
		fprintf(out, "%s %-5s ", label, row->transport);
	width -= LABEL_WIDTH + 1 + (report->key == REPORT_PORT ? 0 : 6);
	fprintf(out, "%s%-*s%s", shade, width, row->encryption, *shade ? palette->end : "");
}

static unsigned int share_of(const struct report *report, struct port_counter interval)
{
	return report->key == REPORT_METHOD ? percent(interval.packets, report->interval.packets)
					    : percent(interval.bytes, report->interval.bytes);
}

static void print_traffic(FILE *out, const struct report *report, const struct report_row *row)
{
	struct port_counter interval = report_sum(row->interval), total = report_sum(row->total);
	unsigned int share = share_of(report, interval);
	int bar = (int)(share * BAR_WIDTH + 50) / 100;
	char split[16], packets[UNITS_MAX], bits[UNITS_MAX], bytes[UNITS_MAX];

	units_count(packets, per_second(interval.packets, report->seconds));
	units_bits(bits, per_second(interval.bytes, report->seconds) * 8);
	units_bytes(bytes, total.bytes);
	fprintf(out, " %7s %9s", packets, bits);
	if (report->key == REPORT_PORT) {
		fprintf(out, " %8s %3u%%\n", bytes, share);
		return;
	}
	format_split(split, sizeof(split), row->interval, report->key == REPORT_METHOD);
	fprintf(out, " %7s %8s %3u%%%s%.*s\n", split, bytes, share, bar ? " " : "", bar, "######");
}

/* Those of the interval, as whole numbers: a second has few of them. */
static void print_connections(FILE *out, const struct report *report, const struct report_row *row)
{
	const __u64 counts[] = { row->connections.attempted, row->connections.accepted,
				 row->connections.reset, row->connections_total.attempted };
	static const int widths[] = { 9, 8, 7, 9 };
	unsigned int columns = report->key == REPORT_PORT ? 3 : 4;
	char number[UNITS_MAX];

	for (unsigned int i = 0; i < columns; i++)
		fprintf(out, " %*s", widths[i],
			report_has_connections(report, row) ? units_count(number, (double)counts[i])
							    : "-");
	fprintf(out, " %9s\n",
		units_bits(number,
			   per_second(report_sum(row->interval).bytes, report->seconds) * 8));
}

/* Those whose frames are told, as many as a line has room for. */
static void print_devices(FILE *out, const struct measurement *measurement)
{
	size_t shown = 0, more = 0;
	int width = 0;

	for (size_t i = 0; i < measurement->count; i++) {
		const struct measured_device *device = &measurement->devices[i];

		if (!report_is_told(measurement, device))
			continue;
		if (width >= 40) {
			more++;
			continue;
		}
		width += (int)strlen(device->name) + fprintf(out, "%s", shown++ ? ", " : "");
		utf8_print(out, device->name);
		width += fprintf(out, " (%s %s)", device->hook, device->mode);
	}
	if (more)
		fprintf(out, ", %zu more", more);
	fprintf(out, "%s\n", shown ? "" : "no device");
}

static void print_rates(FILE *out, const struct report *report)
{
	char packets[UNITS_MAX], bits[UNITS_MAX], attempted[UNITS_MAX], serviceless[UNITS_MAX];

	units_count(packets, per_second(report->interval.packets, report->seconds));
	units_bits(bits, per_second(report->interval.bytes, report->seconds) * 8);
	if (report->sort == REPORT_CONNECTIONS)
		fprintf(out, "%.1f s: %s packets/s%s, %s connections%s, %s to no service\n",
			report->seconds, packets, report->transmitted ? " transmitted" : "",
			units_count(attempted, (double)report->connections.attempted),
			report->transmitted ? "" : " attempted",
			units_count(serviceless, (double)report->serviceless.attempted));
	else
		fprintf(out, "%.1f s: %s packets/s, %s/s %s\n", report->seconds, packets, bits,
			report->transmitted ? "transmitted" : "received");
}

/* The columns of a name, by port with room for more; those of its numbers fill up to 80. */
static int name_width(const struct report *report)
{
	if (report->key != REPORT_PORT)
		return 33;
	return report->sort == REPORT_CONNECTIONS ? 43 : 47;
}

static const char *heading_of_numbers(const struct report *report)
{
	if (report->sort == REPORT_CONNECTIONS)
		return report->key == REPORT_PORT
			       ? " ATTEMPTED ACCEPTED   RESET     BIT/S"
			       : " ATTEMPTED ACCEPTED   RESET ATT.TOTAL     BIT/S";
	return report->key == REPORT_PORT ? "PACKET/S     BIT/S    TOTAL SHARE"
					  : " PACKET/S     BIT/S SRV/CLI    TOTAL SHARE";
}

static void print_heading(FILE *out, const struct report *report, const struct palette *palette)
{
	char key[64];

	fit(key, sizeof(key), report_key_name(report->key), LABEL_WIDTH);
	for (char *c = key; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	fprintf(out, "%s%s %-*s%s%s\n", palette->head, key, name_width(report) - LABEL_WIDTH - 1,
		report->key == REPORT_PORT ? "ENCRYPT / CHOSEN BY" : "PROTO ENCRYPT",
		heading_of_numbers(report), palette->end);
}

static void print_row(FILE *out, const struct report *report, const struct report_row *row,
		      const struct palette *palette)
{
	print_name(out, report, row, palette, name_width(report));
	if (report->sort == REPORT_CONNECTIONS)
		print_connections(out, report, row);
	else
		print_traffic(out, report, row);
}

int top_print(FILE *out, const struct report *report, const struct measurement *measurement,
	      size_t rows, bool colour)
{
	const struct palette *palette = colour ? &coloured : &plain;

	print_devices(out, measurement);
	print_rates(out, report);
	print_heading(out, report, palette);
	for (size_t i = 0; i < report->count && i < rows; i++)
		print_row(out, report, &report->rows[i], palette);
	if (!report->count)
		fprintf(out, "no frame yet\n");
	if (report->note)
		fprintf(out, "note: %s\n", report->note);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
