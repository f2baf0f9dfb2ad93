/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiplication in steps of the multiplier (nfp-isa.md 5.5, 10.2), and division by a constant as
 * a multiplication by its reciprocal (10.4; the method is of T. Granlund and P. Montgomery,
 * "Division by Invariant Integers using Multiplication", PLDI 1994).
 */
#include "jit-nfp/internal.h"

/* ---- multiplication ---- */

static void
emit_steps(struct jit_out *out, const enum nic_op *ops, uint32_t cnt, struct nic_reg left,
	struct nic_reg right)
{
	for (uint32_t i = 0; i < cnt; i++)
		emit_mul(out, ops[i], jit_none(), left, right);
}

static void
emit_mul16(struct jit_out *out, struct nic_reg low, struct nic_reg left, struct nic_reg right)
{
	static const enum nic_op steps[] = {
		NIC_OP_MUL_START,
		NIC_OP_MUL_16X16_STEP1,
		NIC_OP_MUL_16X16_STEP2,
	};

	emit_steps(out, steps, sizeof(steps) / sizeof(steps[0]), left, right);
	emit_mul(out, NIC_OP_MUL_16X16_LAST, low, jit_none(), jit_none());
}

/* The low word; the high one is for the caller to ask for. */
static void
emit_mul32(struct jit_out *out, struct nic_reg low, struct nic_reg left, struct nic_reg right)
{
	static const enum nic_op steps[] = {
		NIC_OP_MUL_START,
		NIC_OP_MUL_32X32_STEP1,
		NIC_OP_MUL_32X32_STEP2,
		NIC_OP_MUL_32X32_STEP3,
		NIC_OP_MUL_32X32_STEP4,
	};

	emit_steps(out, steps, sizeof(steps) / sizeof(steps[0]), left, right);
	emit_mul(out, NIC_OP_MUL_32X32_LAST, low, jit_none(), jit_none());
}

static void
emit_mul_high(struct jit_out *out, struct nic_reg high)
{
	emit_mul(out, NIC_OP_MUL_32X32_LAST2, high, jit_none(), jit_none());
}

bool
jit_is_mul16(const struct jit_insn *insn)
{
	bool is_by_reg = BPF_SRC(insn->bpf.code) == BPF_X;
	uint32_t right_max = is_by_reg ? (uint32_t)insn->umax_src : (uint32_t)insn->bpf.imm;

	return (uint32_t)insn->umax_dst <= UINT16_MAX && right_max <= UINT16_MAX;
}

static void
emit_product(struct jit_out *out, const struct jit_insn *insn, struct nic_reg right)
{
	uint32_t low = 2u * insn->bpf.dst_reg;

	if (jit_is_mul16(insn)) {
		emit_mul16(out, jit_both(low), jit_a(low), right);
		return; /* the high half is 0 already */
	}
	emit_mul32(out, jit_both(low), jit_a(low), right);
	if (BPF_CLASS(insn->bpf.code) == BPF_ALU64)
		emit_mul_high(out, jit_both(low + 1));
	else
		wrp_immed(out, jit_both(low + 1), 0);
}

void
jit_mul_reg(struct jit_out *out, struct jit_insn *insn)
{
	emit_product(out, insn, jit_b(2u * insn->bpf.src_reg));
}

void
jit_mul_imm(struct jit_out *out, struct jit_insn *insn)
{
	emit_product(out, insn, wrp_unrestricted(out, (uint32_t)insn->bpf.imm, jit_b(JIT_GPR_IMM)));
}

/* ---- division ---- */

/* ceil(log2(value)) */
static uint32_t
log2_up(uint32_t value)
{
	return value <= 1 ? 0 : 32 - (uint32_t)__builtin_clz(value - 1);
}

struct jit_reciprocal
jit_reciprocal_of(uint32_t divisor, uint32_t bits)
{
	uint32_t log = log2_up(divisor), shift = log;
	uint64_t low = (UINT64_C(1) << (32 + log)) / divisor;
	uint64_t high =
		((UINT64_C(1) << (32 + log)) + (UINT64_C(1) << (32 + log - bits))) / divisor;

	for (; shift > 0 && low / 2 < high / 2; shift--) {
		low /= 2;
		high /= 2;
	}
	return (struct jit_reciprocal){
		.multiplier = (uint32_t)high,
		.shift = shift,
		.log = log,
		.is_wide = high > UINT32_MAX,
	};
}

/* The driver reads bank A where it says bank B, and does not mind an amount of 0, which is an
 * indirect shift (nfp-isa.md 14.10, 14.4). */
static void
emit_shift_right(struct jit_out *out, uint32_t gpr, uint32_t amount)
{
	emit_shf(out, jit_both(gpr), jit_none(), NIC_OP_SHF_B, jit_a(gpr),
		(struct jit_shift){ NIC_SC_RIGHT, amount });
}

/* Above 2^31 the quotient is 0 or 1: the carry of the subtraction. */
static void
emit_div_large(struct jit_out *out, uint32_t gpr, uint32_t divisor)
{
	struct nic_reg right = wrp_unrestricted(out, divisor, jit_b(JIT_GPR_IMM));

	emit_alu(out, jit_none(), jit_a(gpr), NIC_OP_SUB, right);
	wrp_immed(out, jit_a(JIT_GPR_IMM), 0);
	emit_alu(out, jit_both(gpr), jit_a(JIT_GPR_IMM), NIC_OP_ADD_CARRY, nic_imm(0));
}

/* The multiplier has 33 bits: q = high word of the product with 32 of them, then
 * (((n - q) >> 1) + q) >> last. */
static void
emit_div_wide(struct jit_out *out, uint32_t gpr, struct nic_reg multiplier, uint32_t last)
{
	emit_mul32(out, jit_none(), jit_a(gpr), multiplier);
	emit_mul_high(out, jit_both(JIT_GPR_IMM));
	emit_alu(out, jit_both(gpr), jit_a(gpr), NIC_OP_SUB, jit_b(JIT_GPR_IMM));
	emit_shift_right(out, gpr, 1);
	emit_alu(out, jit_both(gpr), jit_a(gpr), NIC_OP_ADD, jit_b(JIT_GPR_IMM));
	emit_shift_right(out, gpr, last);
}

static void
emit_div_narrow(struct jit_out *out, uint32_t gpr, struct nic_reg multiplier, uint32_t before,
	uint32_t shift)
{
	if (before)
		emit_shift_right(out, gpr, before);
	emit_mul32(out, jit_none(), jit_a(gpr), multiplier);
	emit_mul_high(out, jit_both(gpr));
	emit_shift_right(out, gpr, shift);
}

struct jit_division
jit_division_by(uint32_t divisor)
{
	struct jit_division d = { .reciprocal = jit_reciprocal_of(divisor, 32) };
	uint32_t log = d.reciprocal.log;

	if (d.reciprocal.is_wide && divisor % 2 == 0) {
		d.before = (uint32_t)__builtin_ctz(divisor);
		d.reciprocal = jit_reciprocal_of(divisor >> d.before, 32 - d.before);
	}
	d.is_power = divisor == UINT32_C(1) << log;
	if (d.is_power)
		d.last = log;
	else
		d.last = d.reciprocal.is_wide ? d.reciprocal.shift - 1 : d.reciprocal.shift;
	return d;
}

static void
emit_div_small(struct jit_out *out, uint32_t gpr, uint32_t divisor)
{
	struct jit_division d = jit_division_by(divisor);
	/* even where it is not used */
	struct nic_reg multiplier =
		wrp_unrestricted(out, d.reciprocal.multiplier, jit_b(JIT_GPR_IMM));

	if (d.is_power)
		emit_shift_right(out, gpr, d.last);
	else if (d.reciprocal.is_wide)
		emit_div_wide(out, gpr, multiplier, d.last);
	else
		emit_div_narrow(out, gpr, multiplier, d.before, d.last);
}

/* The dividend is less than 2^32, so the high half stays 0. By 0 the driver does not come through
 * this; the quotient is eBPF's. */
static void
emit_div(struct jit_out *out, uint32_t gpr, uint64_t divisor)
{
	if (divisor > UINT32_MAX || divisor == 0)
		wrp_immed(out, jit_both(gpr), 0);
	else if (divisor > UINT32_C(1) << 31)
		emit_div_large(out, gpr, (uint32_t)divisor);
	else
		emit_div_small(out, gpr, (uint32_t)divisor);
}

void
jit_div_imm(struct jit_out *out, struct jit_insn *insn)
{
	emit_div(out, 2u * insn->bpf.dst_reg, (uint64_t)insn->bpf.imm);
}

/* The hook let only a constant through. */
void
jit_div_reg(struct jit_out *out, struct jit_insn *insn)
{
	emit_div(out, 2u * insn->bpf.dst_reg, insn->umin_src);
}
