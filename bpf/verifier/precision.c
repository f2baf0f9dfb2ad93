/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose value matters. Most scalars may have any value without making a program unsafe; states that
 * differ only in those are equal. When a value does matter (an offset, a known comparison, a size)
 * this walks back over the instructions of the path, from the registers that are needed to
 * those they were made from, and marks them in every saved state on the way (kernel:
 * __mark_chain_precision, backtrack_insn).
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARGS 0x3eu /* r1 - r5 */

/* ---- history: the steps that are not "the instruction before" ---- */

static bool
grow_hist(struct xb_verify_env *env)
{
	uint32_t cap = env->hist_cap ? env->hist_cap * 2 : 64;
	struct xv_hist *hist = realloc(env->hist, cap * sizeof(*hist));

	if (!hist)
		return false;
	env->hist = hist;
	env->hist_cap = cap;
	return true;
}

static void
set_linked(struct xv_hist *h, const struct xv_linked_set *linked)
{
	h->linked_cnt = linked ? (uint16_t)linked->cnt : 0;
	for (uint32_t i = 0; i < h->linked_cnt; i++)
		h->linked[i] = linked->e[i];
}

int
xv_push_hist(struct xb_verify_env *env, uint16_t flags, const struct xv_linked_set *linked)
{
	struct xv_hist *h = env->cur_hist;

	if (!h) {
		if (env->cur->hist_end == env->hist_cap && !grow_hist(env))
			return -ENOMEM;
		h = env->cur_hist = &env->hist[env->cur->hist_end++];
		*h = (struct xv_hist){ .insn = (uint32_t)env->insn, .prev = (uint32_t)env->prev };
	}
	h->flags |= flags;
	set_linked(h, linked);
	return 0;
}

static const struct xv_hist *
hist_of(const struct xb_verify_env *env, uint32_t start, uint32_t end, int32_t insn)
{
	if (end > start && env->hist[end - 1].insn == (uint32_t)insn)
		return &env->hist[end - 1];
	return NULL;
}

/* The instruction before on this path; *is_first when the state began here. */
static int32_t
step_back(const struct xb_verify_env *env, const struct xv_state *st, int32_t insn, uint32_t *end,
	bool *is_first)
{
	uint32_t start = st->hist_start, cnt = *end - start;

	*is_first = insn == st->first_insn &&
		    (cnt == 0 || (cnt == 1 && env->hist[start].insn == (uint32_t)insn));
	if (*is_first || cnt == 0 || env->hist[*end - 1].insn != (uint32_t)insn)
		return insn - 1;
	return (int32_t)env->hist[--*end].prev;
}

/* ---- sets of registers and slots ---- */

static bool
is_empty(const struct xv_backtrack *bt)
{
	for (uint32_t f = 0; f <= bt->frame; f++)
		if (bt->regs[f] || bt->slots[f])
			return false;
	return true;
}

static bool
has_reg(const struct xv_backtrack *bt, unsigned int n)
{
	return bt->regs[bt->frame] & (1u << n);
}

static void
want_reg(struct xv_backtrack *bt, unsigned int n)
{
	if (n != XV_FP)
		bt->regs[bt->frame] |= (uint16_t)(1u << n);
}

static void
drop_reg(struct xv_backtrack *bt, unsigned int n)
{
	bt->regs[bt->frame] &= (uint16_t) ~(1u << n);
}

/* One of a set that was learned of together is wanted: so are the others. */
static void
want_linked(struct xv_backtrack *bt, const struct xv_hist *h)
{
	bool is_any = false;

	for (uint32_t i = 0; h && i < h->linked_cnt; i++) {
		const struct xv_linked *e = &h->linked[i];

		is_any |= ((e->is_reg ? bt->regs[e->frame] : bt->slots[e->frame]) >> e->n & 1) != 0;
	}
	for (uint32_t i = 0; is_any && i < h->linked_cnt; i++) {
		const struct xv_linked *e = &h->linked[i];

		if (e->is_reg)
			bt->regs[e->frame] |= (uint16_t)(1u << e->n);
		else
			bt->slots[e->frame] |= UINT64_C(1) << e->n;
	}
}

/* ---- one instruction back. -ENOTSUP: cannot say, take all ---- */

static int
bug(struct xb_verify_env *env, const char *what)
{
	xv_say(env, "BUG backtracking: %s\n", what);
	return -EFAULT;
}

static void
back_alu(struct xv_backtrack *bt, const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);

	if (!has_reg(bt, insn->dst_reg) || op == BPF_END || op == BPF_NEG)
		return;
	if (op == BPF_MOV)
		drop_reg(bt, insn->dst_reg);
	if (BPF_SRC(insn->code) == BPF_X)
		want_reg(bt, insn->src_reg);
}

static void
back_load(struct xv_backtrack *bt, unsigned int reg, const struct xv_hist *h)
{
	if (!has_reg(bt, reg))
		return;
	drop_reg(bt, reg);
	if (h && (h->flags & XV_HIST_STACK))
		bt->slots[h->flags & XV_HIST_FRAME_MASK] |=
			UINT64_C(1) << (h->flags >> XV_HIST_SLOT_SHIFT & XV_HIST_SLOT_MASK);
}

static int
back_store(struct xv_backtrack *bt, const struct bpf_insn *insn, const struct xv_hist *h)
{
	uint32_t frame;
	uint64_t bit;

	if (has_reg(bt, insn->dst_reg)) /* a pointer that was subtracted */
		return -ENOTSUP;
	if (!h || !(h->flags & XV_HIST_STACK))
		return 0;
	frame = h->flags & XV_HIST_FRAME_MASK;
	bit = UINT64_C(1) << (h->flags >> XV_HIST_SLOT_SHIFT & XV_HIST_SLOT_MASK);
	if (!(bt->slots[frame] & bit))
		return 0;
	bt->slots[frame] &= ~bit;
	if (BPF_CLASS(insn->code) == BPF_STX)
		want_reg(bt, insn->src_reg);
	return 0;
}

static int
back_local_call(struct xb_verify_env *env, int32_t idx, const struct bpf_insn *insn)
{
	struct xv_backtrack *bt = &env->bt;
	int callee = xv_find_subprog(env, (int64_t)idx + insn->imm + 1);

	if (callee < 0)
		return bug(env, "a call to no function");
	if (env->subprog[callee].is_global) {
		if (bt->regs[bt->frame] & ARGS)
			return bug(env, "an argument after the call");
		drop_reg(bt, 0);
		return 0;
	}
	if (bt->frame == 0 || (bt->regs[bt->frame] & ~ARGS) || bt->slots[bt->frame])
		return bug(env, "more than arguments at a function's entry");
	bt->regs[bt->frame - 1] |= bt->regs[bt->frame];
	bt->regs[bt->frame--] = 0;
	return 0;
}

static int
back_exit(struct xb_verify_env *env, int32_t next)
{
	struct xv_backtrack *bt = &env->bt;
	bool is_call = next >= 1 && xv_is_local_call(&env->insns[next - 1]);
	bool is_r0 = is_call && has_reg(bt, 0);

	if (is_call && (bt->regs[bt->frame] & ARGS))
		return bug(env, "an argument after the call");
	drop_reg(bt, 0);
	if (bt->frame + 1 >= XB_FRAMES_MAX)
		return bug(env, "too many frames");
	bt->frame++;
	if (is_r0)
		want_reg(bt, 0);
	return 0;
}

static int
back_jump(struct xb_verify_env *env, int32_t idx, int32_t next, const struct bpf_insn *insn,
	const struct xv_hist *h)
{
	struct xv_backtrack *bt = &env->bt;
	uint8_t op = BPF_OP(insn->code);

	if (xv_is_local_call(insn))
		return back_local_call(env, idx, insn);
	if (op == BPF_CALL) {
		drop_reg(bt, 0);
		return bt->regs[bt->frame] & ARGS ? bug(env, "an argument after the call") : 0;
	}
	if (op == BPF_EXIT)
		return back_exit(env, next);
	if (BPF_SRC(insn->code) != BPF_X || op == BPF_JA)
		return 0;
	if (!has_reg(bt, insn->dst_reg) && !has_reg(bt, insn->src_reg))
		return 0;
	if (!h || !(h->flags & XV_HIST_SRC_FP))
		bt->regs[bt->frame] |= (uint16_t)(1u << insn->src_reg);
	if (!h || !(h->flags & XV_HIST_DST_FP))
		bt->regs[bt->frame] |= (uint16_t)(1u << insn->dst_reg);
	return 0;
}

static int
back_ld(struct xb_verify_env *env, int32_t idx, int32_t next, const struct bpf_insn *insn)
{
	struct xv_backtrack *bt = &env->bt;

	if (BPF_MODE(insn->code) == BPF_IMM) {
		drop_reg(bt, insn->dst_reg);
		return 0;
	}
	if (has_reg(bt, 0))
		return -ENOTSUP;
	if (next != idx + 1) { /* the load ended the function */
		if (bt->frame + 1 >= XB_FRAMES_MAX)
			return bug(env, "too many frames");
		bt->frame++;
	}
	return 0;
}

static void
say_step(struct xb_verify_env *env, int32_t idx)
{
	char text[128];

	if (env->level < 2)
		return;
	xb_insn_format(&env->insns[idx], env->cnt - (uint32_t)idx, text, sizeof(text));
	xv_note(env, "mark_precise: frame%u: ", env->bt.frame);
	xv_note_set(env, env->bt.regs[env->bt.frame], env->bt.slots[env->bt.frame]);
	xv_note(env, "before %d: (%02x) %s\n", idx, env->insns[idx].code, text);
}

static int
back_one(struct xb_verify_env *env, int32_t idx, int32_t next, const struct xv_hist *h)
{
	const struct bpf_insn *insn = &env->insns[idx];
	struct xv_backtrack *bt = &env->bt;
	uint8_t class = BPF_CLASS(insn->code);
	int err = 0;

	if (insn->code == 0)
		return 0;
	say_step(env, idx);
	want_linked(bt, h);
	if (class == BPF_ALU || class == BPF_ALU64)
		back_alu(bt, insn);
	else if (class == BPF_LDX)
		back_load(bt, insn->dst_reg, h);
	else if (xv_is_fetch(insn))
		back_load(bt, insn->imm == BPF_CMPXCHG ? 0 : insn->src_reg, h);
	else if (class == BPF_STX || class == BPF_ST)
		err = back_store(bt, insn, h);
	else if (class == BPF_LD)
		err = back_ld(env, idx, next, insn);
	else
		err = back_jump(env, idx, next, insn, h);
	if (!err)
		want_linked(bt, h);
	return err;
}

/* ---- all the way ---- */

static void
take_all(struct xb_verify_env *env)
{
	if (env->level >= 2)
		xv_note(env, "mark_precise: frame%u: falling back to forcing all scalars precise\n",
			env->cur->curframe);
	for (struct xv_state *st = env->cur->parent; st; st = st->parent)
		for (uint32_t f = 0; f <= st->curframe; f++) {
			st->frame[f].precise = UINT16_MAX;
			st->frame[f].slot_precise = UINT64_MAX;
		}
	memset(&env->bt, 0, sizeof(env->bt));
}

/* Mark what is wanted in a saved state; what was marked before needs no more walking. */
static int
mark_state(struct xb_verify_env *env, struct xv_state *st)
{
	struct xv_backtrack *bt = &env->bt;

	if (bt->frame > st->curframe)
		return bug(env, "a frame that is not there");
	for (uint32_t f = 0; f <= bt->frame; f++) {
		struct xv_frame *fr = &st->frame[f];
		uint32_t slots = fr->stack ? fr->stack->cnt : 0;

		for (unsigned int n = 0; n < XV_FP; n++)
			if (fr->regs->r[n].type != XB_SCALAR)
				bt->regs[f] &= (uint16_t) ~(1u << n);
		for (uint32_t i = 0; i < XV_SLOTS; i++) {
			if (!(bt->slots[f] >> i & 1))
				continue;
			if (i >= slots)
				return bug(env, "a stack slot that is not there");
			if (!xv_is_scalar_spill(&fr->stack->slot[i]))
				bt->slots[f] &= ~(UINT64_C(1) << i);
		}
		bt->regs[f] &= (uint16_t)~fr->precise;
		bt->slots[f] &= ~fr->slot_precise;
		fr->precise |= bt->regs[f];
		fr->slot_precise |= bt->slots[f];
	}
	return 0;
}

/* The entry of a function that is verified by itself: its arguments come from nowhere. */
static int
reach_entry(struct xb_verify_env *env, struct xv_state *st)
{
	struct xv_backtrack *bt = &env->bt;

	if (st->curframe != 0 || st->frame[0].subprog == 0 || bt->slots[0] || (bt->regs[0] & ~ARGS))
		return bug(env, "a function's entry with registers left");
	for (unsigned int n = 1; n <= 5; n++)
		if ((bt->regs[0] & (1u << n)) && st->frame[0].regs->r[n].type == XB_SCALAR)
			st->frame[0].precise |= (uint16_t)(1u << n);
	bt->regs[0] = 0;
	return 0;
}

/* Back over one state's instructions. 1: nothing is wanted any more. */
static int
back_state(struct xb_verify_env *env, const struct xv_state *st, int32_t last, int32_t *next,
	bool skip)
{
	uint32_t end = st->hist_end;
	int32_t idx = last;

	for (;;) {
		bool is_first;
		int err = 0;

		if (!skip)
			err = back_one(env, idx, *next, hist_of(env, st->hist_start, end, idx));
		skip = false;
		if (err)
			return err;
		if (is_empty(&env->bt))
			return 1;
		*next = idx;
		idx = step_back(env, st, idx, &end, &is_first);
		if (is_first)
			return 0;
		if (idx < 0 || (uint32_t)idx >= env->cnt)
			return bug(env, "the program's beginning with registers left");
	}
}

int
xv_need_precise_all(struct xb_verify_env *env)
{
	struct xv_backtrack *bt = &env->bt;
	struct xv_state *st = env->cur;
	int32_t last = env->insn, next = -1;
	bool skip = true;

	bt->frame = env->cur->curframe;
	if (is_empty(bt))
		return 0;
	for (;;) {
		int32_t first = st->first_insn;
		int err;

		if (env->level >= 2)
			xv_note(env,
				"mark_precise: frame%u: last_idx %d first_idx %d subseq_idx %d \n",
				bt->frame, last, first, next);
		if (last < 0)
			return reach_entry(env, st);
		err = back_state(env, st, last, &next, skip);
		skip = false;
		if (err == -ENOTSUP) {
			take_all(env);
			return 0;
		}
		if (err)
			return err < 0 ? err : 0;
		st = st->parent;
		if (!st)
			break;
		err = mark_state(env, st);
		if (err)
			return err;
		if (is_empty(bt))
			return 0;
		next = first;
		last = st->last_insn;
	}
	if (!is_empty(bt))
		take_all(env);
	return 0;
}

int
xv_need_precise(struct xb_verify_env *env, unsigned int n)
{
	env->bt.frame = env->cur->curframe;
	want_reg(&env->bt, n);
	return xv_need_precise_all(env);
}
