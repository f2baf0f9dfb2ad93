/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps whose elements are something outside the program: devices, CPUs and sockets that a packet
 * is redirected to, rings that events go to. User space puts them in by number or descriptor, and
 * here are none: every element is empty, and stays so. What helpers do then is what they do in the
 * kernel before a loader has filled the map (helpers_redirect.c).
 */
#include "bpf/map_internal.h"

#include <errno.h>

#define NR_CPUS 8192u /* CONFIG_NR_CPUS of x86-64 distributions */

/* dev_map_alloc_check, cpu_map_alloc, xsk_map_alloc */
static int
check_sizes(const struct xb_map_def *def, uint32_t value_max, uint32_t flags, struct xb_log *log)
{
	if (def->max_entries == 0)
		return xb_map_refuse(log, def, -EINVAL, "max_entries is 0");
	if (def->key_size != sizeof(uint32_t))
		return xb_map_refuse(log, def, -EINVAL, "key_size %u, must be 4", def->key_size);
	if (def->value_size != sizeof(uint32_t) && def->value_size != value_max)
		return xb_map_refuse(log, def, -EINVAL, "value_size %u, must be 4%s",
			def->value_size, value_max > 4 ? " or 8" : "");
	if (def->flags & ~flags)
		return xb_map_refuse(
			log, def, -EINVAL, "flags %#x are not for this type", def->flags & ~flags);
	return 0;
}

static int
devmap_check(const struct xb_map_def *def, struct xb_log *log)
{
	return check_sizes(def, 8, BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY, log);
}

static int
devmap_hash_check(const struct xb_map_def *def, struct xb_log *log)
{
	if (def->max_entries > 1u << 31)
		return xb_map_refuse(
			log, def, -EINVAL, "max_entries %u, at most 2147483648", def->max_entries);
	return devmap_check(def, log);
}

static int
cpumap_check(const struct xb_map_def *def, struct xb_log *log)
{
	int err = check_sizes(def, 8, BPF_F_NUMA_NODE, log);

	if (!err && def->max_entries > NR_CPUS)
		return xb_map_refuse(
			log, def, -E2BIG, "max_entries %u, at most %u", def->max_entries, NR_CPUS);
	return err;
}

static int
xskmap_check(const struct xb_map_def *def, struct xb_log *log)
{
	return check_sizes(def, 4, BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY, log);
}

/* Lookups of a devmap give a number that is the kernel's (BPF_F_RDONLY_PROG, set by the kernel). */
static int
init(struct xb_map *map)
{
	map->prog_write = false;
	return 0;
}

static void
fini(struct xb_map *map)
{
	(void)map;
}

static int
remove_none(struct xb_map *map, unsigned int cpu, const void *key)
{
	(void)map, (void)cpu, (void)key;
	return -ENOENT;
}

static int
user_lookup(struct xb_map *map, const void *key, void *value)
{
	(void)map, (void)key, (void)value;
	return -ENOENT;
}

#define TARGETS(name)                                                                              \
	const struct xb_map_ops xb_##name##_ops = {                                                \
		.struct_bytes = sizeof(struct xb_map),                                             \
		.check = name##_check,                                                             \
		.bytes = xb_none_bytes,                                                            \
		.init = init,                                                                      \
		.fini = fini,                                                                      \
		.lookup = xb_none_lookup,                                                          \
		.update = xb_none_update,                                                          \
		.remove = remove_none,                                                             \
		.user_lookup = user_lookup,                                                        \
		.user_update = xb_none_update,                                                     \
		.user_remove = remove_none,                                                        \
		.keys = xb_none_keys,                                                              \
	}

#define perf_event_array_check xb_fd_array_check

TARGETS(devmap);
TARGETS(devmap_hash);
TARGETS(cpumap);
TARGETS(xskmap);
TARGETS(perf_event_array);
