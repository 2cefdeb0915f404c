// SPDX-License-Identifier: GPL-2.0-only
/* The syntax of the text format: heads, labels, numbers. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "prom_private.h"
#include "utf8.h"

void prom_put_head(FILE *out, const char *family, const char *type, const char *help)
{
	fprintf(out, "# HELP portacct_%s %s\n# TYPE portacct_%s %s\n", family, help, family, type);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether a name has this text itself, which stands for a byte that is no UTF-8. */
static bool looks_like_byte(const char *at)
{
	return at[0] == '\\' && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3]);
}

/*
 * A label value: backslash, quote and line feed are escaped; nothing else may be. Prometheus
 * refuses a file with bytes that are no UTF-8, so these are written as the text "\xff". A name that
 * has such a text has its backslash written so, which keeps apart what is apart: two devices with
 * one label would have Prometheus refuse the file.
 */
static const char *put_escaped(FILE *out, const char *at)
{
	size_t len =
		(unsigned char)*at < 0x80 ? !looks_like_byte(at) : utf8_length(at, strnlen(at, 4));

	if (*at == '\n')
		fputs_unlocked("\\n", out);
	else if (len && (*at == '\\' || *at == '"'))
		fprintf(out, "\\%c", *at);
	else if (len)
		fwrite_unlocked(at, 1, len, out);
	else
		fprintf(out, "\\\\x%02x", (unsigned char)*at);
	return at + (len ? len : 1);
}

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\' && c != '"';
}

/* Runs of plain characters are written at once: a large database has a hundred thousand labels. */
void prom_put_label(FILE *out, const char *separator, const char *name, const char *value)
{
	size_t plain;

	fputs_unlocked(separator, out);
	fputs_unlocked(name, out);
	fputs_unlocked("=\"", out);
	while (*value) {
		for (plain = 0; is_plain(value[plain]); plain++)
			;
		fwrite_unlocked(value, 1, plain, out);
		value += plain;
		if (*value)
			value = put_escaped(out, value);
	}
	fputc_unlocked('"', out);
}

void prom_put_start(FILE *out, const char *family, const char *device)
{
	fputs_unlocked("portacct_", out);
	fputs_unlocked(family, out);
	prom_put_label(out, "{", "device", device);
}

void prom_put_end(FILE *out, uint64_t value)
{
	fprintf(out, "} %" PRIu64 "\n", value);
}

void prom_put_end_ratio(FILE *out, double value)
{
	fprintf(out, "} %.6f\n", value);
}
