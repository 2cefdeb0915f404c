// SPDX-License-Identifier: GPL-2.0-only
/* What holds of the devices is logged once, when it begins. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "follow_private.h"
#include "log.h"

#define SENTENCE_SIZE 256

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
		log_errorx("%s", sentence); /* told once, and so not with what is told often */
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
