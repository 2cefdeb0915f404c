// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "prom_reader.h"

struct reader {
	struct prom_text *prom;
	const char *at;
	unsigned int line;
	char family[PROM_TEXT_MAX]; /* that HELP has named last */
	char type[PROM_TEXT_MAX];   /* of it; "" before TYPE */
	char *seen;                 /* families so far, each between line feeds */
};

static bool refuse(struct reader *reader, const char *what)
{
	if (!*reader->prom->error)
		snprintf(reader->prom->error, sizeof(reader->prom->error), "%u: %s", reader->line,
			 what);
	return false;
}

static bool take(struct reader *reader, const char *word)
{
	if (strncmp(reader->at, word, strlen(word)))
		return false;
	reader->at += strlen(word);
	return true;
}

/* [a-zA-Z_][a-zA-Z0-9_]*; colons, which the format takes too, are for recording rules. */
static bool take_name(struct reader *reader, char name[PROM_TEXT_MAX])
{
	size_t len = 0;

	while (isalnum((unsigned char)reader->at[len]) || reader->at[len] == '_')
		len++;
	if (!len || len >= PROM_TEXT_MAX || isdigit((unsigned char)reader->at[0]))
		return refuse(reader, "no name");
	memcpy(name, reader->at, len);
	name[len] = '\0';
	reader->at += len;
	return true;
}

static bool take_family(struct reader *reader)
{
	char needle[PROM_TEXT_MAX + 2], *grown;

	if (!take_name(reader, reader->family))
		return false;
	snprintf(needle, sizeof(needle), "\n%s\n", reader->family);
	if (strstr(reader->seen, needle))
		return refuse(reader, "the family comes twice");
	if (asprintf(&grown, "%s%s\n", reader->seen, reader->family) < 0)
		return refuse(reader, "no memory");
	free(reader->seen);
	reader->seen = grown;
	reader->prom->families++;
	*reader->type = '\0';
	return true;
}

static bool read_help(struct reader *reader)
{
	size_t len;

	if (*reader->family && !*reader->type)
		return refuse(reader, "HELP without TYPE");
	if (!take_family(reader))
		return false;
	if (!take(reader, " ") || !(len = strcspn(reader->at, "\n")))
		return refuse(reader, "HELP without text");
	if (memchr(reader->at, '\\', len))
		return refuse(reader, "escape in HELP");
	reader->at += len;
	return true;
}

static bool read_type(struct reader *reader)
{
	size_t len = strlen(reader->family);
	bool is_total = len > 6 && !strcmp(reader->family + len - 6, "_total");
	char family[PROM_TEXT_MAX];

	if (!take_name(reader, family) || strcmp(family, reader->family) || *reader->type)
		return refuse(reader, "TYPE without its HELP");
	if (!take(reader, " ") || !take_name(reader, reader->type))
		return refuse(reader, "TYPE without a type");
	if (strcmp(reader->type, "counter") && strcmp(reader->type, "gauge"))
		return refuse(reader, "unknown type");
	if (is_total != !strcmp(reader->type, "counter"))
		return refuse(reader, "a counter, and nothing else, ends in _total");
	return true;
}

static bool take_escaped(struct reader *reader, char *c)
{
	switch (*++reader->at) {
	case '\\':
	case '"':
		*c = *reader->at;
		return true;
	case 'n':
		*c = '\n';
		return true;
	default:
		return refuse(reader, "unknown escape");
	}
}

static bool take_value(struct reader *reader, char value[PROM_TEXT_MAX])
{
	size_t len = 0;

	if (!take(reader, "=\""))
		return refuse(reader, "no label value");
	for (; *reader->at != '"'; reader->at++) {
		if (!*reader->at || *reader->at == '\n' || len + 1 == PROM_TEXT_MAX)
			return refuse(reader, "label value without end");
		value[len] = *reader->at;
		if (*reader->at == '\\' && !take_escaped(reader, &value[len]))
			return false;
		len++;
	}
	value[len] = '\0';
	reader->at++;
	return true;
}

static bool read_labels(struct reader *reader, struct prom_sample *sample)
{
	do {
		if (sample->labels == PROM_LABELS_MAX)
			return refuse(reader, "too many labels");
		if (!take_name(reader, sample->names[sample->labels]) ||
		    !take_value(reader, sample->values[sample->labels]))
			return false;
		for (size_t i = 0; i < sample->labels; i++)
			if (!strcmp(sample->names[i], sample->names[sample->labels]))
				return refuse(reader, "a label comes twice");
		sample->labels++;
	} while (take(reader, ","));
	return take(reader, "}") || refuse(reader, "labels without end");
}

static bool read_number(struct reader *reader, struct prom_sample *sample)
{
	size_t len = strspn(reader->at, "0123456789");
	char *end;

	if (!strcmp(reader->type, "counter")) {
		errno = 0;
		sample->count = strtoull(reader->at, &end, 10);
		if (!len || end != reader->at + len || errno || (len > 1 && *reader->at == '0'))
			return refuse(reader, "a counter is not a whole decimal number");
		reader->at = end;
		return true;
	}
	sample->number = strtod(reader->at, &end);
	if (end == reader->at || isspace((unsigned char)*reader->at))
		return refuse(reader, "no number");
	reader->at = end;
	return true;
}

static bool is_twice(const struct prom_text *prom, const struct prom_sample *sample)
{
	for (size_t i = 0; i < prom->count; i++)
		if (prom->samples[i].series_len == sample->series_len &&
		    !memcmp(prom->samples[i].series, sample->series, sample->series_len))
			return true;
	return false;
}

static bool keep(struct reader *reader, const struct prom_sample *sample)
{
	struct prom_text *prom = reader->prom;
	struct prom_sample *grown;

	if (is_twice(prom, sample))
		return refuse(reader, "the series comes twice");
	grown = realloc(prom->samples, (prom->count + 1) * sizeof(*grown));
	if (!grown)
		return refuse(reader, "no memory");
	prom->samples = grown;
	grown[prom->count++] = *sample;
	return true;
}

static bool read_sample(struct reader *reader)
{
	struct prom_sample sample = { .series = reader->at };

	if (!take_name(reader, sample.family))
		return false;
	if (strcmp(sample.family, reader->family) || !*reader->type)
		return refuse(reader, "a sample without its HELP and TYPE");
	if (take(reader, "{") && !read_labels(reader, &sample))
		return false;
	sample.series_len = (size_t)(reader->at - sample.series);
	if (!take(reader, " ") || !read_number(reader, &sample))
		return refuse(reader, "no value");
	return keep(reader, &sample);
}

static bool read_line(struct reader *reader)
{
	bool good;

	if (take(reader, "# HELP "))
		good = read_help(reader);
	else if (take(reader, "# TYPE "))
		good = read_type(reader);
	else
		good = read_sample(reader);
	if (good && *reader->at != '\n')
		return refuse(reader,
			      *reader->at ? "more behind the value" : "the last line has no end");
	reader->at += good;
	reader->line++;
	return good;
}

/* By the C library, not by what the program itself uses. */
static bool is_utf8(const char *text)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), old = uselocale(utf8);
	bool good = mbstowcs(NULL, text, 0) != (size_t)-1;

	uselocale(old);
	freelocale(utf8);
	return good;
}

bool prom_read(struct prom_text *prom, const char *text)
{
	struct reader reader = { .prom = prom, .at = text, .line = 1, .seen = strdup("\n") };
	bool good = reader.seen != NULL;

	*prom = (struct prom_text){};
	if (good && !is_utf8(text))
		good = refuse(&reader, "not UTF-8");
	if (good && !*text)
		good = refuse(&reader, "empty");
	while (good && *reader.at)
		good = read_line(&reader);
	if (good && !*reader.type)
		good = refuse(&reader, "HELP without TYPE");
	free(reader.seen);
	return good;
}

void prom_free(struct prom_text *prom)
{
	free(prom->samples);
	*prom = (struct prom_text){};
}

const char *prom_label(const struct prom_sample *sample, const char *name)
{
	for (size_t i = 0; i < sample->labels; i++)
		if (!strcmp(sample->names[i], name))
			return sample->values[i];
	return NULL;
}

static bool has_labels(const struct prom_sample *sample, va_list args)
{
	const char *name, *value, *found;
	size_t count = 0;

	for (; (name = va_arg(args, const char *)); count++) {
		value = va_arg(args, const char *);
		found = prom_label(sample, name);
		if (!found || strcmp(found, value))
			return false;
	}
	return count == sample->labels;
}

const struct prom_sample *prom_find(const struct prom_text *prom, const char *family, ...)
{
	for (size_t i = 0; i < prom->count; i++) {
		va_list args;
		bool found;

		va_start(args, family);
		found = !strcmp(prom->samples[i].family, family) &&
			has_labels(&prom->samples[i], args);
		va_end(args);
		if (found)
			return &prom->samples[i];
	}
	return NULL;
}
