/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of all maps in EMEM (firmware-facts.md 1.1 to 1.4). A key's hash gives a bucket and a
 * tag. The first entry of a bucket is in it; up to eight more, of any map, are in the overflow
 * pool, found by their tags. Called by map.c.
 *
 * Locks are the host's: a sequence number for each stripe of buckets, odd while it is written. Who
 * reads takes none, and reads again what was written meanwhile. A value's address is given away
 * unlocked, as on the card: an entry that is deleted then may be another key's when it is read.
 */
#include "nic/firmware/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t
fw_emem_bytes(uint32_t elements_max)
{
	return ARRAYS_AT + (uint64_t)elements_max * FW_ARRAY_ELEMENT_BYTES_MAX;
}

struct fw_table *
fw_table_new(struct nic_mem *mem)
{
	struct fw_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->emem = nic_mem_at(mem, NIC_TARGET_MEM, (uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT, 1);
	t->used = calloc(FW_BUCKETS / 64, sizeof(*t->used));
	pthread_mutex_init(&t->pool_lock, NULL);
	if (t->emem && t->used)
		return t;
	fw_table_free(t);
	errno = ENOMEM;
	return NULL;
}

void
fw_table_free(struct fw_table *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->pool_lock);
	free(t->pool_free);
	free(t->used);
	free(t);
}

/* ---- words ---- */

void
fw_copy_in(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 8) {
		uint64_t value = 0;

		memcpy(&value, from + i, bytes - i < 8 ? bytes - i : 8);
		__atomic_store_n((uint64_t *)(void *)(to + i), value, __ATOMIC_RELAXED);
	}
}

void
fw_copy_out(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 8) {
		uint64_t value = __atomic_load_n(
			(const uint64_t *)(const void *)(from + i), __ATOMIC_RELAXED);

		memcpy(to + i, &value, bytes - i < 8 ? bytes - i : 8);
	}
}

/* ---- where a key belongs ---- */

/* Not the firmware's hash, whose pad nobody published here; placement shows nowhere but in which
 * keys share a bucket. */
struct fw_place
fw_place_of(const struct fw_map *map, uint32_t id, const uint32_t *key)
{
	uint64_t h = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);

	for (uint32_t i = 0; i < map->key_words; i++) {
		h = (h ^ key[i]) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
	}
	return (struct fw_place){ .bucket = (uint32_t)h & (FW_BUCKETS - 1),
		.tag = ((uint32_t)(h >> 40) & TAG_BITS) | 1 };
}

/* ---- finding ---- */

/* Counts the words that were compared. */
static bool
is_key(const struct fw_map *map, const uint8_t *entry, const uint32_t *key, uint32_t *compared)
{
	for (uint32_t i = 0; i < map->key_words; i++) {
		++*compared;
		if (fw_get(entry + 4 * i) != key[i])
			return false;
	}
	return true;
}

bool
fw_find_in_bucket(const struct fw_table *t, const struct fw_map *map, uint32_t id,
	const uint32_t *key, struct fw_place place, struct fw_found *found, uint32_t *compared)
{
	const uint8_t *bucket = fw_bucket_at(t, place.bucket);

	*found = (struct fw_found){
		.slot = -1, .base = BUCKETS_AT, .at = (uint64_t)place.bucket * FW_BUCKET_BYTES
	};
	if (fw_is_first_of(t, place.bucket, id) && is_key(map, bucket, key, compared))
		return true;
	if (!fw_is_used(t, place.bucket))
		return false;
	for (uint32_t i = 0; i < FW_OVERFLOWS; i++) {
		const uint32_t ref = fw_get(bucket + REFS_AT + 4 * i), index = ref & TAG_BITS;

		if (fw_get(bucket + TAGS_AT + 4 * i) != place.tag || ref >> 24 != id ||
			index >= FW_POOL_ENTRIES)
			continue;
		*found = (struct fw_found){
			.slot = (int)i, .base = POOL_AT, .at = (uint64_t)index * FW_ENTRY_BYTES
		};
		if (is_key(map, fw_pool_at(t, index), key, compared))
			return true;
	}
	return false;
}

bool
fw_table_find(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	struct fw_hit *hit)
{
	const struct fw_place place = fw_place_of(map, id, key);
	const uint32_t *stripe = fw_stripe_of(t, place.bucket);
	uint32_t seen, compared;
	struct fw_found found;
	bool is_there, has_other;

	do {
		seen = fw_begin_reading(stripe);
		compared = 0;
		has_other = fw_is_first_of(t, place.bucket, id);
		is_there = fw_find_in_bucket(t, map, id, key, place, &found, &compared);
	} while (fw_has_changed(stripe, seen));
	*hit = (struct fw_hit){
		.base = found.base, .offset = found.at + map->value_at, .compared = compared
	};
	if (!is_there)
		hit->found = has_other ? NIC_FOUND_OTHER : NIC_FOUND_EMPTY;
	else
		hit->found = found.slot < 0 ? NIC_FOUND_PRIMARY : NIC_FOUND_OVERFLOW;
	return is_there;
}
