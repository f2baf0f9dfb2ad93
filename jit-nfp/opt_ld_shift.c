/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A classic load of 4 bytes, then two shifts of r0 by 32, one each way: they would clear the upper
 * half, which is clear (nfp-isa.md 11.4).
 *
 * Needs the flags of jump destinations. Leaves JIT_F_SKIP_PREC at both shifts, also where they come
 * in the wrong order and would have cleared all of r0 (quirk 14.7).
 */
#include "jit-nfp/internal.h"

#define LEFT (BPF_ALU64 | BPF_LSH | BPF_K)
#define RIGHT (BPF_ALU64 | BPF_RSH | BPF_K)

static bool
is_shift(const struct jit_insn *insn, uint8_t code)
{
	return insn->bpf.code == code && insn->bpf.src_reg == 0 && insn->bpf.dst_reg == BPF_REG_0 &&
	       insn->bpf.imm == 32 && (insn->flags & JIT_F_JUMP_DEST) == 0;
}

static bool
is_pair(const struct jit_insn *first, uint8_t code, uint8_t next_code)
{
	return is_shift(&first[0], code) && is_shift(&first[1], next_code);
}

void
jit_opt_ld_shift(struct jit_prog *prog)
{
	for (uint32_t i = 0; i + 2 < prog->insn_cnt; i++) {
		struct jit_insn *insn = &prog->insns[i];
		bool is_reversed = is_pair(&insn[1], RIGHT, LEFT);

		if (!jit_is_classic_load(insn) || jit_access_bytes(insn) != 4 ||
			(!is_pair(&insn[1], LEFT, RIGHT) && !is_reversed))
			continue;
		if (is_reversed)
			jit_find(prog, (int32_t)i + 1, JIT_RULE_QUIRK_SHIFTS_REVERSED);
		insn[1].flags |= JIT_F_SKIP_PREC;
		insn[2].flags |= JIT_F_SKIP_PREC;
	}
}
