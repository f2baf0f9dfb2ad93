/* SPDX-License-Identifier: BSD-2-Clause */
/* Pointer plus or minus scalar: a pointer into the same object, elsewhere. */
#include "bpf/verifier/env.h"

#include <errno.h>

const char *
xv_alu_sign(uint8_t op)
{
	static const char *const signs[16] = { "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=",
		"neg", "%=", "^=", "=", "s>>=", "endian", "?", "?" };

	return signs[op >> 4];
}

/* Offsets far from any object's size would overflow later. Says why not. */
static bool
is_sane(struct xb_verify_env *env, const struct xb_reg_state *reg, uint32_t type)
{
	int64_t value = (int64_t)reg->var_off.value;

	if (xb_tnum_is_const(reg->var_off) &&
		(value >= XV_MAX_VAR_OFF || value <= -XV_MAX_VAR_OFF)) {
		xv_say(env, "math between %s pointer and %lld is not allowed\n", XV_TYPE(type),
			(long long)value);
	} else if (reg->off >= XV_MAX_VAR_OFF || reg->off <= -XV_MAX_VAR_OFF) {
		xv_say(env, "%s pointer offset %d is not allowed\n", XV_TYPE(type), reg->off);
	} else if (reg->smin == INT64_MIN) {
		xv_say(env,
			"math between %s pointer and register with unbounded min value is not "
			"allowed\n",
			XV_TYPE(type));
	} else if (reg->smin >= XV_MAX_VAR_OFF || reg->smin <= -XV_MAX_VAR_OFF) {
		xv_say(env, "value %lld makes %s pointer be out of bounds\n", (long long)reg->smin,
			XV_TYPE(type));
	} else {
		return true;
	}
	return false;
}

/* Is arithmetic on this kind of pointer allowed at all? */
static int
check_kind(struct xb_verify_env *env, const struct bpf_insn *insn, const struct xb_reg_state *ptr,
	const struct xb_reg_state *off)
{
	if (BPF_CLASS(insn->code) != BPF_ALU64) {
		xv_say(env, "R%d 32-bit pointer arithmetic prohibited\n", insn->dst_reg);
		return -EACCES;
	}
	if (ptr->type & XB_MAYBE_NULL) {
		xv_say(env, "R%d pointer arithmetic on %s prohibited, null-check it first\n",
			insn->dst_reg, XV_TYPE(ptr->type));
		return -EACCES;
	}
	switch (xb_reg_kind(ptr)) {
	case XB_PTR_CTX:
	case XB_PTR_MAP_VALUE:
	case XB_PTR_STACK:
	case XB_PTR_PACKET_META:
	case XB_PTR_PACKET:
	case XB_PTR_MEM: return 0;
	case XB_PTR_MAP: /* "r1 += 0" does nothing */
		if (xv_is_null(off) && BPF_OP(insn->code) == BPF_ADD)
			return 0;
		break;
	default: break;
	}
	xv_say(env, "R%d pointer arithmetic on %s prohibited\n", insn->dst_reg, XV_TYPE(ptr->type));
	return -EACCES;
}

/* The offset is known and goes into the fixed part. */
static bool
move_fixed(struct xb_reg_state *dst, const struct xb_reg_state *ptr, const struct xb_reg_state *by,
	int64_t delta)
{
	int64_t off = (int64_t)((uint64_t)(int64_t)ptr->off + (uint64_t)delta);

	if (!xb_tnum_is_const(by->var_off) || off != (int32_t)off)
		return false;
	dst->smin = ptr->smin;
	dst->smax = ptr->smax;
	dst->umin = ptr->umin;
	dst->umax = ptr->umax;
	dst->var_off = ptr->var_off;
	dst->off = (int32_t)off;
	return true;
}

static void
add_variable(struct xb_verify_env *env, struct xb_reg_state *dst, const struct xb_reg_state *ptr,
	const struct xb_reg_state *by)
{
	bool is_over = __builtin_add_overflow(ptr->smin, by->smin, &dst->smin);

	is_over |= __builtin_add_overflow(ptr->smax, by->smax, &dst->smax);
	if (is_over) {
		dst->smin = INT64_MIN;
		dst->smax = INT64_MAX;
	}
	is_over = __builtin_add_overflow(ptr->umin, by->umin, &dst->umin);
	is_over |= __builtin_add_overflow(ptr->umax, by->umax, &dst->umax);
	if (is_over) {
		dst->umin = 0;
		dst->umax = UINT64_MAX;
	}
	dst->var_off = xb_tnum_add(ptr->var_off, by->var_off);
	if (xv_is_packet(ptr)) { /* another base, of which nothing was compared yet */
		dst->id = ++env->id_gen;
		dst->raw = 0;
	}
}

static void
sub_variable(struct xb_verify_env *env, struct xb_reg_state *dst, const struct xb_reg_state *ptr,
	const struct xb_reg_state *by)
{
	bool is_over = __builtin_sub_overflow(ptr->smin, by->smax, &dst->smin);

	is_over |= __builtin_sub_overflow(ptr->smax, by->smin, &dst->smax);
	if (is_over) {
		dst->smin = INT64_MIN;
		dst->smax = INT64_MAX;
	}
	if (ptr->umin < by->umax) {
		dst->umin = 0;
		dst->umax = UINT64_MAX;
	} else {
		dst->umin = ptr->umin - by->umax;
		dst->umax = ptr->umax - by->umin;
	}
	dst->var_off = xb_tnum_sub(ptr->var_off, by->var_off);
	if (xv_is_packet(ptr)) {
		dst->id = ++env->id_gen;
		if (by->smin < 0)
			dst->raw = 0;
	}
}

static int
subtract(struct xb_verify_env *env, unsigned int n, bool is_ptr_dst, const struct xb_reg_state *ptr,
	const struct xb_reg_state *by)
{
	struct xb_reg_state *dst = xv_reg(env, n);

	if (!is_ptr_dst) {
		xv_say(env, "R%u tried to subtract pointer from scalar\n", n);
		return -EACCES;
	}
	if (ptr->type == XB_PTR_STACK) {
		xv_say(env, "R%u subtraction from stack pointer prohibited\n", n);
		return -EACCES;
	}
	if (!move_fixed(dst, ptr, by, (int64_t)(0 - (uint64_t)by->smin)))
		sub_variable(env, dst, ptr, by);
	return 0;
}

static int
prohibited(struct xb_verify_env *env, unsigned int n, uint8_t op)
{
	bool is_bitwise = op == BPF_AND || op == BPF_OR || op == BPF_XOR;

	if (is_bitwise)
		xv_say(env, "R%u bitwise operator %s on pointer prohibited\n", n, xv_alu_sign(op));
	else
		xv_say(env, "R%u pointer arithmetic with %s operator prohibited\n", n,
			xv_alu_sign(op));
	return -EACCES;
}

/* Bounds from a dead branch. */
static bool
is_impossible(const struct xb_reg_state *off)
{
	return (xb_tnum_is_const(off->var_off) &&
		       (off->smin != off->smax || off->umin != off->umax)) ||
	       off->smin > off->smax || off->umin > off->umax;
}

int
xv_pointer_op(struct xb_verify_env *env, const struct bpf_insn *insn,
	const struct xb_reg_state *ptr_reg, const struct xb_reg_state *off_reg)
{
	unsigned int n = insn->dst_reg;
	struct xb_reg_state *dst = xv_reg(env, n);
	const struct xb_reg_state ptr = *ptr_reg, off = *off_reg;
	uint8_t op = BPF_OP(insn->code);
	int err;

	if (is_impossible(&off) || (BPF_CLASS(insn->code) == BPF_ALU && op == BPF_SUB)) {
		xv_set_reg_unknown(env, n);
		return 0;
	}
	err = check_kind(env, insn, &ptr, &off);
	if (err)
		return err;
	if (dst != ptr_reg)
		*dst = ptr;
	if (!is_sane(env, &off, ptr.type) || !is_sane(env, &ptr, ptr.type))
		return -EINVAL;
	xv_set_unbounded32(dst);
	if (op == BPF_SUB)
		err = subtract(env, n, dst == ptr_reg, &ptr, &off);
	else if (op != BPF_ADD)
		err = prohibited(env, n, op);
	else if (!move_fixed(dst, &ptr, &off, off.smin))
		add_variable(env, dst, &ptr, &off);
	if (err)
		return err;
	if (!is_sane(env, dst, ptr.type))
		return -EINVAL;
	xv_bounds_sync(dst);
	return 0;
}
