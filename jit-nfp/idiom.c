/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's idioms (nfp-isa.md 9): a few words each, by emit.c. The translations call them. */
#include "jit-nfp/internal.h"

/* ---- constants ---- */

/* A constant is one word when its bits are in 16 that begin at byte 0, 1 or 2. */
#define WINDOWS 3u

static bool
immed_in_window(struct jit_out *out, struct nic_reg dst, uint32_t value, bool inv)
{
	for (uint32_t byte = 0; byte < WINDOWS; byte++) {
		if (value & ~(UINT32_C(0xffff) << 8 * byte))
			continue;
		emit_immed(out, dst, NIC_OP_IMMED, value >> 8 * byte, inv, byte);
		return true;
	}
	return false;
}

void
wrp_immed(struct jit_out *out, struct nic_reg dst, uint32_t value)
{
	if (immed_in_window(out, dst, value, false) || immed_in_window(out, dst, ~value, true))
		return;
	emit_immed(out, dst, NIC_OP_IMMED, value & 0xffff, false, 0);
	emit_immed(out, dst, NIC_OP_IMMED_W1, value >> 16, false, 0);
}

static struct nic_reg
operand(struct jit_out *out, uint32_t value, uint32_t max, struct nic_reg tmp)
{
	if (value <= max)
		return nic_imm(value);
	wrp_immed(out, tmp, value);
	return tmp;
}

struct nic_reg
wrp_unrestricted(struct jit_out *out, uint32_t value, struct nic_reg tmp)
{
	return operand(out, value, 0xff, tmp);
}

/* The driver counts on 7 bits even where the form has 8 (nfp-isa.md 3.2). */
struct nic_reg
wrp_restricted(struct jit_out *out, uint32_t value, struct nic_reg tmp)
{
	return operand(out, value, 0x7f, tmp);
}

/* ---- moves ---- */

void
wrp_mov(struct jit_out *out, struct nic_reg dst, struct nic_reg src)
{
	emit_alu(out, dst, jit_none(), NIC_OP_B, src);
}

void
wrp_reg_mov(struct jit_out *out, uint32_t dst, uint32_t src)
{
	wrp_mov(out, jit_both(dst), jit_b(src));
}

void
wrp_zext(struct jit_out *out, const struct jit_insn *insn, uint32_t dst_reg)
{
	if (insn->flags & JIT_F_ZEXT)
		wrp_immed(out, jit_both(2 * dst_reg + 1), 0);
}

void
wrp_nops(struct jit_out *out, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		emit_nop(out);
}

/* ---- bytes of a word ---- */

/* None in either direction is "no shift": a direction with 0 would be an indirect one. */
static struct jit_shift
by_bytes(enum nic_sc sc, uint32_t bytes)
{
	if (bytes == 0)
		return (struct jit_shift){ 0 };
	return (struct jit_shift){ sc, 8 * bytes };
}

void
wrp_reg_subpart(
	struct jit_out *out, struct nic_reg dst, struct nic_reg src, uint32_t len, uint32_t off)
{
	emit_ld_field_clr(out, dst, (1u << len) - 1, src, by_bytes(NIC_SC_RIGHT, off));
}

void
wrp_reg_orpart(
	struct jit_out *out, struct nic_reg dst, struct nic_reg src, uint32_t len, uint32_t off)
{
	emit_ld_field(out, dst, ((1u << len) - 1) << off, src, by_bytes(NIC_SC_LEFT, off));
}

/* ---- addresses ---- */

struct jit_addr40
wrp_addr40(struct jit_out *out, uint32_t reg, struct nic_reg off)
{
	struct jit_addr40 base = { jit_a(2 * reg), jit_b(2 * reg + 1) };
	struct jit_addr40 sum = { jit_a(JIT_GPR_IMM), jit_b(JIT_GPR_IMM) };

	if (off.kind == NIC_IMM && off.num == 0)
		return base;
	emit_alu(out, sum.low, base.low, NIC_OP_ADD, off);
	emit_alu(out, sum.high, base.high, NIC_OP_ADD_CARRY, nic_imm(0));
	return sum;
}
