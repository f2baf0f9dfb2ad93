/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash table under HASH, PERCPU_HASH and LRU_HASH: what map_hash.c and map_lru.c share.
 *
 * An element is a number, 1 ... cap. Bucket heads and chains hold numbers, 0 ends a chain. A
 * reader takes no lock: it loads a head or a next with acquire order, and what it reaches stays
 * as it is until the reader is quiescent. Writers hold the bucket's lock.
 */
#ifndef XB_MAP_HASH_H
#define XB_MAP_HASH_H

#include "bpf/map_internal.h"

struct xb_bucket {
	uint32_t head; /* element number */
	uint32_t lock;
};

/* Followed by the key, padded to 8, and by the value unless that is per cpu. */
struct xb_elem {
	uint32_t next; /* element number; kept when unlinked, for readers on the way */
	uint32_t hash;
};

/* The same in an LRU_HASH. */
struct xb_lru_elem {
	struct xb_elem elem;
	uint32_t mark; /* enum xb_lru_mark */
	uint32_t pad;
};

struct xb_hash {
	struct xb_map map; /* its values' `count` is the number of elements */
	uint8_t *elems;	   /* element i at elems + i * stride */
	struct xb_bucket *buckets;
	uint32_t mask;	  /* buckets - 1 */
	uint32_t stride;  /* bytes from one element to the next */
	uint32_t key_off; /* in an element */
	uint64_t seed;
	struct xb_pool pool __attribute__((aligned(64)));
	uint32_t count __attribute__((aligned(64))); /* elements linked, or about to be */
	uint32_t hand;				     /* LRU_HASH: where the search goes on */
};

static inline struct xb_elem *
xb_hash_elem(const struct xb_hash *h, uint32_t i)
{
	return (struct xb_elem *)(void *)(h->elems + (uint64_t)i * h->stride);
}

static inline uint8_t *
xb_hash_key(const struct xb_hash *h, struct xb_elem *e)
{
	return (uint8_t *)e + h->key_off;
}

uint32_t xb_hash_of(const struct xb_hash *h, const void *key);
/* The element with this key, 0 when there is none. */
uint32_t xb_hash_find(const struct xb_hash *h, const void *key, uint32_t hash);

static inline struct xb_bucket *
xb_hash_bucket(struct xb_hash *h, uint32_t hash)
{
	return &h->buckets[hash & h->mask];
}

static inline void *
xb_hash_value(const struct xb_hash *h, unsigned int cpu, uint32_t i)
{
	return xb_value_at(&h->map, cpu, i - 1);
}

/* With the bucket locked: unlink an element, if it is there; put one in front, or in another's
 * place, which a reader sees at once or not yet. */
bool xb_hash_unlink(struct xb_hash *h, struct xb_bucket *b, uint32_t i);
void xb_hash_insert(struct xb_hash *h, struct xb_bucket *b, uint32_t i);
void xb_hash_replace(struct xb_hash *h, struct xb_bucket *b, uint32_t old, uint32_t i);

/* Count one more, unless the map is full. */
bool xb_hash_reserve(struct xb_hash *h);
void xb_hash_unreserve(struct xb_hash *h);
/* check_flags of kernel/bpf/hashtab.c */
int xb_hash_check_flags(uint32_t old, uint64_t flags);
/* A new element with key and (unless per cpu) value, in no chain; 0: out of elements. */
uint32_t xb_hash_make(
	struct xb_hash *h, unsigned int cpu, const void *key, uint32_t hash, const void *value);

int xb_hash_check(const struct xb_map_def *def, struct xb_log *log);
uint64_t xb_hash_bytes(const struct xb_map_def *def, unsigned int n_cpus);
int xb_hash_init(struct xb_map *map);
void xb_hash_fini(struct xb_map *map);
int xb_hash_remove(struct xb_map *map, unsigned int cpu, const void *key);
int xb_hash_user_lookup(struct xb_map *map, const void *key, void *value);
int64_t xb_hash_keys(struct xb_map *map, void **keys);

#endif
