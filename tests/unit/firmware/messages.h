/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages as a driver would send them, and cards to send them to. */
#ifndef TESTS_FIRMWARE_MESSAGES_H
#define TESTS_FIRMWARE_MESSAGES_H

#include "nic/ccm.h"
#include "nic/firmware/firmware.h"

#include "tests/_cmocka.h"

#include <endian.h>
#include <linux/bpf.h>
#include <string.h>

/* A card with that firmware ("ebpf"), one key of it changed (NULL: none). */
static inline struct nic_fw *
firmware(struct nic_card *of, const char *name, const char *change)
{
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(name, true) };
	char message[256] = "";
	struct nic_fw *made;

	memset(of, 0, sizeof(*of));
	for (size_t i = 0; i < 2; i++)
		nic_card_read(of, files[i]->name, files[i]->text, strlen(files[i]->text), message,
			sizeof(message));
	if (change)
		nic_card_set(of, change, message, sizeof(message));
	assert_string_equal(message, "");
	made = nic_fw_new(of);
	assert_non_null(made);
	return made;
}

/* The card of a test, with its `ebpf` firmware. */
static struct nic_card card;
static struct nic_fw *fw;

static inline int
setup(void **state)
{
	(void)state;
	fw = firmware(&card, "ebpf", NULL);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	nic_fw_free(fw);
	return 0;
}

static inline void
put32(uint8_t *message, uint32_t at, uint32_t value)
{
	value = htobe32(value);
	memcpy(message + at, &value, 4);
}

static inline uint32_t
get32(const uint8_t *message, uint32_t at)
{
	uint32_t value;

	memcpy(&value, message + at, 4);
	return be32toh(value);
}

static inline void
put_header(uint8_t *message, enum nic_ccm_type type, uint16_t tag)
{
	message[NIC_CCM_TYPE] = (uint8_t)type;
	message[NIC_CCM_VER] = NIC_CCM_VERSION;
	message[NIC_CCM_TAG] = (uint8_t)(tag >> 8);
	message[NIC_CCM_TAG + 1] = (uint8_t)tag;
}

/* The reply's rc; *id. */
static inline uint32_t
alloc_map(struct nic_fw *to, uint32_t type, uint32_t key, uint32_t value, uint32_t entries,
	uint32_t *id)
{
	uint8_t message[NIC_CCM_ALLOC_BYTES] = { 0 }, reply[64];

	put_header(message, NIC_CCM_MAP_ALLOC, 7);
	put32(message, NIC_CCM_ALLOC_KEY, key);
	put32(message, NIC_CCM_ALLOC_VALUE, value);
	put32(message, NIC_CCM_ALLOC_ENTRIES, entries);
	put32(message, NIC_CCM_ALLOC_MAP_TYPE, type);
	assert_int_equal(nic_fw_control(to, message, sizeof(message), reply, sizeof(reply)),
		NIC_CCM_SHORT_BYTES);
	assert_int_equal(reply[NIC_CCM_TYPE], NIC_CCM_MAP_ALLOC | NIC_CCM_REPLY);
	assert_memory_equal(reply + 1, message + 1, 3);
	*id = get32(reply, NIC_CCM_REPLY_MAP);
	return get32(reply, NIC_CCM_RC);
}

static inline uint32_t
free_map(struct nic_fw *to, uint32_t id, uint32_t *cnt)
{
	uint8_t message[NIC_CCM_FREE_BYTES] = { 0 }, reply[64];

	put_header(message, NIC_CCM_MAP_FREE, 8);
	put32(message, NIC_CCM_FREE_MAP, id);
	assert_int_equal(nic_fw_control(to, message, sizeof(message), reply, sizeof(reply)),
		NIC_CCM_SHORT_BYTES);
	*cnt = get32(reply, NIC_CCM_REPLY_MAP);
	return get32(reply, NIC_CCM_RC);
}

/* Slots of ABI 2. */
#define ENTRY_BYTES (2 * NIC_CCM_SLOT_BYTES)
#define OP_BYTES (NIC_CCM_OP_BYTES + ENTRY_BYTES)

struct entry {
	uint8_t key[NIC_CCM_SLOT_BYTES], value[NIC_CCM_SLOT_BYTES];
};

/* Asks for cnt entries; the rc, how many there were in *cnt, and room for one more of them. */
static inline uint32_t
operate(struct nic_fw *to, enum nic_ccm_type type, uint32_t id, uint32_t flags, uint32_t *cnt,
	struct entry *entries)
{
	uint8_t message[OP_BYTES] = { 0 }, reply[NIC_CCM_OP_BYTES + 5 * ENTRY_BYTES];
	uint32_t rc;
	size_t bytes;

	put_header(message, type, 9);
	put32(message, NIC_CCM_OP_MAP, id);
	put32(message, NIC_CCM_OP_COUNT, *cnt);
	put32(message, NIC_CCM_OP_FLAGS, flags);
	memcpy(message + NIC_CCM_OP_BYTES, entries, ENTRY_BYTES);
	bytes = nic_fw_control(to, message, sizeof(message), reply, sizeof(reply));
	rc = get32(reply, NIC_CCM_RC);
	*cnt = get32(reply, NIC_CCM_OP_COUNT);
	assert_int_equal(bytes, NIC_CCM_OP_BYTES + (*cnt + (rc != 0)) * ENTRY_BYTES);
	memcpy(entries, reply + NIC_CCM_OP_BYTES, (*cnt + (rc != 0)) * ENTRY_BYTES);
	return rc;
}

/* The same for one entry with a key and value of 64 bits. */
static inline uint32_t
operate_one(struct nic_fw *to, enum nic_ccm_type type, uint32_t id, uint32_t flags, uint64_t key,
	uint64_t *value)
{
	struct entry entry = { 0 };
	uint32_t cnt = 1, rc;

	memcpy(entry.key, &key, 8);
	memcpy(entry.value, value, 8);
	rc = operate(to, type, id, flags, &cnt, &entry);
	assert_int_equal(cnt, rc == 0);
	memcpy(value, entry.value, 8);
	return rc;
}

#endif
