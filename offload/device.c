/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which device programs and maps are bound to, and what becomes of them when it goes (kernel:
 * kernel/bpf/offload.c; reference/kernel-offload.md 1.5, 1.6, 2.4).
 */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>

/* ---- records ---- */

int
off_record_new(struct off_netdev *dev, struct off_asic *asic)
{
	dev->record = calloc(1, sizeof(*dev->record));
	if (!dev->record)
		return -ENOMEM;
	dev->record->asic = asic;
	LIST_INIT(&dev->record->progs);
	LIST_INIT(&dev->record->maps);
	return 0;
}

void
off_record_try_free(struct off_netdev *dev)
{
	if (!dev->record || dev->record->asic || !LIST_EMPTY(&dev->record->progs))
		return;
	free(dev->record);
	dev->record = NULL;
}

static void
rehome(struct off_record *from, struct off_netdev *to)
{
	struct off_prog_offload *offload;
	struct off_map *map;

	while ((offload = LIST_FIRST(&from->progs))) {
		LIST_REMOVE(offload, of_record);
		LIST_INSERT_HEAD(&to->record->progs, offload, of_record);
		offload->dev = to;
	}
	while ((map = LIST_FIRST(&from->maps))) {
		LIST_REMOVE(map, of_record);
		LIST_INSERT_HEAD(&to->record->maps, map, of_record);
		map->dev = to;
	}
}

static void
orphan(struct off_record *record)
{
	while (!LIST_EMPTY(&record->progs))
		off_prog_offload_end(LIST_FIRST(&record->progs)->prog);
	while (!LIST_EMPTY(&record->maps))
		off_map_offload_end(LIST_FIRST(&record->maps));
}

/* dev has left its card's list of ports: the first of it is the newest that stays. */
void
off_record_unregister(struct off_netdev *dev)
{
	struct off_record *record = dev->record;
	struct off_netdev *sibling;

	if (!record)
		return;
	sibling = record->asic ? TAILQ_FIRST(&record->asic->ports) : NULL;
	if (sibling)
		rehome(record, sibling);
	else
		orphan(record);
	dev->record = NULL;
	free(record);
}

/* ---- who matches whom ---- */

bool
off_prog_is_offloaded(const struct off_prog *prog)
{
	return prog->dev_bound && prog->offload_requested;
}

bool
off_dev_match(const struct off_prog *prog, const struct off_netdev *dev)
{
	const struct off_prog_offload *offload = prog->offload;

	if (!prog->dev_bound || !offload)
		return false;
	if (offload->dev == dev)
		return true;
	return off_prog_is_offloaded(prog) && dev->record && dev->record->asic &&
	       dev->record->asic == offload->asic;
}

/* The kernel lets a bound-only program, which the host runs, use its device's maps, which only the
 * device can: an oversight that is not copied (2.4). */
bool
off_map_match(const struct off_prog *prog, const struct off_map *map)
{
	if (!map->offloaded)
		return !off_prog_is_offloaded(prog) ||
		       map->def.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	return off_prog_is_offloaded(prog) && map->dev && off_dev_match(prog, map->dev);
}

/* ---- leaving ---- */

void
off_prog_offload_end(struct off_prog *prog)
{
	struct off_prog_offload *offload = prog->offload;

	if (offload->is_prepared && offload->asic->driver->destroy)
		offload->asic->driver->destroy(prog);
	LIST_REMOVE(offload, of_record);
	prog->offload = NULL;
	free(offload);
}

void
off_map_offload_end(struct off_map *map)
{
	struct off_bpf bpf = { .command = OFF_BPF_MAP_FREE, .map = map };

	if (!map->is_refused)
		map->dev->driver->bpf(map->dev, &bpf);
	off_object_drop_id(&map->o);
	LIST_REMOVE(map, of_record);
	map->dev = NULL;
}

/* ---- cards and their ports ---- */

struct off_asic *
off_asic_new(struct off_kernel *k, const struct off_driver *driver, uint32_t id, void *priv)
{
	struct off_asic *asic = calloc(1, sizeof(*asic));

	if (!asic)
		return NULL;
	*asic = (struct off_asic){ .k = k, .driver = driver, .id = id, .priv = priv };
	TAILQ_INIT(&asic->ports);
	TAILQ_INSERT_TAIL(&k->asics, asic, in_kernel);
	return asic;
}

struct off_netdev *
off_port_find(struct off_asic *asic, uint32_t port)
{
	struct off_netdev *dev;

	TAILQ_FOREACH (dev, &asic->ports, in_asic)
		if (dev->port == port)
			break;
	return dev;
}

int
off_port_add(struct off_asic *asic, uint32_t port, uint32_t netns)
{
	struct off_netdev *dev;
	int ifindex;

	off_lock(asic->k);
	if (off_port_find(asic, port))
		return off_unlock(asic->k, -EEXIST);
	if (netns >= asic->k->netns_cnt)
		return off_unlock(asic->k, -EINVAL);
	dev = off_netdev_register(asic->k, asic->driver, asic, port, netns, NULL);
	ifindex = dev ? dev->ifindex : -errno;
	return off_unlock(asic->k, ifindex);
}

int
off_port_del(struct off_asic *asic, uint32_t port)
{
	struct off_netdev *dev;

	off_lock(asic->k);
	dev = off_port_find(asic, port);
	if (dev)
		off_netdev_unregister(dev);
	return off_unlock(asic->k, dev ? 0 : -ENOENT);
}

int
off_port_ifindex(struct off_asic *asic, uint32_t port)
{
	struct off_netdev *dev;

	off_lock(asic->k);
	dev = off_port_find(asic, port);
	return off_unlock(asic->k, dev ? dev->ifindex : 0);
}

void
off_asic_free(struct off_asic *asic)
{
	struct off_kernel *k = asic->k;

	off_lock(k);
	while (!TAILQ_EMPTY(&asic->ports))
		off_netdev_unregister(TAILQ_FIRST(&asic->ports));
	asic->driver->asic_fini(asic);
	TAILQ_REMOVE(&k->asics, asic, in_kernel);
	off_unlock(k, 0);
	free(asic);
}

struct off_asic *
off_asic_with_ports(struct off_asic *asic, uint32_t cnt)
{
	int err = 0;

	for (uint32_t port = 0; err >= 0 && port < cnt; port++)
		err = off_port_add(asic, port, 0);
	if (err >= 0)
		return asic;
	off_asic_free(asic);
	errno = -err;
	return NULL;
}
