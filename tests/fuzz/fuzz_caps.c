/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the first byte is the application, the next are the control BAR, the rest are the
 * symbol of capabilities: read, or refused with a sentence. The same bytes as a card file. */
#include <stdlib.h>
#include <string.h>

#include "jit-nfp/jit.h"
#include "nic/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_probe(const uint8_t *data, size_t size)
{
	const struct jit_firmware fw = {
		.app_id = data[0],
		.bar = data + 1,
		.bar_bytes = NIC_BAR_BYTES,
		.capabilities = data + 1 + NIC_BAR_BYTES,
		.capability_bytes = size - 1 - NIC_BAR_BYTES,
	};
	struct xb_log log = { 0 };
	struct jit_card card;
	int ret = jit_card_probe(&card, &fw, &log);

	if (ret < 0 ? log.len == 0 : card.abi_version != 2 && card.abi_version != 3)
		abort();
	xb_log_free(&log);
}

static void
check_file(const uint8_t *data, size_t size)
{
	struct nic_card *card = calloc(1, sizeof(*card));
	char message[256] = "";

	if (card != NULL &&
		nic_card_read(card, "file", (const char *)data, size, message, sizeof(message)) <
			0 &&
		strncmp(message, "file:", 5) != 0)
		abort();
	free(card);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > NIC_BAR_BYTES)
		check_probe(data, size);
	check_file(data, size);
	return 0;
}
