/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of the card by control messages, and the cache of a walk over one: GETFIRST and GETNEXT ask
 * for several entries, and what they bring answers the walk's next steps and lookups for 250 us
 * (kernel: nfp/bpf/cmsg.c).
 */
#include "offload/ccm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_NS UINT64_C(250000)

/* ---- ALLOC, FREE ---- */

int
off_ccm_map_alloc(struct off_ccm *ccm, const struct xb_map_def *def, struct off_ccm_map *map)
{
	uint8_t request[NIC_CCM_ALLOC_BYTES] = { [NIC_CCM_TYPE] = NIC_CCM_MAP_ALLOC };
	struct off_ccm_reply *reply;
	int err;

	if (def->key_size > ccm->key_bytes || def->value_size > ccm->value_bytes)
		return off_refuse(NULL, OFF_RULE_CM_17);
	nic_ccm_put(request + NIC_CCM_ALLOC_KEY, def->key_size);
	nic_ccm_put(request + NIC_CCM_ALLOC_VALUE, def->value_size);
	nic_ccm_put(request + NIC_CCM_ALLOC_ENTRIES, def->max_entries);
	nic_ccm_put(request + NIC_CCM_ALLOC_MAP_TYPE, def->type);
	err = off_ccm_communicate(ccm, request, sizeof(request), NIC_CCM_SHORT_BYTES, &reply);
	if (err)
		return err;
	err = off_ccm_errno(ccm, reply);
	*map = (struct off_ccm_map){ .id = nic_ccm_get(reply->message + NIC_CCM_REPLY_MAP),
		.key_bytes = def->key_size,
		.value_bytes = def->value_size };
	free(reply);
	return err;
}

void
off_ccm_map_free(struct off_ccm *ccm, struct off_ccm_map *map)
{
	uint8_t request[NIC_CCM_FREE_BYTES] = { [NIC_CCM_TYPE] = NIC_CCM_MAP_FREE };
	struct off_ccm_reply *reply;
	int err;

	nic_ccm_put(request + NIC_CCM_FREE_MAP, map->id);
	if (off_ccm_communicate(ccm, request, sizeof(request), NIC_CCM_SHORT_BYTES, &reply)) {
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_10);
	} else {
		err = off_ccm_errno(ccm, reply);
		if (err)
			off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_11, err);
		free(reply);
	}
	free(map->cache);
	map->cache = NULL;
}

/* ---- what is kept of a walk ---- */

static bool
is_change(enum nic_ccm_type type)
{
	return type == NIC_CCM_MAP_UPDATE || type == NIC_CCM_MAP_DELETE;
}

static bool
is_walk(enum nic_ccm_type type)
{
	return type == NIC_CCM_MAP_GETFIRST || type == NIC_CCM_MAP_GETNEXT;
}

static const uint8_t *
key_at(const struct off_ccm *ccm, const struct off_ccm_reply *reply, uint32_t i)
{
	return reply->message + off_ccm_bytes(ccm, i);
}

static void
drop_cache(struct off_ccm_map *map)
{
	free(map->cache);
	map->cache = NULL;
}

static void
copy_out(const struct off_ccm *ccm, const struct off_ccm_map *map,
	const struct off_ccm_operation *op, const uint8_t *entry)
{
	if (op->key_out)
		memcpy(op->key_out, entry, map->key_bytes);
	if (op->value_out)
		memcpy(op->value_out, entry + ccm->key_bytes, map->value_bytes);
}

/* Is the answer there? A step from the last entry that is there is not. */
static bool
answer_from_cache(struct off_ccm *ccm, struct off_ccm_map *map, const struct off_ccm_operation *op)
{
	const uint32_t step = op->type == NIC_CCM_MAP_GETNEXT;
	uint32_t cnt;

	if (!map->cache || (op->type != NIC_CCM_MAP_LOOKUP && !step))
		return false;
	if (map->cache_until < off_now(&ccm->log->clock)) {
		drop_cache(map);
		return false;
	}
	cnt = nic_ccm_get(map->cache->message + NIC_CCM_OP_COUNT);
	for (uint32_t i = 0; i < cnt; i++) {
		if (memcmp(key_at(ccm, map->cache, i), op->key, map->key_bytes) != 0)
			continue;
		if (i + step == cnt)
			return false;
		copy_out(ccm, map, op, key_at(ccm, map->cache, i + step));
		return true;
	}
	return false;
}

/* Before the request: how many entries it asks for; 0: it need not be sent. */
static uint32_t
begin_operation(struct off_ccm *ccm, struct off_ccm_map *map, const struct off_ccm_operation *op)
{
	if (is_change(op->type)) {
		map->blockers++;
		drop_cache(map);
		return 1;
	}
	if (answer_from_cache(ccm, map, op))
		return 0;
	return is_walk(op->type) && map->blockers == 0 ? ccm->walk_entries : 1;
}

/* After it: reply is kept, when it is a walk's and nothing was changed meanwhile, or freed. A walk
 * that failed leaves nothing, either. */
static void
end_operation(struct off_ccm *ccm, struct off_ccm_map *map, enum nic_ccm_type type,
	uint32_t generation, struct off_ccm_reply *reply)
{
	if (is_change(type)) {
		map->blockers--;
		map->generation++;
	}
	if (!is_walk(type) || map->blockers || map->generation != generation) {
		free(reply);
		return;
	}
	drop_cache(map);
	map->cache = reply;
	map->cache_until = off_now(&ccm->log->clock) + CACHE_NS;
}

/* ---- operations ---- */

/* The reply's own count says how long it is, with a slot more when it tells of an error. That is
 * of no matter where entries were done. An operation that wants one gets one. */
static int
check_reply(struct off_ccm *ccm, const struct off_ccm_operation *op, uint32_t asked,
	const struct off_ccm_reply *reply)
{
	uint64_t cnt;
	int err;

	if (reply->bytes < NIC_CCM_OP_BYTES) {
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_7, op->type, (int)reply->bytes);
		return -EIO;
	}
	cnt = nic_ccm_get(reply->message + NIC_CCM_OP_COUNT);
	err = off_ccm_errno(ccm, reply);
	if (err && (asked == 1 || cnt == 0))
		return err;
	cnt += err != 0;
	if (cnt == 0 && (op->key_out || op->value_out))
		cnt = 1;
	if (reply->bytes == off_ccm_bytes(ccm, cnt))
		return 0;
	off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_8, op->type, (int)reply->bytes, (int)cnt);
	return -EIO;
}

static int
request(struct off_ccm *ccm, const struct off_ccm_map *map, const struct off_ccm_operation *op,
	uint32_t asked, struct off_ccm_reply **reply)
{
	uint8_t message[NIC_CCM_BYTES_MAX];
	uint8_t *entry = message + NIC_CCM_OP_BYTES;
	const size_t bytes = off_ccm_bytes(ccm, 1);

	memset(message, 0, bytes);
	message[NIC_CCM_TYPE] = (uint8_t)op->type;
	nic_ccm_put(message + NIC_CCM_OP_MAP, map->id);
	nic_ccm_put(message + NIC_CCM_OP_COUNT, asked);
	nic_ccm_put(message + NIC_CCM_OP_FLAGS, (uint32_t)op->flags);
	if (op->key)
		memcpy(entry, op->key, map->key_bytes);
	if (op->value)
		memcpy(entry + ccm->key_bytes, op->value, map->value_bytes);
	return off_ccm_communicate(ccm, message, bytes, 0, reply);
}

int
off_ccm_map_operate(
	struct off_ccm *ccm, struct off_ccm_map *map, const struct off_ccm_operation *op)
{
	const uint32_t generation = map->generation;
	struct off_ccm_reply *reply = NULL;
	uint32_t asked;
	int err;

	if (op->flags >> 32) /* messages have no room for them */
		return off_refuse(NULL, OFF_RULE_CM_16);
	asked = begin_operation(ccm, map, op);
	if (asked == 0)
		return 0;
	err = request(ccm, map, op, asked, &reply);
	if (!err)
		err = check_reply(ccm, op, asked, reply);
	if (!err)
		copy_out(ccm, map, op, reply->message + NIC_CCM_OP_BYTES);
	if (err) {
		free(reply);
		reply = NULL;
	}
	end_operation(ccm, map, op->type, generation, reply);
	return err;
}
