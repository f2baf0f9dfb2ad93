/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls between functions of the program, returns, the program's end, and the loads of 64-bit
 * immediates and of packet bytes, which are calls in disguise. Static functions are walked where
 * they are called; global ones by themselves, from their BTF signature.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <string.h>

void
xv_clobber_caller_saved(struct xb_verify_env *env, uint32_t frame)
{
	struct xv_frame *fr = &env->cur->frame[frame];

	for (unsigned int n = 0; n <= 5; n++) {
		xv_set_not_init(&fr->regs->r[n]);
		fr->regs->r[n].subreg_def = env->insn + 1;
	}
	fr->written |= 0x3f;
	fr->precise &= (uint16_t)~0x3f;
	env->touched_regs |= 0x3f;
}

static bool
is_packet(const struct xv_change *c, const struct xb_reg_state *reg)
{
	(void)c;
	return xv_is_packet_or_end(reg);
}

void
xv_change_to_unknown(const struct xv_change *c, struct xb_reg_state *reg)
{
	(void)c;
	xv_set_unknown(reg);
}

int
xv_clear_packets(struct xb_verify_env *env, struct xv_state *st)
{
	const struct xv_change forget = { .wants = is_packet, .change = xv_change_to_unknown };

	return xv_each_reg(env, st, &forget);
}

/* ---- functions of the program ---- */

static int
check_param(struct xb_verify_env *env, const struct xv_subprog *sub, uint32_t i)
{
	unsigned int regno = i + 1;
	struct xb_reg_state *reg = xv_reg(env, regno), saved = *reg;
	int size = (int)sub->param[i].size, err = 0;

	if (sub->param[i].kind == XV_PARAM_SCALAR) {
		if (reg->type == XB_SCALAR)
			return 0;
		xv_say(env, "R%u is not a scalar\n", regno);
		return -EINVAL;
	}
	err = xv_check_arg_off(env, reg, regno, false);
	if (err < 0)
		return err;
	if (sub->param[i].kind == XV_PARAM_CTX) {
		if (reg->type == XB_PTR_CTX)
			return 0;
		xv_say(env, "arg#%u expects pointer to ctx\n", i);
		return -EINVAL;
	}
	if (!xv_is_null(reg)) {
		if (reg->type & XB_MAYBE_NULL)
			xv_mark_not_null(env, reg);
		err = xv_check_helper_mem(env, regno, size, false, true, NULL);
		if (!err)
			err = xv_check_helper_mem(env, regno, size, true, true, NULL);
		*reg = saved;
		if (err)
			return -EINVAL;
	}
	if (!sub->param[i].may_be_null && (reg->type & XB_MAYBE_NULL)) {
		xv_say(env, "arg#%u is expected to be non-NULL\n", i);
		return -EINVAL;
	}
	return 0;
}

/* Do the registers fit the signature? For a static function it is only noted. */
static int
check_signature(struct xb_verify_env *env, uint32_t n)
{
	struct xv_subprog *sub = &env->subprog[n];
	int err;

	if (!env->has_btf_funcs || sub->is_unreliable || !sub->btf_id)
		return -EINVAL;
	err = xv_read_params(env, n);
	for (uint32_t i = 0; !err && i < sub->param_cnt; i++)
		err = check_param(env, sub, i);
	if (err)
		sub->is_unreliable = true;
	return err;
}

static int
call_global(struct xb_verify_env *env, uint32_t n)
{
	struct xv_subprog *sub = &env->subprog[n];
	int err = check_signature(env, n);

	if (err) {
		xv_say(env, "Caller passes invalid args into func#%u ('%s')\n", n, sub->name);
		return err;
	}
	xv_note(env, "Func#%u ('%s') is global and assumed valid.\n", n, sub->name);
	if (sub->changes_packet)
		err = xv_clear_packets(env, env->cur);
	sub->is_called = true;
	xv_clobber_caller_saved(env, env->cur->curframe);
	xv_set_reg_unknown(env, 0);
	xv_reg(env, 0)->subreg_def = 0;
	return err;
}

/* Arguments are the caller's registers, and so is what they were read from. */
static void
pass_arguments(struct xv_frame *caller, struct xv_frame *callee)
{
	for (unsigned int n = 1; n <= 5; n++) {
		callee->regs->r[n] = caller->regs->r[n];
		callee->parent[n] = caller->parent[n];
	}
	callee->written = caller->written & 0x3e;
	callee->precise = caller->precise & 0x3e;
}

static int
call_static(struct xb_verify_env *env, uint32_t n)
{
	struct xv_state *st = env->cur;
	uint32_t f = st->curframe;
	int err;

	if (f + 1 >= XB_FRAMES_MAX) {
		xv_say(env, "the call stack of %u frames is too deep\n", f + 2);
		return -E2BIG;
	}
	err = xv_frame_init(env, &st->frame[f + 1], f + 1, env->insn, n);
	if (err)
		return err;
	pass_arguments(&st->frame[f], &st->frame[f + 1]);
	xv_touch_all(env);
	xv_clobber_caller_saved(env, f);
	st->curframe = f + 1;
	env->insn = (int32_t)env->subprog[n].start - 1;
	if (env->level) {
		xv_note(env, "caller:\n");
		xv_say_state(env, st, f, true);
		xv_note(env, "callee:\n");
		xv_say_state(env, st, f + 1, true);
	}
	return 0;
}

int
xv_check_call(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int n = xv_find_subprog(env, (int64_t)env->insn + insn->imm + 1);

	if (n < 0) {
		xv_say(env, "verifier bug. No program starts at insn %d\n",
			env->insn + insn->imm + 1);
		return -EFAULT;
	}
	/* What a static function's signature says is not relied on: it is walked. */
	return env->subprog[n].is_global ? call_global(env, (uint32_t)n)
					 : call_static(env, (uint32_t)n);
}

int
xv_return(struct xb_verify_env *env)
{
	struct xv_state *st = env->cur;
	uint32_t f = st->curframe;
	struct xv_frame *callee = &st->frame[f], *caller = &st->frame[f - 1];
	int32_t to = callee->callsite + 1;

	if (callee->regs->r[0].type == XB_PTR_STACK) {
		xv_say(env, "cannot return stack pointer to the caller\n");
		return -EINVAL;
	}
	if (!xv_own_regs(env, caller))
		return -ENOMEM;
	caller->regs->r[0] = callee->regs->r[0];
	caller->parent[0] = callee->parent[0];
	caller->written = (uint16_t)((caller->written & ~1u) | (callee->written & 1u));
	caller->precise = (uint16_t)((caller->precise & ~1u) | (callee->precise & 1u));
	if (env->level) {
		xv_note(env, "returning from callee:\n");
		xv_say_state(env, st, f, true);
		xv_note(env, "to caller at %d:\n", to);
		xv_say_state(env, st, f - 1, true);
	}
	xv_frame_release(env, callee);
	memset(callee, 0, sizeof(*callee));
	st->curframe = f - 1;
	env->insn = to;
	return 0;
}

/* ---- the end ---- */

int
xv_check_refs_released(struct xb_verify_env *env)
{
	const struct xv_state *st = env->cur;

	for (uint32_t i = 0; i < st->ref_cnt; i++)
		xv_say(env, "Unreleased reference id=%u alloc_insn=%u\n", st->refs[i].id,
			st->refs[i].insn);
	return st->ref_cnt ? -EINVAL : 0;
}

/* Any value is a verdict of XDP and tc; a global function returns a number. */
int
xv_check_exit(struct xb_verify_env *env)
{
	int err = xv_use_reg(env, 0, XV_SRC);

	if (err)
		return err;
	if (env->cur->frame[0].subprog && xv_reg(env, 0)->type != XB_SCALAR) {
		xv_say(env, "At subprogram exit the register R0 is not a scalar value (%s)\n",
			XV_TYPE(xv_reg(env, 0)->type));
		return -EINVAL;
	}
	return 0;
}

/* ---- 64-bit immediates ---- */

int
xv_check_ld_imm(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xb_reg_state *dst;
	const struct xb_map_def *map;
	int err;

	if (BPF_SIZE(insn->code) != BPF_DW) {
		xv_say(env, "invalid BPF_LD_IMM insn\n");
		return -EINVAL;
	}
	if (insn->off) {
		xv_say(env, "BPF_LD_IMM64 uses reserved fields\n");
		return -EINVAL;
	}
	err = xv_use_reg(env, insn->dst_reg, XV_DST);
	if (err)
		return err;
	dst = xv_reg(env, insn->dst_reg);
	if (insn->src_reg == 0) {
		xv_set_known(dst, (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
		return 0;
	}
	map = &env->opts->maps[env->aux[env->insn].map];
	xv_set_known(dst, 0);
	dst->raw = 0;
	dst->map = map;
	dst->type = XB_PTR_MAP;
	if (insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE) {
		dst->type = XB_PTR_MAP_VALUE;
		dst->off = insn[1].imm;
	}
	return 0;
}

/* ---- packet bytes by offset, through r6 ---- */

static int
check_ld_abs_fields(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	const char *reason = NULL;

	if (env->opts->type == BPF_PROG_TYPE_XDP)
		reason = "instructions not allowed for this program type";
	else if (insn->dst_reg || insn->off || BPF_SIZE(insn->code) == BPF_DW ||
		 (BPF_MODE(insn->code) == BPF_ABS && insn->src_reg))
		reason = "uses reserved fields";
	if (!reason)
		return 0;
	xv_say(env, "BPF_LD_[ABS|IND] %s\n", reason);
	return -EINVAL;
}

static int
check_ld_abs_state(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err = xv_use_reg(env, 6, XV_SRC);

	if (err)
		return err;
	/* The load may end the program. */
	err = env->cur->curframe ? 0 : xv_check_refs_released(env);
	if (err) {
		xv_say(env, "BPF_LD_[ABS|IND] cannot be mixed with socket references\n");
		return err;
	}
	if (xv_reg(env, 6)->type != XB_PTR_CTX) {
		xv_say(env, "at the time of BPF_LD_ABS|IND R6 != pointer to skb\n");
		return -EINVAL;
	}
	err = BPF_MODE(insn->code) == BPF_IND ? xv_use_reg(env, insn->src_reg, XV_SRC) : 0;
	return err ? err : xv_check_unmodified(env, xv_reg(env, 6), 6, false);
}

int
xv_check_ld_abs(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err = check_ld_abs_fields(env, insn);

	if (!err)
		err = check_ld_abs_state(env, insn);
	if (err)
		return err;
	xv_clobber_caller_saved(env, env->cur->curframe);
	xv_set_reg_unknown(env, 0);
	xv_reg(env, 0)->subreg_def = env->insn + 1;
	if (env->cur->curframe == 0)
		return 0;
	/* Outside of the packet it returns 0 from the function that runs. */
	if (!xv_push_branch(env, env->insn + 1, env->insn, &err))
		return err;
	xv_set_reg_known(env, 0, 0);
	err = xv_return(env);
	env->insn--;
	return err;
}
