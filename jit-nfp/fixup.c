/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches get their targets once every instruction has its place (nfp-isa.md 13). The words of an
 * instruction are its block; a jump's ends in a branch. translate.c calls it.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

/* The driver's fix-up knows these two forms of branches. */
static bool
is_branch(uint64_t word, enum nic_form *form)
{
	enum nic_op op = nic_op_find(word);

	if (op == NIC_OP_CNT)
		return false;
	*form = nic_op_info(op)->form;
	return *form == NIC_FORM_BRANCH || *form == NIC_FORM_BR_BIT;
}

static bool
is_call(const struct jit_insn *insn)
{
	return BPF_OP(insn->bpf.code) == BPF_CALL;
}

/* What ends in a branch: jumps, calls of functions, the exit of main. */
static bool
has_branch(const struct jit_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->bpf.code);

	if (insn->flags & (JIT_F_SKIP | JIT_F_STUB) || (class != BPF_JMP && class != BPF_JMP32))
		return false;
	switch (BPF_OP(insn->bpf.code)) {
	case BPF_EXIT: return insn->subprog == 0;
	case BPF_CALL: return insn->bpf.src_reg == BPF_PSEUDO_CALL;
	default: return true;
	}
}

static uint32_t
branch_of(const struct jit_out *out, uint32_t slot)
{
	const struct jit_prog *prog = out->prog;
	uint32_t next = jit_next(prog, slot);
	uint32_t end = next < prog->insn_cnt ? prog->insns[next].first : out->end;

	return end - 1 - prog->insns[slot].words_after_br;
}

/* ---- one block ---- */

static void
put_targets(struct jit_out *out, uint32_t first, uint32_t last, uint32_t target)
{
	for (uint32_t i = first; i <= last; i++) {
		uint64_t *word = &out->image->words[i];
		enum nic_form form;

		if (nic_reloc_get(*word) != NIC_RELOC_BR_REL || !is_branch(*word, &form))
			continue;
		if (!nic_field_put(form, NIC_F_ADDR, target, word))
			jit_cannot(out, -EFAULT);
	}
}

/* A function that saves registers is entered through the routine that does; the word behind the
 * branch says where it begins. */
static void
put_callee(struct jit_out *out, uint32_t index, uint32_t target)
{
	uint64_t *word = &out->image->words[index];
	enum nic_reloc reloc = nic_reloc_get(*word);
	struct nic_insn immed;

	if (nic_decode(*word, &immed) || immed.op != NIC_OP_IMMED) {
		jit_cannot(out, -EINVAL);
		return;
	}
	immed.imm = target;
	if (nic_encode(&immed, word))
		jit_cannot(out, -EFAULT);
	*word = nic_reloc_set(*word, reloc);
}

static void
fix(struct jit_out *out, uint32_t slot)
{
	const struct jit_prog *prog = out->prog;
	const struct jit_insn *insn = &prog->insns[slot], *dest;
	uint32_t last = branch_of(out, slot);
	uint64_t word = out->image->words[last];
	enum nic_form form;

	if (!is_branch(word, &form)) {
		jit_find(out->prog, (int32_t)slot, JIT_RULE_BLOCK_NOT_BRANCH, last, insn->bpf.code,
			word);
		jit_cannot(out, -ELOOP);
		return;
	}
	if (insn->jump_dest == JIT_NONE) /* exit */
		return;
	dest = &prog->insns[insn->jump_dest];
	if (dest->flags & JIT_F_SKIP_PREC) {
		jit_find(out->prog, (int32_t)slot, JIT_RULE_BRANCH_TO_REMOVED);
		jit_cannot(out, -ELOOP);
		return;
	}
	if (is_call(insn) && prog->subprogs[dest->subprog].needs_push)
		put_callee(out, last + 1, dest->first);
	put_targets(out, insn->first, last, dest->first);
}

void
jit_fixup_branches(struct jit_out *out)
{
	const struct jit_prog *prog = out->prog;

	for (uint32_t i = 0; i < prog->insn_cnt && !out->err; i = jit_next(prog, i))
		if (has_branch(&prog->insns[i]))
			fix(out, i);
}
