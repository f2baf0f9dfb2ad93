/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic, logic, moves, byte order and constants (nfp-isa.md 10.2, 10.3, 10.5). Register rN is
 * GPR 2N (low half) and 2N + 1 (high half), each the same in both banks: results go to both, of two
 * sources one is read from bank A, the other from bank B.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

/* ---- one half ---- */

/* What an operation does to the low half and, behind it, to the high one. */
struct halves {
	enum nic_op low, high;
};

static struct halves
halves_of(uint8_t code)
{
	static const struct halves ops[] = {
		[BPF_ADD >> 4] = { NIC_OP_ADD, NIC_OP_ADD_CARRY },
		[BPF_SUB >> 4] = { NIC_OP_SUB, NIC_OP_SUB_CARRY },
		[BPF_AND >> 4] = { NIC_OP_AND, NIC_OP_AND },
		[BPF_OR >> 4] = { NIC_OP_OR, NIC_OP_OR },
		[BPF_XOR >> 4] = { NIC_OP_XOR, NIC_OP_XOR },
	};

	return ops[BPF_OP(code) >> 4];
}

static void
emit_reg(struct jit_out *out, uint32_t dst, enum nic_op op, uint32_t src)
{
	emit_alu(out, jit_both(dst), jit_a(dst), op, jit_b(src));
}

static void
emit_imm(struct jit_out *out, uint32_t dst, enum nic_op op, uint32_t imm)
{
	struct nic_reg right = wrp_unrestricted(out, imm, jit_b(JIT_GPR_IMM));

	emit_alu(out, jit_both(dst), jit_a(dst), op, right);
}

/* A logic operation with a mask of all or no bits is a constant, nothing, or an inversion. */
static void
emit_logic_imm(struct jit_out *out, uint32_t dst, enum nic_op op, uint32_t imm)
{
	bool is_zero = imm == 0, is_ones = imm == UINT32_MAX;

	if (!is_zero && !is_ones)
		emit_imm(out, dst, op, imm);
	else if ((op == NIC_OP_AND && is_zero) || (op == NIC_OP_OR && is_ones))
		wrp_immed(out, jit_both(dst), imm);
	else if (op == NIC_OP_XOR && is_ones)
		emit_alu(out, jit_both(dst), jit_none(), NIC_OP_NOT_B, jit_b(dst));
}

static void
emit_half_imm(struct jit_out *out, uint32_t dst, enum nic_op op, uint32_t imm)
{
	if (op == NIC_OP_AND || op == NIC_OP_OR || op == NIC_OP_XOR)
		emit_logic_imm(out, dst, op, imm);
	else
		emit_imm(out, dst, op, imm);
}

/* The high half of a constant of 64 bits. */
static uint32_t
sign_of(int32_t imm)
{
	return imm < 0 ? UINT32_MAX : 0;
}

/* ---- arithmetic and logic ---- */

void
jit_alu64_reg(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg, src = 2u * insn->bpf.src_reg;
	struct halves op = halves_of(insn->bpf.code);

	emit_reg(out, dst, op.low, src);
	emit_reg(out, dst + 1, op.high, src + 1);
}

void
jit_alu64_imm(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;
	struct halves op = halves_of(insn->bpf.code);

	emit_half_imm(out, dst, op.low, (uint32_t)insn->bpf.imm);
	emit_half_imm(out, dst + 1, op.high, sign_of(insn->bpf.imm));
}

void
jit_alu32_reg(struct jit_out *out, struct jit_insn *insn)
{
	emit_reg(
		out, 2u * insn->bpf.dst_reg, halves_of(insn->bpf.code).low, 2u * insn->bpf.src_reg);
	wrp_zext(out, insn, insn->bpf.dst_reg);
}

void
jit_alu32_imm(struct jit_out *out, struct jit_insn *insn)
{
	emit_half_imm(out, 2u * insn->bpf.dst_reg, halves_of(insn->bpf.code).low,
		(uint32_t)insn->bpf.imm);
	wrp_zext(out, insn, insn->bpf.dst_reg);
}

static void
emit_neg(struct jit_out *out, uint32_t dst, enum nic_op op)
{
	emit_alu(out, jit_both(dst), nic_imm(0), op, jit_b(dst));
}

void
jit_neg64(struct jit_out *out, struct jit_insn *insn)
{
	emit_neg(out, 2u * insn->bpf.dst_reg, NIC_OP_SUB);
	emit_neg(out, 2u * insn->bpf.dst_reg + 1, NIC_OP_SUB_CARRY);
}

void
jit_neg32(struct jit_out *out, struct jit_insn *insn)
{
	emit_neg(out, 2u * insn->bpf.dst_reg, NIC_OP_SUB);
	wrp_zext(out, insn, insn->bpf.dst_reg);
}

/* ---- moves and constants ---- */

/* r10 is in no register: it is the frame's end (nfp-isa.md 8.1). */
static void
emit_mov_frame(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;
	struct nic_reg depth =
		wrp_unrestricted(out, jit_frame_bytes(out->prog, insn), jit_b(JIT_GPR_IMM));

	emit_alu(out, jit_both(dst), jit_a(JIT_GPR_FRAME), NIC_OP_ADD, depth);
	wrp_immed(out, jit_both(dst + 1), 0);
}

void
jit_mov64_reg(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg, src = 2u * insn->bpf.src_reg;

	if (insn->bpf.src_reg == BPF_REG_10) {
		emit_mov_frame(out, insn);
		return;
	}
	wrp_reg_mov(out, dst, src);
	wrp_reg_mov(out, dst + 1, src + 1);
}

void
jit_mov64_imm(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;

	wrp_immed(out, jit_both(dst), (uint32_t)insn->bpf.imm);
	wrp_immed(out, jit_both(dst + 1), sign_of(insn->bpf.imm));
}

/* Moves of 32 bits clear the high half whether it is read or not. */
void
jit_mov32_reg(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;

	wrp_reg_mov(out, dst, 2u * insn->bpf.src_reg);
	wrp_immed(out, jit_both(dst + 1), 0);
}

void
jit_mov32_imm(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;

	wrp_immed(out, jit_both(dst), (uint32_t)insn->bpf.imm);
	wrp_immed(out, jit_both(dst + 1), 0);
}

/* A move is one word, a constant may be two. */
void
jit_ld_imm64(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;
	uint32_t low = (uint32_t)insn[0].bpf.imm, high = (uint32_t)insn[1].bpf.imm;

	wrp_immed(out, jit_both(dst), low);
	if (high == low)
		wrp_mov(out, jit_both(dst + 1), jit_a(dst));
	else
		wrp_immed(out, jit_both(dst + 1), high);
}

/* ---- byte order ---- */

/* dst = src with its bytes the other way round, by two rotations. */
static void
emit_swap32(struct jit_out *out, uint32_t dst, struct nic_reg src)
{
	emit_ld_field(out, jit_both(dst), 0xf, src, (struct jit_shift){ NIC_SC_ROTATE, 8 });
	emit_ld_field(out, jit_both(dst), 0x5, jit_a(dst), (struct jit_shift){ NIC_SC_ROTATE, 16 });
}

static void
emit_be16(struct jit_out *out, uint32_t dst)
{
	emit_ld_field(out, jit_both(dst), 0x9, jit_b(dst), (struct jit_shift){ NIC_SC_ROTATE, 8 });
	emit_ld_field(out, jit_both(dst), 0xe, jit_a(dst), (struct jit_shift){ NIC_SC_RIGHT, 16 });
	wrp_immed(out, jit_both(dst + 1), 0);
}

static void
emit_be32(struct jit_out *out, uint32_t dst)
{
	emit_swap32(out, dst, jit_a(dst));
	wrp_immed(out, jit_both(dst + 1), 0);
}

static void
emit_be64(struct jit_out *out, uint32_t dst)
{
	wrp_mov(out, jit_a(JIT_GPR_IMM), jit_b(dst + 1));
	emit_swap32(out, dst + 1, jit_a(dst));
	emit_swap32(out, dst, jit_a(JIT_GPR_IMM));
}

void
jit_to_be(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t dst = 2u * insn->bpf.dst_reg;

	switch (insn->bpf.imm) {
	case 16: emit_be16(out, dst); break;
	case 32: emit_be32(out, dst); break;
	case 64: emit_be64(out, dst); break;
	default: jit_cannot(out, -EINVAL); break; /* the verifier refuses it */
	}
}
