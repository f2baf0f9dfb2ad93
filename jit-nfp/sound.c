/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values that the walk does not visit. The driver keeps the range of a number over all states in
 * which the walk visits the instruction. Since Linux 5.3 the walk leaves a path that comes to a
 * place with other numbers than one before it, when no check needs their values ("precise", see
 * mark_chain_precision() in kernel/bpf/verifier.c); that the driver needs them nobody says. So its
 * ranges, and the code it chooses by them, may be wrong.
 *
 * Here is a second walk, in which those numbers are precise. Called by jit_finalize(); leaves
 * all_src and all_dst of every instruction, by which quirks.c tells what was missed.
 */
#include "jit-nfp/internal.h"

/* ---- which numbers ---- */

static bool
needs_src(const struct jit_insn *insn)
{
	uint8_t op = BPF_OP(insn->bpf.code);

	if (jit_is_atomic(insn))
		return true;
	return jit_is_alu(insn) && BPF_SRC(insn->bpf.code) == BPF_X &&
	       (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH || op == BPF_MUL || op == BPF_DIV);
}

static bool
needs_dst(const struct jit_insn *insn)
{
	uint8_t op = BPF_OP(insn->bpf.code);

	return jit_is_alu(insn) && (op == BPF_MUL || op == BPF_DIV);
}

static bool
needs_delta(const struct jit_insn *insn)
{
	return jit_is_helper_call(insn) && (insn->bpf.imm == BPF_FUNC_xdp_adjust_head ||
						   insn->bpf.imm == BPF_FUNC_xdp_adjust_tail);
}

/* Without a choice of paths there is nothing to leave. */
static bool
needs_walk(const struct jit_prog *prog)
{
	bool has_number = false, has_choice = false;

	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i)) {
		const struct jit_insn *insn = &prog->insns[i];

		has_number |= needs_src(insn) || needs_dst(insn) || needs_delta(insn);
		has_choice |= jit_is_cond_jump(insn);
	}
	return has_number && has_choice;
}

/* ---- the walk ---- */

static int
note(struct xb_verify_env *env, unsigned int regno, struct jit_range *range)
{
	const struct xb_reg_state *reg = xb_verify_reg(env, regno);

	if (reg->type != XB_SCALAR)
		return 0;
	range->min = reg->umin < range->min ? reg->umin : range->min;
	range->max = reg->umax > range->max ? reg->umax : range->max;
	return xb_verify_need_precise(env, regno);
}

static int
note_delta(struct xb_verify_env *env, struct jit_range *range)
{
	const struct xb_reg_state *reg = xb_verify_reg(env, BPF_REG_2);

	range->min = reg->u32_min < range->min ? reg->u32_min : range->min;
	range->max = reg->u32_max > range->max ? reg->u32_max : range->max;
	return reg->type == XB_SCALAR ? xb_verify_need_precise(env, BPF_REG_2) : 0;
}

static int
visit(void *dev, struct xb_verify_env *env, int at, int prev)
{
	struct jit_insn *insn = &((struct jit_prog *)dev)->insns[at];
	int err = 0;

	(void)prev;
	if (needs_delta(insn))
		return note_delta(env, &insn->all_src);
	if (needs_src(insn))
		err = note(env, insn->bpf.src_reg, &insn->all_src);
	if (!err && needs_dst(insn))
		err = note(env, insn->bpf.dst_reg, &insn->all_dst);
	return err;
}

static void
set_ranges(struct jit_prog *prog, bool is_known)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct jit_insn *insn = &prog->insns[i];

		insn->all_src = (struct jit_range){ is_known ? insn->umin_src : 0,
			is_known ? insn->umax_src : UINT64_MAX };
		insn->all_dst = (struct jit_range){ is_known ? insn->umin_dst : 0,
			is_known ? insn->umax_dst : UINT64_MAX };
	}
}

/* Who goes on was told in the first walk. */
static bool
pass_over(void *arg, uint32_t map, int32_t insn, const char *reason)
{
	(void)arg, (void)map, (void)insn, (void)reason;
	return true;
}

/* A walk that does not come to its end (there are more paths now) says nothing: anything goes. */
void
jit_find_ranges(struct jit_prog *prog, struct xb_verify_env *env)
{
	const struct xb_verify_hooks hooks = { .insn = visit, .dev = prog };
	struct xb_verify_opts opts = *xb_verify_opts(env);
	struct xb_log log = { 0 };
	struct xb_facts facts;
	uint32_t cnt;
	const struct bpf_insn *insns = xb_verify_insns(env, &cnt);

	set_ranges(prog, true);
	if (!needs_walk(prog))
		return;
	opts.hooks = &hooks;
	opts.log_level = 0;
	opts.check_map = NULL; /* was asked */
	opts.pass_over = pass_over;
	if (xb_verify(insns, cnt, &opts, &facts, &log) == 0)
		xb_facts_free(&facts);
	else
		set_ranges(prog, false);
	xb_log_free(&log);
}
