/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_HASH and PERCPU_HASH, after kernel/bpf/hashtab.c: an update of a HASH replaces the
 * element (who holds a pointer keeps the old value), one of a PERCPU_HASH changes it in place.
 *
 * Why not a table somebody else wrote: compared were this one, called through xb_map_lookup(),
 * liburcu's cds_lfht (0.13, qsbr) and Concurrency Kit's ck_ht (0.7.1, byte strings), both called
 * directly, with our hash function; 8-byte values, keys in random order, ns a lookup, the 10th
 * percentile of runs of 500 on a busy 2-core AMD EPYC:
 *
 *	                     1,000 entries                   1,000,000 entries
 *	key bytes, threads   4,1  4,2  8,1  8,2 16,1 16,2    4,1  4,2  8,1  8,2 16,1 16,2
 *	this                 6.9  6.9  7.0  7.1 10.7 10.8    239  240  270  280  323  331
 *	cds_lfht            13.3 15.6 18.3 15.6 15.8 17.6    323  311  282  319  356  324
 *	ck_ht               20.1 19.9 20.2 20.4 21.3 21.4    433  467  398  381  352  356
 *
 * The map's size is known and never changes, which neither of the others can make use of; ck_ht
 * allows a single writer, and both want elements of their own layout where xb_map_owns() needs a
 * fixed stride. So: elements in one area, chains of element numbers, a lock a bucket for writers,
 * none for readers, and map_grace.c to know when an element may be used again.
 *
 * Capacity: max_entries, as in the kernel, and on top of it spare elements for those that were
 * deleted or replaced and are not yet forgotten (SPARE_*; memory is used when it comes to that).
 * An update that finds none, because a worker has not been quiescent for that long, waits a while
 * for it, then fails with -ENOMEM, as maps with BPF_F_NO_PREALLOC do.
 */
#include "bpf/map_hash.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define HASH_FLAGS                                                                                 \
	(BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_RDONLY |                \
		BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG | BPF_F_ZERO_SEED)

/* Spare elements a worker: as many as fit into this much, but within these bounds. */
#define SPARE_BYTES (16u << 20)
#define SPARE_MIN 64u
#define SPARE_MAX (1u << 17)

/* ---- chains ---- */

/* What points to element i: the head or another's next; NULL when i is not in this bucket. */
static uint32_t *
pointer_to(struct xb_hash *h, struct xb_bucket *b, uint32_t i)
{
	uint32_t *p = &b->head;

	while (*p && *p != i)
		p = &xb_hash_elem(h, *p)->next;
	return *p ? p : NULL;
}

bool
xb_hash_unlink(struct xb_hash *h, struct xb_bucket *b, uint32_t i)
{
	uint32_t *p = pointer_to(h, b, i);

	if (p)
		__atomic_store_n(p, xb_hash_elem(h, i)->next, __ATOMIC_RELEASE);
	return p;
}

void
xb_hash_insert(struct xb_hash *h, struct xb_bucket *b, uint32_t i)
{
	xb_hash_elem(h, i)->next = b->head;
	__atomic_store_n(&b->head, i, __ATOMIC_RELEASE);
}

void
xb_hash_replace(struct xb_hash *h, struct xb_bucket *b, uint32_t old, uint32_t i)
{
	xb_hash_elem(h, i)->next = xb_hash_elem(h, old)->next;
	__atomic_store_n(pointer_to(h, b, old), i, __ATOMIC_RELEASE);
}

bool
xb_hash_reserve(struct xb_hash *h)
{
	uint32_t n = __atomic_load_n(&h->count, __ATOMIC_RELAXED);

	do {
		if (n >= h->map.max_entries)
			return false;
	} while (!__atomic_compare_exchange_n(
		&h->count, &n, n + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

void
xb_hash_unreserve(struct xb_hash *h)
{
	__atomic_fetch_sub(&h->count, 1, __ATOMIC_RELAXED);
}

/* ---- creation ---- */

static bool
is_percpu(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool
is_lru(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* htab_map_alloc_check, and the sizes htab_map_alloc refuses */
int
xb_hash_check(const struct xb_map_def *def, struct xb_log *log)
{
	bool percpu = is_percpu(def->type), lru = is_lru(def->type);
	bool own_lru = def->flags & BPF_F_NO_COMMON_LRU;

	if (def->flags & ~(uint32_t)HASH_FLAGS)
		return xb_map_refuse(log, def, -EINVAL, "flags %#x are not for this type",
			def->flags & ~(uint32_t)HASH_FLAGS);
	if ((def->flags & BPF_F_RDONLY_PROG) && (def->flags & BPF_F_WRONLY_PROG))
		return xb_map_refuse(log, def, -EINVAL,
			"BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
	if (!lru && own_lru)
		return xb_map_refuse(log, def, -EINVAL, "BPF_F_NO_COMMON_LRU is for LRU maps only");
	if (lru && (def->flags & BPF_F_NO_PREALLOC))
		return xb_map_refuse(log, def, -XB_ENOTSUPP,
			"BPF_F_NO_PREALLOC: LRU maps are always preallocated");
	if ((def->flags & BPF_F_NUMA_NODE) && (percpu || own_lru))
		return xb_map_refuse(log, def, -EINVAL,
			"BPF_F_NUMA_NODE does not go with memory that is per cpu");
	if (def->max_entries == 0 || def->key_size == 0 || def->value_size == 0)
		return xb_map_refuse(log, def, -EINVAL, "%s is 0",
			def->max_entries == 0 ? "max_entries"
			: def->key_size == 0  ? "key_size"
					      : "value_size");
	if ((uint64_t)def->key_size + def->value_size >= XB_KMALLOC_MAX - XB_HTAB_ELEM_BYTES)
		return xb_map_refuse(log, def, -E2BIG,
			"key and value of %u + %u bytes are too large", def->key_size,
			def->value_size);
	if (percpu && xb_pad8(def->value_size) > XB_PCPU_VALUE_MAX)
		return xb_map_refuse(log, def, -E2BIG, "value_size %u; at most %u of each cpu",
			def->value_size, XB_PCPU_VALUE_MAX);
	/* n_buckets (a power of 2) > U32_MAX / sizeof(struct bucket) */
	if (def->max_entries > (UINT32_MAX / XB_HTAB_BUCKET_BYTES + 1) / 2)
		return xb_map_refuse(
			log, def, -E2BIG, "max_entries %u is too large", def->max_entries);
	return 0;
}

struct layout {
	uint32_t key_off;
	uint32_t value_off; /* in an element; meaningless when values are per cpu */
	uint32_t stride;
	uint32_t share; /* spares of a worker */
	uint32_t cap;	/* elements: max_entries and all spares */
	uint32_t buckets;
};

/* Small elements lie within a cache line. */
static uint32_t
round_stride(uint32_t n)
{
	uint32_t line = 16;

	if (n > 64)
		return n;
	while (line < n)
		line *= 2;
	return line;
}

static struct layout
layout_of(enum bpf_map_type type, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
	unsigned int n_cpus)
{
	bool percpu = is_percpu(type), lru = is_lru(type);
	struct layout l = { .key_off = lru ? sizeof(struct xb_lru_elem) : sizeof(struct xb_elem) };

	l.value_off = l.key_off + xb_pad8(key_size);
	l.stride = round_stride(l.value_off + (percpu ? 0 : xb_pad8(value_size)));
	l.share = SPARE_BYTES / (l.stride + (percpu ? xb_pad8(value_size) * n_cpus : 0));
	l.share = l.share < SPARE_MIN ? SPARE_MIN : l.share > SPARE_MAX ? SPARE_MAX : l.share;
	/* max_entries is at most 2^27 here, share * (n_cpus + 1) less than 2^25. */
	l.cap = max_entries + l.share * (n_cpus + 1);
	for (l.buckets = 1; l.buckets < max_entries;)
		l.buckets *= 2;
	return l;
}

uint64_t
xb_hash_bytes(const struct xb_map_def *def, unsigned int n_cpus)
{
	struct layout l =
		layout_of(def->type, def->key_size, def->value_size, def->max_entries, n_cpus);
	uint64_t a_elem = l.stride + sizeof(uint32_t);

	if (is_percpu(def->type))
		a_elem += (uint64_t)xb_pad8(def->value_size) * n_cpus;
	return xb_bytes(l.cap, a_elem, l.buckets * sizeof(struct xb_bucket));
}

static uint64_t
elems_bytes(const struct xb_hash *h, uint32_t cap)
{
	return ((uint64_t)cap + 1) * h->stride;
}

int
xb_hash_init(struct xb_map *map)
{
	struct xb_hash *h = (struct xb_hash *)map;
	struct layout l =
		layout_of(map->type, map->key_size, map->value_size, map->max_entries, map->n_cpus);
	uint32_t value_stride = xb_pad8(map->value_size);
	void *values = NULL;

	h->stride = l.stride;
	h->key_off = l.key_off;
	h->mask = l.buckets - 1;
	if (!(map->flags & BPF_F_ZERO_SEED) &&
		getrandom(&h->seed, sizeof(h->seed), 0) != sizeof(h->seed))
		return -ENOMEM;
	if (xb_pool_init(&h->pool, l.cap, l.share, map->n_cpus + 1))
		return -ENOMEM;
	h->buckets = xb_area_new(l.buckets * sizeof(*h->buckets));
	h->elems = xb_area_new(elems_bytes(h, l.cap));
	if (!h->buckets || !h->elems)
		return -ENOMEM;
	if (!map->ops->percpu) {
		xb_values_init(&map->values, h->elems + l.stride + l.value_off, l.stride, l.cap, 1);
		return 0;
	}
	values = xb_area_new(xb_values_area_bytes(value_stride, l.cap, map->n_cpus));
	if (!values)
		return -ENOMEM;
	xb_values_init(&map->values, values, value_stride, l.cap, map->n_cpus);
	return 0;
}

void
xb_hash_fini(struct xb_map *map)
{
	struct xb_hash *h = (struct xb_hash *)map;

	if (map->ops->percpu)
		xb_area_free(map->values.base, map->values.bytes);
	xb_area_free(h->elems, elems_bytes(h, h->pool.cap));
	xb_area_free(h->buckets, ((uint64_t)h->mask + 1) * sizeof(*h->buckets));
	xb_pool_fini(&h->pool);
}

/* ---- operations ---- */

/* One function a key size that is worth it: the compiler removes what does not apply. */
static inline __attribute__((always_inline)) void *
lookup_n(struct xb_map *map, const void *key, uint32_t n)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_walk(h, key, n, xb_hash_bytes_of(key, n, h->seed));

	return i ? xb_hash_value(h, 0, i) : NULL;
}

static void *
hash_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)cpu;
	return lookup_n(map, key, map->key_size);
}

static void *
hash_lookup_4(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)cpu;
	return lookup_n(map, key, 4);
}

static void *
hash_lookup_8(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)cpu;
	return lookup_n(map, key, 8);
}

static void *
percpu_hash_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_find(h, key, xb_hash_of(h, key));

	return i ? xb_hash_value(h, cpu, i) : NULL;
}

int
xb_hash_check_flags(uint32_t old, uint64_t flags)
{
	if (old && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!old && flags == BPF_EXIST)
		return -ENOENT;
	return 0;
}

uint32_t
xb_hash_make(struct xb_hash *h, unsigned int cpu, const void *key, uint32_t hash, const void *value)
{
	uint32_t i = xb_pool_get(&h->pool, cpu);
	struct xb_elem *e;

	if (!i)
		return 0;
	e = xb_hash_elem(h, i);
	e->hash = hash;
	memcpy(xb_hash_key(h, e), key, h->map.key_size);
	if (!h->map.ops->percpu)
		memcpy(xb_hash_value(h, 0, i), value, h->map.value_size);
	return i;
}

/* An element for a key that is not there, the bucket locked; its number or -errno. */
static int64_t
make_new(struct xb_hash *h, unsigned int cpu, const void *key, uint32_t hash, const void *value)
{
	uint32_t i;

	if (!xb_hash_reserve(h))
		return -E2BIG;
	i = xb_hash_make(h, cpu, key, hash, value);
	if (!i) {
		xb_hash_unreserve(h);
		return -EAGAIN;
	}
	return i;
}

/* One attempt; -EAGAIN when there is no element to be had. */
static int
hash_update_try(
	struct xb_hash *h, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	uint32_t hash = xb_hash_of(h, key), old;
	struct xb_bucket *b = xb_hash_bucket(h, hash);
	int64_t i;

	xb_spin_lock(&b->lock);
	old = xb_hash_find(h, key, hash);
	i = xb_hash_check_flags(old, flags);
	if (!i && old) {
		i = xb_hash_make(h, cpu, key, hash, value);
		if (i)
			xb_hash_replace(h, b, old, (uint32_t)i);
		else
			i = -EAGAIN;
	} else if (!i) {
		i = make_new(h, cpu, key, hash, value);
		if (i > 0)
			xb_hash_insert(h, b, (uint32_t)i);
	}
	xb_spin_unlock(&b->lock);
	if (i > 0 && old)
		xb_pool_retire(&h->pool, cpu, old);
	return i < 0 ? (int)i : 0;
}

typedef int (*update_try_fn)(
	struct xb_hash *h, unsigned int cpu, const void *key, const void *value, uint64_t flags);

/* Once, and again while elements that others may still look at are all there is. */
static int
update(struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags,
	update_try_fn try_once)
{
	struct xb_hash *h = (struct xb_hash *)map;
	unsigned int tries = 0;
	int err;

	/* BPF_F_LOCK, too: no map here has a bpf_spin_lock in its value. */
	if (flags > BPF_EXIST)
		return -EINVAL;
	do {
		err = try_once(h, cpu, key, value, flags);
	} while (err == -EAGAIN && xb_pool_wait(&h->pool, cpu, &tries));
	return err == -EAGAIN ? -ENOMEM : err;
}

static int
hash_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	return update(map, cpu, key, value, flags, hash_update_try);
}

void
xb_hash_set_percpu(struct xb_map *map, uint32_t i, unsigned int cpu, const void *value, bool is_new)
{
	if (cpu == map->n_cpus) {
		xb_value_from_user(map, i - 1, value);
		return;
	}
	for (unsigned int c = 0; is_new && c < map->n_cpus; c++)
		memset(xb_value_at(map, c, i - 1), 0, map->value_size);
	memcpy(xb_value_at(map, cpu, i - 1), value, map->value_size);
}

static int
percpu_hash_update_try(
	struct xb_hash *h, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	uint32_t hash = xb_hash_of(h, key), old;
	struct xb_bucket *b = xb_hash_bucket(h, hash);
	int64_t i;

	xb_spin_lock(&b->lock);
	old = xb_hash_find(h, key, hash);
	i = xb_hash_check_flags(old, flags);
	if (!i && old) {
		xb_hash_set_percpu(&h->map, old, cpu, value, false);
	} else if (!i) {
		i = make_new(h, cpu, key, hash, NULL);
		if (i > 0) {
			xb_hash_set_percpu(&h->map, (uint32_t)i, cpu, value, true);
			xb_hash_insert(h, b, (uint32_t)i);
		}
	}
	xb_spin_unlock(&b->lock);
	return i < 0 ? (int)i : 0;
}

static int
percpu_hash_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	return update(map, cpu, key, value, flags, percpu_hash_update_try);
}

uint32_t
xb_hash_take(struct xb_hash *h, const void *key)
{
	uint32_t hash = xb_hash_of(h, key), i;
	struct xb_bucket *b = xb_hash_bucket(h, hash);

	xb_spin_lock(&b->lock);
	i = xb_hash_find(h, key, hash);
	if (i)
		xb_hash_unlink(h, b, i);
	xb_spin_unlock(&b->lock);
	return i;
}

static int
hash_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_take(h, key);

	if (!i)
		return -ENOENT;
	xb_pool_retire(&h->pool, cpu, i);
	xb_hash_unreserve(h);
	return 0;
}

int
xb_hash_user_lookup(struct xb_map *map, const void *key, void *value)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_find(h, key, xb_hash_of(h, key));

	if (!i)
		return -ENOENT;
	xb_value_to_user(map, i - 1, value);
	return 0;
}

/* ---- all keys ---- */

static int
by_key(const void *a, const void *b, void *key_size)
{
	return memcmp(a, b, *(const uint32_t *)key_size);
}

/* Copy the keys of one bucket to `to`, at most `room`; how many. */
static uint32_t
bucket_keys(const struct xb_hash *h, const struct xb_bucket *b, uint8_t *to, uint32_t room)
{
	uint32_t n = 0, i = __atomic_load_n(&b->head, __ATOMIC_ACQUIRE);

	while (i && n < room) {
		struct xb_elem *e = xb_hash_elem(h, i);

		memcpy(to + (size_t)n++ * h->map.key_size, xb_hash_key(h, e), h->map.key_size);
		i = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	}
	return n;
}

int64_t
xb_hash_keys(struct xb_map *map, void **keys)
{
	const struct xb_hash *h = (const struct xb_hash *)map;
	/* What is added from now on need not be seen. */
	uint32_t room = __atomic_load_n(&h->count, __ATOMIC_RELAXED), n = 0;
	uint8_t *k = malloc((size_t)room * map->key_size + 1);

	if (!k)
		return -ENOMEM;
	for (uint64_t b = 0; b <= h->mask; b++)
		n += bucket_keys(h, &h->buckets[b], k + (size_t)n * map->key_size, room - n);
	qsort_r(k, n, map->key_size, by_key, &map->key_size);
	*keys = k;
	return n;
}

static int
hash_init(struct xb_map *map)
{
	if (map->key_size == 4)
		map->lookup = hash_lookup_4;
	else if (map->key_size == 8)
		map->lookup = hash_lookup_8;
	return xb_hash_init(map);
}

const struct xb_map_ops xb_hash_ops = {
	.struct_bytes = sizeof(struct xb_hash),
	.check = xb_hash_check,
	.bytes = xb_hash_bytes,
	.init = hash_init,
	.fini = xb_hash_fini,
	.lookup = hash_lookup,
	.update = hash_update,
	.remove = hash_remove,
	.user_lookup = xb_hash_user_lookup,
	.user_update = hash_update,
	.user_remove = hash_remove,
	.keys = xb_hash_keys,
};

const struct xb_map_ops xb_percpu_hash_ops = {
	.struct_bytes = sizeof(struct xb_hash),
	.percpu = true,
	.check = xb_hash_check,
	.bytes = xb_hash_bytes,
	.init = xb_hash_init,
	.fini = xb_hash_fini,
	.lookup = percpu_hash_lookup,
	.update = percpu_hash_update,
	.remove = hash_remove,
	.user_lookup = xb_hash_user_lookup,
	.user_update = percpu_hash_update,
	.user_remove = hash_remove,
	.keys = xb_hash_keys,
};
