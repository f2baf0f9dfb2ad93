/* SPDX-License-Identifier: BSD-2-Clause */
/* Gadgets of memory: stack, context, map values. */
#include "tests/diff/gen_internal.h"

static uint32_t
roll_size(struct gen *g)
{
	return 1u << gen_roll(g, 4);
}

/* ---- stack ---- */

static int32_t
roll_stack_offset(struct gen *g, uint32_t size)
{
	uint32_t slots = g->stack_bytes / 8;
	int32_t off = -8 * (int32_t)(1 + gen_roll(g, gen_chance(g, 80) && slots > 4 ? 4 : slots));

	return gen_slip(g, off + (int32_t)(gen_roll(g, 8 / size) * size));
}

static struct greg *
slot_at(struct gen *g, int32_t off)
{
	return off >= -512 && off < 0 ? &g->s.slots[(uint32_t)(-off - 1) / 8] : NULL;
}

void
gadget_stack_store(struct gen *g)
{
	int pointer = gen_pick(g, KIND(CTX) | KIND(PKT) | KIND(MEM) | KIND(PKT_END));
	uint32_t size = roll_size(g);
	int32_t off = roll_stack_offset(g, size);
	struct greg *slot = slot_at(g, off);
	uint8_t src = gen_scalar(g);

	/* What was a pointer is not read as a number. */
	if (g->opts->is_for_card && slot && slot->kind != SCALAR)
		off &= ~7, size = 8;
	if (pointer >= 0 && gen_chance(g, 30)) {
		off &= ~7;
		slot = slot_at(g, off);
		gen_emit(g, STORE(BPF_DW), 10, (uint8_t)pointer, off, 0);
		if (slot)
			*slot = g->s.r[pointer];
		return;
	}
	if (gen_chance(g, 40))
		gen_emit(g, STORE_K(gen_size_code(size)), 10, 0, off, gen_imm(g));
	else if (g->s.r[src].kind == SCALAR)
		gen_emit(g, STORE(gen_size_code(size)), 10, src, off, 0);
	else
		return;
	if (slot)
		*slot = (struct greg){ .kind = SCALAR, .max = ANY_SCALAR };
}

void
gadget_stack_load(struct gen *g)
{
	uint32_t start = gen_roll(g, 64), size = roll_size(g);
	uint8_t dst = gen_pick_dst(g);

	for (uint32_t i = 0; i < 64; i++) {
		uint32_t n = (start + i) % 64;
		int32_t off = -8 * (int32_t)(n + 1);
		const struct greg *slot = &g->s.slots[n];

		if (slot->kind == UNKNOWN)
			continue;
		if (slot->kind != SCALAR) {
			gen_emit(g, LOAD(BPF_DW), dst, 10, off, 0);
			gen_set(g, dst, *slot);
			return;
		}
		off += (int32_t)(gen_roll(g, 8 / size) * size);
		if (size < 8 && gen_chance(g, 20) && !g->opts->is_for_card)
			gen_emit(g, LOAD_SIGNED(gen_size_code(size)), dst, 10, off, 0);
		else
			gen_emit(g, LOAD(gen_size_code(size)), dst, 10, gen_slip(g, off), 0);
		gen_set_scalar(g, dst, size < 4 ? (1u << size * 8) - 1 : ANY_SCALAR);
		return;
	}
}

/* The stack at an offset nobody knows. */
void
gadget_stack_var(struct gen *g)
{
	uint8_t index = gen_scalar(g), p;
	int32_t at = gen_fill_stack(g, 16), mask = gen_errs(g, 5) ? 12 : 8;

	if (g->s.r[index].kind != SCALAR || g->reserved & 1u << index)
		return;
	gen_emit(g, AND64_K, index, 0, 0, mask);
	gen_set_scalar(g, index, 8);
	p = gen_pick_dst(g);
	if (p == index)
		return;
	gen_pointer_to(g, p, 10, at);
	gen_emit(g, ADD64_X, p, index, 0, 0);
	g->s.r[p].kind = UNKNOWN;
	if (gen_chance(g, 60)) {
		uint8_t dst = gen_pick_dst(g);

		gen_emit(g, LOAD(BPF_DW), dst, p, 0, 0);
		gen_set_scalar(g, dst, ANY_SCALAR);
	} else {
		gen_emit(g, STORE(BPF_DW), p, index, 0, 0);
	}
}

/* ---- context ---- */

static bool
is_xdp(const struct gen *g)
{
	return g->opts->type == BPF_PROG_TYPE_XDP;
}

/* A field of four bytes that is a number; now and then any place. */
static int32_t
roll_ctx_offset(struct gen *g)
{
	uint32_t bytes = is_xdp(g) ? sizeof(struct xdp_md) : sizeof(struct __sk_buff);

	if (gen_errs(g, 5))
		return (int32_t)gen_roll(g, bytes / 4) * 4;
	if (is_xdp(g))
		return gen_chance(g, 50) ? offsetof(struct xdp_md, ingress_ifindex)
					 : offsetof(struct xdp_md, rx_queue_index);
	return (int32_t)gen_roll(g, offsetof(struct __sk_buff, tc_classid) / 4 + 1) * 4;
}

static bool
is_packet_field(struct gen *g, int32_t off)
{
	return off == gen_ctx_offset(g, CTX_DATA) || off == gen_ctx_offset(g, CTX_DATA_END) ||
	       off == gen_ctx_offset(g, CTX_DATA_META);
}

void
gadget_ctx_load(struct gen *g)
{
	int ctx = gen_pick(g, KIND(CTX));
	int32_t off = roll_ctx_offset(g);
	uint8_t dst = gen_pick_dst(g);
	uint32_t size = 4;

	if (g->opts->is_for_card) { /* has no numbers there */
		gadget_packet_access(g);
		return;
	}
	if (ctx < 0 || is_packet_field(g, off))
		return;
	if (is_xdp(g) ? gen_errs(g, 2) : gen_chance(g, 10)) {
		size = 1 + gen_roll(g, 2);
		off += (int32_t)(gen_roll(g, 4 / size) * size);
	} else if (!is_xdp(g) && gen_chance(g, 4)) {
		size = 8;
		off = gen_chance(g, 50) ? offsetof(struct __sk_buff, tstamp)
					: offsetof(struct __sk_buff, cb);
	}
	if (gen_chance(g, 30))
		off = gen_slip(g, off);
	gen_emit(g, LOAD(gen_size_code(size)), dst, (uint8_t)ctx, off, 0);
	gen_set_scalar(g, dst, size < 4 ? (1u << size * 8) - 1 : ANY_SCALAR);
}

/* tc programs may write a few fields of struct __sk_buff; XDP programs none. */
void
gadget_ctx_store(struct gen *g)
{
	static const size_t fields[] = { offsetof(struct __sk_buff, mark),
		offsetof(struct __sk_buff, priority), offsetof(struct __sk_buff, tc_index),
		offsetof(struct __sk_buff, cb), offsetof(struct __sk_buff, cb) + 16,
		offsetof(struct __sk_buff, tc_classid), offsetof(struct __sk_buff, queue_mapping),
		offsetof(struct __sk_buff, tstamp) };
	int ctx = gen_pick(g, KIND(CTX));
	uint8_t src = gen_scalar(g);
	size_t off = fields[gen_roll(g, sizeof(fields) / sizeof(fields[0]))];
	uint8_t size = off == offsetof(struct __sk_buff, tstamp) ? BPF_DW : BPF_W;

	if (ctx < 0 || g->opts->is_runnable || g->s.r[src].kind != SCALAR)
		return;
	if (is_xdp(g) && !gen_errs(g, 3))
		return;
	if (gen_chance(g, 50))
		gen_emit(g, STORE(size), (uint8_t)ctx, src, gen_slip(g, (int32_t)off), 0);
	else
		gen_emit(g, STORE_K(size), (uint8_t)ctx, 0, (int32_t)off, gen_imm(g));
}

/* ---- map values, and a caller's stack ---- */

static void
access_at(struct gen *g, uint8_t reg, uint32_t size, int32_t off)
{
	uint8_t code = gen_size_code(size), dst = gen_pick_dst(g), src = gen_scalar(g);
	bool is_readonly = g->s.r[reg].is_readonly && !gen_errs(g, 3);
	/* Of the card's maps none is written but by a helper. */
	uint32_t kind =
		is_readonly || (g->opts->is_for_card && !g->s.r[reg].is_stack) ? 0 : gen_roll(g, 3);

	if (kind == 0) {
		gen_emit(g, LOAD(code), dst, reg, off, 0);
		gen_set_scalar(g, dst, size < 4 ? (1u << size * 8) - 1 : ANY_SCALAR);
	} else if (kind == 1 && g->s.r[src].kind == SCALAR && g->s.r[reg].kind == MEM) {
		gen_emit(g, STORE(code), reg, src, off, 0);
	} else {
		gen_emit(g, STORE_K(code), reg, 0, off, gen_imm(g));
	}
}

void
gadget_mem_access(struct gen *g)
{
	int reg = gen_pick(g, KIND(MEM));
	uint32_t size = roll_size(g), bytes;
	int32_t off;

	if (reg < 0)
		return;
	bytes = g->opts->is_for_card ? gen_card_read_bytes(&g->s.r[reg]) : g->s.r[reg].size;
	if (bytes < size)
		return;
	off = (int32_t)gen_roll(g, bytes - size + 1);
	if (gen_chance(g, 70) || (g->opts->is_for_card && g->s.r[reg].is_stack))
		off -= off % (int32_t)size;
	access_at(g, (uint8_t)reg, size, gen_slip(g, off - g->s.r[reg].off));
}

/* value[scalar] */
void
gadget_mem_var_access(struct gen *g)
{
	int reg = gen_pick(g, KIND(MEM));
	uint32_t size = roll_size(g), room;
	uint8_t index, p;
	int32_t off, bound;

	if (reg < 0 || g->s.r[reg].size < size + 1 || g->s.r[reg].size > 4096)
		return;
	room = g->s.r[reg].size - size;
	bound = gen_slip(g, (int32_t)(1 + gen_roll(g, room)));
	index = gen_bounded(g, bound > 0 ? (uint32_t)bound : 1);
	p = gen_pick_dst(g);
	off = -g->s.r[reg].off;
	if (p == index || p == reg || g->s.r[index].kind != SCALAR || g->s.r[reg].kind != MEM)
		return;
	gen_emit(g, MOV64_X, p, (uint8_t)reg, 0, 0);
	gen_emit(g, ADD64_X, p, index, 0, 0);
	g->s.r[p] = g->s.r[reg];
	access_at(g, p, size, off);
	if (g->s.r[p].kind == MEM)
		g->s.r[p].kind = UNKNOWN;
}

/* On the card counters are in the upper half of a map's value, and are only added to. */
static void
add_to_counter(struct gen *g)
{
	int reg = gen_pick(g, KIND(MEM));
	uint8_t size = gen_chance(g, 50) ? BPF_DW : BPF_W, src;
	uint32_t bytes = size == BPF_DW ? 8 : 4, from, room;

	if (reg < 0 || g->s.r[reg].is_readonly || g->s.r[reg].size < 16 || g->s.r[reg].is_stack)
		return;
	src = gen_chance(g, 50) ? gen_scalar(g) : gen_bounded(g, 0xffff);
	if (g->s.r[src].kind != SCALAR || g->s.r[reg].kind != MEM)
		return;
	from = gen_card_read_bytes(&g->s.r[reg]);
	room = (g->s.r[reg].size - from) / bytes;
	from += gen_roll(g, room) * bytes;
	gen_emit(g, BPF_STX | BPF_ATOMIC | size, (uint8_t)reg, src, (int32_t)from - g->s.r[reg].off,
		BPF_ADD);
}

void
gadget_atomic(struct gen *g)
{
	static const int32_t ops[] = { BPF_ADD, BPF_OR, BPF_AND, BPF_XOR, BPF_ADD | BPF_FETCH,
		BPF_OR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG };
	int reg = gen_pick(g, KIND(MEM) | (gen_errs(g, 4) ? KIND(PKT) | KIND(CTX) : 0));
	uint8_t size = gen_chance(g, 50) ? BPF_DW : BPF_W, src = gen_scalar(g);
	int32_t op = ops[gen_roll(g, sizeof(ops) / sizeof(ops[0]))], off = 0;

	if (g->opts->is_for_card) {
		add_to_counter(g);
		return;
	}
	if (g->s.r[src].kind != SCALAR || g->reserved & 1u << src)
		return;
	if (op == BPF_CMPXCHG && (g->s.r[0].kind != SCALAR || g->reserved & 1))
		return;
	if (reg < 0 || g->s.r[reg].is_readonly || gen_chance(g, 40)) {
		reg = 10;
		off = -8 * (int32_t)(1 + gen_roll(g, 4));
		gen_emit(g, STORE_K(BPF_DW), 10, 0, off, gen_imm(g));
		*slot_at(g, off) = (struct greg){ .kind = SCALAR, .max = ANY_SCALAR };
	} else if (g->s.r[reg].kind == MEM) {
		off = (int32_t)(gen_roll(g, g->s.r[reg].size / 8) * 8) - g->s.r[reg].off;
	}
	gen_emit(g, BPF_STX | BPF_ATOMIC | size, (uint8_t)reg, src, gen_slip(g, off), op);
	if (op == BPF_CMPXCHG)
		gen_set_scalar(g, 0, ANY_SCALAR);
	else if (op & BPF_FETCH)
		gen_set_scalar(g, src, ANY_SCALAR);
}
