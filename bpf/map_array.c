/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_ARRAY and PERCPU_ARRAY, after kernel/bpf/arraymap.c: all elements exist from the
 * beginning, are updated in place and cannot be deleted. Two workers writing one element at once
 * mix their bytes, as two cpus do in the kernel; atomic instructions on it are atomic.
 */
#include "bpf/map_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define ARRAY_FLAGS                                                                                \
	(BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY |      \
		BPF_F_WRONLY_PROG | BPF_F_INNER_MAP)

/* array_map_alloc_check */
int
xb_array_check(const struct xb_map_def *def, struct xb_log *log)
{
	bool percpu = def->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	uint32_t flags = ARRAY_FLAGS;

	if (def->type != BPF_MAP_TYPE_ARRAY)
		flags &= ~(uint32_t)(BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	if (percpu)
		flags &= ~(uint32_t)BPF_F_NUMA_NODE;
	if (def->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		flags |= BPF_F_PRESERVE_ELEMS;
	if (def->max_entries == 0)
		return xb_map_refuse(log, def, -EINVAL, "max_entries is 0");
	if (def->key_size != sizeof(uint32_t))
		return xb_map_refuse(
			log, def, -EINVAL, "key_size %u; an array's is 4", def->key_size);
	if (def->value_size == 0)
		return xb_map_refuse(log, def, -EINVAL, "value_size is 0");
	if (def->flags & ~flags)
		return xb_map_refuse(
			log, def, -EINVAL, "flags %#x are not for this type", def->flags & ~flags);
	if ((def->flags & BPF_F_RDONLY_PROG) && (def->flags & BPF_F_WRONLY_PROG))
		return xb_map_refuse(log, def, -EINVAL,
			"BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
	if (def->value_size > INT_MAX)
		return xb_map_refuse(
			log, def, -E2BIG, "value_size %u is too large", def->value_size);
	if (percpu && xb_pad8(def->value_size) > XB_PCPU_VALUE_MAX)
		return xb_map_refuse(log, def, -E2BIG, "value_size %u; at most %u of each cpu",
			def->value_size, XB_PCPU_VALUE_MAX);
	return 0;
}

static unsigned int
regions(const struct xb_map *map)
{
	return map->ops->percpu ? map->n_cpus : 1;
}

static uint64_t
array_bytes(const struct xb_map_def *def, unsigned int n_cpus)
{
	uint64_t all = xb_bytes(xb_pad8(def->value_size), def->max_entries, 0);

	return def->type == BPF_MAP_TYPE_PERCPU_ARRAY ? xb_bytes(all, n_cpus, 0) : all;
}

static int
array_init(struct xb_map *map)
{
	uint32_t stride = xb_pad8(map->value_size);
	void *area = xb_area_new(xb_values_area_bytes(stride, map->max_entries, regions(map)));

	if (!area)
		return -ENOMEM;
	xb_values_init(&map->values, area, stride, map->max_entries, regions(map));
	return 0;
}

static void
array_fini(struct xb_map *map)
{
	xb_area_free(map->values.base, map->values.bytes);
}

static uint32_t
index_of(const void *key)
{
	uint32_t i;

	memcpy(&i, key, sizeof(i));
	return i;
}

static void *
array_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	uint32_t i = index_of(key);

	(void)cpu;
	return i < map->max_entries ? xb_value_at(map, 0, i) : NULL;
}

static void *
percpu_array_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	uint32_t i = index_of(key);

	return i < map->max_entries ? xb_value_at(map, cpu, i) : NULL;
}

/* The order of the checks is array_map_update_elem's. */
static int
check_update(const struct xb_map *map, uint32_t i, uint64_t flags)
{
	if ((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST)
		return -EINVAL;
	if (i >= map->max_entries)
		return -E2BIG;
	if (flags & BPF_NOEXIST)
		return -EEXIST;
	/* No map here has a bpf_spin_lock in its value. */
	return flags & BPF_F_LOCK ? -EINVAL : 0;
}

static int
array_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	uint32_t i = index_of(key);
	int err = check_update(map, i, flags);

	if (!err)
		memcpy(xb_value_at(map, map->ops->percpu ? cpu : 0, i), value, map->value_size);
	return err;
}

static int
array_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)map, (void)cpu, (void)key;
	return -EINVAL;
}

static int
array_user_lookup(struct xb_map *map, const void *key, void *value)
{
	uint32_t i = index_of(key);

	if (i >= map->max_entries)
		return -ENOENT;
	xb_value_to_user(map, i, value);
	return 0;
}

static int
array_user_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	uint32_t i = index_of(key);
	int err = check_update(map, i, flags);

	(void)cpu;
	if (!err)
		xb_value_from_user(map, i, value);
	return err;
}

static int64_t
array_keys(struct xb_map *map, void **keys)
{
	uint32_t *k = malloc((size_t)map->max_entries * sizeof(*k));

	if (!k)
		return -ENOMEM;
	for (uint32_t i = 0; i < map->max_entries; i++)
		k[i] = i;
	*keys = k;
	return map->max_entries;
}

void *
xb_map_value_addr(const struct xb_map *map, uint32_t off)
{
	/* array_map_direct_value_addr: only where there is one element */
	if (map->type != BPF_MAP_TYPE_ARRAY || map->max_entries != 1 || off >= map->value_size)
		return NULL;
	return (uint8_t *)xb_value_at(map, 0, 0) + off;
}

const struct xb_map_ops xb_array_ops = {
	.struct_bytes = sizeof(struct xb_map),
	.check = xb_array_check,
	.bytes = array_bytes,
	.init = array_init,
	.fini = array_fini,
	.lookup = array_lookup,
	.update = array_update,
	.remove = array_remove,
	.user_lookup = array_user_lookup,
	.user_update = array_user_update,
	.user_remove = array_remove,
	.keys = array_keys,
};

const struct xb_map_ops xb_percpu_array_ops = {
	.struct_bytes = sizeof(struct xb_map),
	.percpu = true,
	.check = xb_array_check,
	.bytes = array_bytes,
	.init = array_init,
	.fini = array_fini,
	.lookup = percpu_array_lookup,
	.update = array_update,
	.remove = array_remove,
	.user_lookup = array_user_lookup,
	.user_update = array_user_update,
	.user_remove = array_remove,
	.keys = array_keys,
};
