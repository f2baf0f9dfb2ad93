/* SPDX-License-Identifier: BSD-2-Clause */
/* Gadgets of arithmetic: scalars made, changed and bounded; pointers moved. */
#include "tests/diff/gen_internal.h"

static void
load_imm64(struct gen *g, uint8_t dst)
{
	int32_t low = gen_imm(g), high = gen_imm(g);

	gen_emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, low);
	gen_emit(g, 0, 0, 0, 0, high);
	gen_set_scalar(g, dst, ANY_SCALAR);
}

static void
call_for_scalar(struct gen *g)
{
	static const int32_t ids[] = { BPF_FUNC_get_prandom_u32, BPF_FUNC_ktime_get_ns,
		BPF_FUNC_get_smp_processor_id };
	uint32_t cnt = g->opts->is_for_card ? 1 : g->opts->is_runnable ? 2 : 3;

	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, ids[gen_roll(g, cnt)]);
	gen_clobber(g);
	gen_set_scalar(g, 0, ANY_SCALAR);
}

void
gen_new_scalar(struct gen *g)
{
	uint8_t dst = gen_pick_dst(g);
	int32_t imm = gen_imm(g);

	switch (gen_roll(g, 6)) {
	case 0: load_imm64(g, dst); return;
	case 1: gadget_ctx_load(g); return;
	case 2:
		gen_emit(g, BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, imm);
		gen_set_scalar(g, dst, (uint32_t)imm);
		return;
	default:
		gen_emit(g, MOV64_K, dst, 0, 0, imm);
		gen_set_scalar(g, dst, imm < 0 ? ANY_SCALAR : (uint32_t)imm);
		g->s.r[dst].is_const = true;
		return;
	}
}

void
gadget_new_scalar(struct gen *g)
{
	if (gen_chance(g, 80) || g->reserved & 1 ||
		(g->opts->is_for_card && g->opts->has_no_random))
		gen_new_scalar(g);
	else
		call_for_scalar(g);
}

/* The bound a scalar has after `op`, when the model can tell. */
static uint32_t
bound_after(uint8_t op, uint32_t max, uint32_t arg)
{
	uint64_t sum = (uint64_t)max + arg;

	if (max == ANY_SCALAR && op != BPF_AND && op != BPF_MOV)
		return ANY_SCALAR;
	switch (op) {
	case BPF_ADD: return sum < ANY_SCALAR ? (uint32_t)sum : ANY_SCALAR;
	case BPF_AND: return arg < max ? arg : max;
	case BPF_MOV: return arg;
	case BPF_RSH: return arg < 32 ? max >> arg : 0;
	default: return ANY_SCALAR;
	}
}

static const uint8_t alu_ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH,
	BPF_RSH, BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_AND, BPF_ADD, BPF_RSH, BPF_LSH, BPF_SUB };

/* The card has it for some operands only, or not at all: gadget_card_product(), _shift(). */
static bool
is_restricted(uint8_t op)
{
	return op == BPF_MUL || op == BPF_DIV || op == BPF_MOD;
}

static bool
is_shift(uint8_t op)
{
	return op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

static void
alu_imm(struct gen *g, uint8_t dst, uint8_t op, uint8_t class, bool is_signed)
{
	uint32_t width = class == BPF_ALU64 ? 64 : 32;
	int32_t imm = gen_imm(g);
	uint32_t max = g->s.r[dst].max;
	bool is_const;

	if (is_shift(op))
		imm = gen_slip(g, (int32_t)gen_roll(g, width));
	if ((op == BPF_DIV || op == BPF_MOD) && imm == 0)
		imm = 3;
	is_const = g->s.r[dst].is_const || op == BPF_MOV;
	gen_emit(g, class | op | BPF_K, dst, 0, is_signed, imm);
	gen_set_scalar(
		g, dst, imm < 0 || is_signed ? ANY_SCALAR : bound_after(op, max, (uint32_t)imm));
	g->s.r[dst].is_const = is_const;
}

void
gadget_alu(struct gen *g)
{
	uint8_t dst = gen_scalar(g), op = alu_ops[gen_roll(g, sizeof(alu_ops))];
	uint8_t class = gen_chance(g, 60) ? BPF_ALU64 : BPF_ALU, src;
	bool is_signed = (op == BPF_DIV || op == BPF_MOD) && gen_chance(g, 30), is_const;

	if (g->reserved & 1u << dst || g->s.r[dst].kind != SCALAR)
		return;
	if (g->opts->is_for_card && is_restricted(op))
		return;
	if (gen_chance(g, 50) || (g->opts->is_for_card && is_shift(op))) {
		alu_imm(g, dst, op, class, is_signed);
		return;
	}
	src = gen_scalar(g);
	if (g->s.r[src].kind != SCALAR)
		return;
	is_const = (g->s.r[dst].is_const || op == BPF_MOV) && g->s.r[src].is_const;
	gen_emit(g, class | op | BPF_X, dst, src, is_signed, 0);
	gen_set_scalar(g, dst,
		is_signed ? ANY_SCALAR
		: op == BPF_MOV || op == BPF_ADD || op == BPF_AND
			? bound_after(op, g->s.r[dst].max, g->s.r[src].max)
			: ANY_SCALAR);
	g->s.r[dst].is_const = is_const;
}

/* Sign extension, byte swap, negation. */
void
gadget_convert(struct gen *g)
{
	static const int32_t widths[] = { 16, 32, 64 };
	uint8_t dst = gen_scalar(g), src = gen_scalar(g);
	int32_t width = widths[gen_roll(g, 3)];

	if (g->reserved & 1u << dst || g->s.r[src].kind != SCALAR || g->s.r[dst].kind != SCALAR)
		return;
	switch (gen_roll(g, 6)) {
	case 0: gen_emit(g, BPF_ALU64 | BPF_NEG, dst, 0, 0, 0); break;
	case 1: gen_emit(g, BPF_ALU | BPF_NEG, dst, 0, 0, 0); break;
	case 2:
		gen_emit(g, BPF_ALU | BPF_END | (gen_chance(g, 50) ? BPF_X : BPF_K), dst, 0, 0,
			width);
		break;
	case 3: gen_emit(g, BPF_ALU64 | BPF_END, dst, 0, 0, width); break;
	case 4: gen_emit(g, MOV64_X, dst, src, 8 << gen_roll(g, 3), 0); break;
	default: gen_emit(g, MOV32_X, dst, src, 8 << gen_roll(g, 2), 0); break;
	}
	gen_set_scalar(g, dst, ANY_SCALAR);
}

uint8_t
gen_bounded(struct gen *g, uint32_t max)
{
	uint8_t reg = gen_scalar(g), copy;
	uint32_t mask = 1;

	if (g->s.r[reg].max <= max || g->s.r[reg].kind != SCALAR)
		return reg;
	if (g->reserved & 1u << reg) {
		copy = gen_pick_dst(g);
		gen_emit(g, MOV64_X, copy, reg, 0, 0);
		reg = copy;
	}
	while (mask <= max / 2)
		mask *= 2;
	/* A constant would always leave, or never: mask it. So in long programs, to stay alive. */
	switch (g->s.r[reg].is_const || g->opts->is_straight ? 6
		: g->opts->is_for_card			     ? 3 * gen_roll(g, 3)
							     : gen_roll(g, 7)) {
	case 0: gen_leave_if(g, JMP_K(BPF_JGT), reg, 0, (int32_t)max); break;
	case 5: /* what is learned of a copy, is learned */
		copy = gen_pick_dst(g);
		if (copy != reg)
			gen_emit(g, MOV64_X, copy, reg, 0, 0);
		gen_leave_if(g, JMP_K(BPF_JGT), copy, 0, (int32_t)max);
		gen_set_scalar(g, copy, max);
		break;
	case 1:
		gen_leave_if(g, JMP_K(BPF_JSGT), reg, 0, (int32_t)max);
		gen_leave_if(g, JMP_K(BPF_JSLT), reg, 0, 0);
		break;
	case 2:
		gen_emit(g, MOV32_X, reg, reg, 0, 0);
		gen_leave_if(g, BPF_JMP32 | BPF_JGT | BPF_K, reg, 0, (int32_t)max);
		break;
	case 3:
		gen_emit(g, MOV32_X, reg, reg, 0, 0);
		gen_emit(g, BPF_ALU | BPF_RSH | BPF_K, reg, 0, 0,
			mask == 1 ? 31 : __builtin_clz(mask) + 1);
		break;
	case 4: /* no verifier of 6.12 follows a remainder */
		gen_emit(g, BPF_ALU64 | BPF_MOD | BPF_K, reg, 0, 0, (int32_t)(max + 1));
		if (!gen_errs(g, 5))
			gen_leave_if(g, JMP_K(BPF_JGE), reg, 0, (int32_t)max + 1);
		break;
	default: gen_emit(g, AND64_K, reg, 0, 0, (int32_t)(mask - 1)); break;
	}
	gen_set_scalar(g, reg, max);
	return reg;
}

/* ---- pointers ---- */

#define POINTERS (KIND(PKT) | KIND(MEM) | KIND(FRAME))

static void
add_const(struct gen *g, uint8_t dst, int32_t delta)
{
	uint8_t other;

	switch (gen_roll(g, 4)) {
	case 0:
		if (g->s.r[dst].kind == FRAME && !gen_errs(g, 5))
			return;
		gen_emit(g, BPF_ALU64 | BPF_SUB | BPF_K, dst, 0, 0, -delta);
		break;
	case 1: /* a known scalar in a register */
		other = gen_pick_dst(g);
		if (other == dst)
			break;
		gen_emit(g, MOV64_K, other, 0, 0, delta);
		gen_set_scalar(g, other, ANY_SCALAR);
		gen_emit(g, ADD64_X, dst, other, 0, 0);
		g->s.r[dst].off += delta;
		return;
	default: gen_emit(g, ADD64_K, dst, 0, 0, delta); break;
	}
	g->s.r[dst].off += delta;
}

/* p - q of one packet: a scalar. */
static void
subtract_pointers(struct gen *g)
{
	int p = gen_pick(g, KIND(PKT) | KIND(PKT_END)), q = gen_pick(g, KIND(PKT));
	uint8_t dst = gen_pick_dst(g);

	if (p < 0 || q < 0 || dst == q)
		return;
	gen_emit(g, MOV64_X, dst, (uint8_t)p, 0, 0);
	gen_emit(g, BPF_ALU64 | BPF_SUB | BPF_X, dst, (uint8_t)q, 0, 0);
	gen_set_scalar(g, dst, ANY_SCALAR);
}

void
gadget_pointer_alu(struct gen *g)
{
	int p = gen_pick(g, POINTERS);
	uint8_t dst = gen_pick_dst(g);

	if (p < 0)
		return;
	if (gen_chance(g, 20)) {
		subtract_pointers(g);
		return;
	}
	if (p == 10 || gen_chance(g, 70)) {
		gen_pointer_to(g, dst, (uint8_t)p, 0);
		p = dst;
	}
	if (!(g->reserved & 1u << p))
		add_const(g, (uint8_t)p, (int32_t)gen_roll(g, 33) - 16);
}
