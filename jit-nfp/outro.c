/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands around a program: the intro, and behind it the routines that all programs end in or
 * share (nfp-isa.md 8.4-8.6, 12.3). translate.c calls it.
 */
#include "jit-nfp/internal.h"

/* ---- intro ---- */

#define PACKET_LENGTH_MASK 0x3fffu /* of word 0 of the packet vector */

void
jit_emit_intro(struct jit_out *out)
{
	struct nic_reg length = jit_b(JIT_GPR_PKTLEN);

	wrp_immed(out, length, PACKET_LENGTH_MASK);
	emit_alu(out, length, length, NIC_OP_AND, nic_lm(1, 0));
}

/* ---- verdicts: what r0 says becomes a byte of A0 (nfp-isa.md 8.5) ---- */

static const struct jit_shift to_result = { NIC_SC_LEFT, 16 };
static const struct jit_shift indirect = { NIC_SC_RIGHT, 0 };
#define RESULT_MASK 0xcu

static void
emit_next_packet(struct jit_out *out)
{
	emit_br(out, NIC_OP_BR, NIC_RELOC_TARGET, 2, NIC_RELOC_BR_NEXT_PKT);
}

static void
emit_result(struct jit_out *out, struct nic_reg value)
{
	emit_ld_field(out, jit_a(0), RESULT_MASK, value, to_result);
}

static void
emit_abort(struct jit_out *out, uint32_t result)
{
	out->image->abort = out->image->cnt;
	emit_next_packet(out);
	wrp_mov(out, jit_a(0), nic_imm(0));
	emit_result(out, nic_imm(result));
}

/* Values of r0 above max are as aborted. */
static void
emit_check(struct jit_out *out, uint32_t max)
{
	out->image->out = out->image->cnt;
	emit_alu(out, jit_none(), nic_imm(max), NIC_OP_SUB, jit_b(0));
	emit_br(out, NIC_OP_BCC, out->image->abort, 0, NIC_RELOC_BR_REL);
}

/* A1 = r0 times a power of two: where its entry of a table of constants begins. */
static void
emit_index(struct jit_out *out, uint32_t log)
{
	emit_shf(out, jit_a(1), jit_none(), NIC_OP_SHF_B, jit_b(0),
		(struct jit_shift){ NIC_SC_LEFT, log });
}

/* dst = entry of table */
static void
emit_entry(struct jit_out *out, struct nic_reg dst, struct nic_reg table, uint32_t mask)
{
	emit_alu(out, jit_none(), jit_a(1), NIC_OP_OR, nic_imm(0));
	emit_shf(out, dst, nic_imm(mask), NIC_OP_SHF_AND, table, indirect);
}

/* Bytes by verdict: ABORTED, DROP, PASS, TX. */
#define XDP_RESULTS 0x44112282u
#define XDP_RESULT_ABORT 0x82u

static void
emit_outro_xdp(struct jit_out *out)
{
	emit_abort(out, XDP_RESULT_ABORT);
	emit_check(out, 3);
	wrp_immed(out, jit_b(2), XDP_RESULTS);
	emit_index(out, 3);
	emit_entry(out, jit_b(2), jit_b(2), 0xff);
	emit_next_packet(out);
	wrp_mov(out, jit_a(0), nic_imm(0));
	emit_result(out, jit_b(2));
}

/* Low and high halves of the byte by verdict 0 to 7: OK, RECLASSIFY, SHOT, PIPE, STOLEN, QUEUED,
 * REPEAT, REDIRECT. */
#define TC_RESULTS_LOW 0x41221211u
#define TC_RESULTS_HIGH 0x41001211u
#define TC_RESULT_ABORT 0x11u

static void
emit_outro_tc(struct jit_out *out)
{
	emit_abort(out, TC_RESULT_ABORT);
	emit_check(out, 7);
	wrp_mov(out, jit_a(0), nic_imm(0)); /* nfp-isa.md 14.14: twice */
	wrp_immed(out, jit_b(2), TC_RESULTS_LOW);
	wrp_immed(out, jit_b(3), TC_RESULTS_HIGH);
	emit_index(out, 2);
	emit_entry(out, jit_a(2), jit_b(2), 0xf);
	emit_entry(out, jit_b(2), jit_b(3), 0xf);
	emit_next_packet(out);
	emit_shf(out, jit_b(2), jit_a(2), NIC_OP_SHF_OR, jit_b(2),
		(struct jit_shift){ NIC_SC_LEFT, 4 });
	emit_result(out, jit_b(2));
}

/* ---- routines that save and restore r6 to r9 (nfp-isa.md 12.3) ---- */

#define SAVED_FIRST 12u /* GPR: low half of r6 */
#define SAVED_CNT 8u
#define RTN_SLOTS 3u

/* The return is where its deferred slots hold the last words. */
static void
emit_moves(struct jit_out *out, struct nic_reg back, bool is_pop)
{
	for (uint32_t i = 0; i < SAVED_CNT; i++) {
		struct nic_reg word = nic_lm(0, 1 + i); /* word 0: the return address */

		if (i == SAVED_CNT - RTN_SLOTS)
			emit_rtn(out, back, RTN_SLOTS);
		if (is_pop)
			wrp_mov(out, jit_both(SAVED_FIRST + i), word);
		else
			wrp_mov(out, word, jit_b(SAVED_FIRST + i));
	}
}

/* Does a function that is called write r6 to r9? The program itself, the first one, is not. */
static bool
needs_push(const struct jit_prog *prog)
{
	for (uint32_t i = 1; i < prog->subprog_cnt; i++)
		if (prog->subprogs[i].needs_push)
			return true;
	return false;
}

/* ---- all of it ---- */

void
jit_emit_outro(struct jit_out *out)
{
	if (jit_is_tc(out->prog))
		emit_outro_tc(out);
	else
		emit_outro_xdp(out);
	if (needs_push(out->prog)) {
		out->image->push = out->image->cnt;
		emit_moves(out, jit_b(JIT_GPR_IMM), false);
		out->image->pop = out->image->cnt;
		emit_moves(out, jit_a(JIT_GPR_IMM), true);
	}
	wrp_nops(out, NIC_PREFETCH_WORDS);
}
