// SPDX-License-Identifier: GPL-2.0-only
/* The account of a replay for a person: all that was counted, the busiest first. */
#include <errno.h>
#include <inttypes.h>

#include "names.h"
#include "replay_private.h"
#include "units.h"
#include "utf8.h"

#define LABEL_WIDTH 18 /* as --top has it */
#define PORT_WIDTH 12
#define PACKETS_WIDTH 11
#define BYTES_WIDTH 14
#define CHOICE_WIDTH 40 /* what is left of 80 */
#define PORT_ROWS 15    /* of unclassified ports */

/* As many characters of text as fit; how many columns are left. */
static int print_cut(FILE *out, const char *text, int width)
{
	for (; *text && width > 0; width--) {
		size_t len = utf8_printable(text);

		fprintf(out, "%.*s", len ? (int)len : 1, len ? text : "?");
		text += len ? len : 1;
	}
	return width;
}

static void print_label(FILE *out, const char *text, int width)
{
	fprintf(out, "%*s", print_cut(out, text, width), "");
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)((double)part * 100 / (double)whole + 0.5) : 0;
}

/* How the bytes are split between those to the server and those to the client. */
static void print_split(FILE *out, const struct port_counter sides[REPORT_SIDES])
{
	uint64_t to_server = sides[REPORT_TO_SERVER].bytes,
		 to_client = sides[REPORT_TO_CLIENT].bytes;
	unsigned int share = percent(to_server, to_server + to_client);
	char split[16] = "-";

	if (to_server || to_client)
		snprintf(split, sizeof(split), "%u/%u", share, 100 - share);
	fprintf(out, " %7s", split);
}

static void print_number(FILE *out, int width, uint64_t number)
{
	fprintf(out, " %*" PRIu64, width, number);
}

static void print_traffic(FILE *out, const struct report *report, const struct report_row *row)
{
	struct port_counter total = report_sum(row->total);

	print_number(out, BYTES_WIDTH, total.bytes);
	print_split(out, row->total);
	fprintf(out, " %4u%%\n", percent(total.bytes, report->total.bytes));
}

static void print_connections(FILE *out, const struct port_handshakes *connections)
{
	print_number(out, 9, connections->attempted);
	print_number(out, 9, connections->accepted);
	print_number(out, 9, connections->reset);
	fputc('\n', out);
}

static void print_port(FILE *out, const struct report_row *row)
{
	struct port_counter total = report_sum(row->total);
	char choice[REPORT_CHOICE_MAX];

	print_label(out, row->label, PORT_WIDTH);
	print_number(out, PACKETS_WIDTH, total.packets);
	print_number(out, BYTES_WIDTH, total.bytes);
	fputc(' ', out);
	report_format_choice(choice, sizeof(choice), row);
	print_cut(out, choice, CHOICE_WIDTH);
	fputc('\n', out);
}

static void print_row(FILE *out, const struct report *report, const struct report_row *row)
{
	uint64_t packets = report_sum(row->total).packets;

	if (row->is_port) {
		print_port(out, row);
		return;
	}
	print_label(out, row->label, LABEL_WIDTH);
	fprintf(out, " %-5s %-8s", row->transport, row->encryption);
	print_number(out, PACKETS_WIDTH, packets);
	if (report->key == REPORT_METHOD) /* of which there are packets only */
		fprintf(out, " %27u%%\n", percent(packets, report->total.packets));
	else if (report->key == REPORT_SERVICE && report->sort == REPORT_CONNECTIONS)
		print_connections(out, &row->connections_total);
	else
		print_traffic(out, report, row);
}

/* By port only the unclassified ones, which are in no other table. */
static bool is_shown(const struct report *report, const struct report_row *row)
{
	if (report->key == REPORT_SERVICE && row->is_bucket)
		return false;
	if (report->key == REPORT_PORT && !row->is_port)
		return false;
	return report_sum(row->total).packets > 0;
}

static void print_rows(FILE *out, const struct report *report, const char *heading, size_t limit)
{
	size_t shown = 0;

	for (size_t i = 0; i < report->count; i++) {
		if (!is_shown(report, &report->rows[i]))
			continue;
		if (!shown)
			fprintf(out, "%s\n", heading);
		if (shown++ < limit)
			print_row(out, report, &report->rows[i]);
	}
	if (shown > limit)
		fprintf(out, "and %zu more\n", shown - limit);
}

struct table {
	enum report_key key;
	size_t limit;
	const char *heading;
};

static int print_table(FILE *out, const struct replay_account *account, const struct table *table,
		       enum report_sort sort)
{
	struct report report;
	int err = report_build(&report, &account->measurement, table->key, sort);

	if (err)
		return err;
	print_rows(out, &report, table->heading, table->limit);
	report_free(&report);
	return 0;
}

static const struct table by_traffic = {
	REPORT_SERVICE, SIZE_MAX,
	"SERVICE            PROTO ENCRYPT      PACKETS          BYTES SRV/CLI SHARE"
};
static const struct table by_connections = {
	REPORT_SERVICE, SIZE_MAX,
	"SERVICE            PROTO ENCRYPT      PACKETS ATTEMPTED  ACCEPTED     RESET"
};
static const struct table others[] = {
	{ REPORT_BUCKET, SIZE_MAX,
	  "BUCKET             PROTO              PACKETS          BYTES         SHARE" },
	{ REPORT_METHOD, SIZE_MAX,
	  "METHOD                                PACKETS                        SHARE" },
	{ REPORT_PORT, PORT_ROWS, "UNCLASSIFIED     PACKETS          BYTES CHOSEN BY + HINT" },
};

static int print_tables(FILE *out, const struct replay_account *account, enum report_sort sort)
{
	int err = print_table(out, account,
			      sort == REPORT_CONNECTIONS ? &by_connections : &by_traffic, sort);

	for (size_t i = 0; !err && i < sizeof(others) / sizeof(others[0]); i++)
		err = print_table(out, account, &others[i], sort);
	return err;
}

static void print_summary(FILE *out, const struct replay_account *account)
{
	char bytes[UNITS_MAX];

	fprintf(out, "capture ");
	utf8_print(out, account->file);
	fprintf(out, " (%s)\n", account->link_type);
	fprintf(out, "%" PRIu64 " frames, %s in %.3f s\n", (uint64_t)account->frames.packets,
		units_bytes(bytes, account->frames.bytes), account->measurement.seconds);
}

static void print_connections_of_all(FILE *out, const struct snapshot *total)
{
	struct port_handshakes sum = snapshot_connections(total);
	uint64_t attempted = sum.attempted, accepted = sum.accepted, reset = sum.reset;
	uint64_t suspicious = snapshot_suspicious(total).packets;

	fprintf(out, "connections: attempted %" PRIu64, attempted);
	if (suspicious)
		fprintf(out, " (%" PRIu64 " from a suspicious port)", suspicious);
	fprintf(out, ", accepted %" PRIu64 ", reset %" PRIu64 "\n", accepted, reset);
}

static void print_closure(FILE *out, const struct replay_account *account)
{
	struct account_totals totals = snapshot_totals(&account->measurement.devices[0].total);
	uint64_t services = totals.services.packets, buckets = totals.buckets.packets;
	uint64_t frames = totals.frames.packets, bytes = totals.frames.bytes;

	fprintf(out,
		"account: services %" PRIu64 " + buckets %" PRIu64 " = %" PRIu64 " frames, %" PRIu64
		" bytes: %s\n",
		services, buckets, frames, bytes,
		replay_is_closed(account) ? "closed" : "not those of the capture");
}

int replay_text_print(FILE *out, const struct replay_account *account, enum report_sort sort)
{
	int err;

	print_summary(out, account);
	err = print_tables(out, account, sort);
	if (err)
		return err;
	print_connections_of_all(out, &account->measurement.devices[0].total);
	print_closure(out, account);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
