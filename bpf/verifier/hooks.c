/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device's part: what its hooks may ask while the walk goes on, and what it is told of dead code
 * afterwards (kernel: kernel/bpf/offload.c and who calls it).
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct xb_reg_state *
xb_verify_reg(const struct xb_verify_env *env, unsigned int regno)
{
	return &env->cur->frame[env->cur->curframe].regs->r[regno];
}

const struct xb_reg_state *
xb_verify_frame_reg(const struct xb_verify_env *env, uint32_t frame, unsigned int regno)
{
	return &env->cur->frame[frame].regs->r[regno];
}

int
xb_verify_need_precise(struct xb_verify_env *env, unsigned int regno)
{
	return xv_need_precise(env, regno);
}

uint32_t
xb_verify_frame(const struct xb_verify_env *env)
{
	return env->cur->curframe;
}

enum xb_slot_type
xb_verify_stack_byte(const struct xb_verify_env *env, uint32_t frame, int off,
	const struct xb_reg_state **spilled)
{
	const struct xv_stack *stack = env->cur->frame[frame].stack;
	uint32_t at = (uint32_t)(-off - 1);
	const struct xv_slot *s;

	if (spilled)
		*spilled = NULL;
	if (off >= 0 || !stack || at / 8 >= stack->cnt)
		return XB_SLOT_INVALID;
	s = &stack->slot[at / 8];
	if (spilled && s->type[at % 8] == XB_SLOT_SPILL)
		*spilled = &s->spill->r;
	return (enum xb_slot_type)s->type[at % 8];
}

const struct xb_facts *
xb_verify_facts(const struct xb_verify_env *env)
{
	return &env->facts;
}

const struct bpf_insn *
xb_verify_insns(const struct xb_verify_env *env, uint32_t *cnt)
{
	*cnt = env->cnt;
	return env->insns;
}

const struct xb_verify_opts *
xb_verify_opts(const struct xb_verify_env *env)
{
	return env->opts;
}

void
xb_verify_say(struct xb_verify_env *env, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	xb_log_vadd(env->log, fmt, ap);
	va_end(ap);
}

/* ---- dead code, told to a device in the order in which the kernel removes it ---- */

static bool
is_cond_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	if (class == BPF_JMP32)
		return op != BPF_JA;
	return class == BPF_JMP && op != BPF_JA && op != BPF_EXIT && op != BPF_CALL;
}

/* A jump over nothing but dead code does nothing once that is gone. */
static bool
is_nop_later(const struct xb_verify_env *env, uint32_t i, const struct bpf_insn *insn)
{
	if (insn->code != (BPF_JMP | BPF_JA) || insn->dst_reg || insn->src_reg || insn->imm ||
		insn->off < 0)
		return false;
	for (int32_t k = 1; k <= insn->off; k++)
		if (env->facts.insns[i + (uint32_t)k].seen)
			return false;
	return true;
}

/* Conditional jumps with one dead side become jumps. */
static int
tell_branches(struct xb_verify_env *env, bool *is_nop)
{
	const struct xb_verify_hooks *hooks = env->opts->hooks;
	const struct xb_insn_facts *facts = env->facts.insns;

	for (uint32_t i = 0; i < env->cnt; i++) {
		const struct bpf_insn *insn = &env->insns[i];
		struct bpf_insn ja = { .code = BPF_JMP | BPF_JA };
		int err;

		is_nop[i] = facts[i].seen && is_nop_later(env, i, insn);
		if (!is_cond_jump(insn))
			continue;
		if (!facts[i + 1].seen)
			ja.off = insn->off;
		else if (facts[(int64_t)i + 1 + insn->off].seen)
			continue;
		is_nop[i] = facts[i].seen && is_nop_later(env, i, &ja);
		err = hooks->replace_insn ? hooks->replace_insn(hooks->dev, env, i, &ja)
					  : -EOPNOTSUPP;
		if (err)
			return err;
	}
	return 0;
}

/* Runs of what nobody reaches go first, then jumps to the next instruction. */
static int
tell_removals(struct xb_verify_env *env, const bool *is_nop)
{
	const struct xb_verify_hooks *hooks = env->opts->hooks;
	const struct xb_insn_facts *facts = env->facts.insns;
	uint32_t gone = 0;
	int err = 0;

	for (uint32_t i = 0, n; !err && i < env->cnt; i += n ? n : 1) {
		for (n = 0; i + n < env->cnt && !facts[i + n].seen; n++)
			;
		if (n)
			err = hooks->remove_insns
				      ? hooks->remove_insns(hooks->dev, env, i - gone, n)
				      : -EOPNOTSUPP;
		gone += n;
	}
	gone = 0;
	for (uint32_t i = 0; !err && i < env->cnt; i++) {
		if (facts[i].seen && !is_nop[i])
			continue;
		if (facts[i].seen)
			err = hooks->remove_insns
				      ? hooks->remove_insns(hooks->dev, env, i - gone, 1)
				      : -EOPNOTSUPP;
		gone++;
	}
	return err;
}

/* A failure of these is remembered by the device and refuses nothing here. */
int
xv_tell_dead_code(struct xb_verify_env *env)
{
	bool *is_nop = calloc(env->cnt, sizeof(*is_nop));

	if (!is_nop)
		return -ENOMEM;
	if (!tell_branches(env, is_nop))
		tell_removals(env, is_nop);
	free(is_nop);
	return 0;
}
