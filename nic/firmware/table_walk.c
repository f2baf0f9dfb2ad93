/* SPDX-License-Identifier: BSD-2-Clause */
/* All entries of a map, one bucket after the other, as the firmware does it. */
#include "nic/firmware/table.h"

/* The first bucket with entries from there on; FW_BUCKETS: none. */
static uint32_t
next_used(const struct fw_table *t, uint32_t bucket)
{
	while (bucket < FW_BUCKETS) {
		uint64_t bits =
			__atomic_load_n(&t->used[bucket / 64], __ATOMIC_RELAXED) >> bucket % 64;

		if (bits)
			return bucket + (uint32_t)__builtin_ctzll(bits);
		bucket = (bucket / 64 + 1) * 64;
	}
	return FW_BUCKETS;
}

/* The key of the map's entry in that slot of a bucket (-1 the first); false: it is not the map's.
 */
static bool
key_in_slot(const struct fw_table *t, const struct fw_map *map, uint32_t id, uint32_t bucket,
	int slot, uint32_t *key)
{
	const uint8_t *at = fw_bucket_at(t, bucket), *entry = at;

	if (slot < 0 && !fw_is_first_of(t, bucket, id))
		return false;
	if (slot >= 0) {
		const uint32_t ref = fw_get(at + REFS_AT + 4 * slot);

		if (!fw_get(at + TAGS_AT + 4 * slot) || ref >> 24 != id ||
			(ref & TAG_BITS) >= FW_POOL_ENTRIES)
			return false;
		entry = fw_pool_at(t, ref & TAG_BITS);
	}
	for (uint32_t i = 0; i < map->key_words; i++)
		key[i] = fw_get(entry + 4 * i);
	return true;
}

/* The map's first entry of the bucket behind that slot (-2: at all). */
static bool
next_in_bucket(struct fw_table *t, const struct fw_map *map, uint32_t id, uint32_t bucket, int slot,
	uint32_t *key)
{
	const uint32_t *stripe = fw_stripe_of(t, bucket);
	uint32_t seen;
	bool has;

	do {
		seen = fw_begin_reading(stripe);
		has = false;
		for (int i = slot + 1; i < (int)FW_OVERFLOWS && !has; i++)
			has = key_in_slot(t, map, id, bucket, i, key);
	} while (fw_has_changed(stripe, seen));
	return has;
}

enum nic_ccm_rc
fw_table_next(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	uint32_t *next)
{
	uint32_t bucket = 0, compared = 0;
	struct fw_found found;

	if (key) {
		const struct fw_place place = fw_place_of(map, id, key);

		if (fw_find_in_bucket(t, map, id, key, place, &found, &compared)) {
			if (next_in_bucket(t, map, id, place.bucket, found.slot, next))
				return NIC_CCM_OK;
			bucket = place.bucket + 1;
		}
	}
	for (bucket = next_used(t, bucket); bucket < FW_BUCKETS; bucket = next_used(t, bucket + 1))
		if (next_in_bucket(t, map, id, bucket, -2, next))
			return NIC_CCM_OK;
	return NIC_CCM_NO_ENTRY;
}

uint32_t
fw_table_clear(struct fw_table *t, struct fw_map *map, uint32_t id)
{
	uint32_t cnt = 0, key[FW_KEY_WORDS_MAX];

	for (uint32_t bucket = next_used(t, 0); bucket < FW_BUCKETS;
		bucket = next_used(t, bucket + 1)) {
		fw_begin_writing(fw_stripe_of(t, bucket));
		for (int slot = -1; slot < (int)FW_OVERFLOWS; slot++)
			if (key_in_slot(t, map, id, bucket, slot, key)) {
				fw_remove_found(t, map, bucket, slot);
				cnt++;
			}
		fw_end_writing(fw_stripe_of(t, bucket));
	}
	return cnt;
}
