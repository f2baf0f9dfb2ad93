/* SPDX-License-Identifier: BSD-2-Clause */
/* Gadgets of direct packet access: pointers, checks in every form, loads and stores. */
#include "tests/diff/gen_internal.h"

/* A register that holds data, data_end or data_meta; loaded when there is none. */
static int
load_field(struct gen *g, enum ctx_field field, enum kind kind)
{
	int ctx = gen_pick(g, KIND(CTX));
	uint8_t dst = gen_pick_dst(g);

	if (ctx < 0 || dst == ctx)
		return -1;
	gen_emit(g, LOAD(BPF_W), dst, (uint8_t)ctx, gen_ctx_offset(g, field), 0);
	gen_set(g, dst, (struct greg){ .kind = kind });
	return dst;
}

static int
packet_pointer(struct gen *g)
{
	int reg = gen_pick(g, KIND(PKT));

	return reg >= 0 && !gen_chance(g, 15) ? reg : load_field(g, CTX_DATA, PKT);
}

static int
end_pointer(struct gen *g)
{
	int reg = gen_pick(g, KIND(PKT_END));

	return reg >= 0 ? reg : load_field(g, CTX_DATA_END, PKT_END);
}

/* Comparisons of (p, end) that are true when p is too far (bad) or not; whether p == end is good.
 */
static const struct {
	uint8_t op;
	bool is_swapped; /* end is the first operand */
	bool is_bad;	 /* true means out of the packet */
} checks[] = {
	{ BPF_JGT, false, true },  /* if p > end goto bad */
	{ BPF_JLE, false, false }, /* if p <= end goto good */
	{ BPF_JLT, true, true },   /* if end < p goto bad */
	{ BPF_JGE, true, false },  /* if end >= p goto good */
	{ BPF_JGE, false, true },  /* if p >= end goto bad: one more byte */
	{ BPF_JLT, false, false },
	{ BPF_JLE, true, true },
	{ BPF_JGT, true, false },
};

/* Compare and leave when out of the packet; the good path goes on below. */
static void
emit_check(struct gen *g, uint8_t p, uint8_t end)
{
	uint32_t form = gen_roll(g, 10) < 5 ? 0 : gen_roll(g, sizeof(checks) / sizeof(checks[0]));
	uint8_t dst = checks[form].is_swapped ? end : p, src = checks[form].is_swapped ? p : end;
	uint32_t jump;

	if (checks[form].is_bad) {
		gen_leave_if(g, JMP_X(checks[form].op), dst, src, 0);
		return;
	}
	jump = g->cnt;
	gen_emit(g, JMP_X(checks[form].op), dst, src, 0, 0);
	if (gen_chance(g, 50) && g->exit_cnt < EXITS_MAX) {
		g->exits[g->exit_cnt++] = g->cnt;
		gen_emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	} else {
		gen_exit(g);
	}
	g->insns[jump].off = (int16_t)(g->cnt - jump - 1);
}

static void
learn(struct greg *reg, uint8_t id, int32_t bytes)
{
	if (reg->kind == PKT && reg->id == id && bytes > 0 && reg->range < (uint32_t)bytes)
		reg->range = (uint32_t)bytes;
}

/* A check teaches all pointers there are with the same variable part. */
static void
learn_range(struct gen *g, uint8_t id, int32_t bytes)
{
	for (size_t i = 0; i < 11; i++)
		learn(&g->s.r[i], id, bytes);
	for (size_t i = 0; i < 64; i++)
		learn(&g->s.slots[i], id, bytes);
}

void
gadget_packet_check(struct gen *g)
{
	static const int32_t sizes[] = { 1, 2, 4, 8, 14, 18, 20, 34, 42, 54, 64, 100 };
	int p = packet_pointer(g), end = end_pointer(g);
	int32_t bytes = sizes[gen_roll(g, sizeof(sizes) / sizeof(sizes[0]))];
	uint8_t tip;

	if (p < 0 || end < 0 || g->s.r[p].kind != PKT)
		return;
	tip = gen_chance(g, 20) && !(g->reserved & 1u << p) ? (uint8_t)p : gen_pick_dst(g);
	if (tip == end)
		return;
	if (tip == p) {
		gen_emit(g, ADD64_K, tip, 0, 0, bytes);
		g->s.r[tip].off += bytes;
	} else {
		gen_pointer_to(g, tip, (uint8_t)p, bytes);
	}
	if (g->s.r[end].kind == PKT_END)
		emit_check(g, tip, (uint8_t)end);
	learn_range(g, g->s.r[tip].id, g->s.r[tip].off);
}

/* A load or store inside the checked bytes of `reg`'s packet pointer. */
static void
access_packet(struct gen *g, uint8_t reg)
{
	uint32_t size = 1u << gen_roll(g, 4), range = g->s.r[reg].range;
	uint8_t code = gen_size_code(size), dst, src;
	int32_t off;

	if (range < size)
		return;
	off = (int32_t)(gen_chance(g, 30) ? range - size : gen_roll(g, range - size + 1));
	off = gen_slip(g, off - g->s.r[reg].off);
	dst = gen_pick_dst(g), src = gen_scalar(g);
	if (g->s.r[reg].kind != PKT)
		return;
	if (gen_chance(g, 70)) {
		gen_emit(g, LOAD(code), dst, reg, off, 0);
		gen_set_scalar(g, dst, size < 4 ? (1u << size * 8) - 1 : ANY_SCALAR);
	} else if (g->s.r[src].kind == SCALAR && gen_chance(g, 50)) {
		gen_emit(g, STORE(code), reg, src, off, 0);
	} else {
		gen_emit(g, STORE_K(code), reg, 0, off, gen_imm(g));
	}
}

void
gadget_packet_access(struct gen *g)
{
	uint32_t start = gen_roll(g, 10);

	for (uint32_t i = 0; i < 10; i++) {
		uint8_t reg = (uint8_t)((start + i) % 10);

		if (g->s.r[reg].kind == PKT && g->s.r[reg].range) {
			access_packet(g, reg);
			return;
		}
	}
	gadget_packet_check(g);
}

/* p = data + scalar; if p + n > end leave; p[...] */
void
gadget_packet_var(struct gen *g)
{
	uint32_t max = gen_chance(g, 80) ? 60 : gen_chance(g, 80) ? 0xffff : 0x1ffff;
	int p = packet_pointer(g), end = end_pointer(g);
	int32_t bytes = (int32_t)(1 + gen_roll(g, 20));
	uint8_t index, q, tip;
	struct greg value;

	if (p < 0 || end < 0 || g->pkt_ids == PKT_IDS)
		return;
	index = gen_bounded(g, max);
	q = gen_pick_dst(g);
	if (q == p || q == end || q == index || g->s.r[index].kind != SCALAR ||
		g->s.r[p].kind != PKT || g->s.r[end].kind != PKT_END)
		return;
	value = g->s.r[p];
	if (gen_chance(g, 25)) { /* scalar += pointer */
		gen_emit(g, MOV64_X, q, index, 0, 0);
		gen_emit(g, ADD64_X, q, (uint8_t)p, 0, 0);
	} else {
		gen_emit(g, MOV64_X, q, (uint8_t)p, 0, 0);
		gen_emit(g, ADD64_X, q, index, 0, 0);
	}
	value.id = g->pkt_ids++;
	value.range = 0;
	gen_set(g, q, value);
	tip = gen_pick_dst(g);
	if (tip == q || tip == end)
		return;
	gen_pointer_to(g, tip, q, bytes);
	emit_check(g, tip, (uint8_t)end);
	if ((uint32_t)(value.off + bytes) + max <= 0xffff || gen_errs(g, 5))
		learn_range(g, value.id, value.off + bytes);
	access_packet(g, q);
}

/* data_meta against data. */
void
gadget_packet_meta(struct gen *g)
{
	int meta = load_field(g, CTX_DATA_META, PKT_META), data = packet_pointer(g);
	uint8_t tip = gen_pick_dst(g), dst;
	int32_t bytes = 4 << gen_roll(g, 3);

	if (meta < 0 || data < 0 || g->s.r[meta].kind != PKT_META || g->s.r[data].kind != PKT ||
		g->s.r[data].off || g->s.r[data].id || tip == meta || tip == data)
		return;
	gen_pointer_to(g, tip, (uint8_t)meta, bytes);
	emit_check(g, tip, (uint8_t)data);
	dst = gen_pick_dst(g);
	if (g->s.r[meta].kind != PKT_META)
		return;
	if (gen_chance(g, 50)) {
		gen_emit(g, LOAD(BPF_W), dst, (uint8_t)meta, gen_slip(g, bytes - 4), 0);
		gen_set_scalar(g, dst, ANY_SCALAR);
	} else {
		gen_emit(g, STORE_K(BPF_W), (uint8_t)meta, 0, gen_slip(g, 0), gen_imm(g));
	}
}

/* r0 = *(u16 *)skb[..]: the context must be in r6. */
void
gadget_legacy_load(struct gen *g)
{
	uint8_t size = (uint8_t)(gen_roll(g, 3) * 8), src = gen_scalar(g);

	if (g->opts->type == BPF_PROG_TYPE_XDP ? !gen_errs(g, 3) : g->s.r[6].kind != CTX)
		return;
	if (g->reserved & 1 || g->s.r[src].kind != SCALAR || (g->is_sub && !gen_errs(g, 10)))
		return;
	if (gen_chance(g, 60))
		gen_emit(g, BPF_LD | BPF_ABS | size, 0, 0, 0, (int32_t)gen_roll(g, 64));
	else
		gen_emit(g, BPF_LD | BPF_IND | size, 0, src, 0, (int32_t)gen_roll(g, 64));
	gen_clobber(g);
	gen_set_scalar(g, 0, ANY_SCALAR);
}
