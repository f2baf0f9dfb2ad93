/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: the table of types, creation, and what all types have in common.
 *
 * Semantics, flags and errno are the kernel's as of Linux 6.12: kernel/bpf/syscall.c for what
 * comes from outside, map_alloc_check and the operations of each type for the rest. A type is
 * supported when it has operations in the table below; the others are known by name.
 *
 * Memory: the values of a map lie in one area with a fixed stride, so "is this pointer a value of
 * that map" (xb_map_owns, asked for every access of the checked interpreter) is arithmetic. Areas
 * are reserved at creation and cost nothing until touched; as such a reservation may promise more
 * than there is, XB_MAP_BYTES_MAX bounds it.
 */
#include "bpf/internal.h"
#include "bpf/map_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Newer than the headers of Linux 6.1. */
#define XB_MAP_TYPE_CGRP_STORAGE 32
#define XB_MAP_TYPE_ARENA 33

static const struct {
	const char *name; /* as bpftool prints it */
	const struct xb_map_ops *ops;
} types[] = {
	[BPF_MAP_TYPE_UNSPEC] = { "unspec", NULL },
	[BPF_MAP_TYPE_HASH] = { "hash", &xb_hash_ops },
	[BPF_MAP_TYPE_ARRAY] = { "array", &xb_array_ops },
	[BPF_MAP_TYPE_PROG_ARRAY] = { "prog_array", &xb_prog_array_ops },
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = { "perf_event_array", &xb_perf_event_array_ops },
	[BPF_MAP_TYPE_PERCPU_HASH] = { "percpu_hash", &xb_percpu_hash_ops },
	[BPF_MAP_TYPE_PERCPU_ARRAY] = { "percpu_array", &xb_percpu_array_ops },
	[BPF_MAP_TYPE_STACK_TRACE] = { "stack_trace", NULL },
	[BPF_MAP_TYPE_CGROUP_ARRAY] = { "cgroup_array", NULL },
	[BPF_MAP_TYPE_LRU_HASH] = { "lru_hash", &xb_lru_hash_ops },
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = { "lru_percpu_hash", &xb_lru_percpu_hash_ops },
	[BPF_MAP_TYPE_LPM_TRIE] = { "lpm_trie", &xb_lpm_trie_ops },
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = { "array_of_maps", &xb_array_of_maps_ops },
	[BPF_MAP_TYPE_HASH_OF_MAPS] = { "hash_of_maps", &xb_hash_of_maps_ops },
	[BPF_MAP_TYPE_DEVMAP] = { "devmap", &xb_devmap_ops },
	[BPF_MAP_TYPE_SOCKMAP] = { "sockmap", NULL },
	[BPF_MAP_TYPE_CPUMAP] = { "cpumap", &xb_cpumap_ops },
	[BPF_MAP_TYPE_XSKMAP] = { "xskmap", &xb_xskmap_ops },
	[BPF_MAP_TYPE_SOCKHASH] = { "sockhash", NULL },
	[BPF_MAP_TYPE_CGROUP_STORAGE] = { "cgroup_storage", NULL },
	[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = { "reuseport_sockarray", NULL },
	[BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = { "percpu_cgroup_storage", NULL },
	[BPF_MAP_TYPE_QUEUE] = { "queue", NULL },
	[BPF_MAP_TYPE_STACK] = { "stack", NULL },
	[BPF_MAP_TYPE_SK_STORAGE] = { "sk_storage", NULL },
	[BPF_MAP_TYPE_DEVMAP_HASH] = { "devmap_hash", &xb_devmap_hash_ops },
	[BPF_MAP_TYPE_STRUCT_OPS] = { "struct_ops", NULL },
	[BPF_MAP_TYPE_RINGBUF] = { "ringbuf", &xb_ringbuf_ops },
	[BPF_MAP_TYPE_INODE_STORAGE] = { "inode_storage", NULL },
	[BPF_MAP_TYPE_TASK_STORAGE] = { "task_storage", NULL },
	[BPF_MAP_TYPE_BLOOM_FILTER] = { "bloom_filter", NULL },
	[BPF_MAP_TYPE_USER_RINGBUF] = { "user_ringbuf", NULL },
	[XB_MAP_TYPE_CGRP_STORAGE] = { "cgrp_storage", NULL },
	[XB_MAP_TYPE_ARENA] = { "arena", NULL },
};

/* ---- memory ---- */

uint64_t
xb_bytes(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t r;

	if (__builtin_mul_overflow(a, b, &r) || __builtin_add_overflow(r, c, &r))
		return UINT64_MAX;
	return r;
}

void *
xb_area_new(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
xb_area_free(void *area, uint64_t bytes)
{
	if (area)
		munmap(area, bytes);
}

static uint8_t
region_log(uint32_t stride, uint32_t count)
{
	uint64_t bytes = (uint64_t)stride * count;
	uint8_t log = 12; /* workers do not share pages */

	while ((UINT64_C(1) << log) < bytes)
		log++;
	return log;
}

uint64_t
xb_values_area_bytes(uint32_t stride, uint32_t count, unsigned int regions)
{
	if (regions == 1)
		return (uint64_t)stride * count;
	return (uint64_t)regions << region_log(stride, count);
}

void
xb_values_init(
	struct xb_values *v, void *base, uint32_t stride, uint32_t count, unsigned int regions)
{
	v->base = base;
	v->stride = stride;
	v->count = count;
	v->bytes = xb_values_area_bytes(stride, count, regions);
	v->region_log = regions == 1 ? 63 : region_log(stride, count);
	v->magic = UINT64_MAX / stride + 1;
}

_Static_assert(XB_MAP_BYTES_MAX <= UINT64_C(1) << 32, "a region times a stride: xb_map_owns");

bool
xb_map_owns(const struct xb_map *map, const void *addr, uint32_t size, bool writable)
{
	const struct xb_values *v = &map->values;
	uint64_t off = (uint64_t)((uintptr_t)addr - (uintptr_t)v->base), i, in;

	if (off >= v->bytes || !(writable ? map->prog_write : map->prog_read))
		return false;
	off &= (UINT64_C(1) << v->region_log) - 1;
	/* off / stride, exact as long as their product is less than 2^64 */
	i = (uint64_t)(((unsigned __int128)off * v->magic) >> 64);
	in = off - i * v->stride;
	return i < v->count && in + size <= map->value_size;
}

/* ---- creation ---- */

const char *
xb_map_type_name(enum bpf_map_type type)
{
	return (uint32_t)type < ARRAY_SIZE(types) ? types[type].name : "unknown";
}

int
xb_map_refuse(struct xb_log *log, const struct xb_map_def *def, int err, const char *fmt, ...)
{
	va_list ap;

	xb_log_add(log, "map '%s' (%s): ", def->name, xb_map_type_name(def->type));
	va_start(ap, fmt);
	xb_log_vadd(log, fmt, ap);
	va_end(ap);
	xb_log_add(log, "\n");
	return err;
}

/* What map_create (kernel/bpf/syscall.c) and the type's map_alloc_check say. */
int
xb_map_check(const struct xb_map_def *def, struct xb_log *log)
{
	const struct xb_map_ops *ops;

	if ((uint32_t)def->type >= ARRAY_SIZE(types) || def->type == BPF_MAP_TYPE_UNSPEC)
		return xb_map_refuse(log, def, -EINVAL, "there is no map type %u", def->type);
	ops = types[def->type].ops;
	if (!ops)
		return xb_map_refuse(log, def, -EOPNOTSUPP, "this map type is not implemented");
	if ((def->flags & BPF_F_RDONLY) && (def->flags & BPF_F_WRONLY))
		return xb_map_refuse(
			log, def, -EINVAL, "BPF_F_RDONLY and BPF_F_WRONLY exclude each other");
	return ops->check(def, log);
}

static int
check_def(const struct xb_map_def *def, unsigned int n_cpus, struct xb_log *log)
{
	uint64_t bytes;
	int err = xb_map_check(def, log);

	if (err)
		return err;
	if (n_cpus == 0 || n_cpus > XB_CPUS_MAX)
		return xb_map_refuse(
			log, def, -EINVAL, "%u workers, 1 to %u can be", n_cpus, XB_CPUS_MAX);
	if (def->contents && def->type != BPF_MAP_TYPE_ARRAY)
		return xb_map_refuse(log, def, -EINVAL, "only an array can have initial contents");
	bytes = types[def->type].ops->bytes(def, n_cpus);
	if (bytes > XB_MAP_BYTES_MAX)
		return xb_map_refuse(log, def, -ENOMEM,
			"%u entries of %u + %u bytes may come to need more than the %llu MiB a map "
			"may have here; lower max_entries",
			def->max_entries, def->key_size, def->value_size,
			(unsigned long long)XB_MAP_BYTES_MAX >> 20);
	return 0;
}

static void
fill_in(struct xb_map *map, const struct xb_map_def *def, unsigned int n_cpus)
{
	map->ops = types[def->type].ops;
	map->lookup = map->ops->lookup;
	map->type = def->type;
	map->key_size = def->key_size;
	map->value_size = def->value_size;
	map->max_entries = def->max_entries;
	map->flags = def->flags;
	map->n_cpus = n_cpus;
	map->prog_read = !(def->flags & BPF_F_WRONLY_PROG);
	map->prog_write = !(def->flags & BPF_F_RDONLY_PROG) && !def->frozen;
	map->user_read = !(def->flags & BPF_F_WRONLY);
	map->user_write = !(def->flags & BPF_F_RDONLY) && !def->frozen;
}

static struct xb_map *
new_try(const struct xb_map_def *def, unsigned int n_cpus, struct xb_log *log)
{
	size_t bytes = (types[def->type].ops->struct_bytes + 63) & ~(size_t)63;
	struct xb_map *map = aligned_alloc(64, bytes);

	if (!map)
		goto fail;
	memset(map, 0, bytes);
	fill_in(map, def, n_cpus);
	map->name = strdup(def->name);
	if (!map->name || map->ops->init(map))
		goto fail;
	if (def->contents)
		memcpy(xb_value_at(map, 0, 0), def->contents, def->value_size);
	return map;

fail:
	xb_map_refuse(log, def, -ENOMEM, "out of memory");
	xb_map_free(map);
	errno = ENOMEM;
	return NULL;
}

struct xb_map *
xb_map_new(const struct xb_map_def *def, unsigned int n_cpus, struct xb_log *log)
{
	int err = check_def(def, n_cpus, log);

	if (err) {
		errno = -err;
		return NULL;
	}
	return new_try(def, n_cpus, log);
}

void
xb_map_free(struct xb_map *map)
{
	if (!map)
		return;
	map->ops->fini(map);
	free(map->name);
	free(map);
}

/* ---- what it is ---- */

const char *
xb_map_name(const struct xb_map *map)
{
	return map->name;
}

enum bpf_map_type
xb_map_type(const struct xb_map *map)
{
	return map->type;
}

uint32_t
xb_map_key_size(const struct xb_map *map)
{
	return map->key_size;
}

uint32_t
xb_map_value_size(const struct xb_map *map)
{
	return map->value_size;
}

uint32_t
xb_map_max_entries(const struct xb_map *map)
{
	return map->max_entries;
}

/* ---- for programs ---- */

void *
xb_map_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	assert(cpu < map->n_cpus);
	return map->lookup(map, cpu, key);
}

/* The verifier lets no program get here that writes into a read-only map; without one, it is
 * what bpf(2) would say. */
int
xb_map_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	assert(cpu < map->n_cpus);
	if (!map->prog_write)
		return -EPERM;
	return map->ops->update(map, cpu, key, value, flags);
}

int
xb_map_delete(struct xb_map *map, unsigned int cpu, const void *key)
{
	assert(cpu < map->n_cpus);
	if (!map->prog_write)
		return -EPERM;
	return map->ops->remove(map, cpu, key);
}

/* ---- from outside ---- */

/* bpf(2) reads and writes whole multiples of 8 bytes of a cpu's value (bpf_long_memcpy). */
void
xb_value_to_user(const struct xb_map *map, uint32_t i, void *user)
{
	uint32_t n = map->ops->percpu ? xb_pad8(map->value_size) : map->value_size;
	unsigned int cpus = map->ops->percpu ? map->n_cpus : 1;

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		memcpy((uint8_t *)user + (size_t)cpu * n, xb_value_at(map, cpu, i), n);
}

void
xb_value_from_user(struct xb_map *map, uint32_t i, const void *user)
{
	uint32_t n = map->ops->percpu ? xb_pad8(map->value_size) : map->value_size;
	unsigned int cpus = map->ops->percpu ? map->n_cpus : 1;

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		memcpy(xb_value_at(map, cpu, i), (const uint8_t *)user + (size_t)cpu * n, n);
}

uint32_t
xb_map_user_value_size(const struct xb_map *map)
{
	if (!map->ops->percpu)
		return map->value_size;
	return xb_pad8(map->value_size) * map->n_cpus;
}

static int
copy_out(struct xb_map *map, const void *key, void *value)
{
	int err;

	xb_grace_user_enter();
	err = map->ops->user_lookup(map, key, value);
	xb_grace_user_leave();
	return err;
}

int
xb_map_user_lookup(struct xb_map *map, const void *key, void *value)
{
	return map->user_read ? copy_out(map, key, value) : -EPERM;
}

int
xb_map_user_update(struct xb_map *map, const void *key, const void *value, uint64_t flags)
{
	int err;

	if (!map->user_write)
		return -EPERM;
	/* No map here has a bpf_spin_lock in its value. */
	if (flags & BPF_F_LOCK)
		return -EINVAL;
	xb_grace_user_enter();
	err = map->ops->user_update(map, map->n_cpus, key, value, flags);
	xb_grace_user_leave();
	return err;
}

int
xb_map_user_delete(struct xb_map *map, const void *key)
{
	int err;

	if (!map->user_write)
		return -EPERM;
	xb_grace_user_enter();
	err = map->ops->user_remove(map, map->n_cpus, key);
	xb_grace_user_leave();
	return err;
}

int
xb_map_for_each(
	struct xb_map *map, int (*visit)(void *arg, const void *key, const void *value), void *arg)
{
	void *keys = NULL, *value = malloc(xb_map_user_value_size(map));
	int64_t n;
	int err = 0;

	xb_grace_user_enter();
	n = value ? map->ops->keys(map, &keys) : -ENOMEM;
	xb_grace_user_leave();
	if (n < 0)
		err = (int)n;
	for (int64_t i = 0; i < n && !err; i++) {
		const uint8_t *key = (uint8_t *)keys + (size_t)i * map->key_size;

		/* The visitor may call us: it must not run inside the grace slot. */
		if (!copy_out(map, key, value))
			err = visit(arg, key, value);
	}
	free(keys);
	free(value);
	return err;
}
