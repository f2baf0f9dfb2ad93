/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast mode: where the active context can run fast, it does until it cannot. All else is
 * me_run.c's: an instruction that cannot run fast, and which context runs, and when.
 */
#include "nic/fast.h"

#include <stddef.h>
#include <stdlib.h>

/* Operands are 16-bit offsets. */
_Static_assert(offsetof(struct nic_me, words) <= UINT16_MAX, "operands come before the words");

/* So far ahead that room for a run always fits. */
#define FAR (UINT64_C(1) << 40)

void
nic_fast_free(struct nic_fast *fast)
{
	for (uint32_t i = 0; fast && i < NIC_CONTEXTS; i++) {
		if (fast->streams[i])
			free(fast->streams[i]->uops);
		free(fast->streams[i]);
	}
	free(fast);
}

/* What was translated is of a code store that has changed. */
static void
forget(struct nic_fast *fast)
{
	fast->has_facts = false;
	for (uint32_t i = 0; i < NIC_CONTEXTS; i++)
		if (fast->streams[i])
			fast->streams[i]->cnt = 0;
}

/* The code store for that context; NULL without memory. */
static struct nic_stream *
make_stream(struct nic_me *me, uint32_t ctx)
{
	struct nic_fast *fast = me->fast;

	if (!fast)
		fast = me->fast = calloc(1, sizeof(*fast));
	if (!fast)
		return NULL;
	if (me->is_fast_stale)
		forget(fast);
	me->is_fast_stale = false;
	if (!fast->streams[ctx])
		fast->streams[ctx] = calloc(1, sizeof(*fast->streams[ctx]));
	if (!fast->streams[ctx])
		return NULL;
	if (fast->streams[ctx]->cnt || nic_fast_translate(me, ctx))
		return fast->streams[ctx];
	fast->streams[ctx]->cnt = 0;
	return NULL;
}

/* Seldom. */
static __attribute__((noinline)) void
make_ready(struct nic_me *me)
{
	const uint32_t number = nic_me_ctx_number(me);

	me->ready[number] = make_stream(me, number);
}

/* Nothing is under way that only the exact mode keeps, and all pointers are good. */
static bool
can_go(const struct nic_me *me)
{
	const struct nic_ctx *ctx = me->ctx;
	const uint32_t pointers =
		ctx->lm_addr[0] | ctx->lm_addr[1] | ctx->lm_addr[2] | ctx->lm_addr[3];

	return me->then == NIC_THEN_NOTHING && !me->csr_is_read && ctx->lm_due == NIC_NO_CYCLE &&
	       pointers < 4 * NIC_LM_WORDS && ctx->pc >= me->loaded_from && ctx->pc < me->loaded_to;
}

/* Runs the active context for as long as it can; where that is not at all, me->insns stays. */
static void
go(struct nic_me *me, uint64_t end)
{
	const uint32_t pc = me->ctx->pc;
	const struct nic_stream *stream;
	uint32_t run;

	if (!can_go(me))
		return;
	if (!me->ready[nic_me_ctx_number(me)])
		make_ready(me);
	stream = me->ready[nic_me_ctx_number(me)];
	if (!stream)
		return;
	run = me->fast->run[pc];
	if (!run || run > end - me->insns)
		return;
	nic_fast_loop(me, stream->uops + stream->entry[pc], stream,
		end - me->insns > FAR ? me->insns + FAR : end);
}

enum nic_me_end
nic_me_run_fast(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault)
{
	const uint64_t limit = me->insns + max_insns;

	/* every instruction is to be seen */
	if (me->watch || me->recorder)
		return nic_me_run(me, max_insns, fault);
	while (me->insns < limit) {
		const uint64_t before = me->insns;
		enum nic_me_end end;

		if (me->ctx->state != NIC_CTX_READY) {
			end = nic_me_choose(me, fault);
			if (end != NIC_ME_LIMIT)
				return end;
		}
		if (nic_me_is_at_stop(me))
			return NIC_ME_STOPPED;
		go(me, limit);
		if (me->insns != before)
			continue;
		end = nic_me_run(me, 1, fault);
		if (end != NIC_ME_LIMIT)
			return end;
	}
	return NIC_ME_LIMIT;
}
