/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a value: its bits (a tnum) and its bounds as u64, s64, u32 and s32. Each of the
 * five can say something about the others; xv_bounds_sync() lets them. The rules are those of
 * kernel/bpf/verifier.c (reg_bounds_sync), in its order: the result must be the same, not only as
 * true.
 */
#include "bpf/verifier/env.h"

#include <string.h>

/* Narrow a bound: never make it say less. */
#define NARROW(type)                                                                               \
	static void narrow_##type(type *min, type *max, type lo, type hi)                          \
	{                                                                                          \
		if (lo > *min)                                                                     \
			*min = lo;                                                                 \
		if (hi < *max)                                                                     \
			*max = hi;                                                                 \
	}
typedef int64_t s64;
typedef uint64_t u64;
typedef int32_t s32;
typedef uint32_t u32;
NARROW(s64)
NARROW(u64)
NARROW(s32)
NARROW(u32)

static void
narrow_reg_s64(struct xb_reg_state *r, uint64_t lo, uint64_t hi)
{
	narrow_s64(&r->smin, &r->smax, (s64)lo, (s64)hi);
}

static void
narrow_reg_u64(struct xb_reg_state *r, uint64_t lo, uint64_t hi)
{
	narrow_u64(&r->umin, &r->umax, lo, hi);
}

static void
narrow_reg_s32(struct xb_reg_state *r, uint64_t lo, uint64_t hi)
{
	narrow_s32(&r->s32_min, &r->s32_max, (s32)lo, (s32)hi);
}

static void
narrow_reg_u32(struct xb_reg_state *r, uint64_t lo, uint64_t hi)
{
	narrow_u32(&r->u32_min, &r->u32_max, (u32)lo, (u32)hi);
}

void
xv_set_unbounded64(struct xb_reg_state *reg)
{
	reg->smin = INT64_MIN;
	reg->smax = INT64_MAX;
	reg->umin = 0;
	reg->umax = UINT64_MAX;
}

void
xv_set_unbounded32(struct xb_reg_state *reg)
{
	reg->s32_min = INT32_MIN;
	reg->s32_max = INT32_MAX;
	reg->u32_min = 0;
	reg->u32_max = UINT32_MAX;
}

void
xv_set_unbounded(struct xb_reg_state *reg)
{
	xv_set_unbounded64(reg);
	xv_set_unbounded32(reg);
}

static void
set_value(struct xb_reg_state *reg, uint64_t v)
{
	reg->var_off = xb_tnum_const(v);
	reg->smin = reg->smax = (s64)v;
	reg->umin = reg->umax = v;
	reg->s32_min = reg->s32_max = (s32)v;
	reg->u32_min = reg->u32_max = (u32)v;
}

void
xv_set_known(struct xb_reg_state *reg, uint64_t value)
{
	reg->off = 0;
	reg->raw = 0;
	reg->id = 0;
	reg->ref_obj_id = 0;
	set_value(reg, value);
}

void
xv_set_low_known(struct xb_reg_state *reg, uint32_t value)
{
	reg->var_off = xb_tnum_with_low32(reg->var_off, xb_tnum_const(value));
	reg->s32_min = reg->s32_max = (s32)value;
	reg->u32_min = reg->u32_max = value;
}

void
xv_set_unknown(struct xb_reg_state *reg)
{
	reg->type = XB_SCALAR;
	reg->off = 0;
	reg->raw = 0;
	reg->id = 0;
	reg->ref_obj_id = 0;
	reg->frameno = 0;
	reg->var_off = XB_TNUM_UNKNOWN;
	xv_set_unbounded(reg);
}

void
xv_set_not_init(struct xb_reg_state *reg)
{
	xv_set_unknown(reg);
	reg->type = XB_NOT_INIT;
}

/* ---- what the bits say ---- */

void
xv_bounds_from_bits32(struct xb_reg_state *reg)
{
	u32 value = (u32)reg->var_off.value, mask = (u32)reg->var_off.mask;
	const u32 sign = UINT32_C(1) << 31;

	narrow_reg_s32(reg, value | (mask & sign), value | (mask & ~sign));
	narrow_reg_u32(reg, value, value | mask);
}

static void
bounds_from_bits64(struct xb_reg_state *reg)
{
	u64 value = reg->var_off.value, mask = reg->var_off.mask;
	const u64 sign = UINT64_C(1) << 63;

	narrow_reg_s64(reg, value | (mask & sign), value | (mask & ~sign));
	narrow_reg_u64(reg, value, value | mask);
}

void
xv_bounds_from_bits(struct xb_reg_state *reg)
{
	xv_bounds_from_bits32(reg);
	bounds_from_bits64(reg);
}

/* ---- what the bounds say of each other ---- */

static bool
is_same_high(uint64_t a, uint64_t b)
{
	return a >> 32 == b >> 32;
}

/* From a 64-bit range: when its high half is constant, the low half is a range. When the high half
 * counts up by one and the low half goes from negative to positive, it is a signed range. */
static void
low_from_u64(struct xb_reg_state *r)
{
	if (!is_same_high(r->umin, r->umax))
		return;
	narrow_reg_u32(r, r->umin, r->umax);
	if ((s32)r->umin <= (s32)r->umax)
		narrow_reg_s32(r, r->umin, r->umax);
}

static void
low_from_s64(struct xb_reg_state *r)
{
	u64 lo = (u64)r->smin, hi = (u64)r->smax;

	if (!is_same_high(lo, hi))
		return;
	if ((u32)lo <= (u32)hi)
		narrow_reg_u32(r, lo, hi);
	if ((s32)lo <= (s32)hi)
		narrow_reg_s32(r, lo, hi);
}

static void
low_across_zero(struct xb_reg_state *r, uint64_t lo, uint64_t hi)
{
	if ((u32)(lo >> 32) + 1 == (u32)(hi >> 32) && (s32)lo < 0 && (s32)hi >= 0)
		narrow_reg_s32(r, lo, hi);
}

/* Signed and unsigned of one width: equal as long as both stay on one side of the sign. A signed
 * range that crosses zero is two unsigned ones; when the unsigned range meets only one, the other
 * is out. */
static void
signs_32(struct xb_reg_state *r)
{
	if ((s32)r->u32_min <= (s32)r->u32_max)
		narrow_reg_s32(r, r->u32_min, r->u32_max);
	if ((u32)r->s32_min <= (u32)r->s32_max) {
		narrow_reg_u32(r, (u32)r->s32_min, (u32)r->s32_max);
	} else if (r->u32_max < (u32)r->s32_min) {
		r->s32_min = (s32)r->u32_min;
		narrow_reg_u32(r, 0, (u32)r->s32_max);
	} else if ((u32)r->s32_max < r->u32_min) {
		r->s32_max = (s32)r->u32_max;
		narrow_reg_u32(r, (u32)r->s32_min, UINT32_MAX);
	}
}

static void
signs_64(struct xb_reg_state *r)
{
	if ((s64)r->umin <= (s64)r->umax)
		narrow_reg_s64(r, r->umin, r->umax);
	if ((u64)r->smin <= (u64)r->smax) {
		narrow_reg_u64(r, (u64)r->smin, (u64)r->smax);
	} else if (r->umax < (u64)r->smin) {
		r->smin = (s64)r->umin;
		narrow_reg_u64(r, 0, (u64)r->smax);
	} else if ((u64)r->smax < r->umin) {
		r->smax = (s64)r->umax;
		narrow_reg_u64(r, (u64)r->smin, UINT64_MAX);
	}
}

/* Put the low half's bounds under the 64-bit bounds. */
static void
wide_from_low(struct xb_reg_state *r, uint32_t lo, uint32_t hi)
{
	const u64 high = UINT64_MAX << 32;

	narrow_reg_u64(r, (r->umin & high) | lo, (r->umax & high) | hi);
	narrow_reg_s64(r, ((u64)r->smin & high) | lo, ((u64)r->smax & high) | hi);
}

/* After a sign-extending load: a value that fits s32, whose low half is not negative. */
static void
positive_s32(struct xb_reg_state *r)
{
	if (r->s32_min < 0 || r->smin < INT32_MIN || r->smax > INT32_MAX)
		return;
	r->smin = r->s32_min;
	r->smax = r->s32_max;
	r->umin = (u64)r->s32_min;
	r->umax = (u64)r->s32_max;
	r->var_off = xb_tnum_intersect(r->var_off, xb_tnum_range((u64)r->smin, (u64)r->smax));
}

static void
deduce(struct xb_reg_state *r)
{
	low_from_u64(r);
	low_from_s64(r);
	low_across_zero(r, r->umin, r->umax);
	low_across_zero(r, (u64)r->smin, (u64)r->smax);
	signs_32(r);
	signs_64(r);
	wide_from_low(r, r->u32_min, r->u32_max);
	if ((u32)r->s32_min <= (u32)r->s32_max)
		wide_from_low(r, (u32)r->s32_min, (u32)r->s32_max);
	positive_s32(r);
}

static void
bits_from_bounds(struct xb_reg_state *r)
{
	struct xb_tnum wide = xb_tnum_intersect(r->var_off, xb_tnum_range(r->umin, r->umax));
	struct xb_tnum low =
		xb_tnum_intersect(xb_tnum_low32(wide), xb_tnum_range(r->u32_min, r->u32_max));

	r->var_off = xb_tnum_with_low32(wide, low);
}

void
xv_bounds_sync(struct xb_reg_state *reg)
{
	xv_bounds_from_bits(reg);
	/* Each round may teach the next; three is what the kernel does. */
	for (int round = 0; round < 3; round++)
		deduce(reg);
	bits_from_bounds(reg);
	xv_bounds_from_bits(reg);
}

const char *
xv_bounds_check(const struct xb_reg_state *r)
{
	if (r->umin > r->umax || r->smin > r->smax || r->u32_min > r->u32_max ||
		r->s32_min > r->s32_max)
		return "range bounds violation";
	if (xb_tnum_is_const(r->var_off)) {
		u64 v = r->var_off.value;

		if (r->umin != v || r->umax != v || r->smin != (s64)v || r->smax != (s64)v)
			return "const tnum out of sync with range bounds";
	}
	if ((u32)r->var_off.mask == 0) {
		u32 v = (u32)r->var_off.value;

		if (r->u32_min != v || r->u32_max != v || r->s32_min != (s32)v ||
			r->s32_max != (s32)v)
			return "const subreg tnum out of sync with range bounds";
	}
	return NULL;
}

/* ---- changes of width ---- */

void
xv_zero_extend(struct xb_reg_state *reg)
{
	reg->var_off = xb_tnum_low32(reg->var_off);
	reg->umin = reg->u32_min;
	reg->umax = reg->u32_max;
	if (reg->s32_min >= 0 && reg->s32_max >= 0) {
		reg->smin = reg->s32_min;
		reg->smax = reg->s32_max;
	} else {
		reg->smin = 0;
		reg->smax = UINT32_MAX;
	}
}

void
xv_truncate(struct xb_reg_state *reg, unsigned int bytes)
{
	u64 keep = (UINT64_C(1) << (bytes * 8)) - 1;

	reg->var_off = xb_tnum_cast(reg->var_off, bytes);
	if ((reg->umin & ~keep) == (reg->umax & ~keep)) {
		reg->umin &= keep;
		reg->umax &= keep;
	} else {
		reg->umin = 0;
		reg->umax = keep;
	}
	reg->smin = (s64)reg->umin;
	reg->smax = (s64)reg->umax;
	if (bytes < 4)
		xv_set_unbounded32(reg);
	xv_bounds_sync(reg);
}

static int64_t
extend(uint64_t v, unsigned int bytes)
{
	unsigned int shift = 64 - bytes * 8;

	return (s64)(v << shift) >> shift;
}

/* The range a value has after sign extension, when all of it keeps one sign. */
static bool
extended_range(int64_t min, int64_t max, unsigned int bytes, int64_t *lo, int64_t *hi)
{
	int64_t a = extend((u64)max, bytes), b = extend((u64)min, bytes);

	if ((u64)max >> (bytes * 8) != (u64)min >> (bytes * 8))
		return false;
	*hi = a > b ? a : b;
	*lo = a > b ? b : a;
	return (*hi >= 0) == (*lo >= 0);
}

void
xv_sign_extend(struct xb_reg_state *reg, unsigned int bytes)
{
	s64 lo, hi;

	if (xb_tnum_is_const(reg->var_off)) {
		set_value(reg, (u64)extend(reg->var_off.value, bytes));
		return;
	}
	if (extended_range(reg->smin, reg->smax, bytes, &lo, &hi)) {
		reg->smin = lo;
		reg->smax = hi;
		reg->umin = (u64)lo;
		reg->umax = (u64)hi;
		reg->s32_min = (s32)lo;
		reg->s32_max = (s32)hi;
		reg->u32_min = (u32)lo;
		reg->u32_max = (u32)hi;
		reg->var_off = xb_tnum_range((u64)lo, (u64)hi);
		return;
	}
	xv_set_unbounded(reg);
	reg->smax = (s64)((UINT64_C(1) << (bytes * 8 - 1)) - 1);
	reg->smin = -reg->smax - 1;
	reg->s32_min = (s32)reg->smin;
	reg->s32_max = (s32)reg->smax;
	reg->var_off = XB_TNUM_UNKNOWN;
}

void
xv_sign_extend32(struct xb_reg_state *reg, unsigned int bytes)
{
	s64 lo, hi;
	bool is_range;

	if (xb_tnum_is_const(reg->var_off)) {
		s64 v = extend(reg->var_off.value, bytes);

		reg->var_off = xb_tnum_const((u64)v);
		reg->s32_min = reg->s32_max = (s32)v;
		reg->u32_min = reg->u32_max = (u32)v;
		return;
	}
	is_range = (u32)reg->s32_max >> (bytes * 8) == (u32)reg->s32_min >> (bytes * 8) &&
		   extended_range((s64)(u32)reg->s32_min, (s64)(u32)reg->s32_max, bytes, &lo, &hi);
	if (is_range) {
		reg->s32_min = (s32)lo;
		reg->s32_max = (s32)hi;
		reg->u32_min = (u32)lo;
		reg->u32_max = (u32)hi;
		reg->var_off = xb_tnum_low32(xb_tnum_range((u64)lo, (u64)hi));
		return;
	}
	reg->s32_max = (s32)((UINT32_C(1) << (bytes * 8 - 1)) - 1);
	reg->s32_min = -reg->s32_max - 1;
	reg->u32_min = 0;
	reg->u32_max = UINT32_MAX;
	reg->var_off = xb_tnum_low32(XB_TNUM_UNKNOWN);
}
