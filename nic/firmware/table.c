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
#include "nic/firmware/internal.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_AT 64u /* in a bucket */
#define REFS_AT 96u
#define TAG_BITS 0xffffffu
#define STRIPES 4096u
/* A lock word pair, 8 bytes a bucket: valid, and the map of the first entry. */
#define LOCK_VALID (UINT32_C(1) << 30)

#define BUCKETS_AT UINT64_C(0)
#define LOCKS_AT (BUCKETS_AT + (uint64_t)FW_BUCKETS * FW_BUCKET_BYTES)
#define POOL_AT (LOCKS_AT + (uint64_t)FW_BUCKETS * 8)
#define ARRAYS_AT (POOL_AT + (uint64_t)FW_POOL_ENTRIES * FW_ENTRY_BYTES)

struct fw_table {
	uint8_t *emem;
	uint32_t stripes[STRIPES]; /* atomic */
	uint64_t *used;		   /* a bit a bucket: it has entries; atomic */
	pthread_mutex_t pool_lock;
	uint32_t *pool_free; /* indices that were given back */
	uint32_t pool_free_cnt, pool_free_room;
	uint32_t pool_next; /* never used from here on */
};

/* Where a key is, or would be. */
struct place {
	uint32_t bucket, tag;
};

/* An entry that was found: which of its bucket, -1 the first. */
struct found {
	int slot;
	uint64_t base, at;
};

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

static uint32_t
get(const uint8_t *at)
{
	return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_RELAXED);
}

static void
put(uint8_t *at, uint32_t value)
{
	__atomic_store_n((uint32_t *)(void *)at, value, __ATOMIC_RELAXED);
}

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
static struct place
place_of(const struct fw_map *map, uint32_t id, const uint32_t *key)
{
	uint64_t h = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);

	for (uint32_t i = 0; i < map->key_words; i++) {
		h = (h ^ key[i]) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
	}
	return (struct place){ .bucket = (uint32_t)h & (FW_BUCKETS - 1),
		.tag = ((uint32_t)(h >> 40) & TAG_BITS) | 1 };
}

static uint8_t *
bucket_at(const struct fw_table *t, uint32_t bucket)
{
	return t->emem + BUCKETS_AT + (uint64_t)bucket * FW_BUCKET_BYTES;
}

static uint8_t *
lock_at(const struct fw_table *t, uint32_t bucket)
{
	return t->emem + LOCKS_AT + (uint64_t)bucket * 8;
}

static uint8_t *
pool_at(const struct fw_table *t, uint32_t index)
{
	return t->emem + POOL_AT + (uint64_t)index * FW_ENTRY_BYTES;
}

/* ---- who may change a bucket ---- */

static uint32_t *
stripe_of(struct fw_table *t, uint32_t bucket)
{
	return &t->stripes[bucket % STRIPES];
}

static uint32_t
begin_reading(const uint32_t *stripe)
{
	uint32_t seen;

	do
		seen = __atomic_load_n(stripe, __ATOMIC_ACQUIRE);
	while (seen & 1);
	return seen;
}

static bool
has_changed(const uint32_t *stripe, uint32_t seen)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(stripe, __ATOMIC_RELAXED) != seen;
}

static void
begin_writing(uint32_t *stripe)
{
	uint32_t seen;

	do
		seen = begin_reading(stripe);
	while (!__atomic_compare_exchange_n(
		stripe, &seen, seen + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
end_writing(uint32_t *stripe)
{
	__atomic_fetch_add(stripe, 1, __ATOMIC_RELEASE);
}

/* ---- finding ---- */

/* Counts the words that were compared. */
static bool
is_key(const struct fw_map *map, const uint8_t *entry, const uint32_t *key, uint32_t *compared)
{
	for (uint32_t i = 0; i < map->key_words; i++) {
		++*compared;
		if (get(entry + 4 * i) != key[i])
			return false;
	}
	return true;
}

static bool
is_first_of(const struct fw_table *t, uint32_t bucket, uint32_t id)
{
	const uint8_t *lock = lock_at(t, bucket);

	return get(lock) & LOCK_VALID && get(lock + 4) == id;
}

/* In a bucket that nobody changes, or that is looked at again. */
static bool
find_in_bucket(const struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	struct place place, struct found *found, uint32_t *compared)
{
	const uint8_t *bucket = bucket_at(t, place.bucket);

	*found = (struct found){
		.slot = -1, .base = BUCKETS_AT, .at = (uint64_t)place.bucket * FW_BUCKET_BYTES
	};
	if (is_first_of(t, place.bucket, id) && is_key(map, bucket, key, compared))
		return true;
	for (uint32_t i = 0; i < FW_OVERFLOWS; i++) {
		const uint32_t ref = get(bucket + REFS_AT + 4 * i), index = ref & TAG_BITS;

		if (get(bucket + TAGS_AT + 4 * i) != place.tag || ref >> 24 != id ||
			index >= FW_POOL_ENTRIES)
			continue;
		*found = (struct found){
			.slot = (int)i, .base = POOL_AT, .at = (uint64_t)index * FW_ENTRY_BYTES
		};
		if (is_key(map, pool_at(t, index), key, compared))
			return true;
	}
	return false;
}

bool
fw_table_find(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	struct fw_hit *hit)
{
	const struct place place = place_of(map, id, key);
	const uint32_t *stripe = stripe_of(t, place.bucket);
	uint32_t seen, compared;
	struct found found;
	bool is_there, has_other;

	do {
		seen = begin_reading(stripe);
		compared = 0;
		has_other = is_first_of(t, place.bucket, id);
		is_there = find_in_bucket(t, map, id, key, place, &found, &compared);
	} while (has_changed(stripe, seen));
	*hit = (struct fw_hit){
		.base = found.base, .offset = found.at + map->value_at, .compared = compared
	};
	if (!is_there)
		hit->found = has_other ? NIC_FOUND_OTHER : NIC_FOUND_EMPTY;
	else
		hit->found = found.slot < 0 ? NIC_FOUND_PRIMARY : NIC_FOUND_OVERFLOW;
	return is_there;
}

/* ---- changing ---- */

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
	bool has = get(lock_at(t, bucket)) & LOCK_VALID;

	for (uint32_t i = 0; i < FW_OVERFLOWS; i++)
		has |= get(bucket_at(t, bucket) + TAGS_AT + 4 * i) != 0;
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
		put(entry + 4 * i, key[i]);
	fw_copy_in(entry + map->value_at, value, map->value_bytes);
}

static enum nic_ccm_rc
insert(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	const uint8_t *value, struct place place)
{
	uint8_t *bucket = bucket_at(t, place.bucket), *lock = lock_at(t, place.bucket);
	uint32_t slot = 0, index;

	if (!(get(lock) & LOCK_VALID)) {
		write_entry(map, bucket, key, value);
		put(lock + 4, id);
		put(lock, LOCK_VALID);
		return NIC_CCM_OK;
	}
	while (slot < FW_OVERFLOWS && get(bucket + TAGS_AT + 4 * slot) != 0)
		slot++;
	if (slot == FW_OVERFLOWS || !take_from_pool(t, &index))
		return NIC_CCM_TOO_BIG;
	write_entry(map, pool_at(t, index), key, value);
	put(bucket + REFS_AT + 4 * slot, id << 24 | index);
	put(bucket + TAGS_AT + 4 * slot, place.tag);
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
	const uint8_t *value, struct place place)
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
	const struct place place = place_of(map, id, key);
	uint32_t *stripe = stripe_of(t, place.bucket), compared = 0;
	enum nic_ccm_rc rc = NIC_CCM_OK;
	struct found found;

	begin_writing(stripe);
	if (!find_in_bucket(t, map, id, key, place, &found, &compared))
		rc = flags == BPF_EXIST ? NIC_CCM_NO_ENTRY
					: insert_credited(t, map, id, key, value, place);
	else if (flags == BPF_NOEXIST)
		rc = NIC_CCM_EXISTS;
	else
		fw_copy_in(
			t->emem + found.base + found.at + map->value_at, value, map->value_bytes);
	end_writing(stripe);
	return rc;
}

/* The entry that is there. */
static void
remove_found(struct fw_table *t, struct fw_map *map, uint32_t bucket, int slot)
{
	uint8_t *at = bucket_at(t, bucket);

	if (slot < 0) {
		put(lock_at(t, bucket), 0);
		put(lock_at(t, bucket) + 4, 0);
	} else {
		give_to_pool(t, get(at + REFS_AT + 4 * slot) & TAG_BITS);
		put(at + TAGS_AT + 4 * slot, 0);
		put(at + REFS_AT + 4 * slot, 0);
	}
	__atomic_fetch_sub(&map->entries, 1, __ATOMIC_RELAXED);
	if (!has_entries(t, bucket))
		set_used(t, bucket, false);
}

enum nic_ccm_rc
fw_table_delete(struct fw_table *t, struct fw_map *map, uint32_t id, const uint32_t *key)
{
	const struct place place = place_of(map, id, key);
	uint32_t *stripe = stripe_of(t, place.bucket), compared = 0;
	struct found found;
	bool is_there;

	begin_writing(stripe);
	is_there = find_in_bucket(t, map, id, key, place, &found, &compared);
	if (is_there)
		remove_found(t, map, place.bucket, found.slot);
	end_writing(stripe);
	return is_there ? NIC_CCM_OK : NIC_CCM_NO_ENTRY;
}

/* ---- all of them ---- */

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
	const uint8_t *at = bucket_at(t, bucket), *entry = at;

	if (slot < 0 && !is_first_of(t, bucket, id))
		return false;
	if (slot >= 0) {
		const uint32_t ref = get(at + REFS_AT + 4 * slot);

		if (!get(at + TAGS_AT + 4 * slot) || ref >> 24 != id ||
			(ref & TAG_BITS) >= FW_POOL_ENTRIES)
			return false;
		entry = pool_at(t, ref & TAG_BITS);
	}
	for (uint32_t i = 0; i < map->key_words; i++)
		key[i] = get(entry + 4 * i);
	return true;
}

/* The map's first entry of the bucket behind that slot (-2: at all). */
static bool
next_in_bucket(struct fw_table *t, const struct fw_map *map, uint32_t id, uint32_t bucket, int slot,
	uint32_t *key)
{
	const uint32_t *stripe = stripe_of(t, bucket);
	uint32_t seen;
	bool has;

	do {
		seen = begin_reading(stripe);
		has = false;
		for (int i = slot + 1; i < (int)FW_OVERFLOWS && !has; i++)
			has = key_in_slot(t, map, id, bucket, i, key);
	} while (has_changed(stripe, seen));
	return has;
}

enum nic_ccm_rc
fw_table_next(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	uint32_t *next)
{
	uint32_t bucket = 0, compared = 0;
	struct found found;

	if (key) {
		const struct place place = place_of(map, id, key);

		if (find_in_bucket(t, map, id, key, place, &found, &compared)) {
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
		begin_writing(stripe_of(t, bucket));
		for (int slot = -1; slot < (int)FW_OVERFLOWS; slot++)
			if (key_in_slot(t, map, id, bucket, slot, key)) {
				remove_found(t, map, bucket, slot);
				cnt++;
			}
		end_writing(stripe_of(t, bucket));
	}
	return cnt;
}
