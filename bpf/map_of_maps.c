/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_ARRAY_OF_MAPS and HASH_OF_MAPS, after kernel/bpf/map_in_map.c: a lookup gives a map.
 * User space puts maps in by descriptor, and here are none: what is in it is what the object's
 * source says (xb_map_set_map), a few, so that a list will do. It does not change while programs
 * run.
 */
#include "bpf/map_hash.h"

#include <errno.h>
#include <stdlib.h>

struct map_of_maps {
	struct xb_map map;
	struct xb_map **inner;
	uint8_t *keys; /* of key_size bytes each */
	uint32_t cnt;
};

static int
check_inner(const struct xb_map_def *def, struct xb_log *log)
{
	return def->inner >= 0 ? 0 : xb_map_refuse(log, def, -EINVAL, "has no inner map");
}

static int
array_of_maps_check(const struct xb_map_def *def, struct xb_log *log)
{
	int err = xb_fd_array_check(def, log);

	return err ? err : check_inner(def, log);
}

/* fd_htab_map_alloc_check */
static int
hash_of_maps_check(const struct xb_map_def *def, struct xb_log *log)
{
	int err = 0;

	if (def->value_size != sizeof(uint32_t))
		err = xb_map_refuse(
			log, def, -EINVAL, "value_size %u; a map's is 4", def->value_size);
	err = err ? err : xb_hash_check(def, log);
	return err ? err : check_inner(def, log);
}

static int
of_maps_init(struct xb_map *map)
{
	(void)map;
	return 0;
}

static void
of_maps_fini(struct xb_map *map)
{
	struct map_of_maps *m = (struct map_of_maps *)map;

	free(m->inner);
	free(m->keys);
}

/* Where the key is, or cnt. */
static uint32_t
find(const struct map_of_maps *m, const void *key)
{
	uint32_t i = 0;

	while (i < m->cnt && memcmp(m->keys + (size_t)i * m->map.key_size, key, m->map.key_size))
		i++;
	return i;
}

static void *
of_maps_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	const struct map_of_maps *m = (const struct map_of_maps *)map;
	uint32_t i = find(m, key);

	(void)cpu;
	return i < m->cnt ? m->inner[i] : NULL;
}

static bool
is_of_maps(const struct xb_map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static int
add(struct map_of_maps *m, const void *key, struct xb_map *inner)
{
	size_t key_size = m->map.key_size;
	uint8_t *keys = realloc(m->keys, (m->cnt + (size_t)1) * key_size);
	struct xb_map **maps;

	if (!keys)
		return -ENOMEM;
	m->keys = keys;
	maps = realloc(m->inner, (m->cnt + (size_t)1) * sizeof(struct xb_map *));
	if (!maps)
		return -ENOMEM;
	m->inner = maps;
	memcpy(keys + m->cnt * key_size, key, key_size);
	maps[m->cnt++] = inner;
	return 0;
}

int
xb_map_set_map(struct xb_map *map, const void *key, struct xb_map *inner)
{
	struct map_of_maps *m = (struct map_of_maps *)map;
	uint32_t i, index;

	if (!is_of_maps(map))
		return -EINVAL;
	memcpy(&index, key, map->key_size < sizeof(index) ? map->key_size : sizeof(index));
	if (map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS && index >= map->max_entries)
		return -E2BIG;
	i = find(m, key);
	if (i == m->cnt)
		return m->cnt < map->max_entries ? add(m, key, inner) : -E2BIG;
	m->inner[i] = inner;
	return 0;
}

struct xb_map *
xb_map_inner_at(const struct xb_map *map, uint64_t addr)
{
	const struct map_of_maps *m = (const struct map_of_maps *)map;

	for (uint32_t i = 0; is_of_maps(map) && i < m->cnt; i++)
		if ((uintptr_t)m->inner[i] == addr)
			return m->inner[i];
	return NULL;
}

bool
xb_map_inner_owns(const struct xb_map *map, const void *addr, uint32_t size, bool writable)
{
	const struct map_of_maps *m = (const struct map_of_maps *)map;

	for (uint32_t i = 0; is_of_maps(map) && i < m->cnt; i++)
		if (xb_map_owns(m->inner[i], addr, size, writable))
			return true;
	return false;
}

/* The kernel's value is the inner map's id; maps have none here. */
static int
of_maps_user_lookup(struct xb_map *map, const void *key, void *value)
{
	(void)value;
	return of_maps_lookup(map, 0, key) ? -EOPNOTSUPP : -ENOENT;
}

/* The verifier refuses programs that change the map. */
#define OF_MAPS(name)                                                                              \
	const struct xb_map_ops xb_##name##_ops = {                                                \
		.struct_bytes = sizeof(struct map_of_maps),                                        \
		.check = name##_check,                                                             \
		.bytes = xb_none_bytes,                                                            \
		.init = of_maps_init,                                                              \
		.fini = of_maps_fini,                                                              \
		.lookup = of_maps_lookup,                                                          \
		.update = xb_none_update,                                                          \
		.remove = xb_none_remove,                                                          \
		.user_lookup = of_maps_user_lookup,                                                \
		.user_update = xb_none_update,                                                     \
		.user_remove = xb_none_remove,                                                     \
		.keys = xb_none_keys,                                                              \
	}

OF_MAPS(array_of_maps);
OF_MAPS(hash_of_maps);
