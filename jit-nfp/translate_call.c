/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls: of the firmware's helpers, of those that are inline (nfp-isa.md 12.2), of subprograms, and
 * the ways out of both (12.3, 10.14). A call is a branch; the address to return to is an immediate
 * that is relocated.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

#define RETURN_HELPER jit_b(0)		 /* where a helper returns to */
#define RETURN_CALLER jit_a(JIT_GPR_IMM) /* a subprogram */
#define CALLEE jit_b(JIT_GPR_IMM)	 /* where the routine that saves registers goes */
#define FRAME jit_a(JIT_GPR_FRAME)
#define FRAME_ALIGN 64u
#define ETH_HEADER_BYTES 14u
#define EINVAL_HERE 22u /* as programs know it */

static void
return_value(struct jit_out *out, int32_t value)
{
	wrp_immed(out, jit_both(0), (uint32_t)value);
	wrp_immed(out, jit_both(1), value < 0 ? UINT32_MAX : 0);
}

/* ---- the firmware's helpers ---- */

/* Both slots of the branch are used: one word of the helper's own, and where to return to. */
static void
branch_to_helper(struct jit_out *out, int32_t helper)
{
	emit_br(out, NIC_OP_BR, NIC_RELOC_TARGET + (uint32_t)helper, 2, NIC_RELOC_BR_HELPER);
}

static void
put_return(struct jit_out *out)
{
	emit_immed_reloc(out, RETURN_HELPER, out->image->cnt + 1);
}

static void
reset_frame_pointer(struct jit_out *out)
{
	emit_csr_wr(out, FRAME, NIC_CSR_ACT_LM_ADDR_0);
	wrp_nops(out, NIC_LM_DELAY);
}

bool
jit_is_key_elsewhere(const struct jit_prog *prog, const struct jit_insn *insn)
{
	int64_t key = (int64_t)jit_frame_bytes(prog, insn) + insn->ptr.off +
		      (int64_t)insn->ptr.var_off.value;

	return insn->ptr_not_const || key != 0;
}

/* The key is on the stack, where LM0 points to; the driver leaves LM0 alone when that is so. */
static void
call_map(struct jit_out *out, struct jit_insn *insn)
{
	bool is_elsewhere = jit_is_key_elsewhere(out->prog, insn);

	if (is_elsewhere)
		emit_csr_wr(out, jit_b(BPF_REG_2 * 2), NIC_CSR_ACT_LM_ADDR_0);
	if (insn->bpf.imm == BPF_FUNC_map_update_elem)
		emit_csr_wr(out, jit_b(BPF_REG_3 * 2), NIC_CSR_ACT_LM_ADDR_2);
	branch_to_helper(out, insn->bpf.imm);
	wrp_mov(out, jit_a(0), jit_a(BPF_REG_1 * 2)); /* the map's number */
	put_return(out);
	if (is_elsewhere)
		reset_frame_pointer(out);
}

static void
call_event_output(struct jit_out *out, struct jit_insn *insn)
{
	struct nic_reg kind = wrp_unrestricted(out, insn->arg4_kind, jit_a(JIT_GPR_IMM));

	branch_to_helper(out, insn->bpf.imm);
	wrp_mov(out, jit_a(1), kind);
	put_return(out);
}

/* ---- those that are inline ---- */

/* The immediate after the read is where the number appears. */
static void
call_random(struct jit_out *out, struct jit_insn *insn)
{
	(void)insn;
	emit_csr_rd(out, NIC_CSR_PSEUDO_RANDOM);
	return_value(out, 0);
}

#define PACKET_POINTER nic_lm(1, 2) /* the packet vector: nfp-isa.md 8.3 */
#define PACKET_LENGTH nic_lm(1, 0)
#define LENGTH jit_b(JIT_GPR_PKTLEN)
#define DELTA jit_a(BPF_REG_2 * 2)

static void
change_length(struct jit_out *out, enum nic_op op)
{
	emit_alu(out, LENGTH, LENGTH, op, DELTA);
	emit_alu(out, PACKET_LENGTH, PACKET_LENGTH, op, DELTA);
}

/* `left op right`, and off to target when the branch's condition is true. */
static void
branch_if(struct jit_out *out, struct nic_reg left, struct nic_reg right, enum nic_op branch,
	uint32_t target)
{
	emit_alu(out, jit_none(), left, NIC_OP_SUB, right);
	emit_br(out, branch, target, 0, NIC_RELOC_BR_REL);
}

/* The one call of the program, by a constant that the firmware guarantees to be possible. */
static void
adjust_head_guaranteed(struct jit_out *out)
{
	emit_alu(out, PACKET_POINTER, DELTA, NIC_OP_ADD, PACKET_POINTER);
	change_length(out, NIC_OP_SUB);
	return_value(out, 0);
}

static void
adjust_head(struct jit_out *out)
{
	const struct jit_card *card = out->prog->input.card;
	uint32_t refused = out->image->cnt + 14;
	struct nic_reg offset = jit_a(JIT_GPR_IMM), length = jit_b(JIT_GPR_IMM);

	emit_alu(out, offset, DELTA, NIC_OP_ADD16, PACKET_POINTER); /* in the buffer */
	branch_if(out, offset, nic_imm(card->adjust_head.off_min), NIC_OP_BCC, refused);
	branch_if(out, nic_imm(card->adjust_head.off_max), offset, NIC_OP_BCC, refused);
	emit_alu(out, length, LENGTH, NIC_OP_SUB, DELTA);
	branch_if(out, length, nic_imm(ETH_HEADER_BYTES), NIC_OP_BMI, refused);
	return_value(out, 0);
	emit_ld_field(out, PACKET_POINTER, 3, offset, (struct jit_shift){ 0 });
	emit_br(out, NIC_OP_BR, refused + 2, 2, NIC_RELOC_BR_REL);
	change_length(out, NIC_OP_SUB);
	return_value(out, -(int32_t)EINVAL_HERE);
}

static void
call_adjust_head(struct jit_out *out, struct jit_insn *insn)
{
	(void)insn;
	if (out->prog->adjust_head_at == out->slot)
		adjust_head_guaranteed(out);
	else
		adjust_head(out);
}

/* A sum without a carry did not shrink the packet. */
static void
call_adjust_tail(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t refused = out->image->cnt + 9;
	struct nic_reg length = jit_a(JIT_GPR_IMM);

	(void)insn;
	emit_alu(out, length, LENGTH, NIC_OP_ADD, DELTA);
	emit_br(out, NIC_OP_BCC, refused, 0, NIC_RELOC_BR_REL);
	branch_if(out, length, nic_imm(ETH_HEADER_BYTES), NIC_OP_BMI, refused);
	change_length(out, NIC_OP_ADD);
	emit_br(out, NIC_OP_BR, refused + 2, 2, NIC_RELOC_BR_REL);
	return_value(out, 0);
	return_value(out, -(int32_t)EINVAL_HERE);
}

/* ---- subprograms ---- */

/* The callee's frame follows the caller's. */
static void
move_frame(struct jit_out *out, enum nic_op op, uint32_t by)
{
	struct nic_reg bytes = wrp_unrestricted(out, by, jit_b(JIT_GPR_IMM));

	emit_alu(out, FRAME, FRAME, op, bytes);
	emit_csr_wr(out, FRAME, NIC_CSR_ACT_LM_ADDR_0);
}

/* fixup.c puts in where the callee is. */
static void
branch_to_callee(struct jit_out *out, const struct jit_subprog *callee)
{
	uint32_t slots = callee->needs_push ? 2 : 1;
	uint32_t back = out->image->cnt + 1 + slots;

	if (callee->needs_push) {
		emit_br(out, NIC_OP_BR, NIC_RELOC_TARGET, slots, NIC_RELOC_BR_GO_CALL_PUSH_REGS);
		emit_immed_reloc(out, CALLEE, 0);
	} else {
		emit_br(out, NIC_OP_BR, 0, slots, NIC_RELOC_BR_REL);
	}
	emit_immed_reloc(out, RETURN_CALLER, back);
}

static void
call_subprog(struct jit_out *out, struct jit_insn *insn)
{
	const struct jit_prog *prog = out->prog;
	uint32_t frame = (jit_frame_bytes(prog, insn) + FRAME_ALIGN - 1) & ~(FRAME_ALIGN - 1);
	uint32_t branch;

	if (frame != 0)
		move_frame(out, NIC_OP_ADD, frame);
	branch = out->image->cnt;
	branch_to_callee(out, &prog->subprogs[prog->insns[insn->jump_dest].subprog]);
	if (frame != 0) {
		move_frame(out, NIC_OP_SUB, frame);
		wrp_nops(out, NIC_LM_DELAY);
	}
	insn->words_after_br = out->image->cnt - branch - 1;
}

/* The routine that restores registers returns to the caller itself. */
static void
exit_subprog(struct jit_out *out, const struct jit_subprog *subprog)
{
	if (subprog->needs_push)
		emit_br(out, NIC_OP_BR, NIC_RELOC_TARGET, 1, NIC_RELOC_BR_GO_CALL_POP_REGS);
	wrp_mov(out, RETURN_CALLER, nic_lm(0, 0));
	if (!subprog->needs_push)
		emit_rtn(out, RETURN_CALLER, 0);
}

/* ---- the two instructions ---- */

static jit_emitter *
helper_of(int32_t number)
{
	switch (number) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem: return call_map;
	case BPF_FUNC_get_prandom_u32: return call_random;
	case BPF_FUNC_perf_event_output: return call_event_output;
	case BPF_FUNC_xdp_adjust_head: return call_adjust_head;
	case BPF_FUNC_xdp_adjust_tail: return call_adjust_tail;
	default: return NULL;
	}
}

void
jit_call(struct jit_out *out, struct jit_insn *insn)
{
	jit_emitter *helper = helper_of(insn->bpf.imm);

	if (insn->jump_dest != JIT_NONE)
		call_subprog(out, insn);
	else if (helper != NULL)
		helper(out, insn);
	else
		jit_cannot(out, -EOPNOTSUPP);
}

void
jit_exit(struct jit_out *out, struct jit_insn *insn)
{
	if (insn->subprog == 0)
		emit_br(out, NIC_OP_BR, NIC_RELOC_TARGET, 0, NIC_RELOC_BR_GO_OUT);
	else
		exit_subprog(out, &out->prog->subprogs[insn->subprog]);
}
