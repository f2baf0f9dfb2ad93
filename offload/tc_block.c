/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The qdiscs ingress and clsact, the blocks of filters they hold, and how a device comes to a block
 * and leaves it (kernel: net/sched/sch_api.c, sch_ingress.c, cls_api.c; reference/kernel-offload.md
 * 4.3).
 */
#include "offload/internal.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <stdlib.h>
#include <string.h>

#define SCH_HANDLE TC_H_MAJ(TC_H_CLSACT) /* ffff: */

_Static_assert(OFF_TC_INGRESS == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), "as the kernel has it");
_Static_assert(OFF_TC_EGRESS == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), "as the kernel has it");

/* ---- a device and a block ---- */

bool
off_bind_is_asked(const struct off_bind *bind)
{
	return bind->dev->driver && bind->dev->driver->setup_tc && !bind->is_egress;
}

/* Nobody reads what is said about a filter that may as well run on the host (4.2). */
int
off_bind_ask(const struct off_bind *bind, struct off_tc_filter *filter, struct off_tc_filter *old,
	struct off_extack *extack)
{
	const struct off_tc_filter *about = filter ? filter : old;
	struct off_tc tc = {
		.is_bpf = true,
		.command = OFF_TC_OFFLOAD,
		.chain = about->chain,
		.protocol = about->protocol,
		.prog = filter ? filter->prog : NULL,
		.old_prog = old ? old->prog : NULL,
		.is_direct_action = about->is_direct_action,
		.has_actions = about->has_actions,
		.extack = about->gen_flags & TCA_CLS_FLAGS_SKIP_SW ? extack : NULL,
	};

	return bind->dev->driver->setup_tc(bind->dev, &tc);
}

static bool
is_in_hw(const struct off_block *block)
{
	const struct off_tc_filter *f;

	TAILQ_FOREACH (f, &block->filters, in_block)
		if (f->in_hw_count)
			return true;
	return false;
}

static void
undo_replay(struct off_bind *bind)
{
	struct off_tc_filter *f;

	TAILQ_FOREACH (f, &bind->block->filters, in_block) {
		if (!f->is_replayed)
			continue;
		off_bind_ask(bind, NULL, f, NULL);
		f->in_hw_count--;
	}
}

/* TB-3: the newcomer's driver gets what is there (tcf_block_playback_offloads). */
static int
replay(struct off_bind *bind, struct off_extack *extack)
{
	struct off_tc_filter *f;
	int err;

	TAILQ_FOREACH (f, &bind->block->filters, in_block)
		f->is_replayed = false;
	TAILQ_FOREACH (f, &bind->block->filters, in_block) {
		if (f->gen_flags & TCA_CLS_FLAGS_SKIP_HW)
			continue;
		err = off_bind_ask(bind, f, NULL, extack);
		if (err && f->gen_flags & TCA_CLS_FLAGS_SKIP_SW) {
			undo_replay(bind);
			return err;
		}
		f->is_replayed = !err;
		f->in_hw_count += !err;
	}
	return 0;
}

static bool
has_dev(const struct off_block *block, const struct off_netdev *dev)
{
	const struct off_bind *bind;

	TAILQ_FOREACH (bind, &block->binds, of_block)
		if (bind->dev == dev)
			return true;
	return false;
}

static int
bind_check(const struct off_bind *bind, struct off_extack *extack)
{
	const struct off_netdev *dev = bind->dev;
	bool has_tc = dev->driver && dev->driver->setup_tc;

	if (has_tc && !(dev->features & OFF_FEATURE_HW_TC) && is_in_hw(bind->block))
		return off_refuse(extack, OFF_RULE_TB_1);
	if (!off_bind_is_asked(bind) && is_in_hw(bind->block))
		return off_refuse(extack, OFF_RULE_TB_2);
	return 0;
}

/* ---- blocks ---- */

static struct off_block *
block_find(struct off_kernel *k, uint32_t netns, uint32_t index)
{
	struct off_block *block;

	TAILQ_FOREACH (block, &k->blocks, in_kernel)
		if (block->netns == netns && block->index == index)
			break;
	return block;
}

static struct off_block *
block_get(const struct off_netdev *dev, uint32_t index)
{
	struct off_block *block = index ? block_find(dev->k, dev->netns, index) : NULL;

	if (block)
		return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		return NULL;
	block->k = dev->k;
	block->netns = dev->netns;
	block->index = index;
	TAILQ_INIT(&block->binds);
	TAILQ_INIT(&block->filters);
	if (index)
		TAILQ_INSERT_TAIL(&dev->k->blocks, block, in_kernel);
	return block;
}

/* The last device has left. */
static void
block_try_free(struct off_block *block)
{
	if (!TAILQ_EMPTY(&block->binds))
		return;
	while (!TAILQ_EMPTY(&block->filters))
		off_bpf_delete(TAILQ_FIRST(&block->filters));
	if (block->index)
		TAILQ_REMOVE(&block->k->blocks, block, in_kernel);
	free(block);
}

/* Counted by the driver's answer (tc_setup_cb_reoffload): it says yes, too, to the removal of what
 * it does not have; where it refuses it stays counted. */
static void
take_back(struct off_bind *bind)
{
	struct off_tc_filter *f;

	TAILQ_FOREACH (f, &bind->block->filters, in_block) {
		if (f->gen_flags & TCA_CLS_FLAGS_SKIP_HW)
			continue;
		if (!off_bind_ask(bind, NULL, f, NULL) && f->in_hw_count)
			f->in_hw_count--;
	}
}

/* is_undo: nothing has happened since it was bound, and what its driver took is known. */
static void
unbind(struct off_bind *bind, bool is_undo)
{
	struct off_block *block = bind->block;

	if (!block)
		return;
	if (off_bind_is_asked(bind) && is_undo)
		undo_replay(bind);
	else if (off_bind_is_asked(bind))
		take_back(bind);
	TAILQ_REMOVE(&block->binds, bind, of_block);
	bind->block = NULL;
	block_try_free(block);
}

static int
bind_new(struct off_bind *bind, struct off_netdev *dev, bool is_egress, uint32_t index,
	struct off_extack *extack)
{
	bool is_there;
	int err;

	bind->dev = dev;
	bind->is_egress = is_egress;
	bind->block = block_get(dev, index);
	if (!bind->block)
		return -ENOMEM;
	is_there = has_dev(bind->block, dev);
	err = bind_check(bind, extack);
	if (!err && off_bind_is_asked(bind))
		err = replay(bind, extack);
	if (err) {
		block_try_free(bind->block);
		bind->block = NULL;
		return err;
	}
	TAILQ_INSERT_HEAD(&bind->block->binds, bind, of_block);
	return is_there ? off_refuse(extack, OFF_RULE_TB_4) : 0;
}

/* ---- qdiscs ---- */

static void
sch_free(struct off_sch *sch, bool is_undo)
{
	unbind(&sch->ingress, is_undo);
	unbind(&sch->egress, is_undo);
	free(sch);
}

void
off_sch_shutdown(struct off_netdev *dev)
{
	if (dev->sch)
		sch_free(dev->sch, false);
	dev->sch = NULL;
}

static int
sch_new(struct off_netdev *dev, const struct off_qdisc *qdisc, struct off_extack *extack)
{
	struct off_sch *sch = calloc(1, sizeof(*sch));
	int err;

	if (!sch)
		return -ENOMEM;
	sch->is_clsact = qdisc->kind == OFF_QDISC_CLSACT;
	err = bind_new(&sch->ingress, dev, false, qdisc->ingress_block, extack);
	if (!err && sch->is_clsact)
		err = bind_new(&sch->egress, dev, true, qdisc->egress_block, extack);
	if (err) {
		sch_free(sch, true);
		return err;
	}
	dev->sch = sch;
	dev->had_sch = true;
	return 0;
}

static int
find_to_change(const struct off_caller *who, int ifindex, struct off_netdev **dev)
{
	if (!off_has(who, OFF_CAP_NET_ADMIN))
		return -EPERM;
	*dev = off_netdev_find(who->k, who->netns, ifindex);
	return *dev ? 0 : -ENODEV;
}

int
off_qdisc_add(
	const struct off_caller *who, const struct off_qdisc *qdisc, struct off_extack *extack)
{
	struct off_netdev *dev;
	int err;

	off_lock(who->k);
	off_extack_clear(extack);
	err = find_to_change(who, qdisc->ifindex, &dev);
	if (!err && dev->sch)
		err = off_refuse(extack, OFF_RULE_TQ_8);
	if (!err)
		err = sch_new(dev, qdisc, extack);
	return off_unlock(who->k, err);
}

/* What a removal without a parent finds: nothing, or what it must not remove so. */
static enum off_rule
check_handle(const struct off_netdev *dev, uint32_t handle, const char *kind)
{
	if (!dev->sch || handle != SCH_HANDLE)
		return OFF_RULE_TQ_1;
	if (kind && strcmp(kind, dev->sch->is_clsact ? "clsact" : "ingress") != 0)
		return OFF_RULE_TQ_5;
	return OFF_RULE_TQ_6;
}

/* tc_get_qdisc(). What every device has by itself is "noqueue", of handle 0; where ingress was and
 * is no more, "noop". */
static enum off_rule
check_del(const struct off_netdev *dev, uint32_t parent, uint32_t handle, const char *kind)
{
	bool is_root = parent == TC_H_ROOT;
	const char *there = is_root ? "noqueue" : "noop";
	uint32_t its = 0;

	if (!parent)
		return check_handle(dev, handle, kind);
	if (!is_root && TC_H_MAJ(parent) != TC_H_MAJ(TC_H_INGRESS))
		return OFF_RULE_TQ_2;
	if (!is_root && !dev->had_sch)
		return OFF_RULE_TQ_3;
	if (!is_root && dev->sch) {
		its = SCH_HANDLE;
		there = dev->sch->is_clsact ? "clsact" : "ingress";
	}
	if (handle && handle != its)
		return OFF_RULE_TQ_4;
	if (kind && strcmp(kind, there) != 0)
		return OFF_RULE_TQ_5;
	return its ? OFF_RULE_CNT : OFF_RULE_TQ_7;
}

int
off_qdisc_del(const struct off_caller *who, int ifindex, uint32_t parent, uint32_t handle,
	const char *kind, struct off_extack *extack)
{
	struct off_netdev *dev;
	enum off_rule rule;
	int err;

	off_lock(who->k);
	off_extack_clear(extack);
	err = find_to_change(who, ifindex, &dev);
	if (err)
		return off_unlock(who->k, err);
	rule = check_del(dev, parent, handle, kind);
	if (rule != OFF_RULE_CNT)
		return off_unlock(who->k, off_refuse(extack, rule));
	sch_free(dev->sch, false);
	dev->sch = NULL;
	return off_unlock(who->k, 0);
}

static uint32_t
index_of(const struct off_bind *bind)
{
	return bind->block ? bind->block->index : 0;
}

int
off_qdisc_show(const struct off_caller *who, int ifindex, struct off_qdisc *qdisc)
{
	struct off_netdev *dev;

	off_lock(who->k);
	dev = off_netdev_find(who->k, who->netns, ifindex);
	if (!dev)
		return off_unlock(who->k, -ENODEV);
	if (!dev->sch)
		return off_unlock(who->k, -ENOENT);
	*qdisc = (struct off_qdisc){
		.ifindex = ifindex,
		.kind = dev->sch->is_clsact ? OFF_QDISC_CLSACT : OFF_QDISC_INGRESS,
		.ingress_block = index_of(&dev->sch->ingress),
		.egress_block = index_of(&dev->sch->egress),
	};
	return off_unlock(who->k, 0);
}
