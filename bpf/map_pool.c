/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The elements of a hash that are in nobody's chain: free, or retired and waiting for a grace
 * period. Called with a bucket's lock held, so the order of locks is bucket, then pool.
 *
 * Every worker has its own lists, so that two workers inserting do not meet; when a worker's are
 * empty it takes elements nobody had yet, and then those of other workers.
 *
 * Retired elements are collected in `open`. When one is wanted, the collection is closed: a grace
 * period starts for all of it at once, and what is retired from then on goes into the next one.
 */
#include "bpf/map_internal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#define FRESH_BATCH 16u /* elements taken at once from those nobody had yet */
#define SPINS 100u /* looks at a lock before the processor is given away: its holder may want it   \
		    */

void
xb_spin_wait(uint32_t *lock)
{
	for (unsigned int n = 1;; n++) {
		if (!__atomic_load_n(lock, __ATOMIC_RELAXED) &&
			!__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
			return;
		if (n % SPINS == 0)
			sched_yield();
	}
}

int
xb_pool_init(struct xb_pool *pool, uint32_t cap, unsigned int n_cpus)
{
	pool->cap = cap;
	pool->fresh = 0;
	pool->n_cpus = n_cpus;
	pool->link = xb_area_new(((uint64_t)cap + 1) * sizeof(*pool->link));
	pool->cpus = aligned_alloc(64, n_cpus * sizeof(*pool->cpus));
	if (!pool->link || !pool->cpus)
		return -ENOMEM;
	memset(pool->cpus, 0, n_cpus * sizeof(*pool->cpus));
	return 0;
}

void
xb_pool_fini(struct xb_pool *pool)
{
	xb_area_free(pool->link, ((uint64_t)pool->cap + 1) * sizeof(*pool->link));
	free(pool->cpus);
}

/* Of this worker's lists. */
static uint32_t
take(struct xb_pool *pool, struct xb_pool_cpu *p)
{
	uint32_t i;

	if (!p->free && !p->closed && p->open) {
		p->closed = p->open;
		p->open = 0;
		p->tag = xb_grace_start();
	}
	if (!p->free && p->closed && xb_grace_over(p->tag)) {
		p->free = p->closed;
		p->closed = 0;
	}
	i = p->free;
	if (i)
		p->free = pool->link[i];
	return i;
}

/* Elements nobody had yet: one is returned, the others go to the worker's free list. */
static uint32_t
take_fresh(struct xb_pool *pool, struct xb_pool_cpu *p)
{
	uint32_t first = __atomic_load_n(&pool->fresh, __ATOMIC_RELAXED), n;

	do {
		n = pool->cap - first < FRESH_BATCH ? pool->cap - first : FRESH_BATCH;
		if (!n)
			return 0;
	} while (!__atomic_compare_exchange_n(
		&pool->fresh, &first, first + n, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	for (uint32_t i = first + n; i > first + 1; i--) {
		pool->link[i] = p->free;
		p->free = i;
	}
	return first + 1;
}

uint32_t
xb_pool_get(struct xb_pool *pool, unsigned int cpu)
{
	uint32_t i = 0;

	for (unsigned int k = 0; k < pool->n_cpus && !i; k++) {
		struct xb_pool_cpu *p = &pool->cpus[(cpu + k) % pool->n_cpus];

		xb_spin_lock(&p->lock);
		i = take(pool, p);
		if (!i && k == 0)
			i = take_fresh(pool, p);
		xb_spin_unlock(&p->lock);
	}
	return i;
}

void
xb_pool_retire(struct xb_pool *pool, unsigned int cpu, uint32_t i)
{
	struct xb_pool_cpu *p = &pool->cpus[cpu];

	xb_spin_lock(&p->lock);
	pool->link[i] = p->open;
	p->open = i;
	xb_spin_unlock(&p->lock);
}

uint32_t
xb_pool_used(const struct xb_pool *pool)
{
	return __atomic_load_n(&pool->fresh, __ATOMIC_RELAXED);
}
