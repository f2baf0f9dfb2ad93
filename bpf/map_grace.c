/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods: when may an element that was unlinked be handed out again?
 *
 * Quiescent-state based, as liburcu's qsbr flavour. A worker says now and then "I hold no pointer"
 * (xb_map_quiescent). Each time somebody wants to know whether old elements are forgotten, the
 * clock goes up by one (xb_grace_start); they are when every worker that is online has said so at
 * that time or later.
 *
 * Why not liburcu: what is needed is to *ask* whether a grace period is over, without waiting, from
 * inside a map update. Its poll interface came with 0.14, Debian 12 has 0.13; synchronize_rcu()
 * waits, and puts the calling worker itself into a quiescent state, which would take away the
 * pointers its program holds; call_rcu() needs a thread beside the workers and frees 10 ms late,
 * 100,000 elements at our update rates. Concurrency Kit's epochs do poll, but a section costs a
 * full fence on entry where this costs a load and a compare. The price: the 60 lines below.
 */
#include "bpf/map_internal.h"

#include <assert.h>
#include <pthread.h>

#define USER_SLOT XB_CPUS_MAX

/* Time a worker was last quiescent; 0: offline. */
static struct {
	uint64_t seen;
} __attribute__((aligned(64))) slots[XB_CPUS_MAX + 1];

static uint64_t now __attribute__((aligned(64))) = 1;
static unsigned int workers; /* no worker with this number or a higher one was ever online */
static pthread_mutex_t user_lock = PTHREAD_MUTEX_INITIALIZER;

static void
slot_online(unsigned int slot)
{
	uint64_t t = __atomic_load_n(&now, __ATOMIC_ACQUIRE);

	/* The exchange is also the barrier between this and the first lookup: either the
	 * reclaimer sees us, or we see what it unlinked. */
	__atomic_exchange_n(&slots[slot].seen, t, __ATOMIC_SEQ_CST);
}

static void
slot_offline(unsigned int slot)
{
	__atomic_store_n(&slots[slot].seen, 0, __ATOMIC_RELEASE);
}

void
xb_map_thread_online(unsigned int cpu)
{
	unsigned int n = __atomic_load_n(&workers, __ATOMIC_RELAXED);

	assert(cpu < XB_CPUS_MAX);
	while (n <= cpu && !__atomic_compare_exchange_n(
				   &workers, &n, cpu + 1, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	slot_online(cpu);
}

void
xb_map_thread_offline(unsigned int cpu)
{
	assert(cpu < XB_CPUS_MAX);
	slot_offline(cpu);
}

void
xb_map_quiescent(unsigned int cpu)
{
	uint64_t t = __atomic_load_n(&now, __ATOMIC_ACQUIRE);
	uint64_t seen = __atomic_load_n(&slots[cpu].seen, __ATOMIC_RELAXED);

	/* Offline stays offline: there is nothing to say. */
	if (seen != t && seen)
		__atomic_store_n(&slots[cpu].seen, t, __ATOMIC_RELEASE);
}

void
xb_grace_user_enter(void)
{
	pthread_mutex_lock(&user_lock);
	slot_online(USER_SLOT);
}

void
xb_grace_user_leave(void)
{
	slot_offline(USER_SLOT);
	pthread_mutex_unlock(&user_lock);
}

uint64_t
xb_grace_start(void)
{
	return __atomic_add_fetch(&now, 1, __ATOMIC_SEQ_CST);
}

bool
xb_grace_waits_for(unsigned int cpu, uint64_t tag)
{
	uint64_t seen = __atomic_load_n(&slots[cpu].seen, __ATOMIC_ACQUIRE);

	return seen && seen < tag;
}

bool
xb_grace_over(uint64_t tag)
{
	unsigned int n = __atomic_load_n(&workers, __ATOMIC_SEQ_CST);

	for (unsigned int i = 0; i < n; i++)
		if (xb_grace_waits_for(i, tag))
			return false;
	return !xb_grace_waits_for(USER_SLOT, tag);
}
