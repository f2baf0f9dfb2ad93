/* SPDX-License-Identifier: BSD-2-Clause */
/* See twins.h. */
#include "tests/unit/nic/twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMEM ((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT)

void
twins_free(struct twins *t)
{
	for (unsigned int i = 0; t && i < 2; i++) {
		nic_me_free(t->me[i]);
		nic_mem_free(t->mem[i]);
	}
	free(t);
}

bool
twins_reset(struct twins *t)
{
	for (unsigned int i = 0; i < 2; i++) {
		nic_me_free(t->me[i]);
		t->me[i] = nic_me_new(t->mem[i]);
		if (!t->me[i])
			return false;
		memset(nic_mem_at(t->mem[i], NIC_TARGET_MEM, EMEM, 1), 0, TWINS_EMEM_BYTES);
		memset(nic_mem_at(t->mem[i], NIC_TARGET_MEM, 0, 1), 0, NIC_CTM_BYTES);
		memset(nic_mem_at(t->mem[i], NIC_TARGET_CLS, 0, 1), 0, NIC_CLS_BYTES);
	}
	memset(t->packet, 0, sizeof(t->packet));
	t->difference[0] = '\0';
	return true;
}

struct twins *
twins_new(void)
{
	struct twins *t = calloc(1, sizeof(*t));

	for (unsigned int i = 0; t && i < 2; i++) {
		t->mem[i] = nic_mem_new(TWINS_EMEM_BYTES);
		if (t->mem[i])
			nic_mem_set_packet(
				t->mem[i], TWINS_PACKET, t->packet[i], TWINS_PACKET_BYTES);
	}
	if (t && t->mem[0] && t->mem[1] && twins_reset(t))
		return t;
	twins_free(t);
	return NULL;
}

void
twins_load(struct twins *t, uint32_t at, const uint64_t *words, uint32_t cnt)
{
	for (unsigned int i = 0; i < 2; i++)
		nic_me_load(t->me[i], at, words, cnt);
}

/* Values that are often addresses, small, or all but one bit. */
static uint32_t
value_of(uint64_t bits)
{
	const uint32_t low = (uint32_t)bits;

	switch (bits >> 61) {
	case 0: return low & 0xff;
	case 1: return NIC_PACKET_ADDRESS | TWINS_PACKET << 16 | (low & 0x7f);
	case 2: return NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8);
	case 3: return low & 0x7fc;
	case 4: return low & 0x80 ? -(low & 0x7f) : UINT32_C(1) << (low & 31);
	default: return low;
	}
}

void
twins_fill(struct twins *t, uint32_t number, uint64_t (*bits)(void *), void *arg)
{
	struct nic_me *me = t->me[0];
	struct nic_ctx *ctx = &me->ctxs[number];
	const uint64_t flags = bits(arg);

	for (unsigned int i = 0; i < 64; i++)
		if (nic_me_gpr(me, number, i & 1, i / 2))
			*nic_me_gpr(me, number, i & 1, i / 2) = value_of(bits(arg));
	for (unsigned int i = 0; i < NIC_XFERS; i++) {
		ctx->xfer_in[i] = value_of(bits(arg));
		ctx->xfer_out[i] = value_of(bits(arg));
	}
	for (unsigned int i = 0; i < 4; i++)
		nic_me_set_lm_addr(
			me, number, i, (uint32_t)(bits(arg) & (flags & 0x1f00 ? 0xfff : 0x1fff)));
	ctx->cc = nic_cc_from(flags & 0xf);
	for (unsigned int i = 0; i < NIC_LM_WORDS; i++)
		me->lm[i] = (uint32_t)(flags >> 16) * (i + 1);
	me->prev_result = value_of(bits(arg));
	me->prev_a = value_of(bits(arg));
	memcpy(t->me[1]->gpr, me->gpr, sizeof(me->gpr));
	memcpy(t->me[1]->lm, me->lm, sizeof(me->lm));
	t->me[1]->ctxs[number] = *ctx;
	t->me[1]->prev_result = me->prev_result;
	t->me[1]->prev_a = me->prev_a;
}

/* ---- what is not equal ---- */

static void
compare(struct twins *t, const char *what, uint32_t number, uint64_t exact, uint64_t fast)
{
	if (exact != fast && !t->difference[0])
		snprintf(t->difference, sizeof(t->difference), "%s %u: exact %llx, fast %llx", what,
			number, (unsigned long long)exact, (unsigned long long)fast);
}

static void
compare_words(struct twins *t, const char *what, const uint32_t *exact, const uint32_t *fast,
	uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		compare(t, what, i, exact[i], fast[i]);
}

static void
compare_bytes(
	struct twins *t, const char *what, const uint8_t *exact, const uint8_t *fast, uint32_t cnt)
{
	if (memcmp(exact, fast, cnt) != 0)
		for (uint32_t i = 0; i < cnt; i++)
			compare(t, what, i, exact[i], fast[i]);
}

/* A pointer whose time has come is written when next somebody looks. */
static uint32_t
pointer_of(const struct nic_me *me, const struct nic_ctx *ctx, unsigned int i, uint64_t *due)
{
	*due = ctx->lm_write[i].due <= me->cycles ? NIC_NO_CYCLE : ctx->lm_write[i].due;
	return ctx->lm_write[i].due <= me->cycles && ctx->state != NIC_CTX_DEAD
		       ? ctx->lm_write[i].address
		       : ctx->lm_addr[i];
}

static void
compare_ctx(struct twins *t, uint32_t number)
{
	const struct nic_ctx *a = &t->me[0]->ctxs[number], *b = &t->me[1]->ctxs[number];

	compare(t, "state of context", number, a->state, b->state);
	compare(t, "pc of context", number, a->pc, b->pc);
	compare(t, "condition codes of context", number, nic_me_cc(t->me[0], number),
		nic_me_cc(t->me[1], number));
	compare(t, "signals waited for by context", number, a->waits_for, b->waits_for);
	compare(t, "predicate of context", number, a->predicate, b->predicate);
	compare(t, "any signal for context", number, a->waits_for_any, b->waits_for_any);
	compare_words(t, "transfer-in register", a->xfer_in, b->xfer_in, NIC_XFERS);
	compare_words(t, "transfer-out register", a->xfer_out, b->xfer_out, NIC_XFERS);
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t due[2];

		compare(t, "pointer", i, pointer_of(t->me[0], a, i, &due[0]),
			pointer_of(t->me[1], b, i, &due[1]));
		if (a->state != NIC_CTX_DEAD)
			compare(t, "due pointer", i, due[0], due[1]);
	}
	for (unsigned int i = 0; i < NIC_SIGNALS; i++)
		compare(t, "signal", i, a->signal_due[i], b->signal_due[i]);
}

static void
compare_all(struct twins *t)
{
	const struct nic_me *a = t->me[0], *b = t->me[1];

	compare(t, "instructions", 0, a->insns, b->insns);
	compare(t, "cycles", 0, a->cycles, b->cycles);
	compare(t, "active context", 0, nic_me_active(a), nic_me_active(b));
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx++)
		compare_ctx(t, ctx);
	compare_words(t, "GPR A", a->gpr[0], b->gpr[0], 128);
	compare_words(t, "GPR B", a->gpr[1], b->gpr[1], 128);
	compare_words(t, "local memory word", a->lm, b->lm, NIC_LM_WORDS);
	compare_words(t, "mailbox", a->mailbox, b->mailbox, 4);
	compare_words(t, "next-neighbour register", a->nn, b->nn, NIC_NNS);
	compare(t, "NN_PUT", 0, a->nn_put, b->nn_put);
	compare(t, "NN_GET", 0, a->nn_get, b->nn_get);
	compare_words(t, "CAM tag", a->cam.tag, b->cam.tag, NIC_CAM_ENTRIES);
	compare_bytes(t, "CAM state", a->cam.state, b->cam.state, NIC_CAM_ENTRIES);
	compare_bytes(t, "CAM order", a->cam.order, b->cam.order, NIC_CAM_ENTRIES);
	compare(t, "CRC remainder", 0, a->crc, b->crc);
	compare(t, "BYTE_INDEX", 0, a->byte_index, b->byte_index);
	compare(t, "bits counted", 0, a->count_of, b->count_of);
	compare(t, "steps of the count", 0, a->count_steps, b->count_steps);
	compare(t, "source of byte_align", 0, a->align_with, b->align_with);
	compare(t, "T_INDEX", 0, a->t_index, b->t_index);
	compare(t, "context pointer", 0, a->ctx_pointer, b->ctx_pointer);
	compare(t, "PRNG", 0, a->prng, b->prng);
	compare(t, "PREV_ALU result", 0, a->prev_result, b->prev_result);
	compare(t, "PREV_ALU source A", 0, a->prev_a, b->prev_a);
	compare(t, "multiplier's steps", 0, a->mul_steps, b->mul_steps);
	compare(t, "multiplier's left", 0, a->mul_a, b->mul_a);
	compare(t, "multiplier's right", 0, a->mul_b, b->mul_b);
	compare(t, "CSR read", 0, a->csr_is_read, b->csr_is_read);
	compare(t, "what is deferred", 0, a->then, b->then);
	if (a->then != NIC_THEN_NOTHING)
		compare(t, "instructions deferred", 0, a->then_after, b->then_after);
	compare_bytes(t, "byte of the packet", t->packet[0], t->packet[1], TWINS_PACKET_BYTES);
	compare_bytes(t, "byte of the EMEM", nic_mem_at(t->mem[0], NIC_TARGET_MEM, EMEM, 1),
		nic_mem_at(t->mem[1], NIC_TARGET_MEM, EMEM, 1), TWINS_EMEM_BYTES);
	compare_bytes(t, "byte of the CTM", nic_mem_at(t->mem[0], NIC_TARGET_MEM, 0, 1),
		nic_mem_at(t->mem[1], NIC_TARGET_MEM, 0, 1), 1u << 16);
	compare_bytes(t, "byte of the CLS", nic_mem_at(t->mem[0], NIC_TARGET_CLS, 0, 1),
		nic_mem_at(t->mem[1], NIC_TARGET_CLS, 0, 1), NIC_CLS_BYTES);
}

enum nic_me_end
twins_run(struct twins *t, uint64_t max_insns)
{
	struct nic_fault fast = { .reason = NULL };
	enum nic_me_end ends[2];

	t->fault.reason = NULL;
	ends[0] = nic_me_run(t->me[0], max_insns, &t->fault);
	ends[1] = nic_me_run_fast(t->me[1], max_insns, &fast);
	compare(t, "end", 0, ends[0], ends[1]);
	if (ends[0] == NIC_ME_FAULT && ends[1] == NIC_ME_FAULT) {
		compare(t, "context of the fault", 0, t->fault.ctx, fast.ctx);
		compare(t, "pc of the fault", 0, t->fault.pc, fast.pc);
		compare(t, "cycle of the fault", 0, t->fault.cycle, fast.cycle);
		compare(t, "word of the fault", 0, t->fault.word, fast.word);
		compare(t, "reason of the fault", 0, strcmp(t->fault.reason, fast.reason) != 0, 0);
		compare(t, "text of the fault", 0, strcmp(t->fault.text, fast.text) != 0, 0);
	}
	compare_all(t);
	return ends[0];
}
