/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shifts (nfp-isa.md 10.2, 10.3). The shifter takes 0 to 31; a shift by a register is "indirect":
 * the amount is source A of the ALU instruction before it, of which 5 bits count. An arithmetic
 * shift fills with the sign of that instruction's result.
 */
#include "jit-nfp/internal.h"

#define HALF 32u /* bits */

/* The halves of the register shifted, and the low half of the amount. */
struct shifted {
	uint32_t low, high, amount;
};

static struct shifted
shifted_of(const struct jit_insn *insn)
{
	return (struct shifted){ 2u * insn->bpf.dst_reg, 2u * insn->bpf.dst_reg + 1,
		2u * insn->bpf.src_reg };
}

/* ---- words ---- */

static void
emit_shift(struct jit_out *out, uint32_t dst, uint32_t src, enum nic_sc sc, uint32_t amount)
{
	emit_shf(out, jit_both(dst), jit_none(), NIC_OP_SHF_B, jit_b(src),
		(struct jit_shift){ sc, amount });
}

static void
emit_asr(struct jit_out *out, uint32_t dst, uint32_t src, uint32_t amount)
{
	emit_shf(out, jit_both(dst), jit_none(), NIC_OP_ASR, jit_b(src),
		(struct jit_shift){ NIC_SC_RIGHT, amount });
}

/* dst = low word of the register >> amount */
static void
emit_double(struct jit_out *out, uint32_t dst, const struct shifted *s, uint32_t amount)
{
	emit_shf(out, jit_both(dst), jit_a(s->high), NIC_OP_DBL_SHF, jit_b(s->low),
		(struct jit_shift){ NIC_SC_DOUBLE, amount });
}

#define INDIRECT 0u

static void
emit_amount(struct jit_out *out, uint32_t gpr)
{
	emit_alu(out, jit_none(), jit_a(gpr), NIC_OP_OR, nic_imm(0));
}

/* The same, and the sign of the half shifted. */
static void
emit_amount_and_sign(struct jit_out *out, uint32_t gpr, uint32_t half)
{
	emit_alu(out, jit_none(), jit_a(gpr), NIC_OP_OR, jit_b(half));
}

static void
emit_sign(struct jit_out *out, uint32_t half)
{
	emit_amount(out, half);
}

static void
emit_clear(struct jit_out *out, uint32_t gpr)
{
	wrp_immed(out, jit_both(gpr), 0);
}

/* ---- by a constant ---- */

static void
emit_lsh64(struct jit_out *out, const struct shifted *s, uint32_t amount)
{
	if (amount == 0)
		return;
	if (amount < HALF) {
		emit_double(out, s->high, s, HALF - amount);
		emit_shift(out, s->low, s->low, NIC_SC_LEFT, amount);
	} else if (amount == HALF) {
		wrp_reg_mov(out, s->high, s->low);
		emit_clear(out, s->low);
	} else {
		emit_shift(out, s->high, s->low, NIC_SC_LEFT, amount - HALF);
		emit_clear(out, s->low);
	}
}

static void
emit_rsh64(struct jit_out *out, const struct shifted *s, uint32_t amount)
{
	if (amount == 0)
		return;
	if (amount < HALF) {
		emit_double(out, s->low, s, amount);
		emit_shift(out, s->high, s->high, NIC_SC_RIGHT, amount);
	} else if (amount == HALF) {
		wrp_reg_mov(out, s->low, s->high);
		emit_clear(out, s->high);
	} else {
		emit_shift(out, s->low, s->high, NIC_SC_RIGHT, amount - HALF);
		emit_clear(out, s->high);
	}
}

static void
emit_arsh64(struct jit_out *out, const struct shifted *s, uint32_t amount)
{
	if (amount == 0)
		return;
	if (amount < HALF) {
		emit_double(out, s->low, s, amount);
		emit_sign(out, s->high);
		emit_asr(out, s->high, s->high, amount);
	} else if (amount == HALF) {
		wrp_reg_mov(out, s->low, s->high); /* its result has the sign */
		emit_asr(out, s->high, s->high, HALF - 1);
	} else {
		emit_sign(out, s->high);
		emit_asr(out, s->low, s->high, amount - HALF);
		emit_asr(out, s->high, s->high, HALF - 1);
	}
}

static void
emit_lsh32(struct jit_out *out, const struct shifted *s, uint32_t amount)
{
	if (amount)
		emit_shift(out, s->low, s->low, NIC_SC_LEFT, amount);
}

static void
emit_rsh32(struct jit_out *out, const struct shifted *s, uint32_t amount)
{
	if (amount)
		emit_shift(out, s->low, s->low, NIC_SC_RIGHT, amount);
}

static void
emit_arsh32(struct jit_out *out, const struct shifted *s, uint32_t amount)
{
	if (amount == 0)
		return;
	emit_sign(out, s->low);
	emit_asr(out, s->low, s->low, amount);
}

/* ---- by a register: less than 32, first the half that needs the other one; then that ---- */

static void
emit_lsh_high(struct jit_out *out, const struct shifted *s)
{
	emit_alu(out, jit_both(JIT_GPR_IMM), nic_imm(HALF), NIC_OP_SUB, jit_b(s->amount));
	emit_amount(out, JIT_GPR_IMM);
	emit_double(out, s->high, s, INDIRECT);
}

static void
emit_lsh_low(struct jit_out *out, const struct shifted *s)
{
	emit_amount(out, s->amount);
	emit_shift(out, s->low, s->low, NIC_SC_LEFT, INDIRECT);
}

static void
emit_rsh_low(struct jit_out *out, const struct shifted *s)
{
	emit_amount(out, s->amount);
	emit_double(out, s->low, s, INDIRECT);
}

static void
emit_rsh_high(struct jit_out *out, const struct shifted *s)
{
	emit_amount(out, s->amount);
	emit_shift(out, s->high, s->high, NIC_SC_RIGHT, INDIRECT);
}

static void
emit_arsh_high(struct jit_out *out, const struct shifted *s)
{
	emit_amount_and_sign(out, s->amount, s->high);
	emit_asr(out, s->high, s->high, INDIRECT);
}

/* ---- by a register: 32 or more, of which the low 5 bits are the amount above 32 ---- */

static void
emit_lsh_far(struct jit_out *out, const struct shifted *s)
{
	emit_amount(out, s->amount);
	emit_shift(out, s->high, s->low, NIC_SC_LEFT, INDIRECT);
	emit_clear(out, s->low);
}

static void
emit_rsh_far(struct jit_out *out, const struct shifted *s)
{
	emit_amount(out, s->amount);
	emit_shift(out, s->low, s->high, NIC_SC_RIGHT, INDIRECT);
	emit_clear(out, s->high);
}

static void
emit_arsh_far(struct jit_out *out, const struct shifted *s)
{
	emit_amount_and_sign(out, s->amount, s->high);
	emit_asr(out, s->low, s->high, INDIRECT);
	emit_asr(out, s->high, s->high, HALF - 1);
}

/* ---- which form ---- */

typedef void emit_const(struct jit_out *out, const struct shifted *s, uint32_t amount);
typedef void emit_part(struct jit_out *out, const struct shifted *s);

struct shift {
	emit_const *by_const64, *by_const32;
	emit_part *first, *second; /* by less than 32 */
	emit_part *far;		   /* by 32 or more */
	uint32_t first_words;
};
#define SECOND_WORDS 2u
#define FAR_WORDS 3u

static const struct shift *
shift_of(const struct jit_insn *insn)
{
	static const struct shift lsh = { emit_lsh64, emit_lsh32, emit_lsh_high, emit_lsh_low,
		emit_lsh_far, 3 };
	static const struct shift rsh = { emit_rsh64, emit_rsh32, emit_rsh_low, emit_rsh_high,
		emit_rsh_far, 2 };
	static const struct shift arsh = { emit_arsh64, emit_arsh32, emit_rsh_low, emit_arsh_high,
		emit_arsh_far, 2 };

	switch (BPF_OP(insn->bpf.code)) {
	case BPF_LSH: return &lsh;
	case BPF_RSH: return &rsh;
	default: return &arsh;
	}
}

/* The amount is not known at all: bit 5 tells which of the two it is. */
static void
emit_any(struct jit_out *out, const struct shift *shift, const struct shifted *s)
{
	uint32_t far = out->image->cnt + 1 + shift->first_words + 1 + SECOND_WORDS;
	uint32_t end = far + FAR_WORDS;

	emit_br_bit(out, true, jit_a(s->amount), 5, far, 0);
	shift->first(out, s);
	emit_br(out, NIC_OP_BR, end, SECOND_WORDS, NIC_RELOC_BR_REL);
	shift->second(out, s);
	shift->far(out, s);
}

/* The verifier knows the amount; the driver keeps 8 bits of it. */
static bool
is_const(const struct jit_insn *insn, uint32_t *amount)
{
	*amount = (uint8_t)insn->umin_src;
	return insn->umin_src == insn->umax_src;
}

void
jit_shift64_imm(struct jit_out *out, struct jit_insn *insn)
{
	struct shifted s = shifted_of(insn);

	shift_of(insn)->by_const64(out, &s, (uint32_t)insn->bpf.imm);
}

void
jit_shift64_reg(struct jit_out *out, struct jit_insn *insn)
{
	const struct shift *shift = shift_of(insn);
	struct shifted s = shifted_of(insn);
	uint32_t amount;

	if (is_const(insn, &amount)) {
		shift->by_const64(out, &s, amount);
	} else if (insn->umax_src < HALF) {
		shift->first(out, &s);
		shift->second(out, &s);
	} else if (insn->umin_src >= HALF) {
		shift->far(out, &s);
	} else {
		emit_any(out, shift, &s);
	}
}

void
jit_shift32_imm(struct jit_out *out, struct jit_insn *insn)
{
	struct shifted s = shifted_of(insn);

	shift_of(insn)->by_const32(out, &s, (uint32_t)insn->bpf.imm);
	wrp_zext(out, insn, insn->bpf.dst_reg);
}

void
jit_shift32_reg(struct jit_out *out, struct jit_insn *insn)
{
	struct shifted s = shifted_of(insn);
	uint32_t amount;

	if (is_const(insn, &amount)) {
		shift_of(insn)->by_const32(out, &s, amount);
	} else if (BPF_OP(insn->bpf.code) == BPF_ARSH) {
		emit_amount_and_sign(out, s.amount, s.low);
		emit_asr(out, s.low, s.low, INDIRECT);
	} else {
		emit_amount(out, s.amount);
		emit_shift(out, s.low, s.low,
			BPF_OP(insn->bpf.code) == BPF_LSH ? NIC_SC_LEFT : NIC_SC_RIGHT, INDIRECT);
	}
	wrp_zext(out, insn, insn->bpf.dst_reg);
}
