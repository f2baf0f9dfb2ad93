/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One microengine, exactly: fetch, issue, deferred instructions, context swaps. What an operation
 * does is in me_alu.c, me_flow.c and me_unit.c; this file keeps time and decides who runs. What can
 * run fast and is asked to, fast.c runs.
 */
#include "nic/internal.h"
#include "nic/timing/timing.h"

/* ---- one instruction ---- */

/* A context-relative register of the 8-context mode: bit 4 of its number does not count there, and
 * transfer registers are kept in the upper half (nfp-isa.md 3). NULL or a reason. */
static const char *
fit_register(struct nic_reg *reg)
{
	switch (reg->kind) {
	case NIC_GPR_A:
	case NIC_GPR_B:
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B:
	case NIC_NN: return reg->num < 16 ? NULL : "of 8 contexts each has 16 of these registers";
	case NIC_XFER:
		if (reg->num & 16)
			return "of 8 contexts each has 16 of these registers";
		reg->num = NIC_XFERS / 2 + (reg->num & 15) + (reg->num & 32) / 2;
		return NULL;
	default: return NULL;
	}
}

static const char *
fit_eight(struct nic_insn *insn)
{
	const char *reason = fit_register(&insn->dst);

	if (!reason)
		reason = fit_register(&insn->left);
	if (!reason)
		reason = fit_register(&insn->right);
	if (insn->xfer >= NIC_XFERS / 2)
		reason = "of 8 contexts each has 32 transfer registers";
	insn->xfer += NIC_XFERS / 2;
	return reason;
}

const char *
nic_me_decode_at(struct nic_me *me, uint32_t pc)
{
	const char *reason;

	if (me->is_decoded[pc])
		return NULL;
	if (me->words[pc] >> (NIC_INSN_BITS + 7) || !nic_ecc_is_right(me->words[pc]))
		reason = "the word's ECC is missing or wrong";
	else
		reason = nic_decode(me->words[pc], &me->insns_at[pc]);
	if (!reason && me->has_eight)
		reason = fit_eight(&me->insns_at[pc]);
	me->is_decoded[pc] = !reason;
	return reason;
}

static const struct nic_insn *
fetch(struct nic_me *me, uint32_t pc)
{
	const char *reason = nic_me_decode_at(me, pc);

	if (reason) {
		nic_me_fault(me, reason);
		return NULL;
	}
	return &me->insns_at[pc];
}

static void
execute(struct nic_me *me, const struct nic_insn *insn)
{
	nic_op_fn *run = me->ops[insn->op];
	bool was_read = me->csr_is_read;

	if (!run)
		nic_me_fault(me, "the instruction is not modelled");
	else if (!insn->pred_cc || nic_cc_is(me->ctx, me->ctx->predicate))
		run(me, insn);
	if (was_read) /* it was for this instruction, or for none */
		me->csr_is_read = false;
	me->cycles += nic_op_info(insn->op)->cycles;
	me->insns++;
}

void
nic_me_show(struct nic_me *me, enum nic_seen kind, uint32_t pc, const struct nic_access *access)
{
	struct nic_sight sight;

	if (!me->watch || me->fault)
		return;
	sight = (struct nic_sight){
		.kind = kind,
		.ctx = nic_me_ctx_number(me),
		.pc = pc,
		.cycle = me->cycles,
		.access = access,
		.is_deferred = me->then != NIC_THEN_NOTHING,
	};
	me->watch(me->watch_arg, &sight);
}

void
nic_me_record(struct nic_me *me, const struct nic_access *access, uint32_t signals, bool is_swap)
{
	uint32_t unit;

	if (!me->recorder)
		return;
	unit = access->command->how & NIC_HOW_WIDE ? 8 : access->command->unit;
	/* an instruction that does not swap is not counted yet */
	nic_record_command(me->recorder, me->cycles + !is_swap, access->command, access->address,
		access->units * unit,
		is_swap	  ? NIC_WAIT_SWAP
		: signals ? NIC_WAIT_NEXT
			  : NIC_WAIT_NO);
}

/* The swap's command goes out now that the deferred instructions have run. */
static void
send(struct nic_me *me)
{
	const char *reason;

	if (!me->command.command) {
		nic_me_show(me, NIC_SEEN_SWAP, me->command_pc, NULL);
		if (me->recorder)
			nic_record_swap(me->recorder, me->cycles);
		return;
	}
	nic_me_record(me, &me->command, me->command_sigs, true);
	reason = nic_mem_access(me->mem, &me->command);
	if (reason) {
		me->ctx->pc = me->command_pc; /* of which it is the fault */
		nic_me_fault(me, reason);
	}
	nic_me_show(me, NIC_SEEN_SWAP, me->command_pc, &me->command);
	nic_signal_done(me, me->command_sigs);
	me->command.command = NULL;
}

/* After an instruction: on to the next, or what the one that deferred it wanted. */
static void
advance(struct nic_me *me)
{
	enum nic_then then = me->then;

	me->ctx->pc++;
	if (then == NIC_THEN_NOTHING || me->then_after--)
		return;
	me->then = NIC_THEN_NOTHING;
	me->cycles += me->then_cycles;
	if (me->then_pc < NIC_CODE_WORDS)
		me->ctx->pc = me->then_pc;
	if (then == NIC_THEN_SLEEP) {
		send(me);
		me->ctx->state = NIC_CTX_ASLEEP;
	} else if (then == NIC_THEN_KILL) {
		nic_ctx_become(me, me->ctx, NIC_CTX_DEAD);
	} else if (then == NIC_THEN_HALT) {
		for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx++)
			nic_me_kill(me, ctx);
		me->ctx->pc = me->command_pc;
		nic_me_fault(me, "halted");
	}
}

/* False on a fault, of which me->fault tells. */
static bool
step(struct nic_me *me)
{
	const uint64_t before = me->cycles;
	const struct nic_insn *insn;

	nic_me_settle_lm(me, me->ctx);
	if (me->ctx->pc >= NIC_CODE_WORDS) {
		nic_me_fault(me, "runs off the end of the code store");
		return false;
	}
	insn = fetch(me, me->ctx->pc);
	if (!insn)
		return false;
	if (me->recorder)
		nic_record_insn(me->recorder, me->ctx->pc);
	execute(me, insn);
	if (me->fault)
		return false;
	advance(me);
	if (me->recorder)
		nic_record_insn_end(me->recorder, me->cycles - before);
	return !me->fault;
}

/* ---- who runs ---- */

/* When the context wakes; NIC_NO_CYCLE when nobody will wake it. */
static uint64_t
wakes_at(const struct nic_ctx *ctx)
{
	uint64_t at = ctx->waits_for_any || !ctx->waits_for ? NIC_NO_CYCLE : 0;

	for (uint32_t left = ctx->waits_for; left; left &= left - 1) {
		const int i = __builtin_ctz(left);

		if (ctx->waits_for_any ? ctx->signal_due[i] < at : ctx->signal_due[i] > at)
			at = ctx->signal_due[i];
	}
	return at;
}

/* It waits for a signal that may still come from somebody else. */
static bool
may_be_woken(const struct nic_ctx *ctx)
{
	for (unsigned int i = 1; i < NIC_SIGNALS; i++)
		if (ctx->waits_for & ctx->from_outside & 1u << i &&
			ctx->signal_due[i] == NIC_NO_CYCLE)
			return true;
	return false;
}

/* The signals it waited for are taken. */
static void
wake(struct nic_me *me, struct nic_ctx *ctx)
{
	for (uint32_t left = ctx->waits_for & ~1u; left; left &= left - 1)
		if (ctx->signal_due[__builtin_ctz(left)] <= me->cycles)
			ctx->signal_due[__builtin_ctz(left)] = NIC_NO_CYCLE;
	ctx->state = NIC_CTX_READY;
}

/* The next after the active one that can run now; NULL when none can. */
static struct nic_ctx *
next_ready(struct nic_me *me)
{
	for (uint32_t i = 1; i <= NIC_CONTEXTS; i++) {
		struct nic_ctx *ctx = &me->ctxs[(nic_me_ctx_number(me) + i) % NIC_CONTEXTS];

		if (ctx->state == NIC_CTX_ASLEEP && wakes_at(ctx) <= me->cycles)
			wake(me, ctx);
		if (ctx->state == NIC_CTX_READY)
			return ctx;
	}
	return NULL;
}

/* Round robin; where all sleep, time goes on to the first that wakes. NULL: none ever will, and
 * *sleeper is one that waits in vain, if there is one. */
static struct nic_ctx *
arbitrate(struct nic_me *me, struct nic_ctx **sleeper)
{
	struct nic_ctx *ctx = next_ready(me);
	uint64_t first = NIC_NO_CYCLE;

	*sleeper = NULL;
	if (ctx)
		return ctx;
	for (uint32_t i = 0; i < NIC_CONTEXTS; i++) {
		if (me->ctxs[i].state != NIC_CTX_ASLEEP)
			continue;
		if (!may_be_woken(&me->ctxs[i]))
			*sleeper = &me->ctxs[i];
		if (wakes_at(&me->ctxs[i]) < first)
			first = wakes_at(&me->ctxs[i]);
	}
	if (first == NIC_NO_CYCLE)
		return NULL;
	me->cycles = first;
	return next_ready(me);
}

static enum nic_me_end
end_with_fault(struct nic_me *me, struct nic_fault *fault)
{
	uint32_t pc = me->ctx->pc;

	*fault = (struct nic_fault){ .ctx = nic_me_ctx_number(me),
		.pc = pc,
		.cycle = me->cycles,
		.word = pc < NIC_CODE_WORDS ? me->words[pc] : 0,
		.reason = me->fault };
	nic_format(fault->word, fault->text);
	me->fault = NULL;
	nic_me_drop_pending(me);
	nic_ctx_become(me, me->ctx, NIC_CTX_DEAD);
	return NIC_ME_FAULT;
}

enum nic_me_end
nic_me_choose(struct nic_me *me, struct nic_fault *fault)
{
	struct nic_ctx *sleeper, *next = arbitrate(me, &sleeper);

	if (!next && !sleeper)
		return NIC_ME_IDLE;
	me->ctx = next ? next : sleeper;
	if (me->recorder)
		nic_record_resume(me->recorder, me->cycles);
	if (next)
		return NIC_ME_LIMIT;
	nic_me_fault(me, "waits for a signal that nobody will send");
	return end_with_fault(me, fault);
}

/* One instruction of whoever can run. NIC_ME_LIMIT: and more can; else how the run ends. */
static enum nic_me_end
run_one(struct nic_me *me, struct nic_fault *fault)
{
	if (me->ctx->state != NIC_CTX_READY) {
		const enum nic_me_end end = nic_me_choose(me, fault);

		if (end != NIC_ME_LIMIT)
			return end;
	}
	if (nic_me_is_at_stop(me)) {
		nic_me_show(me, NIC_SEEN_STOP, me->ctx->pc, NULL);
		return NIC_ME_STOPPED;
	}
	nic_me_show(me, NIC_SEEN_INSN, me->ctx->pc, NULL);
	return step(me) ? NIC_ME_LIMIT : end_with_fault(me, fault);
}

void
nic_me_set_watch(struct nic_me *me, nic_watch_fn *watch, void *arg)
{
	me->watch = watch;
	me->watch_arg = arg;
}

enum nic_me_end
nic_me_run(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault)
{
	const uint64_t limit = me->insns + max_insns;

	while (me->insns < limit) {
		const enum nic_me_end end = run_one(me, fault);

		if (end != NIC_ME_LIMIT)
			return end;
	}
	return NIC_ME_LIMIT;
}
