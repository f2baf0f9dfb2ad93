/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash table under HASH, LRU_HASH, their PERCPU forms, and LPM_TRIE: what map_hash.c, map_lru.c
 * and map_lpm.c share.
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

/* The same in an LRU map: map_lru.c. */
struct xb_lru_elem {
	struct xb_elem elem;
	uint32_t mark;
	uint32_t newer, older; /* element numbers, 0: the ends */
	uint32_t listed;
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
	uint32_t lru_lock;			     /* LRU maps: for newer and older */
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

/* ---- the hot path: hash, compare, walk; n is the key size, a constant where that pays ---- */

static inline uint64_t
xb_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
xb_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Multiply and fold. */
static inline uint64_t
xb_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Odd, about half of the bits set. */
#define XB_HASH_K UINT64_C(0x9ae16a3b2f90404f)

/* The last 1 to 16 bytes are two words that may overlap; the length is in the seed. Both factors
 * have the seed in them, so nobody who does not know it can make one of them zero. */
static inline uint32_t
xb_hash_bytes_of(const uint8_t *p, uint32_t n, uint64_t seed)
{
	uint64_t h = seed ^ n, k = XB_HASH_K ^ seed;

	for (; n > 16; n -= 16, p += 16)
		h = xb_mix(xb_load64(p) ^ h, xb_load64(p + 8) ^ k);
	if (n > 8)
		return (uint32_t)xb_mix(xb_load64(p) ^ h, xb_load64(p + n - 8) ^ k);
	if (n == 8)
		return (uint32_t)xb_mix(xb_load64(p) ^ h, k);
	if (n == 4)
		return (uint32_t)xb_mix(xb_load32(p) ^ h, k);
	if (n > 4)
		return (uint32_t)xb_mix(xb_load32(p) ^ h, xb_load32(p + n - 4) ^ k);
	return (uint32_t)xb_mix(
		((uint64_t)p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16) ^ h, k);
}

static inline bool
xb_hash_same(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	if (n == 4)
		return xb_load32(a) == xb_load32(b);
	if (n == 8)
		return xb_load64(a) == xb_load64(b);
	if (n > 8 && n <= 16) /* two words that may overlap */
		return ((xb_load64(a) ^ xb_load64(b)) |
			       (xb_load64(a + n - 8) ^ xb_load64(b + n - 8))) == 0;
	return memcmp(a, b, n) == 0;
}

/* The element with this key, 0 when there is none. */
static inline uint32_t
xb_hash_walk(const struct xb_hash *h, const void *key, uint32_t n, uint32_t hash)
{
	uint32_t i = __atomic_load_n(&h->buckets[hash & h->mask].head, __ATOMIC_ACQUIRE);

	while (i) {
		struct xb_elem *e = xb_hash_elem(h, i);

		if (e->hash == hash && xb_hash_same(xb_hash_key(h, e), key, n))
			return i;
		i = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	}
	return 0;
}

static inline uint32_t
xb_hash_of(const struct xb_hash *h, const void *key)
{
	return xb_hash_bytes_of(key, h->map.key_size, h->seed);
}

static inline uint32_t
xb_hash_find(const struct xb_hash *h, const void *key, uint32_t hash)
{
	return xb_hash_walk(h, key, h->map.key_size, hash);
}

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

/* pcpu_init_value and pcpu_copy_value: a program gives one cpu's value, bpf(2) all of them. */
void xb_hash_set_percpu(
	struct xb_map *map, uint32_t i, unsigned int cpu, const void *value, bool is_new);

int xb_hash_check(const struct xb_map_def *def, struct xb_log *log);
uint64_t xb_hash_bytes(const struct xb_map_def *def, unsigned int n_cpus);
int xb_hash_init(struct xb_map *map);
void xb_hash_fini(struct xb_map *map);
/* Find the element with this key and unlink it from its chain; 0 when there is none. */
uint32_t xb_hash_take(struct xb_hash *h, const void *key);
int xb_hash_user_lookup(struct xb_map *map, const void *key, void *value);
int64_t xb_hash_keys(struct xb_map *map, void **keys);

#endif
