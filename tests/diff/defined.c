/* SPDX-License-Identifier: BSD-2-Clause */
/* See defined.h. What the verifier allows only privileged programs: bpf_allow_ptr_leaks() and
 * bpf_allow_uninit_stack() in kernel/bpf/verifier.c. */
#include "tests/diff/defined.h"

#define ADDRESS "an address becomes a number"
#define GARBAGE "bytes of the stack that were never written"

static enum xb_reg_kind
kind_of(const struct xb_verify_env *env, uint32_t reg)
{
	return xb_reg_kind(xb_verify_reg(env, reg));
}

static bool
is_address(const struct xb_verify_env *env, uint32_t reg)
{
	return kind_of(env, reg) != XB_SCALAR && kind_of(env, reg) != XB_NOT_INIT;
}

static bool
is_packet(enum xb_reg_kind kind)
{
	return kind == XB_PTR_PACKET || kind == XB_PTR_PACKET_END;
}

static bool
is_by_reg(const struct bpf_insn *insn)
{
	return BPF_SRC(insn->code) == BPF_X;
}

/* ---- memory ---- */

/* Of the stack from r10 + off of a frame. whole: one spilled register may be read. */
static const char *
check_bytes(const struct xb_verify_env *env, uint32_t frame, int64_t off, uint32_t size, bool whole)
{
	for (uint32_t i = 0; i < size; i++) {
		const struct xb_reg_state *spilled;

		if (off + i >= 0 || off + i < -512)
			return NULL; /* refused anyhow */
		if (xb_verify_stack_byte(env, frame, (int)(off + i), &spilled) == XB_SLOT_INVALID)
			return GARBAGE;
		if (spilled && xb_reg_kind(spilled) != XB_SCALAR && !whole)
			return ADDRESS;
	}
	return NULL;
}

static const char *
check_stack(const struct xb_verify_env *env, const struct xb_reg_state *reg, int32_t off,
	uint32_t size, bool whole)
{
	int64_t at = (int64_t)reg->var_off.value + reg->off + off;

	return reg->type == XB_PTR_STACK ? check_bytes(env, reg->frameno, at, size, whole) : NULL;
}

static uint32_t
size_of(const struct bpf_insn *insn)
{
	static const uint32_t bytes[] = { 4, 2, 1, 8 };

	return bytes[BPF_SIZE(insn->code) >> 3];
}

/* What was a pointer must be overwritten whole. */
static const char *
check_store(const struct xb_verify_env *env, const struct bpf_insn *insn)
{
	const struct xb_reg_state *to = xb_verify_reg(env, insn->dst_reg);
	uint32_t size = size_of(insn);
	const char *why;

	if (BPF_CLASS(insn->code) == BPF_STX && is_address(env, insn->src_reg) &&
		(to->type != XB_PTR_STACK || size < 8))
		return ADDRESS;
	if (to->type != XB_PTR_STACK || size == 8)
		return NULL;
	why = check_stack(env, to, insn->off, size, false);
	return why == NULL || why[0] != ADDRESS[0] ? NULL : why;
}

/* ---- the others ---- */

static const char *
check_alu(const struct xb_verify_env *env, const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);
	bool is_64 = BPF_CLASS(insn->code) == BPF_ALU64;
	bool is_src = is_by_reg(insn) && op != BPF_END && is_address(env, insn->src_reg);
	bool is_dst = op != BPF_MOV && is_address(env, insn->dst_reg);

	if (!is_src && !is_dst)
		return NULL;
	if (is_64 && op == BPF_MOV)
		return NULL;
	if (is_src && is_dst)
		return is_packet(kind_of(env, insn->src_reg)) &&
				       is_packet(kind_of(env, insn->dst_reg)) && op == BPF_SUB &&
				       is_64
			       ? NULL
			       : ADDRESS;
	return is_64 && (op == BPF_ADD || op == BPF_SUB) ? NULL : ADDRESS;
}

static const char *
check_jump(const struct xb_verify_env *env, const struct bpf_insn *insn)
{
	enum xb_reg_kind dst = kind_of(env, insn->dst_reg);
	bool is_src = is_by_reg(insn) && is_address(env, insn->src_reg);

	if (!is_address(env, insn->dst_reg) && !is_src)
		return NULL;
	if (is_src && is_packet(dst) && is_packet(kind_of(env, insn->src_reg)))
		return NULL;
	return dst == XB_PTR_MAP_VALUE && !is_by_reg(insn) && insn->imm == 0 ? NULL : ADDRESS;
}

static const char *
check_call(const struct xb_verify_env *env, const struct bpf_insn *insn)
{
	const struct xb_reg_state *map = xb_verify_reg(env, BPF_REG_1);
	const char *why = NULL;

	if (map->type == XB_PTR_MAP)
		why = check_stack(env, xb_verify_reg(env, BPF_REG_2), 0, map->map->key_size, false);
	if (!why && insn->imm == BPF_FUNC_map_update_elem && map->type == XB_PTR_MAP)
		why = check_stack(
			env, xb_verify_reg(env, BPF_REG_3), 0, map->map->value_size, false);
	if (map->type == XB_PTR_CTX && is_address(env, BPF_REG_2))
		why = ADDRESS;
	return why;
}

const char *
undefined_at(const struct xb_verify_env *env, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64: return check_alu(env, insn);
	case BPF_LDX:
		return check_stack(env, xb_verify_reg(env, insn->src_reg), insn->off, size_of(insn),
			size_of(insn) == 8);
	case BPF_ST:
	case BPF_STX: return check_store(env, insn);
	case BPF_JMP:
	case BPF_JMP32:
		if (insn->code == (BPF_JMP | BPF_CALL))
			return insn->src_reg == 0 ? check_call(env, insn) : NULL;
		if (insn->code == (BPF_JMP | BPF_EXIT))
			return xb_verify_frame(env) == 0 && is_address(env, BPF_REG_0) ? ADDRESS
										       : NULL;
		return BPF_OP(insn->code) == BPF_JA ? NULL : check_jump(env, insn);
	default: return NULL;
	}
}
