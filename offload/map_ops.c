/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on elements: those of a device's map go to its driver, of the host's to bpf/
 * (kernel: kernel/bpf/syscall.c, offload.c; reference/kernel-offload.md 2.2).
 */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The driver of a device's map, NULL when the device is gone. */
static const struct off_driver *
driver_of(const struct off_map *map)
{
	return map->dev ? map->dev->driver : NULL;
}

/* ---- program arrays: descriptors in, ids out ---- */

static int
cell_update(struct off_map *map, uint32_t i, int fd, uint64_t flags)
{
	struct off_prog *prog = off_fd_prog(map->o.k, fd);

	if (flags != BPF_ANY)
		return -EINVAL;
	if (i >= map->def.max_entries)
		return -E2BIG;
	if (!prog)
		return -EBADF;
	if (!off_prog_fits_array(prog, map))
		return off_refuse(NULL, OFF_RULE_VF_5);
	off_prog_replace(&map->cells[i], prog);
	return 0;
}

static int
cell_delete(struct off_map *map, uint32_t i)
{
	if (i >= map->def.max_entries)
		return -E2BIG;
	if (!map->cells[i])
		return -ENOENT;
	off_prog_replace(&map->cells[i], NULL);
	return 0;
}

static int
cell_lookup(const struct off_map *map, uint32_t i, void *value)
{
	if (i >= map->def.max_entries || !map->cells[i])
		return -ENOENT;
	memcpy(value, &map->cells[i]->o.id, sizeof(uint32_t));
	return 0;
}

static uint32_t
cell_of(const void *key)
{
	uint32_t i;

	memcpy(&i, key, sizeof(i));
	return i;
}

/* ---- the host's ---- */

static int
host_lookup(struct off_map *map, const void *key, void *value)
{
	if (map->cells)
		return cell_lookup(map, cell_of(key), value);
	if (map->events)
		return off_refuse(NULL, OFF_RULE_PE_7);
	return map->host ? xb_map_user_lookup(map->host, key, value) : -EOPNOTSUPP;
}

static int
host_update(struct off_map *map, int map_fd, const void *key, const void *value, uint64_t flags)
{
	int fd;

	if (map->cells || map->events)
		memcpy(&fd, value, sizeof(fd));
	if (map->cells)
		return cell_update(map, cell_of(key), fd, flags);
	if (map->events)
		return off_perf_update(map, map_fd, cell_of(key), fd, flags);
	return map->host ? xb_map_user_update(map->host, key, value, flags) : -EOPNOTSUPP;
}

static int
host_delete(struct off_map *map, const void *key)
{
	if (map->cells)
		return cell_delete(map, cell_of(key));
	if (map->events)
		return off_perf_delete(map, cell_of(key));
	return map->host ? xb_map_user_delete(map->host, key) : -EOPNOTSUPP;
}

struct seek {
	const void *after; /* NULL: the first will do */
	void *next;
	size_t bytes;
	bool first_is_in, found_after; /* next holds the first key; after was seen */
};

static int
seek_visit(void *arg, const void *key, const void *value)
{
	struct seek *s = arg;

	(void)value;
	if (!s->first_is_in || s->found_after)
		memcpy(s->next, key, s->bytes);
	if (s->found_after || !s->after)
		return 1;
	s->first_is_in = true;
	s->found_after = !memcmp(key, s->after, s->bytes);
	return 0;
}

static int
cell_next(const struct off_map *map, const void *key, void *next)
{
	uint32_t i = key ? cell_of(key) : UINT32_MAX;

	i = i >= map->def.max_entries ? 0 : i + 1;
	if (i == map->def.max_entries)
		return -ENOENT;
	memcpy(next, &i, sizeof(i));
	return 0;
}

/* After the last there is none; after a key that is not there comes the first. next may be key. */
static int
host_next_key(struct off_map *map, const void *key, void *next)
{
	struct seek s = { .next = next, .bytes = map->def.key_size };
	void *after = NULL;
	bool found;

	if (map->cells || map->events)
		return cell_next(map, key, next);
	if (!map->host)
		return -EOPNOTSUPP;
	if (key) {
		after = malloc(s.bytes);
		if (!after)
			return -ENOMEM;
		s.after = memcpy(after, key, s.bytes);
	}
	found = xb_map_for_each(map->host, seek_visit, &s) == 1;
	free(after);
	return found || (s.first_is_in && !s.found_after) ? 0 : -ENOENT;
}

/* ---- the commands ---- */

static int
lookup(struct off_map *map, const void *key, void *value, uint64_t flags)
{
	if (flags) /* BPF_F_LOCK wants a spin lock in the value: no map has one here */
		return -EINVAL;
	if (!map->offloaded)
		return host_lookup(map, key, value);
	return driver_of(map) ? driver_of(map)->map_lookup(map, key, value) : -ENODEV;
}

static int
update(struct off_map *map, int fd, const void *key, const void *value, uint64_t flags)
{
	if (map->frozen)
		return -EPERM;
	if (!map->offloaded)
		return host_update(map, fd, key, value, flags);
	if (flags > BPF_EXIST)
		return -EINVAL;
	return driver_of(map) ? driver_of(map)->map_update(map, key, value, flags) : -ENODEV;
}

static int
remove_key(struct off_map *map, const void *key)
{
	if (map->frozen)
		return -EPERM;
	if (!map->offloaded)
		return host_delete(map, key);
	return driver_of(map) ? driver_of(map)->map_delete(map, key) : -ENODEV;
}

static int
next_key(struct off_map *map, const void *key, void *next)
{
	if (!map->offloaded)
		return host_next_key(map, key, next);
	return driver_of(map) ? driver_of(map)->map_next_key(map, key, next) : -ENODEV;
}

int
off_map_lookup(const struct off_caller *who, int fd, const void *key, void *value, uint64_t flags)
{
	struct off_map *map;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	return off_unlock(who->k, map ? lookup(map, key, value, flags) : -EBADF);
}

int
off_map_update(
	const struct off_caller *who, int fd, const void *key, const void *value, uint64_t flags)
{
	struct off_map *map;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	return off_unlock(who->k, map ? update(map, fd, key, value, flags) : -EBADF);
}

int
off_map_delete(const struct off_caller *who, int fd, const void *key)
{
	struct off_map *map;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	return off_unlock(who->k, map ? remove_key(map, key) : -EBADF);
}

int
off_map_next_key(const struct off_caller *who, int fd, const void *key, void *next)
{
	struct off_map *map;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	return off_unlock(who->k, map ? next_key(map, key, next) : -EBADF);
}

/* Of the types that bpf/ has, only hashes do this in the kernel, and not a device's. */
static int
lookup_and_delete(struct off_map *map, const void *key, void *value)
{
	int err;

	if (map->frozen)
		return -EPERM;
	if (map->offloaded || map->def.type != BPF_MAP_TYPE_HASH)
		return -OFF_ENOTSUPP;
	err = host_lookup(map, key, value);
	return err ? err : host_delete(map, key);
}

int
off_map_lookup_and_delete(const struct off_caller *who, int fd, const void *key, void *value)
{
	struct off_map *map;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	return off_unlock(who->k, map ? lookup_and_delete(map, key, value) : -EBADF);
}

int
off_map_freeze(const struct off_caller *who, int fd)
{
	struct off_map *map;
	int err = 0;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	if (!map)
		err = -EBADF;
	else if (map->frozen)
		err = -EBUSY;
	else
		map->frozen = true;
	return off_unlock(who->k, err);
}

int
off_map_batch(const struct off_caller *who, int fd)
{
	struct off_map *map;
	int err = 0;

	off_lock(who->k);
	map = off_fd_map(who->k, fd);
	if (!map)
		err = -EBADF;
	else if (map->offloaded)
		err = -OFF_ENOTSUPP; /* MO-3 */
	return off_unlock(who->k, err);
}
