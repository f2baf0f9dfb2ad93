/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of the walk. Copying one copies pointers: registers of a frame and its stack are counted,
 * shared, and copied by the first who changes them. A program that is hard to verify makes a
 * hundred thousand states; most differ in one frame's registers from the one before.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All memory of states goes through here, to bound it. */
static void *
state_alloc(struct xb_verify_env *env, size_t bytes)
{
	void *p = NULL;

	if (env->state_bytes + bytes <= XV_MAX_STATE_BYTES)
		p = malloc(bytes);
	if (p)
		env->state_bytes += bytes;
	else
		env->out_of_memory = true;
	return p;
}

static void
state_release(struct xb_verify_env *env, void *p, size_t bytes)
{
	env->state_bytes -= bytes;
	free(p);
}

/* ---- registers ---- */

static struct xv_regs *
regs_new(struct xb_verify_env *env)
{
	struct xv_regs *regs = state_alloc(env, sizeof(*regs));

	if (regs)
		regs->refs = 1;
	return regs;
}

static void
regs_put(struct xb_verify_env *env, struct xv_regs *regs)
{
	if (regs && --regs->refs == 0)
		state_release(env, regs, sizeof(*regs));
}

bool
xv_own_regs(struct xb_verify_env *env, struct xv_frame *fr)
{
	struct xv_regs *regs;

	if (fr->regs->refs == 1)
		return true;
	regs = regs_new(env);
	if (!regs)
		return false;
	memcpy(regs->r, fr->regs->r, sizeof(regs->r));
	fr->regs->refs--;
	fr->regs = regs;
	return true;
}

/* ---- stack ---- */

static size_t
stack_bytes(uint32_t cnt)
{
	return offsetof(struct xv_stack, slot) + cnt * sizeof(struct xv_slot);
}

static void
spill_put(struct xb_verify_env *env, struct xv_spill *spill)
{
	if (spill && --spill->refs == 0)
		state_release(env, spill, sizeof(*spill));
}

static void
stack_put(struct xb_verify_env *env, struct xv_stack *stack)
{
	if (!stack || --stack->refs)
		return;
	for (uint32_t i = 0; i < stack->cnt; i++)
		spill_put(env, stack->slot[i].spill);
	state_release(env, stack, stack_bytes(stack->cnt));
}

/* A stack of cnt slots, at least as many as the old has, that only the frame holds. */
static bool
stack_remake(struct xb_verify_env *env, struct xv_frame *fr, uint32_t cnt)
{
	struct xv_stack *old = fr->stack, *stack = state_alloc(env, stack_bytes(cnt));
	uint32_t kept = old ? old->cnt : 0;

	if (!stack)
		return false;
	stack->refs = 1;
	stack->cnt = cnt;
	for (uint32_t i = 0; i < kept; i++) {
		stack->slot[i] = old->slot[i];
		if (stack->slot[i].spill)
			stack->slot[i].spill->refs++;
	}
	memset(stack->slot + kept, 0, (cnt - kept) * sizeof(*stack->slot));
	stack_put(env, old);
	fr->stack = stack;
	return true;
}

bool
xv_own_stack(struct xb_verify_env *env, struct xv_frame *fr)
{
	return fr->stack->refs == 1 || stack_remake(env, fr, fr->stack->cnt);
}

int
xv_stack_grow(struct xb_verify_env *env, struct xv_frame *fr, int64_t bytes)
{
	uint32_t cnt = (uint32_t)((bytes + 7) / 8);
	struct xv_subprog *sub = &env->subprog[fr->subprog];

	if (cnt <= (fr->stack ? fr->stack->cnt : 0))
		return 0;
	if (!stack_remake(env, fr, cnt))
		return -ENOMEM;
	if (sub->stack_depth < cnt * 8)
		sub->stack_depth = cnt * 8;
	return 0;
}

struct xb_reg_state *
xv_own_spill(struct xb_verify_env *env, struct xv_slot *slot)
{
	struct xv_spill *spill;

	if (slot->spill && slot->spill->refs == 1)
		return &slot->spill->r;
	spill = state_alloc(env, sizeof(*spill));
	if (!spill)
		return NULL;
	spill->refs = 1;
	if (slot->spill) {
		spill->r = slot->spill->r;
		slot->spill->refs--;
	} else {
		memset(&spill->r, 0, sizeof(spill->r));
	}
	slot->spill = spill;
	return &spill->r;
}

void
xv_drop_spill(struct xb_verify_env *env, struct xv_slot *slot)
{
	spill_put(env, slot->spill);
	slot->spill = NULL;
}

/* ---- frames ---- */

int
xv_frame_init(struct xb_verify_env *env, struct xv_frame *fr, uint32_t frameno, int32_t callsite,
	uint32_t subprog)
{
	struct xb_reg_state *fp;

	memset(fr, 0, sizeof(*fr));
	fr->callsite = callsite;
	fr->subprog = subprog;
	memset(fr->parent, XV_NO_PARENT, sizeof(fr->parent));
	fr->regs = regs_new(env);
	if (!fr->regs)
		return -ENOMEM;
	memset(fr->regs->r, 0, sizeof(fr->regs->r));
	for (unsigned int i = 0; i < XV_REGS; i++)
		xv_set_not_init(&fr->regs->r[i]);
	fp = &fr->regs->r[XV_FP];
	xv_set_known(fp, 0);
	fp->type = XB_PTR_STACK;
	fp->frameno = frameno;
	return 0;
}

void
xv_frame_release(struct xb_verify_env *env, struct xv_frame *fr)
{
	regs_put(env, fr->regs);
	stack_put(env, fr->stack);
	fr->regs = NULL;
	fr->stack = NULL;
}

/* ---- states ---- */

static size_t
state_size(uint32_t frames)
{
	return offsetof(struct xv_state, frame) + frames * sizeof(struct xv_frame);
}

struct xv_state *
xv_state_new(struct xb_verify_env *env, uint32_t frames)
{
	struct xv_state *st = state_alloc(env, state_size(frames));

	if (st)
		memset(st, 0, state_size(frames));
	if (st)
		st->room = frames;
	return st;
}

static bool
copy_refs(struct xb_verify_env *env, struct xv_state *st, const struct xv_state *from)
{
	size_t bytes = from->ref_cnt * sizeof(*st->refs);

	st->refs = NULL;
	if (from->ref_cnt == 0)
		return true;
	st->refs = state_alloc(env, bytes);
	if (!st->refs)
		return false;
	memcpy(st->refs, from->refs, bytes);
	return true;
}

struct xv_state *
xv_state_copy(struct xb_verify_env *env, const struct xv_state *from, uint32_t frames)
{
	uint32_t used = from->curframe + 1;
	struct xv_state *st = state_alloc(env, state_size(frames));

	if (!st)
		return NULL;
	memcpy(st, from, state_size(used));
	st->room = frames;
	memset(st->frame + used, 0, (frames - used) * sizeof(*st->frame));
	if (!copy_refs(env, st, from)) {
		state_release(env, st, state_size(frames));
		return NULL;
	}
	for (uint32_t i = 0; i < used; i++) {
		st->frame[i].regs->refs++;
		if (st->frame[i].stack)
			st->frame[i].stack->refs++;
	}
	return st;
}

void
xv_state_free(struct xb_verify_env *env, struct xv_state *st)
{
	if (!st)
		return;
	for (uint32_t i = 0; i <= st->curframe; i++)
		xv_frame_release(env, &st->frame[i]);
	if (st->refs)
		state_release(env, st->refs, st->ref_cnt * sizeof(*st->refs));
	state_release(env, st, state_size(st->room));
}

/* ---- references ---- */

int
xv_acquire_ref(struct xb_verify_env *env, uint32_t id, uint32_t insn)
{
	struct xv_state *st = env->cur;
	size_t bytes = st->ref_cnt * sizeof(*st->refs);
	struct xv_ref *refs = state_alloc(env, bytes + sizeof(*refs));

	if (!refs)
		return -ENOMEM;
	if (st->refs) {
		memcpy(refs, st->refs, bytes);
		state_release(env, st->refs, bytes);
	}
	refs[st->ref_cnt++] = (struct xv_ref){ id, insn };
	st->refs = refs;
	return 0;
}

/* The last one takes the place of the one that goes, as in the kernel: the log shows the order. */
bool
xv_release_ref(struct xb_verify_env *env, struct xv_state *st, uint32_t id)
{
	for (uint32_t i = 0; i < st->ref_cnt; i++) {
		if (st->refs[i].id != id)
			continue;
		st->refs[i] = st->refs[--st->ref_cnt];
		env->state_bytes -= sizeof(*st->refs);
		if (st->ref_cnt == 0) {
			free(st->refs);
			st->refs = NULL;
		}
		return true;
	}
	return false;
}

/* ---- every register ---- */

static int
each_spill(struct xb_verify_env *env, struct xv_frame *fr, const struct xv_change *c)
{
	for (uint32_t i = 0; fr->stack && i < fr->stack->cnt; i++) {
		struct xb_reg_state *reg;

		if (!xv_is_spill(&fr->stack->slot[i]) || !c->wants(c, &fr->stack->slot[i].spill->r))
			continue;
		if (!xv_own_stack(env, fr))
			return -ENOMEM;
		reg = xv_own_spill(env, &fr->stack->slot[i]);
		if (!reg)
			return -ENOMEM;
		c->change(c, reg);
	}
	return 0;
}

int
xv_each_reg(struct xb_verify_env *env, struct xv_state *st, const struct xv_change *c)
{
	for (uint32_t f = 0; f <= st->curframe; f++) {
		struct xv_frame *fr = &st->frame[f];
		int err;

		for (unsigned int i = 0; i < XV_REGS; i++) {
			if (!c->wants(c, &fr->regs->r[i]))
				continue;
			if (!xv_own_regs(env, fr))
				return -ENOMEM;
			c->change(c, &fr->regs->r[i]);
		}
		err = each_spill(env, fr, c);
		if (err)
			return err;
	}
	return 0;
}
