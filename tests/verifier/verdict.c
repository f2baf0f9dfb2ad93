/* SPDX-License-Identifier: BSD-2-Clause */
/* What both verifiers' answers have in common. */
#include "tests/verifier/verdict.h"

#include <string.h>

/* Statistics begin with one of these lines. */
static bool
is_statistics(const char *line)
{
	return !strncmp(line, "verification time ", 18) || !strncmp(line, "processed ", 10) ||
	       !strncmp(line, "stack depth ", 12);
}

/* "infinite loop detected" is followed by the two states that are alike. */
static bool
is_state(const char *line)
{
	return !strncmp(line, "cur state:", 10) || !strncmp(line, "old state:", 10);
}

void
verdict_copy_sentence(const char *log, char *sentence, size_t size)
{
	const char *line = log, *last = "";
	size_t len = 0;

	while (*line && !is_statistics(line)) {
		size_t this_len = strcspn(line, "\n");

		if (!is_state(line)) {
			last = line;
			len = this_len;
		}
		line += this_len + (line[this_len] == '\n');
	}
	if (len >= size)
		len = size - 1;
	memcpy(sentence, last, len);
	sentence[len] = '\0';
	/* The kernel's "expected prog array map for tail call" has no newline. */
	if (strstr(sentence, "verification time "))
		*strstr(sentence, "verification time ") = '\0';
	else if (strstr(sentence, "processed ") && strstr(sentence, " insns (limit "))
		*strstr(sentence, "processed ") = '\0';
}

const char *
err_name(int err)
{
	static char number[16];

	if (err == 0)
		return "0";
	if (strerrorname_np(-err))
		return strerrorname_np(-err);
	snprintf(number, sizeof(number), "%d", -err);
	return number;
}
