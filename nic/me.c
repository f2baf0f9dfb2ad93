/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One microengine, exactly: fetch, issue, deferred instructions, context swaps. What an operation
 * does is in me_alu.c and me_flow.c; this file keeps time and decides who runs. The caller is the
 * firmware model, which loads the code store and sets contexts up.
 */
#include "nic/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nic_me *
nic_me_new(struct nic_mem *mem)
{
	struct nic_me *me = calloc(1, sizeof(*me));

	if (!me)
		return NULL;
	me->insns_at = calloc(NIC_CODE_WORDS, sizeof(*me->insns_at));
	if (!me->insns_at) {
		free(me);
		errno = ENOMEM;
		return NULL;
	}
	me->mem = mem;
	me->ctx = &me->ctxs[0];
	me->prng = NIC_PRNG_SEED;
	me->loaded_from = NIC_CODE_WORDS;
	for (uint32_t i = 0; i < 256; i++)
		me->immediates[i] = i;
	return me;
}

void
nic_me_free(struct nic_me *me)
{
	if (me) {
		nic_fast_free(me->fast);
		free(me->insns_at);
	}
	free(me);
}

int
nic_me_load(struct nic_me *me, uint32_t at, const uint64_t *words, uint32_t cnt)
{
	if (at > NIC_CODE_WORDS || cnt > NIC_CODE_WORDS - at)
		return -EINVAL;
	memcpy(me->words + at, words, cnt * sizeof(*words));
	memset(me->is_decoded + at, 0, cnt);
	me->is_fast_stale = true;
	if (at < me->loaded_from)
		me->loaded_from = at;
	if (at + cnt > me->loaded_to)
		me->loaded_to = at + cnt;
	return 0;
}

void
nic_me_set_stop(struct nic_me *me, uint32_t address, bool on)
{
	if (address >= NIC_CODE_WORDS || me->is_stop[address] == on)
		return;
	me->is_stop[address] = on;
	me->is_fast_stale = true;
}

/* ---- contexts, seen from outside ---- */

/* In 4-context mode only the even ones exist. */
static bool
is_ctx(uint32_t ctx)
{
	return ctx < NIC_CONTEXTS && ctx % 2 == 0;
}

int
nic_me_start(struct nic_me *me, uint32_t number, uint32_t pc)
{
	struct nic_ctx *ctx;

	if (!is_ctx(number) || pc >= NIC_CODE_WORDS)
		return -EINVAL;
	ctx = &me->ctxs[number];
	if (ctx == me->ctx)
		me->then = NIC_THEN_NOTHING;
	ctx->state = NIC_CTX_READY;
	ctx->pc = pc;
	for (unsigned int i = 0; i < 4; i++)
		ctx->lm_write[i].due = NIC_NO_CYCLE;
	ctx->lm_due = NIC_NO_CYCLE;
	for (unsigned int i = 0; i < NIC_SIGNALS; i++)
		ctx->signal_due[i] = NIC_NO_CYCLE;
	return 0;
}

void
nic_me_kill(struct nic_me *me, uint32_t ctx)
{
	if (!is_ctx(ctx))
		return;
	me->ctxs[ctx].state = NIC_CTX_DEAD;
	if (me->ctx == &me->ctxs[ctx])
		me->then = NIC_THEN_NOTHING;
}

uint32_t
nic_me_ctx_number(const struct nic_me *me)
{
	return (uint32_t)(me->ctx - me->ctxs);
}

uint32_t
nic_me_active(const struct nic_me *me)
{
	return nic_me_ctx_number(me);
}

uint32_t
nic_me_pc(const struct nic_me *me, uint32_t ctx)
{
	return is_ctx(ctx) ? me->ctxs[ctx].pc : NIC_CODE_WORDS;
}

uint64_t
nic_me_cycles(const struct nic_me *me)
{
	return me->cycles;
}

uint64_t
nic_me_insns(const struct nic_me *me)
{
	return me->insns;
}

uint32_t *
nic_me_gpr(struct nic_me *me, uint32_t ctx, bool is_bank_b, uint32_t num)
{
	return is_ctx(ctx) && num < 32 ? &me->gpr[is_bank_b][ctx / 2 * 32 + num] : NULL;
}

uint32_t *
nic_me_xfer_in(struct nic_me *me, uint32_t ctx, uint32_t num)
{
	return is_ctx(ctx) && num < NIC_XFERS ? &me->ctxs[ctx].xfer_in[num] : NULL;
}

uint32_t *
nic_me_xfer_out(struct nic_me *me, uint32_t ctx, uint32_t num)
{
	return is_ctx(ctx) && num < NIC_XFERS ? &me->ctxs[ctx].xfer_out[num] : NULL;
}

uint32_t *
nic_me_lm(struct nic_me *me, uint32_t word)
{
	return word < NIC_LM_WORDS ? &me->lm[word] : NULL;
}

void
nic_me_set_lm_addr(struct nic_me *me, uint32_t ctx, uint32_t pointer, uint32_t address)
{
	if (is_ctx(ctx) && pointer < 4)
		me->ctxs[ctx].lm_addr[pointer] = address & ~3u;
}

uint32_t
nic_me_cc(const struct nic_me *me, uint32_t ctx)
{
	const struct nic_ctx *c = &me->ctxs[is_ctx(ctx) ? ctx : 0];

	return (uint32_t)c->n << 3 | (uint32_t)c->z << 2 | (uint32_t)c->v << 1 | (uint32_t)c->c;
}

/* ---- operands ---- */

void
nic_me_fault(struct nic_me *me, const char *reason)
{
	if (!me->fault)
		me->fault = reason;
}

/* The offset is ORed into the word address (nfp-isa.md 3.1). */
static uint32_t *
lm_word(struct nic_me *me, const struct nic_reg *reg)
{
	uint32_t *address = &me->ctx->lm_addr[reg->num];
	uint32_t word = *address / 4 | reg->off;

	if (reg->post)
		*address += reg->post == NIC_POST_INC ? 4 : -4u;
	if (word < NIC_LM_WORDS)
		return &me->lm[word];
	nic_me_fault(me, "the pointer is outside local memory");
	me->nowhere = 0;
	return &me->nowhere;
}

static uint32_t
index_of(struct nic_me *me, const struct nic_reg *reg)
{
	uint32_t index = me->t_index;

	if (reg->post)
		me->t_index += reg->post == NIC_POST_INC ? 1 : -1u;
	me->t_index &= NIC_XFERS - 1;
	return index;
}

uint32_t
nic_me_read(struct nic_me *me, const struct nic_reg *reg)
{
	const uint32_t base = nic_me_ctx_number(me) / 2 * 32;

	switch (reg->kind) {
	case NIC_GPR_A:
	case NIC_GPR_BOTH: return me->gpr[0][base + reg->num];
	case NIC_GPR_B:
	case NIC_GPR_BOTH_B: return me->gpr[1][base + reg->num];
	case NIC_ABS_A: return me->gpr[0][reg->num];
	case NIC_ABS_B: return me->gpr[1][reg->num];
	case NIC_XFER: return me->ctx->xfer_in[reg->num];
	case NIC_XFER_INDEX: return me->ctx->xfer_in[index_of(me, reg)];
	case NIC_LM: return *lm_word(me, reg);
	case NIC_IMM: return reg->num;
	default: nic_me_fault(me, "next-neighbour registers are not modelled"); return 0;
	}
}

void
nic_me_write(struct nic_me *me, const struct nic_reg *reg, uint32_t value)
{
	const uint32_t base = nic_me_ctx_number(me) / 2 * 32;

	switch (reg->kind) {
	case NIC_NONE: break;
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B:
		me->gpr[0][base + reg->num] = me->gpr[1][base + reg->num] = value;
		break;
	case NIC_GPR_A: me->gpr[0][base + reg->num] = value; break;
	case NIC_GPR_B: me->gpr[1][base + reg->num] = value; break;
	case NIC_ABS_A: me->gpr[0][reg->num] = value; break;
	case NIC_ABS_B: me->gpr[1][reg->num] = value; break;
	case NIC_XFER: me->ctx->xfer_out[reg->num] = value; break;
	case NIC_XFER_INDEX: me->ctx->xfer_out[index_of(me, reg)] = value; break;
	case NIC_LM: *lm_word(me, reg) = value; break;
	default: nic_me_fault(me, "next-neighbour registers are not modelled"); break;
	}
}

/* ---- one instruction ---- */

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

/* Pointers whose time has come. */
static void
settle_lm(struct nic_me *me)
{
	if (me->cycles < me->ctx->lm_due)
		return;
	me->ctx->lm_due = NIC_NO_CYCLE;
	for (unsigned int i = 0; i < 4; i++) {
		struct nic_lm_write *write = &me->ctx->lm_write[i];

		if (write->due > me->cycles) {
			if (write->due < me->ctx->lm_due)
				me->ctx->lm_due = write->due;
			continue;
		}
		me->ctx->lm_addr[i] = write->address;
		write->due = NIC_NO_CYCLE;
	}
}

static void
execute(struct nic_me *me, const struct nic_insn *insn)
{
	nic_op_fn *run = nic_alu_ops[insn->op] ? nic_alu_ops[insn->op] : nic_flow_ops[insn->op];
	bool was_read = me->csr_is_read;

	if (!run)
		nic_me_fault(me, "the instruction is not modelled");
	else if (insn->pred_cc)
		nic_me_fault(me, "predicated instructions are not modelled");
	else
		run(me, insn);
	if (was_read) /* it was for this instruction, or for none */
		me->csr_is_read = false;
	me->cycles += nic_op_info(insn->op)->cycles;
	me->insns++;
}

/* The swap's command goes out now that the deferred instructions have run. */
static void
send(struct nic_me *me)
{
	const char *reason;

	if (!me->command.command)
		return;
	reason = nic_mem_access(me->mem, &me->command);
	if (reason) {
		me->ctx->pc = me->command_pc; /* of which it is the fault */
		nic_me_fault(me, reason);
	}
	me->ctx->signal_due[me->command_sig] = me->cycles + NIC_COMMAND_CYCLES;
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
		me->ctx->state = NIC_CTX_DEAD;
	}
}

/* False on a fault, of which me->fault tells. */
static bool
step(struct nic_me *me)
{
	const struct nic_insn *insn;

	if (me->ctx->pc >= NIC_CODE_WORDS) {
		nic_me_fault(me, "runs off the end of the code store");
		return false;
	}
	settle_lm(me);
	insn = fetch(me, me->ctx->pc);
	if (!insn)
		return false;
	execute(me, insn);
	if (me->fault)
		return false;
	advance(me);
	return !me->fault;
}

/* ---- who runs ---- */

/* When the context wakes; NIC_NO_CYCLE when nobody will wake it. */
static uint64_t
wakes_at(const struct nic_ctx *ctx)
{
	uint64_t at = ctx->waits_for_any && ctx->waits_for ? NIC_NO_CYCLE : 0;

	for (unsigned int i = 1; i < NIC_SIGNALS; i++) {
		if (!(ctx->waits_for >> i & 1))
			continue;
		if (ctx->waits_for_any ? ctx->signal_due[i] < at : ctx->signal_due[i] > at)
			at = ctx->signal_due[i];
	}
	return at;
}

/* The signals it waited for are taken. */
static void
wake(struct nic_me *me, struct nic_ctx *ctx)
{
	for (unsigned int i = 1; i < NIC_SIGNALS; i++)
		if (ctx->waits_for >> i & 1 && ctx->signal_due[i] <= me->cycles)
			ctx->signal_due[i] = NIC_NO_CYCLE;
	ctx->waits_for = 0;
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
	me->command.command = NULL;
	me->csr_is_read = false;
	me->then = NIC_THEN_NOTHING;
	me->ctx->state = NIC_CTX_DEAD;
	return NIC_ME_FAULT;
}

static enum nic_me_end
run(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault, bool is_fast)
{
	uint64_t end = me->insns + max_insns;

	while (me->insns < end) {
		if (me->ctx->state != NIC_CTX_READY) {
			struct nic_ctx *sleeper, *next = arbitrate(me, &sleeper);

			if (!next && !sleeper)
				return NIC_ME_IDLE;
			me->ctx = next ? next : sleeper;
			if (!next) {
				nic_me_fault(me, "waits for a signal that nobody will send");
				return end_with_fault(me, fault);
			}
		}
		if (me->then == NIC_THEN_NOTHING && me->ctx->pc < NIC_CODE_WORDS &&
			me->is_stop[me->ctx->pc])
			return NIC_ME_STOPPED;
		if (is_fast && nic_fast_go(me, end))
			continue;
		if (!step(me))
			return end_with_fault(me, fault);
	}
	return NIC_ME_LIMIT;
}

enum nic_me_end
nic_me_run(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault)
{
	return run(me, max_insns, fault, false);
}

enum nic_me_end
nic_me_run_fast(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault)
{
	return run(me, max_insns, fault, true);
}
