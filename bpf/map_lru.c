/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_LRU_HASH and LRU_PERCPU_HASH: the hash of map_hash.c, which makes room when it is
 * full.
 *
 * The kernel approximates "least recently used" with an active and an inactive list and a
 * reference bit, shared out to cpus in batches (kernel/bpf/bpf_lru_list.c); which element goes
 * depends on the number of cpus and on where the batches are, and may happen before the map is
 * full. Here it is one list by age with second chances: the oldest goes, but one that was looked
 * at since it was the oldest before becomes the newest instead. As in the kernel, a program's
 * lookup and a second update count as looking, the first update and lookups from outside do not.
 * Nothing is evicted before max_entries are there, and an update refused for its flags evicts
 * nothing (the kernel's does).
 *
 * Order of locks: bucket, then list, then pool. Lookups take none of them.
 */
#include "bpf/map_hash.h"

#include <errno.h>
#include <sched.h>

/* Second chances before the oldest goes whatever happened: others wait for the list meanwhile. */
#define CHANCES_MAX 128u
/* Attempts without success before an update fails: there was nobody left, or the victim was
 * deleted or replaced by others at that moment. */
#define ROUNDS_MAX 1000u

static struct xb_lru_elem *
lru_elem(const struct xb_hash *h, uint32_t i)
{
	return (struct xb_lru_elem *)(void *)xb_hash_elem(h, i);
}

/* Element 0, which is none, closes the list to a ring: its older is the newest. */
static void
list_add(struct xb_hash *h, uint32_t i)
{
	uint32_t second = lru_elem(h, 0)->older;

	lru_elem(h, i)->newer = 0;
	lru_elem(h, i)->older = second;
	lru_elem(h, second)->newer = i;
	lru_elem(h, 0)->older = i;
	lru_elem(h, i)->listed = true;
}

/* Nothing happens when somebody was faster who wants to evict it. */
static void
list_remove(struct xb_hash *h, uint32_t i)
{
	uint32_t newer = lru_elem(h, i)->newer, older = lru_elem(h, i)->older;

	if (!lru_elem(h, i)->listed)
		return;
	lru_elem(h, i)->listed = false;
	lru_elem(h, newer)->older = older;
	lru_elem(h, older)->newer = newer;
}

static uint32_t
oldest(const struct xb_hash *h)
{
	return lru_elem(h, 0)->newer;
}

static bool
is_marked(const struct xb_hash *h, uint32_t i)
{
	return __atomic_load_n(&lru_elem(h, i)->mark, __ATOMIC_RELAXED);
}

static void
set_mark(struct xb_hash *h, uint32_t i, bool mark)
{
	__atomic_store_n(&lru_elem(h, i)->mark, mark, __ATOMIC_RELAXED);
}

static void *
lru_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_find(h, key, xb_hash_of(h, key));

	if (!i)
		return NULL;
	/* Readers share the line as long as nobody writes it. */
	if (!is_marked(h, i))
		set_mark(h, i, true);
	return xb_hash_value(h, map->ops->percpu ? cpu : 0, i);
}

/* Who is to go, and in which bucket it is; 0: there is nobody. It is taken off the list, so that
 * others who need room at this moment do not choose the same. */
static uint32_t
pick_victim(struct xb_hash *h, struct xb_bucket **b)
{
	uint32_t i;

	xb_spin_lock(&h->lru_lock);
	for (unsigned int n = 0; n < CHANCES_MAX && (i = oldest(h)) && is_marked(h, i); n++) {
		set_mark(h, i, false);
		list_remove(h, i);
		list_add(h, i);
	}
	i = oldest(h);
	*b = i ? xb_hash_bucket(h, xb_hash_elem(h, i)->hash) : NULL;
	if (i)
		list_remove(h, i);
	xb_spin_unlock(&h->lru_lock);
	return i;
}

/* The element was unlinked from its chain by the caller: nobody else can reach it any more. */
static void
forget(struct xb_hash *h, unsigned int cpu, uint32_t i)
{
	xb_spin_lock(&h->lru_lock);
	list_remove(h, i);
	xb_spin_unlock(&h->lru_lock);
	xb_pool_retire(&h->pool, cpu, i);
	xb_hash_unreserve(h);
}

/* false when the victim was gone before its bucket was locked. */
static bool
evict_one(struct xb_hash *h, unsigned int cpu)
{
	struct xb_bucket *b;
	uint32_t i = pick_victim(h, &b);
	bool done;

	if (!i)
		return false;
	xb_spin_lock(&b->lock);
	done = xb_hash_unlink(h, b, i);
	xb_spin_unlock(&b->lock);
	if (done)
		forget(h, cpu, i);
	return done;
}

/* The bucket is locked: put i into chain and list, in the place of old unless that is 0. */
static void
link_new(struct xb_hash *h, struct xb_bucket *b, uint32_t old, uint32_t i)
{
	set_mark(h, i, old);
	xb_spin_lock(&h->lru_lock);
	if (old)
		list_remove(h, old);
	list_add(h, i);
	xb_spin_unlock(&h->lru_lock);
	if (old)
		xb_hash_replace(h, b, old, i);
	else
		xb_hash_insert(h, b, i);
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
	if (!ret && !old && !xb_hash_reserve(h))
		ret = 1;
	if (!ret && old && h->map.ops->percpu) {
		xb_hash_set_percpu(&h->map, old, cpu, value, false);
		set_mark(h, old, true);
	} else if (!ret) {
		i = xb_hash_make(h, cpu, key, hash, value);
		if (i) {
			if (h->map.ops->percpu)
				xb_hash_set_percpu(&h->map, i, cpu, value, true);
			link_new(h, b, old, i);
		} else {
			ret = -EAGAIN;
			if (!old)
				xb_hash_unreserve(h);
		}
	}
	xb_spin_unlock(&b->lock);
	if (i && old)
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
		again = ret == -EAGAIN && xb_pool_wait(&h->pool, cpu, &waits);
		if (ret == 1 && !evict_one(h, cpu)) {
			sched_yield();
			rounds++;
		}
	} while (again || (ret == 1 && rounds < ROUNDS_MAX));
	return ret == 1 || ret == -EAGAIN ? -ENOMEM : ret;
}

static int
lru_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct xb_hash *h = (struct xb_hash *)map;
	uint32_t i = xb_hash_take(h, key);

	if (!i)
		return -ENOENT;
	forget(h, cpu, i);
	return 0;
}

#define LRU(name, is_percpu)                                                                       \
	const struct xb_map_ops xb_##name##_ops = {                                                \
		.struct_bytes = sizeof(struct xb_hash),                                            \
		.percpu = is_percpu,                                                               \
		.check = xb_hash_check,                                                            \
		.bytes = xb_hash_bytes,                                                            \
		.init = xb_hash_init,                                                              \
		.fini = xb_hash_fini,                                                              \
		.lookup = lru_lookup,                                                              \
		.update = lru_update,                                                              \
		.remove = lru_remove,                                                              \
		.user_lookup = xb_hash_user_lookup,                                                \
		.user_update = lru_update,                                                         \
		.user_remove = lru_remove,                                                         \
		.keys = xb_hash_keys,                                                              \
	}

LRU(lru_hash, false);
LRU(lru_percpu_hash, true);
