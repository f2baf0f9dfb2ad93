/* SPDX-License-Identifier: BSD-2-Clause */
/* What remains of the walk: of every instruction what its registers were, of every function. */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>

static void
gather(struct xb_operand_facts *f, const struct xb_reg_state *reg)
{
	int64_t off_min, off_max;
	bool is_first;

	if (reg->type == XB_NOT_INIT)
		return;
	if (reg->type == XB_SCALAR) {
		is_first = !(f->kinds & (1u << XB_SCALAR));
		f->umin = is_first || reg->umin < f->umin ? reg->umin : f->umin;
		f->umax = is_first || reg->umax > f->umax ? reg->umax : f->umax;
	} else {
		is_first = !(f->kinds & ~(1u << XB_SCALAR));
		if (__builtin_add_overflow(reg->smin, (int64_t)reg->off, &off_min))
			off_min = INT64_MIN;
		if (__builtin_add_overflow(reg->smax, (int64_t)reg->off, &off_max))
			off_max = INT64_MAX;
		f->off_min = is_first || off_min < f->off_min ? off_min : f->off_min;
		f->off_max = is_first || off_max > f->off_max ? off_max : f->off_max;
	}
	f->kinds |= 1u << xb_reg_kind(reg);
}

/* Which of its two register fields does an instruction use? */
static bool
uses_src(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
	case BPF_STX: return true;
	case BPF_ALU:
	case BPF_ALU64: return BPF_SRC(insn->code) == BPF_X && BPF_OP(insn->code) != BPF_END;
	case BPF_JMP:
	case BPF_JMP32: return BPF_SRC(insn->code) == BPF_X;
	case BPF_LD: return BPF_MODE(insn->code) == BPF_IND;
	default: return false;
	}
}

static bool
uses_dst(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	if (class == BPF_JMP || class == BPF_JMP32)
		return op != BPF_JA && op != BPF_CALL && op != BPF_EXIT;
	if (class == BPF_ALU || class == BPF_ALU64)
		return op != BPF_MOV;
	return class == BPF_ST || class == BPF_STX;
}

void
xv_gather_facts(struct xb_verify_env *env)
{
	const struct bpf_insn *insn = &env->insns[env->insn];
	struct xb_insn_facts *facts = &env->facts.insns[env->insn];

	facts->seen = true;
	if (uses_dst(insn) && insn->dst_reg < XV_REGS)
		gather(&facts->dst, xv_reg(env, insn->dst_reg));
	if (uses_src(insn) && insn->src_reg < XV_REGS)
		gather(&facts->src, xv_reg(env, insn->src_reg));
}

int
xv_fill_facts(struct xb_verify_env *env)
{
	struct xb_facts *facts = &env->facts;

	env->insn = -1;
	facts->subprogs = calloc(env->subprog_cnt, sizeof(*facts->subprogs));
	if (!facts->subprogs)
		return -ENOMEM;
	facts->subprog_cnt = env->subprog_cnt;
	for (uint32_t i = 0; i < env->subprog_cnt; i++) {
		facts->subprogs[i].start = env->subprog[i].start;
		facts->subprogs[i].stack_bytes = env->subprog[i].stack_depth;
		facts->subprogs[i].is_global = env->subprog[i].is_global;
	}
	return 0;
}

void
xb_facts_free(struct xb_facts *facts)
{
	free(facts->insns);
	free(facts->subprogs);
	*facts = (struct xb_facts){ .refused_insn = -1 };
}

void
xb_facts_bury_dead(const struct xb_facts *facts, struct bpf_insn *insns)
{
	static const struct bpf_insn trap = { .code = BPF_JMP | BPF_JA, .off = -1 };

	for (uint32_t i = 0; i < facts->insn_cnt; i++) {
		bool is_wide = xb_insn_is_wide(&insns[i]);

		if (!facts->insns[i].seen)
			insns[i] = trap;
		else
			i += is_wide;
	}
}
