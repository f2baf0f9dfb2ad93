/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of a scalar, in registers and spilled: what a comparison teaches of one it teaches of all,
 * also of those that a constant was added to (kernel: collect_linked_regs, sync_linked_regs).
 */
#include "bpf/verifier/env.h"

#include <errno.h>

static void
collect(struct xv_linked_set *set, struct xb_reg_state *reg, uint32_t id, struct xv_linked e,
	bool *is_changed)
{
	if (reg->type != XB_SCALAR || (reg->id & ~XB_ID_ADD_CONST) != id)
		return;
	if (set->cnt < XV_LINKED_MAX) {
		set->e[set->cnt++] = e;
	} else { /* more than history can hold are copies no longer */
		xv_forget_id(reg);
		*is_changed = true;
	}
}

int
xv_collect_linked(struct xb_verify_env *env, uint32_t id, struct xv_linked_set *set)
{
	id &= ~XB_ID_ADD_CONST;
	for (uint32_t f = env->cur->curframe + 1; f-- > 0;) {
		struct xv_frame *fr = &env->cur->frame[f];
		bool is_changed;

		for (unsigned int n = 0; n < XV_FP; n++) {
			struct xb_reg_state copy = fr->regs->r[n];

			is_changed = false;
			collect(set, &copy, id, (struct xv_linked){ (uint8_t)f, (uint8_t)n, true },
				&is_changed);
			if (is_changed && !xv_own_regs(env, fr))
				return -ENOMEM;
			if (is_changed)
				fr->regs->r[n] = copy;
		}
		for (uint32_t i = 0; fr->stack && i < fr->stack->cnt; i++) {
			struct xb_reg_state copy, *to;

			if (!xv_is_spill(&fr->stack->slot[i]))
				continue;
			copy = fr->stack->slot[i].spill->r;
			is_changed = false;
			collect(set, &copy, id, (struct xv_linked){ (uint8_t)f, (uint8_t)i, false },
				&is_changed);
			if (!is_changed)
				continue;
			if (!xv_own_stack(env, fr))
				return -ENOMEM;
			to = xv_own_spill(env, &fr->stack->slot[i]);
			if (!to)
				return -ENOMEM;
			*to = copy;
		}
	}
	return 0;
}

/* What is known now, and by how much this one is further. */
static void
sync_one(struct xb_reg_state *reg, const struct xb_reg_state *known)
{
	const struct xb_reg_state was = *reg;
	struct xb_reg_state delta = { .type = XB_SCALAR };
	bool is_copy = !(reg->id & XB_ID_ADD_CONST) && !(known->id & XB_ID_ADD_CONST);

	*reg = *known;
	reg->subreg_def = was.subreg_def;
	if (is_copy || was.off == known->off)
		return;
	reg->off = was.off;
	reg->id = was.id;
	xv_set_known(&delta, (uint64_t)((int64_t)was.off - known->off));
	xv_scalar_add(reg, &delta);
}

/* The precise mark goes with a value wherever it is copied. */
static bool
is_precise(const struct xv_frame *fr, const struct xv_linked *e)
{
	return ((e->is_reg ? fr->precise : fr->slot_precise) >> e->n & 1) != 0;
}

static void
set_precise(struct xv_frame *fr, const struct xv_linked *e, bool on)
{
	uint16_t bit = (uint16_t)(1u << (e->n & 15));
	uint64_t slot = UINT64_C(1) << e->n;

	if (e->is_reg)
		fr->precise = on ? fr->precise | bit : fr->precise & (uint16_t)~bit;
	else
		fr->slot_precise = on ? fr->slot_precise | slot : fr->slot_precise & ~slot;
}

static struct xb_reg_state *
own_linked(struct xb_verify_env *env, struct xv_frame *fr, const struct xv_linked *e)
{
	if (e->is_reg)
		return xv_own_regs(env, fr) ? &fr->regs->r[e->n] : NULL;
	return xv_own_stack(env, fr) ? xv_own_spill(env, &fr->stack->slot[e->n]) : NULL;
}

int
xv_sync_linked(struct xb_verify_env *env, struct xv_state *st, unsigned int n,
	const struct xv_linked_set *set)
{
	const struct xb_reg_state known = st->frame[st->curframe].regs->r[n];
	bool is_known_precise = st->frame[st->curframe].precise >> n & 1;

	if (known.type != XB_SCALAR || !known.id)
		return 0;
	for (uint32_t i = 0; i < set->cnt; i++) {
		const struct xv_linked *e = &set->e[i];
		struct xv_frame *fr = &st->frame[e->frame];
		const struct xb_reg_state *now =
			e->is_reg ? &fr->regs->r[e->n] : &fr->stack->slot[e->n].spill->r;
		struct xb_reg_state *reg;

		if (now->type != XB_SCALAR || (e->is_reg && e->frame == st->curframe && e->n == n))
			continue;
		if ((now->id ^ known.id) & ~XB_ID_ADD_CONST)
			continue;
		reg = own_linked(env, fr, e);
		if (!reg)
			return -ENOMEM;
		sync_one(reg, &known);
		if (is_precise(fr, e) != is_known_precise)
			set_precise(fr, e, is_known_precise);
	}
	return 0;
}
