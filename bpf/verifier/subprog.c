/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions of a program: where they begin, that jumps stay inside, and how deep their stacks get.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct xv_subprog *
xv_subprog_of(struct xb_verify_env *env, uint32_t insn)
{
	uint32_t lo = 0, hi = env->subprog_cnt - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo + 1) / 2;

		if (env->subprog[mid].start <= insn)
			lo = mid;
		else
			hi = mid - 1;
	}
	return &env->subprog[lo];
}

int
xv_find_subprog(struct xb_verify_env *env, int64_t start)
{
	struct xv_subprog *sub;

	if (start < 0 || start >= env->cnt || env->subprog_cnt == 0)
		return -ENOENT;
	sub = xv_subprog_of(env, (uint32_t)start);
	return sub->start == start ? (int)(sub - env->subprog) : -ENOENT;
}

static int
add(struct xb_verify_env *env, int64_t start)
{
	uint32_t at;

	if (start < 0 || start >= env->cnt) {
		xv_say(env, "call to invalid destination\n");
		return -EINVAL;
	}
	if (xv_find_subprog(env, start) >= 0)
		return 0;
	if (env->subprog_cnt >= XV_MAX_SUBPROGS) {
		xv_say(env, "too many subprograms\n");
		return -E2BIG;
	}
	at = env->subprog_cnt ? (uint32_t)(xv_subprog_of(env, (uint32_t)start) - env->subprog) + 1
			      : 0;
	memmove(&env->subprog[at + 1], &env->subprog[at],
		(env->subprog_cnt - at) * sizeof(*env->subprog));
	env->subprog[at] = (struct xv_subprog){ .start = (uint32_t)start, .name = "" };
	env->subprog_cnt++;
	return 0;
}

/* Names and BTF of what the object file says of functions. */
static void
take_names(struct xb_verify_env *env)
{
	const struct xb_verify_opts *opts = env->opts;

	for (uint32_t i = 0; i < opts->func_cnt; i++) {
		int n = xv_find_subprog(env, opts->funcs[i].insn);

		if (n < 0)
			continue;
		env->subprog[n].name = opts->funcs[i].name ? opts->funcs[i].name : "";
		if (opts->btf)
			env->subprog[n].btf_id = opts->funcs[i].btf_type_id;
	}
}

int
xv_find_subprogs(struct xb_verify_env *env)
{
	int err;

	env->subprog = calloc(XV_MAX_SUBPROGS + 2, sizeof(*env->subprog));
	if (!env->subprog)
		return -ENOMEM;
	err = add(env, 0);
	for (uint32_t i = 0; !err && i < env->cnt; i++) {
		const struct bpf_insn *insn = &env->insns[i];

		env->insn = (int32_t)i;
		if (xv_is_local_call(insn))
			err = add(env, (int64_t)i + insn->imm + 1);
		else if (xb_insn_is_wide(insn) && insn->src_reg == BPF_PSEUDO_FUNC)
			err = xv_unsupported(env, "callback functions");
		else if (insn->code == (BPF_JMP | BPF_CALL) &&
			 insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
			err = xv_unsupported(env, "calls of kernel functions");
	}
	env->insn = -1;
	if (err)
		return err;
	env->subprog[env->subprog_cnt].start = env->cnt;
	take_names(env);
	for (uint32_t i = 0; env->level >= 2 && i < env->subprog_cnt; i++)
		xv_note(env, "func#%u @%u\n", i, env->subprog[i].start);
	return 0;
}

/* ---- jumps stay in their function ---- */

static bool
is_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_EXIT && op != BPF_CALL;
}

static void
note_special(struct xv_subprog *sub, const struct bpf_insn *insn)
{
	uint8_t mode = BPF_MODE(insn->code);

	if (xv_is_helper_call(insn) && insn->imm == BPF_FUNC_tail_call)
		sub->has_tail_call = true;
	if (BPF_CLASS(insn->code) == BPF_LD && (mode == BPF_ABS || mode == BPF_IND))
		sub->has_ld_abs = true;
}

static int
check_subprog(struct xb_verify_env *env, struct xv_subprog *sub)
{
	uint32_t end = sub[1].start;

	for (uint32_t i = sub->start; i < end; i++) {
		const struct bpf_insn *insn = &env->insns[i];
		bool is_long = insn->code == (BPF_JMP32 | BPF_JA);
		int64_t to = (int64_t)i + (is_long ? insn->imm : insn->off) + 1;

		env->insn = (int32_t)i;
		note_special(sub, insn);
		if (is_jump(insn) && (to < sub->start || to >= end)) {
			xv_say(env, "jump out of range from insn %u to %lld\n", i, (long long)to);
			return -EINVAL;
		}
		if (i == end - 1 && insn->code != (BPF_JMP | BPF_EXIT) &&
			insn->code != (BPF_JMP32 | BPF_JA) && insn->code != (BPF_JMP | BPF_JA)) {
			xv_say(env, "last insn is not an exit or jmp\n");
			return -EINVAL;
		}
	}
	return 0;
}

int
xv_check_subprogs(struct xb_verify_env *env)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < env->subprog_cnt; i++)
		err = check_subprog(env, &env->subprog[i]);
	env->insn = -1;
	return err;
}

/* ---- stack of all frames of a chain of calls ---- */

/* As with the JIT of x86-64. */
static uint32_t
rounded(const struct xv_subprog *sub)
{
	return (sub->stack_depth + 15) / 16 * 16;
}

struct chain {
	uint32_t depth, cnt;
	uint32_t ret[XB_FRAMES_MAX], sub[XB_FRAMES_MAX];
	/* By function and number of frames: 1 + the largest depth at which it was entered. */
	uint16_t (*entered)[XB_FRAMES_MAX];
};

/* Was it entered with as much above it? Then this way cannot be worse; without this, functions that
 * call the next one many times would be a power of that many chains. */
static bool
is_known(const struct chain *c, uint32_t n)
{
	for (uint32_t f = c->cnt; f < XB_FRAMES_MAX; f++)
		if (c->entered[n][f] > c->depth)
			return true;
	return false;
}

static int
enter(struct xb_verify_env *env, struct chain *c, uint32_t n)
{
	const struct xv_subprog *sub = &env->subprog[n];

	if (n && sub->has_tail_call && c->depth >= 256) {
		xv_say(env,
			"tail_calls are not allowed when call stack of previous frames is %u "
			"bytes. Too large\n",
			c->depth);
		return -EACCES;
	}
	c->entered[n][c->cnt] = (uint16_t)(c->depth + 1);
	c->depth += rounded(sub);
	if (c->depth > XV_STACK_MAX) {
		xv_say(env, "combined stack size of %u calls is %u. Too large\n", c->cnt + 1,
			c->depth);
		return -EACCES;
	}
	return 0;
}

/* Over the instructions of a function, and at each call over those of the callee first. */
static int
follow_calls(struct xb_verify_env *env, struct chain *c)
{
	uint32_t n = 0, i = 0;
	int err = enter(env, c, 0);

	while (!err) {
		if (i == env->subprog[n + 1].start) { /* the end: back to the caller */
			if (c->cnt == 0)
				break;
			c->depth -= rounded(&env->subprog[n]);
			c->cnt--;
			i = c->ret[c->cnt];
			n = c->sub[c->cnt];
			continue;
		}
		if (!xv_is_local_call(&env->insns[i])) {
			i++;
			continue;
		}
		c->ret[c->cnt] = i + 1;
		c->sub[c->cnt++] = n;
		if (c->cnt >= XB_FRAMES_MAX) {
			xv_say(env, "the call stack of %u frames is too deep !\n", c->cnt);
			return -E2BIG;
		}
		i += (uint32_t)env->insns[i].imm + 1;
		n = (uint32_t)xv_find_subprog(env, i);
		if (is_known(c, n)) {
			i = c->ret[--c->cnt];
			n = c->sub[c->cnt];
			continue;
		}
		err = enter(env, c, n);
	}
	return err;
}

int
xv_check_stack_depth(struct xb_verify_env *env)
{
	struct chain c = { .entered = calloc(env->subprog_cnt, sizeof(*c.entered)) };
	int err;

	if (!c.entered)
		return -ENOMEM;
	err = follow_calls(env, &c);
	free(c.entered);
	return err;
}
