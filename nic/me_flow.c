/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function an operation that decides what runs next, and those that reach outside the
 * registers: branches, context swaps, local CSRs, commands (nfp-isa.md 5.6-5.8, 6).
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

#define BRANCH(name, condition)                                                                    \
	static void run_##name(struct nic_me *me, const struct nic_insn *insn)                     \
	{                                                                                          \
		const struct nic_ctx *ctx = me->ctx;                                               \
                                                                                                   \
		(void)ctx;                                                                         \
		branch(me, insn, condition, insn->addr);                                           \
	}
BRANCH(BEQ, ctx->z)
BRANCH(BNE, !ctx->z)
BRANCH(BMI, ctx->n)
BRANCH(BPL, !ctx->n)
BRANCH(BCS, ctx->c)
BRANCH(BCC, !ctx->c)
BRANCH(BVS, ctx->v)
BRANCH(BVC, !ctx->v)
BRANCH(BGE, ctx->n == ctx->v)
BRANCH(BLT, ctx->n != ctx->v)
BRANCH(BLE, ctx->z || ctx->n != ctx->v)
BRANCH(BGT, !ctx->z && ctx->n == ctx->v)
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

/* ---- contexts ---- */

static void
swap_out(struct nic_me *me, const struct nic_insn *insn, enum nic_then then, uint32_t signals)
{
	if (insn->resume && insn->addr >= NIC_CODE_WORDS) {
		nic_me_fault(me, "a branch out of the code store");
		return;
	}
	me->ctx->waits_for = signals;
	me->ctx->waits_for_any = insn->any_signal;
	set_then(me, insn, then, insn->defer, insn->resume ? insn->addr : NIC_CODE_WORDS);
}

static void
run_CTX_ARB(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_SLEEP, insn->signals << 1);
}

/* Nothing to wait for: ready at once, behind the others. */
static void
run_CTX_ARB_VOLUNTARY(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_SLEEP, 0);
}

static void
run_CTX_ARB_KILL(struct nic_me *me, const struct nic_insn *insn)
{
	swap_out(me, insn, NIC_THEN_KILL, 0);
}

/* ---- local CSRs ---- */

/* Which of the four pointers, when the CSR is one of those; else 4. */
static uint32_t
pointer_of(uint32_t csr, bool is_active)
{
	static const uint16_t csrs[2][4] = {
		{ NIC_CSR_IND_LM_ADDR_0, NIC_CSR_IND_LM_ADDR_1, NIC_CSR_IND_LM_ADDR_2,
			NIC_CSR_IND_LM_ADDR_3 },
		{ NIC_CSR_ACT_LM_ADDR_0, NIC_CSR_ACT_LM_ADDR_1, NIC_CSR_ACT_LM_ADDR_2,
			NIC_CSR_ACT_LM_ADDR_3 },
	};
	uint32_t pointer = 0;

	while (pointer < 4 && csrs[is_active][pointer] != csr)
		pointer++;
	return pointer;
}

/* A pseudo random number; a shift register with feedback, as the hardware's is (5.6). */
static uint32_t
next_random(struct nic_me *me)
{
	me->prng = me->prng >> 1 ^ (me->prng & 1 ? NIC_PRNG_POLYNOMIAL : 0);
	return me->prng;
}

static void
run_LOCAL_CSR_RD(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t active = pointer_of(insn->csr, true), indirect = pointer_of(insn->csr, false);
	uint32_t value = 0;

	if (active < 4)
		value = me->ctx->lm_addr[active];
	else if (indirect < 4)
		value = me->ctxs[me->ctx_pointer].lm_addr[indirect];
	else if (insn->csr >= NIC_CSR_MAILBOX_0 && insn->csr <= NIC_CSR_MAILBOX_3)
		value = me->mailbox[insn->csr - NIC_CSR_MAILBOX_0];
	else if (insn->csr == NIC_CSR_CTX_POINTER)
		value = me->ctx_pointer;
	else if (insn->csr == NIC_CSR_T_INDEX)
		value = me->t_index;
	else if (insn->csr == NIC_CSR_PSEUDO_RANDOM)
		value = next_random(me);
	else if (insn->csr == NIC_CSR_TIMESTAMP_LOW)
		value = (uint32_t)(me->cycles / NIC_TIMESTAMP_CYCLES);
	else if (insn->csr == NIC_CSR_TIMESTAMP_HIGH)
		value = (uint32_t)(me->cycles / NIC_TIMESTAMP_CYCLES >> 32);
	else
		nic_me_fault(me, "reading this local CSR is not modelled");
	me->csr_is_read = true;
	me->csr_value = value;
}

/* Until it is due the old one is used. */
static void
write_pointer(struct nic_ctx *ctx, uint32_t pointer, uint32_t address, uint64_t due)
{
	ctx->lm_write[pointer] = (struct nic_lm_write){ .due = due, .address = address };
	if (due < ctx->lm_due)
		ctx->lm_due = due;
}

static void
run_LOCAL_CSR_WR(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t active = pointer_of(insn->csr, true), indirect = pointer_of(insn->csr, false);
	uint32_t value = nic_me_read(me, &insn->left);

	if (active < 4)
		write_pointer(me->ctx, active, value & ~3u, me->cycles + NIC_LM_DELAY + 1);
	else if (indirect < 4)
		me->ctxs[me->ctx_pointer].lm_addr[indirect] = value & ~3u;
	else if (insn->csr >= NIC_CSR_MAILBOX_0 && insn->csr <= NIC_CSR_MAILBOX_3)
		me->mailbox[insn->csr - NIC_CSR_MAILBOX_0] = value;
	else if (insn->csr == NIC_CSR_CTX_POINTER)
		me->ctx_pointer = value & (NIC_CONTEXTS - 1);
	else if (insn->csr == NIC_CSR_T_INDEX)
		me->t_index = value / 4 & (NIC_XFERS - 1); /* a byte address */
	else if (insn->csr == NIC_CSR_PSEUDO_RANDOM)
		me->prng = value;
	else
		nic_me_fault(me, "writing this local CSR is not modelled");
}

/* ---- commands ---- */

/* The word of PREV_ALU that overrides parts of a command (nfp-isa.md 6.4). */
#define OVERRIDE_LENGTH(word) ((word) >> 8 & 0x1f)
#define OVERRIDE_HAS_LENGTH(word) ((word) >> 7 & 1)
#define OVERRIDE_DATA_KIND(word) ((word) >> 3 & 7)
#define OVERRIDE_DATA(word) ((uint16_t)((word) >> 16))
#define OVERRIDE_IMMEDIATE 2u	/* a kind of data */
#define OVERRIDE_OTHERS 0x6047u /* signal context and number, CSR, master, signal master */
#define LENGTH_WIDE 4u		/* of an atomic; the bit above says immediate */

/* What a command does, of its fields and the override. */
static void
describe(struct nic_me *me, const struct nic_insn *insn, struct nic_access *a)
{
	uint32_t length = insn->cnt, word = me->prev_result;

	if (insn->indir) {
		if (word & OVERRIDE_OTHERS ||
			(OVERRIDE_DATA_KIND(word) &&
				OVERRIDE_DATA_KIND(word) != OVERRIDE_IMMEDIATE))
			nic_me_fault(me, "this override of a command is not modelled");
		if (OVERRIDE_HAS_LENGTH(word))
			length = OVERRIDE_LENGTH(word);
		a->has_data = OVERRIDE_DATA_KIND(word) == OVERRIDE_IMMEDIATE;
		a->data = OVERRIDE_DATA(word);
	}
	a->command = nic_command_find(insn->tgt, insn->token, length & 7);
	a->units = length + 1;
	if (!a->command)
		nic_me_fault(me, "no such command");
	else if (a->command->does >= NIC_DOES_ASSIGN && a->has_data)
		a->units = 1;
	else if (a->command->length_mask)
		a->units = (length & ~(uint32_t)LENGTH_WIDE) + 1;
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

bool
nic_me_is_good_command(struct nic_me *me, const struct nic_insn *insn, uint64_t address)
{
	me->command = access_at(me, insn, address);
	if (!me->fault && !nic_mem_refuses(me->mem, &me->command))
		return true;
	me->fault = NULL;
	me->command.command = NULL;
	return false;
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
		me->ctx->waits_for = 1u << insn->sig;
		me->ctx->waits_for_any = false;
		me->command = a;
		me->command_sig = insn->sig;
		me->command_pc = me->ctx->pc;
		return;
	}
	reason = nic_mem_access(me->mem, &a);
	if (reason)
		nic_me_fault(me, reason);
	if (insn->sig)
		me->ctx->signal_due[insn->sig] = me->cycles + NIC_COMMAND_CYCLES;
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
	ROW(BR_BSET),
	ROW(BR_BCLR),
	ROW(BR_EQ_BYTE),
	ROW(BR_NE_BYTE),
	ROW(JUMP),
	[NIC_OP_RTN] = run_JUMP,
	ROW(CTX_ARB),
	ROW(CTX_ARB_VOLUNTARY),
	ROW(CTX_ARB_KILL),
	ROW(LOCAL_CSR_RD),
	ROW(LOCAL_CSR_WR),
	ROW(CMD_A40),
	ROW(CMD_B40),
	ROW(CMD_32),
	ROW(CMD_ADDRESS),
};
