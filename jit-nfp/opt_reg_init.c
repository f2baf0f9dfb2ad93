/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy of the context that programs made of classic BPF begin with, r6 = r1, is left out: the
 * context is no memory on the card (nfp-isa.md 11.1).
 *
 * Needs the flags of dead instructions. Leaves JIT_F_SKIP_PREC at that move.
 */
#include "jit-nfp/internal.h"

static bool
is_reg_cleared(const struct bpf_insn *insn)
{
	return insn->code == (BPF_ALU64 | BPF_XOR | BPF_X) && insn->src_reg == insn->dst_reg;
}

static bool
is_ctx_saved(const struct bpf_insn *insn)
{
	return insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->src_reg == BPF_REG_1 &&
	       insn->dst_reg == BPF_REG_6;
}

void
jit_opt_reg_init(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct jit_insn *insn = &prog->insns[i];

		if (is_reg_cleared(&insn->bpf))
			continue;
		if (is_ctx_saved(&insn->bpf))
			insn->flags |= JIT_F_SKIP_PREC;
		if ((insn->flags & JIT_F_SKIP) == 0)
			return;
	}
}
