/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The elements of a hash that are in no chain: free, or retired and waiting for a grace period.
 * Called with a bucket's lock held, so the order of locks is bucket, then pool.
 *
 * Every worker has its own lists, so that two workers inserting do not meet; when a worker's are
 * empty it takes elements nobody had yet, and then those of other workers.
 *
 * Retired elements are collected in `open`. When one is wanted, or there are many, the batch is
 * closed: a grace period starts for all of it at once, and what is retired from then on goes into
 * the next one. A worker with too many of them gets no more until some are reusable; so one that
 * has lost its processor in the middle of a packet finds elements when it comes back, whatever
 * the others did.
 */
#include "bpf/map_internal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define FRESH_BATCH 16u /* elements taken at once from those nobody had yet */
#define SPINS                                                                                      \
	100u	     /* looks at a lock before the processor is given away: its holder may want it \
		      */
#define WAIT_US 50u  /* between two looks whether others are quiescent */
#define WAITS 20000u /* looks before an update fails: one second */

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
xb_pool_init(struct xb_pool *pool, uint32_t cap, uint32_t share, unsigned int n_cpus)
{
	pool->cap = cap;
	pool->share = share;
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

/* A grace period starts for what is open. */
static void
close_batch(struct xb_pool_cpu *p)
{
	p->open.tag = xb_grace_start();
	p->closed[(p->oldest + p->n++) % XB_POOL_BATCHES] = p->open;
	p->open = (struct xb_retired){ 0 };
}

/* Make what is reusable free. */
static void
reclaim(struct xb_pool *pool, struct xb_pool_cpu *p)
{
	if (!p->n && p->open.n)
		close_batch(p);
	while (p->n && xb_grace_over(p->closed[p->oldest].tag)) {
		struct xb_retired *r = &p->closed[p->oldest];

		pool->link[r->last] = p->free;
		p->free = r->first;
		p->waiting -= r->n;
		p->oldest = (p->oldest + 1) % XB_POOL_BATCHES;
		p->n--;
	}
	if (!p->n && p->open.n)
		close_batch(p);
}

static uint32_t
take_free(struct xb_pool *pool, struct xb_pool_cpu *p)
{
	uint32_t i;

	if (!p->free)
		reclaim(pool, p);
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

static uint32_t
take_own(struct xb_pool *pool, struct xb_pool_cpu *p, bool *over_share)
{
	uint32_t i;

	xb_spin_lock(&p->lock);
	if (p->waiting >= pool->share)
		reclaim(pool, p);
	*over_share = p->waiting >= pool->share;
	i = *over_share ? 0 : take_free(pool, p);
	if (!i && !*over_share)
		i = take_fresh(pool, p);
	xb_spin_unlock(&p->lock);
	return i;
}

uint32_t
xb_pool_get(struct xb_pool *pool, unsigned int cpu)
{
	bool over_share;
	uint32_t i = take_own(pool, &pool->cpus[cpu], &over_share);

	for (unsigned int k = 1; k < pool->n_cpus && !i && !over_share; k++) {
		struct xb_pool_cpu *p = &pool->cpus[(cpu + k) % pool->n_cpus];

		xb_spin_lock(&p->lock);
		i = take_free(pool, p);
		xb_spin_unlock(&p->lock);
	}
	return i;
}

void
xb_pool_retire(struct xb_pool *pool, unsigned int cpu, uint32_t i)
{
	struct xb_pool_cpu *p = &pool->cpus[cpu];

	xb_spin_lock(&p->lock);
	pool->link[i] = p->open.first;
	p->open.first = i;
	if (p->open.n++ == 0)
		p->open.last = i;
	p->waiting++;
	if (p->open.n >= pool->share / XB_POOL_BATCHES && p->n < XB_POOL_BATCHES)
		close_batch(p);
	xb_spin_unlock(&p->lock);
}

bool
xb_pool_wait(struct xb_pool *pool, unsigned int cpu, unsigned int *tries)
{
	struct xb_pool_cpu *p = &pool->cpus[cpu];
	bool own_fault;

	xb_spin_lock(&p->lock);
	own_fault =
		cpu < pool->n_cpus - 1 && p->n && xb_grace_waits_for(cpu, p->closed[p->oldest].tag);
	xb_spin_unlock(&p->lock);
	if (own_fault || ++*tries >= WAITS)
		return false;
	usleep(WAIT_US);
	return true;
}
