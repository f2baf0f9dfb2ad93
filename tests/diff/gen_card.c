/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gadgets of what the nfp driver takes with conditions, or treats specially (nfp-isa.md 10, 11),
 * and the beginning and the end of functions for the card: nothing undefined is read, and what a
 * program computed is in its packet at the end.
 */
#include "tests/diff/gen_internal.h"

uint32_t
gen_card_read_bytes(const struct greg *value)
{
	return value->is_stack ? value->size : value->size / 2;
}

/* ---- arithmetic ---- */

static uint8_t
roll_class(struct gen *g)
{
	return gen_chance(g, 60) ? BPF_ALU64 : BPF_ALU;
}

/* Constants that the driver divides by in each of its ways, nfp-isa.md 10.4. */
static int32_t
roll_divisor(struct gen *g)
{
	static const int32_t divisors[] = { 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 25, 64, 100, 256,
		1000, 1500, 4096, 65535, 65536, 0x7fffffff, 28, 641 };

	if (gen_chance(g, 30))
		return 1 + (int32_t)gen_roll(g, 0x7fffffff);
	return divisors[gen_roll(g, sizeof(divisors) / sizeof(divisors[0]))];
}

/* A scalar of 32 bits at most, by an instruction the verifier knows that of. */
static uint8_t
bound_to(struct gen *g, bool is_short)
{
	uint8_t reg = gen_scalar(g);

	if (g->s.r[reg].kind != SCALAR || g->reserved & 1u << reg)
		return 10;
	if (is_short)
		gen_emit(g, AND64_K, reg, 0, 0, 0xffff);
	else
		gen_emit(g, MOV32_X, reg, reg, 0, 0);
	gen_set_scalar(g, reg, is_short ? 0xffff : ANY_SCALAR);
	return reg;
}

void
gadget_card_product(struct gen *g)
{
	uint8_t op = gen_chance(g, 60) ? BPF_MUL : BPF_DIV, class = roll_class(g), src;
	uint8_t dst = bound_to(g, gen_chance(g, 40));

	if (dst == 10)
		return;
	if (op == BPF_DIV && gen_chance(g, 30)) {
		gen_emit(g, MOV64_K, g->scratch, 0, 0, roll_divisor(g));
		gen_emit(g, class | op | BPF_X, dst, g->scratch, 0, 0);
	} else if (op == BPF_DIV) {
		gen_emit(g, class | op | BPF_K, dst, 0, 0, roll_divisor(g));
	} else if (gen_chance(g, 50)) {
		int32_t imm = gen_imm(g);

		gen_emit(g, class | op | BPF_K, dst, 0, 0,
			class == BPF_ALU64 && imm < 0 ? 0x7fffffff : imm);
	} else {
		src = bound_to(g, gen_chance(g, 40));
		if (src == 10)
			return;
		gen_emit(g, class | op | BPF_X, dst, src, 0, 0);
	}
	gen_set_scalar(g, dst, ANY_SCALAR);
}

/* By a register, the driver has code of its own for 0-31, 32-63, and any amount. */
void
gadget_card_shift(struct gen *g)
{
	static const uint8_t ops[] = { BPF_LSH, BPF_RSH, BPF_ARSH };
	uint8_t dst = gen_scalar(g), by = gen_unknown(g), class = roll_class(g);

	if (g->s.r[dst].kind != SCALAR || g->s.r[by].kind != SCALAR || dst == by ||
		(g->reserved & (1u << dst | 1u << by)))
		return;
	switch (gen_roll(g, 4)) {
	case 0:
		gen_emit(g, AND64_K, by, 0, 0, 31);
		gen_emit(g, BPF_ALU64 | BPF_OR | BPF_K, by, 0, 0, class == BPF_ALU64 ? 32 : 1);
		break;
	case 1:
		gen_emit(g, AND64_K, by, 0, 0, 15);
		gen_emit(g, ADD64_K, by, 0, 0, 1 + (int32_t)gen_roll(g, 15));
		break;
	case 2: gen_emit(g, AND64_K, by, 0, 0, gen_chance(g, 50) ? 31 : 63); break;
	default:
		if (g->s.r[by].is_const)
			return;
		break;
	}
	gen_set_scalar(g, by, ANY_SCALAR);
	gen_emit(g, class | ops[gen_roll(g, 3)] | BPF_X, dst, by, 0, 0);
	gen_set_scalar(g, dst, ANY_SCALAR);
}

void
gadget_card_swap(struct gen *g)
{
	static const int32_t widths[] = { 16, 32, 64 };
	uint8_t dst = gen_scalar(g), src = gen_scalar(g);

	if (g->reserved & 1u << dst || g->s.r[dst].kind != SCALAR || g->s.r[src].kind != SCALAR)
		return;
	switch (gen_roll(g, 4)) {
	case 0: gen_emit(g, BPF_ALU64 | BPF_NEG, dst, 0, 0, 0); break;
	case 1: gen_emit(g, BPF_ALU | BPF_NEG, dst, 0, 0, 0); break;
	case 2: gen_emit(g, MOV32_X, dst, src, 0, 0); break;
	default:
		gen_emit(g, BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, widths[gen_roll(g, 3)]);
		break;
	}
	gen_set_scalar(g, dst, ANY_SCALAR);
}

/* ---- the packet ---- */

/* The register of this kind with the most bytes; -1. */
static int
widest(struct gen *g, enum kind kind)
{
	int best = -1;

	for (int reg = 0; reg < 10; reg++) {
		const struct greg *r = &g->s.r[reg];
		uint32_t bytes = kind == PKT ? r->range : r->size;

		if (r->kind == kind && bytes > 16 &&
			(best < 0 ||
				bytes > (kind == PKT ? g->s.r[best].range : g->s.r[best].size)))
			best = reg;
	}
	return best;
}

/* Loads and stores of one register that go on in one direction. */
void
gadget_card_copy(struct gen *g)
{
	int to = widest(g, PKT), from = gen_chance(g, 40) ? widest(g, MEM) : to;
	uint32_t size = 1u << gen_roll(g, 4), pairs = 1 + gen_roll(g, 6), room, at, into;
	bool is_down = gen_chance(g, 30);
	uint8_t reg = gen_pick_dst(g);

	if (to < 0 || from < 0 || reg == to || reg == from)
		return;
	if (g->s.r[from].is_stack)
		return;
	room = g->s.r[from].kind == MEM ? gen_card_read_bytes(&g->s.r[from]) : g->s.r[from].range;
	if (pairs * size > room || pairs * size > g->s.r[to].range)
		return;
	at = gen_roll(g, room - pairs * size + 1);
	into = gen_roll(g, g->s.r[to].range - pairs * size + 1);
	for (uint32_t i = 0; i < pairs; i++) {
		int32_t off = (int32_t)((is_down ? pairs - 1 - i : i) * size);

		gen_emit(g, LOAD(gen_size_code(size)), reg, (uint8_t)from,
			(int32_t)at + off - g->s.r[from].off, 0);
		gen_emit(g, STORE(gen_size_code(size)), (uint8_t)to, reg,
			(int32_t)into + off - g->s.r[to].off, 0);
	}
	gen_set_scalar(g, reg, size < 4 ? (1u << size * 8) - 1 : ANY_SCALAR);
}

/* A pointer that is elsewhere on another path, and accesses through it and the first one. */
void
gadget_card_paths(struct gen *g)
{
	int p = widest(g, PKT);
	uint8_t q = gen_pick_dst(g), cond = gen_unknown(g), dst;
	int32_t move = 1 + (int32_t)gen_roll(g, 8);
	uint32_t range;

	if (p < 0 || g->s.r[p].kind != PKT || q == p || cond == p || q == cond ||
		g->s.r[cond].kind != SCALAR)
		return;
	range = g->s.r[p].range;
	gen_pointer_to(g, q, (uint8_t)p, -g->s.r[p].off);
	gen_emit(g, JMP_K(BPF_JGT), cond, 0, 1, gen_imm(g));
	gen_emit(g, ADD64_K, q, 0, 0, move);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t size = 1u << gen_roll(g, 3);
		uint8_t base = i == 0 && gen_chance(g, 50) ? (uint8_t)p : q;
		int32_t off = (int32_t)gen_roll(g, range - (uint32_t)move - size);

		dst = gen_pick_dst(g);
		if (dst == q || dst == p || g->s.r[p].kind != PKT)
			break;
		gen_emit(g, LOAD(gen_size_code(size)), dst, base,
			base == q ? off : off - g->s.r[p].off, 0);
		gen_set_scalar(g, dst, ANY_SCALAR);
	}
	g->s.r[q].kind = UNKNOWN;
}

/* A number that is another one on another path, in an instruction that the driver has different
 * code for. */
void
gadget_card_choice(struct gen *g)
{
	static const int32_t numbers[] = { 1, 3, 31, 33, 63, 255, 70000 };
	static const uint8_t ops[] = { BPF_LSH, BPF_RSH, BPF_ARSH, BPF_MUL };
	uint32_t op = gen_roll(g, sizeof(ops)), cnt = op < 3 ? 5 : 7;
	uint8_t dst = bound_to(g, gen_chance(g, 50)), cond = gen_unknown(g);
	uint8_t by = gen_pick_dst(g);

	if (dst == 10 || dst == by || cond == by || g->s.r[dst].kind != SCALAR ||
		g->s.r[cond].kind != SCALAR)
		return;
	gen_emit(g, MOV64_K, by, 0, 0, numbers[gen_roll(g, cnt)]);
	gen_emit(g, JMP_K(BPF_JGT), cond, 0, 1, gen_imm(g));
	gen_emit(g, MOV64_K, by, 0, 0, numbers[gen_roll(g, cnt)]);
	gen_set_scalar(g, by, ANY_SCALAR);
	gen_emit(g, BPF_ALU64 | ops[op] | BPF_X, dst, by, 0, 0);
	gen_set_scalar(g, dst, ANY_SCALAR);
	g->s.r[dst].is_const = false;
}

/* ---- functions ---- */

#define DUMP_REGS 10

void
gen_card_begin(struct gen *g)
{
	g->scratch = (uint8_t)(8 + gen_roll(g, 2));
	g->reserved |= (uint16_t)(1u << g->scratch);
	if (!g->is_sub) {
		g->stack_bytes = gen_chance(g, 70) ? 64 : 128;
		g->map_updates = gen_roll(g, 1u << GEN_CARD_MAPS);
	}
	for (uint8_t reg = 6; reg <= 7; reg++)
		if (g->s.r[reg].kind == CTX && !g->is_sub)
			g->reserved |= (uint16_t)(1u << reg);
	for (uint8_t reg = 1; reg <= 5; reg++) /* would soon be gone */
		if (g->s.r[reg].kind == MEM && g->s.r[reg].is_stack)
			gen_pointer_to(g, g->s.r[7].kind == CTX ? 6 : 7, reg, 0);
	gen_emit(g, MOV64_K, g->scratch, 0, 0, gen_imm(g));
	for (uint32_t slot = 0; slot < g->stack_bytes / 8; slot++) {
		gen_emit(g, STORE(BPF_DW), 10, g->scratch, -8 * (int32_t)(slot + 1), 0);
		g->s.slots[slot] = (struct greg){ .kind = SCALAR, .max = ANY_SCALAR };
	}
	gadget_packet_check(g);
	gadget_packet_access(g);
	gadget_packet_access(g);
	if (g->is_sub) {
		gadget_mem_access(g);
		gadget_mem_access(g);
	}
}

/* r2 points to the packet when it has so many bytes; else to the end of the function. */
static void
check_packet(struct gen *g, int32_t bytes)
{
	gen_emit(g, MOV64_X, 4, 2, 0, 0);
	gen_emit(g, ADD64_K, 4, 0, 0, bytes);
	gen_leave_if(g, JMP_X(BPF_JGT), 4, 3, 0);
}

/* A value from r10 + from to r2 + to. */
static void
show(struct gen *g, int32_t from, int32_t to)
{
	gen_emit(g, LOAD(BPF_DW), 5, 10, from, 0);
	gen_emit(g, STORE(BPF_DW), 2, 5, to, 0);
}

void
gen_card_end(struct gen *g)
{
	int32_t saved = -(int32_t)g->stack_bytes, ctx = gen_pick(g, KIND(CTX));
	uint32_t slots = g->stack_bytes / 8;

	for (uint8_t reg = 6; reg <= 7; reg++)
		if (g->reserved & 1u << reg)
			ctx = reg;
	if (ctx < 0)
		return;
	for (uint8_t reg = 0; reg < DUMP_REGS; reg++)
		if (g->s.r[reg].kind == SCALAR)
			gen_emit(g, STORE(BPF_DW), 10, reg, saved - 8 * (reg + 1), 0);
	gen_emit(g, LOAD(BPF_W), 3, (uint8_t)ctx, gen_ctx_offset(g, CTX_DATA_END), 0);
	gen_emit(g, LOAD(BPF_W), 2, (uint8_t)ctx, gen_ctx_offset(g, CTX_DATA), 0);
	check_packet(g, 8 * DUMP_REGS);
	for (uint8_t reg = 0; reg < DUMP_REGS; reg++)
		if (g->s.r[reg].kind == SCALAR)
			show(g, saved - 8 * (reg + 1), 8 * reg);
	check_packet(g, 8 * (DUMP_REGS + (int32_t)slots));
	for (uint32_t slot = 0; slot < slots; slot++)
		if (g->s.slots[slot].kind == SCALAR)
			show(g, -8 * (int32_t)(slot + 1), 8 * (DUMP_REGS + (int32_t)slot));
	for (uint8_t reg = 0; reg <= 5; reg++)
		g->s.r[reg].kind = UNKNOWN;
}
