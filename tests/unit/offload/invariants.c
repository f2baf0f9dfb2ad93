/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold of a machine after every command, and its state as text. */
#include "offload/nfp.h"
#include "offload/nsim.h"
#include "tests/unit/offload/world.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BLOCKS 256

/* Objects that something refers to, with how often. */
struct tally {
	struct off_object *o[4096];
	uint32_t refs[4096];
	uint32_t cnt;
};

static void walk_object(struct tally *t, struct off_object *o);

static void
add(struct tally *t, struct off_object *o)
{
	if (!o)
		return;
	for (uint32_t i = 0; i < t->cnt; i++)
		if (t->o[i] == o) {
			t->refs[i]++;
			return;
		}
	assert_true(t->cnt < 4096);
	t->o[t->cnt] = o;
	t->refs[t->cnt++] = 1;
	walk_object(t, o);
}

static void
add_prog(struct tally *t, struct off_prog *prog)
{
	add(t, prog ? &prog->o : NULL);
}

/* What an object refers to. */
static void
walk_object(struct tally *t, struct off_object *o)
{
	struct off_prog *prog = (struct off_prog *)o;
	struct off_map *map = (struct off_map *)o;

	if (o->kind == OFF_KIND_LINK)
		add_prog(t, ((struct off_link *)o)->prog);
	for (uint32_t i = 0; o->kind == OFF_KIND_PROG && i < prog->map_cnt; i++)
		add(t, &prog->maps[i]->o);
	for (uint32_t i = 0; o->kind == OFF_KIND_MAP && map->cells && i < map->def.max_entries; i++)
		add_prog(t, map->cells[i]);
	for (uint32_t i = 0; o->kind == OFF_KIND_MAP && map->events && i < map->def.max_entries;
		i++)
		if (map->events[i].perf)
			add(t, &map->events[i].perf->o);
}

static void
walk_netdev(struct tally *t, const struct off_netdev *dev)
{
	for (int mode = 0; mode < OFF_SLOT_CNT; mode++)
		if (!dev->slot[mode].link)
			add_prog(t, dev->slot[mode].prog);
	if (dev->driver == &off_nsim_driver) {
		add_prog(t, off_nsim_port(dev)->drv);
		add_prog(t, off_nsim_port(dev)->hw);
		add_prog(t, off_nsim_port(dev)->offloaded);
	}
	if (dev->driver == &off_nfp_driver) {
		add_prog(t, off_nfp_port(dev)->drv);
		add_prog(t, off_nfp_port(dev)->hw);
	}
}

/* The card knows the host's maps that its programs use. */
static void
walk_asic(struct tally *t, const struct off_asic *asic)
{
	const struct off_nfp_neutral *neutral;

	if (asic->driver == &off_nfp_driver)
		LIST_FOREACH (neutral, &off_nfp(asic)->neutral, of_card)
			add(t, &neutral->map->o);
}

/* Shared blocks, and devices' own. */
static uint32_t
all_blocks(struct off_kernel *k, struct off_block **blocks)
{
	struct off_block *block;
	struct off_netdev *dev;
	uint32_t cnt = 0;

	TAILQ_FOREACH (block, &k->blocks, in_kernel) {
		assert_int_not_equal(block->index, 0);
		assert_true(cnt < MAX_BLOCKS);
		blocks[cnt++] = block;
	}
	TAILQ_FOREACH (dev, &k->netdevs, in_kernel)
		for (int i = 0; dev->sch && i < 2; i++) {
			block = i ? dev->sch->egress.block : dev->sch->ingress.block;
			assert_true(cnt < MAX_BLOCKS);
			if (block && !block->index)
				blocks[cnt++] = block;
		}
	return cnt;
}

static void
walk_block(struct tally *t, const struct off_block *block)
{
	const struct off_tc_filter *f;

	TAILQ_FOREACH (f, &block->filters, in_block)
		add_prog(t, f->prog);
}

static void
count_refs(struct off_kernel *k, struct tally *t)
{
	struct off_netdev *dev;
	struct off_asic *asic;
	struct off_pin *p;
	struct off_block *blocks[MAX_BLOCKS];
	uint32_t cnt = all_blocks(k, blocks);

	for (uint32_t i = 0; i < cnt; i++)
		walk_block(t, blocks[i]);
	TAILQ_FOREACH (asic, &k->asics, in_kernel)
		walk_asic(t, asic);
	for (uint32_t fd = 0; fd < k->fd_cnt; fd++)
		add(t, k->fds[fd]);
	TAILQ_FOREACH (p, &k->pins, in_kernel)
		add(t, p->object);
	TAILQ_FOREACH (dev, &k->netdevs, in_kernel)
		walk_netdev(t, dev);
}

static void
check_refs(struct off_kernel *k, const struct tally *t)
{
	uint32_t with_id = 0, listed = 0;
	struct off_object *o;

	for (uint32_t i = 0; i < t->cnt; i++) {
		assert_int_equal(t->o[i]->refs, t->refs[i]);
		with_id += t->o[i]->id != 0;
	}
	for (int kind = OFF_KIND_PROG; kind <= OFF_KIND_LINK; kind++) {
		uint32_t before = 0;

		TAILQ_FOREACH (o, &k->objects[kind], by_id) {
			assert_int_equal(o->kind, kind);
			assert_true(o->id > before);
			before = o->id;
			listed++;
		}
	}
	assert_int_equal(with_id, listed); /* nothing is listed that nobody holds */
}

static void
check_netdev(const struct off_netdev *dev, uint32_t *progs, uint32_t *maps)
{
	struct off_prog_offload *offload;
	struct off_map *map;

	assert_false(dev->slot[OFF_SLOT_SKB].prog && dev->slot[OFF_SLOT_DRV].prog);
	for (int mode = 0; mode < OFF_SLOT_CNT; mode++) {
		const struct off_slot *slot = &dev->slot[mode];

		if (slot->link) {
			assert_ptr_equal(slot->link->dev, dev);
			assert_ptr_equal(slot->link->prog, slot->prog);
		}
		if (slot->prog && mode == OFF_SLOT_HW)
			assert_true(off_dev_match(slot->prog, dev));
		if (slot->prog && mode != OFF_SLOT_HW)
			assert_false(off_prog_is_offloaded(slot->prog));
	}
	if (!dev->record)
		return;
	assert_ptr_equal(dev->record->asic, dev->asic);
	assert_true(dev->asic || !LIST_EMPTY(&dev->record->progs));
	LIST_FOREACH (offload, &dev->record->progs, of_record) {
		assert_ptr_equal(offload->dev, dev);
		assert_ptr_equal(offload->asic, dev->asic);
		assert_ptr_equal(offload->prog->offload, offload);
		assert_int_equal(offload->is_prepared, off_prog_is_offloaded(offload->prog));
		++*progs;
	}
	LIST_FOREACH (map, &dev->record->maps, of_record) {
		assert_ptr_equal(map->dev, dev);
		assert_int_not_equal(map->o.id, 0);
		++*maps;
	}
}

static void
check_bind(const struct off_bind *bind, const struct off_block *block)
{
	assert_ptr_equal(bind->block, block);
	assert_ptr_equal(
		bind, bind->is_egress ? &bind->dev->sch->egress : &bind->dev->sch->ingress);
	assert_int_equal(bind->dev->netns, block->netns);
}

/* A filter's place among its neighbours: priorities rise, chains are together, handles differ. */
static void
check_place(const struct off_tc_filter *f)
{
	const struct off_tc_filter *other = f;

	while ((other = TAILQ_NEXT(other, in_block))) {
		bool is_beside = other->chain == f->chain && other->prio == f->prio;

		if (other->chain == f->chain)
			assert_true(other->prio >= f->prio);
		if (is_beside) {
			assert_int_not_equal(other->handle, f->handle);
			assert_int_equal(other->protocol, f->protocol);
		}
	}
}

static void
check_block(const struct off_block *block)
{
	const struct off_tc_filter *f;
	const struct off_bind *bind;
	uint32_t binds = 0, asked = 0;

	TAILQ_FOREACH (bind, &block->binds, of_block) {
		check_bind(bind, block);
		binds++;
		asked += off_bind_is_asked(bind);
	}
	assert_int_not_equal(binds, 0);
	assert_true(binds == 1 || block->index);
	TAILQ_FOREACH (f, &block->filters, in_block) {
		bool skip_sw = f->gen_flags & SKIP_SW;

		check_place(f);
		assert_ptr_equal(f->block, block);
		assert_true(f->prog->type ==
			    (f->is_cbpf ? BPF_PROG_TYPE_SOCKET_FILTER : BPF_PROG_TYPE_SCHED_CLS));
		assert_int_equal(f->prog->o.id == 0, f->is_cbpf);
		/* Of the others no more is sure: a port that left may still be counted. */
		assert_true(!f->in_hw_count || !(f->gen_flags & SKIP_HW));
		/* What the host does not run is in hardware, everywhere. */
		assert_true(!skip_sw || asked == binds);
		assert_true(skip_sw || !off_prog_is_offloaded(f->prog));
	}
}

static void
check_blocks(struct off_kernel *k)
{
	struct off_block *blocks[MAX_BLOCKS];
	uint32_t cnt = all_blocks(k, blocks);

	for (uint32_t i = 0; i < cnt; i++)
		check_block(blocks[i]);
}

static bool
is_nsim(const struct off_asic *asic)
{
	return asic && asic->driver == &off_nsim_driver;
}

/* Each program and map with a device is in its home's list, and the driver knows as many. */
static void
check_homes(struct off_kernel *k, const struct tally *t)
{
	uint32_t progs = 0, maps = 0, prepared = 0, known = 0;
	struct off_netdev *dev;
	struct off_asic *asic;

	TAILQ_FOREACH (dev, &k->netdevs, in_kernel)
		check_netdev(dev, &progs, &maps);
	for (uint32_t i = 0; i < t->cnt; i++) {
		struct off_prog *prog = (struct off_prog *)t->o[i];

		if (t->o[i]->kind == OFF_KIND_PROG && prog->offload) {
			progs--;
			prepared += is_nsim(prog->offload->asic) && prog->offload->is_prepared;
		} else if (t->o[i]->kind == OFF_KIND_MAP && ((struct off_map *)t->o[i])->dev) {
			maps--;
		}
	}
	assert_int_equal(progs, 0);
	assert_int_equal(maps, 0);
	TAILQ_FOREACH (asic, &k->asics, in_kernel)
		known += is_nsim(asic) ? count_bound(asic) : 0;
	assert_int_equal(prepared, known);
}

void
check_invariants(struct off_kernel *k)
{
	struct tally *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	count_refs(k, t);
	check_refs(k, t);
	check_homes(k, t);
	check_blocks(k);
	free(t);
}

/* ---- the state as text ---- */

static void
print_map(FILE *f, const struct off_map *map)
{
	uint8_t key[64], value[64];
	int err;

	fprintf(f, " type %d dev %d frozen %d", map->def.type, map->dev ? map->dev->ifindex : 0,
		map->frozen);
	if (!map->dev || map->def.key_size > 64 || map->def.value_size > 64)
		return;
	err = map->dev->driver->map_next_key((struct off_map *)map, NULL, key);
	while (!err) {
		map->dev->driver->map_lookup((struct off_map *)map, key, value);
		for (uint32_t i = 0; i < map->def.key_size; i++)
			fprintf(f, " %02x", key[i]);
		for (uint32_t i = 0; i < map->def.value_size; i++)
			fprintf(f, " %02x", value[i]);
		err = map->dev->driver->map_next_key((struct off_map *)map, key, key);
	}
}

static void
print_object(FILE *f, const struct off_object *o)
{
	const struct off_prog *prog = (const struct off_prog *)o;
	const struct off_link *link = (const struct off_link *)o;

	fprintf(f, "%d %u refs %u", o->kind, o->id, o->refs);
	if (o->kind == OFF_KIND_PROG)
		fprintf(f, " home %d", prog->offload ? prog->offload->dev->ifindex : 0);
	else if (o->kind == OFF_KIND_MAP)
		print_map(f, (const struct off_map *)o);
	else if (o->kind == OFF_KIND_PERF)
		fprintf(f, " used %u", ((const struct off_perf *)o)->used);
	else
		fprintf(f, " prog %u dev %d", link->prog->o.id, link->dev ? link->dev->ifindex : 0);
	fprintf(f, "\n");
}

static void
print_netdev(FILE *f, const struct off_netdev *dev)
{
	fprintf(f, "dev %d ns %u mtu %u features %x record %d", dev->ifindex, dev->netns, dev->mtu,
		dev->features, dev->record != NULL);
	for (int mode = 0; mode < OFF_SLOT_CNT; mode++)
		fprintf(f, " %u%s", dev->slot[mode].prog ? dev->slot[mode].prog->o.id : 0,
			dev->slot[mode].link ? "l" : "");
	if (dev->driver == &off_nsim_driver && off_nsim_port(dev)->offloaded)
		fprintf(f, " hardware %u", off_nsim_port(dev)->offloaded->o.id);
	fprintf(f, "\n");
}

/* A device's own blocks, and who shares the others, are with the devices. */
static void
print_block(FILE *f, const struct off_block *block)
{
	const struct off_tc_filter *filter;
	const struct off_bind *bind;

	fprintf(f, "block %u ns %u:", block->index, block->netns);
	TAILQ_FOREACH (bind, &block->binds, of_block)
		fprintf(f, " %d%s", bind->dev->ifindex, bind->is_egress ? "e" : "");
	TAILQ_FOREACH (filter, &block->filters, in_block)
		fprintf(f,
			"\n\tchain %u prio %u protocol %x handle %u prog %u refs %u '%s' da %d "
			"flags %x hw %u",
			filter->chain, filter->prio, filter->protocol, filter->handle,
			filter->prog->o.id, filter->prog->o.refs, filter->name,
			filter->is_direct_action, filter->gen_flags, filter->in_hw_count);
	fprintf(f, "\n");
}

/* Without what features are wanted: that changes when a driver refuses, too. */
char *
snapshot(struct off_kernel *k)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct off_block *blocks[MAX_BLOCKS];
	uint32_t cnt = all_blocks(k, blocks);
	struct off_object *o;
	struct off_netdev *dev;
	struct off_pin *p;

	assert_non_null(f);
	for (uint32_t fd = 0; fd < k->fd_cnt; fd++)
		if (k->fds[fd]) {
			fprintf(f, "fd %u: ", fd);
			print_object(f, k->fds[fd]);
		}
	for (int kind = OFF_KIND_PROG; kind <= OFF_KIND_LINK; kind++)
		TAILQ_FOREACH (o, &k->objects[kind], by_id)
			print_object(f, o);
	TAILQ_FOREACH (dev, &k->netdevs, in_kernel)
		print_netdev(f, dev);
	for (uint32_t i = 0; i < cnt; i++)
		print_block(f, blocks[i]);
	TAILQ_FOREACH (p, &k->pins, in_kernel)
		fprintf(f, "%s: %u\n", p->path, p->object->id);
	fclose(f);
	return text;
}

void
check_unchanged(struct off_kernel *k, char *before)
{
	char *after = snapshot(k);

	assert_string_equal(before, after);
	free(before);
	free(after);
}
