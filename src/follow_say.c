// SPDX-License-Identifier: GPL-2.0-only
/* What is logged of the devices: each event once, and not more lines than can be read. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "follow_private.h"
#include "log.h"

#define SENTENCE_SIZE 256
#define LINES 20              /* at once */
#define LINE_NS 5000000000ULL /* and one more each five seconds */

struct follow_said {
	struct follow_said *next;
	bool holds; /* at this look */
	char sentence[SENTENCE_SIZE];
};

uint64_t follow_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool may_speak(struct follow *follow)
{
	uint64_t now = follow_now(), earned = (now - follow->line_ns) / LINE_NS;

	if (!follow->line_ns || earned >= LINES) {
		follow->lines = LINES;
		follow->line_ns = now;
	} else {
		follow->lines += (unsigned int)earned;
		follow->lines = follow->lines < LINES ? follow->lines : LINES;
		follow->line_ns += earned * LINE_NS;
	}
	if (!follow->lines) {
		follow->unsaid++;
		return false;
	}
	follow->lines--;
	return true;
}

static void tell(struct follow *follow, const char *sentence)
{
	if (!may_speak(follow))
		return;
	if (follow->unsaid)
		log_info("devices: %u more messages were left out", follow->unsaid);
	follow->unsaid = 0;
	log_info("%s", sentence);
}

void follow_tell(struct follow *follow, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	tell(follow, sentence);
}

void follow_tell_once(struct follow *follow, const char *sentence)
{
	struct follow_said *said = follow->said;

	while (said && strncmp(said->sentence, sentence, SENTENCE_SIZE - 1) != 0)
		said = said->next;
	if (!said) {
		said = calloc(1, sizeof(*said));
		if (!said)
			return;
		strncpy(said->sentence, sentence, SENTENCE_SIZE - 1);
		said->next = follow->said;
		follow->said = said;
		tell(follow, sentence);
	}
	said->holds = true;
}

void follow_next_look(struct follow *follow)
{
	for (struct follow_said **at = &follow->said; *at;) {
		struct follow_said *said = *at;

		if (said->holds) {
			said->holds = false;
			at = &said->next;
			continue;
		}
		*at = said->next;
		free(said);
	}
}

void follow_forget(struct follow *follow)
{
	while (follow->said) {
		struct follow_said *said = follow->said;

		follow->said = said->next;
		free(said);
	}
}
