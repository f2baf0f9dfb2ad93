/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_LRU_HASH: the hash of map_hash.c, which makes room when it is full.
 *
 * The kernel approximates "least recently used" with an active and an inactive list and a
 * reference bit, shared out to cpus in batches (kernel/bpf/bpf_lru_list.c); which element goes
 * depends on the number of cpus and on where the batches are, and may happen before the map is
 * full. Here it is a clock: a hand goes round over the elements, takes a reference bit away where
 * it finds one and evicts where it finds none. As in the kernel, a program's lookup and a second
 * update set the bit, the first update and lookups from outside do not. Nothing is evicted before
 * max_entries are there, and an update refused for its flags evicts nothing (the kernel's does).
 */
#include "bpf/map_hash.h"

#include <errno.h>

/* Searches without a find before an update fails: others took every element that was found. */
#define ROUNDS_MAX 1000u

enum xb_lru_mark {
	MARK_IDLE, /* not in the map, or not looked at since the hand came by */
	MARK_REFERENCED,
};

static uint32_t *
mark_of(const struct xb_hash *h, uint32_t i)
{
	return &((struct xb_lru_elem *)(void *)xb_hash_elem(h, i))->mark;
}

static void *
lru_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_find(h, key, xb_hash_of(h, key));

	(void)cpu;
	if (!i)
		return NULL;
	/* Readers share the line as long as nobody writes it. */
	if (__atomic_load_n(mark_of(h, i), __ATOMIC_RELAXED) != MARK_REFERENCED)
		__atomic_store_n(mark_of(h, i), MARK_REFERENCED, __ATOMIC_RELAXED);
	return xb_hash_value(h, 0, i);
}

/* Take element i out, if it is in the map. */
static bool
evict(struct xb_hash *h, unsigned int cpu, uint32_t i)
{
	/* It may be changing hands: the bucket this leads to is searched for it. */
	uint32_t hash = __atomic_load_n(&xb_hash_elem(h, i)->hash, __ATOMIC_RELAXED);
	struct xb_bucket *b = xb_hash_bucket(h, hash);
	bool done;

	xb_spin_lock(&b->lock);
	done = xb_hash_unlink(h, b, i);
	xb_spin_unlock(&b->lock);
	if (!done)
		return false;
	xb_pool_retire(&h->pool, cpu, i);
	xb_hash_unreserve(h);
	return true;
}

/* Evict one element; false when two rounds found none, others having been faster. */
static bool
evict_one(struct xb_hash *h, unsigned int cpu)
{
	uint32_t used = xb_pool_used(&h->pool);

	for (uint64_t n = 0; n < 2 * (uint64_t)used; n++) {
		uint32_t i = 1 + __atomic_fetch_add(&h->hand, 1, __ATOMIC_RELAXED) % used;

		if (__atomic_load_n(mark_of(h, i), __ATOMIC_RELAXED) == MARK_REFERENCED)
			__atomic_store_n(mark_of(h, i), MARK_IDLE, __ATOMIC_RELAXED);
		else if (evict(h, cpu, i))
			return true;
	}
	return false;
}

/* One attempt: 1 when the map is full and the key is not in it, -EAGAIN when there is no element
 * to be had. */
static int
update_try(struct xb_hash *h, unsigned int cpu, const void *key, uint32_t hash, const void *value,
	uint64_t flags)
{
	struct xb_bucket *b = xb_hash_bucket(h, hash);
	uint32_t old, i = 0;
	int ret;

	xb_spin_lock(&b->lock);
	old = xb_hash_find(h, key, hash);
	ret = xb_hash_check_flags(old, flags);
	if (ret)
		goto out;
	ret = 1;
	if (!old && !xb_hash_reserve(h))
		goto out;
	ret = -EAGAIN;
	i = xb_hash_make(h, cpu, key, hash, value);
	if (!i) {
		if (!old)
			xb_hash_unreserve(h);
		goto out;
	}
	ret = 0;
	__atomic_store_n(mark_of(h, i), old ? MARK_REFERENCED : MARK_IDLE, __ATOMIC_RELAXED);
	if (old)
		xb_hash_replace(h, b, old, i);
	else
		xb_hash_insert(h, b, i);
out:
	xb_spin_unlock(&b->lock);
	if (!ret && old)
		xb_pool_retire(&h->pool, cpu, old);
	return ret;
}

static int
lru_update(struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t hash = xb_hash_of(h, key);
	unsigned int waits = 0, rounds = 0;
	bool again;
	int ret;

	if (flags > BPF_EXIST)
		return -EINVAL;
	do {
		ret = update_try(h, cpu, key, hash, value, flags);
		if (ret == 1)
			again = evict_one(h, cpu) || ++rounds < ROUNDS_MAX;
		else
			again = ret == -EAGAIN && xb_pool_wait(&h->pool, cpu, &waits);
	} while (again);
	return ret == 1 || ret == -EAGAIN ? -ENOMEM : ret;
}

const struct xb_map_ops xb_lru_hash_ops = {
	.struct_bytes = sizeof(struct xb_hash),
	.check = xb_hash_check,
	.bytes = xb_hash_bytes,
	.init = xb_hash_init,
	.fini = xb_hash_fini,
	.lookup = lru_lookup,
	.update = lru_update,
	.remove = xb_hash_remove,
	.user_lookup = xb_hash_user_lookup,
	.user_update = lru_update,
	.user_remove = xb_hash_remove,
	.keys = xb_hash_keys,
};
