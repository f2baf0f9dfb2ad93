/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the translator (fast_put.c, fast_flow.c, fast_translate.c): a stream being made. */
#ifndef NIC_FAST_MAKE_H
#define NIC_FAST_MAKE_H

#include "nic/fast.h"

/* A branch whose deferred instructions stand at the end of the stream. */
struct nic_fast_tail {
	uint32_t from; /* micro-operation that goes there */
	uint32_t pc;
};

/* A micro-operation that goes to an instruction. */
struct nic_fast_fixup {
	uint32_t from, to_pc;
};

struct nic_making {
	struct nic_me *me;
	struct nic_fast *fast;
	uint32_t ctx;
	struct nic_stream *stream; /* NULL: only to see what can be translated */
	const void *const *handlers;
	struct nic_fast_tail *tails;
	struct nic_fast_fixup *fixups;
	uint32_t tail_cnt, fixup_cnt;
	bool failed; /* no memory */
	struct nic_uop scratch;
};

/* Puts an instruction's micro-operations; false for what only the exact mode knows. live: what of
 * its results is read later, enum nic_fast_live. */
typedef bool nic_fast_put_fn(
	struct nic_making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live);

struct nic_fast_rule {
	nic_fast_put_fn *put; /* NULL: left to the exact mode */
	uint16_t arg;	      /* of the function */
	uint8_t facts;	      /* enum nic_fast_fact */
};

/* ---- fast_put.c: micro-operations, operands, what computes ---- */

struct nic_uop *nic_fast_put(struct nic_making *t, unsigned int handler, uint32_t pc);
/* The last one put goes to that instruction. */
void nic_fast_fix(struct nic_making *t, uint32_t pc);

struct nic_fast_place {
	uint16_t at, also; /* R: both places of a destination; M: pointer and byte offset */
	bool is_lm;
};

uint16_t nic_fast_offset(const struct nic_making *t, const void *p);
/* False for what only the exact mode knows. */
bool nic_fast_find(
	struct nic_making *t, const struct nic_reg *reg, bool is_dst, struct nic_fast_place *place);
/* A source that must not be in local memory: a word there is fetched first. */
bool nic_fast_find_register(struct nic_making *t, const struct nic_reg *reg, uint32_t pc,
	unsigned int which, uint16_t *at);
/* Shifts by source A of PREV_ALU. */
bool nic_fast_is_indirect(const struct nic_insn *insn);
nic_fast_put_fn nic_fast_put_alu, nic_fast_put_field, nic_fast_put_immed, nic_fast_put_long_shift,
	nic_fast_put_merge, nic_fast_put_mul_step, nic_fast_put_product, nic_fast_put_shift,
	nic_fast_put_start;

/* ---- fast_flow.c: what goes elsewhere, local CSRs, commands ---- */

/* How many instructions it defers itself behind. */
unsigned int nic_fast_defer(const struct nic_insn *insn);
/* The deferred instructions of the one at pc; what is behind them may be anything. */
void nic_fast_put_deferred(struct nic_making *t, uint32_t pc, unsigned int defer);
/* Control goes to the target of the branch at pc, its deferred instructions being done. */
struct nic_uop *nic_fast_put_going(
	struct nic_making *t, const struct nic_insn *insn, unsigned int handler, uint32_t pc);
/* Whether a pointer written at pc may take effect at once. */
bool nic_fast_is_delay_unseen(const struct nic_making *t, uint32_t pc);
nic_fast_put_fn nic_fast_put_bit, nic_fast_put_branch, nic_fast_put_byte, nic_fast_put_command,
	nic_fast_put_csr, nic_fast_put_jump;

/* ---- fast_translate.c ---- */

extern const struct nic_fast_rule nic_fast_rules[NIC_OP_CNT];
/* What is read before the instruction, of what is read behind it. */
unsigned int nic_fast_live_before(const struct nic_insn *insn, unsigned int live);

#endif
