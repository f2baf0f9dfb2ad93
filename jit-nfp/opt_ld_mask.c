/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A classic load of 1, 2 or 4 bytes, then r0 &= the mask of as many bytes: the load has done that
 * already (nfp-isa.md 11.3).
 *
 * Needs the flags of jump destinations. Leaves JIT_F_SKIP_PREC at the AND.
 */
#include "jit-nfp/internal.h"

static int32_t
mask_of(const struct jit_insn *load)
{
	switch (jit_access_bytes(load)) {
	case 1: return 0xff;
	case 2: return 0xffff;
	case 4: return -1;
	default: return 0;
	}
}

static bool
is_mask(const struct bpf_insn *insn, int32_t mask)
{
	return insn->code == (BPF_ALU64 | BPF_AND | BPF_K) && insn->src_reg == 0 &&
	       insn->dst_reg == BPF_REG_0 && mask != 0 && insn->imm == mask;
}

void
jit_opt_ld_mask(struct jit_prog *prog)
{
	for (uint32_t i = 0; i + 1 < prog->insn_cnt; i++) {
		const struct jit_insn *load = &prog->insns[i];
		struct jit_insn *next = &prog->insns[i + 1];

		if (jit_is_classic_load(load) && is_mask(&next->bpf, mask_of(load)) &&
			(next->flags & JIT_F_JUMP_DEST) == 0)
			next->flags |= JIT_F_SKIP_PREC;
	}
}
