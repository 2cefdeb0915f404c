// SPDX-License-Identifier: GPL-2.0-only

/* Text helpers of the port database parser. */

#include "portdb_private.h"

#include <string.h>
#include <strings.h>

#include "utf8.h"

/* Whether the next eight bytes are ASCII without NUL, as nearly all are. */
static bool is_plain(const unsigned char *s, size_t left)
{
	const uint64_t high = 0x8080808080808080U, ones = 0x0101010101010101U;
	uint64_t word;

	if (left < sizeof(word))
		return false;
	memcpy(&word, s, sizeof(word));
	/* Taking one away borrows from the high bit of a byte that is 0. */
	return ((word | (word - ones)) & high) == 0;
}

size_t portdb_text_check(const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t i = 0;

	while (i < len) {
		size_t step;

		if (is_plain(bytes + i, len - i)) {
			i += sizeof(uint64_t);
			continue;
		}
		step = bytes[i] ? utf8_length(text + i, len - i) : 0;
		if (step == 0)
			return i;
		i += step;
	}
	return len;
}

bool portdb_text_has_control(const char *text, size_t len, const char *allowed)
{
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t i = 0; i < len; i++) {
		if ((bytes[i] < 0x20 || bytes[i] == 0x7f) && !strchr(allowed, bytes[i]))
			return true;
		if (bytes[i] == 0xc2 && i + 1 < len && bytes[i + 1] < 0xa0)
			return true;
	}
	return false;
}

struct portdb_quote portdb_text_quote(const char *text, size_t len)
{
	struct portdb_quote quote = {};
	size_t room = sizeof(quote.text) - sizeof("...");

	if (len <= room) {
		memcpy(quote.text, text, len);
		return quote;
	}
	/* Not in the middle of a UTF-8 sequence. */
	while (room > 0 && (text[room] & 0xc0) == 0x80)
		room--;
	memcpy(quote.text, text, room);
	strcpy(quote.text + room, "...");
	return quote;
}

bool portdb_text_is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

struct csv_field portdb_text_trim(struct csv_field field)
{
	while (field.len > 0 && is_space(field.text[0])) {
		field.text++;
		field.len--;
	}
	while (field.len > 0 && is_space(field.text[field.len - 1]))
		field.len--;
	return field;
}
