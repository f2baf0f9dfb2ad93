/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_RINGBUF and its helpers, after kernel/bpf/ringbuf.c. There is no reader: records are
 * put one behind the other until the ring is full, as when a reader hangs. So whether a record was
 * submitted or discarded makes no difference, and none is ever used again.
 */
#include "bpf/helpers.h"
#include "bpf/map_internal.h"

#include <errno.h>

#define HEADER_BYTES 8u /* BPF_RINGBUF_HDR_SZ */
#define PAGE_BYTES 4096u

struct ringbuf {
	struct xb_map map; /* its one value is the ring: a program may write into its records */
	uint64_t produced; /* bytes, headers too */
};

/* ringbuf_map_alloc */
static int
ringbuf_check(const struct xb_map_def *def, struct xb_log *log)
{
	if (def->flags & ~(uint32_t)BPF_F_NUMA_NODE)
		return xb_map_refuse(log, def, -EINVAL, "flags %#x are not for this type",
			def->flags & ~(uint32_t)BPF_F_NUMA_NODE);
	if (def->key_size || def->value_size)
		return xb_map_refuse(log, def, -EINVAL, "key_size %u, value_size %u, must be 0",
			def->key_size, def->value_size);
	if (def->max_entries < PAGE_BYTES || def->max_entries & (def->max_entries - 1))
		return xb_map_refuse(log, def, -EINVAL,
			"max_entries %u, must be a power of 2 and whole pages", def->max_entries);
	return 0;
}

static uint64_t
ringbuf_bytes(const struct xb_map_def *def, unsigned int n_cpus)
{
	(void)n_cpus;
	return def->max_entries;
}

static int
ringbuf_init(struct xb_map *map)
{
	void *area = xb_area_new(map->max_entries);

	if (!area)
		return -ENOMEM;
	map->value_size = map->max_entries;
	xb_values_init(&map->values, area, map->max_entries, 1, 1);
	return 0;
}

static void
ringbuf_fini(struct xb_map *map)
{
	xb_area_free(map->values.base, map->values.bytes);
}

static int
ringbuf_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	(void)map, (void)cpu, (void)key, (void)value, (void)flags;
	return -XB_ENOTSUPP;
}

static int
ringbuf_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)map, (void)cpu, (void)key;
	return -XB_ENOTSUPP;
}

static int
ringbuf_user_lookup(struct xb_map *map, const void *key, void *value)
{
	(void)map, (void)key, (void)value;
	return -XB_ENOTSUPP;
}

const struct xb_map_ops xb_ringbuf_ops = {
	.struct_bytes = sizeof(struct ringbuf),
	.check = ringbuf_check,
	.bytes = ringbuf_bytes,
	.init = ringbuf_init,
	.fini = ringbuf_fini,
	.lookup = xb_none_lookup,
	.update = ringbuf_update,
	.remove = ringbuf_remove,
	.user_lookup = ringbuf_user_lookup,
	.user_update = ringbuf_update,
	.user_remove = ringbuf_remove,
	.keys = xb_none_keys,
};

/* ---- helpers ---- */

/* __bpf_ringbuf_reserve: room for a record, NULL when there is none. */
static void *
reserve(struct xb_map *map, uint64_t size)
{
	struct ringbuf *r = (struct ringbuf *)map;
	uint64_t at = __atomic_load_n(&r->produced, __ATOMIC_RELAXED), bytes;

	if (size > UINT32_MAX / 4)
		return NULL;
	bytes = (size + HEADER_BYTES + 7) & ~UINT64_C(7);
	do {
		if (at + bytes > map->max_entries - 1)
			return NULL;
	} while (!__atomic_compare_exchange_n(
		&r->produced, &at, at + bytes, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return map->values.base + at + HEADER_BYTES;
}

uint64_t
helper_ringbuf_reserve(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r4, (void)r5;
	return r3 ? 0 : (uintptr_t)reserve(xb_helper_ptr(r1), r2);
}

uint64_t
helper_ringbuf_output(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	void *record;

	(void)vm, (void)r5;
	if (r4 & ~(uint64_t)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return xb_helper_ret(-EINVAL);
	record = reserve(xb_helper_ptr(r1), r3);
	if (!record)
		return xb_helper_ret(-EAGAIN);
	memcpy(record, xb_helper_ptr(r2), r3);
	return 0;
}

uint64_t
helper_ringbuf_submit(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return 0;
}

uint64_t
helper_ringbuf_discard(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return 0;
}

uint64_t
helper_ringbuf_query(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct ringbuf *r = xb_helper_ptr(r1);

	(void)vm, (void)r3, (void)r4, (void)r5;
	switch (r2) {
	case BPF_RB_AVAIL_DATA:
	case BPF_RB_PROD_POS: return __atomic_load_n(&r->produced, __ATOMIC_RELAXED);
	case BPF_RB_RING_SIZE: return r->map.max_entries;
	default: return 0;
	}
}
