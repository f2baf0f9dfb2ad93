/* SPDX-License-Identifier: BSD-2-Clause */
/* From --card, --firmware and --what-if to a card: files of the library and of the user, one over
 * the other, then the bytes a driver would find, then what it makes of them. */
#include "dpdk-app/card.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (2u << 20) /* more than nic_card_read() takes */
#define MESSAGE_BYTES 512

static int
read_text(struct card *card, const char *name, const char *text, size_t bytes)
{
	char message[MESSAGE_BYTES];

	if (nic_card_read(&card->nic, name, text, bytes, message, sizeof(message)) == 0)
		return STATUS_DONE;
	complain("%s", message);
	return STATUS_INPUT;
}

static int
read_file(struct card *card, const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = in != NULL ? malloc(FILE_BYTES_MAX) : NULL;
	size_t bytes = text != NULL ? fread(text, 1, FILE_BYTES_MAX, in) : 0;
	int status = STATUS_INPUT;

	if (text == NULL || ferror(in))
		complain("%s: %s", path, strerror(errno));
	else
		status = read_text(card, path, text, bytes);
	free(text);
	if (in != NULL)
		fclose(in);
	return status;
}

static bool
is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') != NULL || (len > 4 && strcmp(name + len - 4, ".ini") == 0);
}

static int
unknown(const char *name, bool is_firmware)
{
	const char *what = is_firmware ? "firmware" : "card";
	struct xb_log log = { 0 };

	xb_log_add(&log, "no %s '%s', there are", what, name);
	for (const struct nic_card_file *file = nic_card_files; file->name != NULL; file++) {
		const char *firmware = nic_card_file_firmware(file);

		if (is_firmware == (firmware != NULL))
			xb_log_add(&log, " %s", is_firmware ? firmware : file->name);
	}
	xb_log_add(&log, "; or the path of a card file");
	complain_log(&log);
	return STATUS_USAGE;
}

/* A file of the user's lies over the default one. */
static int
read_layers(struct card *card, const char *name, bool is_firmware)
{
	const char *base = is_firmware ? NIC_FIRMWARE_DEFAULT : NIC_CARD_DEFAULT;
	const struct nic_card_file *file = nic_card_find(is_path(name) ? base : name, is_firmware);
	int status;

	if (file == NULL)
		return unknown(name, is_firmware);
	status = read_text(card, file->name, file->text, strlen(file->text));
	if (status == STATUS_DONE && is_path(name))
		status = read_file(card, name);
	return status;
}

static int
change(struct card *card, const struct words *what_if)
{
	char message[MESSAGE_BYTES];

	for (unsigned int i = 0; i < what_if->cnt; i++)
		if (nic_card_set(&card->nic, what_if->word[i], message, sizeof(message)) < 0) {
			complain("--what-if %s", message);
			return STATUS_USAGE;
		}
	if (nic_card_check(&card->nic, message, sizeof(message)) == 0)
		return STATUS_DONE;
	complain("%s", message);
	return STATUS_INPUT;
}

/* The driver's warnings are told, its error is kept. */
static void
probe(struct card *card)
{
	uint8_t bar[NIC_BAR_BYTES], capabilities[NIC_CAPABILITIES_MAX];
	size_t bytes = nic_card_capabilities(&card->nic, capabilities);
	const struct jit_firmware fw = {
		.app_id = card->nic.app_id,
		.bar = bar,
		.bar_bytes = sizeof(bar),
		.capabilities = bytes > 0 ? capabilities : NULL,
		.capability_bytes = bytes,
	};
	struct xb_log log = { 0 };
	int ret;

	nic_card_bar(&card->nic, bar);
	ret = jit_card_probe(&card->jit, &fw, &log);
	if (ret < 0) {
		card->err = -ret;
		snprintf(card->message, sizeof(card->message), "%.*s",
			(int)strcspn(xb_log_text(&log), "\n"), xb_log_text(&log));
	}
	complain_log(&log);
}

int
card_open(struct card *card, const char *name, const char *firmware, const struct words *what_if)
{
	int status;

	*card = (struct card){
		.name = name != NULL ? name : NIC_CARD_DEFAULT,
		.firmware = firmware != NULL ? firmware : NIC_FIRMWARE_DEFAULT,
	};
	status = read_layers(card, card->firmware, true);
	if (status == STATUS_DONE)
		status = read_layers(card, card->name, false);
	if (status == STATUS_DONE)
		status = change(card, what_if);
	if (status == STATUS_DONE)
		probe(card);
	return status;
}

#define PASS_LETTER(letter, name) letter
#define PASS_TEXT(letter, name) " " letter " (" #name ")"

/* False, complaint made: a letter names no pass. */
static bool
are_passes(const char *letters)
{
	size_t known = strspn(letters, JIT_PASS_LIST(PASS_LETTER));

	if (known > 0 && letters[known] == '\0')
		return true;
	complain("--debug-jit %s: no pass '%.1s', there are" JIT_PASS_LIST(PASS_TEXT), letters,
		letters + known);
	return false;
}

int
card_of_options(struct card *card, const struct options *opt)
{
	int status;

	if (opt->jit != NULL && strcmp(opt->jit, "driver") != 0) {
		complain("--jit %s: there is no such translator yet, take --jit driver", opt->jit);
		return STATUS_USAGE;
	}
	if (opt->debug_jit != NULL && !are_passes(opt->debug_jit))
		return STATUS_USAGE;
	status = card_open(card, opt->card, opt->firmware, &opt->what_if);
	card->debug = (struct jit_debug){ opt->debug_jit, stderr };
	return status;
}
