// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the names in the textfile's labels: a strict reader takes the text, finds one sample
 * on a line of its own, and its labels lead back to the names. Where a name is UTF-8 the label is
 * the name; a byte that is none stands in it as the text "\xff". The first 0xc0 in the input, which
 * no UTF-8 has, parts the device from the service.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prom_private.h"
#include "prom_reader.h"

#define FAMILY "service_receive_packets_total"
#define NAME_LEN_MAX ((PROM_TEXT_MAX - 1) / 4) /* each byte may become four */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Bytes of a first byte's sequence; 0: it begins none. */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	return first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
}

/* By the character's number (RFC 3629 section 3), not by the bounds of its bytes. */
static bool is_sequence(const unsigned char *s, size_t len)
{
	static const uint32_t least[] = { UINT32_MAX, 0, 0x80, 0x800, 0x10000 };
	uint32_t number = len > 1 ? s[0] & (0x7fU >> len) : s[0];

	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return false;
		number = number << 6 | (s[i] & 0x3f);
	}
	return number >= least[len] && number <= 0x10ffff && number >> 11 != 0x1b;
}

static bool is_utf8(const char *name)
{
	const unsigned char *s = (const unsigned char *)name;

	for (size_t len; *s; s += len) {
		len = sequence_length(*s);
		if (!is_sequence(s, len))
			return false;
	}
	return true;
}

/* Back from "\xff" to the byte. */
static void decode(const char *label, char name[PROM_TEXT_MAX])
{
	char hex[3] = "";

	for (; *label; name++) {
		if (label[0] == '\\' && label[1] == 'x' &&
		    strspn(label + 2, "0123456789abcdef") >= 2) {
			memcpy(hex, label + 2, 2);
			*name = (char)strtoul(hex, NULL, 16);
			label += 4;
		} else {
			*name = *label++;
		}
	}
	*name = '\0';
}

static void check_label(const char *label, const char *name)
{
	char decoded[PROM_TEXT_MAX];

	decode(label, decoded);
	require(!strcmp(decoded, name));
	require(!is_utf8(name) || strstr(name, "\\x") || !strcmp(label, name));
}

static void check_text(const char *text, uint64_t value, const char *device, const char *service)
{
	const struct prom_sample *sample;
	struct prom_text prom;

	require(prom_read(&prom, text));
	require(prom.count == 1);
	sample = &prom.samples[0];
	require(!strcmp(sample->family, "portacct_" FAMILY) && sample->count == value);
	require(sample->labels == 2 && !strcmp(sample->names[0], "device") &&
		!strcmp(sample->names[1], "service"));
	check_label(sample->values[0], device);
	check_label(sample->values[1], service);
	prom_free(&prom);
}

static void check_names(const char *device, const char *service, uint64_t value)
{
	char text[4 * PROM_TEXT_MAX] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	require(out != NULL);
	prom_put_head(out, FAMILY, "counter", "Help.");
	prom_put_start(out, FAMILY, device);
	prom_put_label(out, ",", "service", service);
	prom_put_end(out, value);
	require(!fclose(out) && strlen(text) + 1 < sizeof(text));
	check_text(text, value, device, service);
}

/* Up to a NUL, which no name has. */
static void take_name(char name[NAME_LEN_MAX + 1], const uint8_t *data, size_t size)
{
	if (size > NAME_LEN_MAX)
		size = NAME_LEN_MAX;
	memcpy(name, data, size);
	name[size] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char device[NAME_LEN_MAX + 1], service[NAME_LEN_MAX + 1] = "";
	const uint8_t *part = memchr(data, 0xc0, size);
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value * 31 + data[i];
	take_name(device, data, part ? (size_t)(part - data) : size);
	if (part)
		take_name(service, part + 1, size - (size_t)(part + 1 - data));
	check_names(device, service, value);
	return 0;
}
