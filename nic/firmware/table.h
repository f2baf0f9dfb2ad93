/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to table*.c, and to watch.c, which says where helpers go: where everything of the map
 * table is, and who may change a bucket. Locks are the host's: a sequence number for each stripe of
 * buckets, odd while it is written.
 */
#ifndef NIC_FIRMWARE_TABLE_H
#define NIC_FIRMWARE_TABLE_H

#include "nic/firmware/internal.h"

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
struct fw_place {
	uint32_t bucket, tag;
};

/* An entry that was found: which of its bucket, -1 the first. */
struct fw_found {
	int slot;
	uint64_t base, at;
};

/* ---- words ---- */

static inline uint32_t
fw_get(const uint8_t *at)
{
	return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_RELAXED);
}

static inline void
fw_put(uint8_t *at, uint32_t value)
{
	__atomic_store_n((uint32_t *)(void *)at, value, __ATOMIC_RELAXED);
}

/* ---- where things are ---- */

static inline uint8_t *
fw_bucket_at(const struct fw_table *t, uint32_t bucket)
{
	return t->emem + BUCKETS_AT + (uint64_t)bucket * FW_BUCKET_BYTES;
}

static inline uint8_t *
fw_lock_at(const struct fw_table *t, uint32_t bucket)
{
	return t->emem + LOCKS_AT + (uint64_t)bucket * 8;
}

static inline uint8_t *
fw_pool_at(const struct fw_table *t, uint32_t index)
{
	return t->emem + POOL_AT + (uint64_t)index * FW_ENTRY_BYTES;
}

static inline bool
fw_is_first_of(const struct fw_table *t, uint32_t bucket, uint32_t id)
{
	const uint8_t *lock = fw_lock_at(t, bucket);

	return fw_get(lock) & LOCK_VALID && fw_get(lock + 4) == id;
}

/* It has entries. */
static inline bool
fw_is_used(const struct fw_table *t, uint32_t bucket)
{
	return __atomic_load_n(&t->used[bucket / 64], __ATOMIC_RELAXED) >> bucket % 64 & 1;
}

/* ---- who may change a bucket ---- */

static inline uint32_t *
fw_stripe_of(struct fw_table *t, uint32_t bucket)
{
	return &t->stripes[bucket % STRIPES];
}

static inline uint32_t
fw_begin_reading(const uint32_t *stripe)
{
	uint32_t seen;

	do
		seen = __atomic_load_n(stripe, __ATOMIC_ACQUIRE);
	while (seen & 1);
	return seen;
}

static inline bool
fw_has_changed(const uint32_t *stripe, uint32_t seen)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(stripe, __ATOMIC_RELAXED) != seen;
}

static inline void
fw_begin_writing(uint32_t *stripe)
{
	uint32_t seen;

	do
		seen = fw_begin_reading(stripe);
	while (!__atomic_compare_exchange_n(
		stripe, &seen, seen + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void
fw_end_writing(uint32_t *stripe)
{
	__atomic_fetch_add(stripe, 1, __ATOMIC_RELEASE);
}

/* ---- table.c ---- */

struct fw_place fw_place_of(const struct fw_map *map, uint32_t id, const uint32_t *key);
/* In a bucket that nobody changes, or that is looked at again. Counts the words that were
 * compared. */
bool fw_find_in_bucket(const struct fw_table *t, const struct fw_map *map, uint32_t id,
	const uint32_t *key, struct fw_place place, struct fw_found *found, uint32_t *compared);

/* ---- table_change.c ---- */

/* The entry that is there; the bucket is being written. */
void fw_remove_found(struct fw_table *t, struct fw_map *map, uint32_t bucket, int slot);

#endif
