/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After the walk: the stack of each function and of the deepest chain of calls, what the walk knows
 * only now of every instruction, and the dead code that the core takes out (nfp-isa.md 12.3,
 * nfp-offload-rules.md 6).
 */
#include "jit-nfp/internal.h"

#include <errno.h>
#include <stdlib.h>

#define FRAME_ALIGN 64u /* frames on the card */
#define RETURN_BYTES 4u /* of a return address in a frame */
#define SAVED_BYTES 32u /* of the caller's r6 to r9 */
#define FRAMES_MAX 8u	/* the kernel's MAX_CALL_FRAMES */

/* ---- functions ---- */

/* Which function each instruction is of, by the targets of calls. Returns how many there are. */
static uint32_t
assign_subprogs(struct jit_prog *prog)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		n += (prog->insns[i].flags & JIT_F_SUBPROG_START) != 0;
		prog->insns[i].subprog = (uint16_t)n;
	}
	return n + 1;
}

static int
make_subprogs(struct jit_prog *prog, uint32_t cnt)
{
	struct jit_subprog *subprogs = calloc(cnt, sizeof(*subprogs));

	if (subprogs == NULL)
		return -ENOMEM;
	free(prog->subprogs);
	prog->subprogs = subprogs;
	prog->subprog_cnt = cnt;
	for (uint32_t i = prog->insn_cnt; i-- > 0;) {
		const struct jit_insn *insn = &prog->insns[i];

		subprogs[insn->subprog].start = i;
		if (insn->bpf.dst_reg >= BPF_REG_6 && insn->bpf.dst_reg <= BPF_REG_9)
			subprogs[insn->subprog].needs_push = true;
	}
	return 0;
}

static int
find_subprogs(const struct jit_visit *v, const struct xb_facts *facts)
{
	struct jit_prog *prog = v->prog;
	uint32_t cnt = assign_subprogs(prog);
	int err = make_subprogs(prog, cnt);

	if (!err && cnt != facts->subprog_cnt)
		err = jit_tell(v, JIT_RULE_SUBPROG_COUNT, (int)cnt, (int)facts->subprog_cnt);
	/* Who goes on, goes no further than to the end of the walk. */
	prog->hook_failed |= cnt != facts->subprog_cnt;
	for (uint32_t i = 0; !err && i < cnt && i < facts->subprog_cnt; i++) {
		struct jit_subprog *sub = &prog->subprogs[i];

		sub->stack_bytes = facts->subprogs[i].stack_bytes;
		if (i > 0)
			sub->stack_bytes += RETURN_BYTES + (sub->needs_push ? SAVED_BYTES : 0);
	}
	return err;
}

/* ---- the stack ---- */

static uint32_t
frame_bytes(const struct jit_subprog *sub)
{
	return (sub->stack_bytes + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN;
}

/*
 * Of the deepest chain of calls from the entry. need[n] is what function n needs with callees of
 * one level more each round; the kernel has no more than 8 levels, and refuses deeper ones later.
 */
static int
find_stack(struct jit_prog *prog)
{
	uint32_t *need = calloc(2 * (size_t)prog->subprog_cnt, sizeof(*need));
	uint32_t *next = need + prog->subprog_cnt;

	if (need == NULL)
		return -ENOMEM;
	for (uint32_t level = 0; level < FRAMES_MAX; level++) {
		for (uint32_t n = 0; n < prog->subprog_cnt; n++)
			next[n] = frame_bytes(&prog->subprogs[n]);
		for (uint32_t i = 0; i < prog->insn_cnt; i++) {
			const struct jit_insn *insn = &prog->insns[i];
			uint32_t own = frame_bytes(&prog->subprogs[insn->subprog]), with;

			if (!jit_is_local_call(insn) || insn->jump_dest >= prog->insn_cnt)
				continue;
			with = own + need[prog->insns[insn->jump_dest].subprog];
			if (with > next[insn->subprog])
				next[insn->subprog] = with;
		}
		for (uint32_t n = 0; n < prog->subprog_cnt; n++)
			need[n] = next[n];
	}
	prog->stack_bytes = need[prog->insns[0].subprog];
	free(need);
	return 0;
}

static int
check_stack(const struct jit_visit *v)
{
	uint32_t has = v->prog->input.card->stack_bytes;
	int err = find_stack(v->prog);

	if (!err && v->prog->stack_bytes > has)
		err = jit_tell(v, JIT_RULE_STACK_TOO_LARGE, (int)v->prog->stack_bytes, (int)has);
	return err;
}

/* ---- every instruction ---- */

/* What the driver finds out only when it translates, and does not say. */
static void
find_untranslatable(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	if (BPF_CLASS(insn->bpf.code) == BPF_ST)
		jit_find(prog, (int32_t)slot, JIT_RULE_STORE_OF_CONSTANT);
	if (jit_is_load(insn) && insn->ptr.type == XB_PTR_CTX && !jit_has_ctx_field(prog, insn))
		jit_find(prog, (int32_t)slot, JIT_RULE_CONTEXT_FIELD);
}

int
jit_finalize(void *dev, struct xb_verify_env *env)
{
	struct jit_prog *prog = dev;
	const struct xb_facts *facts = xb_verify_facts(env);
	const struct jit_visit v = { .prog = prog, .env = env, .at = -1 };
	int err = find_subprogs(&v, facts);

	if (!err)
		err = check_stack(&v);
	if (err)
		return err;
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		if (facts->insns[i].zext)
			prog->insns[i].flags |= JIT_F_ZEXT;
		if (facts->insns[i].seen)
			find_untranslatable(prog, i);
	}
	jit_find_ranges(prog, env);
	prog->max_packet_offset = facts->max_packet_offset;
	prog->verified = true;
	return 0;
}

/* ---- dead code ---- */

/* The slot that is off-th of what is left. */
static uint32_t
slot_left(const struct jit_prog *prog, uint64_t off)
{
	uint32_t slot = 0;

	for (; slot < prog->insn_cnt; slot++)
		if (!(prog->insns[slot].flags & JIT_F_SKIP_DEAD) && off-- == 0)
			break;
	return slot;
}

/*
 * A conditional jump one way of which is dead: only where it goes is changed, the comparison stays
 * and always comes out the same.
 */
static int
hard_wire(const struct jit_visit *v, uint32_t off, const struct bpf_insn *to)
{
	struct jit_insn *insn = v->insn;
	uint32_t dest = slot_left(v->prog, (uint64_t)(off + 1 + (int64_t)to->off));

	if (to->off == 0) {
		insn->jump_dest = (uint32_t)v->at + 1;
		insn->jump_neg = false;
		return 0;
	}
	if (insn->jump_dest == dest)
		return 0;
	return jit_tell(v, JIT_RULE_HARD_WIRE, (int)off, (int)insn->jump_dest, (int)dest);
}

int
jit_replace_insn(void *dev, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *to)
{
	struct jit_prog *prog = dev;
	uint32_t slot = slot_left(prog, off);
	const struct jit_visit v = {
		.prog = prog,
		.env = env,
		.at = (int32_t)slot,
		.insn = &prog->insns[slot],
	};
	int err;

	if (slot == prog->insn_cnt)
		err = -EINVAL;
	else if (jit_is_cond_jump(v.insn) && to->code == (BPF_JMP | BPF_JA))
		err = hard_wire(&v, off, to);
	else
		err = jit_tell(&v, JIT_RULE_REPLACEMENT, v.insn->bpf.code, to->code);
	prog->hook_failed |= err != 0;
	return err;
}

int
jit_remove_insns(void *dev, struct xb_verify_env *env, uint32_t off, uint32_t cnt)
{
	struct jit_prog *prog = dev;
	uint32_t slot = slot_left(prog, off);

	(void)env;
	for (; cnt > 0 && slot < prog->insn_cnt; slot++) {
		/* What went before is between, and does not count. */
		cnt -= !(prog->insns[slot].flags & JIT_F_SKIP_DEAD);
		prog->insns[slot].flags |= JIT_F_SKIP_DEAD;
	}
	prog->hook_failed |= cnt > 0;
	return cnt > 0 ? -EINVAL : 0;
}
