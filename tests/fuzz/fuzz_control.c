/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages of any bytes, one after the other: the firmware answers in its own format or not
 * at all. A byte of length before each message; odd lengths go to a firmware of ABI 3, even ones of
 * ABI 2.
 */
#include "nic/ccm.h"
#include "nic/firmware/firmware.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both sizes of slots. */
static struct nic_fw *
firmware(struct nic_card *card, const char *change)
{
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(NIC_FIRMWARE_DEFAULT, true) };
	char message[256];
	struct nic_fw *fw;

	for (size_t i = 0; i < 2; i++)
		nic_card_read(card, files[i]->name, files[i]->text, strlen(files[i]->text), message,
			sizeof(message));
	nic_card_set(card, change, message, sizeof(message));
	fw = nic_fw_new(card);
	if (!fw)
		abort();
	return fw;
}

static void
check_reply(const uint8_t *message, const uint8_t *reply, size_t bytes, size_t room)
{
	if (bytes > room || (bytes > 0 && bytes < NIC_CCM_SHORT_BYTES))
		abort();
	if (bytes > 0 && (reply[NIC_CCM_TYPE] != (message[NIC_CCM_TYPE] | NIC_CCM_REPLY) ||
				 memcmp(reply + 1, message + 1, NIC_CCM_HEADER_BYTES - 1) != 0))
		abort();
}

/* So that an input does the same every time. */
static void
free_maps(struct nic_fw *fw)
{
	uint8_t message[NIC_CCM_FREE_BYTES] = { NIC_CCM_MAP_FREE, NIC_CCM_VERSION }, reply[64];

	for (uint8_t id = 1; id <= 128; id++) {
		message[NIC_CCM_FREE_MAP + 3] = id;
		nic_fw_control(fw, message, sizeof(message), reply, sizeof(reply));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nic_card cards[2];
	static struct nic_fw *fws[2];
	uint8_t reply[2048];

	for (int i = 0; !fws[1] && i < 2; i++)
		fws[i] = firmware(&cards[i], i ? "abi=3" : "abi=2");
	while (size > 0) {
		size_t bytes = data[0] < size - 1 ? data[0] : size - 1;
		struct nic_fw *fw = fws[bytes & 1];

		check_reply(data + 1, reply,
			nic_fw_control(fw, data + 1, bytes, reply, sizeof(reply)), sizeof(reply));
		data += 1 + bytes;
		size -= 1 + bytes;
	}
	free_maps(fws[0]);
	free_maps(fws[1]);
	return 0;
}
