/* SPDX-License-Identifier: BSD-2-Clause */
/* Card files, read by inih a line at a time, so that the line of a mistake is known. */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nic/card_internal.h"

#define FILE_BYTES_MAX (1u << 20)

struct reading {
	struct nic_card *card;
	const char *name;
	const char *next, *end; /* what is not read yet */
	unsigned int line;	/* being handled */
	bool is_set[NIC_KEY_CNT];
	char *message;
	size_t size;
	unsigned int failed; /* line of the first mistake, the one that is told; 0: none */
};

/* Returns 0: inih's "mistake". */
static int __attribute__((format(printf, 2, 3))) mistake(struct reading *r, const char *fmt, ...)
{
	va_list ap;
	int len;

	if (r->failed != 0)
		return 0;
	r->failed = r->line;
	len = snprintf(r->message, r->size, "%s:%u: ", r->name, r->line);
	if (len < 0 || (size_t)len >= r->size)
		return 0;
	va_start(ap, fmt);
	vsnprintf(r->message + len, r->size - (size_t)len, fmt, ap);
	va_end(ap);
	return 0;
}

/* inih's fgets(). A line that does not fit its buffer would be taken for two. */
static char *
read_line(char *line, int num, void *stream)
{
	struct reading *r = stream;
	size_t left = (size_t)(r->end - r->next);
	const char *newline = memchr(r->next, '\n', left);
	size_t len = newline != NULL ? (size_t)(newline - r->next) + 1 : left;

	if (left == 0 || r->failed != 0)
		return NULL;
	r->line++;
	if (len > (size_t)num - 1) {
		mistake(r, "the line is longer than %d characters", num - 2);
		return NULL;
	}
	if (memchr(r->next, '\0', len) != NULL) {
		mistake(r, "a NUL character: this is no text");
		return NULL;
	}
	memcpy(line, r->next, len);
	line[len] = '\0';
	r->next += len;
	return line;
}

static enum nic_known
known_find(const char *word, size_t len)
{
	for (int i = NIC_KNOWN_SAID; i < NIC_KNOWN_CNT; i++) {
		const char *name = nic_known_name((enum nic_known)i);

		if (strlen(name) == len && memcmp(name, word, len) == 0)
			return (enum nic_known)i;
	}
	return NIC_KNOWN_MISSING;
}

/* The first parenthesis that begins how the value is known; else the first that is no parenthesis
 * of steps. NULL: there is none. */
static char *
note_of(char *value)
{
	for (char *note = strchr(value, '('); note != NULL; note = strchr(note + 1, '('))
		if (note[1] != ' ')
			return note;
	return NULL;
}

/* "800 (read: platform.h)": cuts the value at its parenthesis. 0, or -EINVAL and told. */
static int
take_note(struct reading *r, enum nic_card_key key, char *value)
{
	char *note = note_of(value);
	size_t word, source;
	enum nic_known known;

	r->card->notes[key].known = NIC_KNOWN_SAID;
	r->card->notes[key].source[0] = '\0';
	if (note == NULL)
		return 0;
	word = strcspn(note + 1, ":)");
	known = known_find(note + 1, word);
	if (known == NIC_KNOWN_MISSING || note[strlen(note) - 1] != ')') {
		mistake(r,
			"%s: behind a value may stand (said), (measured: WHERE), (read: WHERE), "
			"(stated: BY WHOM) or (inferred: FROM WHAT)",
			nic_card_key_info(key)->name);
		return -EINVAL;
	}
	note[strlen(note) - 1] = '\0';
	source = 1 + word + (note[1 + word] == ':');
	source += strspn(note + source, " ");
	r->card->notes[key].known = known;
	snprintf(r->card->notes[key].source, NIC_CARD_SOURCE_MAX, "%.*s", NIC_CARD_SOURCE_MAX - 1,
		note + source);
	while (note > value && note[-1] == ' ')
		note--;
	*note = '\0';
	return 0;
}

static int
on_key(void *user, const char *section, const char *name, const char *text)
{
	struct reading *r = user;
	enum nic_card_key key = nic_card_key_find(name, strlen(name));
	const struct nic_card_key_info *info;
	char value[512], why[NIC_CARD_WHY_MAX];

	if (key == NIC_KEY_CNT)
		return mistake(r, "there is no key '%s'", name);
	info = nic_card_key_info(key);
	if (strcmp(section, info->section) != 0)
		return mistake(r, "%s belongs in section [%s], this is [%s]", name, info->section,
			section);
	if (r->is_set[key])
		return mistake(r, "%s is there twice", name);
	r->is_set[key] = true;
	snprintf(value, sizeof(value), "%s", text);
	if (take_note(r, key, value) < 0)
		return 0;
	if (nic_card_set_value(r->card, key, value, why, sizeof(why)) < 0)
		return mistake(r, "%s: %s", name, why);
	return 1;
}

int
nic_card_read(struct nic_card *card, const char *name, const char *text, size_t bytes,
	char *message, size_t size)
{
	struct reading r = {
		.card = card,
		.name = name,
		.next = text,
		.end = text + bytes,
		.message = message,
		.size = size,
	};
	int line;

	if (bytes > FILE_BYTES_MAX) {
		r.line = 1;
		mistake(&r, "more than %u bytes: this is no card file", FILE_BYTES_MAX);
		return -EINVAL;
	}
	line = ini_parse_stream(read_line, &r, on_key, &r);
	/* inih goes on after a line it cannot read, and says which was the first. */
	if (line > 0 && (r.failed == 0 || (unsigned int)line < r.failed)) {
		r.line = (unsigned int)line;
		r.failed = 0;
		mistake(&r, "neither KEY = VALUE nor [SECTION]");
	}
	return r.failed != 0 ? -EINVAL : 0;
}
