/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of a card: the table, values as text, values from text. card_read.c reads files of them. */
#include "nic/card.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/card_internal.h"
#include "nic/timing/steps.h"

static const struct nic_card_key_info infos[NIC_KEY_CNT] = {
#define KEY(section_, key, kind_, unit_, min_, max_, step_, what_)                                 \
	[NIC_KEY_##key] = {                                                                        \
		.section = #section_,                                                              \
		.name = #key,                                                                      \
		.kind = NIC_CARD_##kind_,                                                          \
		.at = offsetof(struct nic_card, key),                                              \
		.unit = (unit_),                                                                   \
		.min = (min_),                                                                     \
		.max = (max_),                                                                     \
		.step = (step_),                                                                   \
		.what = (what_),                                                                   \
	},
#include "nic/card.def"
#undef KEY
};

static const char *const known_names[NIC_KNOWN_CNT] = {
#define X(id, word, what) [NIC_KNOWN_##id] = (word),
	NIC_KNOWN_LIST(X)
#undef X
};

/* Bits of a TLV's map types: enum bpf_map_type. Those the driver has code for. */
static const struct {
	const char *name;
	uint32_t bit;
} map_types[] = {
	{ "hash", 1u << 1 },
	{ "array", 1u << 2 },
};
#define MAP_TYPE_CNT (sizeof(map_types) / sizeof(map_types[0]))

const struct nic_card_key_info *
nic_card_key_info(enum nic_card_key key)
{
	return &infos[key];
}

const char *
nic_known_name(enum nic_known known)
{
	return known_names[known];
}

enum nic_card_key
nic_card_key_find(const char *name, size_t len)
{
	for (int i = 0; i < NIC_KEY_CNT; i++)
		if (strlen(infos[i].name) == len && memcmp(infos[i].name, name, len) == 0)
			return (enum nic_card_key)i;
	return NIC_KEY_CNT;
}

/* ---- values as text ---- */

static void
format_decimal(uint32_t milli, char *text, size_t size)
{
	int len = snprintf(text, size, "%" PRIu32 ".%03" PRIu32, milli / 1000, milli % 1000);

	while (len > 0 && (size_t)len < size && (text[len - 1] == '0' || text[len - 1] == '.')) {
		bool is_point = text[--len] == '.';

		text[len] = '\0';
		if (is_point)
			break;
	}
}

static void
format_map_types(uint32_t types, char *text, size_t size)
{
	size_t len = 0;

	snprintf(text, size, "none");
	for (size_t i = 0; i < MAP_TYPE_CNT && len < size; i++)
		if (types & map_types[i].bit)
			len += (size_t)snprintf(
				text + len, size - len, "%s%s", len ? " " : "", map_types[i].name);
}

void
nic_card_format(const struct nic_card *card, enum nic_card_key key, char *text, size_t size)
{
	const void *field = (const char *)card + infos[key].at;

	if (card->notes[key].known == NIC_KNOWN_MISSING) {
		snprintf(text, size, "-");
		return;
	}
	switch (infos[key].kind) {
	case NIC_CARD_STEPS:
	case NIC_CARD_TEXT: snprintf(text, size, "%s", (const char *)field); break;
	case NIC_CARD_DECIMAL: format_decimal(*(const uint32_t *)field, text, size); break;
	case NIC_CARD_NUMBER: snprintf(text, size, "%" PRIu32, *(const uint32_t *)field); break;
	case NIC_CARD_FLAG: snprintf(text, size, "%s", *(const bool *)field ? "yes" : "no"); break;
	case NIC_CARD_MAP_TYPES: format_map_types(*(const uint32_t *)field, text, size); break;
	}
}

/* ---- values from text: 0, or -EINVAL and what is wrong, to stand behind "KEY: " ---- */

static int
set_text(char *field, const char *value, char *message, size_t size)
{
	if (value[0] == '\0' || strlen(value) >= NIC_CARD_TEXT_MAX) {
		snprintf(message, size, "a text of 1 to %d characters is wanted",
			NIC_CARD_TEXT_MAX - 1);
		return -EINVAL;
	}
	strcpy(field, value);
	return 0;
}

static int
set_number(const struct nic_card_key_info *info, uint32_t *field, const char *value, char *message,
	size_t size)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(value, &end, 0);
	if (value[0] < '0' || value[0] > '9' || *end != '\0') {
		snprintf(message, size, "'%.40s' is not a number", value);
		return -EINVAL;
	}
	if (errno != 0 || number < info->min || number > info->max) {
		snprintf(message, size, "%.40s is out of range, it takes %" PRIu32 " to %" PRIu32,
			value, info->min, info->max);
		return -EINVAL;
	}
	if (number % info->step != 0) {
		snprintf(message, size, "%.40s is not a multiple of %" PRIu32, value, info->step);
		return -EINVAL;
	}
	*field = (uint32_t)number;
	return 0;
}

static int
set_decimal(const struct nic_card_key_info *info, uint32_t *field, const char *value, char *message,
	size_t size)
{
	size_t whole = strspn(value, "0123456789"), point = value[whole] == '.';
	size_t decimals = point ? strspn(value + whole + 1, "0123456789") : 0;
	unsigned long long number = 0;

	if (whole == 0 || whole > 9 || (point && (decimals == 0 || decimals > 3)) ||
		value[whole + point + decimals] != '\0') {
		snprintf(message, size, "'%.40s' is not a number with up to three decimals", value);
		return -EINVAL;
	}
	for (size_t i = 0; i < whole + 3; i++) {
		size_t at = i < whole ? i : i + 1;

		number = number * 10;
		if (at < whole + point + decimals)
			number += (unsigned int)(value[at] - '0');
	}
	if (number < info->min || number > info->max) {
		char least[32], most[32];

		format_decimal(info->min, least, sizeof(least));
		format_decimal(info->max, most, sizeof(most));
		snprintf(message, size, "%.40s is out of range, it takes %s to %s", value, least,
			most);
		return -EINVAL;
	}
	*field = (uint32_t)number;
	return 0;
}

static int
set_steps(char *field, const char *value, char *message, size_t size)
{
	const char *reason = nic_steps_read(NULL, value, 0, 0);

	if (value[0] == '\0' || strlen(value) >= NIC_CARD_STEPS_MAX)
		reason = "steps of 1 to 159 characters are wanted";
	if (reason != NULL) {
		snprintf(message, size, "%s", reason);
		return -EINVAL;
	}
	strcpy(field, value);
	return 0;
}

static int
set_flag(bool *field, const char *value, char *message, size_t size)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		snprintf(message, size, "'%.40s' is neither yes nor no", value);
		return -EINVAL;
	}
	*field = value[0] == 'y';
	return 0;
}

static uint32_t
map_type_bit(const char *word, size_t len)
{
	for (size_t i = 0; i < MAP_TYPE_CNT; i++)
		if (strlen(map_types[i].name) == len && memcmp(map_types[i].name, word, len) == 0)
			return map_types[i].bit;
	return 0;
}

static int
set_map_types(uint32_t *field, const char *value, char *message, size_t size)
{
	uint32_t types = 0;

	for (const char *word = value; strcmp(value, "none") != 0;) {
		size_t len = strcspn(word, " ");
		uint32_t bit = map_type_bit(word, len);

		if (bit == 0) {
			snprintf(message, size,
				"'%.40s' is none or a list of hash and array, blanks between",
				value);
			return -EINVAL;
		}
		types |= bit;
		if (word[len] == '\0')
			break;
		word += len + 1;
	}
	*field = types;
	return 0;
}

int
nic_card_set_value(
	struct nic_card *card, enum nic_card_key key, const char *value, char *message, size_t size)
{
	void *field = (char *)card + infos[key].at;

	switch (infos[key].kind) {
	case NIC_CARD_TEXT: return set_text(field, value, message, size);
	case NIC_CARD_NUMBER: return set_number(&infos[key], field, value, message, size);
	case NIC_CARD_FLAG: return set_flag(field, value, message, size);
	case NIC_CARD_MAP_TYPES: return set_map_types(field, value, message, size);
	case NIC_CARD_DECIMAL: return set_decimal(&infos[key], field, value, message, size);
	case NIC_CARD_STEPS: return set_steps(field, value, message, size);
	}
	return -EINVAL;
}

int
nic_card_set(struct nic_card *card, const char *assignment, char *message, size_t size)
{
	size_t len = strcspn(assignment, "=");
	enum nic_card_key key = nic_card_key_find(assignment, len);
	char why[NIC_CARD_WHY_MAX];

	if (assignment[len] == '\0') {
		snprintf(message, size, "'%.60s' is not KEY=VALUE", assignment);
		return -EINVAL;
	}
	if (key == NIC_KEY_CNT) {
		snprintf(message, size, "a card has no key '%.*s'", len < 60 ? (int)len : 60,
			assignment);
		return -EINVAL;
	}
	if (nic_card_set_value(card, key, assignment + len + 1, why, sizeof(why)) < 0) {
		snprintf(message, size, "%s: %s", infos[key].name, why);
		return -EINVAL;
	}
	card->notes[key].known = NIC_KNOWN_WHAT_IF;
	card->notes[key].source[0] = '\0';
	return 0;
}

int
nic_card_check(const struct nic_card *card, char *message, size_t size)
{
	for (int i = 0; i < NIC_KEY_CNT; i++)
		if (card->notes[i].known == NIC_KNOWN_MISSING) {
			snprintf(message, size, "no file says the key %s of section [%s]: %s",
				infos[i].name, infos[i].section, infos[i].what);
			return -EINVAL;
		}
	return 0;
}

/* ---- the files of the library ---- */

#define FIRMWARE_DIR "firmware/"

const char *
nic_card_file_firmware(const struct nic_card_file *file)
{
	size_t len = strlen(FIRMWARE_DIR);

	return strncmp(file->name, FIRMWARE_DIR, len) == 0 ? file->name + len : NULL;
}

const struct nic_card_file *
nic_card_find(const char *name, bool is_firmware)
{
	for (const struct nic_card_file *file = nic_card_files; file->name != NULL; file++) {
		const char *firmware = nic_card_file_firmware(file);

		if (is_firmware == (firmware != NULL) &&
			strcmp(firmware != NULL ? firmware : file->name, name) == 0)
			return file;
	}
	return NULL;
}
