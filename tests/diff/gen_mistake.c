/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes: a finished program is changed in one or two places. */
#include "tests/diff/edit.h"
#include "tests/diff/gen_internal.h"

static uint32_t
roll_place(struct gen *g)
{
	uint32_t at = gen_roll(g, g->cnt);

	return edit_is_second_half(g->insns, at) ? at - 1 : at;
}

static void
drop(struct gen *g, uint32_t at)
{
	uint32_t len = xb_insn_is_wide(&g->insns[at]) ? 2 : 1;

	if (g->cnt > len + 1)
		edit_remove(g->insns, &g->cnt, at, len);
}

/* A small wrong number. */
static void
nudge(struct gen *g, uint32_t at)
{
	struct bpf_insn *insn = &g->insns[at];
	int32_t delta = (int32_t)gen_roll(g, 9) - 4;

	if (gen_chance(g, 10) ? gen_chance(g, 50) : insn->off != 0 && gen_chance(g, 70))
		insn->off = (int16_t)(insn->off + delta);
	else
		insn->imm = (int32_t)((uint32_t)insn->imm + (uint32_t)delta);
}

static void
wrong_register(struct gen *g, uint32_t at)
{
	struct bpf_insn *insn = &g->insns[at];

	if (gen_chance(g, 50) || (insn->src_reg == 0 && !(insn->code & BPF_X) && gen_chance(g, 90)))
		insn->dst_reg = gen_roll(g, 11) & 15u;
	else
		insn->src_reg = gen_roll(g, 11) & 15u;
}

/* Another operation, width, or source, of the same class or any. */
static void
wrong_code(struct gen *g, uint32_t at)
{
	struct bpf_insn *insn = &g->insns[at];

	switch (gen_roll(g, 4)) {
	case 0: insn->code = (uint8_t)(insn->code ^ (gen_roll(g, 16) << 4)); break;
	case 1: insn->code ^= 0x08; break;
	case 2: insn->code ^= 0x18; break;
	default: insn->code = (uint8_t)gen_roll(g, 256); break;
	}
}

/* An instruction that does not belong there. */
static void
intrude(struct gen *g, uint32_t at)
{
	static const uint8_t codes[] = { MOV64_K, MOV64_X, ADD64_K, ADD64_X, AND64_K, MOV32_X,
		LOAD(BPF_W), LOAD(BPF_DW), STORE(BPF_DW), STORE_K(BPF_W), JMP_K(BPF_JEQ),
		JMP_X(BPF_JGT), BPF_ALU64 | BPF_SUB | BPF_X, BPF_ALU | BPF_NEG, BPF_JMP | BPF_EXIT,
		BPF_ALU64 | BPF_LSH | BPF_X };
	uint8_t code = codes[gen_roll(g, sizeof(codes))];
	uint8_t class = BPF_CLASS(code);
	bool has_src = class == BPF_LDX || class == BPF_STX || (code & BPF_X && class != BPF_ST);
	bool is_memory = class == BPF_LDX || class == BPF_ST || class == BPF_STX;
	bool is_exit = code == (BPF_JMP | BPF_EXIT);

	if (g->cnt + 1 >= GEN_INSNS_MAX)
		return;
	edit_insert(g->insns, &g->cnt, at,
		(struct bpf_insn){
			.code = code,
			.dst_reg = is_exit ? 0 : gen_roll(g, 11) & 15u,
			.src_reg = has_src ? gen_roll(g, 11) & 15u : 0,
			.off = (int16_t)(is_memory			? (int)gen_roll(g, 40) - 24
					 : class == BPF_JMP && !is_exit ? (int)gen_roll(g, 4)
									: 0),
			.imm = has_src || is_exit || code == (BPF_ALU | BPF_NEG) ? 0 : gen_imm(g),
		});
}

static void
swap(struct gen *g, uint32_t at)
{
	struct bpf_insn one = g->insns[at];

	if (at + 1 >= g->cnt || xb_insn_is_wide(&one) || xb_insn_is_wide(&g->insns[at + 1]))
		return;
	g->insns[at] = g->insns[at + 1];
	g->insns[at + 1] = one;
}

void
gen_mistake(struct gen *g)
{
	static void (*const mistakes[])(struct gen * g, uint32_t at) = { drop, drop, nudge, nudge,
		nudge, wrong_register, wrong_register, wrong_code, intrude, intrude, swap };
	uint32_t count = 1 + gen_chance(g, 15);

	for (uint32_t i = 0; i < count; i++)
		mistakes[gen_roll(g, sizeof(mistakes) / sizeof(mistakes[0]))](g, roll_place(g));
}
