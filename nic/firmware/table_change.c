/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of the map table are written, inserted and taken out (firmware-facts.md 1.4). */
#include "nic/firmware/table.h"

#include <linux/bpf.h>
#include <stdlib.h>

static void
set_used(struct fw_table *t, uint32_t bucket, bool is_used)
{
	const uint64_t bit = UINT64_C(1) << bucket % 64;

	if (is_used)
		__atomic_fetch_or(&t->used[bucket / 64], bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&t->used[bucket / 64], ~bit, __ATOMIC_RELAXED);
}

static bool
has_entries(const struct fw_table *t, uint32_t bucket)
{
	bool has = fw_get(fw_lock_at(t, bucket)) & LOCK_VALID;

	for (uint32_t i = 0; i < FW_OVERFLOWS; i++)
		has |= fw_get(fw_bucket_at(t, bucket) + TAGS_AT + 4 * i) != 0;
	return has;
}

/* False: the pool is empty. */
static bool
take_from_pool(struct fw_table *t, uint32_t *index)
{
	bool has = true;

	pthread_mutex_lock(&t->pool_lock);
	if (t->pool_free_cnt > 0)
		*index = t->pool_free[--t->pool_free_cnt];
	else if (t->pool_next < FW_POOL_ENTRIES)
		*index = t->pool_next++;
	else
		has = false;
	pthread_mutex_unlock(&t->pool_lock);
	return has;
}

/* Without memory to remember it, an entry is lost. */
static void
give_to_pool(struct fw_table *t, uint32_t index)
{
	pthread_mutex_lock(&t->pool_lock);
	if (t->pool_free_cnt == t->pool_free_room) {
		const uint32_t room = t->pool_free_room ? 2 * t->pool_free_room : 64;
		uint32_t *more = realloc(t->pool_free, room * sizeof(*more));

		if (more) {
			t->pool_free = more;
			t->pool_free_room = room;
		}
	}
	if (t->pool_free_cnt < t->pool_free_room)
		t->pool_free[t->pool_free_cnt++] = index;
	pthread_mutex_unlock(&t->pool_lock);
}

static void
write_entry(const struct fw_map *map, uint8_t *entry, const uint32_t *key, const uint8_t *value)
{
	for (uint32_t i = 0; i < map->key_words; i++)
		fw_put(entry + 4 * i, key[i]);
	fw_copy_in(entry + map->value_at, value, map->value_bytes);
}

static enum nic_ccm_rc
insert(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	const uint8_t *value, struct fw_place place)
{
	uint8_t *bucket = fw_bucket_at(t, place.bucket), *lock = fw_lock_at(t, place.bucket);
	uint32_t slot = 0, index;

	if (!(fw_get(lock) & LOCK_VALID)) {
		write_entry(map, bucket, key, value);
		fw_put(lock + 4, id);
		fw_put(lock, LOCK_VALID);
		return NIC_CCM_OK;
	}
	while (slot < FW_OVERFLOWS && fw_get(bucket + TAGS_AT + 4 * slot) != 0)
		slot++;
	if (slot == FW_OVERFLOWS || !take_from_pool(t, &index))
		return NIC_CCM_TOO_BIG;
	write_entry(map, fw_pool_at(t, index), key, value);
	fw_put(bucket + REFS_AT + 4 * slot, id << 24 | index);
	fw_put(bucket + TAGS_AT + 4 * slot, place.tag);
	return NIC_CCM_OK;
}

/* One more entry of the map; false: it is full. */
static bool
take_credit(struct fw_map *map)
{
	if (__atomic_fetch_add(&map->entries, 1, __ATOMIC_RELAXED) < map->entries_max)
		return true;
	__atomic_fetch_sub(&map->entries, 1, __ATOMIC_RELAXED);
	return false;
}

static enum nic_ccm_rc
insert_credited(struct fw_table *t, struct fw_map *map, uint32_t id, const uint32_t *key,
	const uint8_t *value, struct fw_place place)
{
	enum nic_ccm_rc rc;

	if (!take_credit(map))
		return NIC_CCM_TOO_BIG;
	rc = insert(t, map, id, key, value, place);
	if (rc)
		__atomic_fetch_sub(&map->entries, 1, __ATOMIC_RELAXED);
	else
		set_used(t, place.bucket, true);
	return rc;
}

enum nic_ccm_rc
fw_table_update(struct fw_table *t, struct fw_map *map, uint32_t id, const uint32_t *key,
	const uint8_t *value, uint64_t flags)
{
	const struct fw_place place = fw_place_of(map, id, key);
	uint32_t *stripe = fw_stripe_of(t, place.bucket), compared = 0;
	enum nic_ccm_rc rc = NIC_CCM_OK;
	struct fw_found found;

	fw_begin_writing(stripe);
	if (!fw_find_in_bucket(t, map, id, key, place, &found, &compared))
		rc = flags == BPF_EXIST ? NIC_CCM_NO_ENTRY
					: insert_credited(t, map, id, key, value, place);
	else if (flags == BPF_NOEXIST)
		rc = NIC_CCM_EXISTS;
	else
		fw_copy_in(
			t->emem + found.base + found.at + map->value_at, value, map->value_bytes);
	fw_end_writing(stripe);
	return rc;
}

void
fw_remove_found(struct fw_table *t, struct fw_map *map, uint32_t bucket, int slot)
{
	uint8_t *at = fw_bucket_at(t, bucket);

	if (slot < 0) {
		fw_put(fw_lock_at(t, bucket), 0);
		fw_put(fw_lock_at(t, bucket) + 4, 0);
	} else {
		give_to_pool(t, fw_get(at + REFS_AT + 4 * slot) & TAG_BITS);
		fw_put(at + TAGS_AT + 4 * slot, 0);
		fw_put(at + REFS_AT + 4 * slot, 0);
	}
	__atomic_fetch_sub(&map->entries, 1, __ATOMIC_RELAXED);
	if (!has_entries(t, bucket))
		set_used(t, bucket, false);
}

enum nic_ccm_rc
fw_table_delete(struct fw_table *t, struct fw_map *map, uint32_t id, const uint32_t *key)
{
	const struct fw_place place = fw_place_of(map, id, key);
	uint32_t *stripe = fw_stripe_of(t, place.bucket), compared = 0;
	struct fw_found found;
	bool is_there;

	fw_begin_writing(stripe);
	is_there = fw_find_in_bucket(t, map, id, key, place, &found, &compared);
	if (is_there)
		fw_remove_found(t, map, place.bucket, found.slot);
	fw_end_writing(stripe);
	return is_there ? NIC_CCM_OK : NIC_CCM_NO_ENTRY;
}
