// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "audit_print.h"
#include "catalog.h"
#include "json.h"
#include "names.h"
#include "utf8.h"

#define ROWS_SHOWN 10
#define NAME_WIDTH 15
#define PORT_WIDTH 11 /* "65536 ports" */
#define THOUSANDTHS 100000

static const char *service_name(const struct catalog *catalog, uint32_t slot)
{
	return slot && slot < catalog->end ? catalog->services[slot].name : "";
}

/* In thousandths of a percent, rounded down: nothing but all is 100 %. */
static unsigned int thousandths(struct audit_share share)
{
	uint64_t part = share.agree > UINT64_MAX / THOUSANDTHS
				? share.agree / (share.frames / THOUSANDTHS)
				: share.agree * THOUSANDTHS / share.frames;

	if (part >= THOUSANDTHS && share.agree < share.frames)
		return THOUSANDTHS - 1;
	return (unsigned int)part;
}

static void print_devices(FILE *out, const struct audit_report *report)
{
	size_t i, width = 0;

	for (i = 0; i < report->device_count && width < 60; i++) {
		if (i)
			fputs(", ", out);
		utf8_print(out, report->devices[i]);
		width += strlen(report->devices[i]) + 2;
	}
	if (i < report->device_count)
		fprintf(out, ", %zu more", report->device_count - i);
	fputc('\n', out);
}

static void print_count(FILE *out, uint64_t frames, const char *what)
{
	fprintf(out, "%12" PRIu64 " %s\n", frames, what);
}

/* What may be 0 and then says nothing is left out. */
static void print_summary(FILE *out, const struct audit_report *report)
{
	const struct audit_sums *sums = &report->sums;

	print_devices(out, report);
	fprintf(out, "%.1f s: %" PRIu64 " frames seen, %" PRIu64 " lost on the way\n",
		report->seconds, sums->frames, report->lost);
	print_count(out, sums->all.frames, "compared with conntrack");
	print_count(out, sums->portless, "without ports");
	print_count(out, sums->untracked, "not tracked");
	print_count(out, sums->midway, "of TCP connections that conntrack met midway");
	if (sums->beyond)
		print_count(out, sums->beyond, "of more flows than there is room for");
}

static void print_share(FILE *out, const char *label, struct audit_share share)
{
	unsigned int percent;

	fprintf(out, "%-9s %12" PRIu64 " %12" PRIu64, label, share.frames, share.agree);
	if (!share.frames) {
		fprintf(out, " %8s\n", "-");
		return;
	}
	percent = thousandths(share);
	fprintf(out, " %4u.%03u\n", percent / 1000, percent % 1000);
}

static void print_methods(FILE *out, const struct audit_sums *sums)
{
	fprintf(out, "METHOD          FRAMES        AGREE  PERCENT\n");
	for (unsigned int method = 0; method < PORT_METHODS; method++)
		print_share(out, method_name(method), sums->methods[method]);
	print_share(out, "all", sums->all);
}

/* The first characters of a name, and blanks as far as the next column. */
static void print_name(FILE *out, const char *name)
{
	int width = NAME_WIDTH;

	for (; *name && width > 0; width--) {
		size_t len = utf8_printable(name);

		fprintf(out, "%.*s", len ? (int)len : 1, len ? name : "?");
		name += len ? len : 1;
	}
	fprintf(out, "%*s", width, "");
}

static void print_side(FILE *out, const struct audit_report *report, const struct audit_side *side)
{
	char port[32];

	if (side->ports > 1)
		snprintf(port, sizeof(port), "%u ports", side->ports);
	else
		snprintf(port, sizeof(port), "%u", side->port);
	fprintf(out, "%-*s ", PORT_WIDTH, port);
	print_name(out, side->slot ? service_name(report->catalog, side->slot) : "-");
	fputc(' ', out);
}

static void print_rows(FILE *out, const struct audit_report *report)
{
	const struct audit_sums *sums = &report->sums;

	if (!sums->count)
		return;
	fprintf(out, "PROTO COUNTED AS                  CONNTRACK SAYS                  "
		     "FRAMES   FLOWS\n");
	for (size_t i = 0; i < sums->count && i < ROWS_SHOWN; i++) {
		const struct audit_row *row = &sums->rows[i];

		fprintf(out, "%-5s ", transport_name(row->transport));
		print_side(out, report, &row->counted);
		print_side(out, report, &row->tracked);
		fprintf(out, "%10" PRIu64 " %7" PRIu32 "\n", row->frames, row->flows);
	}
	if (sums->count > ROWS_SHOWN)
		fprintf(out, "and %zu more\n", sums->count - ROWS_SHOWN);
}

int audit_print(FILE *out, const struct audit_report *report)
{
	print_summary(out, report);
	print_methods(out, &report->sums);
	print_rows(out, report);
	fprintf(out, "conntrack takes the first packet that it sees of a flow for a request: it\n"
		     "guesses too where a flow was there before it, or was silent for too long\n");
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static json_t *percent_of(struct audit_share share)
{
	return share.frames ? json_real((double)thousandths(share) / 1000) : json_null();
}

static void put_share(json_t *object, struct audit_share share)
{
	json_put(object, "frames", json_count(share.frames));
	json_put(object, "agree", json_count(share.agree));
	json_put(object, "percent", percent_of(share));
}

static json_t *methods_array(const struct audit_sums *sums)
{
	json_t *array = json_array();

	for (unsigned int method = 0; method < PORT_METHODS; method++) {
		json_t *object = json_object();

		json_put(object, "method", json_text(method_name(method)));
		put_share(object, sums->methods[method]);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *side_object(const struct audit_report *report, const struct audit_side *side)
{
	json_t *object = json_object();

	json_put(object, "port", side->ports == 1 ? json_count(side->port) : json_null());
	json_put(object, "ports", json_count(side->ports));
	json_put(object, "service",
		 side->slot ? json_text(service_name(report->catalog, side->slot)) : json_null());
	return object;
}

static json_t *rows_array(const struct audit_report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->sums.count; i++) {
		const struct audit_row *row = &report->sums.rows[i];
		json_t *object = json_object();

		json_put(object, "transport", json_text(transport_name(row->transport)));
		json_put(object, "counted", side_object(report, &row->counted));
		json_put(object, "conntrack", side_object(report, &row->tracked));
		json_put(object, "frames", json_count(row->frames));
		json_put(object, "flows", json_count(row->flows));
		json_array_append_new(array, object);
	}
	return array;
}

int audit_json_print(FILE *out, const struct audit_report *report)
{
	const struct audit_sums *sums = &report->sums;
	json_t *document = json_object(), *devices = json_array(), *compared = json_object();

	for (size_t i = 0; i < report->device_count; i++)
		json_array_append_new(devices, json_text(report->devices[i]));
	put_share(compared, sums->all);
	json_put(document, "seconds", json_real(report->seconds));
	json_put(document, "devices", devices);
	json_put(document, "frames", json_count(sums->frames));
	json_put(document, "lost", json_count(report->lost));
	json_put(document, "without_ports", json_count(sums->portless));
	json_put(document, "not_tracked", json_count(sums->untracked));
	json_put(document, "midway", json_count(sums->midway));
	json_put(document, "beyond_room", json_count(sums->beyond));
	json_put(document, "compared", compared);
	json_put(document, "methods", methods_array(sums));
	json_put(document, "disagreements", rows_array(report));
	return json_print(out, document);
}
