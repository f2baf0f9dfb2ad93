/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a map: BPF_MAP_CREATE's checks in the kernel's order, the end. */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>

#define CELLS_MAX (1u << 20) /* ours: of an array of programs or events, walked when it ends */

/* What only some types have: none that is here. */
static enum off_rule
check_attr(const struct off_map_create *attr)
{
	bool both = attr->map_flags & BPF_F_RDONLY && attr->map_flags & BPF_F_WRONLY;

	if (attr->btf_key_type_id && !attr->btf_value_type_id)
		return OFF_RULE_MO_1;
	if (attr->map_extra && attr->map_type != BPF_MAP_TYPE_BLOOM_FILTER)
		return OFF_RULE_MO_1;
	if (both || (attr->map_flags & BPF_F_NUMA_NODE && attr->numa_node != 0))
		return OFF_RULE_MO_1;
	return OFF_RULE_CNT;
}

/* bpf/ has no maps of this type, which carry only descriptors (perf_event_array, fd_array). */
static int
check_perf_array(const struct xb_map_def *def)
{
	uint32_t flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_PRESERVE_ELEMS;

	return def->max_entries && def->key_size == 4 && def->value_size == 4 &&
			       !(def->flags & ~flags)
		       ? 0
		       : -EINVAL;
}

/* MO-2. A type that bpf/ does not have is not checked here; for a device MO-6 refuses it. */
static int
check_type(const struct off_map *map, const struct off_map_create *attr, struct xb_log *log)
{
	int err;

	if (attr->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return check_perf_array(&map->def);
	err = xb_map_check(&map->def, attr->map_ifindex ? NULL : log);
	return err == -EOPNOTSUPP && attr->map_ifindex ? 0 : err;
}

/* 0 where all is to be found: the map is made in name. */
static int
refused(struct off_map *map, enum off_rule rule)
{
	int err = off_find_rule(map->o.k, rule, -1, (int)map->def.type);

	map->is_refused = !err;
	return err;
}

static enum off_rule
check_device(const struct off_caller *who, const struct off_netdev *dev)
{
	if (!off_has(who, OFF_CAP_SYS_ADMIN))
		return OFF_RULE_MO_5;
	if (!dev)
		return OFF_RULE_MO_7A;
	if (!dev->driver)
		return OFF_RULE_MO_7B;
	if (!dev->record)
		return OFF_RULE_MO_7C;
	return OFF_RULE_CNT;
}

/* The driver's part; of what is refused there is none. */
static int
alloc_driver(struct off_map *map)
{
	struct off_bpf bpf = { .command = OFF_BPF_MAP_ALLOC, .map = map };
	int err = map->is_refused ? 0 : map->dev->driver->bpf(map->dev, &bpf);

	/* Which rule it was is noted; where there was none, something went wrong. */
	if (!err || !off_findings_refusal(map->o.k->opts.findings))
		return err;
	map->is_refused = true;
	return 0;
}

static int
alloc_device(struct off_map *map, const struct off_caller *who, const struct off_map_create *attr)
{
	struct off_netdev *dev =
		attr->map_ifindex <= INT32_MAX
			? off_netdev_find(who->k, who->netns, (int)attr->map_ifindex)
			: NULL;
	bool is_type = attr->map_type == BPF_MAP_TYPE_ARRAY || attr->map_type == BPF_MAP_TYPE_HASH;
	enum off_rule rule;
	int err;

	if (!is_type && off_has(who, OFF_CAP_SYS_ADMIN)) {
		err = refused(map, OFF_RULE_MO_6);
		if (err)
			return err;
	}
	rule = check_device(who, dev);
	if (rule != OFF_RULE_CNT)
		return off_refuse(NULL, rule);
	map->offloaded = true;
	map->dev = dev;
	err = alloc_driver(map);
	if (err) {
		map->dev = NULL;
		return err;
	}
	LIST_INSERT_HEAD(&dev->record->maps, map, of_record);
	return 0;
}

static int
alloc_host(struct off_map *map, struct xb_log *log)
{
	switch (map->def.type) {
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
		if (map->def.max_entries > CELLS_MAX)
			return -ENOMEM;
		map->events = calloc(map->def.max_entries, sizeof(*map->events));
		return map->events ? 0 : -ENOMEM;
	case BPF_MAP_TYPE_PROG_ARRAY:
		if (map->def.max_entries > CELLS_MAX)
			return -ENOMEM;
		map->cells = calloc(map->def.max_entries, sizeof(struct off_prog *));
		return map->cells ? 0 : -ENOMEM;
	default: map->host = xb_map_new(&map->def, 1, log); return map->host ? 0 : -errno;
	}
}

static int
take_inner(struct off_map *map, const struct off_map_create *attr)
{
	if (attr->inner_map_fd == 0)
		return 0;
	map->inner = off_fd_map(map->o.k, attr->inner_map_fd);
	if (!map->inner)
		return -errno;
	off_object_get(&map->inner->o);
	return 0;
}

static bool
is_allowed(const struct off_caller *who, const struct off_map_create *attr)
{
	bool is_plain = attr->map_type == BPF_MAP_TYPE_ARRAY ||
			attr->map_type == BPF_MAP_TYPE_PERCPU_ARRAY ||
			attr->map_type == BPF_MAP_TYPE_PROG_ARRAY ||
			attr->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;

	return off_has(who, OFF_CAP_BPF) || (!who->k->opts.unprivileged_disabled && is_plain);
}

static int
create_try(struct off_map *map, const struct off_caller *who, const struct off_map_create *attr,
	struct xb_log *log)
{
	enum off_rule rule = check_attr(attr);
	int err = rule != OFF_RULE_CNT ? off_refuse(NULL, rule) : take_inner(map, attr);

	if (err)
		return err;
	err = check_type(map, attr, log);
	if (err && attr->map_ifindex) {
		err = off_find_errno(map->o.k, OFF_RULE_MO_2, err);
		map->is_refused = !err;
	}
	if (err)
		return err;
	if (!is_allowed(who, attr))
		return off_refuse(NULL, OFF_RULE_MO_4);
	err = attr->map_ifindex ? alloc_device(map, who, attr) : alloc_host(map, log);
	if (err)
		return err;
	if (off_name_copy(map->name, attr->map_name))
		return off_refuse(NULL, OFF_RULE_MO_9A);
	if (attr->map_ifindex && attr->btf_value_type_id)
		return off_refuse(NULL, OFF_RULE_MO_9B);
	return 0;
}

int
off_map_create(const struct off_caller *who, const struct off_map_create *attr, struct xb_log *log)
{
	struct off_map *map = calloc(1, sizeof(*map));
	int err;

	if (!map)
		return -ENOMEM;
	off_lock(who->k);
	off_object_init(&map->o, who->k, OFF_KIND_MAP);
	map->def = (struct xb_map_def){
		.name = attr->map_name ? attr->map_name : "",
		.type = attr->map_type,
		.key_size = attr->key_size,
		.value_size = attr->value_size,
		.max_entries = attr->max_entries,
		.flags = attr->map_flags,
		.btf_key_type_id = attr->btf_key_type_id,
		.btf_value_type_id = attr->btf_value_type_id,
		.inner = attr->inner_map_fd ? 0 : -1, /* there is one; which is in map->inner */
	};
	err = create_try(map, who, attr, log);
	if (err) {
		off_object_put(&map->o);
		return off_unlock(who->k, err);
	}
	map->def.name = map->name;
	off_object_add_id(&map->o);
	return off_unlock(who->k, off_fd_new(&map->o));
}

void
off_map_clear_cells(struct off_map *map)
{
	for (uint32_t i = 0; map->cells && i < map->def.max_entries; i++) {
		struct off_prog *prog = map->cells[i];

		map->cells[i] = NULL;
		if (prog)
			off_object_put(&prog->o);
	}
}

void
off_map_free(struct off_map *map)
{
	if (map->dev)
		off_map_offload_end(map);
	off_map_clear_cells(map);
	if (map->inner)
		off_object_put(&map->inner->o);
	off_perf_clear(map);
	free(map->cells);
	free(map->events);
	xb_map_free(map->host);
	free(map);
}
