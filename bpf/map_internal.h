/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the map files share: the map itself, the operations of a type, the memory of elements,
 * grace periods. Nobody but bpf/map*.c and their tests includes it.
 */
#ifndef XB_MAP_INTERNAL_H
#define XB_MAP_INTERNAL_H

#include "bpf/xb.h"

#include <string.h>

/* What the kernel's checks compare with (x86-64, 4 KiB pages). */
#define XB_PCPU_VALUE_MAX (32u << 10) /* include/linux/percpu.h: PCPU_MIN_UNIT_SIZE */
#define XB_KMALLOC_MAX (4u << 20)     /* include/linux/slab.h: KMALLOC_MAX_SIZE */
#define XB_HTAB_ELEM_BYTES 48u	      /* kernel/bpf/hashtab.c: sizeof(struct htab_elem) */
#define XB_HTAB_BUCKET_BYTES 16u      /* kernel/bpf/hashtab.c: sizeof(struct bucket) */
#define XB_ENOTSUPP 524		      /* include/linux/errno.h, not in the UAPI */
#define XB_MAP_BYTES_MAX                                                                           \
	(UINT64_C(4) << 30) /* ours: the largest map, all cpus and spares counted */

static inline uint32_t
xb_pad8(uint32_t n)
{
	return (n + 7u) & ~7u;
}

struct xb_map_ops {
	size_t struct_bytes; /* of the type's own struct, which begins with struct xb_map */
	bool percpu;
	/* map_alloc_check: 0, or -errno and a sentence. */
	int (*check)(const struct xb_map_def *def, struct xb_log *log);
	/* Memory the map may come to need, UINT64_MAX when that does not fit. */
	uint64_t (*bytes)(const struct xb_map_def *def, unsigned int n_cpus);
	int (*init)(struct xb_map *map); /* 0 or -ENOMEM; fini is called in any case */
	void (*fini)(struct xb_map *map);
	void *(*lookup)(struct xb_map *map, unsigned int cpu, const void *key);
	int (*update)(struct xb_map *map, unsigned int cpu, const void *key, const void *value,
		uint64_t flags);
	int (*remove)(struct xb_map *map, unsigned int cpu, const void *key);
	/* From outside, with a grace slot held: cpu is the number after the last worker's. */
	int (*user_lookup)(struct xb_map *map, const void *key, void *value);
	int (*user_update)(struct xb_map *map, unsigned int cpu, const void *key, const void *value,
		uint64_t flags);
	int (*user_remove)(struct xb_map *map, unsigned int cpu, const void *key);
	/* All keys there are now, in ascending order, in a malloc'ed array; a count or -ENOMEM. */
	int64_t (*keys)(struct xb_map *map, void **keys);
};

/* Where the values of a map lie: `regions` equal parts (one a cpu), each `count` strides. */
struct xb_values {
	uint8_t *base;
	uint64_t bytes;	    /* from base to the end of the last region */
	uint64_t magic;	    /* 2^64 / stride + 1: division by multiplication */
	uint32_t stride;    /* bytes from one value to the next */
	uint32_t count;	    /* values in a region */
	uint8_t region_log; /* region n begins at base + (n << region_log) */
};

struct xb_map {
	/* The hot path reads these: one cache line. */
	void *(*lookup)(struct xb_map *map, unsigned int cpu, const void *key);
	struct xb_values values;
	uint32_t value_size;
	uint32_t max_entries;

	const struct xb_map_ops *ops;
	uint32_t key_size;
	uint32_t flags;
	enum bpf_map_type type;
	unsigned int n_cpus;
	bool prog_read, prog_write; /* what programs may do with values */
	bool user_read, user_write; /* what bpf(2) may do */
	char *name;
};

extern const struct xb_map_ops xb_array_ops, xb_percpu_array_ops, xb_prog_array_ops;
extern const struct xb_map_ops xb_devmap_ops, xb_devmap_hash_ops, xb_cpumap_ops, xb_xskmap_ops;
extern const struct xb_map_ops xb_perf_event_array_ops, xb_ringbuf_ops;
extern const struct xb_map_ops xb_array_of_maps_ops, xb_hash_of_maps_ops;
extern const struct xb_map_ops xb_hash_ops, xb_percpu_hash_ops, xb_lru_hash_ops;
extern const struct xb_map_ops xb_lru_percpu_hash_ops, xb_lpm_trie_ops;

/* ---- map.c ---- */

/* A sentence about a definition that is refused; returns err. */
int xb_map_refuse(struct xb_log *log, const struct xb_map_def *def, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* map_alloc_check of the array and of the arrays of descriptors, which other types build on. */
int xb_array_check(const struct xb_map_def *def, struct xb_log *log);
int xb_fd_array_check(const struct xb_map_def *def, struct xb_log *log);

/* ---- map_none.c: of maps that have no elements to show, or let nobody change them ---- */

uint64_t xb_none_bytes(const struct xb_map_def *def, unsigned int n_cpus);
void *xb_none_lookup(struct xb_map *map, unsigned int cpu, const void *key);
int xb_none_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags);
int xb_none_remove(struct xb_map *map, unsigned int cpu, const void *key);
int64_t xb_none_keys(struct xb_map *map, void **keys);

/* Zeroed memory that costs nothing until touched; NULL when there is none. */
void *xb_area_new(uint64_t bytes);
void xb_area_free(void *area, uint64_t bytes);

/* a * b + c, UINT64_MAX when that does not fit. */
uint64_t xb_bytes(uint64_t a, uint64_t b, uint64_t c);
/* Set where the values lie that an area made with xb_values_area_bytes() holds from base on. */
void xb_values_init(
	struct xb_values *v, void *base, uint32_t stride, uint32_t count, unsigned int regions);
/* With more than one region, each is rounded up so that it begins at a multiple of its size. */
uint64_t xb_values_area_bytes(uint32_t stride, uint32_t count, unsigned int regions);

static inline void *
xb_value_at(const struct xb_map *map, unsigned int cpu, uint32_t i)
{
	const struct xb_values *v = &map->values;

	return v->base + ((uint64_t)cpu << v->region_log) + (uint64_t)i * v->stride;
}

/* Copy a value to or from bpf(2)'s form: one value, or one a cpu each padded to 8 bytes. */
void xb_value_to_user(const struct xb_map *map, uint32_t i, void *user);
void xb_value_from_user(struct xb_map *map, uint32_t i, const void *user);

/* ---- map_grace.c ---- */

/* Everything unlinked before this call may be reused once xb_grace_over(the result). */
uint64_t xb_grace_start(void);
bool xb_grace_over(uint64_t tag);
/* Is it this worker that keeps it from being over? */
bool xb_grace_waits_for(unsigned int cpu, uint64_t tag);
/* Threads that are no worker share one slot; between the two, elements stay as for a worker. */
void xb_grace_user_enter(void);
void xb_grace_user_leave(void);

/* ---- map_pool.c: free elements, by number from 1 ---- */

#define XB_POOL_BATCHES 8u

/* Elements retired and not yet reusable: first and last of a list through link[]. */
struct xb_retired {
	uint32_t first;
	uint32_t last;
	uint32_t n;
	uint64_t tag; /* the grace period they wait for */
};

struct xb_pool_cpu {
	uint32_t lock;
	uint32_t free;		/* first of a list through link[], 0: none */
	uint32_t waiting;	/* elements in all the batches below */
	uint32_t oldest, n;	/* closed[oldest], and the n - 1 after it, round and round */
	struct xb_retired open; /* no grace period started yet */
	struct xb_retired closed[XB_POOL_BATCHES];
} __attribute__((aligned(64)));

struct xb_pool {
	uint32_t *link; /* never the chain of a hash bucket: readers may still follow that one */
	uint32_t cap;	/* elements are 1 ... cap */
	uint32_t share; /* retired elements a worker may have and still get another */
	uint32_t fresh; /* elements beyond this one were never handed out */
	unsigned int n_cpus;
	struct xb_pool_cpu *cpus;
};

/* n_cpus counts the one for calls from outside, the last. */
int xb_pool_init(struct xb_pool *pool, uint32_t cap, uint32_t share, unsigned int n_cpus);
void xb_pool_fini(struct xb_pool *pool);
/* 0: none to be had before somebody is quiescent. */
uint32_t xb_pool_get(struct xb_pool *pool, unsigned int cpu);
/* The element is unlinked, but may still be looked at. */
void xb_pool_retire(struct xb_pool *pool, unsigned int cpu, uint32_t i);
/* Give others the time to become quiescent; false when that was tried long enough, or it is only
 * the caller itself that is not. Not with a lock held. *tries is 0 at the beginning. */
bool xb_pool_wait(struct xb_pool *pool, unsigned int cpu, unsigned int *tries);

/* ---- locks: one word, held for a few dozen instructions ---- */

void xb_spin_wait(uint32_t *lock);

static inline void
xb_spin_lock(uint32_t *lock)
{
	if (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		xb_spin_wait(lock);
}

static inline void
xb_spin_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif
