/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: eight bytes at a time as words: each decodes or is refused with a reason, prints,
 * and assembles to itself. Then the same bytes as text: read or refused with a place. Linked with
 * libFuzzer or with a driver that has main().
 */
#include "nic/nic.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_word(uint64_t word)
{
	char text[NIC_TEXT_MAX];
	struct nic_asm_error error;
	struct nic_insn insn;
	const char *reason = nic_decode(word, &insn);
	uint64_t again = 0;

	if (reason ? !reason[0] : nic_encode(&insn, &again) || again != (word & NIC_INSN_MASK))
		abort();
	nic_format(word, text);
	if (nic_parse(text, &again, &error) || again != (word & NIC_INSN_MASK))
		abort();
}

static void
check_text(const uint8_t *data, size_t size)
{
	struct nic_asm_error error = { .column = 0 };
	char *text = malloc(size + 1);
	uint64_t word;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!nic_parse(text, &word, &error))
		check_word(word);
	else if (!error.text[0] || error.column < 1 || error.column > strlen(text) + 1)
		abort();
	free(text);
}

static void
check_files(const uint8_t *data, size_t size)
{
	FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
	FILE *out = fopen("/dev/null", "w");
	char message[256];

	if (in && out) {
		nic_disasm_file(in, "in", out, message, sizeof(message));
		rewind(in);
		nic_asm_file(in, "in", out, message, sizeof(message));
	}
	if (in)
		fclose(in);
	if (out)
		fclose(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t word;

	for (size_t i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		check_word(word);
	}
	check_text(data, size);
	if (size)
		check_files(data, size);
	return 0;
}
