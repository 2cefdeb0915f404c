/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strict reader of the Prometheus text format 0.0.4, for tests: what it takes, any reader takes.
 * Stricter than the format: HELP and TYPE of a family come once, in this order and right before its
 * samples; nothing else is a comment; no blank line, no timestamp, one space before the value; a
 * counter's name ends in _total, a gauge's does not; a counter's value is a whole decimal number.
 */
#ifndef PROM_READER_H
#define PROM_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROM_LABELS_MAX 8
#define PROM_TEXT_MAX 160

struct prom_sample {
	char family[PROM_TEXT_MAX];
	char names[PROM_LABELS_MAX][PROM_TEXT_MAX];
	char values[PROM_LABELS_MAX][PROM_TEXT_MAX]; /* without the escapes */
	size_t labels;
	const char *series; /* name and labels as written, series_len bytes of the text */
	size_t series_len;
	uint64_t count; /* of a counter */
	double number;  /* of a gauge */
};

struct prom_text {
	struct prom_sample *samples;
	size_t count;
	size_t families;
	char error[256]; /* "" if there was none, else "LINE: what" */
};

/* text must outlive it. False: see error. Free it in any case. */
bool prom_read(struct prom_text *prom, const char *text);
void prom_free(struct prom_text *prom);
/* The sample with exactly these labels, given as name, value, ..., NULL; NULL if there is none. */
const struct prom_sample *prom_find(const struct prom_text *prom, const char *family, ...)
	__attribute__((sentinel));
/* The value of a label, NULL if the sample has no such label. */
const char *prom_label(const struct prom_sample *sample, const char *name);

#endif
