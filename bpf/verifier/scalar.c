/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic on what is known of two scalars. Each operation knows how to combine 64-bit bounds,
 * 32-bit bounds and bits; what it cannot combine it gives up, and xv_bounds_sync() takes back what
 * the bits still say. The rules are those of kernel/bpf/verifier.c (adjust_scalar_min_max_vals);
 * soundness is checked by enumeration in bounds_test.c.
 */
#include "bpf/verifier/env.h"

typedef void (*combine_fn)(struct xb_reg_state *dst, const struct xb_reg_state *src);

static void
unbound_s64(struct xb_reg_state *r)
{
	r->smin = INT64_MIN;
	r->smax = INT64_MAX;
}

static void
unbound_s32(struct xb_reg_state *r)
{
	r->s32_min = INT32_MIN;
	r->s32_max = INT32_MAX;
}

static void
unbound_u64(struct xb_reg_state *r)
{
	r->umin = 0;
	r->umax = UINT64_MAX;
}

static void
unbound_u32(struct xb_reg_state *r)
{
	r->u32_min = 0;
	r->u32_max = UINT32_MAX;
}

/* Signed bounds of a result whose unsigned bounds are known. */
static void
s64_from_u64(struct xb_reg_state *r)
{
	if ((int64_t)r->umin <= (int64_t)r->umax) {
		r->smin = (int64_t)r->umin;
		r->smax = (int64_t)r->umax;
	} else {
		unbound_s64(r);
	}
}

static void
s32_from_u32(struct xb_reg_state *r)
{
	if ((int32_t)r->u32_min <= (int32_t)r->u32_max) {
		r->s32_min = (int32_t)r->u32_min;
		r->s32_max = (int32_t)r->u32_max;
	} else {
		unbound_s32(r);
	}
}

/* ---- addition, subtraction: bound by bound, unless one may overflow ---- */

static void
add64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	bool is_over = __builtin_add_overflow(d->smin, s->smin, &d->smin);

	is_over |= __builtin_add_overflow(d->smax, s->smax, &d->smax);
	if (is_over)
		unbound_s64(d);
	is_over = __builtin_add_overflow(d->umin, s->umin, &d->umin);
	is_over |= __builtin_add_overflow(d->umax, s->umax, &d->umax);
	if (is_over)
		unbound_u64(d);
}

static void
add32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	bool is_over = __builtin_add_overflow(d->s32_min, s->s32_min, &d->s32_min);

	is_over |= __builtin_add_overflow(d->s32_max, s->s32_max, &d->s32_max);
	if (is_over)
		unbound_s32(d);
	is_over = __builtin_add_overflow(d->u32_min, s->u32_min, &d->u32_min);
	is_over |= __builtin_add_overflow(d->u32_max, s->u32_max, &d->u32_max);
	if (is_over)
		unbound_u32(d);
}

static void
sub64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	bool is_over = __builtin_sub_overflow(d->smin, s->smax, &d->smin);

	is_over |= __builtin_sub_overflow(d->smax, s->smin, &d->smax);
	if (is_over)
		unbound_s64(d);
	if (d->umin < s->umax) {
		unbound_u64(d);
	} else {
		d->umin -= s->umax;
		d->umax -= s->umin;
	}
}

static void
sub32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	bool is_over = __builtin_sub_overflow(d->s32_min, s->s32_max, &d->s32_min);

	is_over |= __builtin_sub_overflow(d->s32_max, s->s32_min, &d->s32_max);
	if (is_over)
		unbound_s32(d);
	if (d->u32_min < s->u32_max) {
		unbound_u32(d);
	} else {
		d->u32_min -= s->u32_max;
		d->u32_max -= s->u32_min;
	}
}

/* ---- multiplication: of non-negative halves, which cannot overflow ---- */

static void
mul64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (s->smin < 0 || d->smin < 0 || s->umax > UINT32_MAX || d->umax > UINT32_MAX) {
		xv_set_unbounded64(d);
		return;
	}
	d->umin *= s->umin;
	d->umax *= s->umax;
	if (d->umax > INT64_MAX) {
		unbound_s64(d);
	} else {
		d->smin = (int64_t)d->umin;
		d->smax = (int64_t)d->umax;
	}
}

static void
mul32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (s->s32_min < 0 || d->s32_min < 0 || s->u32_max > UINT16_MAX ||
		d->u32_max > UINT16_MAX) {
		xv_set_unbounded32(d);
		return;
	}
	d->u32_min *= s->u32_min;
	d->u32_max *= s->u32_max;
	if (d->u32_max > INT32_MAX) {
		unbound_s32(d);
	} else {
		d->s32_min = (int32_t)d->u32_min;
		d->s32_max = (int32_t)d->u32_max;
	}
}

/*
 * ---- and, or, xor: d->var_off is already the result's, and says one of the bounds ----
 */

/* Both operands were constants: so is the result. */
static bool
is_known64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!xb_tnum_is_const(s->var_off) || !xb_tnum_is_const(d->var_off))
		return false;
	xv_set_known(d, d->var_off.value);
	return true;
}

static bool
is_known32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if ((uint32_t)s->var_off.mask || (uint32_t)d->var_off.mask)
		return false;
	xv_set_low_known(d, (uint32_t)d->var_off.value);
	return true;
}

static void
bits64(struct xb_reg_state *d, uint64_t umin, uint64_t umax)
{
	d->umin = umin;
	d->umax = umax;
	s64_from_u64(d);
	xv_bounds_from_bits(d);
}

static void
bits32(struct xb_reg_state *d, uint32_t umin, uint32_t umax)
{
	d->u32_min = umin;
	d->u32_max = umax;
	s32_from_u32(d);
}

/* No larger than the smaller operand. */
static void
and64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!is_known64(d, s))
		bits64(d, d->var_off.value, d->umax < s->umax ? d->umax : s->umax);
}

static void
and32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!is_known32(d, s))
		bits32(d, (uint32_t)d->var_off.value,
			d->u32_max < s->u32_max ? d->u32_max : s->u32_max);
}

/* No smaller than the larger operand. */
static void
or64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!is_known64(d, s))
		bits64(d, d->umin > s->umin ? d->umin : s->umin,
			d->var_off.value | d->var_off.mask);
}

static void
or32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!is_known32(d, s))
		bits32(d, d->u32_min > s->u32_min ? d->u32_min : s->u32_min,
			(uint32_t)(d->var_off.value | d->var_off.mask));
}

static void
xor64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!is_known64(d, s))
		bits64(d, d->var_off.value, d->var_off.value | d->var_off.mask);
}

static void
xor32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	if (!is_known32(d, s))
		bits32(d, (uint32_t)d->var_off.value,
			(uint32_t)(d->var_off.value | d->var_off.mask));
}

/* ---- shifts, by a constant below the width (the caller saw to it) ---- */

static void
lsh_u32(struct xb_reg_state *d, unsigned int n)
{
	unbound_s32(d);
	if (n > 31 || d->u32_max > UINT64_C(1) << (31 - n)) {
		unbound_u32(d);
	} else {
		d->u32_min <<= n;
		d->u32_max <<= n;
	}
}

static void
lsh64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	unsigned int n = (unsigned int)s->umin;

	if (n == 32) { /* sign extension is << 32, s>> 32 */
		d->smin = (int64_t)((uint64_t)d->s32_min << 32);
		d->smax = (int64_t)((uint64_t)d->s32_max << 32);
	} else {
		unbound_s64(d);
	}
	if (d->umax > UINT64_C(1) << (63 - n)) {
		unbound_u64(d);
	} else {
		d->umin <<= n;
		d->umax <<= n;
	}
	lsh_u32(d, n);
	d->var_off = xb_tnum_lsh(d->var_off, n);
	xv_bounds_from_bits(d);
}

static void
lsh32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	lsh_u32(d, s->u32_min);
	d->var_off = xb_tnum_low32(xb_tnum_lsh(xb_tnum_low32(d->var_off), s->u32_min));
	xv_set_unbounded64(d);
	xv_bounds_from_bits32(d);
}

static void
rsh64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	unsigned int n = (unsigned int)s->umin;

	unbound_s64(d);
	d->var_off = xb_tnum_rsh(d->var_off, n);
	d->umin >>= n;
	d->umax >>= n;
	xv_set_unbounded32(d);
	xv_bounds_from_bits(d);
}

static void
rsh32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	unbound_s32(d);
	d->var_off = xb_tnum_rsh(xb_tnum_low32(d->var_off), s->u32_min);
	d->u32_min >>= s->u32_min;
	d->u32_max >>= s->u32_min;
	xv_set_unbounded64(d);
	xv_bounds_from_bits32(d);
}

static void
arsh64(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	unsigned int n = (unsigned int)s->umin;

	d->smin >>= n;
	d->smax >>= n;
	d->var_off = xb_tnum_arsh(d->var_off, n, 64);
	unbound_u64(d);
	xv_set_unbounded32(d);
	xv_bounds_from_bits(d);
}

static void
arsh32(struct xb_reg_state *d, const struct xb_reg_state *s)
{
	d->s32_min >>= s->u32_min;
	d->s32_max >>= s->u32_min;
	d->var_off = xb_tnum_arsh(xb_tnum_low32(d->var_off), s->u32_min, 32);
	unbound_u32(d);
	xv_set_unbounded64(d);
	xv_bounds_from_bits32(d);
}

/* ---- the table ---- */

static const struct {
	/* Bits first: and, or, xor, mul take bounds from the result's bits. NULL: shifts do all in
	 * one step. */
	struct xb_tnum (*bits)(struct xb_tnum a, struct xb_tnum b);
	combine_fn low, wide;
	bool is_shift, bits_last;
} ops[16] = {
	[BPF_ADD >> 4] = { xb_tnum_add, add32, add64, .bits_last = true },
	[BPF_SUB >> 4] = { xb_tnum_sub, sub32, sub64, .bits_last = true },
	[BPF_MUL >> 4] = { xb_tnum_mul, mul32, mul64, .bits_last = false },
	[BPF_AND >> 4] = { xb_tnum_and, and32, and64, .bits_last = false },
	[BPF_OR >> 4] = { xb_tnum_or, or32, or64, .bits_last = false },
	[BPF_XOR >> 4] = { xb_tnum_xor, xor32, xor64, .bits_last = false },
	[BPF_LSH >> 4] = { NULL, lsh32, lsh64, .is_shift = true },
	[BPF_RSH >> 4] = { NULL, rsh32, rsh64, .is_shift = true },
	[BPF_ARSH >> 4] = { NULL, arsh32, arsh64, .is_shift = true },
};

/* A shift can be followed when it is by one known number of bits below the width. */
static bool
is_good_shift(const struct xb_reg_state *src, bool is_32)
{
	if (is_32)
		return (uint32_t)src->var_off.mask == 0 && src->s32_min == src->s32_max &&
		       src->u32_min == src->u32_max && src->umax < 32;
	return xb_tnum_is_const(src->var_off) && src->smin == src->smax && src->umin == src->umax &&
	       src->umax < 64;
}

bool
xv_scalar_op(uint8_t op, bool is_32, struct xb_reg_state *dst, const struct xb_reg_state *src)
{
	unsigned int n = op >> 4;
	const struct xb_reg_state by = *src; /* may be dst itself */

	if (!ops[n].wide || (ops[n].is_shift && !is_good_shift(src, is_32)))
		return false;
	if (ops[n].is_shift) {
		(is_32 ? ops[n].low : ops[n].wide)(dst, &by);
	} else {
		struct xb_tnum bits = ops[n].bits(dst->var_off, by.var_off);

		if (!ops[n].bits_last)
			dst->var_off = bits;
		ops[n].low(dst, &by);
		ops[n].wide(dst, &by);
		if (ops[n].bits_last)
			dst->var_off = bits;
	}
	if (is_32)
		xv_zero_extend(dst);
	xv_bounds_sync(dst);
	return true;
}

void
xv_scalar_add(struct xb_reg_state *dst, const struct xb_reg_state *src)
{
	add32(dst, src);
	add64(dst, src);
	dst->var_off = xb_tnum_add(dst->var_off, src->var_off);
}
