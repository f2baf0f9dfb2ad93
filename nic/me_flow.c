/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function an operation that decides what runs next, and those that reach outside the
 * registers: branches, context swaps, commands (nfp-isa.md 5.7, 5.8, 6).
 */
#include "nic/internal.h"

/* ---- branches ---- */

/* What follows `defer` more instructions. Nothing is known of one such in the shadow of another. */
static void
set_then(struct nic_me *me, const struct nic_insn *insn, enum nic_then then, uint32_t defer,
	uint32_t pc)
{
	const struct nic_op_info *info = nic_op_info(insn->op);

	if (me->then != NIC_THEN_NOTHING) {
		nic_me_fault(me, "a branch or swap among the deferred instructions of another");
		return;
	}
	me->then = then;
	me->then_after = defer;
	me->then_pc = pc;
	/* slots that hold no deferred instruction are lost */
	me->then_cycles = info->cycles_taken - info->cycles - defer;
}

static void
branch(struct nic_me *me, const struct nic_insn *insn, bool is_taken, uint32_t target)
{
	if (!is_taken)
		return;
	if (target >= NIC_CODE_WORDS) {
		nic_me_fault(me, "a branch out of the code store");
		return;
	}
	set_then(me, insn, NIC_THEN_JUMP, insn->defer, target);
}

bool
nic_cc_is(const struct nic_ctx *ctx, uint32_t condition)
{
	const struct nic_cc cc = ctx->cc;
	const bool is_less = nic_cc_n(cc) != nic_cc_v(cc);

	switch (condition) {
	case 0: return nic_cc_z(cc);
	case 1: return !nic_cc_z(cc);
	case 2: return nic_cc_n(cc);
	case 3: return !nic_cc_n(cc);
	case 4: return nic_cc_c(cc);
	case 5: return !nic_cc_c(cc);
	case 6: return nic_cc_v(cc);
	case 7: return !nic_cc_v(cc);
	case 8: return !is_less;
	case 9: return is_less;
	case 10: return nic_cc_z(cc) || is_less;
	default: return !nic_cc_z(cc) && !is_less;
	}
}

#define BRANCH(name, condition)                                                                    \
	static void run_##name(struct nic_me *me, const struct nic_insn *insn)                     \
	{                                                                                          \
		branch(me, insn, condition, insn->addr);                                           \
	}
BRANCH(BEQ, nic_cc_is(me->ctx, 0))
BRANCH(BNE, nic_cc_is(me->ctx, 1))
BRANCH(BMI, nic_cc_is(me->ctx, 2))
BRANCH(BPL, nic_cc_is(me->ctx, 3))
BRANCH(BCS, nic_cc_is(me->ctx, 4))
BRANCH(BCC, nic_cc_is(me->ctx, 5))
BRANCH(BVS, nic_cc_is(me->ctx, 6))
BRANCH(BVC, nic_cc_is(me->ctx, 7))
BRANCH(BGE, nic_cc_is(me->ctx, 8))
BRANCH(BLT, nic_cc_is(me->ctx, 9))
BRANCH(BLE, nic_cc_is(me->ctx, 10))
BRANCH(BGT, nic_cc_is(me->ctx, 11))
BRANCH(BR, true)
BRANCH(BR_EQ_CTX, nic_me_ctx_number(me) == insn->css)
BRANCH(BR_NE_CTX, nic_me_ctx_number(me) != insn->css)
BRANCH(BR_BSET, nic_me_read(me, &insn->left) >> insn->bit & 1)
BRANCH(BR_BCLR, !(nic_me_read(me, &insn->left) >> insn->bit & 1))
BRANCH(BR_EQ_BYTE, (nic_me_read(me, &insn->left) >> 8 * insn->byte & 0xff) == insn->right.num)
BRANCH(BR_NE_BYTE, (nic_me_read(me, &insn->left) >> 8 * insn->byte & 0xff) != insn->right.num)

static void
run_JUMP(struct nic_me *me, const struct nic_insn *insn)
{
	branch(me, insn, true, nic_me_read(me, &insn->left) + insn->imm);
}

/* The signal has come; a branch on it takes it. */
static bool
take_signal(struct nic_me *me, uint32_t signal)
{
	uint64_t *due = &me->ctx->signal_due[signal];

	if (*due > me->cycles)
		return false;
	*due = NIC_NO_CYCLE;
	return true;
}

static void
run_BR_SIGNAL(struct nic_me *me, const struct nic_insn *insn)
{
	branch(me, insn, take_signal(me, insn->css), insn->addr);
}

static void
run_BR_NOT_SIGNAL(struct nic_me *me, const struct nic_insn *insn)
{
	branch(me, insn, !take_signal(me, insn->css), insn->addr);
}

/* States 0 and 1 are those of next-neighbour rings; the others belong to rings in CTM. */
static bool
is_state(struct nic_me *me, uint32_t state)
{
	if (state == 0)
		return nic_nn_is_empty(me);
	if (state == 1)
		return nic_nn_is_full(me);
	nic_me_fault(me, "the states of CTM's rings are not modelled");
	return false;
}

static void
run_BR_INP_STATE(struct nic_me *me, const struct nic_insn *insn)
{
	branch(me, insn, is_state(me, insn->css), insn->addr);
}

static void
run_BR_NOT_INP_STATE(struct nic_me *me, const struct nic_insn *insn)
{
	branch(me, insn, !is_state(me, insn->css), insn->addr);
}

/* ---- contexts ---- */

/* What the context waits for, unless it says that ActCtxWkpEvt has it already. */
static void
swap_out(struct nic_me *me, const struct nic_insn *insn, enum nic_then then, uint32_t events)
{
	if (insn->resume && insn->addr >= NIC_CODE_WORDS) {
		nic_me_fault(me, "a branch out of the code store");
		return;
	}
	if (events) {
		me->ctx->waits_for = events;
		me->ctx->waits_for_any = insn->any_signal;
	}
	me->command_pc = me->ctx->pc;
	set_then(me, insn, then, insn->defer, insn->resume ? insn->addr : NIC_CODE_WORDS);
}

static void
run_CTX_ARB(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_SLEEP, insn->signals << 1);
}

/* A deferred instruction may still write ActCtxWkpEvt. */
static void
run_CTX_ARB_NONE(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_SLEEP, 0);
}

/* Nothing to wait for: ready at once, behind the others. */
static void
run_CTX_ARB_VOLUNTARY(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_SLEEP, 1);
}

static void
run_CTX_ARB_KILL(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_KILL, 0);
}

static void
run_CTX_ARB_BPT(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_HALT, 0);
}

/* ---- commands ---- */

/* The word of PREV_ALU that overrides parts of a command (nfp-isa.md 6.4). */
#define OVERRIDE_LENGTH(word) ((word) >> 8 & 0x1f)
#define OVERRIDE_HAS_LENGTH(word) ((word) >> 7 & 1)
#define OVERRIDE_DATA_KIND(word) ((word) >> 3 & 7)
#define OVERRIDE_DATA(word) ((uint16_t)((word) >> 16))
/* kinds of data */
#define OVERRIDE_XFER 1u /* the transfer register, in bytes, of all there are */
#define OVERRIDE_IMMEDIATE 2u
#define OVERRIDE_OTHERS 0x6047u /* signal context and number, CSR, master, signal master */
#define LENGTH_WIDE 4u		/* of an atomic; the bit above says immediate */

/* What the override says of the data. */
static void
override(struct nic_me *me, struct nic_access *a, uint32_t word)
{
	uint32_t kind = OVERRIDE_DATA_KIND(word);

	if (word & OVERRIDE_OTHERS || kind > OVERRIDE_IMMEDIATE)
		nic_me_fault(me, "this override of a command is not modelled");
	if (kind == OVERRIDE_XFER) {
		struct nic_ctx *owner =
			nic_me_xfer_owner(me, OVERRIDE_DATA(word) / 4 % 256, &a->xfer);

		a->in = owner->xfer_in;
		a->out = owner->xfer_out;
	}
	a->has_data = kind == OVERRIDE_IMMEDIATE;
	a->data = OVERRIDE_DATA(word);
}

/* As nic_command_find(), which those that came before are remembered of. */
static const struct nic_command *
find_command(struct nic_me *me, const struct nic_insn *insn, uint32_t length)
{
	const uint32_t key = 1u << 12 | insn->tgt << 5 | insn->token << 3 | (length & 7);
	struct nic_found_command *found = &me->found[key % NIC_FOUND_COMMANDS];

	if (found->key != key)
		*found = (struct nic_found_command){ .key = key,
			.command = nic_command_find(insn->tgt, insn->token, length & 7) };
	return found->command;
}

/* What a command does, of its fields and the override. */
static void
describe(struct nic_me *me, const struct nic_insn *insn, struct nic_access *a)
{
	uint32_t length = insn->cnt;

	if (insn->indir) {
		override(me, a, me->prev_result);
		if (OVERRIDE_HAS_LENGTH(me->prev_result))
			length = OVERRIDE_LENGTH(me->prev_result);
	}
	a->command = find_command(me, insn, length);
	a->units = length + 1;
	if (!a->command)
		nic_me_fault(me, "no such command");
	else if (a->command->does >= NIC_DOES_ASSIGN && a->has_data)
		a->units = 1;
	else if (a->command->length_mask)
		a->units = (length & ~(uint32_t)LENGTH_WIDE) + 1;
}

/* One that takes data and brings some signals each; of an even number the other is the next. */
uint32_t
nic_command_signals(const struct nic_command *command, uint32_t sig)
{
	bool is_pair = command->data == NIC_DATA_BOTH && sig % 2 == 0;

	return sig ? (is_pair ? 3u : 1u) << sig : 0;
}

void
nic_signal_done(struct nic_me *me, uint32_t signals)
{
	for (uint32_t left = signals; left; left &= left - 1)
		me->ctx->signal_due[__builtin_ctz(left)] = me->cycles + NIC_COMMAND_CYCLES;
}

static struct nic_access
access_at(struct nic_me *me, const struct nic_insn *insn, uint64_t address)
{
	struct nic_access a = { .address = address,
		.xfer = insn->xfer,
		.in = me->ctx->xfer_in,
		.out = me->ctx->xfer_out };

	describe(me, insn, &a);
	return a;
}

uint8_t *
nic_me_place_command(struct nic_me *me, const struct nic_insn *insn, uint64_t address)
{
	uint8_t *at;

	me->command = access_at(me, insn, address);
	if (!me->fault && !nic_mem_place(me->mem, &me->command, &at))
		return at;
	me->fault = NULL;
	me->command.command = NULL;
	return NULL;
}

static void
command(struct nic_me *me, const struct nic_insn *insn, uint64_t address)
{
	struct nic_access a = access_at(me, insn, address);
	const char *reason;

	if (me->fault)
		return;
	if (insn->ctx != NIC_CTX_NO_SWAP) {
		if (!insn->sig) {
			nic_me_fault(me, "swaps out without a signal to come back by");
			return;
		}
		/* the deferred instructions may still write what it sends */
		set_then(me, insn, NIC_THEN_SLEEP, insn->ctx, NIC_CODE_WORDS);
		me->command_sigs = nic_command_signals(a.command, insn->sig);
		me->ctx->waits_for = me->command_sigs;
		me->ctx->waits_for_any = false;
		me->command = a;
		me->command_pc = me->ctx->pc;
		return;
	}
	reason = nic_mem_access(me->mem, &a);
	if (reason)
		nic_me_fault(me, reason);
	nic_me_record(me, &a, insn->sig, false);
	nic_me_show(me, NIC_SEEN_COMMAND, me->ctx->pc, &a);
	nic_signal_done(me, nic_command_signals(a.command, insn->sig));
}

/* Which operand is the high part is read first: it is printed first. */
static uint64_t
address_40(struct nic_me *me, const struct nic_reg *high, const struct nic_reg *low)
{
	uint64_t top = nic_me_read(me, high);

	return ((top << 8) + nic_me_read(me, low)) & ((UINT64_C(1) << NIC_ADDRESS_BITS) - 1);
}

static void
run_CMD_A40(struct nic_me *me, const struct nic_insn *insn)
{
	command(me, insn, address_40(me, &insn->left, &insn->right));
}

static void
run_CMD_B40(struct nic_me *me, const struct nic_insn *insn)
{
	command(me, insn, address_40(me, &insn->right, &insn->left));
}

static void
run_CMD_32(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t left = nic_me_read(me, &insn->left);

	command(me, insn, left + nic_me_read(me, &insn->right));
}

static void
run_CMD_ADDRESS(struct nic_me *me, const struct nic_insn *insn)
{
	command(me, insn, insn->imm_addr);
}

#define ROW(name) [NIC_OP_##name] = run_##name
nic_op_fn *const nic_flow_ops[NIC_OP_CNT] = {
	ROW(BEQ),
	ROW(BNE),
	ROW(BMI),
	ROW(BPL),
	ROW(BCS),
	ROW(BCC),
	ROW(BVS),
	ROW(BVC),
	ROW(BGE),
	ROW(BLT),
	ROW(BLE),
	ROW(BGT),
	ROW(BR),
	ROW(BR_EQ_CTX),
	ROW(BR_NE_CTX),
	ROW(BR_SIGNAL),
	ROW(BR_NOT_SIGNAL),
	ROW(BR_INP_STATE),
	ROW(BR_NOT_INP_STATE),
	ROW(BR_BSET),
	ROW(BR_BCLR),
	ROW(BR_EQ_BYTE),
	ROW(BR_NE_BYTE),
	ROW(JUMP),
	[NIC_OP_RTN] = run_JUMP,
	ROW(CTX_ARB),
	ROW(CTX_ARB_VOLUNTARY),
	ROW(CTX_ARB_NONE),
	ROW(CTX_ARB_KILL),
	ROW(CTX_ARB_BPT),
	ROW(CMD_A40),
	ROW(CMD_B40),
	ROW(CMD_32),
	ROW(CMD_ADDRESS),
};
