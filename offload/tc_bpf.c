/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tc's BPF classifier: what a filter is, and its way into the hardware of every port of its block
 * (kernel: net/sched/cls_bpf.c, tc_setup_cb_*() of cls_api.c;
 * reference/kernel-offload.md 4.1, 4.2).
 */
#include "offload/internal.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#define SKIP_FLAGS ((uint32_t)(TCA_CLS_FLAGS_SKIP_HW | TCA_CLS_FLAGS_SKIP_SW))

/* ---- what the request says ---- */

static enum off_rule
check_attr(const struct off_filter *r)
{
	if (r->name && strlen(r->name) > OFF_FILTER_NAME_MAX)
		return OFF_RULE_TC_0A;
	if (!r->ops == !r->fd)
		return OFF_RULE_TC_0B;
	if (r->flags & ~(uint32_t)TCA_BPF_FLAG_ACT_DIRECT)
		return OFF_RULE_TC_0C;
	if (r->gen_flags & ~SKIP_FLAGS || r->gen_flags == SKIP_FLAGS)
		return OFF_RULE_TC_0D;
	return OFF_RULE_CNT;
}

/* cBPF is nobody else's: a program without id and descriptor. It is not run, so that of its
 * instructions only what every program has is looked at. */
static int
prog_of_ops(struct off_kernel *k, const struct off_filter *r, struct off_prog **prog)
{
	bool is_good = r->ops_cnt && r->ops_cnt <= BPF_MAXINSNS &&
		       BPF_CLASS(r->ops[r->ops_cnt - 1].code) == BPF_RET;

	if (!is_good)
		return off_refuse(NULL, OFF_RULE_TC_0E);
	*prog = calloc(1, sizeof(**prog));
	if (!*prog)
		return -ENOMEM;
	off_object_init(&(*prog)->o, k, OFF_KIND_PROG);
	(*prog)->type = BPF_PROG_TYPE_SOCKET_FILTER;
	return 0;
}

/* TC-1: a reference. */
static int
prog_of_fd(struct off_block *block, const struct off_filter *r, struct off_prog **prog,
	struct off_extack *extack)
{
	bool skip_sw = r->gen_flags & TCA_CLS_FLAGS_SKIP_SW;
	const struct off_bind *bind;

	*prog = off_prog_for_attach(block->k, r->fd, BPF_PROG_TYPE_SCHED_CLS, skip_sw);
	if (!*prog)
		return -errno;
	TAILQ_FOREACH (bind, &block->binds, of_block)
		if ((*prog)->dev_bound && !off_dev_match(*prog, bind->dev))
			return off_refuse(extack, block->index ? OFF_RULE_TC_1D : OFF_RULE_TC_1C);
	off_object_get(&(*prog)->o);
	return 0;
}

/* ---- the filter, not yet in the block ---- */

static void
filter_free(struct off_tc_filter *f)
{
	off_object_put(&f->prog->o);
	free(f);
}

static int
filter_new(struct off_block *block, const struct off_filter *r, struct off_tc_filter **filter,
	struct off_extack *extack)
{
	enum off_rule rule = check_attr(r);
	struct off_tc_filter *f;
	int err;

	if (rule != OFF_RULE_CNT)
		return off_refuse(NULL, rule);
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	err = r->ops ? prog_of_ops(block->k, r, &f->prog) : prog_of_fd(block, r, &f->prog, extack);
	if (err) {
		free(f);
		return err;
	}
	f->block = block;
	f->chain = r->chain;
	f->prio = r->prio;
	f->protocol = r->protocol;
	f->handle = r->handle;
	f->is_cbpf = r->ops != NULL;
	f->is_direct_action = r->flags & TCA_BPF_FLAG_ACT_DIRECT;
	f->has_actions = r->has_actions;
	f->gen_flags = r->gen_flags;
	if (r->name && !r->ops)
		snprintf(f->name, sizeof(f->name), "%s", r->name);
	*filter = f;
	return 0;
}

/* ---- hardware ---- */

static bool
may_offload(const struct off_tc_filter *f)
{
	return f && !(f->gen_flags & TCA_CLS_FLAGS_SKIP_HW);
}

static bool
all_are_asked(const struct off_block *block)
{
	const struct off_bind *bind;

	TAILQ_FOREACH (bind, &block->binds, of_block)
		if (!off_bind_is_asked(bind))
			return false;
	return true;
}

/* TC-5: the ports before `end` go back to old. One that does not take it back has neither. (The
 * kernel goes back and forth between the two until one works.) */
static void
roll_back(struct off_tc_filter *f, struct off_tc_filter *old, const struct off_bind *end)
{
	struct off_bind *bind;

	TAILQ_FOREACH (bind, &f->block->binds, of_block) {
		if (bind == end)
			return;
		if (!off_bind_ask(bind, old, f, NULL) || !old)
			continue;
		off_bind_ask(bind, NULL, f, NULL);
		if (old->in_hw_count)
			old->in_hw_count--;
	}
}

/* TC-4 ... TC-8: how many ports took it, or -errno. */
static int
offload(struct off_tc_filter *f, struct off_tc_filter *old, struct off_extack *extack)
{
	bool skip_sw = f->gen_flags & TCA_CLS_FLAGS_SKIP_SW;
	struct off_bind *bind;
	int cnt = 0, err;

	if (skip_sw && !all_are_asked(f->block))
		return off_refuse(NULL, OFF_RULE_TC_4);
	TAILQ_FOREACH (bind, &f->block->binds, of_block) {
		if (!off_bind_is_asked(bind))
			continue;
		err = off_bind_ask(bind, f, old, extack);
		if (err && skip_sw) {
			roll_back(f, old, bind);
			return err;
		}
		cnt += !err;
	}
	return skip_sw && !cnt ? off_refuse(NULL, OFF_RULE_TC_6) : cnt;
}

static int
change_hw(struct off_tc_filter *f, struct off_tc_filter *old, struct off_extack *extack)
{
	int cnt = 0;

	if (old && old->gen_flags != f->gen_flags)
		return off_refuse(NULL, OFF_RULE_TC_2);
	if (may_offload(f)) /* and old, whose flags are the same: TC-3 */
		cnt = offload(f, old, extack);
	if (cnt < 0)
		return cnt;
	f->in_hw_count = (uint32_t)cnt;
	return 0;
}

/* ---- its place ---- */

static bool
is_beside(const struct off_tc_filter *f, const struct off_tc_filter *other)
{
	return f->chain == other->chain && f->prio == other->prio;
}

static void
choose_handle(struct off_tc_filter *f)
{
	const struct off_tc_filter *other;

	f->handle = 1;
	do {
		TAILQ_FOREACH (other, &f->block->filters, in_block)
			if (is_beside(f, other) && other->handle == f->handle)
				break;
		f->handle += other != NULL;
	} while (other);
}

static void
insert(struct off_tc_filter *f)
{
	struct off_tc_filters *filters = &f->block->filters;
	struct off_tc_filter *other, *last = NULL;

	TAILQ_FOREACH (other, filters, in_block) {
		if (other->chain != f->chain)
			continue;
		if (other->prio >= f->prio) {
			TAILQ_INSERT_BEFORE(other, f, in_block);
			return;
		}
		last = other;
	}
	if (last)
		TAILQ_INSERT_AFTER(filters, last, f, in_block);
	else
		TAILQ_INSERT_TAIL(filters, f, in_block);
}

int
off_bpf_change(struct off_block *block, struct off_tc_filter *old, const struct off_filter *request,
	struct off_extack *extack)
{
	struct off_tc_filter *f = NULL;
	int err = filter_new(block, request, &f, extack);

	if (err)
		return err;
	err = change_hw(f, old, extack);
	if (err) {
		filter_free(f);
		return err;
	}
	if (!f->handle)
		choose_handle(f);
	if (old) {
		TAILQ_INSERT_BEFORE(old, f, in_block);
		TAILQ_REMOVE(&block->filters, old, in_block);
		filter_free(old);
	} else {
		insert(f);
	}
	return 0;
}

void
off_bpf_delete(struct off_tc_filter *f)
{
	struct off_bind *bind;

	if (may_offload(f))
		TAILQ_FOREACH (bind, &f->block->binds, of_block)
			if (off_bind_is_asked(bind))
				off_bind_ask(bind, NULL, f, NULL);
	TAILQ_REMOVE(&f->block->filters, f, in_block);
	filter_free(f);
}
