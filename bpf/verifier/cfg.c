/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before the walk: can every instruction be reached, does no jump leave the program, and where do
 * paths meet? A depth-first walk over the edges, in the kernel's order (check_cfg), so that
 * the same defect is found first. Loops are no defect here; the walk must prove their end.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>

enum { NEW, DISCOVERED, FALL_DONE, BRANCH_DONE, EXPLORED };
enum edge { EDGE_FALL = FALL_DONE, EDGE_BRANCH = BRANCH_DONE };

struct cfg {
	struct xb_verify_env *env;
	uint8_t *state;
	uint32_t *stack;
	uint32_t depth;
};

#define PUSHED 1 /* go on with what was pushed */

static int
push(struct cfg *c, uint32_t from, int64_t to, enum edge edge)
{
	struct xb_verify_env *env = c->env;

	if (c->state[from] >= edge)
		return 0;
	if (to < 0 || to >= env->cnt) {
		env->insn = (int32_t)from;
		xv_say(env, "jump out of range from insn %u to %lld\n", from, (long long)to);
		return -EINVAL;
	}
	if (edge == EDGE_BRANCH) {
		env->aux[to].is_prune_point = true;
		env->aux[to].is_jump_point = true;
	}
	if (c->state[to] == NEW) {
		c->state[from] = (uint8_t)edge;
		c->state[to] = DISCOVERED;
		c->stack[c->depth++] = (uint32_t)to;
		return PUSHED;
	}
	if (c->state[to] == EXPLORED)
		c->state[from] = (uint8_t)edge;
	return 0;
}

static int
visit_call(struct cfg *c, uint32_t t, bool is_local)
{
	struct xb_verify_env *env = c->env;
	int ret = push(c, t, (int64_t)t + 1, EDGE_FALL);
	int64_t to = (int64_t)t + env->insns[t].imm + 1;

	if (ret)
		return ret;
	if (t + 1 < env->cnt) {
		env->aux[t + 1].is_prune_point = true;
		env->aux[t + 1].is_jump_point = true;
	}
	if (!is_local)
		return 0;
	env->aux[t].is_prune_point = true;
	xv_subprog_of(env, t)->changes_packet |= xv_subprog_of(env, (uint32_t)to)->changes_packet;
	return push(c, t, to, EDGE_BRANCH);
}

static int
visit_goto(struct cfg *c, uint32_t t)
{
	const struct bpf_insn *insn = &c->env->insns[t];
	int64_t to = (int64_t)t + 1 + (BPF_CLASS(insn->code) == BPF_JMP ? insn->off : insn->imm);
	int ret;

	if (BPF_SRC(insn->code) != BPF_K)
		return -EINVAL;
	ret = push(c, t, to, EDGE_FALL);
	if (ret)
		return ret;
	c->env->aux[to].is_prune_point = true;
	c->env->aux[to].is_jump_point = true;
	return 0;
}

static int
visit_cond(struct cfg *c, uint32_t t)
{
	int ret;

	c->env->aux[t].is_prune_point = true;
	ret = push(c, t, (int64_t)t + 1, EDGE_FALL);
	return ret ? ret : push(c, t, (int64_t)t + c->env->insns[t].off + 1, EDGE_BRANCH);
}

static int
visit(struct cfg *c, uint32_t t)
{
	struct xb_verify_env *env = c->env;
	const struct bpf_insn *insn = &env->insns[t];

	if (BPF_CLASS(insn->code) != BPF_JMP && BPF_CLASS(insn->code) != BPF_JMP32)
		return push(c, t, (int64_t)t + (xb_insn_is_wide(insn) ? 2 : 1), EDGE_FALL);
	switch (BPF_OP(insn->code)) {
	case BPF_EXIT: return 0;
	case BPF_CALL:
		if (xv_is_helper_call(insn) && xv_helper_changes_packet(env, insn->imm))
			xv_subprog_of(env, t)->changes_packet = true;
		return visit_call(c, t, insn->src_reg == BPF_PSEUDO_CALL);
	case BPF_JA: return visit_goto(c, t);
	default: return visit_cond(c, t);
	}
}

static int
check_reached(const struct cfg *c)
{
	struct xb_verify_env *env = c->env;

	for (uint32_t i = 0; i < env->cnt; i++) {
		env->insn = (int32_t)i;
		if (c->state[i] != EXPLORED) {
			xv_say(env, "unreachable insn %u\n", i);
			return -EINVAL;
		}
		if (!xb_insn_is_wide(&env->insns[i]))
			continue;
		if (c->state[i + 1] != NEW) {
			xv_say(env, "jump into the middle of ldimm64 insn %u\n", i);
			return -EINVAL;
		}
		i++;
	}
	return 0;
}

static int
walk(struct cfg *c)
{
	c->state[0] = DISCOVERED;
	c->stack[c->depth++] = 0;
	while (c->depth) {
		uint32_t t = c->stack[c->depth - 1];
		int ret = visit(c, t);

		if (ret < 0)
			return ret;
		if (ret == PUSHED)
			continue;
		c->state[t] = EXPLORED;
		c->depth--;
	}
	return check_reached(c);
}

int
xv_check_cfg(struct xb_verify_env *env)
{
	struct cfg c = { .env = env };
	int err = -ENOMEM;

	c.state = calloc(env->cnt, sizeof(*c.state));
	c.stack = calloc(env->cnt, sizeof(*c.stack));
	if (c.state && c.stack)
		err = walk(&c);
	free(c.state);
	free(c.stack);
	env->insn = -1;
	return err;
}
