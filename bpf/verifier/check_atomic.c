/* SPDX-License-Identifier: BSD-2-Clause */
/* Atomics: a load and a store at once, of memory that is the host's own. */
#include "bpf/verifier/env.h"

#include <errno.h>

static bool
is_atomic_op(int32_t imm)
{
	switch (imm) {
	case BPF_ADD:
	case BPF_ADD | BPF_FETCH:
	case BPF_AND:
	case BPF_AND | BPF_FETCH:
	case BPF_OR:
	case BPF_OR | BPF_FETCH:
	case BPF_XOR:
	case BPF_XOR | BPF_FETCH:
	case BPF_XCHG:
	case BPF_CMPXCHG: return true;
	default: return false;
	}
}

/* Not where accesses are rewritten or the memory is not the host's own. */
static bool
may_be_atomic(const struct xb_reg_state *reg)
{
	return xv_may_be_mixed(reg->type) && !xv_is_packet(reg);
}

static int
check_atomic_operands(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err = xv_use_reg(env, insn->src_reg, XV_SRC);

	if (!err)
		err = xv_use_reg(env, insn->dst_reg, XV_SRC);
	if (!err && insn->imm == BPF_CMPXCHG)
		err = xv_use_reg(env, 0, XV_SRC);
	if (err)
		return err;
	if (!may_be_atomic(xv_reg(env, insn->dst_reg))) {
		xv_say(env, "BPF_ATOMIC stores into R%d %s is not allowed\n", insn->dst_reg,
			XV_TYPE(xv_reg(env, insn->dst_reg)->type));
		return -EACCES;
	}
	return 0;
}

int
xv_check_atomic(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xv_access a = { .regno = insn->dst_reg,
		.off = insn->off,
		.size = xv_size_of(insn),
		.value = -1,
		.is_strict = true };
	int load = -1, err;

	if (!is_atomic_op(insn->imm)) {
		xv_say(env, "BPF_ATOMIC uses invalid atomic opcode %02x\n",
			(unsigned int)insn->imm);
		return -EINVAL;
	}
	if (a.size < 4) {
		xv_say(env, "invalid atomic operand size\n");
		return -EINVAL;
	}
	err = check_atomic_operands(env, insn);
	if (!err && (insn->imm & BPF_FETCH)) {
		load = insn->imm == BPF_CMPXCHG ? 0 : insn->src_reg;
		err = xv_use_reg(env, (unsigned int)load, XV_DST);
	}
	if (!err)
		err = xv_check_access(env, &a);
	if (!err && load >= 0) {
		a.value = load;
		err = xv_check_access(env, &a);
	}
	if (!err)
		err = xv_remember_type(env, xv_reg(env, insn->dst_reg)->type);
	if (err)
		return err;
	a.is_write = true;
	a.value = -1;
	return xv_check_access(env, &a);
}
