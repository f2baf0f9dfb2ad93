/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translator's lower half: puts micro-operations, finds operands; and the instructions that
 * compute. Called through the rules of fast_translate.c.
 */
#include "nic/fast_make.h"

#include <stdlib.h>

/* ---- micro-operations ---- */

struct nic_uop *
nic_fast_put(struct nic_making *t, unsigned int handler, uint32_t pc)
{
	struct nic_stream *s = t->stream;
	struct nic_uop *u = &t->scratch;

	if (s && s->cnt == s->room && !t->failed) {
		uint32_t room = s->room ? 2 * s->room : 256;
		struct nic_uop *uops = realloc(s->uops, room * sizeof(*uops));

		if (uops) {
			s->uops = uops;
			s->room = room;
		} else {
			t->failed = true;
		}
	}
	if (s && !t->failed)
		u = &s->uops[s->cnt++];
	*u = (struct nic_uop){ .run = t->handlers[handler], .pc = (uint16_t)pc };
	return u;
}

/* The last one put goes to that instruction. */
void
nic_fast_fix(struct nic_making *t, uint32_t pc)
{
	if (t->stream)
		t->fixups[t->fixup_cnt++] =
			(struct nic_fast_fixup){ .from = t->stream->cnt - 1, .to_pc = pc };
}

/* ---- operands ---- */

uint16_t
nic_fast_offset(const struct nic_making *t, const void *p)
{
	return (uint16_t)((const uint8_t *)p - (const uint8_t *)t->me);
}

/* False for what only the exact mode knows. */
bool
nic_fast_find(
	struct nic_making *t, const struct nic_reg *reg, bool is_dst, struct nic_fast_place *place)
{
	struct nic_me *me = t->me;
	const uint32_t *at = NULL, *also = NULL;

	*place = (struct nic_fast_place){ 0 };
	switch (reg->kind) {
	case NIC_NONE: at = is_dst ? &me->nowhere : &me->immediates[0]; break;
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B: also = nic_me_gpr(me, t->ctx, true, reg->num); /* fall through */
	case NIC_GPR_A: at = nic_me_gpr(me, t->ctx, false, reg->num); break;
	case NIC_GPR_B: at = nic_me_gpr(me, t->ctx, true, reg->num); break;
	case NIC_ABS_A: at = &me->gpr[0][reg->num]; break;
	case NIC_ABS_B: at = &me->gpr[1][reg->num]; break;
	case NIC_XFER:
		at = is_dst ? &me->ctxs[t->ctx].xfer_out[reg->num]
			    : &me->ctxs[t->ctx].xfer_in[reg->num];
		break;
	case NIC_IMM: at = reg->num < 256 ? &me->immediates[reg->num] : NULL; break;
	case NIC_LM:
		*place = (struct nic_fast_place){ .at = nic_fast_offset(
							  t, &me->ctxs[t->ctx].lm_addr[reg->num]),
			.also = (uint16_t)(4 * reg->off),
			.is_lm = true };
		return true;
	default: break;
	}
	if (!at)
		return false;
	if (!is_dst && reg->kind == NIC_GPR_BOTH_B)
		at = also;
	place->at = nic_fast_offset(t, at);
	place->also = nic_fast_offset(t, also ? also : at);
	return true;
}

/* A source that must not be in local memory: a word there is fetched first. */
bool
nic_fast_find_register(struct nic_making *t, const struct nic_reg *reg, uint32_t pc,
	unsigned int which, uint16_t *at)
{
	struct nic_fast_place place;
	struct nic_uop *u;

	if (reg->post || !nic_fast_find(t, reg, false, &place))
		return false;
	*at = place.at;
	if (!place.is_lm)
		return true;
	*at = nic_fast_offset(t, &t->me->fetched[which]);
	u = nic_fast_put(t, NIC_FAST_B * NIC_FAST_SHAPE_CNT + 3 * NIC_FAST_RM + NIC_FAST_D, pc);
	u->l = nic_fast_offset(t, &t->me->immediates[0]);
	u->r = place.at;
	u->off = place.also;
	u->d = u->e = *at;
	return true;
}

/* At most one operand moves its pointer, and no other operand has that pointer. */
static bool
is_post_simple(const struct nic_reg *const regs[3], const struct nic_reg **moves)
{
	*moves = NULL;
	for (unsigned int i = 0; i < 3; i++) {
		if (!regs[i]->post)
			continue;
		if (*moves || regs[i]->kind != NIC_LM)
			return false;
		*moves = regs[i];
	}
	for (unsigned int i = 0; *moves && i < 3; i++)
		if (regs[i] != *moves && regs[i]->kind == NIC_LM && regs[i]->num == (*moves)->num)
			return false;
	return true;
}

static void
put_step(struct nic_making *t, const struct nic_reg *moves, uint32_t pc)
{
	struct nic_uop *u;

	if (!moves)
		return;
	u = nic_fast_put(t, NIC_FAST_STEP_POINTER, pc);
	u->l = nic_fast_offset(t, &t->me->ctxs[t->ctx].lm_addr[moves->num]);
	u->imm = moves->post == NIC_POST_INC ? 4 : -4u;
}

/* ---- what computes ---- */

struct alu {
	enum nic_fast_alu op;
	const struct nic_reg *left, *right; /* right NULL: what was fetched last */
	uint32_t imm, mask;
	uint8_t shift;
};

static enum nic_fast_keep
keep_of(const struct nic_insn *insn, bool sets_cc, unsigned int live)
{
	if (sets_cc && !insn->no_cc)
		return live ? NIC_FAST_L : NIC_FAST_D;
	return live & ~(unsigned int)NIC_FAST_LIVE_CC ? NIC_FAST_P : NIC_FAST_D;
}

static unsigned int
to_of(const struct nic_reg *dst)
{
	switch (dst->kind) {
	case NIC_LM: return NIC_FAST_TO_M;
	case NIC_NONE: return NIC_FAST_TO_N;
	default: return 0;
	}
}

static bool
put_computing(struct nic_making *t, const struct nic_insn *insn, const struct alu *alu, uint32_t pc,
	unsigned int live)
{
	static const struct nic_reg none = { .kind = NIC_NONE };
	/* the field's old value is its destination's */
	const bool is_field = alu->op == NIC_FAST_FIELD;
	const struct nic_reg *const regs[3] = { alu->left, alu->right ? alu->right : &none,
		is_field ? &none : &insn->dst };
	enum nic_fast_sources sources = NIC_FAST_RR;
	struct nic_fast_place l, r, d;
	const struct nic_reg *moves;
	struct nic_uop *u;

	if (!is_post_simple(regs, &moves) ||
		(is_field && (insn->dst.post || insn->dst.kind == NIC_NONE)) ||
		!nic_fast_find(t, alu->left, false, &l) || !nic_fast_find(t, regs[1], false, &r) ||
		!nic_fast_find(t, &insn->dst, true, &d) || (l.is_lm && r.is_lm))
		return false;
	if (l.is_lm || r.is_lm)
		sources = l.is_lm ? NIC_FAST_MR : NIC_FAST_RM;
	if (moves)
		live = NIC_FAST_LIVE_ALL;
	u = nic_fast_put(t,
		(unsigned int)alu->op * NIC_FAST_SHAPE_CNT + to_of(&insn->dst) + 3 * sources +
			keep_of(insn, !is_field, live),
		pc);
	u->l = l.at;
	u->r = alu->right ? r.at : nic_fast_offset(t, &t->me->fetched[0]);
	u->off = l.is_lm ? l.also : r.also;
	u->d = d.at;
	u->e = d.also;
	u->imm = alu->imm;
	u->mask = alu->mask;
	u->shift = alu->shift;
	put_step(t, moves, pc);
	return true;
}

bool
nic_fast_put_alu(struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const struct alu alu = { .op = (enum nic_fast_alu)nic_fast_rules[insn->op].arg,
		.left = &insn->left,
		.right = &insn->right };

	return put_computing(t, insn, &alu, pc, live);
}

bool
nic_fast_is_indirect(const struct nic_insn *insn)
{
	return insn->shift == 0 &&
	       (insn->sc != NIC_SC_ROTATE || insn->op == NIC_OP_DBL_SHF || insn->op == NIC_OP_ASR);
}

/* A constant shift to either side is a rotation to the right and a mask. */
static void
turn(const struct nic_insn *insn, struct alu *alu)
{
	alu->imm = UINT32_MAX;
	alu->shift = (uint8_t)insn->shift;
	if (insn->sc == NIC_SC_RIGHT) {
		alu->imm = UINT32_MAX >> insn->shift;
	} else if (insn->sc == NIC_SC_LEFT) {
		alu->imm = UINT32_MAX << insn->shift;
		alu->shift = (uint8_t)(32 - insn->shift);
	}
}

/* The right operand, shifted by PREV_ALU, is fetched first. */
static bool
put_indirect(struct nic_making *t, const struct nic_insn *insn, uint32_t pc)
{
	uint16_t at;
	struct nic_uop *u;

	if (!nic_fast_find_register(t, &insn->right, pc, 0, &at))
		return false;
	u = nic_fast_put(t,
		(insn->sc == NIC_SC_RIGHT ? NIC_FAST_IND_RIGHT : NIC_FAST_IND_LEFT) *
			NIC_FAST_SHAPE_CNT,
		pc);
	u->l = nic_fast_offset(t, &t->me->immediates[0]);
	u->r = at;
	u->d = u->e = nic_fast_offset(t, &t->me->fetched[0]);
	return true;
}

bool
nic_fast_put_shift(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	static const struct {
		enum nic_fast_alu plain, turned;
	} ops[] = {
		{ NIC_FAST_B, NIC_FAST_SHF_B },
		{ NIC_FAST_NOT_B, NIC_FAST_SHF_NOT_B },
		{ NIC_FAST_AND, NIC_FAST_SHF_AND },
		{ NIC_FAST_NOT_AND, NIC_FAST_SHF_NOT_AND },
		{ NIC_FAST_AND_NOT, NIC_FAST_SHF_AND_NOT },
		{ NIC_FAST_OR, NIC_FAST_SHF_OR },
	};
	const unsigned int row = nic_fast_rules[insn->op].arg;
	struct alu alu = { .op = ops[row].plain, .left = &insn->left, .right = &insn->right };

	if (nic_fast_is_indirect(insn)) {
		if (!put_indirect(t, insn, pc))
			return false;
		alu.right = NULL;
	} else if (insn->shift) {
		alu.op = ops[row].turned;
		turn(insn, &alu);
	}
	return put_computing(t, insn, &alu, pc, live);
}

/* dbl_shf and asr: the row says which, indirect is the next. */
bool
nic_fast_put_long_shift(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const struct alu alu = {
		.op = (enum nic_fast_alu)(nic_fast_rules[insn->op].arg + (insn->shift == 0)),
		.left = &insn->left,
		.right = &insn->right,
		.shift = (uint8_t)insn->shift,
	};

	return put_computing(t, insn, &alu, pc, live);
}

bool
nic_fast_put_field(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	struct alu alu = {
		.op = NIC_FAST_FIELD, .left = &insn->dst, .right = &insn->right, .imm = UINT32_MAX
	};
	uint32_t mask = 0;

	for (unsigned int byte = 0; byte < 4; byte++)
		mask |= (insn->bmask >> byte & 1) * (UINT32_C(0xff) << 8 * byte);
	if (insn->load_cc || insn->sc == NIC_SC_DOUBLE)
		return false;
	if (nic_fast_is_indirect(insn)) {
		if (!put_indirect(t, insn, pc))
			return false;
		alu.right = NULL;
	} else {
		turn(insn, &alu);
	}
	alu.imm &= mask;
	alu.mask = nic_fast_rules[insn->op].arg ? 0 : ~mask;
	return put_computing(t, insn, &alu, pc, live);
}

/* immed: the row is for a register whose value is not kept. */
static bool
put_constant(struct nic_making *t, const struct nic_insn *insn, unsigned int row, uint32_t value,
	uint32_t mask, uint32_t pc, unsigned int live)
{
	const struct nic_reg *const moves = insn->dst.post ? &insn->dst : NULL;
	struct nic_fast_place d, old;
	struct nic_uop *u;

	if ((moves && (insn->dst.kind != NIC_LM || mask)) ||
		!nic_fast_find(t, &insn->dst, true, &d) ||
		!nic_fast_find(t, &insn->dst, false, &old))
		return false;
	if (!moves && insn->dst.kind == NIC_NONE && !(live & NIC_FAST_LIVE_RESULT))
		return true;
	u = nic_fast_put(t, row + (d.is_lm ? 2 : 0) + (moves || live & NIC_FAST_LIVE_RESULT), pc);
	u->d = d.at;
	u->e = d.also;
	u->l = old.at;
	u->imm = value;
	u->mask = mask;
	put_step(t, moves, pc);
	return true;
}

bool
nic_fast_put_immed(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	uint32_t value = insn->imm << 8 * insn->imm_shift;

	return put_constant(t, insn, NIC_FAST_IMMED_R_D, insn->inv ? ~value : value, 0, pc, live);
}

/* The row says where the bits go (7:0) and how many they are (15:8). */
bool
nic_fast_put_merge(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const unsigned int arg = nic_fast_rules[insn->op].arg, lo = arg & 0xff;
	const uint32_t mask = (UINT32_C(1) << (arg >> 8)) - 1;

	return insn->dst.kind != NIC_NONE &&
	       put_constant(t, insn, NIC_FAST_MERGE_R_D, (insn->imm & mask) << lo, ~(mask << lo),
		       pc, live);
}

/* ---- multiplication ---- */

bool
nic_fast_put_start(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	uint16_t l, r;
	struct nic_uop *u;

	(void)live;
	if (!nic_fast_find_register(t, &insn->left, pc, 0, &l) ||
		!nic_fast_find_register(t, &insn->right, pc, 1, &r))
		return false;
	u = nic_fast_put(t, NIC_FAST_MUL_START, pc);
	u->l = l;
	u->r = r;
	return true;
}

/* Sources of steps are read for nothing, but their pointers would move. */
bool
nic_fast_put_mul_step(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	struct nic_fast_place place;

	(void)live;
	if (insn->left.post || insn->right.post || !nic_fast_find(t, &insn->left, false, &place) ||
		!nic_fast_find(t, &insn->right, false, &place))
		return false;
	nic_fast_put(t, NIC_FAST_MUL_STEP, pc)->imm = nic_fast_rules[insn->op].arg;
	return true;
}

/* The row's argument: steps in 3:0, the low bit of the result / 32 in 4, masks by index in 7:5. */
bool
nic_fast_put_product(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	static const uint32_t masks[][2] = { { 0xffffff, 0xff }, { 0xffff, 0xffff },
		{ UINT32_MAX, UINT32_MAX } };
	const unsigned int arg = nic_fast_rules[insn->op].arg;
	struct nic_fast_place d;
	struct nic_uop *u;

	(void)live;
	if (insn->no_cc || insn->dst.post || !nic_fast_find(t, &insn->dst, true, &d) || d.is_lm)
		return false;
	u = nic_fast_put(t, NIC_FAST_PRODUCT, pc);
	u->d = d.at;
	u->e = d.also;
	u->off = (uint16_t)((arg & 0xf) + 1);
	u->shift = arg & 0x10 ? 32 : 0;
	u->imm = masks[arg >> 5][0];
	u->mask = masks[arg >> 5][1];
	return true;
}
