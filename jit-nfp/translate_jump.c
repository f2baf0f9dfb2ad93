/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps (nfp-isa.md 10.13): a comparison that sets the condition codes, then a branch. Targets are
 * not known yet: fixup.c gives all branches of an instruction the same one. exit and call:
 * translate_call.c.
 */
#include "jit-nfp/internal.h"

static bool
is_64(const struct jit_insn *insn)
{
	return BPF_CLASS(insn->bpf.code) == BPF_JMP;
}

/* The two halves of the constant, the second one of its sign. */
static uint32_t
low_of(const struct jit_insn *insn)
{
	return (uint32_t)insn->bpf.imm;
}

static uint32_t
high_of(const struct jit_insn *insn)
{
	return insn->bpf.imm < 0 ? UINT32_MAX : 0;
}

static struct nic_reg
operand(struct jit_out *out, uint32_t value)
{
	return wrp_unrestricted(out, value, jit_b(JIT_GPR_IMM));
}

static void
emit_branch(struct jit_out *out, enum nic_op op)
{
	emit_br(out, op, 0, 0, NIC_RELOC_BR_REL);
}

void
jit_jump(struct jit_out *out, struct jit_insn *insn)
{
	(void)insn;
	emit_branch(out, NIC_OP_BR);
}

/* ---- equal ---- */

/* Zero when both halves are equal: differences into imm_a and imm_b where they are not the halves
 * themselves, then both together. */
static void
emit_jeq_imm64(struct jit_out *out, const struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;
	struct nic_reg low = jit_a(dst), high = jit_b(dst + 1);

	if (low_of(insn)) {
		emit_alu(out, jit_a(JIT_GPR_IMM), low, NIC_OP_XOR, operand(out, low_of(insn)));
		low = jit_a(JIT_GPR_IMM);
	}
	if (high_of(insn)) {
		emit_alu(out, jit_b(JIT_GPR_IMM), jit_a(dst + 1), NIC_OP_XOR,
			operand(out, high_of(insn)));
		high = jit_b(JIT_GPR_IMM);
	}
	emit_alu(out, jit_none(), low, NIC_OP_OR, high);
}

static void
emit_test_imm(struct jit_out *out, uint32_t gpr, enum nic_op op, uint32_t imm)
{
	struct nic_reg right = operand(out, imm);

	emit_alu(out, jit_none(), jit_a(gpr), op, right);
}

void
jit_jeq_imm(struct jit_out *out, struct jit_insn *insn)
{
	if (is_64(insn))
		emit_jeq_imm64(out, insn);
	else
		emit_test_imm(out, 2u * insn->bpf.dst_reg, NIC_OP_XOR, low_of(insn));
	emit_branch(out, NIC_OP_BEQ);
}

void
jit_jeq_reg(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg, src = 2u * insn->bpf.src_reg;
	struct nic_reg low = jit_a(JIT_GPR_IMM), high = jit_b(JIT_GPR_IMM);

	emit_alu(out, low, jit_a(dst), NIC_OP_XOR, jit_b(src));
	if (is_64(insn)) {
		emit_alu(out, high, jit_a(dst + 1), NIC_OP_XOR, jit_b(src + 1));
		emit_alu(out, jit_none(), low, NIC_OP_OR, high);
	}
	emit_branch(out, NIC_OP_BEQ);
}

/* ---- not equal, bits set: a branch for each half ---- */

static void
emit_jne_zero(struct jit_out *out, const struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;

	if (is_64(insn))
		emit_alu(out, jit_none(), jit_a(dst), NIC_OP_OR, jit_b(dst + 1));
	else
		wrp_mov(out, jit_none(), jit_b(dst));
	emit_branch(out, NIC_OP_BNE);
}

void
jit_jne_imm(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;

	if (insn->bpf.imm == 0) {
		emit_jne_zero(out, insn);
		return;
	}
	emit_test_imm(out, dst, NIC_OP_XOR, low_of(insn));
	emit_branch(out, NIC_OP_BNE);
	if (!is_64(insn))
		return;
	emit_test_imm(out, dst + 1, NIC_OP_XOR, high_of(insn));
	emit_branch(out, NIC_OP_BNE);
}

/* The mask's high half is no or all bits. */
void
jit_jset_imm(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;
	struct nic_reg mask = operand(out, low_of(insn));

	emit_alu(out, jit_b(JIT_GPR_IMM), jit_a(dst), NIC_OP_AND, mask);
	if (is_64(insn) && high_of(insn))
		emit_alu(out, jit_none(), jit_a(dst + 1), NIC_OP_OR, jit_b(JIT_GPR_IMM));
	emit_branch(out, NIC_OP_BNE);
}

static void
emit_test_regs(struct jit_out *out, const struct jit_insn *insn, enum nic_op op)
{
	uint32_t dst = 2u * insn->bpf.dst_reg, src = 2u * insn->bpf.src_reg;

	emit_alu(out, jit_none(), jit_a(dst), op, jit_b(src));
	emit_branch(out, NIC_OP_BNE);
	if (!is_64(insn))
		return;
	emit_alu(out, jit_none(), jit_a(dst + 1), op, jit_b(src + 1));
	emit_branch(out, NIC_OP_BNE);
}

void
jit_jne_reg(struct jit_out *out, struct jit_insn *insn)
{
	emit_test_regs(out, insn, NIC_OP_XOR);
}

void
jit_jset_reg(struct jit_out *out, struct jit_insn *insn)
{
	emit_test_regs(out, insn, NIC_OP_AND);
}

/* ---- ordered ---- */

/* Greater and less-or-equal compare the other way round. */
struct order {
	enum nic_op branch;
	bool is_swapped;
};

static const struct order *
order_of(const struct jit_insn *insn)
{
	static const struct order orders[] = {
		[BPF_JGT >> 4] = { NIC_OP_BCC, true },
		[BPF_JGE >> 4] = { NIC_OP_BCS, false },
		[BPF_JLT >> 4] = { NIC_OP_BCC, false },
		[BPF_JLE >> 4] = { NIC_OP_BCS, true },
		[BPF_JSGT >> 4] = { NIC_OP_BLT, true },
		[BPF_JSGE >> 4] = { NIC_OP_BGE, false },
		[BPF_JSLT >> 4] = { NIC_OP_BLT, false },
		[BPF_JSLE >> 4] = { NIC_OP_BGE, true },
	};

	return &orders[BPF_OP(insn->bpf.code) >> 4];
}

static void
emit_compare_imm(struct jit_out *out, uint32_t gpr, enum nic_op op, uint32_t imm, bool is_swapped)
{
	struct nic_reg right = operand(out, imm);

	if (is_swapped)
		emit_alu(out, jit_none(), right, op, jit_a(gpr));
	else
		emit_alu(out, jit_none(), jit_a(gpr), op, right);
}

void
jit_order_imm(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;
	const struct order *order = order_of(insn);
	bool swap = order->is_swapped, neg = insn->jump_neg;

	emit_compare_imm(out, dst, neg ? NIC_OP_ADD : NIC_OP_SUB, low_of(insn), swap);
	if (is_64(insn))
		emit_compare_imm(out, dst + 1, neg ? NIC_OP_ADD_CARRY : NIC_OP_SUB_CARRY,
			high_of(insn), swap);
	emit_branch(out, order->branch);
}

void
jit_order_reg(struct jit_out *out, struct jit_insn *insn)
{
	const struct order *order = order_of(insn);
	uint32_t dst = 2u * insn->bpf.dst_reg, src = 2u * insn->bpf.src_reg;
	uint32_t left = order->is_swapped ? src : dst, right = order->is_swapped ? dst : src;

	emit_alu(out, jit_none(), jit_a(left), NIC_OP_SUB, jit_b(right));
	if (is_64(insn))
		emit_alu(out, jit_none(), jit_a(left + 1), NIC_OP_SUB_CARRY, jit_b(right + 1));
	emit_branch(out, order->branch);
}
