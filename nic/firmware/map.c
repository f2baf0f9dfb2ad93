/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: what there may be, and arrays, whose elements are all there from the beginning where the
 * card file says so (arrays_filled); entries of other maps are in the table. Called by control.c
 * for the host and helper.c for programs.
 */
#include "nic/firmware/internal.h"

#include <linux/bpf.h>
#include <string.h>

static uint32_t
round_up(uint32_t bytes, uint32_t to)
{
	return (bytes + to - 1) / to * to;
}

struct fw_map *
fw_map_of(struct nic_fw *fw, uint32_t id)
{
	return id > 0 && id < FW_MAP_IDS && __atomic_load_n(&fw->maps[id].is_used, __ATOMIC_ACQUIRE)
		       ? &fw->maps[id]
		       : NULL;
}

uint8_t *
fw_value(struct nic_fw *fw, const struct fw_hit *hit)
{
	return nic_mem_at(fw->mem, NIC_TARGET_MEM,
		((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT) + hit->base + hit->offset, 1);
}

/* ---- which maps there may be ---- */

static enum nic_ccm_rc
is_possible(const struct nic_fw *fw, const struct fw_map *map)
{
	const struct nic_card *card = fw->card;
	const uint32_t key = round_up(map->key_bytes, 8), value = round_up(map->value_bytes, 8);

	if (map->type >= 32 || !(card->map_types >> map->type & 1) || map->key_bytes == 0 ||
		map->value_bytes == 0 || map->entries_max == 0 ||
		map->key_bytes > card->map_key_bytes_max ||
		map->value_bytes > card->map_value_bytes_max || map->key_bytes > FW_ENTRY_BYTES ||
		map->value_bytes > FW_ARRAY_ELEMENT_BYTES_MAX ||
		key + value > card->map_entry_bytes_max || key + value > FW_ENTRY_BYTES ||
		(map->type == BPF_MAP_TYPE_ARRAY && map->key_bytes != 4))
		return NIC_CCM_BAD_ARGUMENT;
	if (fw->map_cnt >= card->map_cnt_max ||
		map->entries_max > card->map_entries_max - fw->elements)
		return NIC_CCM_NO_MEMORY;
	return NIC_CCM_OK;
}

/* The first gap between arrays. */
static bool
place_array(const struct nic_fw *fw, struct fw_map *map)
{
	const uint64_t bytes = (uint64_t)map->entries_max * map->stride;
	const uint64_t end = fw_emem_bytes(fw->card->map_entries_max);
	uint64_t at = fw_emem_bytes(0);
	bool is_free;

	do {
		is_free = true;
		for (uint32_t i = 1; i < FW_MAP_IDS; i++) {
			const struct fw_map *m = &fw->maps[i];
			const uint64_t m_end = m->array_at + (uint64_t)m->entries_max * m->stride;

			if (m->is_used && m->is_array && at < m_end && m->array_at < at + bytes) {
				at = m_end;
				is_free = false;
			}
		}
	} while (!is_free);
	map->array_at = at;
	return at + bytes <= end;
}

static void
clear_array(struct nic_fw *fw, const struct fw_map *map)
{
	const struct fw_hit first = { .base = map->array_at };

	memset(fw_value(fw, &first), 0, (size_t)map->entries_max * map->stride);
}

static bool
set_layout(const struct nic_fw *fw, struct fw_map *map)
{
	const uint32_t tail = map->key_bytes % 4;

	map->key_words = round_up(map->key_bytes, 4) / 4;
	map->tail_mask = tail ? (UINT32_C(1) << 8 * tail) - 1 : UINT32_MAX;
	map->value_at = round_up(4 * map->key_words, 8);
	map->stride = round_up(map->value_bytes, 8);
	map->is_array = map->type == BPF_MAP_TYPE_ARRAY && fw->card->arrays_filled;
	return !map->is_array || place_array(fw, map);
}

enum nic_ccm_rc
fw_map_alloc(struct nic_fw *fw, const struct fw_map *wanted, uint32_t *id)
{
	enum nic_ccm_rc rc = is_possible(fw, wanted);
	struct fw_map map = *wanted;

	for (*id = 1; *id < FW_MAP_IDS && fw->maps[*id].is_used;)
		++*id;
	if (!rc && (*id == FW_MAP_IDS || !set_layout(fw, &map)))
		rc = NIC_CCM_NO_MEMORY;
	if (rc)
		return rc;
	fw->maps[*id] = map;
	if (map.is_array)
		clear_array(fw, &map);
	__atomic_store_n(&fw->maps[*id].is_used, true, __ATOMIC_RELEASE);
	fw->map_cnt++;
	fw->elements += map.entries_max;
	return NIC_CCM_OK;
}

uint32_t
fw_map_free(struct nic_fw *fw, uint32_t id)
{
	struct fw_map *map = &fw->maps[id];
	uint32_t cnt = map->entries_max;

	__atomic_store_n(&map->is_used, false, __ATOMIC_RELEASE);
	if (!map->is_array)
		cnt = fw_table_clear(fw->table, map, id);
	fw->map_cnt--;
	fw->elements -= map->entries_max;
	return cnt;
}

/* ---- entries ---- */

bool
fw_map_find(struct nic_fw *fw, uint32_t id, const uint32_t *key, struct fw_hit *hit)
{
	const struct fw_map *map = &fw->maps[id];

	if (!map->is_array)
		return fw_table_find(fw->table, map, id, key, hit);
	*hit = (struct fw_hit){ .found = NIC_FOUND_EMPTY };
	if (key[0] >= map->entries_max)
		return false;
	*hit = (struct fw_hit){ .found = NIC_FOUND_PRIMARY,
		.base = map->array_at,
		.offset = (uint64_t)key[0] * map->stride };
	return true;
}

enum nic_ccm_rc
fw_map_update(
	struct nic_fw *fw, uint32_t id, const uint32_t *key, const uint8_t *value, uint64_t flags)
{
	struct fw_map *map = &fw->maps[id];
	struct fw_hit hit;

	/* In the kernel's order: BPF_F_LOCK, which no map here can have, an array sees last. */
	if ((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST)
		return NIC_CCM_BAD_ARGUMENT;
	if (map->type == BPF_MAP_TYPE_ARRAY && key[0] >= map->entries_max)
		return NIC_CCM_TOO_BIG;
	if (map->type == BPF_MAP_TYPE_ARRAY && flags == (BPF_F_LOCK | BPF_NOEXIST))
		return NIC_CCM_EXISTS;
	if (flags & BPF_F_LOCK)
		return NIC_CCM_BAD_ARGUMENT;
	if (!map->is_array)
		return fw_table_update(fw->table, map, id, key, value, flags);
	if (flags == BPF_NOEXIST)
		return NIC_CCM_EXISTS;
	fw_map_find(fw, id, key, &hit);
	fw_copy_in(fw_value(fw, &hit), value, map->value_bytes);
	return NIC_CCM_OK;
}

enum nic_ccm_rc
fw_map_delete(struct nic_fw *fw, uint32_t id, const uint32_t *key)
{
	struct fw_map *map = &fw->maps[id];

	if (map->type == BPF_MAP_TYPE_ARRAY)
		return NIC_CCM_BAD_ARGUMENT;
	return fw_table_delete(fw->table, map, id, key);
}

enum nic_ccm_rc
fw_map_next(struct nic_fw *fw, uint32_t id, const uint32_t *key, uint32_t *next)
{
	const struct fw_map *map = &fw->maps[id];

	if (!map->is_array)
		return fw_table_next(fw->table, map, id, key, next);
	next[0] = key && key[0] < map->entries_max ? key[0] + 1 : 0;
	return next[0] < map->entries_max ? NIC_CCM_OK : NIC_CCM_NO_ENTRY;
}
