/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has this instruction been walked in a state that allowed at least as much? Then the path ends
 * here. Where states are saved, compared and thrown away is the kernel's heuristic
 * (is_state_visited), for the same programs to fit into the same number of instructions.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ids of the old state and what stands for them in the new one. */
#define IDS_MAX ((XV_REGS + XV_SLOTS) * XB_FRAMES_MAX)
struct xv_idmap {
	uint32_t cnt, fresh;
	struct {
		uint32_t old, cur;
	} map[IDS_MAX];
};

static bool
ids_match(struct xv_idmap *ids, uint32_t old, uint32_t cur)
{
	if (!old != !cur)
		return false;
	if (!old)
		return true;
	for (uint32_t i = 0; i < ids->cnt; i++) {
		if (ids->map[i].old == old)
			return ids->map[i].cur == cur;
		if (ids->map[i].cur == cur)
			return false;
	}
	if (ids->cnt == IDS_MAX)
		return false;
	ids->map[ids->cnt].old = old;
	ids->map[ids->cnt++].cur = cur;
	return true;
}

/* A scalar that was linked to none may be linked now; one that was linked must be so still. */
static bool
scalar_ids_match(struct xv_idmap *ids, uint32_t old, uint32_t cur)
{
	if (!old)
		return true;
	if (!cur)
		cur = ++ids->fresh;
	if (!ids_match(ids, old, cur))
		return false;
	if (!(old & XB_ID_ADD_CONST))
		return true;
	return ids_match(ids, old & ~XB_ID_ADD_CONST, cur & ~XB_ID_ADD_CONST);
}

static bool
is_range_within(const struct xb_reg_state *old, const struct xb_reg_state *cur)
{
	return old->umin <= cur->umin && old->umax >= cur->umax && old->smin <= cur->smin &&
	       old->smax >= cur->smax && old->u32_min <= cur->u32_min &&
	       old->u32_max >= cur->u32_max && old->s32_min <= cur->s32_min &&
	       old->s32_max >= cur->s32_max && xb_tnum_in(old->var_off, cur->var_off);
}

static bool
is_same(struct xv_idmap *ids, const struct xb_reg_state *old, const struct xb_reg_state *cur)
{
	return memcmp(old, cur, offsetof(struct xb_reg_state, id)) == 0 &&
	       ids_match(ids, old->id, cur->id) && ids_match(ids, old->ref_obj_id, cur->ref_obj_id);
}

static bool
is_scalar_safe(struct xv_idmap *ids, const struct xb_reg_state *old, const struct xb_reg_state *cur)
{
	bool is_old_far = old->id & XB_ID_ADD_CONST, is_cur_far = cur->id & XB_ID_ADD_CONST;

	if (is_old_far ? !is_cur_far || old->off != cur->off : old->id && is_cur_far)
		return false;
	return scalar_ids_match(ids, old->id, cur->id) && is_range_within(old, cur);
}

static bool
is_packet_safe(struct xv_idmap *ids, const struct xb_reg_state *old, const struct xb_reg_state *cur)
{
	if (old->range < 0 || cur->range < 0 ? old->range != cur->range : old->range > cur->range)
		return false;
	return old->off == cur->off && ids_match(ids, old->id, cur->id) &&
	       is_range_within(old, cur);
}

/* Whatever was safe with old is safe with cur; old was read. */
static bool
is_reg_safe(struct xv_idmap *ids, const struct xb_reg_state *old, bool is_precise,
	const struct xb_reg_state *cur)
{
	if (old->type == XB_NOT_INIT)
		return true;
	if (old->type != cur->type)
		return false;
	switch (xb_reg_kind(old)) {
	case XB_SCALAR: return !is_precise || is_scalar_safe(ids, old, cur);
	case XB_PTR_MAP_VALUE:
	case XB_PTR_MEM:
		return memcmp(old, cur, offsetof(struct xb_reg_state, var_off)) == 0 &&
		       is_range_within(old, cur) && ids_match(ids, old->id, cur->id) &&
		       ids_match(ids, old->ref_obj_id, cur->ref_obj_id);
	case XB_PTR_PACKET_META:
	case XB_PTR_PACKET: return is_packet_safe(ids, old, cur);
	case XB_PTR_STACK: return is_same(ids, old, cur) && old->frameno == cur->frameno;
	default: return is_same(ids, old, cur);
	}
}

/* ---- stacks ---- */

/* Loading a slot of such bytes yields an unknown scalar (root may read what was never written). */
static bool
is_anything(uint8_t type)
{
	return type == XB_SLOT_MISC || type == XB_SLOT_INVALID;
}

static const struct xb_reg_state *
whole_scalar(const struct xv_slot *slot, const struct xb_reg_state *unknown)
{
	if (slot->type[0] == XB_SLOT_SPILL && slot->spill->r.type == XB_SCALAR)
		return &slot->spill->r;
	for (unsigned int i = 0; i < 8; i++)
		if (!is_anything(slot->type[i]))
			return NULL;
	return unknown;
}

static bool
is_slot_safe(
	struct xv_idmap *ids, const struct xv_slot *old, bool is_precise, const struct xv_slot *cur)
{
	static const struct xb_reg_state unknown = { .type = XB_SCALAR,
		.var_off = { 0, UINT64_MAX },
		.smin = INT64_MIN,
		.smax = INT64_MAX,
		.umax = UINT64_MAX,
		.s32_min = INT32_MIN,
		.s32_max = INT32_MAX,
		.u32_max = UINT32_MAX };
	const struct xb_reg_state *a, *b;
	bool is_all = true;

	for (unsigned int i = 0; i < 8; i++)
		is_all &= is_anything(old->type[i]);
	if (is_all)
		return true;
	if (!cur)
		return false;
	a = whole_scalar(old, &unknown);
	b = whole_scalar(cur, &unknown);
	if (a && b)
		return is_reg_safe(ids, a, is_precise && a != &unknown, b);
	for (unsigned int i = 0; i < 8; i++)
		if (!is_anything(old->type[i]) && old->type[i] != cur->type[i])
			return false;
	return !xv_is_spill(old) || is_reg_safe(ids, &old->spill->r, is_precise, &cur->spill->r);
}

static bool
is_stack_safe(struct xv_idmap *ids, const struct xv_frame *old, const struct xv_frame *cur)
{
	uint32_t cnt = old->stack ? old->stack->cnt : 0, have = cur->stack ? cur->stack->cnt : 0;

	if (old->stack == cur->stack && !old->stack)
		return true;
	for (uint32_t i = 0; i < cnt; i++) {
		if (!(old->slot_read >> i & 1))
			continue;
		if (!is_slot_safe(ids, &old->stack->slot[i], old->slot_precise >> i & 1,
			    i < have ? &cur->stack->slot[i] : NULL))
			return false;
	}
	return true;
}

static bool
is_stack_same(struct xv_idmap *ids, const struct xv_frame *old, const struct xv_frame *cur)
{
	uint32_t cnt = old->stack ? old->stack->cnt : 0, have = cur->stack ? cur->stack->cnt : 0;

	if (cnt > have)
		return false;
	for (uint32_t i = 0; i < cnt; i++) {
		const struct xv_slot *a = &old->stack->slot[i], *b = &cur->stack->slot[i];

		if (memcmp(a->type, b->type, sizeof(a->type)) != 0)
			return false;
		if (xv_is_spill(a) && !is_same(ids, &a->spill->r, &b->spill->r))
			return false;
	}
	return true;
}

/* ---- states ---- */

static bool
is_same_calls(const struct xv_state *a, const struct xv_state *b)
{
	if (a->curframe != b->curframe)
		return false;
	for (uint32_t f = 0; f <= a->curframe; f++)
		if (a->frame[f].callsite != b->frame[f].callsite)
			return false;
	return true;
}

static bool
are_refs_same(struct xv_idmap *ids, const struct xv_state *old, const struct xv_state *cur)
{
	if (old->ref_cnt != cur->ref_cnt)
		return false;
	for (uint32_t i = 0; i < old->ref_cnt; i++)
		if (!ids_match(ids, old->refs[i].id, cur->refs[i].id))
			return false;
	return true;
}

static bool
is_frame_safe(struct xv_idmap *ids, const struct xv_frame *old, const struct xv_frame *cur)
{
	uint16_t read = old->read32 | old->read64;

	for (unsigned int n = 0; n < XV_FP; n++)
		if ((read >> n & 1) && !is_reg_safe(ids, &old->regs->r[n], old->precise >> n & 1,
					       &cur->regs->r[n]))
			return false;
	return is_stack_safe(ids, old, cur);
}

static bool
is_frame_same(struct xv_idmap *ids, const struct xv_frame *old, const struct xv_frame *cur)
{
	for (unsigned int n = 0; n < XV_REGS; n++)
		if (!is_same(ids, &old->regs->r[n], &cur->regs->r[n]))
			return false;
	return is_stack_same(ids, old, cur);
}

static bool
are_equal(struct xb_verify_env *env, const struct xv_state *old, const struct xv_state *cur,
	bool is_exact)
{
	struct xv_idmap *ids = env->idmap;

	if (!is_same_calls(old, cur))
		return false;
	ids->cnt = 0;
	ids->fresh = env->id_gen;
	for (uint32_t f = 0; f <= old->curframe; f++)
		if (!(is_exact ? is_frame_same : is_frame_safe)(
			    ids, &old->frame[f], &cur->frame[f]))
			return false;
	return are_refs_same(ids, old, cur);
}

/* The same registers, to the bit: the loop does not move. */
static bool
is_looping(const struct xv_state *old, const struct xv_state *cur)
{
	if (old->curframe != cur->curframe)
		return false;
	for (unsigned int n = 0; n < XV_REGS; n++)
		if (memcmp(&old->frame[old->curframe].regs->r[n],
			    &cur->frame[cur->curframe].regs->r[n],
			    offsetof(struct xb_reg_state, frameno)) != 0)
			return false;
	return true;
}

/* ---- the lists ---- */

static struct xv_state **
list_of(struct xb_verify_env *env, int32_t insn)
{
	uint32_t key = (uint32_t)(insn ^ xv_cur(env)->callsite);

	return &env->explored[key % env->cnt];
}

/* All paths below a state were walked: its liveness cannot change any more. */
static void
finish_states(struct xb_verify_env *env, struct xv_state *st)
{
	for (; st; st = st->next)
		if (!st->branches && st->insn == (uint32_t)env->insn && is_same_calls(st, env->cur))
			st->is_done = true;
}

static void
retire(struct xb_verify_env *env, struct xv_state **link)
{
	struct xv_state *st = *link;

	*link = st->next;
	if (st->is_done) {
		xv_state_free(env, st);
		env->peak_states--;
	} else {
		st->next = env->retired;
		env->retired = st;
	}
}

static void
free_list(struct xb_verify_env *env, struct xv_state *st)
{
	while (st) {
		struct xv_state *next = st->next;

		xv_state_free(env, st);
		st = next;
	}
}

void
xv_free_explored(struct xb_verify_env *env)
{
	for (uint32_t i = 0; i < env->cnt; i++) {
		free_list(env, env->explored[i]);
		env->explored[i] = NULL;
	}
	free_list(env, env->retired);
	env->retired = NULL;
}

static int
infinite_loop(struct xb_verify_env *env, const struct xv_state *old)
{
	xv_say(env, "infinite loop detected at insn %d\n", env->insn);
	xv_note(env, "cur state:");
	xv_say_state(env, env->cur, env->cur->curframe, true);
	xv_note(env, "old state:");
	xv_say_state(env, old, env->cur->curframe, true);
	return -EINVAL;
}

/* Found: what the old state's future reads and needs precise, the new one's does. */
static int
take_over(struct xb_verify_env *env, struct xv_state *old)
{
	int err = 0;

	old->hits++;
	xv_propagate_reads(env, old);
	if (env->aux[env->insn].is_jump_point)
		err = xv_push_hist(env, 0, NULL);
	memset(&env->bt, 0, sizeof(env->bt));
	for (uint32_t f = 0; f <= old->curframe; f++) {
		const struct xv_frame *fr = &old->frame[f];

		for (unsigned int n = 0; n < XV_FP; n++)
			if ((fr->precise & (fr->read32 | fr->read64)) >> n & 1 &&
				fr->regs->r[n].type == XB_SCALAR)
				env->bt.regs[f] |= (uint16_t)(1u << n);
		for (uint32_t i = 0; fr->stack && i < fr->stack->cnt; i++)
			if ((fr->slot_precise & fr->slot_read) >> i & 1 &&
				xv_is_scalar_spill(&fr->stack->slot[i]))
				env->bt.slots[f] |= UINT64_C(1) << i;
	}
	if (!err)
		err = xv_need_precise_all(env);
	return err ? err : 1;
}

static int
save_state(struct xb_verify_env *env)
{
	struct xv_state *cur = env->cur, *saved, **list = list_of(env, env->insn);

	for (uint32_t f = 0; f <= cur->curframe; f++) {
		cur->frame[f].precise = 0;
		cur->frame[f].slot_precise = 0;
	}
	saved = xv_state_copy(env, cur, cur->curframe + 1);
	if (!saved)
		return -ENOMEM;
	env->total_states++;
	env->peak_states++;
	env->prev_jumps_processed = env->jumps_processed;
	env->prev_insn_processed = env->insn_processed;
	saved->insn = (uint32_t)env->insn;
	saved->hits = saved->misses = 0;
	saved->is_done = false;
	saved->next = *list;
	*list = saved;
	cur->first_insn = env->insn;
	cur->hist_start = cur->hist_end;
	xv_link(cur, saved);
	return 0;
}

int
xv_is_visited(struct xb_verify_env *env)
{
	struct xv_state *cur = env->cur, **link = list_of(env, env->insn);
	uint32_t jumps = env->jumps_processed - env->prev_jumps_processed;
	uint32_t insns = env->insn_processed - env->prev_insn_processed;
	bool is_forced = cur->hist_end - cur->hist_start > 40;
	bool is_added = is_forced || (jumps >= 2 && insns >= 8);
	uint32_t states = 0;

	finish_states(env, *link);
	while (*link) {
		struct xv_state *st = *link;

		states++;
		if (st->insn != (uint32_t)env->insn) {
			link = &st->next;
			continue;
		}
		if (st->branches) { /* on the way to here: a loop */
			if (is_looping(st, cur) && are_equal(env, st, cur, true))
				return infinite_loop(env, st);
			/* One state an iteration is too many. */
			if (!is_forced && jumps < 20 && insns < 100)
				is_added = false;
		} else if (are_equal(env, st, cur, false)) {
			return take_over(env, st);
		}
		if (is_added)
			st->misses++;
		if (st->misses > st->hits * 3 + 3)
			retire(env, link);
		else
			link = &st->next;
	}
	if (env->max_states_per_insn < states)
		env->max_states_per_insn = states;
	return is_added ? save_state(env) : 0;
}

struct xv_idmap *
xv_idmap_new(void)
{
	return calloc(1, sizeof(struct xv_idmap));
}
