/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small negative constant fits into an operand when it is positive: additions of it become
 * subtractions and the reverse, comparisons with it become additions (nfp-isa.md 11.2).
 *
 * Needs the skip flags. Leaves opcode and constant changed, jump_neg at comparisons.
 */
#include "jit-nfp/internal.h"

static bool
is_jump(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32;
}

static bool
is_alu(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_ALU || BPF_CLASS(insn->code) == BPF_ALU64;
}

static bool
negate_jump(struct jit_insn *insn)
{
	switch (BPF_OP(insn->bpf.code)) {
	case BPF_JGE:
	case BPF_JSGE:
	case BPF_JLT:
	case BPF_JSLT: insn->jump_neg = true; return true;
	default: return false;
	}
}

static bool
negate_alu(struct bpf_insn *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_ADD: insn->code = BPF_CLASS(insn->code) | BPF_SUB | BPF_K; return true;
	case BPF_SUB: insn->code = BPF_CLASS(insn->code) | BPF_ADD | BPF_K; return true;
	default: return false;
	}
}

/* The smallest number has no positive counterpart; the driver goes on with it (quirk 14.2). In
 * 32 bits both are the same number. */
static void
negate(struct jit_prog *prog, uint32_t slot)
{
	struct jit_insn *insn = &prog->insns[slot];
	uint8_t class = BPF_CLASS(insn->bpf.code);

	if (insn->bpf.imm == INT32_MIN && class != BPF_ALU)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_NEGATED_MIN);
	insn->bpf.imm = (int32_t)(0u - (uint32_t)insn->bpf.imm);
}

void
jit_opt_neg_imm(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct jit_insn *insn = &prog->insns[i];

		if ((insn->flags & JIT_F_SKIP) != 0 || insn->bpf.imm >= 0 ||
			BPF_SRC(insn->bpf.code) != BPF_K)
			continue;
		if (is_jump(&insn->bpf) ? negate_jump(insn)
					: is_alu(&insn->bpf) && negate_alu(&insn->bpf))
			negate(prog, i);
	}
}
