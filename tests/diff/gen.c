/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generator's frame: a function is a prologue, gadgets until its budget is spent, and an
 * end; functions that were called follow. A gadget (gen_*.c) is a few instructions with a purpose,
 * written for what the registers hold at that place.
 */
#include "tests/diff/gen_internal.h"

#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

/* ---- dice ---- */

uint32_t
gen_roll(struct gen *g, uint32_t below)
{
	g->rng ^= g->rng << 13; /* xorshift64 */
	g->rng ^= g->rng >> 7;
	g->rng ^= g->rng << 17;
	return below ? (uint32_t)(g->rng >> 32) % below : 0;
}

bool
gen_chance(struct gen *g, uint32_t percent)
{
	return gen_roll(g, 100) < percent;
}

bool
gen_errs(struct gen *g, uint32_t percent)
{
	return g->opts->mistakes && gen_chance(g, percent);
}

int32_t
gen_imm(struct gen *g)
{
	static const int32_t edges[] = { 0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 255, 256,
		4095, 65535, INT32_MAX, INT32_MIN, INT32_MIN + 1 };

	switch (gen_roll(g, 4)) {
	case 0: return (int32_t)gen_roll(g, UINT32_MAX);
	case 1: return (int32_t)gen_roll(g, 32) - 8;
	default: return edges[gen_roll(g, sizeof(edges) / sizeof(edges[0]))];
	}
}

int32_t
gen_slip(struct gen *g, int32_t off)
{
	return gen_errs(g, g->opts->is_runnable ? 6 : 2) ? off + (int32_t)gen_roll(g, 9) - 4 : off;
}

/* ---- instructions and registers ---- */

void
gen_emit(struct gen *g, uint8_t code, uint8_t dst, uint8_t src, int32_t off, int32_t imm)
{
	if (g->cnt >= GEN_INSNS_MAX)
		return;
	/* The driver does not store constants. */
	if (g->opts->is_for_card && BPF_CLASS(code) == BPF_ST) {
		gen_emit(g, MOV64_K, g->scratch, 0, 0, imm);
		gen_emit(g, BPF_STX | BPF_MEM | BPF_SIZE(code), dst, g->scratch, off, 0);
		return;
	}
	g->insns[g->cnt++] = (struct bpf_insn){
		.code = code,
		.dst_reg = dst & 15u,
		.src_reg = src & 15u,
		.off = (int16_t)off,
		.imm = imm,
	};
}

int
gen_pick(struct gen *g, uint32_t kinds)
{
	uint32_t start = gen_roll(g, 11);

	for (uint32_t i = 0; i < 11; i++) {
		uint32_t reg = (start + i) % 11;

		if (kinds & KIND(g->s.r[reg].kind))
			return (int)reg;
	}
	return -1;
}

/* How much would be missed if this register were written. */
static uint32_t
worth(const struct gen *g, uint8_t reg)
{
	if (g->reserved & 1u << reg)
		return 1000;
	switch (g->s.r[reg].kind) {
	case UNKNOWN: return 0;
	case SCALAR: return 2;
	case CTX: return 9;
	case PKT: return g->s.r[reg].range ? 5 : 2;
	default: return 4;
	}
}

uint8_t
gen_pick_dst(struct gen *g)
{
	uint8_t best = (uint8_t)gen_roll(g, 10);

	for (int tries = 0; tries < 3; tries++) {
		uint8_t reg = (uint8_t)gen_roll(g, 10);

		if (worth(g, reg) < worth(g, best))
			best = reg;
	}
	while (g->reserved & 1u << best)
		best = (uint8_t)gen_roll(g, 10);
	return best;
}

void
gen_set(struct gen *g, uint8_t reg, struct greg value)
{
	g->s.r[reg] = value;
}

void
gen_set_scalar(struct gen *g, uint8_t reg, uint32_t max)
{
	g->s.r[reg] = (struct greg){ .kind = SCALAR, .max = max };
}

uint8_t
gen_scalar(struct gen *g)
{
	int reg = gen_pick(g, KIND(SCALAR));

	if (reg < 0 || gen_chance(g, 10)) {
		gen_new_scalar(g);
		reg = gen_pick(g, KIND(SCALAR));
	}
	return reg < 0 ? 0 : (uint8_t)reg;
}

uint8_t
gen_unknown(struct gen *g)
{
	for (int tries = 0; tries < 8; tries++) {
		uint8_t reg = gen_scalar(g);

		if (g->s.r[reg].kind == SCALAR && !g->s.r[reg].is_const)
			return reg;
		gadget_ctx_load(g);
	}
	return gen_scalar(g);
}

/* dst = src + add, src a pointer. */
void
gen_pointer_to(struct gen *g, uint8_t dst, uint8_t src, int32_t add)
{
	struct greg value = g->s.r[src];

	gen_emit(g, MOV64_X, dst, src, 0, 0);
	value.off += add;
	if (add)
		gen_emit(g, ADD64_K, dst, 0, 0, add);
	gen_set(g, dst, value);
}

void
gen_clobber(struct gen *g)
{
	for (uint8_t reg = 0; reg <= 5; reg++)
		g->s.r[reg].kind = UNKNOWN;
}

void
gen_invalidate_packet(struct gen *g)
{
	for (uint8_t reg = 0; reg < 10; reg++)
		if (KIND(g->s.r[reg].kind) & (KIND(PKT) | KIND(PKT_END) | KIND(PKT_META)))
			g->s.r[reg].kind = UNKNOWN;
	for (uint32_t slot = 0; slot < 64; slot++)
		if (KIND(g->s.slots[slot].kind) & (KIND(PKT) | KIND(PKT_END) | KIND(PKT_META)))
			g->s.slots[slot].kind = UNKNOWN;
}

int16_t
gen_ctx_offset(const struct gen *g, enum ctx_field field)
{
	static const size_t xdp[] = {
		offsetof(struct xdp_md, data),
		offsetof(struct xdp_md, data_end),
		offsetof(struct xdp_md, data_meta),
	};
	static const size_t tc[] = {
		offsetof(struct __sk_buff, data),
		offsetof(struct __sk_buff, data_end),
		offsetof(struct __sk_buff, data_meta),
	};

	return (int16_t)(g->opts->type == BPF_PROG_TYPE_XDP ? xdp[field] : tc[field]);
}

/* ---- joins and ends ---- */

static void
merge_reg(struct greg *into, const struct greg *other)
{
	if (into->kind != other->kind || into->id != other->id || into->off != other->off) {
		into->kind = into->kind == SCALAR && other->kind == SCALAR ? SCALAR : UNKNOWN;
	}
	if (into->max < other->max)
		into->max = other->max;
	if (into->range > other->range)
		into->range = other->range;
	if (into->size > other->size)
		into->size = other->size;
	into->is_const = false;
	into->is_readonly |= other->is_readonly;
}

void
gen_merge(struct gstate *into, const struct gstate *other)
{
	for (size_t i = 0; i < 11; i++)
		merge_reg(&into->r[i], &other->r[i]);
	for (size_t i = 0; i < 64; i++)
		merge_reg(&into->slots[i], &other->slots[i]);
}

static bool
is_tc_of_card(const struct gen *g)
{
	return g->opts->is_for_card && g->opts->type == BPF_PROG_TYPE_SCHED_CLS;
}

/* Of a tc program the card must know it: nfp-offload-rules.md 4.1. */
static int32_t
roll_result(struct gen *g)
{
	static const int32_t of_tc[] = { TC_ACT_UNSPEC, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_QUEUED,
		TC_ACT_TRAP };
	uint32_t roll = gen_roll(g, 5);

	return is_tc_of_card(g) ? of_tc[roll] : (int32_t)roll;
}

static void
set_result(struct gen *g)
{
	if (g->s.r[0].kind != SCALAR || is_tc_of_card(g) || gen_chance(g, 60))
		gen_emit(g, MOV64_K, 0, 0, 0, roll_result(g));
}

void
gen_exit(struct gen *g)
{
	set_result(g);
	gen_emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void
gen_leave_if(struct gen *g, uint8_t code, uint8_t dst, uint8_t src, int32_t imm)
{
	if (g->exit_cnt == EXITS_MAX)
		return;
	g->exits[g->exit_cnt++] = g->cnt;
	gen_emit(g, code, dst, src, 0, imm);
}

static void
end_function(struct gen *g)
{
	if (g->opts->is_for_card && !g->is_sub)
		gen_card_end(g);
	set_result(g);
	if (g->exit_cnt) { /* early leavers find r0 set, too */
		gen_emit(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
		for (uint32_t i = 0; i < g->exit_cnt; i++)
			g->insns[g->exits[i]].off = (int16_t)(g->cnt - g->exits[i] - 1);
		gen_emit(g, MOV64_K, 0, 0, 0, roll_result(g));
	}
	gen_emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	g->exit_cnt = 0;
}

/* ---- functions ---- */

static void
one_gadget(struct gen *g)
{
	static const struct {
		void (*write)(struct gen *g);
		uint32_t weight[2]; /* for the card */
	} gadgets[] = {
#define G(name, w, card) { gadget_##name, { w, card } },
		GADGET_LIST(G)
#undef G
	};
	bool is_for_card = g->opts->is_for_card;
	uint32_t total = 0, at;

	for (size_t i = 0; i < sizeof(gadgets) / sizeof(gadgets[0]); i++)
		total += gadgets[i].weight[is_for_card];
	at = gen_roll(g, total);
	for (size_t i = 0;; i++) {
		if (at < gadgets[i].weight[is_for_card]) {
			gadgets[i].write(g);
			return;
		}
		at -= gadgets[i].weight[is_for_card];
	}
}

void
gen_block(struct gen *g, uint32_t gadgets)
{
	for (uint32_t i = 0; i < gadgets && g->cnt < g->budget; i++)
		one_gadget(g);
}

static void
begin_function(struct gen *g, const struct greg args[6])
{
	memset(&g->s, 0, sizeof(g->s));
	for (uint8_t reg = 1; reg <= 5; reg++)
		g->s.r[reg] = args[reg];
	g->s.r[10].kind = FRAME;
	g->pkt_ids = 1;
	g->reserved = 0;
	for (uint8_t reg = 1; reg <= 5; reg++)
		if (g->s.r[reg].kind == CTX && !gen_errs(g, 5))
			gen_pointer_to(g, (uint8_t)(6 + gen_roll(g, 2)), reg, 0);
	if (g->opts->is_for_card)
		gen_card_begin(g);
}

static void
write_subs(struct gen *g)
{
	g->is_sub = true;
	while (g->sub_done < g->sub_cnt) {
		struct sub *sub = &g->subs[g->sub_done++];

		g->insns[sub->call].imm = (int32_t)(g->cnt - sub->call - 1);
		g->budget = g->cnt + 4 + gen_roll(g, 24);
		g->stack_bytes = 64;
		g->weight = 8;
		begin_function(g, sub->args);
		gen_block(g, 12);
		end_function(g);
	}
}

uint32_t
gen_program(const struct gen_opts *opts, struct bpf_insn *insns)
{
	const struct greg args[6] = { [1] = { .kind = CTX } };
	struct gen *g = calloc(1, sizeof(*g));
	uint32_t cnt;

	if (!g)
		abort();
	g->insns = insns;
	g->opts = opts;
	g->maps = opts->is_for_card ? gen_card_maps : gen_maps;
	g->rng = (opts->seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (int i = 0; i < 4; i++)
		gen_roll(g, 2);
	g->budget = opts->insns;
	g->stack_bytes = gen_chance(g, 30) ? 512 : 128;
	g->weight = 1;
	begin_function(g, args);
	gen_block(g, UINT32_MAX);
	end_function(g);
	write_subs(g);
	if (gen_errs(g, opts->mistakes))
		gen_mistake(g);
	cnt = g->cnt;
	free(g);
	return cnt;
}
