/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic: ranges of both operands over all visits. The card multiplies 32 bits by 32 and does
 * not divide: a division is a multiplication by the reciprocal of what must then be a constant
 * (nfp-offload-rules.md 4.5). Ranges are of 64 bits for 32-bit instructions too (nfp-isa.md 14.15).
 */
#include "jit-nfp/internal.h"

static void
note_ranges(const struct jit_visit *v)
{
	const struct xb_reg_state *src = jit_reg(v, v->insn->bpf.src_reg);
	const struct xb_reg_state *dst = jit_reg(v, v->insn->bpf.dst_reg);
	struct jit_insn *insn = v->insn;

	jit_note_src(insn, src->umin, src->umax);
	insn->umin_dst = dst->umin < insn->umin_dst ? dst->umin : insn->umin_dst;
	insn->umax_dst = dst->umax > insn->umax_dst ? dst->umax : insn->umax_dst;
}

static int
check_mul(const struct jit_visit *v, bool is_by_reg)
{
	const struct jit_insn *insn = v->insn;
	bool is_64 = BPF_CLASS(insn->bpf.code) == BPF_ALU64;
	int err = 0;

	if (insn->umax_dst > UINT32_MAX)
		err = jit_tell(v, JIT_RULE_MUL_DST);
	if (!err && is_by_reg && insn->umax_src > UINT32_MAX)
		err = jit_tell(v, JIT_RULE_MUL_SRC);
	if (!err && is_64 && !is_by_reg && insn->bpf.imm < 0)
		err = jit_tell(v, JIT_RULE_MUL_NEGATIVE);
	return err;
}

static int
check_div(const struct jit_visit *v, bool is_by_reg)
{
	const struct jit_insn *insn = v->insn;
	int err = 0;

	if (insn->umax_dst > UINT32_MAX)
		err = jit_tell(v, JIT_RULE_DIV_DST);
	if (!err && is_by_reg && insn->umin_src != insn->umax_src)
		return jit_tell(v, JIT_RULE_DIV_VARIABLE);
	if (!err && is_by_reg && insn->umax_src > UINT32_MAX)
		err = jit_tell(v, JIT_RULE_DIV_SRC);
	if (!err && !is_by_reg && insn->bpf.imm < 0)
		err = jit_tell(v, JIT_RULE_DIV_NEGATIVE);
	return err;
}

int
jit_check_alu(const struct jit_visit *v)
{
	bool is_by_reg = BPF_SRC(v->insn->bpf.code) == BPF_X;

	note_ranges(v);
	switch (BPF_OP(v->insn->bpf.code)) {
	case BPF_MUL: return check_mul(v, is_by_reg);
	case BPF_DIV: return check_div(v, is_by_reg);
	default: return 0;
	}
}
