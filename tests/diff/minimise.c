/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delta debugging over instructions: pieces are dropped (jumps keep their targets), big ones
 * first; what remains gets simpler operands. Until nothing helps any more.
 */
#include "tests/diff/minimise.h"

#include "tests/diff/edit.h"

#include <stdlib.h>
#include <string.h>

struct work {
	struct bpf_insn *best, *trial;
	uint32_t best_cnt, trial_cnt;
	struct minimise_goal *goal;
};

static void
begin_trial(struct work *w)
{
	memcpy(w->trial, w->best, w->best_cnt * sizeof(*w->best));
	w->trial_cnt = w->best_cnt;
}

/* Keep the trial when it still shows it. */
static bool
end_trial(struct work *w)
{
	struct bpf_insn *swap = w->best;

	if (w->goal->tries == 0)
		return false;
	w->goal->tries--;
	if (!w->goal->holds(w->goal->arg, w->trial, w->trial_cnt))
		return false;
	w->best = w->trial;
	w->best_cnt = w->trial_cnt;
	w->trial = swap;
	return true;
}

static bool
drop_pieces(struct work *w, uint32_t len)
{
	bool is_smaller = false;

	for (uint32_t at = 0; at < w->best_cnt;) {
		uint32_t end = at + len < w->best_cnt ? at + len : w->best_cnt;

		if (edit_is_second_half(w->best, at))
			at++;
		if (end < w->best_cnt && edit_is_second_half(w->best, end))
			end++;
		if (end <= at || end - at >= w->best_cnt)
			break;
		begin_trial(w);
		edit_remove(w->trial, &w->trial_cnt, at, end - at);
		if (end_trial(w))
			is_smaller = true;
		else
			at = end;
	}
	return is_smaller;
}

static void
simplify_to_constant(struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code);

	if (class == BPF_ALU || class == BPF_ALU64 || class == BPF_LDX)
		*insn = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
			.dst_reg = insn->dst_reg };
}

static void
simplify_to_goto(struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	if ((class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT &&
		op != BPF_JA)
		*insn = (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = insn->off };
}

static void
simplify_imm_zero(struct bpf_insn *insn)
{
	insn->imm = 0;
}

static void
simplify_imm_half(struct bpf_insn *insn)
{
	insn->imm /= 2;
}

static void
simplify_imm_one(struct bpf_insn *insn)
{
	if (insn->imm != 0)
		insn->imm = 1;
}

static void
simplify_off(struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code);

	if (class == BPF_LDX || class == BPF_ST || class == BPF_STX)
		insn->off = 0;
}

static void
simplify_to_64_bits(struct bpf_insn *insn)
{
	if (BPF_CLASS(insn->code) == BPF_ALU)
		insn->code = (uint8_t)(insn->code | BPF_ALU64);
	else if (BPF_CLASS(insn->code) == BPF_JMP32)
		insn->code = (uint8_t)(insn->code & ~3u) | BPF_JMP;
}

static bool
simplify(struct work *w)
{
	static void (*const steps[])(struct bpf_insn * insn) = { simplify_to_constant,
		simplify_to_goto, simplify_imm_zero, simplify_imm_one, simplify_imm_half,
		simplify_off, simplify_to_64_bits };
	bool is_simpler = false;

	for (uint32_t at = 0; at < w->best_cnt; at++) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			begin_trial(w);
			steps[i](&w->trial[at]);
			if (memcmp(&w->trial[at], &w->best[at], sizeof(*w->best)) == 0)
				continue;
			is_simpler |= end_trial(w);
		}
	}
	return is_simpler;
}

uint32_t
minimise(struct bpf_insn *insns, uint32_t cnt, struct minimise_goal *goal)
{
	struct work w = { .best_cnt = cnt, .goal = goal };
	uint32_t before;

	w.best = calloc(cnt + 1, sizeof(*insns));
	w.trial = calloc(cnt + 1, sizeof(*insns));
	if (!w.best || !w.trial)
		abort();
	memcpy(w.best, insns, cnt * sizeof(*insns));
	do {
		before = w.best_cnt;
		for (uint32_t len = w.best_cnt / 2; len; len = len > 3 ? len * 2 / 3 : len - 1)
			drop_pieces(&w, len);
	} while ((simplify(&w) || w.best_cnt < before) && goal->tries);
	cnt = w.best_cnt;
	memcpy(insns, w.best, cnt * sizeof(*insns));
	free(w.best);
	free(w.trial);
	return cnt;
}
