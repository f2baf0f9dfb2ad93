/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload cards [NAME]`: which there are, or one in full. No DPDK. */
#include <string.h>

#include "dpdk-app/card.h"
#include "dpdk-app/json.h"

#define VALUE_BYTES NIC_CARD_VALUE_MAX

/* ---- the list ---- */

/* A file of the library, with what it says of name and clock. */
struct listed {
	const char *file, *name;
	const struct nic_card *card;
	bool is_firmware, is_default;
};

static int
for_each(bool firmwares, void (*visit)(const struct listed *listed, void *arg), void *arg)
{
	char message[256];

	for (const struct nic_card_file *file = nic_card_files; file->name != NULL; file++) {
		const char *firmware = nic_card_file_firmware(file);
		struct nic_card card = { 0 };
		struct listed listed = { .card = &card, .is_firmware = firmwares };

		if (firmwares != (firmware != NULL))
			continue;
		if (nic_card_read(&card, file->name, file->text, strlen(file->text), message,
			    sizeof(message)) < 0) {
			complain("%s", message);
			return STATUS_RUNTIME;
		}
		listed.file = firmwares ? firmware : file->name;
		listed.name = firmwares ? card.firmware : card.name;
		listed.is_default = strcmp(listed.file, firmwares ? NIC_FIRMWARE_DEFAULT
								  : NIC_CARD_DEFAULT) == 0;
		visit(&listed, arg);
	}
	return STATUS_DONE;
}

static void
print_listed(const struct listed *l, void *arg)
{
	(void)arg;
	printf("  %-16s %-26s", l->file, l->name);
	if (l->is_firmware)
		printf(" programs of %u instructions, %u entries in maps", l->card->max_len,
			l->card->map_entries_max);
	else
		printf(" %s, %s, %u MHz", l->card->board, l->card->chip, l->card->mhz);
	puts(l->is_default ? " (default)" : "");
}

static void
collect_listed(const struct listed *l, void *arg)
{
	json_array_append_new(arg, json_pack("{s:s, s:s, s:b}", "name", l->file, "title", l->name,
					   "default", l->is_default));
}

static int
list_text(void)
{
	int status;

	puts("cards:");
	status = for_each(false, print_listed, NULL);
	puts("\nfirmwares:");
	if (status == STATUS_DONE)
		status = for_each(true, print_listed, NULL);
	return status;
}

static int
list_json(void)
{
	json_t *cards = json_array(), *firmwares = json_array();
	json_t *root = json_pack("{s:o, s:o}", "cards", cards, "firmwares", firmwares);
	int status = for_each(false, collect_listed, cards);

	if (status == STATUS_DONE)
		status = for_each(true, collect_listed, firmwares);
	if (json_print(root, stdout) < 0)
		status = STATUS_RUNTIME;
	return status;
}

/* ---- one in full ---- */

static void
print_key(const struct nic_card *card, enum nic_card_key key)
{
	const struct nic_card_key_info *info = nic_card_key_info(key);
	const char *source = card->notes[key].source;
	char value[VALUE_BYTES];

	nic_card_format(card, key, value, sizeof(value));
	printf("; %s%s%s\n", info->what, info->unit[0] ? ", in " : "", info->unit);
	printf("%s = %s (%s%s%s)\n", info->name, value, nic_known_name(card->notes[key].known),
		source[0] ? ": " : "", source);
}

/* As a card file. */
static void
print_card(const struct nic_card *card)
{
	const char *section = "";

	for (int i = 0; i < NIC_KEY_CNT; i++) {
		const char *its = nic_card_key_info((enum nic_card_key)i)->section;

		if (strcmp(its, section) != 0)
			printf("%s[%s]\n", i > 0 ? "\n" : "", its);
		section = its;
		print_key(card, (enum nic_card_key)i);
	}
}

static json_t *
json_value(const struct nic_card *card, enum nic_card_key key)
{
	const struct nic_card_key_info *info = nic_card_key_info(key);
	const void *field = (const char *)card + info->at;
	char text[VALUE_BYTES];

	switch (info->kind) {
	case NIC_CARD_NUMBER: return json_integer(*(const uint32_t *)field);
	case NIC_CARD_FLAG: return json_boolean(*(const bool *)field);
	case NIC_CARD_DECIMAL: return json_real(*(const uint32_t *)field / 1000.0);
	case NIC_CARD_TEXT:
	case NIC_CARD_MAP_TYPES:
	case NIC_CARD_STEPS: break;
	}
	nic_card_format(card, key, text, sizeof(text));
	return json_text(text);
}

static int
print_card_json(const struct card *card)
{
	json_t *keys = json_array();
	json_t *root = json_pack("{s:o, s:o, s:o}", "card", json_text(card->name), "firmware",
		json_text(card->firmware), "keys", keys);

	for (int i = 0; i < NIC_KEY_CNT; i++) {
		enum nic_card_key key = (enum nic_card_key)i;
		const struct nic_card_key_info *info = nic_card_key_info(key);

		json_array_append_new(keys,
			json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o}", "section", info->section,
				"key", info->name, "value", json_value(&card->nic, key), "unit",
				info->unit, "what", info->what, "known",
				nic_known_name(card->nic.notes[key].known), "source",
				json_text(card->nic.notes[key].source)));
	}
	return json_print(root, stdout);
}

static int
show(const struct options *opt, const char *name)
{
	bool is_firmware = nic_card_find(name, true) != NULL;
	struct card card;
	int status;

	if (is_firmware && opt->firmware != NULL) {
		complain("cards: %s is a firmware itself, --firmware goes with a card", name);
		return STATUS_USAGE;
	}
	status = card_open(&card, is_firmware ? NULL : name, is_firmware ? name : opt->firmware,
		&opt->what_if);
	if (status != STATUS_DONE)
		return status;
	if (card.err != 0)
		complain("the driver takes no program for it: %s", card.message);
	if (opt->json)
		return print_card_json(&card) < 0 ? STATUS_RUNTIME : STATUS_DONE;
	print_card(&card.nic);
	return STATUS_DONE;
}

int
cmd_cards(const struct options *opt)
{
	if (opt->arg_cnt > 0)
		return show(opt, opt->args[0]);
	if (opt->firmware != NULL || opt->what_if.cnt > 0) {
		complain("cards: --firmware and --what-if go with the name of a card");
		return STATUS_USAGE;
	}
	return opt->json ? list_json() : list_text();
}
