/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One microengine, seen from outside: made, loaded, its contexts started, signalled and asked. The
 * caller is the firmware model. me_run.c runs it.
 */
#include "nic/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
set_ops(struct nic_me *me)
{
	for (unsigned int op = 0; op < NIC_OP_CNT; op++) {
		me->ops[op] = nic_alu_ops[op] ? nic_alu_ops[op] : nic_flow_ops[op];
		if (!me->ops[op])
			me->ops[op] = nic_unit_ops[op];
	}
}

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
	nic_cam_clear(&me->cam);
	for (uint32_t i = 0; i < NIC_CONTEXTS; i++) {
		me->ctxs[i].number = i;
		me->ctxs[i].cc = nic_cc_from(0);
		nic_ctx_forget_events(&me->ctxs[i]);
	}
	set_ops(me);
	return me;
}

void
nic_me_free(struct nic_me *me)
{
	if (!me)
		return;
	nic_me_set_next(me, NULL);
	if (me->prev)
		nic_me_set_next(me->prev, NULL);
	nic_fast_free(me->fast);
	free(me->insns_at);
	free(me);
}

int
nic_me_set_contexts(struct nic_me *me, uint32_t cnt)
{
	if (cnt != NIC_CONTEXTS && cnt != NIC_CONTEXTS / 2)
		return -EINVAL;
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx++)
		nic_me_kill(me, ctx);
	me->has_eight = cnt == NIC_CONTEXTS;
	me->ctx = &me->ctxs[0];
	nic_fast_forget(me);
	/* the same words name other registers now */
	memset(me->is_decoded, 0, sizeof(me->is_decoded));
	return 0;
}

void
nic_me_set_next(struct nic_me *me, struct nic_me *next)
{
	if (me->next)
		me->next->prev = NULL;
	me->next = next;
	if (!next)
		return;
	if (next->prev)
		next->prev->next = NULL;
	next->prev = me;
}

int
nic_me_load(struct nic_me *me, uint32_t at, const uint64_t *words, uint32_t cnt)
{
	if (at > NIC_CODE_WORDS || cnt > NIC_CODE_WORDS - at)
		return -EINVAL;
	memcpy(me->words + at, words, cnt * sizeof(*words));
	memset(me->is_decoded + at, 0, cnt);
	nic_fast_forget(me);
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
	nic_fast_forget(me);
}

void
nic_me_set_recorder(struct nic_me *me, struct nic_recorder *recorder)
{
	me->recorder = recorder;
}

/* ---- contexts, seen from outside ---- */

void
nic_me_settle_lm(const struct nic_me *me, struct nic_ctx *ctx)
{
	if (me->cycles < ctx->lm_due)
		return;
	ctx->lm_due = NIC_NO_CYCLE;
	for (unsigned int i = 0; i < 4; i++) {
		struct nic_lm_write *write = &ctx->lm_write[i];

		if (write->due > me->cycles) {
			if (write->due < ctx->lm_due)
				ctx->lm_due = write->due;
			continue;
		}
		ctx->lm_addr[i] = write->address;
		write->due = NIC_NO_CYCLE;
	}
}

int
nic_me_start(struct nic_me *me, uint32_t number, uint32_t pc)
{
	if (!nic_me_has_ctx(me, number) || pc >= NIC_CODE_WORDS)
		return -EINVAL;
	nic_ctx_start(me, &me->ctxs[number], pc);
	return 0;
}

int
nic_me_signal(struct nic_me *me, uint32_t ctx, uint32_t signal)
{
	if (!nic_me_has_ctx(me, ctx) || signal < 1 || signal >= NIC_SIGNALS)
		return -EINVAL;
	me->ctxs[ctx].signal_due[signal] = me->cycles;
	return 0;
}

void
nic_me_expect(struct nic_me *me, uint32_t ctx, uint32_t signals)
{
	if (nic_me_has_ctx(me, ctx))
		me->ctxs[ctx].from_outside = signals;
}

void
nic_me_kill(struct nic_me *me, uint32_t ctx)
{
	if (nic_me_has_ctx(me, ctx))
		nic_ctx_kill(me, &me->ctxs[ctx]);
}

uint32_t
nic_me_active(const struct nic_me *me)
{
	return nic_me_ctx_number(me);
}

uint32_t
nic_me_pc(const struct nic_me *me, uint32_t ctx)
{
	return nic_me_has_ctx(me, ctx) ? me->ctxs[ctx].pc : NIC_CODE_WORDS;
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

void
nic_me_fault(struct nic_me *me, const char *reason)
{
	if (!me->fault)
		me->fault = reason;
}
