/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_PROG_ARRAY, after the fd_array half of kernel/bpf/arraymap.c. The kernel fills it
 * with file descriptors through bpf(2); here there are none, xb_map_set_prog() takes an image.
 * Images are never freed before the map, so a tail call needs no grace period.
 */
#include "bpf/map_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct prog_array {
	struct xb_map map;
	const struct xb_image **progs;
};

/* fd_array_map_alloc_check */
int
xb_fd_array_check(const struct xb_map_def *def, struct xb_log *log)
{
	if (def->value_size != sizeof(uint32_t))
		return xb_map_refuse(log, def, -EINVAL,
			"value_size %u; that of an array of descriptors is 4", def->value_size);
	if (def->flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return xb_map_refuse(log, def, -EINVAL,
			"BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG are not for this type");
	return xb_array_check(def, log);
}

static uint64_t
prog_array_bytes(const struct xb_map_def *def, unsigned int n_cpus)
{
	(void)n_cpus;
	return xb_bytes(sizeof(const struct xb_image *), def->max_entries, 0);
}

static int
prog_array_init(struct xb_map *map)
{
	struct prog_array *a = (struct prog_array *)map;

	a->progs = xb_area_new(map->max_entries * sizeof(*a->progs));
	return a->progs ? 0 : -ENOMEM;
}

static void
prog_array_fini(struct xb_map *map)
{
	struct prog_array *a = (struct prog_array *)map;

	xb_area_free(a->progs, map->max_entries * sizeof(*a->progs));
}

int
xb_map_set_prog(struct xb_map *map, uint32_t index, const struct xb_image *image)
{
	struct prog_array *a = (struct prog_array *)map;

	if (map->type != BPF_MAP_TYPE_PROG_ARRAY)
		return -EINVAL;
	if (index >= map->max_entries)
		return -E2BIG;
	__atomic_store_n(&a->progs[index], image, __ATOMIC_RELEASE);
	return 0;
}

const struct xb_image *
xb_map_get_prog(const struct xb_map *map, uint32_t index)
{
	const struct prog_array *a = (const struct prog_array *)map;

	if (map->type != BPF_MAP_TYPE_PROG_ARRAY || index >= map->max_entries)
		return NULL;
	return __atomic_load_n(&a->progs[index], __ATOMIC_ACQUIRE);
}

static uint32_t
index_of(const void *key)
{
	uint32_t i;

	memcpy(&i, key, sizeof(i));
	return i;
}

/* The kernel's value is the program's id; programs have none here. */
static int
prog_array_user_lookup(struct xb_map *map, const void *key, void *value)
{
	(void)value;
	return xb_map_get_prog(map, index_of(key)) ? -EOPNOTSUPP : -ENOENT;
}

/* bpf_fd_array_map_update_elem, where no number is an open file. */
static int
prog_array_user_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	(void)cpu, (void)value;
	if (flags != BPF_ANY)
		return -EINVAL;
	return index_of(key) >= map->max_entries ? -E2BIG : -EBADF;
}

static int
prog_array_user_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct prog_array *a = (struct prog_array *)map;
	uint32_t i = index_of(key);

	(void)cpu;
	if (i >= map->max_entries)
		return -E2BIG;
	return __atomic_exchange_n(&a->progs[i], NULL, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

const struct xb_map_ops xb_prog_array_ops = {
	.struct_bytes = sizeof(struct prog_array),
	.check = xb_fd_array_check,
	.bytes = prog_array_bytes,
	.init = prog_array_init,
	.fini = prog_array_fini,
	/* the verifier refuses programs that look a program up, or change the map */
	.lookup = xb_none_lookup,
	.update = xb_none_update,
	.remove = xb_none_remove,
	.user_lookup = prog_array_user_lookup,
	.user_update = prog_array_user_update,
	.user_remove = prog_array_user_remove,
	.keys = xb_none_keys, /* none has a value to show; xb_map_get_prog() tells what is where */
};
