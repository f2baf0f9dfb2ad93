/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages: what the driver asks about maps (nic/ccm.h; firmware-facts.md 1.4;
 * nfp-offload-rules.md 8). A message is looked at as a stranger's: nothing in it is believed.
 */
#include "nic/firmware/internal.h"

#include <string.h>

struct slots {
	uint32_t key, value; /* bytes of each */
};

/* A message being answered. */
struct answer {
	struct nic_fw *fw;
	const uint8_t *message;
	size_t bytes;
	uint8_t *reply;
	size_t room;
	struct slots slots;
};

static struct slots
slots_of(const struct nic_card *card)
{
	if (card->abi >= 3)
		return (struct slots){ card->map_key_bytes_max, card->map_value_bytes_max };
	return (struct slots){ NIC_CCM_SLOT_BYTES, NIC_CCM_SLOT_BYTES };
}

/* ---- ALLOC, FREE ---- */

static size_t
short_reply(const struct answer *a, enum nic_ccm_rc rc, uint32_t number)
{
	if (a->room < NIC_CCM_SHORT_BYTES)
		return 0;
	nic_ccm_put(a->reply + NIC_CCM_RC, rc);
	nic_ccm_put(a->reply + NIC_CCM_REPLY_MAP, number);
	return NIC_CCM_SHORT_BYTES;
}

static size_t
alloc_map(const struct answer *a)
{
	struct fw_map map = { 0 };
	enum nic_ccm_rc rc = NIC_CCM_BAD_MESSAGE;
	uint32_t id = 0;

	if (a->bytes == NIC_CCM_ALLOC_BYTES) {
		map.key_bytes = nic_ccm_get(a->message + NIC_CCM_ALLOC_KEY);
		map.value_bytes = nic_ccm_get(a->message + NIC_CCM_ALLOC_VALUE);
		map.entries_max = nic_ccm_get(a->message + NIC_CCM_ALLOC_ENTRIES);
		map.type = nic_ccm_get(a->message + NIC_CCM_ALLOC_MAP_TYPE);
		rc = fw_map_alloc(a->fw, &map, &id);
	}
	return short_reply(a, rc, rc ? 0 : id);
}

static size_t
free_map(const struct answer *a)
{
	uint32_t id;

	if (a->bytes != NIC_CCM_FREE_BYTES)
		return short_reply(a, NIC_CCM_BAD_MESSAGE, 0);
	id = nic_ccm_get(a->message + NIC_CCM_FREE_MAP);
	if (!fw_map_of(a->fw, id))
		return short_reply(a, NIC_CCM_BAD_MAP, 0);
	return short_reply(a, NIC_CCM_OK, fw_map_free(a->fw, id));
}

/* ---- operations on entries ---- */

/* An operation on the entries of a map. */
struct operation {
	const struct answer *a;
	const struct fw_map *map;
	uint32_t id, flags;
	uint32_t key[FW_KEY_WORDS_MAX];
	uint8_t value[FW_ENTRY_BYTES];
	uint32_t done;
};

static uint8_t *
entry_of_reply(const struct operation *op, uint32_t index)
{
	const struct answer *a = op->a;

	return a->reply + NIC_CCM_OP_BYTES + (size_t)index * (a->slots.key + a->slots.value);
}

static void
put_key(const struct operation *op, const uint32_t *key)
{
	memcpy(entry_of_reply(op, op->done), key, op->map->key_bytes);
}

static void
put_value(const struct operation *op, const struct fw_hit *hit)
{
	fw_copy_out(entry_of_reply(op, op->done) + op->a->slots.key, fw_value(op->a->fw, hit),
		op->map->value_bytes);
}

static enum nic_ccm_rc
lookup(struct operation *op)
{
	struct fw_hit hit;

	put_key(op, op->key);
	if (!fw_map_find(op->a->fw, op->id, op->key, &hit))
		return NIC_CCM_NO_ENTRY;
	put_value(op, &hit);
	op->done++;
	return NIC_CCM_OK;
}

static enum nic_ccm_rc
update(struct operation *op)
{
	enum nic_ccm_rc rc = fw_map_update(op->a->fw, op->id, op->key, op->value, op->flags);

	put_key(op, op->key);
	op->done = !rc;
	return rc;
}

static enum nic_ccm_rc delete (struct operation *op) {
	enum nic_ccm_rc rc = fw_map_delete(op->a->fw, op->id, op->key);

	put_key(op, op->key);
	op->done = !rc;
	return rc;
}

/* Entries behind key (NULL: from the first on), as many as were asked for and have room. One that
 * goes while it is looked at is left out. */
static enum nic_ccm_rc
walk(struct operation *op, const uint32_t *key)
{
	const size_t entry = op->a->slots.key + op->a->slots.value;
	const uint32_t asked = nic_ccm_get(op->a->message + NIC_CCM_OP_COUNT);
	uint32_t next[FW_KEY_WORDS_MAX] = { 0 };

	while (op->done < asked && (op->done + 1) * entry <= op->a->room - NIC_CCM_OP_BYTES) {
		enum nic_ccm_rc rc = fw_map_next(op->a->fw, op->id, key, next);
		struct fw_hit hit;

		if (rc)
			return rc;
		key = memcpy(op->key, next, sizeof(next));
		put_key(op, next);
		if (!fw_map_find(op->a->fw, op->id, next, &hit))
			continue;
		put_value(op, &hit);
		op->done++;
	}
	return NIC_CCM_OK;
}

static enum nic_ccm_rc
operate(struct operation *op)
{
	switch (op->a->message[NIC_CCM_TYPE]) {
	case NIC_CCM_MAP_LOOKUP: return lookup(op);
	case NIC_CCM_MAP_UPDATE: return update(op);
	case NIC_CCM_MAP_DELETE: return delete (op);
	case NIC_CCM_MAP_GETNEXT: return walk(op, op->key);
	default: return walk(op, NULL);
	}
}

/* The entry of the message. */
static void
take_entry(struct operation *op)
{
	const uint8_t *entry = op->a->message + NIC_CCM_OP_BYTES;

	memcpy(op->key, entry, op->map->key_bytes);
	memcpy(op->value, entry + op->a->slots.key, op->map->value_bytes);
}

static size_t
entries_reply(const struct answer *a)
{
	const size_t entry = a->slots.key + a->slots.value;
	struct operation op = { .a = a };
	enum nic_ccm_rc rc = NIC_CCM_BAD_MESSAGE;

	if (a->room < NIC_CCM_OP_BYTES + entry)
		return 0;
	memset(a->reply + NIC_CCM_HEADER_BYTES, 0, a->room - NIC_CCM_HEADER_BYTES);
	if (a->bytes == NIC_CCM_OP_BYTES + entry) {
		op.id = nic_ccm_get(a->message + NIC_CCM_OP_MAP);
		op.flags = nic_ccm_get(a->message + NIC_CCM_OP_FLAGS);
		op.map = fw_map_of(a->fw, op.id);
		rc = NIC_CCM_BAD_MAP;
	}
	if (op.map) {
		take_entry(&op);
		rc = operate(&op);
	}
	nic_ccm_put(a->reply + NIC_CCM_RC, rc);
	nic_ccm_put(a->reply + NIC_CCM_OP_COUNT, op.done);
	return NIC_CCM_OP_BYTES + (op.done + (rc ? 1 : 0)) * entry;
}

/* ---- messages ---- */

static size_t
answer(const struct answer *a)
{
	switch (a->message[NIC_CCM_TYPE]) {
	case NIC_CCM_MAP_ALLOC: return alloc_map(a);
	case NIC_CCM_MAP_FREE: return free_map(a);
	case NIC_CCM_MAP_LOOKUP:
	case NIC_CCM_MAP_UPDATE:
	case NIC_CCM_MAP_DELETE:
	case NIC_CCM_MAP_GETNEXT:
	case NIC_CCM_MAP_GETFIRST: return entries_reply(a);
	default: return 0;
	}
}

size_t
nic_fw_control(struct nic_fw *fw, const uint8_t *message, size_t bytes, uint8_t *reply, size_t size)
{
	const struct answer a = { .fw = fw,
		.message = message,
		.bytes = bytes,
		.reply = reply,
		.room = size < NIC_CCM_BYTES_MAX ? size : NIC_CCM_BYTES_MAX,
		.slots = slots_of(fw->card) };
	size_t len;

	if (bytes < NIC_CCM_HEADER_BYTES || size < NIC_CCM_SHORT_BYTES ||
		message[NIC_CCM_VER] != NIC_CCM_VERSION)
		return 0;
	pthread_mutex_lock(&fw->control);
	len = answer(&a);
	pthread_mutex_unlock(&fw->control);
	memcpy(reply, message, NIC_CCM_HEADER_BYTES);
	reply[NIC_CCM_TYPE] |= NIC_CCM_REPLY;
	return len;
}
