/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translator's instructions that go elsewhere (their deferred ones are copied behind them),
 * write local-memory pointers, or ask a memory for something. Called through the rules of
 * fast_translate.c.
 */
#include "nic/fast_make.h"

/* ---- what goes elsewhere ---- */

unsigned int
nic_fast_defer(const struct nic_insn *insn)
{
	if (nic_op_info(insn->op)->writes & NIC_E_MEMORY)
		return insn->ctx == NIC_CTX_NO_SWAP ? 0 : insn->ctx;
	return insn->defer;
}

static uint8_t
lost_by(const struct nic_insn *insn)
{
	const struct nic_op_info *info = nic_op_info(insn->op);

	return (uint8_t)(info->cycles_taken - info->cycles - nic_fast_defer(insn));
}

/* The deferred instructions of the one at pc; what is behind them may be anything. */
void
nic_fast_put_deferred(struct nic_making *t, uint32_t pc, unsigned int defer)
{
	for (uint32_t at = pc + 1; t->stream && at <= pc + defer; at++) {
		const struct nic_insn *insn = &t->me->insns_at[at];
		unsigned int live = NIC_FAST_LIVE_ALL;

		for (uint32_t later = pc + defer; later > at; later--)
			live = nic_fast_live_before(&t->me->insns_at[later], live);
		nic_fast_rules[insn->op].put(t, insn, at, live);
	}
}

/* Control goes to the target of the branch at pc, its deferred instructions being done. */
struct nic_uop *
nic_fast_put_going(
	struct nic_making *t, const struct nic_insn *insn, unsigned int handler, uint32_t pc)
{
	const uint32_t behind = pc + 1 + nic_fast_defer(insn);
	struct nic_uop *u = nic_fast_put(t, handler, pc);

	u->delta = (int16_t)((int32_t)insn->addr - (int32_t)behind);
	u->limit = (uint16_t)(insn->addr + t->fast->run[insn->addr]);
	u->to = (uint16_t)insn->addr;
	u->lost = lost_by(insn);
	nic_fast_fix(t, insn->addr);
	return u;
}

/* The deferred instructions of a conditional branch are out of the way, at the end. */
static struct nic_uop *
put_conditional(
	struct nic_making *t, const struct nic_insn *insn, unsigned int handler, uint32_t pc)
{
	struct nic_uop *u;

	if (nic_fast_defer(insn) == 0)
		return nic_fast_put_going(t, insn, handler, pc);
	u = nic_fast_put(t, handler, pc);
	if (t->stream)
		t->tails[t->tail_cnt++] =
			(struct nic_fast_tail){ .from = t->stream->cnt - 1, .pc = pc };
	return u;
}

bool
nic_fast_put_branch(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	(void)live;
	if (insn->addr >= NIC_CODE_WORDS)
		return false;
	if (insn->op == NIC_OP_BR) {
		nic_fast_put_deferred(t, pc, nic_fast_defer(insn));
		nic_fast_put_going(t, insn, NIC_FAST_BR, pc);
	} else {
		put_conditional(t, insn, nic_fast_rules[insn->op].arg, pc);
	}
	return true;
}

/* Bits of the operand under a mask are compared. */
static bool
put_test(struct nic_making *t, const struct nic_insn *insn, uint32_t pc, uint32_t test,
	uint32_t want)
{
	struct nic_uop *u;
	uint16_t at;

	if (insn->addr >= NIC_CODE_WORDS || !nic_fast_find_register(t, &insn->left, pc, 0, &at))
		return false;
	u = put_conditional(t, insn, nic_fast_rules[insn->op].arg, pc);
	u->l = at;
	u->test = test;
	u->want = want;
	return true;
}

bool
nic_fast_put_bit(struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	(void)live;
	return put_test(t, insn, pc, UINT32_C(1) << insn->bit, 0);
}

bool
nic_fast_put_byte(struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	(void)live;
	return insn->right.kind == NIC_IMM &&
	       put_test(t, insn, pc, UINT32_C(0xff) << 8 * insn->byte,
		       insn->right.num << 8 * insn->byte);
}

bool
nic_fast_put_jump(struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const unsigned int defer = nic_fast_defer(insn);
	uint16_t at;
	struct nic_uop *u;

	(void)live;
	if (!nic_fast_find_register(t, &insn->left, pc, 0, &at))
		return false;
	u = nic_fast_put(t, NIC_FAST_JUMP, pc);
	u->l = at;
	u->imm = insn->imm;
	nic_fast_put_deferred(t, pc, defer);
	nic_fast_put(t, NIC_FAST_JUMP_GO, pc + defer)->lost = lost_by(insn);
	return true;
}

/* ---- local CSRs ---- */

/* The pointer that is written, or 4. */
static uint32_t
pointer_written(const struct nic_insn *insn)
{
	static const uint16_t csrs[] = { NIC_CSR_ACT_LM_ADDR_0, NIC_CSR_ACT_LM_ADDR_1,
		NIC_CSR_ACT_LM_ADDR_2, NIC_CSR_ACT_LM_ADDR_3 };
	uint32_t pointer = 0;

	while (pointer < 4 && csrs[pointer] != insn->csr)
		pointer++;
	return pointer;
}

bool
nic_fast_put_csr(struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const uint32_t pointer = pointer_written(insn);
	uint16_t at;
	struct nic_uop *u;

	(void)live;
	if (pointer == 4 || !nic_fast_find_register(t, &insn->left, pc, 0, &at))
		return false;
	u = nic_fast_put(t, NIC_FAST_SET_POINTER, pc);
	u->r = at;
	u->d = nic_fast_offset(t, &t->me->ctxs[t->ctx].lm_addr[pointer]);
	return true;
}

static bool
is_through(const struct nic_reg *reg, uint32_t pointer)
{
	return reg->kind == NIC_LM && reg->num == pointer;
}

/* Whether a pointer written at pc may take effect at once: what follows before it does neither
 * uses it nor can end. A branch that is taken takes longer than the delay. */
bool
nic_fast_is_delay_unseen(const struct nic_making *t, uint32_t pc)
{
	const uint32_t pointer = pointer_written(&t->me->insns_at[pc]);
	uint32_t last = pc + NIC_LM_DELAY;

	for (uint32_t at = pc + 1; at <= last; at++) {
		const struct nic_insn *insn;

		if (at >= NIC_CODE_WORDS || t->me->is_stop[at] ||
			(t->fast->facts[at] & (NIC_FAST_IS_FAST | NIC_FAST_MAY_LEAVE)) !=
				NIC_FAST_IS_FAST)
			return false;
		insn = &t->me->insns_at[at];
		if (is_through(&insn->dst, pointer) || is_through(&insn->left, pointer) ||
			is_through(&insn->right, pointer))
			return false;
		if (insn->op == NIC_OP_BR && at + insn->defer < last)
			last = at + insn->defer;
	}
	return true;
}

/* ---- commands ---- */

static bool
put_address(struct nic_making *t, const struct nic_insn *insn, uint32_t pc)
{
	const bool is_b40 = insn->op == NIC_OP_CMD_B40;
	uint16_t high, low;
	struct nic_uop *u;

	if (insn->op == NIC_OP_CMD_ADDRESS) {
		nic_fast_put(t, NIC_FAST_ADDRESS_IMM, pc)->imm = insn->imm_addr;
		return true;
	}
	if (!nic_fast_find_register(t, is_b40 ? &insn->right : &insn->left, pc, 0, &high) ||
		!nic_fast_find_register(t, is_b40 ? &insn->left : &insn->right, pc, 1, &low))
		return false;
	u = nic_fast_put(
		t, insn->op == NIC_OP_CMD_32 ? NIC_FAST_ADDRESS_32 : NIC_FAST_ADDRESS_40, pc);
	u->l = high;
	u->r = low;
	return true;
}

/* Nothing but bytes one way or the other: how many, else 0. Part of a word read is filled up, which
 * is left to the memory. */
static uint32_t
bytes_moved(const struct nic_insn *insn, const struct nic_command *command)
{
	uint32_t bytes;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || insn->indir ||
		(command->does != NIC_DOES_READ && command->does != NIC_DOES_WRITE) ||
		command->how != NIC_HOW_SWAP || command->length_mask)
		return 0;
	bytes = (insn->cnt + 1) * command->unit;
	if (command->does == NIC_DOES_READ && bytes % 4)
		return 0;
	return insn->xfer + (bytes + 3) / 4 <= NIC_XFERS ? bytes : 0;
}

/* Before the deferred instructions: is there such memory. */
static void
put_check(struct nic_making *t, const struct nic_command *command, uint32_t bytes, uint32_t pc)
{
	struct nic_uop *u = nic_fast_put(t, bytes ? NIC_FAST_PLACE : NIC_FAST_DESCRIBE, pc);

	u->imm = bytes;
	u->mask = command->target;
}

/* Behind them: the access. */
static void
put_access(struct nic_making *t, const struct nic_insn *insn, const struct nic_command *command,
	uint32_t bytes, uint32_t pc)
{
	const bool is_in = command->does == NIC_DOES_READ;
	struct nic_uop *u = nic_fast_put(t,
		!bytes	? NIC_FAST_ACCESS
		: is_in ? NIC_FAST_MOVE_IN
			: NIC_FAST_MOVE_OUT,
		pc);

	u->imm = bytes;
	u->d = nic_fast_offset(t, is_in ? &t->me->ctxs[t->ctx].xfer_in[insn->xfer]
					: &t->me->ctxs[t->ctx].xfer_out[insn->xfer]);
}

bool
nic_fast_put_command(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const bool swaps = insn->ctx != NIC_CTX_NO_SWAP;
	const uint32_t last = pc + nic_fast_defer(insn);
	const struct nic_command *command = nic_command_find(insn->tgt, insn->token, insn->cnt);
	uint32_t bytes;
	struct nic_uop *u;

	(void)live;
	if (!command || (swaps && (!insn->sig || last + 1 >= NIC_CODE_WORDS)) ||
		!put_address(t, insn, pc))
		return false;
	bytes = bytes_moved(insn, command);
	put_check(t, command, bytes, pc);
	nic_fast_put_deferred(t, pc, nic_fast_defer(insn));
	put_access(t, insn, command, bytes, last);
	if (!swaps) {
		if (insn->sig)
			nic_fast_put(t, NIC_FAST_SIGNAL, pc)->want =
				nic_command_signals(command, insn->sig);
		return true;
	}
	u = nic_fast_put(t, NIC_FAST_SWAP, last);
	u->lost = lost_by(insn);
	u->want = nic_command_signals(command, insn->sig);
	nic_fast_fix(t, last + 1);
	return true;
}
