/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a comparison says: is its outcome known, and what do both registers look like on each side
 * of it (kernel: is_branch_taken, regs_refine_cond_op).
 */
#include "bpf/verifier/env.h"

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swap_tmp = (a);                                                      \
		(a) = (b);                                                                         \
		(b) = swap_tmp;                                                                    \
	} while (0)

/* "not (a & b)": the kernel's way to name what has no opcode. */
#define JSET_NOT (BPF_JSET | BPF_X)

static const struct {
	uint8_t flip, reverse;
} ops[16] = {
	[BPF_JEQ >> 4] = { BPF_JEQ, BPF_JNE },
	[BPF_JNE >> 4] = { BPF_JNE, BPF_JEQ },
	[BPF_JSET >> 4] = { BPF_JSET, JSET_NOT },
	[BPF_JGT >> 4] = { BPF_JLT, BPF_JLE },
	[BPF_JGE >> 4] = { BPF_JLE, BPF_JLT },
	[BPF_JLT >> 4] = { BPF_JGT, BPF_JGE },
	[BPF_JLE >> 4] = { BPF_JGE, BPF_JGT },
	[BPF_JSGT >> 4] = { BPF_JSLT, BPF_JSLE },
	[BPF_JSGE >> 4] = { BPF_JSLE, BPF_JSLT },
	[BPF_JSLT >> 4] = { BPF_JSGT, BPF_JSGE },
	[BPF_JSLE >> 4] = { BPF_JSGE, BPF_JSGT },
};

uint8_t
xv_op_flip(uint8_t op)
{
	return ops[op >> 4].flip;
}

uint8_t
xv_op_reverse(uint8_t op)
{
	return op == JSET_NOT ? BPF_JSET : ops[op >> 4].reverse;
}

/* ---- is it known? 1: taken, 0: not, -1: open ---- */

/* Bounds in the width of the comparison. */
struct view {
	struct xb_tnum bits;
	uint64_t umin, umax;
	int64_t smin, smax;
};

static struct view
view_of(const struct xb_reg_state *r, bool is_32)
{
	if (is_32)
		return (struct view){ xb_tnum_low32(r->var_off), r->u32_min, r->u32_max, r->s32_min,
			r->s32_max };
	return (struct view){ r->var_off, r->umin, r->umax, r->smin, r->smax };
}

static bool
is_const_in(const struct xb_reg_state *r, bool is_32)
{
	return r->type == XB_SCALAR &&
	       (is_32 ? (uint32_t)r->var_off.mask == 0 : xb_tnum_is_const(r->var_off));
}

static uint64_t
const_in(const struct xb_reg_state *r, bool is_32)
{
	return is_32 ? (uint32_t)r->var_off.value : r->var_off.value;
}

static int
is_equal(const struct xb_reg_state *ra, const struct xb_reg_state *rb, bool is_32)
{
	struct view a = view_of(ra, is_32), b = view_of(rb, is_32);

	if (xb_tnum_is_const(a.bits) && xb_tnum_is_const(b.bits))
		return a.bits.value == b.bits.value;
	if (!xb_tnum_overlap(a.bits, b.bits) || a.umin > b.umax || a.umax < b.umin ||
		a.smin > b.smax || a.smax < b.smin)
		return 0;
	if (!is_32 && (ra->u32_min > rb->u32_max || ra->u32_max < rb->u32_min ||
			      ra->s32_min > rb->s32_max || ra->s32_max < rb->s32_min))
		return 0;
	return -1;
}

static int
is_any_bit(const struct xb_reg_state *ra, const struct xb_reg_state *rb, bool is_32)
{
	struct view a, b;

	if (!is_const_in(rb, is_32))
		SWAP(ra, rb);
	if (!is_const_in(rb, is_32))
		return -1;
	a = view_of(ra, is_32);
	b = view_of(rb, is_32);
	if (a.bits.value & b.bits.value)
		return 1;
	if (!((a.bits.mask | a.bits.value) & b.bits.value))
		return 0;
	return -1;
}

static int
negate(int outcome)
{
	return outcome < 0 ? outcome : !outcome;
}

/* a < b */
static int
is_less(struct view a, struct view b, bool is_signed)
{
	if (is_signed)
		return a.smax < b.smin ? 1 : a.smin >= b.smax ? 0 : -1;
	return a.umax < b.umin ? 1 : a.umin >= b.umax ? 0 : -1;
}

static int
scalar_taken(const struct xb_reg_state *ra, const struct xb_reg_state *rb, uint8_t op, bool is_32)
{
	struct view a = view_of(ra, is_32), b = view_of(rb, is_32);

	switch (op) {
	case BPF_JEQ: return is_equal(ra, rb, is_32);
	case BPF_JNE: return negate(is_equal(ra, rb, is_32));
	case BPF_JSET: return is_any_bit(ra, rb, is_32);
	case BPF_JLT: return is_less(a, b, false);
	case BPF_JGT: return is_less(b, a, false);
	case BPF_JGE: return negate(is_less(a, b, false));
	case BPF_JLE: return negate(is_less(b, a, false));
	case BPF_JSLT: return is_less(a, b, true);
	case BPF_JSGT: return is_less(b, a, true);
	case BPF_JSGE: return negate(is_less(a, b, true));
	case BPF_JSLE: return negate(is_less(b, a, true));
	default: return -1;
	}
}

/* A packet pointer that was already found to be at or past the end. */
static int
packet_taken(const struct xb_reg_state *a, const struct xb_reg_state *b, uint8_t op)
{
	const struct xb_reg_state *pkt = a;

	if (b->type != XB_PTR_PACKET_END) {
		if (a->type != XB_PTR_PACKET_END)
			return -1;
		pkt = b;
		op = xv_op_flip(op);
	}
	if (pkt->range >= 0)
		return -1;
	if ((op == BPF_JLE || op == BPF_JGT) && pkt->range == XB_BEYOND_PACKET_END)
		return op == BPF_JGT;
	if (op == BPF_JLT || op == BPF_JGE)
		return op == BPF_JGE;
	return -1;
}

bool
xv_is_not_null(const struct xb_reg_state *reg)
{
	/* An offset without bounds could wrap around to NULL. */
	if ((reg->type & XB_MAYBE_NULL) || reg->smin <= -XV_MAX_VAR_OFF ||
		reg->smax >= XV_MAX_VAR_OFF)
		return false;
	switch (xb_reg_kind(reg)) {
	case XB_PTR_SOCKET:
	case XB_PTR_TCP_SOCK:
	case XB_PTR_XDP_SOCK:
	case XB_PTR_SOCK_COMMON:
	case XB_PTR_MAP_VALUE:
	case XB_PTR_MAP:
	case XB_PTR_MEM: return true;
	default: return false;
	}
}

static int
pointer_taken(const struct xb_reg_state *a, const struct xb_reg_state *b, uint8_t op, bool is_32)
{
	if (is_32)
		return -1;
	if (!is_const_in(b, false))
		SWAP(a, b);
	if (!is_const_in(b, false) || !xv_is_not_null(a) || b->var_off.value != 0)
		return -1;
	return op == BPF_JEQ ? 0 : op == BPF_JNE ? 1 : -1;
}

int
xv_branch_taken(const struct xb_reg_state *a, const struct xb_reg_state *b, uint8_t op, bool is_32)
{
	if (xv_is_packet_or_end(a) && xv_is_packet_or_end(b) && !is_32)
		return packet_taken(a, b, op);
	if (a->type != XB_SCALAR || b->type != XB_SCALAR)
		return pointer_taken(a, b, op, is_32);
	return scalar_taken(a, b, op, is_32);
}

/* ---- what follows from a comparison that holds ---- */

#define LOWER(a, b) ((a) < (b) ? (a) : (b))
#define HIGHER(a, b) ((a) > (b) ? (a) : (b))
/* Both fields of a and b to the common range. */
#define MEET(min, max)                                                                             \
	do {                                                                                       \
		a->min = b->min = HIGHER(a->min, b->min);                                          \
		a->max = b->max = LOWER(a->max, b->max);                                           \
	} while (0)

static void
refine_equal(struct xb_reg_state *a, struct xb_reg_state *b, bool is_32)
{
	if (is_32) {
		struct xb_tnum low =
			xb_tnum_intersect(xb_tnum_low32(a->var_off), xb_tnum_low32(b->var_off));

		MEET(u32_min, u32_max);
		MEET(s32_min, s32_max);
		a->var_off = xb_tnum_with_low32(a->var_off, low);
		b->var_off = xb_tnum_with_low32(b->var_off, low);
	} else {
		MEET(umin, umax);
		MEET(smin, smax);
		a->var_off = b->var_off = xb_tnum_intersect(a->var_off, b->var_off);
	}
}

/* Bounds that are v move inwards; of a dead branch they may wrap around. */
#define EDGES(min, max, type, unsigned_type)                                                       \
	if (a->min == (type)v)                                                                     \
		a->min = (type)((unsigned_type)a->min + 1);                                        \
	if (a->max == (type)v)                                                                     \
		a->max = (type)((unsigned_type)a->max - 1);

/* A constant that is not v: only at an edge of the range does that say something. */
static void
refine_not_equal(struct xb_reg_state *a, uint64_t v, bool is_32)
{
	if (is_32) {
		EDGES(u32_min, u32_max, uint32_t, uint32_t)
		EDGES(s32_min, s32_max, int32_t, uint32_t)
	} else {
		EDGES(umin, umax, uint64_t, uint64_t)
		EDGES(smin, smax, int64_t, uint64_t)
	}
}
#undef EDGES

/* a & v is not zero: news only when v is one bit. */
static void
refine_any_bit(struct xb_reg_state *a, uint64_t v, bool is_32)
{
	struct xb_tnum bit = xb_tnum_const(v);

	if (v == 0 || (v & (v - 1)))
		return;
	a->var_off =
		is_32 ? xb_tnum_with_low32(a->var_off, xb_tnum_or(xb_tnum_low32(a->var_off), bit))
		      : xb_tnum_or(a->var_off, bit);
}

static void
refine_no_bit(struct xb_reg_state *a, uint64_t v, bool is_32)
{
	struct xb_tnum rest = xb_tnum_const(~v);

	/* Bounds of a dead branch would contradict the bits: start afresh from these. */
	xv_set_unbounded(a);
	a->var_off =
		is_32 ? xb_tnum_with_low32(a->var_off, xb_tnum_and(xb_tnum_low32(a->var_off), rest))
		      : xb_tnum_and(a->var_off, rest);
}

/* a <= b (by 0) or a < b (by 1) */
static void
refine_less(struct xb_reg_state *a, struct xb_reg_state *b, bool is_signed, bool is_32, int by)
{
	uint32_t n = (uint32_t)by;

	if (is_signed && is_32) {
		a->s32_max = LOWER(a->s32_max, (int32_t)((uint32_t)b->s32_max - n));
		b->s32_min = HIGHER((int32_t)((uint32_t)a->s32_min + n), b->s32_min);
	} else if (is_signed) {
		a->smax = LOWER(a->smax, (int64_t)((uint64_t)b->smax - n));
		b->smin = HIGHER((int64_t)((uint64_t)a->smin + n), b->smin);
	} else if (is_32) {
		a->u32_max = LOWER(a->u32_max, b->u32_max - n);
		b->u32_min = HIGHER(a->u32_min + n, b->u32_min);
	} else {
		a->umax = LOWER(a->umax, b->umax - n);
		b->umin = HIGHER(a->umin + n, b->umin);
	}
}

/* Comparisons that need a constant on one side. */
static void
refine_by_const(struct xb_reg_state *a, struct xb_reg_state *b, uint8_t op, bool is_32)
{
	if (!is_const_in(b, is_32))
		SWAP(a, b);
	if (!is_const_in(b, is_32))
		return;
	if (op == BPF_JNE)
		refine_not_equal(a, const_in(b, is_32), is_32);
	else if (op == BPF_JSET)
		refine_any_bit(a, const_in(b, is_32), is_32);
	else
		refine_no_bit(a, const_in(b, is_32), is_32);
}

void
xv_refine(struct xb_reg_state *a, struct xb_reg_state *b, uint8_t op, bool is_32)
{
	switch (op) {
	case BPF_JEQ: refine_equal(a, b, is_32); break;
	case BPF_JNE:
	case BPF_JSET:
	case JSET_NOT: refine_by_const(a, b, op, is_32); break;
	case BPF_JLE: refine_less(a, b, false, is_32, 0); break;
	case BPF_JLT: refine_less(a, b, false, is_32, 1); break;
	case BPF_JGE: refine_less(b, a, false, is_32, 0); break;
	case BPF_JGT: refine_less(b, a, false, is_32, 1); break;
	case BPF_JSLE: refine_less(a, b, true, is_32, 0); break;
	case BPF_JSLT: refine_less(a, b, true, is_32, 1); break;
	case BPF_JSGE: refine_less(b, a, true, is_32, 0); break;
	case BPF_JSGT: refine_less(b, a, true, is_32, 1); break;
	default: break;
	}
}
