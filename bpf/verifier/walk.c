/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: one instruction after another along a path, then the next path waiting, until none is
 * left. First the program, then each global function that something called, by itself.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>

/* ---- paths waiting ---- */

struct xv_state *
xv_push_branch(struct xb_verify_env *env, int32_t insn, int32_t prev, int *err)
{
	struct xv_branch *b = calloc(1, sizeof(*b));
	struct xv_frame *fr;

	*err = -ENOMEM;
	if (!b)
		return NULL;
	b->st = xv_state_copy(env, env->cur, XB_FRAMES_MAX);
	if (!b->st) {
		free(b);
		return NULL;
	}
	b->insn = insn;
	b->prev = prev;
	b->log_len = env->log ? env->log->len : 0;
	b->next = env->branches;
	env->branches = b;
	if (++env->branch_cnt > XV_MAX_BRANCHES) {
		xv_say(env, "The sequence of %u jumps is too complex.\n", env->branch_cnt);
		*err = -EFAULT; /* 6.12's check_cond_jmp_op() */
		return NULL;
	}
	if (b->st->parent)
		b->st->parent->branches++;
	/* Both go on with what the comparison says: let neither see the other's. */
	fr = &b->st->frame[b->st->curframe];
	return xv_own_regs(env, fr) ? b->st : NULL;
}

static void
drop_branches(struct xb_verify_env *env)
{
	while (env->branches) {
		struct xv_branch *b = env->branches;

		env->branches = b->next;
		xv_state_free(env, b->st);
		free(b);
	}
	env->branch_cnt = 0;
	xv_state_free(env, env->cur);
	env->cur = NULL;
}

/* Take up the path that was put aside last. */
static bool
pop_branch(struct xb_verify_env *env)
{
	struct xv_branch *b = env->branches;

	if (!b)
		return false;
	xv_state_free(env, env->cur);
	env->cur = b->st;
	env->insn = b->insn;
	env->prev = b->prev;
	if (env->level == 1) /* the path before was good: forget it */
		xv_log_cut(env, b->log_len);
	env->branches = b->next;
	env->branch_cnt--;
	free(b);
	return true;
}

/* The path ended well: so did all states it came from that have no other path. */
static void
finish_path(struct xv_state *st)
{
	while (st && --st->branches == 0)
		st = st->parent;
}

/* ---- one instruction ---- */

enum step { STEP_NEXT, STEP_JUMPED, STEP_ENDED }; /* or -errno */

static int
step_call(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	bool is_kernel = insn->src_reg == BPF_PSEUDO_KFUNC_CALL;
	int err;

	if (BPF_SRC(insn->code) != BPF_K || (!is_kernel && insn->off) || insn->src_reg > 2 ||
		insn->dst_reg || BPF_CLASS(insn->code) == BPF_JMP32) {
		xv_say(env, "BPF_CALL uses reserved fields\n");
		return -EINVAL;
	}
	if (is_kernel)
		return xv_unsupported(env, "calls of kernel functions");
	err = insn->src_reg == BPF_PSEUDO_CALL ? xv_check_call(env, insn)
					       : xv_check_helper(env, insn);
	env->touched_regs |= 1;
	return err;
}

static int
step_goto(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	bool is_long = BPF_CLASS(insn->code) == BPF_JMP32;

	if (BPF_SRC(insn->code) != BPF_K || insn->src_reg || insn->dst_reg ||
		(is_long ? insn->off != 0 : insn->imm != 0)) {
		xv_say(env, "BPF_JA uses reserved fields\n");
		return -EINVAL;
	}
	env->insn += (is_long ? insn->imm : insn->off) + 1;
	return STEP_JUMPED;
}

static int
step_exit(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err;

	if (BPF_SRC(insn->code) != BPF_K || insn->imm || insn->src_reg || insn->dst_reg ||
		BPF_CLASS(insn->code) == BPF_JMP32) {
		xv_say(env, "BPF_EXIT uses reserved fields\n");
		return -EINVAL;
	}
	err = env->cur->curframe ? 0 : xv_check_refs_released(env);
	if (err)
		return err;
	if (env->cur->curframe) {
		err = xv_return(env);
		return err ? err : STEP_JUMPED;
	}
	err = xv_check_exit(env);
	return err ? err : STEP_ENDED;
}

static int
step_jump(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	env->jumps_processed++;
	switch (BPF_OP(insn->code)) {
	case BPF_CALL: return step_call(env, insn);
	case BPF_JA: return step_goto(env, insn);
	case BPF_EXIT: return step_exit(env, insn);
	default: return xv_check_cond(env, insn);
	}
}

static int
step_ld(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	uint8_t mode = BPF_MODE(insn->code);
	int err;

	if (mode == BPF_ABS || mode == BPF_IND)
		return xv_check_ld_abs(env, insn);
	if (mode != BPF_IMM) {
		xv_say(env, "invalid BPF_LD mode\n");
		return -EINVAL;
	}
	err = xv_check_ld_imm(env, insn);
	if (!err)
		env->facts.insns[++env->insn].seen = true;
	return err;
}

static int
step(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64: return xv_check_alu(env, insn);
	case BPF_LDX: return xv_check_load(env, insn);
	case BPF_STX:
		return BPF_MODE(insn->code) == BPF_ATOMIC ? xv_check_atomic(env, insn)
							  : xv_check_store(env, insn);
	case BPF_ST: return xv_check_store_imm(env, insn);
	case BPF_LD: return step_ld(env, insn);
	default: return step_jump(env, insn);
	}
}

/* ---- along a path ---- */

/* Before the instruction: is there anything new here? 1: no. */
static int
arrive(struct xb_verify_env *env, bool is_new_path)
{
	const struct xv_aux *aux = &env->aux[env->insn];
	int err = 0;

	env->cur_hist = NULL;
	if (++env->insn_processed > XB_VERIFY_INSNS_MAX) {
		xv_say(env, "BPF program is too large. Processed %u insn\n", env->insn_processed);
		return -E2BIG;
	}
	env->cur->last_insn = env->prev;
	if (aux->is_prune_point)
		err = xv_is_visited(env);
	if (err == 1) {
		if (is_new_path)
			xv_note(env, "\nfrom %d to %d: safe\n", env->prev, env->insn);
		else
			xv_note(env, "%d: safe\n", env->insn);
	}
	if (err)
		return err;
	if (aux->is_jump_point)
		err = xv_push_hist(env, 0, NULL);
	if (!err && !xv_own_regs(env, xv_cur(env)))
		err = -ENOMEM;
	return err;
}

static int
visit(struct xb_verify_env *env)
{
	const struct xb_verify_hooks *hooks = env->opts->hooks;
	int err = 0;

	if (env->level)
		xv_say_insn(env);
	xv_gather_facts(env);
	if (hooks && hooks->insn)
		err = hooks->insn(hooks->dev, env, env->insn, env->prev);
	if (err)
		env->facts.refused_insn = env->insn;
	return err;
}

static int
walk(struct xb_verify_env *env)
{
	bool is_new_path = false;

	env->prev = -1;
	for (;;) {
		const struct bpf_insn *insn = &env->insns[env->insn];
		int err = arrive(env, is_new_path);

		if (err < 0)
			return err;
		if (err == 0) {
			int32_t here = env->insn;

			if (is_new_path && env->level >= 2) {
				xv_note(env, "\nfrom %d to %d:", env->prev, env->insn);
				xv_say_state(env, env->cur, env->cur->curframe, true);
			}
			if (env->level >= 2)
				is_new_path = false;
			err = visit(env);
			if (!err)
				err = step(env, insn);
			if (err < 0)
				return err;
			env->prev = here;
			is_new_path |= err == STEP_JUMPED && BPF_OP(insn->code) == BPF_EXIT;
			if (err == STEP_NEXT)
				env->insn++;
			if (err != STEP_ENDED)
				continue;
		}
		xv_touch_all(env);
		finish_path(env->cur);
		if (!pop_branch(env))
			return 0;
		is_new_path = true;
	}
}

/* ---- one function by itself ---- */

static void
set_argument(struct xb_verify_env *env, const struct xv_subprog *sub, uint32_t i)
{
	struct xb_reg_state *reg = xv_reg(env, i + 1);

	switch (sub->param[i].kind) {
	case XV_PARAM_SCALAR: xv_set_unknown(reg); return;
	case XV_PARAM_CTX:
		xv_set_known(reg, 0);
		reg->type = XB_PTR_CTX;
		return;
	case XV_PARAM_MEM:
		xv_set_known(reg, 0);
		reg->type = XB_PTR_MEM | (sub->param[i].may_be_null ? XB_MAYBE_NULL : 0);
		reg->mem_size = sub->param[i].size;
		reg->id = ++env->id_gen;
		return;
	}
}

/* What xb_vm_run_mem() gives a program. */
static void
set_plain_memory(struct xb_verify_env *env)
{
	struct xb_reg_state *r1 = xv_reg(env, 1), *r2 = xv_reg(env, 2);

	r1->type = XB_SCALAR;
	xv_set_known(r1, 0);
	if (env->opts->mem_bytes > 0) {
		r1->type = XB_PTR_MEM;
		r1->mem_size = env->opts->mem_bytes;
		r1->id = ++env->id_gen;
	}
	r2->type = XB_SCALAR;
	xv_set_known(r2, env->opts->mem_bytes);
}

static int
set_arguments(struct xb_verify_env *env, uint32_t n)
{
	struct xv_subprog *sub = &env->subprog[n];
	int err;

	if (n == 0 && env->opts->type == BPF_PROG_TYPE_UNSPEC) {
		set_plain_memory(env);
		return 0;
	}
	if (n == 0) {
		struct xb_reg_state *r1 = xv_reg(env, 1);

		/* A wrong signature of the entry is only not to be relied on. */
		if (env->has_btf_funcs && (xv_read_params(env, 0) || sub->param_cnt != 1 ||
						  sub->param[0].kind != XV_PARAM_CTX))
			sub->is_unreliable = true;
		xv_set_known(r1, 0);
		r1->type = XB_PTR_CTX;
		return 0;
	}
	xv_note(env, "Validating %s() func#%u...\n", sub->name, n);
	err = xv_read_params(env, n);
	for (uint32_t i = 0; !err && i < sub->param_cnt; i++)
		set_argument(env, sub, i);
	return err;
}

static int
walk_function(struct xb_verify_env *env, uint32_t n)
{
	int err;

	env->said_line = NULL;
	env->cur = xv_state_new(env, XB_FRAMES_MAX);
	if (!env->cur)
		return -ENOMEM;
	env->insn = (int32_t)env->subprog[n].start;
	env->prev = -1;
	env->cur->branches = 1;
	env->cur->first_insn = env->insn;
	env->cur->last_insn = -1;
	err = xv_frame_init(env, &env->cur->frame[0], 0, -1, n);
	xv_touch_all(env);
	if (!err)
		err = set_arguments(env, n);
	if (!err)
		err = walk(env);
	drop_branches(env);
	xv_free_explored(env);
	if (!err && env->level == 1)
		xv_log_cut(env, env->log_start);
	return err;
}

int
xv_walk_all(struct xb_verify_env *env)
{
	int err = walk_function(env, 0);
	bool is_more = true;

	while (!err && is_more) {
		is_more = false;
		for (uint32_t i = 1; !err && i < env->subprog_cnt; i++) {
			struct xv_subprog *sub = &env->subprog[i];

			if (!sub->is_global || !sub->is_called || sub->is_verified)
				continue;
			err = walk_function(env, i);
			if (!err)
				xv_note(env,
					"Func#%u ('%s') is safe for any args that match its "
					"prototype\n",
					i, sub->name);
			sub->is_verified = true;
			is_more = true;
		}
	}
	return err;
}
