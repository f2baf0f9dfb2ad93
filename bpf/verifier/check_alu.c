/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic instructions: which fields they may have, and what is known of the result. */
#include "bpf/verifier/env.h"

#include <errno.h>

/* A register of the frame that runs becomes an unknown scalar whose value nobody needs yet. */
void
xv_set_reg_unknown(struct xb_verify_env *env, unsigned int n)
{
	xv_set_unknown(xv_reg(env, n));
	xv_cur(env)->precise &= (uint16_t) ~(1u << n);
}

void
xv_set_reg_known(struct xb_verify_env *env, unsigned int n, uint64_t value)
{
	xv_set_reg_unknown(env, n);
	xv_set_known(xv_reg(env, n), value);
}

void
xv_copy_reg(struct xb_verify_env *env, unsigned int dst, unsigned int src)
{
	struct xv_frame *fr = xv_cur(env);
	uint16_t to = (uint16_t)(1u << dst);

	*xv_reg(env, dst) = *xv_reg(env, src);
	fr->precise = (uint16_t)(fr->precise & (1u << src) ? fr->precise | to : fr->precise & ~to);
	fr->written |= to;
}

/* Before a copy: a number by which copies of one unknown scalar are known to be equal. */
void
xv_link_scalar(struct xb_verify_env *env, struct xb_reg_state *src)
{
	if (src->type != XB_SCALAR)
		return;
	if (src->id & XB_ID_ADD_CONST) /* one distance is all a register can have */
		xv_forget_id(src);
	if (!src->id && !xb_tnum_is_const(src->var_off))
		src->id = ++env->id_gen;
}

/* Bounds that contradict each other belong to a dead branch; the kernel says so and goes on. */
int
xv_check_bounds(struct xb_verify_env *env, struct xb_reg_state *reg, const char *where)
{
	const char *reason = xv_bounds_check(reg);

	if (!reason)
		return 0;
	xv_note(env,
		"REG INVARIANTS VIOLATION (%s): %s u64=[0x%llx, 0x%llx] s64=[0x%llx, 0x%llx] "
		"u32=[0x%x, 0x%x] s32=[0x%x, 0x%x] var_off=(0x%llx, 0x%llx)\n",
		where, reason, (unsigned long long)reg->umin, (unsigned long long)reg->umax,
		(unsigned long long)reg->smin, (unsigned long long)reg->smax, reg->u32_min,
		reg->u32_max, (unsigned int)reg->s32_min, (unsigned int)reg->s32_max,
		(unsigned long long)reg->var_off.value, (unsigned long long)reg->var_off.mask);
	xv_set_unbounded(reg);
	return 0;
}

static int
reserved(struct xb_verify_env *env, const char *what)
{
	xv_say(env, "%s uses reserved fields\n", what);
	return -EINVAL;
}

/* ---- neg, byte swaps: in 6.12 nothing is known of the result ---- */

static int
check_unary(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err;

	if (BPF_OP(insn->code) == BPF_NEG) {
		if (BPF_SRC(insn->code) != BPF_K || insn->src_reg || insn->off || insn->imm)
			return reserved(env, "BPF_NEG");
	} else if (insn->src_reg || insn->off ||
		   (insn->imm != 16 && insn->imm != 32 && insn->imm != 64) ||
		   (BPF_CLASS(insn->code) == BPF_ALU64 && BPF_SRC(insn->code) != BPF_TO_LE)) {
		return reserved(env, "BPF_END");
	}
	err = xv_use_reg(env, insn->dst_reg, XV_SRC);
	return err ? err : xv_use_reg(env, insn->dst_reg, XV_DST);
}

/* ---- mov ---- */

static int
check_mov_fields(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	bool is_64 = BPF_CLASS(insn->code) == BPF_ALU64;

	if (BPF_SRC(insn->code) == BPF_K)
		return insn->src_reg || insn->off ? reserved(env, "BPF_MOV") : 0;
	if (is_64 && insn->off == 1) {
		if (insn->imm != 1 && insn->imm != 1 << 16) {
			xv_say(env, "addr_space_cast insn can only convert between address space 1 "
				    "and 0\n");
			return -EINVAL;
		}
		xv_say(env, "addr_space_cast insn can only be used in a program that has an "
			    "associated arena\n");
		return -EINVAL;
	}
	if (insn->imm || (insn->off != 0 && insn->off != 8 && insn->off != 16 &&
				 !(is_64 && insn->off == 32)))
		return reserved(env, "BPF_MOV");
	return xv_use_reg(env, insn->src_reg, XV_SRC);
}

static void
mov64(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xb_reg_state *dst = xv_reg(env, insn->dst_reg), *src = xv_reg(env, insn->src_reg);
	bool is_same = true;

	if (insn->off == 0) {
		xv_link_scalar(env, src);
		xv_copy_reg(env, insn->dst_reg, insn->src_reg);
		dst->subreg_def = 0;
		return;
	}
	if (src->type != XB_SCALAR) { /* sign extension of part of a pointer */
		xv_set_reg_unknown(env, insn->dst_reg);
		return;
	}
	is_same = src->umax < UINT64_C(1) << (insn->off - 1);
	if (is_same)
		xv_link_scalar(env, src);
	xv_copy_reg(env, insn->dst_reg, insn->src_reg);
	if (!is_same)
		xv_forget_id(dst);
	xv_sign_extend(dst, (unsigned int)insn->off / 8);
	dst->subreg_def = 0;
}

static void
mov32(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xb_reg_state *dst = xv_reg(env, insn->dst_reg), *src = xv_reg(env, insn->src_reg);

	if (src->type == XB_SCALAR) {
		bool is_same = insn->off == 0 ? xv_width(src) <= 32
					      : src->umax < UINT64_C(1) << (insn->off - 1);

		if (is_same)
			xv_link_scalar(env, src);
		xv_copy_reg(env, insn->dst_reg, insn->src_reg);
		if (!is_same)
			xv_forget_id(dst);
		dst->subreg_def = env->insn + 1;
		if (insn->off)
			xv_sign_extend32(dst, (unsigned int)insn->off / 8);
	} else {
		xv_set_reg_unknown(env, insn->dst_reg);
	}
	xv_zero_extend(dst);
	xv_bounds_sync(dst);
}

static int
check_mov(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	bool is_64 = BPF_CLASS(insn->code) == BPF_ALU64;
	int err = check_mov_fields(env, insn);

	if (!err)
		err = xv_use_reg(env, insn->dst_reg, XV_DST_KEEP);
	if (err)
		return err;
	if (BPF_SRC(insn->code) == BPF_K)
		xv_set_reg_known(env, insn->dst_reg,
			is_64 ? (uint64_t)(int64_t)insn->imm : (uint32_t)insn->imm);
	else if (is_64)
		mov64(env, insn);
	else
		mov32(env, insn);
	return 0;
}

/* ---- all others ---- */

/*
 * "and" or "or" of a value that is 0 or -1 is how compilers make a choice without a jump. Follow
 * both: now with -1, and the same instruction again with 0.
 */
static int
fork_choice(struct xb_verify_env *env, const struct bpf_insn *insn, struct xb_reg_state *dst)
{
	bool is_64 = dst->smin == -1 && dst->smax == 0;
	struct xv_state *other;
	struct xb_reg_state *zero;
	int err = 0;

	if (!is_64 && !(dst->s32_min == -1 && dst->s32_max == 0))
		return 0;
	other = xv_push_branch(env, env->insn, env->insn, &err);
	if (!other)
		return err;
	zero = &other->frame[other->curframe].regs->r[insn->dst_reg];
	if (is_64) {
		xv_set_known(zero, 0);
		xv_set_known(dst, UINT64_MAX);
	} else {
		xv_set_low_known(zero, 0);
		xv_set_low_known(dst, UINT32_MAX);
	}
	return 0;
}

/* r1 = r2; r1 += 5: what a comparison teaches of r2 is true of r1 - 5. */
static void
keep_distance(const struct bpf_insn *insn, struct xb_reg_state *dst, const struct xb_reg_state *src)
{
	bool is_add_const = BPF_OP(insn->code) == BPF_ADD && BPF_CLASS(insn->code) == BPF_ALU64 &&
			    dst->id && xv_is_const(src) &&
			    !(BPF_SRC(insn->code) == BPF_X && insn->src_reg == insn->dst_reg);

	if (!is_add_const || (dst->id & XB_ID_ADD_CONST) || src->var_off.value > INT32_MAX) {
		xv_forget_id(dst);
	} else {
		dst->id |= XB_ID_ADD_CONST;
		dst->off = (int32_t)src->var_off.value;
	}
}

static int
scalar_op(struct xb_verify_env *env, const struct bpf_insn *insn, const struct xb_reg_state *src)
{
	struct xb_reg_state *dst = xv_reg(env, insn->dst_reg);
	uint8_t op = BPF_OP(insn->code);

	if ((op == BPF_AND || op == BPF_OR) && xb_tnum_is_const(src->var_off)) {
		int err = fork_choice(env, insn, dst);

		if (err)
			return err;
	}
	if (!xv_scalar_op(op, BPF_CLASS(insn->code) == BPF_ALU, dst, src))
		xv_set_reg_unknown(env, insn->dst_reg);
	keep_distance(insn, dst, src);
	return 0;
}

static int
two_pointers(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	if (BPF_OP(insn->code) == BPF_SUB) {
		xv_set_reg_unknown(env, insn->dst_reg);
		return 0;
	}
	xv_say(env, "R%d pointer %s pointer prohibited\n", insn->dst_reg,
		xv_alu_sign(BPF_OP(insn->code)));
	return -EACCES;
}

static int
binary_reg(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xb_reg_state *dst = xv_reg(env, insn->dst_reg), *src = xv_reg(env, insn->src_reg);
	bool is_dst_ptr = dst->type != XB_SCALAR, is_src_ptr = src->type != XB_SCALAR;
	int err = 0;

	if (is_src_ptr && is_dst_ptr)
		return two_pointers(env, insn);
	if (is_src_ptr) {
		struct xb_reg_state off;

		err = xv_need_precise(env, insn->dst_reg);
		off = *dst;
		return err ? err : xv_pointer_op(env, insn, src, &off);
	}
	if (is_dst_ptr || (xv_cur(env)->precise & (1u << insn->dst_reg)))
		err = xv_need_precise(env, insn->src_reg);
	if (err)
		return err;
	return is_dst_ptr ? xv_pointer_op(env, insn, dst, src) : scalar_op(env, insn, src);
}

static int
binary_imm(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xb_reg_state imm = { .type = XB_SCALAR }, *dst = xv_reg(env, insn->dst_reg);

	xv_set_known(&imm, (uint64_t)(int64_t)insn->imm);
	return dst->type != XB_SCALAR ? xv_pointer_op(env, insn, dst, &imm)
				      : scalar_op(env, insn, &imm);
}

static int
check_binary_fields(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);
	bool is_div = op == BPF_DIV || op == BPF_MOD;
	bool is_shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	bool is_imm = BPF_SRC(insn->code) == BPF_K;
	int err;

	if ((is_imm ? insn->src_reg != 0 : insn->imm != 0) ||
		(insn->off != 0 && !(insn->off == 1 && is_div)))
		return reserved(env, "BPF_ALU");
	err = is_imm ? 0 : xv_use_reg(env, insn->src_reg, XV_SRC);
	if (!err)
		err = xv_use_reg(env, insn->dst_reg, XV_SRC);
	if (err)
		return err;
	if (is_div && is_imm && insn->imm == 0) {
		xv_say(env, "div by zero\n");
		return -EINVAL;
	}
	if (is_shift && is_imm &&
		(uint32_t)insn->imm >= (BPF_CLASS(insn->code) == BPF_ALU64 ? 64u : 32u)) {
		xv_say(env, "invalid shift %d\n", insn->imm);
		return -EINVAL;
	}
	return 0;
}

static int
check_binary(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err = check_binary_fields(env, insn);

	if (!err)
		err = xv_use_reg(env, insn->dst_reg, XV_DST_KEEP);
	if (err)
		return err;
	return BPF_SRC(insn->code) == BPF_X ? binary_reg(env, insn) : binary_imm(env, insn);
}

int
xv_check_alu(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);
	int err;

	if (op > BPF_END) {
		xv_say(env, "invalid BPF_ALU opcode %x\n", op);
		return -EINVAL;
	}
	if (op == BPF_NEG || op == BPF_END)
		err = check_unary(env, insn);
	else if (op == BPF_MOV)
		err = check_mov(env, insn);
	else
		err = check_binary(env, insn);
	return err ? err : xv_check_bounds(env, xv_reg(env, insn->dst_reg), "alu");
}
