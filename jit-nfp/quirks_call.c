/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quirks of calls and of frames: helpers that the driver does not give what the program gives them,
 * or tests less than Linux does; functions that begin with a loop; r10 in places where the driver
 * has no register for it. Called by quirks.c for each instruction that will be translated.
 */
#include "jit-nfp/internal.h"

#include <linux/if_ether.h>

static bool
is_by_reg(const struct jit_insn *insn)
{
	return BPF_SRC(insn->bpf.code) == BPF_X;
}

static bool
is_call_of(const struct jit_insn *insn, int32_t helper)
{
	return jit_is_helper_call(insn) && insn->bpf.imm == helper;
}

/* ---- packets ---- */

/* Of a call's low half of r2, as it is signed. */
static bool
may_be_outside(const struct jit_range *range, int64_t min, int64_t max)
{
	if (range->max <= INT32_MAX)
		return (int64_t)range->max > max;
	return range->min <= INT32_MAX || (int32_t)range->min < min;
}

static uint32_t
count_calls(const struct jit_prog *prog, int32_t helper)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i))
		cnt += is_call_of(&prog->insns[i], helper);
	return cnt;
}

/* Can the instruction run more than once a packet? Between a jump back and where that goes, or in a
 * function that is called so, or from two places. depth: of calls, the kernel has no more. */
static bool
runs_again(const struct jit_prog *prog, uint32_t slot, uint32_t depth)
{
	uint32_t calls = 0;

	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i)) {
		const struct jit_insn *insn = &prog->insns[i];

		if (jit_is_local_call(insn)) {
			if (prog->insns[slot].subprog == 0 || insn->jump_dest >= prog->insn_cnt ||
				prog->insns[insn->jump_dest].subprog != prog->insns[slot].subprog)
				continue;
			if (++calls > 1 || depth == 0 || runs_again(prog, i, depth - 1))
				return true;
		} else if (insn->jump_dest <= slot && i >= slot) {
			return true;
		}
	}
	return false;
}

/* No test at all: the delta is small, the frame is not. Of what is left an Ethernet header must be
 * there: a frame that is too short for that is none of a wire, and not all are of a wire. */
static void
find_untested_head(struct jit_prog *prog, uint32_t slot, bool is_once)
{
	const struct jit_insn *insn = &prog->insns[slot];
	bool is_cut = insn->all_src.min <= INT32_MAX && insn->all_src.max > 0;

	if (!is_once || (is_cut && count_calls(prog, BPF_FUNC_xdp_adjust_tail) > 0))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_HEAD_UNTESTED);
	else if (is_cut)
		jit_find(prog, (int32_t)slot, JIT_RULE_HEAD_SHORT,
			ETH_HLEN + (uint32_t)insn->all_src.max);
}

static void
find_head(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_card *card = prog->input.card;
	const struct jit_insn *insn = &prog->insns[slot];
	bool is_once =
		count_calls(prog, BPF_FUNC_xdp_adjust_head) == 1 && !runs_again(prog, slot, 8);

	if (prog->adjust_head_at == slot) {
		find_untested_head(prog, slot, is_once);
	} else if (!is_once ||
		   may_be_outside(&insn->all_src, -(int64_t)card->adjust_head.guaranteed_sub,
			   card->adjust_head.guaranteed_add)) {
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_HEAD_RANGE,
			card->adjust_head.guaranteed_sub, card->adjust_head.guaranteed_add);
	}
}

/* ---- results ---- */

/* The exit this move's result surely comes to; JIT_NONE: it does not, or who knows. */
static uint32_t
exit_of(const struct jit_prog *prog, uint32_t slot)
{
	for (uint32_t steps = 0; steps < prog->insn_cnt && slot < prog->insn_cnt; steps++) {
		const struct jit_insn *insn = &prog->insns[slot];

		if (insn->bpf.code == (BPF_JMP | BPF_EXIT))
			return slot;
		if (jit_is_jump(insn) && BPF_OP(insn->bpf.code) != BPF_JA)
			return JIT_NONE;
		if (!jit_is_jump(insn) && !jit_is_store(insn) && insn->bpf.dst_reg == BPF_REG_0)
			return JIT_NONE;
		slot = jit_is_jump(insn) ? insn->jump_dest : jit_next(prog, slot);
	}
	return JIT_NONE;
}

static bool
is_redirect(const struct jit_insn *exit)
{
	return exit->umin_src <= XDP_REDIRECT && exit->umax_src >= XDP_REDIRECT;
}

/* The exit tells it when the walk came there with the number. It need not: of paths that differ in
 * a result only, it leaves the second. */
static void
find_redirect(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];
	uint32_t exit;

	if (jit_is_tc(prog) || insn->subprog != 0)
		return;
	if (insn->bpf.code == (BPF_JMP | BPF_EXIT) && is_redirect(insn))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_REDIRECT);
	if (!jit_is_alu(insn) || BPF_OP(insn->bpf.code) != BPF_MOV || is_by_reg(insn) ||
		insn->bpf.dst_reg != BPF_REG_0 || insn->bpf.imm != XDP_REDIRECT)
		return;
	exit = exit_of(prog, jit_next(prog, slot));
	if (exit != JIT_NONE && !is_redirect(&prog->insns[exit]))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_REDIRECT);
}

/* ---- the stack ---- */

static bool
is_map_call(const struct jit_insn *insn)
{
	return is_call_of(insn, BPF_FUNC_map_lookup_elem) ||
	       is_call_of(insn, BPF_FUNC_map_update_elem) ||
	       is_call_of(insn, BPF_FUNC_map_delete_elem);
}

static void
find_held(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];
	bool is_read = insn->is_held;

	for (uint32_t reg = BPF_REG_6; reg <= BPF_REG_9; reg++)
		is_read |= insn->held_regs >> reg & 1 && jit_is_read_after(prog, slot, reg);
	if (is_read)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_VALUE_HELD);
}

static void
find_key(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	if (insn->key_padding)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_KEY_PADDING, insn->key_padding);
	if (is_map_call(insn) && insn->flags & JIT_F_CALLER_STACK &&
		!jit_is_key_elsewhere(prog, insn))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_KEY_OUTER);
}

/* r10 as anything but the base of an access and the source of a move. */
static bool
reads_frame_pointer(const struct jit_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->bpf.code);
	bool is_src = insn->bpf.src_reg == BPF_REG_10;

	if (class == BPF_STX)
		return is_src;
	if (jit_is_cond_jump(insn))
		return insn->bpf.dst_reg == BPF_REG_10 ||
		       (is_src && BPF_SRC(insn->bpf.code) == BPF_X);
	return jit_is_alu(insn) && is_src && BPF_SRC(insn->bpf.code) == BPF_X &&
	       insn->bpf.code != (BPF_ALU64 | BPF_MOV | BPF_X);
}

/* ---- all ---- */

void
jit_find_call_quirks(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	find_redirect(prog, slot);
	find_held(prog, slot);
	find_key(prog, slot);
	if (is_call_of(insn, BPF_FUNC_get_prandom_u32))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_RANDOM);
	if (is_call_of(insn, BPF_FUNC_xdp_adjust_tail) && insn->all_src.min <= INT32_MAX)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_TAIL_GROWS);
	if (is_call_of(insn, BPF_FUNC_xdp_adjust_head))
		find_head(prog, slot);
	if (reads_frame_pointer(insn))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_FRAME_POINTER);
	if (jit_is_jump(insn) && !jit_is_local_call(insn) && insn->jump_dest < prog->insn_cnt &&
		prog->insns[insn->jump_dest].flags & JIT_F_SUBPROG_START)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_LOOP_AT_START);
}
