/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomics: the card's memory adds a number to a word of a map's value, and does nothing else that
 * the driver knows (nfp-offload-rules.md 4.4). A short and a long form of that command exist; what
 * the number may be on any path decides which is emitted.
 */
#include "jit-nfp/internal.h"

int
jit_check_atomic_op(const struct jit_visit *v)
{
	int32_t op = v->insn->bpf.imm;

	return op == BPF_ADD ? 0 : jit_tell(v, JIT_RULE_ATOMIC_OP, op);
}

int
jit_check_atomic(const struct jit_visit *v)
{
	const struct xb_reg_state *src = jit_reg(v, v->insn->bpf.src_reg);
	const struct xb_reg_state *dst = jit_reg(v, v->insn->bpf.dst_reg);
	uint64_t least = src->var_off.value & ~src->var_off.mask;
	int err = jit_check_atomic_op(v);

	if (err)
		return err;
	if (dst->type != XB_PTR_MAP_VALUE)
		return jit_tell(v, JIT_RULE_ATOMIC_WHERE, dst->type);
	if (src->type != XB_SCALAR)
		err = jit_tell(v, JIT_RULE_ATOMIC_WHAT, src->type);
	if (err)
		return err;
	v->insn->over16 |= src->var_off.value > UINT16_MAX || src->var_off.mask > UINT16_MAX;
	v->insn->maybe16 |= least <= UINT16_MAX;
	return jit_check_ptr(v, v->insn->bpf.dst_reg);
}
