/* SPDX-License-Identifier: BSD-2-Clause */
/* Gadgets of control flow. */
#include "tests/diff/gen_internal.h"

static const uint8_t conditions[] = { BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE,
	BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET };

static uint8_t
roll_condition(struct gen *g)
{
	uint8_t class = gen_chance(g, 65) ? BPF_JMP : BPF_JMP32;

	return class | conditions[gen_roll(g, sizeof(conditions))];
}

/* Emit a jump whose distance is not known yet; returns its place. */
static uint32_t
emit_condition(struct gen *g)
{
	uint8_t code = roll_condition(g), src = gen_scalar(g);
	uint8_t dst = gen_chance(g, 95) ? gen_unknown(g) : gen_scalar(g);

	if (gen_chance(g, 60))
		gen_emit(g, code | BPF_K, dst, 0, 0, gen_imm(g));
	else
		gen_emit(g, code | BPF_X, dst, src, 0, 0);
	return g->cnt - 1;
}

static void
land(struct gen *g, uint32_t jump)
{
	g->insns[jump].off = (int16_t)(g->cnt - jump - 1);
}

/* A way out that is seldom the only one: what follows shall be alive. */
static void
leave_if_equal(struct gen *g)
{
	uint8_t reg = gen_unknown(g), class = gen_chance(g, 65) ? BPF_JMP : BPF_JMP32;
	struct gstate before;
	uint32_t jump = g->cnt;

	gen_emit(g, class | BPF_JNE | BPF_K, reg, 0, 0, gen_imm(g));
	before = g->s;
	gen_exit(g);
	land(g, jump);
	g->s = before;
}

/* if (...) { body } [else { body }], or a way out. */
void
gadget_if(struct gen *g)
{
	struct gstate before, after;
	uint32_t jump, over;

	if (g->depth >= 4)
		return;
	if (gen_chance(g, 20)) {
		leave_if_equal(g);
		return;
	}
	jump = emit_condition(g);
	before = g->s;
	g->depth++;
	gen_block(g, 1 + gen_roll(g, 3));
	if (gen_chance(g, 30)) {
		after = g->s;
		over = g->cnt;
		gen_emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		land(g, jump);
		g->s = before;
		gen_block(g, 1 + gen_roll(g, 2));
		land(g, over);
		gen_merge(&g->s, &after);
	} else {
		land(g, jump);
		gen_merge(&g->s, &before);
	}
	g->depth--;
}

void
gadget_compare_pointers(struct gen *g)
{
	bool is_for_card = g->opts->is_for_card; /* other addresses are not those of the host */
	uint32_t kinds = KIND(PKT) | KIND(PKT_END) | (is_for_card ? 0 : KIND(MEM) | KIND(CTX));
	int p = gen_pick(g, kinds);
	int q = gen_pick(g, kinds | (is_for_card ? 0 : KIND(SCALAR)));

	if (p < 0 || q < 0)
		return;
	if (!is_for_card && gen_chance(g, 30))
		gen_emit(g, JMP_K(gen_chance(g, 50) ? BPF_JEQ : BPF_JNE), (uint8_t)p, 0, 0, 0);
	else
		gen_emit(g, JMP_X(conditions[gen_roll(g, 6)]), (uint8_t)p, (uint8_t)q, 0, 0);
}

/* ---- loops ---- */

static const struct {
	uint8_t op;
	bool is_down;
} loop_kinds[] = {
	{ BPF_JLT, false },
	{ BPF_JNE, false },
	{ BPF_JSLT, false },
	{ BPF_JLE, false },
	{ BPF_JNE, true },
	{ BPF_JSGT, true },
	{ BPF_JGT, true },
};

/* The body may run again with what it left: it must not lean on r0 - r5, nor change r6 - r9. */
static void
loop_body(struct gen *g)
{
	uint16_t reserved = g->reserved;

	gen_clobber(g);
	for (uint8_t reg = 6; reg <= 9; reg++)
		if (g->s.r[reg].kind != UNKNOWN && gen_chance(g, 90))
			g->reserved |= (uint16_t)(1u << reg);
	gen_block(g, 1 + gen_roll(g, 3));
	g->reserved = reserved;
}

void
gadget_loop(struct gen *g)
{
	uint32_t kind = gen_roll(g, sizeof(loop_kinds) / sizeof(loop_kinds[0]));
	uint32_t count = 1 + gen_roll(g, gen_chance(g, 10) ? 40 : 6), start;
	uint8_t counter = (uint8_t)(6 + gen_roll(g, 4)),
		class = gen_chance(g, 70) ? BPF_JMP : BPF_JMP32;
	bool is_down = loop_kinds[kind].is_down;
	struct greg old = g->s.r[counter];

	if (g->opts->is_straight || g->loops >= 2 || g->depth >= 3 || g->weight * count > 200 ||
		g->reserved & 1u << counter || old.kind == CTX)
		return;
	gen_emit(g, MOV64_K, counter, 0, 0, is_down ? (int32_t)count : 0);
	gen_set_scalar(g, counter, count);
	g->reserved |= (uint16_t)(1u << counter);
	g->loops++, g->depth++, g->weight *= count;
	start = g->cnt;
	loop_body(g);
	gen_emit(g, ADD64_K, counter, 0, 0, is_down ? -1 : 1);
	gen_emit(g, class | loop_kinds[kind].op | BPF_K, counter, 0,
		(int32_t)start - (int32_t)g->cnt - 1, is_down ? 0 : gen_slip(g, (int32_t)count));
	g->loops--, g->depth--, g->weight /= count;
	g->reserved &= (uint16_t) ~(1u << counter);
}

/* A jump over nothing, or over what nobody reaches. */
void
gadget_goto(struct gen *g)
{
	if (g->opts->is_for_card || gen_chance(g, 50))
		gen_emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	else
		gen_emit(g, BPF_JMP32 | BPF_JA, 0, 0, 0, 0);
}
