/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What maps do that have no elements to show, or let nobody change them through these operations:
 * shared by the types whose elements are programs, maps, or something outside (map_prog_array.c,
 * map_of_maps.c, map_target.c, map_ringbuf.c).
 */
#include "bpf/map_internal.h"

#include <errno.h>

uint64_t
xb_none_bytes(const struct xb_map_def *def, unsigned int n_cpus)
{
	(void)def, (void)n_cpus;
	return 0;
}

void *
xb_none_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)map, (void)cpu, (void)key;
	return NULL;
}

int
xb_none_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	(void)map, (void)cpu, (void)key, (void)value, (void)flags;
	return -EOPNOTSUPP;
}

int
xb_none_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)map, (void)cpu, (void)key;
	return -EOPNOTSUPP;
}

int64_t
xb_none_keys(struct xb_map *map, void **keys)
{
	(void)map;
	*keys = NULL;
	return 0;
}
