/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which registers and stack slots of a state are read afterwards: only those matter when another
 * state is compared with it. Bookkeeping as in kernel/bpf/verifier.c (mark_reg_read): a read is
 * told upwards from state to parent until one wrote the register first.
 * Also here, because it falls out of reads: where the zero extension of 32-bit results matters.
 */
#include "bpf/verifier/env.h"

#include <errno.h>

/* Note a read in one state. False: it was known, and all above knows it too. */
static bool
note_read(struct xv_frame *fr, unsigned int n, bool is_64)
{
	uint16_t bit = (uint16_t)(1u << n);

	if ((fr->read64 & bit) || (!is_64 && (fr->read32 & bit)))
		return false;
	if (is_64) {
		fr->read64 |= bit;
		fr->read32 &= (uint16_t)~bit;
	} else {
		fr->read32 |= bit;
	}
	return true;
}

static void
count_walk(struct xb_verify_env *env, uint32_t steps)
{
	if (env->longest_read_walk < steps)
		env->longest_read_walk = steps;
}

void
xv_read_reg(
	struct xb_verify_env *env, struct xv_state *st, uint32_t frame, unsigned int n, bool is_64)
{
	uint32_t steps = 0;

	while (st->parent) {
		const struct xv_frame *fr = &st->frame[frame];

		if ((fr->written & (1u << n)) || fr->parent[n] == XV_NO_PARENT)
			break;
		frame = fr->parent[n];
		st = st->parent;
		if (!note_read(&st->frame[frame], n, is_64))
			break;
		steps++;
	}
	count_walk(env, steps);
}

void
xv_read_slot(struct xb_verify_env *env, struct xv_state *st, uint32_t frame, uint32_t slot)
{
	uint64_t bit = UINT64_C(1) << slot;
	uint32_t steps = 0;

	while (st->parent) {
		const struct xv_frame *fr = &st->frame[frame];

		if ((fr->slot_written & bit) || slot >= fr->linked)
			break;
		st = st->parent;
		if (st->frame[frame].slot_read & bit)
			break;
		st->frame[frame].slot_read |= bit;
		steps++;
	}
	count_walk(env, steps);
}

/* ---- reads of what is found equivalent ---- */

static void
propagate_regs(struct xb_verify_env *env, const struct xv_state *old, uint32_t f)
{
	const struct xv_frame *from = &old->frame[f];
	struct xv_frame *to = &env->cur->frame[f];

	/* Callers keep only r6-r9 over a call. */
	for (unsigned int n = f < old->curframe ? 6 : 0; n < XV_FP; n++) {
		bool is_64 = from->read64 & (1u << n);

		if (!is_64 && !(from->read32 & (1u << n)))
			continue;
		if (!note_read(to, n, is_64))
			continue;
		xv_read_reg(env, env->cur, f, n, is_64);
		if (is_64)
			xv_mark_zext(env, &to->regs->r[n]);
	}
}

static void
propagate_slots(struct xb_verify_env *env, const struct xv_state *old, uint32_t f)
{
	uint32_t cnt = old->frame[f].stack ? old->frame[f].stack->cnt : 0;
	struct xv_frame *to = &env->cur->frame[f];

	for (uint32_t i = 0; i < cnt && to->stack && i < to->stack->cnt; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (!(old->frame[f].slot_read & bit) || (to->slot_read & bit))
			continue;
		to->slot_read |= bit;
		xv_read_slot(env, env->cur, f, i);
	}
}

void
xv_propagate_reads(struct xb_verify_env *env, const struct xv_state *old)
{
	for (uint32_t f = 0; f <= old->curframe; f++) {
		propagate_regs(env, old, f);
		propagate_slots(env, old, f);
	}
}

void
xv_link(struct xv_state *st, struct xv_state *saved)
{
	st->parent = saved;
	for (uint32_t f = 0; f <= st->curframe; f++) {
		struct xv_frame *fr = &st->frame[f];

		for (unsigned int n = f < st->curframe ? 6 : 0; n < XV_FP; n++)
			fr->parent[n] = (uint8_t)f;
		fr->linked = fr->stack ? (uint8_t)fr->stack->cnt : 0;
		fr->read32 = fr->read64 = fr->written = 0;
		fr->slot_read = fr->slot_written = 0;
	}
}

/* ---- zero extension (kernel: is_reg64, mark_insn_zext) ---- */

void
xv_mark_zext(struct xb_verify_env *env, struct xb_reg_state *reg)
{
	if (reg->subreg_def == 0)
		return;
	env->facts.insns[reg->subreg_def - 1].zext = true;
	reg->subreg_def = 0;
}

static bool
is_64_swap(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_ALU64 ? insn->imm != 16 && insn->imm != 32
						  : insn->imm == 64;
}

static bool
is_64_call(const struct bpf_insn *insn, enum xv_use use)
{
	return insn->src_reg != BPF_PSEUDO_CALL && use == XV_SRC;
}

/* Is the whole register used by the instruction, and not only its low half? */
static bool
is_use_64(const struct bpf_insn *insn, unsigned int n, const struct xb_reg_state *reg,
	enum xv_use use)
{
	uint8_t op = BPF_OP(insn->code), size = BPF_SIZE(insn->code);

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU: return op == BPF_END && is_64_swap(insn);
	case BPF_ALU64: return op != BPF_END || is_64_swap(insn);
	case BPF_JMP: return op != BPF_CALL || is_64_call(insn, use);
	case BPF_JMP32: return false;
	case BPF_LDX: return use == XV_SRC || size == BPF_DW || BPF_MODE(insn->code) == BPF_MEMSX;
	case BPF_STX: return (use == XV_SRC && reg->type != XB_SCALAR) || size == BPF_DW;
	case BPF_LD: return BPF_MODE(insn->code) == BPF_IMM || use == XV_SRC || n == 6;
	default: return true;
	}
}

int
xv_use_reg(struct xb_verify_env *env, unsigned int n, enum xv_use use)
{
	const struct bpf_insn *insn = &env->insns[env->insn];
	struct xb_reg_state *reg;
	bool is_64;

	if (n >= XV_REGS) {
		xv_say(env, "R%u is invalid\n", n);
		return -EINVAL;
	}
	env->touched_regs |= (uint16_t)(1u << n);
	reg = xv_reg(env, n);
	is_64 = is_use_64(insn, n, reg, use);
	if (use == XV_SRC) {
		if (reg->type == XB_NOT_INIT) {
			xv_say(env, "R%u !read_ok\n", n);
			return -EACCES;
		}
		if (n == XV_FP)
			return 0;
		if (is_64)
			xv_mark_zext(env, reg);
		xv_read_reg(env, env->cur, env->cur->curframe, n, is_64);
		return 0;
	}
	if (n == XV_FP) {
		xv_say(env, "frame pointer is read only\n");
		return -EACCES;
	}
	xv_cur(env)->written |= (uint16_t)(1u << n);
	reg->subreg_def = is_64 ? 0 : env->insn + 1;
	if (use == XV_DST)
		xv_set_reg_unknown(env, n);
	return 0;
}
