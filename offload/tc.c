/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests about filters: which block, chain, priority and handle is meant (kernel:
 * net/sched/cls_api.c). What a filter is and does is tc_bpf.c's.
 */
#include "offload/internal.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <string.h>

#define CHAIN_MAX 0x0fffffffu	/* TC_ACT_EXT_VAL_MASK */
#define PRIO_AUTO_FLOOR 0x8000u /* chosen priorities do not go below */
#define PRIO_AUTO_FIRST 0xc000u /* 49152 */

/* ---- the block ---- */

static int
block_of_index(const struct off_caller *who, uint32_t index, struct off_block **block,
	struct off_extack *e)
{
	TAILQ_FOREACH (*block, &who->k->blocks, in_kernel)
		if ((*block)->netns == who->netns && (*block)->index == index)
			return 0;
	return off_refuse(e, OFF_RULE_TF_6);
}

/* Every class of the qdisc ingress is its one block; clsact has two. */
static enum off_rule
block_of_sch(const struct off_sch *sch, uint32_t minor, struct off_block **block)
{
	if (!sch->is_clsact || minor == TC_H_MIN_INGRESS)
		*block = sch->ingress.block;
	else if (minor == TC_H_MIN_EGRESS)
		*block = sch->egress.block;
	else
		return minor ? OFF_RULE_TF_4 : OFF_RULE_TF_5;
	return OFF_RULE_CNT;
}

static int
block_of_dev(const struct off_caller *who, const struct off_filter *r, struct off_block **block,
	struct off_extack *extack)
{
	const struct off_netdev *dev = off_netdev_find(who->k, who->netns, r->ifindex);
	enum off_rule rule;

	if (!dev)
		return -ENODEV;
	if (!r->parent)
		return off_refuse(extack, OFF_RULE_TF_3);
	if (!dev->sch || TC_H_MAJ(r->parent) != TC_H_MAJ(TC_H_CLSACT))
		return off_refuse(extack, OFF_RULE_TF_2);
	rule = block_of_sch(dev->sch, TC_H_MIN(r->parent), block);
	return rule == OFF_RULE_CNT ? 0 : off_refuse(extack, rule);
}

/* To change something in it. */
static int
find_block(const struct off_caller *who, const struct off_filter *r, struct off_block **block,
	struct off_extack *extack)
{
	int err;

	if (!r->ifindex)
		err = block_of_index(who, r->block, block, extack);
	else
		err = block_of_dev(who, r, block, extack);
	if (!err && r->ifindex && (*block)->index)
		err = off_refuse(extack, OFF_RULE_TF_7);
	if (!err && r->chain > CHAIN_MAX)
		err = off_refuse(extack, OFF_RULE_TF_8);
	return err;
}

/* ---- chain, priority, handle ---- */

/* The first of that chain with at least that priority. */
static struct off_tc_filter *
filter_from(const struct off_block *block, uint32_t chain, uint32_t prio)
{
	struct off_tc_filter *f;

	TAILQ_FOREACH (f, &block->filters, in_block)
		if (f->chain == chain && f->prio >= prio)
			break;
	return f;
}

/* A priority is one classifier's and one protocol's. *first: its first filter, NULL: none. */
static int
find_prio(const struct off_block *block, const struct off_filter *r, struct off_tc_filter **first,
	struct off_extack *extack)
{
	*first = filter_from(block, r->chain, r->prio);
	if (*first && (*first)->prio != r->prio)
		*first = NULL;
	if (*first && r->protocol && (*first)->protocol != r->protocol)
		return off_refuse(extack, OFF_RULE_TF_9A);
	return 0;
}

/* tcf_auto_prio(): below the lowest of the upper half. */
static int
choose_prio(const struct off_block *block, struct off_filter *r, struct off_extack *extack)
{
	const struct off_tc_filter *lowest = filter_from(block, r->chain, PRIO_AUTO_FLOOR);

	if (lowest && lowest->prio == PRIO_AUTO_FLOOR)
		return off_refuse(extack, OFF_RULE_TF_9A);
	r->prio = (uint16_t)(lowest ? lowest->prio - 1u : PRIO_AUTO_FIRST);
	return 0;
}

static struct off_tc_filter *
find_handle(struct off_tc_filter *first, uint32_t handle)
{
	struct off_tc_filter *f = first;

	while (f && f->chain == first->chain && f->prio == first->prio && f->handle != handle)
		f = TAILQ_NEXT(f, in_block);
	return f && f->chain == first->chain && f->prio == first->prio ? f : NULL;
}

static bool
is_bpf(const struct off_filter *r)
{
	return strcmp(r->kind, "bpf") == 0;
}

/* ---- RTM_NEWTFILTER ---- */

static enum off_rule
check_new_prio(const struct off_filter *r)
{
	if (!r->kind || !r->protocol)
		return OFF_RULE_TF_10;
	if (!(r->nl_flags & NLM_F_CREATE))
		return OFF_RULE_TF_11;
	return is_bpf(r) ? OFF_RULE_CNT : OFF_RULE_TF_12;
}

static enum off_rule
check_old_prio(const struct off_filter *r, const struct off_tc_filter *old)
{
	if (r->kind && !is_bpf(r))
		return OFF_RULE_TF_13;
	if (!old && !(r->nl_flags & NLM_F_CREATE))
		return OFF_RULE_TF_11;
	return old && r->nl_flags & NLM_F_EXCL ? OFF_RULE_TF_14 : OFF_RULE_CNT;
}

static int
add(const struct off_caller *who, const struct off_filter *request, struct off_extack *extack)
{
	struct off_filter r = *request;
	struct off_tc_filter *first = NULL, *old = NULL;
	struct off_block *block;
	enum off_rule rule;
	int err;

	if (!off_has(who, OFF_CAP_NET_ADMIN))
		return -EPERM;
	if (!r.prio && !(r.nl_flags & NLM_F_CREATE))
		return off_refuse(extack, OFF_RULE_TF_1);
	err = find_block(who, &r, &block, extack);
	if (!err)
		err = r.prio ? find_prio(block, &r, &first, extack)
			     : choose_prio(block, &r, extack);
	if (err)
		return err;
	if (first)
		old = find_handle(first, r.handle);
	rule = first ? check_old_prio(&r, old) : check_new_prio(&r);
	if (rule != OFF_RULE_CNT)
		return off_refuse(extack, rule);
	if (first)
		r.protocol = first->protocol;
	return off_bpf_change(block, old, &r, extack);
}

int
off_filter_add(
	const struct off_caller *who, const struct off_filter *filter, struct off_extack *extack)
{
	off_lock(who->k);
	off_extack_clear(extack);
	return off_unlock(who->k, add(who, filter, extack));
}

/* ---- RTM_DELTFILTER ---- */

/* All of a chain, or of one priority. */
static void
flush(struct off_block *block, uint32_t chain, uint16_t prio)
{
	struct off_tc_filter *f, *next;

	for (f = TAILQ_FIRST(&block->filters); f; f = next) {
		next = TAILQ_NEXT(f, in_block);
		if (f->chain == chain && (!prio || f->prio == prio))
			off_bpf_delete(f);
	}
}

static int
del_some(struct off_block *block, const struct off_filter *r, struct off_extack *extack)
{
	struct off_tc_filter *first, *f;
	int err;

	if (!filter_from(block, r->chain, 0))
		return off_refuse(extack, OFF_RULE_TF_16);
	err = find_prio(block, r, &first, extack);
	if (!err && !first)
		err = off_refuse(extack, OFF_RULE_TF_9B);
	if (!err && r->kind && !is_bpf(r))
		err = off_refuse(extack, OFF_RULE_TF_13);
	if (err)
		return err;
	if (!r->handle) {
		flush(block, r->chain, r->prio);
		return 0;
	}
	f = find_handle(first, r->handle);
	if (!f)
		return off_refuse(extack, OFF_RULE_TF_17);
	off_bpf_delete(f);
	return 0;
}

static int
del(const struct off_caller *who, const struct off_filter *r, struct off_extack *extack)
{
	struct off_block *block;
	int err;

	if (!off_has(who, OFF_CAP_NET_ADMIN))
		return -EPERM;
	if (!r->prio && (r->protocol || r->handle || r->kind))
		return off_refuse(extack, OFF_RULE_TF_15);
	err = find_block(who, r, &block, extack);
	if (err)
		return err;
	if (r->prio)
		return del_some(block, r, extack);
	flush(block, r->chain, 0);
	return 0;
}

int
off_filter_del(
	const struct off_caller *who, const struct off_filter *filter, struct off_extack *extack)
{
	off_lock(who->k);
	off_extack_clear(extack);
	return off_unlock(who->k, del(who, filter, extack));
}

/* ---- RTM_GETTFILTER ---- */

static void
fill(const struct off_tc_filter *f, struct off_filter_report *report)
{
	*report = (struct off_filter_report){
		.chain = f->chain,
		.handle = f->handle,
		.prio = f->prio,
		.protocol = f->protocol,
		.flags = f->is_direct_action ? TCA_BPF_FLAG_ACT_DIRECT : 0,
		.gen_flags = f->gen_flags | (uint32_t)(f->in_hw_count ? TCA_CLS_FLAGS_IN_HW
								      : TCA_CLS_FLAGS_NOT_IN_HW),
		.in_hw_count = f->in_hw_count,
		.prog_id = f->prog->o.id,
	};
	memcpy(report->name, f->name, sizeof(report->name));
	memcpy(report->tag, f->prog->tag, sizeof(report->tag));
}

int
off_filter_show(const struct off_caller *who, const struct off_filter *where, uint32_t n,
	struct off_filter_report *report)
{
	struct off_tc_filter *f;
	struct off_block *block;
	int err;

	off_lock(who->k);
	err = where->ifindex ? block_of_dev(who, where, &block, NULL)
			     : block_of_index(who, where->block, &block, NULL);
	if (err)
		return off_unlock(who->k, err);
	TAILQ_FOREACH (f, &block->filters, in_block)
		if (n-- == 0)
			break;
	if (f)
		fill(f, report);
	return off_unlock(who->k, f ? 0 : -ENOENT);
}
