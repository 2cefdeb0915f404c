// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers and sizes as they are written on the command line: what is taken, and as which number, is
 * what the C library's arithmetic says of the digits. The first four bytes choose the limit, the
 * fifth the option; the rest is the text.
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli_private.h"
#include "parse_num.h"
#include "port_abi.h"

#define TEXT_MAX 64
#define UNTOUCHED 0xa5a5a5a5U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Only digits, and the value, which strtoull() holds at its own greatest number. */
static bool read_digits(const char *text, size_t len, unsigned long long *value)
{
	char digits[TEXT_MAX + 1];

	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	*value = strtoull(digits, NULL, 10);
	return len > 0;
}

static void check_number(const char *text, size_t len, uint32_t max)
{
	unsigned long long expected;
	uint32_t number = UNTOUCHED;
	int err = parse_u32(text, len, max, &number);

	if (!read_digits(text, len, &expected))
		require(err == -EINVAL && number == UNTOUCHED);
	else if (expected > max)
		require(err == -ERANGE && number == UNTOUCHED);
	else
		require(!err && number == expected);
}

static const struct option_row *row_of(const char *name)
{
	for (size_t i = 0; i < CLI_ROWS; i++)
		if (!strcmp(cli_rows[i].name, name))
			return &cli_rows[i];
	abort();
}

static const struct number_option {
	const char *name;
	size_t offset; /* of its number in the options */
	unsigned long long min, max;
} number_options[] = {
	{ "interval", offsetof(struct cli_options, interval), 1, 86400 },
	{ "top", offsetof(struct cli_options, top_rows), 1, 1000000 },
	{ "max-series", offsetof(struct cli_options, max_series), 0, PORT_SLOT_END },
	{ "audit", offsetof(struct cli_options, audit_seconds), 1, 86400 },
	{ "endpoint-age", offsetof(struct cli_options, datapath.endpoint_age), 1, 86400 },
};

#define NUMBER_OPTIONS (sizeof(number_options) / sizeof(number_options[0]))

static void check_option(const struct number_option *option, const char *text)
{
	struct cli_options options = {};
	unsigned long long expected;
	uint32_t number;
	bool is_good = read_digits(text, strlen(text), &expected) && expected >= option->min &&
		       expected <= option->max;
	int err = row_of(option->name)->set(&options, text);

	memcpy(&number, (const char *)&options + option->offset, sizeof(number));
	require(is_good ? !err && number == expected : err == -EINVAL);
}

/* A power of 2 from 64K to 256M; K and M are powers of 1024. */
static void check_size(const char *text)
{
	struct cli_options options = {};
	size_t len = strlen(text);
	unsigned long long unit = 1, cells;
	bool is_good = false;
	int err = row_of("endpoints")->set(&options, text);

	if (len && text[len - 1] == 'K')
		unit = 1024;
	else if (len && text[len - 1] == 'M')
		unit = 1024 * 1024;
	if (read_digits(text, unit > 1 ? len - 1 : len, &cells))
		for (unsigned long long size = 1 << 16; size <= 1 << 28; size *= 2)
			is_good |= cells <= size && cells * unit == size;
	require(is_good ? !err && options.datapath.endpoint_cells == cells * unit : err == -EINVAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1] = "";
	uint32_t max;
	size_t len;

	if (size < sizeof(max) + 1)
		return 0;
	memcpy(&max, data, sizeof(max));
	len = size - sizeof(max) - 1;
	if (len > TEXT_MAX)
		len = TEXT_MAX;
	memcpy(text, data + sizeof(max) + 1, len);
	check_number(text, len, max);
	if (data[sizeof(max)] % (NUMBER_OPTIONS + 1) == NUMBER_OPTIONS)
		check_size(text);
	else
		check_option(&number_options[data[sizeof(max)] % (NUMBER_OPTIONS + 1)], text);
	return 0;
}
