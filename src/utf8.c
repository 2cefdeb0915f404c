// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "utf8.h"

size_t utf8_length(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	/* The second byte's bounds rule out overlong forms, surrogates, and what no plane has. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (left < len || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t utf8_printable(const char *s)
{
	const unsigned char *bytes = (const unsigned char *)s;

	if (bytes[0] < 0x20 || bytes[0] == 0x7f)
		return 0;
	if (bytes[0] == 0xc2 && bytes[1] < 0xa0)
		return 0;
	return utf8_length(s, bytes[0] < 0x80 ? 1 : strnlen(s, 4));
}

void utf8_print(FILE *out, const char *text)
{
	while (*text) {
		size_t len = utf8_printable(text);

		if (len)
			fwrite(text, 1, len, out);
		else
			fputc('?', out);
		text += len ? len : 1;
	}
}
