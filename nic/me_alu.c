/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function an operation that computes (nfp-isa.md 5.1-5.5). Operands are read before anything
 * is written; what only some instructions leave behind for the next one is in struct nic_me.
 */
#include "nic/internal.h"

static uint32_t
left_of(struct nic_me *me, const struct nic_insn *insn)
{
	return insn->left.kind == NIC_NONE ? 0 : nic_me_read(me, &insn->left);
}

static uint32_t
right_of(struct nic_me *me, const struct nic_insn *insn)
{
	return nic_me_read(me, &insn->right);
}

/* A result, for the destination and for the instruction that follows. */
static void
finish(struct nic_me *me, const struct nic_insn *insn, uint32_t a, uint32_t result)
{
	nic_me_write(me, &insn->dst, result);
	me->prev_result = result;
	me->prev_a = a;
}

/* Logic clears V and C; what the hardware does with them is not known (nfp-isa.md 5.1). */
static void
finish_logic(struct nic_me *me, const struct nic_insn *insn, uint32_t a, uint32_t result)
{
	if (!insn->no_cc)
		me->ctx->cc = nic_cc_of(result);
	finish(me, insn, a, result);
}

/* a + b + carry; a subtraction adds the complement, so C is "no borrow". `left` is source A. */
static void
finish_sum(struct nic_me *me, const struct nic_insn *insn, uint32_t left, uint32_t a, uint32_t b,
	uint32_t carry)
{
	uint64_t sum = (uint64_t)a + b + carry;

	if (!insn->no_cc)
		me->ctx->cc = (struct nic_cc){ .sum = sum, .x = a, .y = b };
	finish(me, insn, left, (uint32_t)sum);
}

/* ---- alu ---- */

#define LOGIC(name, expr)                                                                          \
	static void run_##name(struct nic_me *me, const struct nic_insn *insn)                     \
	{                                                                                          \
		uint32_t l = left_of(me, insn), r = right_of(me, insn);                            \
                                                                                                   \
		finish_logic(me, insn, l, expr);                                                   \
	}
LOGIC(B, r)
LOGIC(NOT_B, ~r)
LOGIC(AND, l &r)
LOGIC(NOT_AND, ~l &r)
LOGIC(AND_NOT, l & ~r)
LOGIC(OR, l | r)
LOGIC(XOR, l ^ r)

#define SUM(name, a, b, carry)                                                                     \
	static void run_##name(struct nic_me *me, const struct nic_insn *insn)                     \
	{                                                                                          \
		uint32_t l = left_of(me, insn), r = right_of(me, insn);                            \
                                                                                                   \
		finish_sum(me, insn, l, a, b, carry);                                              \
	}
SUM(ADD, l, r, 0)
SUM(ADD8, l, r & 0xff, 0)
SUM(ADD16, l, r & 0xffff, 0)
SUM(ADD_CARRY, l, r, nic_cc_c(me->ctx->cc))
SUM(SUB, l, ~r, 1)
SUM(SUB_CARRY, l, ~r, nic_cc_c(me->ctx->cc))
SUM(B_SUB_A, r, ~l, 1)

/* ---- the shifter ---- */

/* How far: the field, or for a shift of 0 what source A of the instruction before says. */
static uint32_t
amount_of(const struct nic_me *me, const struct nic_insn *insn)
{
	return insn->shift ? insn->shift : me->prev_a & 31;
}

/* left is the high word of a double shift. By 0 that is right (nfp-isa.md 14.3: not known). */
static uint32_t
shift_double(uint32_t left, uint32_t right, uint32_t amount)
{
	return (uint32_t)(((uint64_t)left << 32 | right) >> amount);
}

static uint32_t
shifted(const struct nic_me *me, const struct nic_insn *insn, uint32_t left, uint32_t r)
{
	switch (insn->sc) {
	case NIC_SC_ROTATE: return shift_double(r, r, insn->shift);
	case NIC_SC_RIGHT: return r >> amount_of(me, insn);
	case NIC_SC_LEFT: return r << amount_of(me, insn);
	default: return shift_double(left, r, insn->shift);
	}
}

#define SHIFT(name, expr)                                                                          \
	static void run_SHF_##name(struct nic_me *me, const struct nic_insn *insn)                 \
	{                                                                                          \
		uint32_t l = left_of(me, insn), r = shifted(me, insn, l, right_of(me, insn));      \
                                                                                                   \
		finish_logic(me, insn, l, expr);                                                   \
	}
SHIFT(B, r)
SHIFT(NOT_B, ~r)
SHIFT(AND, l &r)
SHIFT(NOT_AND, ~l &r)
SHIFT(AND_NOT, l & ~r)
SHIFT(OR, l | r)

static void
run_DBL_SHF(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t l = left_of(me, insn), r = right_of(me, insn);

	finish_logic(me, insn, l, shift_double(l, r, amount_of(me, insn)));
}

/* What comes in from above is the sign of the result before (5.2). */
static void
run_ASR(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t sign = me->prev_result >> 31 ? UINT32_MAX : 0;
	uint32_t amount = amount_of(me, insn);

	finish_logic(me, insn, 0, shift_double(sign, right_of(me, insn), amount));
}

/* ---- ld_field, immed ---- */

static void
merge(struct nic_me *me, const struct nic_insn *insn, bool clears)
{
	uint32_t old = nic_me_read(me, &insn->dst), r = right_of(me, insn), mask = 0;
	uint32_t result;

	for (unsigned int byte = 0; byte < 4; byte++)
		if (insn->bmask >> byte & 1)
			mask |= UINT32_C(0xff) << 8 * byte;
	result = (shifted(me, insn, old, r) & mask) | (clears ? 0 : old & ~mask);
	if (insn->load_cc)
		me->ctx->cc = nic_cc_from((result >> 31) << 3 | (uint32_t)!result << 2 |
					  (uint32_t)nic_cc_v(me->ctx->cc) << 1 |
					  (uint32_t)nic_cc_c(me->ctx->cc));
	/* source A: not known, and nothing known reads it */
	finish(me, insn, old, result);
}

static void
run_LD_FIELD(struct nic_me *me, const struct nic_insn *insn)
{
	merge(me, insn, false);
}

static void
run_LD_FIELD_W_CLR(struct nic_me *me, const struct nic_insn *insn)
{
	merge(me, insn, true);
}

/* Condition codes are left alone, and so is source A (5.4; of that nothing is known). */
static void
run_IMMED(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t value = insn->imm << 8 * insn->imm_shift;

	if (insn->inv)
		value = ~value;
	if (me->csr_is_read)
		value = me->csr_value;
	finish(me, insn, me->prev_a, value);
}

static void
replace(struct nic_me *me, const struct nic_insn *insn, uint32_t mask, unsigned int lo)
{
	uint32_t old = nic_me_read(me, &insn->dst);

	finish(me, insn, me->prev_a, (old & ~(mask << lo)) | (insn->imm & mask) << lo);
}

#define REPLACE(name, mask, lo)                                                                    \
	static void run_IMMED_##name(struct nic_me *me, const struct nic_insn *insn)               \
	{                                                                                          \
		replace(me, insn, mask, lo);                                                       \
	}
REPLACE(B0, 0xff, 0)
REPLACE(B1, 0xff, 8)
REPLACE(B2, 0xff, 16)
REPLACE(B3, 0xff, 24)
REPLACE(W0, 0xffff, 0)
REPLACE(W1, 0xffff, 16)

/* ---- multiplication ---- */

/* Sources are read in every step, and their pointers move; the first step's are multiplied. */
static void
run_MUL_START(struct nic_me *me, const struct nic_insn *insn)
{
	me->mul_a = left_of(me, insn);
	me->mul_b = right_of(me, insn);
	me->mul_steps = 1;
}

static void
step(struct nic_me *me, const struct nic_insn *insn, uint32_t number)
{
	left_of(me, insn);
	right_of(me, insn);
	if (me->mul_steps != number)
		nic_me_fault(me, "a step of a multiplication that is not at that step");
	me->mul_steps = number + 1;
}

/* The product of as many bits as there were steps. */
static void
product(struct nic_me *me, const struct nic_insn *insn, uint32_t steps, uint32_t mask_a,
	uint32_t mask_b, unsigned int lo)
{
	uint64_t value = (uint64_t)(me->mul_a & mask_a) * (me->mul_b & mask_b);

	if (me->mul_steps != steps + 1)
		nic_me_fault(me, "the product of a multiplication that is not at its end");
	finish_logic(me, insn, me->prev_a, (uint32_t)(value >> lo));
}

#define STEP(type, number)                                                                         \
	static void run_MUL_##type##_STEP##number(struct nic_me *me, const struct nic_insn *insn)  \
	{                                                                                          \
		step(me, insn, number);                                                            \
	}
#define LAST(type, steps, mask_a, mask_b)                                                          \
	static void run_MUL_##type##_LAST(struct nic_me *me, const struct nic_insn *insn)          \
	{                                                                                          \
		product(me, insn, steps, mask_a, mask_b, 0);                                       \
	}                                                                                          \
	static void run_MUL_##type##_LAST2(struct nic_me *me, const struct nic_insn *insn)         \
	{                                                                                          \
		product(me, insn, steps, mask_a, mask_b, 32);                                      \
	}
STEP(24X8, 1)
STEP(16X16, 1)
STEP(16X16, 2)
STEP(32X32, 1)
STEP(32X32, 2)
STEP(32X32, 3)
STEP(32X32, 4)
LAST(24X8, 1, 0xffffff, 0xff)
LAST(16X16, 2, 0xffff, 0xffff)
LAST(32X32, 4, UINT32_MAX, UINT32_MAX)

#define ROW(name) [NIC_OP_##name] = run_##name
nic_op_fn *const nic_alu_ops[NIC_OP_CNT] = {
	ROW(B),
	ROW(NOT_B),
	ROW(AND),
	ROW(NOT_AND),
	ROW(AND_NOT),
	ROW(OR),
	ROW(XOR),
	ROW(ADD),
	ROW(ADD8),
	ROW(ADD16),
	ROW(ADD_CARRY),
	ROW(SUB),
	ROW(SUB_CARRY),
	ROW(B_SUB_A),
	ROW(SHF_B),
	ROW(SHF_NOT_B),
	ROW(SHF_AND),
	ROW(SHF_NOT_AND),
	ROW(SHF_AND_NOT),
	ROW(SHF_OR),
	ROW(DBL_SHF),
	ROW(ASR),
	ROW(LD_FIELD),
	ROW(LD_FIELD_W_CLR),
	ROW(IMMED),
	[NIC_OP_NOP] = run_IMMED,
	ROW(IMMED_B0),
	ROW(IMMED_B1),
	ROW(IMMED_B2),
	ROW(IMMED_B3),
	ROW(IMMED_W0),
	ROW(IMMED_W1),
	ROW(MUL_START),
	ROW(MUL_24X8_STEP1),
	ROW(MUL_16X16_STEP1),
	ROW(MUL_16X16_STEP2),
	ROW(MUL_32X32_STEP1),
	ROW(MUL_32X32_STEP2),
	ROW(MUL_32X32_STEP3),
	ROW(MUL_32X32_STEP4),
	ROW(MUL_24X8_LAST),
	ROW(MUL_16X16_LAST),
	ROW(MUL_32X32_LAST),
	ROW(MUL_24X8_LAST2),
	ROW(MUL_16X16_LAST2),
	ROW(MUL_32X32_LAST2),
};
