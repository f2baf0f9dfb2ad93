/* SPDX-License-Identifier: BSD-2-Clause */
/* A program on its way to the card: a copy of its instructions, to be filled with facts by the
 * hooks and changed by the passes. */
#include "jit-nfp/internal.h"

#include <errno.h>
#include <stdlib.h>

uint32_t
jit_next(const struct jit_prog *prog, uint32_t slot)
{
	uint32_t next = slot + (xb_insn_is_wide(&prog->insns[slot].bpf) ? 2 : 1);

	return next < prog->insn_cnt ? next : prog->insn_cnt;
}

/* Where a jump or a call of a subprogram goes; JIT_NONE. */
static uint32_t
dest_of(const struct bpf_insn *insn, uint32_t slot)
{
	uint8_t class = BPF_CLASS(insn->code);
	int64_t next = (int64_t)slot + 1;

	if (class != BPF_JMP && class != BPF_JMP32)
		return JIT_NONE;
	switch (BPF_OP(insn->code)) {
	case BPF_EXIT: return JIT_NONE;
	case BPF_CALL:
		return insn->src_reg == BPF_PSEUDO_CALL ? (uint32_t)(next + insn->imm) : JIT_NONE;
	default: return (uint32_t)(next + insn->off);
	}
}

/* Jump targets are noted in the program as given, before any verification; a program the verifier
 * refuses may have them anywhere. */
static void
note_jumps(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i)) {
		struct jit_insn *insn = &prog->insns[i];

		insn->jump_dest = dest_of(&insn->bpf, i);
		if (insn->jump_dest < prog->insn_cnt)
			prog->insns[insn->jump_dest].flags |=
				JIT_F_JUMP_DEST |
				(BPF_OP(insn->bpf.code) == BPF_CALL ? JIT_F_SUBPROG_START : 0);
	}
}

static void
copy_insns(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		prog->insns[i] = (struct jit_insn){
			.bpf = prog->input.insns[i],
			.jump_dest = JIT_NONE,
			.umin_src = UINT64_MAX,
			.umin_dst = UINT64_MAX,
		};
	note_jumps(prog);
}

struct jit_prog *
jit_prog_new(const struct jit_input *input)
{
	struct jit_prog *prog = calloc(1, sizeof(*prog));

	if (prog == NULL)
		return NULL;
	prog->input = *input;
	prog->insn_cnt = input->insn_cnt;
	prog->access_before = JIT_NONE;
	prog->insns = calloc(prog->insn_cnt, sizeof(*prog->insns));
	/* The whole program is one function until the walk has told of more (finalize.c). */
	prog->subprog_cnt = 1;
	prog->subprogs = calloc(prog->subprog_cnt, sizeof(*prog->subprogs));
	if (prog->insns == NULL || prog->subprogs == NULL) {
		jit_prog_free(prog);
		errno = ENOMEM;
		return NULL;
	}
	copy_insns(prog);
	jit_hooks_init(prog);
	return prog;
}

void
jit_prog_free(struct jit_prog *prog)
{
	if (prog == NULL)
		return;
	free(prog->insns);
	free(prog->subprogs);
	free(prog->findings);
	free(prog);
}

uint32_t
jit_prog_stack_bytes(const struct jit_prog *prog)
{
	return prog->stack_bytes;
}

void
jit_prog_set_debug(struct jit_prog *prog, struct jit_debug debug)
{
	prog->debug = debug;
}
