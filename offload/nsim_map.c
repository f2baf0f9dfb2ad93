/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdevsim's maps: two slots each, whatever the type (kernel: drivers/net/netdevsim/bpf.c;
 * reference/kernel-offload.md 2.1, 2.2).
 */
#include "offload/nsim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 2u /* NSIM_BPF_MAX_... entry[2] */

/* map->priv */
struct nsim_map {
	bool used[SLOTS];
	uint8_t bytes[]; /* of slot n: the key at n * (key + value), the value after it */
};

static uint8_t *
key_of(const struct off_map *map, uint32_t slot)
{
	struct nsim_map *m = map->priv;

	return m->bytes + (size_t)slot * ((size_t)map->def.key_size + map->def.value_size);
}

static uint8_t *
value_of(const struct off_map *map, uint32_t slot)
{
	return key_of(map, slot) + map->def.key_size;
}

/* SLOTS: not there. */
static uint32_t
find(const struct off_map *map, const void *key)
{
	const struct nsim_map *m = map->priv;
	uint32_t slot = 0;

	while (slot < SLOTS &&
		!(m->used[slot] && !memcmp(key_of(map, slot), key, map->def.key_size)))
		slot++;
	return slot;
}

static uint32_t
find_free(const struct off_map *map)
{
	const struct nsim_map *m = map->priv;
	uint32_t slot = 0;

	while (slot < SLOTS && m->used[slot])
		slot++;
	return slot;
}

static enum off_rule
check(const struct off_netdev *dev, const struct off_map *map)
{
	if (!off_nsim_port(dev)->knob[OFF_NSIM_MAP_ACCEPT])
		return OFF_RULE_NS_3;
	if (map->def.max_entries > SLOTS)
		return OFF_RULE_NS_4;
	if (map->def.flags)
		return OFF_RULE_NS_5;
	return OFF_RULE_CNT;
}

int
off_nsim_map_alloc(struct off_netdev *dev, struct off_map *map)
{
	size_t element = (size_t)map->def.key_size + map->def.value_size;
	enum off_rule rule = check(dev, map);
	struct nsim_map *m;

	if (rule != OFF_RULE_CNT)
		return off_refuse(NULL, rule);
	m = calloc(1, sizeof(*m) + SLOTS * element);
	if (!m)
		return -ENOMEM;
	map->priv = m;
	for (uint32_t slot = 0; map->def.type == BPF_MAP_TYPE_ARRAY && slot < SLOTS; slot++) {
		memcpy(key_of(map, slot), &slot, sizeof(slot));
		m->used[slot] = true;
	}
	return 0;
}

void
off_nsim_map_free(struct off_map *map)
{
	free(map->priv);
	map->priv = NULL;
}

int
off_nsim_map_lookup(struct off_map *map, const void *key, void *value)
{
	uint32_t slot = find(map, key);

	if (slot == SLOTS)
		return -ENOENT;
	memcpy(value, value_of(map, slot), map->def.value_size);
	return 0;
}

int
off_nsim_map_update(struct off_map *map, const void *key, const void *value, uint64_t flags)
{
	struct nsim_map *m = map->priv;
	uint32_t slot = find(map, key);

	if (slot == SLOTS && flags == BPF_EXIST)
		return -ENOENT;
	if (slot < SLOTS && flags == BPF_NOEXIST)
		return -EEXIST;
	if (slot == SLOTS)
		slot = find_free(map);
	if (slot == SLOTS)
		return -E2BIG;
	m->used[slot] = true;
	memcpy(key_of(map, slot), key, map->def.key_size);
	memcpy(value_of(map, slot), value, map->def.value_size);
	return 0;
}

int
off_nsim_map_delete(struct off_map *map, const void *key)
{
	struct nsim_map *m = map->priv;
	uint32_t slot = find(map, key);

	if (map->def.type == BPF_MAP_TYPE_ARRAY)
		return -EINVAL;
	if (slot == SLOTS)
		return -ENOENT;
	m->used[slot] = false;
	return 0;
}

int
off_nsim_map_next_key(struct off_map *map, const void *key, void *next)
{
	const struct nsim_map *m = map->priv;
	uint32_t slot = key ? find(map, key) : SLOTS;

	slot = slot == SLOTS ? 0 : slot + 1;
	while (slot < SLOTS && !m->used[slot])
		slot++;
	if (slot == SLOTS)
		return -ENOENT;
	memcpy(next, key_of(map, slot), map->def.key_size);
	return 0;
}
