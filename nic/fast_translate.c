/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the code store to micro-operations for one context, once for each change of the code store
 * (fast.c). What has no rule here, or not in its surroundings, is left to the exact mode.
 *
 * Resolved here: operands; which results nobody can read; deferred instructions, which are copied
 * behind their branch; and a written local-memory pointer, which takes effect at once where nothing
 * in its delay can tell.
 */
#include "nic/fast_make.h"

#include <stdlib.h>
#include <string.h>

/* ---- the rules ---- */

#define ALU(name) [NIC_OP_##name] = { nic_fast_put_alu, NIC_FAST_##name, 0 }
#define SHIFT(name, row) [NIC_OP_SHF_##name] = { nic_fast_put_shift, row, 0 }
#define MERGE(name, lo, width)                                                                     \
	[NIC_OP_IMMED_##name] = { nic_fast_put_merge, (width) << 8 | (lo), 0 }
#define STEP(name, number)                                                                         \
	[NIC_OP_MUL_##name] = { nic_fast_put_mul_step, number, NIC_FAST_MAY_LEAVE }
#define LAST(name, index, high, steps)                                                             \
	[NIC_OP_MUL_##name] = { nic_fast_put_product, (index) << 5 | (high) << 4 | (steps),        \
		NIC_FAST_MAY_LEAVE }
#define GOES(name) [NIC_OP_##name] = { nic_fast_put_branch, NIC_FAST_##name, NIC_FAST_IS_CONTROL }
#define TEST(name, fn, handler) [NIC_OP_##name] = { fn, NIC_FAST_##handler, NIC_FAST_IS_CONTROL }
#define JUMP(name)                                                                                 \
	[NIC_OP_##name] = { nic_fast_put_jump, 0, NIC_FAST_IS_CONTROL | NIC_FAST_MAY_LEAVE }
#define COMMAND(name) [NIC_OP_##name] = { nic_fast_put_command, 0, NIC_FAST_MAY_LEAVE }

const struct nic_fast_rule nic_fast_rules[NIC_OP_CNT] = {
	ALU(B),
	ALU(NOT_B),
	ALU(AND),
	ALU(NOT_AND),
	ALU(AND_NOT),
	ALU(OR),
	ALU(XOR),
	ALU(ADD),
	ALU(ADD8),
	ALU(ADD16),
	ALU(ADD_CARRY),
	ALU(SUB),
	ALU(SUB_CARRY),
	ALU(B_SUB_A),
	SHIFT(B, 0),
	SHIFT(NOT_B, 1),
	SHIFT(AND, 2),
	SHIFT(NOT_AND, 3),
	SHIFT(AND_NOT, 4),
	SHIFT(OR, 5),
	[NIC_OP_DBL_SHF] = { nic_fast_put_long_shift, NIC_FAST_DBL, 0 },
	[NIC_OP_ASR] = { nic_fast_put_long_shift, NIC_FAST_ASR, 0 },
	[NIC_OP_LD_FIELD] = { nic_fast_put_field, false, 0 },
	[NIC_OP_LD_FIELD_W_CLR] = { nic_fast_put_field, true, 0 },
	[NIC_OP_IMMED] = { nic_fast_put_immed, 0, 0 },
	[NIC_OP_NOP] = { nic_fast_put_immed, 0, 0 },
	MERGE(B0, 0, 8),
	MERGE(B1, 8, 8),
	MERGE(B2, 16, 8),
	MERGE(B3, 24, 8),
	MERGE(W0, 0, 16),
	MERGE(W1, 16, 16),
	[NIC_OP_MUL_START] = { nic_fast_put_start, 0, 0 },
	STEP(24X8_STEP1, 1),
	STEP(16X16_STEP1, 1),
	STEP(16X16_STEP2, 2),
	STEP(32X32_STEP1, 1),
	STEP(32X32_STEP2, 2),
	STEP(32X32_STEP3, 3),
	STEP(32X32_STEP4, 4),
	LAST(24X8_LAST, 0, 0, 1),
	LAST(24X8_LAST2, 0, 1, 1),
	LAST(16X16_LAST, 1, 0, 2),
	LAST(16X16_LAST2, 1, 1, 2),
	LAST(32X32_LAST, 2, 0, 4),
	LAST(32X32_LAST2, 2, 1, 4),
	GOES(BEQ),
	GOES(BNE),
	GOES(BMI),
	GOES(BPL),
	GOES(BCS),
	GOES(BCC),
	GOES(BVS),
	GOES(BVC),
	GOES(BGE),
	GOES(BLT),
	GOES(BLE),
	GOES(BGT),
	GOES(BR),
	TEST(BR_BSET, nic_fast_put_bit, BR_NOT_BYTES),
	TEST(BR_BCLR, nic_fast_put_bit, BR_BYTES),
	TEST(BR_EQ_BYTE, nic_fast_put_byte, BR_BYTES),
	TEST(BR_NE_BYTE, nic_fast_put_byte, BR_NOT_BYTES),
	JUMP(JUMP),
	JUMP(RTN),
	[NIC_OP_LOCAL_CSR_WR] = { nic_fast_put_csr, 0, NIC_FAST_MAY_LEAVE },
	COMMAND(CMD_A40),
	COMMAND(CMD_B40),
	COMMAND(CMD_32),
	COMMAND(CMD_ADDRESS),
};

/* ---- facts ---- */

static unsigned int
written_by(const struct nic_insn *insn)
{
	const struct nic_op_info *info = nic_op_info(insn->op);
	unsigned int live = 0;

	if (info->writes & NIC_E_CC && !insn->no_cc)
		live |= NIC_FAST_LIVE_CC;
	if (info->writes & NIC_E_PREV)
		live |= NIC_FAST_LIVE_RESULT;
	if (info->writes & NIC_E_PREV && info->form != NIC_FORM_IMMED &&
		info->form != NIC_FORM_MUL_LAST)
		live |= NIC_FAST_LIVE_A;
	return live;
}

static unsigned int
read_by(const struct nic_insn *insn)
{
	const struct nic_op_info *info = nic_op_info(insn->op);
	unsigned int live = info->reads & NIC_E_CC ? NIC_FAST_LIVE_CC : 0;

	if (info->reads & NIC_E_PREV && nic_fast_is_indirect(insn))
		live |= NIC_FAST_LIVE_A;
	if (insn->op == NIC_OP_ASR)
		live |= NIC_FAST_LIVE_RESULT;
	return live;
}

unsigned int
nic_fast_live_before(const struct nic_insn *insn, unsigned int live)
{
	return (live & ~written_by(insn)) | read_by(insn);
}

static bool
has_post(const struct nic_insn *insn)
{
	return insn->dst.post || insn->left.post || insn->right.post;
}

/* By itself; its surroundings come later. */
static uint8_t
facts_alone(struct nic_making *t, uint32_t pc)
{
	const struct nic_insn *insn = &t->me->insns_at[pc];
	const struct nic_fast_rule *rule;
	uint8_t facts;

	if (nic_me_decode_at(t->me, pc))
		return 0;
	rule = &nic_fast_rules[insn->op];
	if (!rule->put || insn->pred_cc || !rule->put(t, insn, pc, NIC_FAST_LIVE_ALL))
		return 0;
	facts = rule->facts | NIC_FAST_IS_FAST;
	if (has_post(insn))
		facts |= NIC_FAST_MAY_LEAVE;
	if (nic_op_info(insn->op)->writes & NIC_E_MEMORY && insn->ctx != NIC_CTX_NO_SWAP)
		facts |= NIC_FAST_IS_CONTROL;
	return facts;
}

/* Deferred instructions must be such as only compute. */
static bool
can_defer(const struct nic_making *t, uint32_t pc)
{
	const unsigned int defer = nic_fast_defer(&t->me->insns_at[pc]);

	for (uint32_t at = pc + 1; at <= pc + defer; at++)
		if (at >= NIC_CODE_WORDS || t->fast->facts[at] != NIC_FAST_IS_FAST)
			return false;
	return true;
}

static uint32_t
run_of(const struct nic_fast *fast, const struct nic_insn *insn, uint32_t pc)
{
	const uint32_t shadow = 1 + nic_fast_defer(insn), next = 1u + fast->run[pc + 1];

	if (!(fast->facts[pc] & NIC_FAST_IS_CONTROL))
		return next;
	if (insn->op == NIC_OP_BR || insn->op == NIC_OP_JUMP || insn->op == NIC_OP_RTN)
		return shadow;
	if (nic_op_info(insn->op)->writes & NIC_E_MEMORY)
		return shadow + fast->run[pc + shadow];
	return shadow > next ? shadow : next;
}

static void
find_facts(struct nic_making *t)
{
	struct nic_fast *fast = t->fast;
	const struct nic_me *me = t->me;

	memset(fast->facts, 0, sizeof(fast->facts));
	for (uint32_t pc = me->loaded_from; pc < me->loaded_to; pc++)
		fast->facts[pc] = facts_alone(t, pc);
	for (uint32_t pc = me->loaded_from; pc < me->loaded_to; pc++)
		if (fast->facts[pc] & NIC_FAST_IS_CONTROL && !can_defer(t, pc))
			fast->facts[pc] = 0;
	for (uint32_t pc = me->loaded_from; pc < me->loaded_to; pc++)
		if (fast->facts[pc] && me->insns_at[pc].op == NIC_OP_LOCAL_CSR_WR &&
			!nic_fast_is_delay_unseen(t, pc))
			fast->facts[pc] = 0;
	memset(fast->run, 0, sizeof(fast->run));
	memset(fast->live, NIC_FAST_LIVE_ALL, sizeof(fast->live));
	for (uint32_t pc = me->loaded_to; pc-- > me->loaded_from;) {
		if (!fast->facts[pc] || me->is_stop[pc])
			continue;
		fast->run[pc] = (uint16_t)run_of(fast, &me->insns_at[pc], pc);
		if (fast->facts[pc] == NIC_FAST_IS_FAST)
			fast->live[pc] = (uint8_t)nic_fast_live_before(
				&me->insns_at[pc], fast->live[pc + 1]);
	}
	fast->has_facts = true;
}

/* ---- a stream ---- */

static void
put_straight(struct nic_making *t)
{
	const struct nic_me *me = t->me;
	bool falls_in = false; /* the instruction before may come here */

	for (uint32_t pc = me->loaded_from; pc < me->loaded_to; pc++) {
		const struct nic_insn *insn = &me->insns_at[pc];

		if (t->fast->run[pc]) {
			t->stream->entry[pc] = t->stream->cnt;
			nic_fast_rules[insn->op].put(t, insn, pc, t->fast->live[pc + 1]);
		} else if (falls_in) {
			nic_fast_put(t, NIC_FAST_EXACT, pc);
		}
		falls_in = t->fast->run[pc] != 0;
	}
	nic_fast_put(t, NIC_FAST_EXACT, me->loaded_to);
}

static void
put_tails(struct nic_making *t)
{
	for (uint32_t i = 0; i < t->tail_cnt && !t->failed; i++) {
		const struct nic_fast_tail *tail = &t->tails[i];
		const struct nic_insn *insn = &t->me->insns_at[tail->pc];

		t->stream->uops[tail->from].target = (int32_t)(t->stream->cnt - tail->from);
		nic_fast_put_deferred(t, tail->pc, nic_fast_defer(insn));
		nic_fast_put_going(t, insn, NIC_FAST_BR, tail->pc);
	}
}

/* What goes where there is nothing leaves. */
static void
fix_all(struct nic_making *t)
{
	struct nic_stream *s = t->stream;

	for (uint32_t i = 0; i < t->fixup_cnt && !t->failed; i++) {
		const struct nic_fast_fixup *fixup = &t->fixups[i];
		uint32_t to = s->entry[fixup->to_pc];

		if (to == NIC_FAST_NO_ENTRY) {
			to = s->cnt;
			nic_fast_put(t, NIC_FAST_EXACT, fixup->to_pc);
		}
		s->uops[fixup->from].target = (int32_t)(to - fixup->from);
	}
}

/* The second of a pair stays, for who comes there from elsewhere. */
static void
join_pairs(const struct nic_stream *s)
{
	for (uint32_t i = 0; i + 1 < s->cnt; i++) {
		const void *both = nic_fast_pair(s->uops[i].run, s->uops[i + 1].run);

		if (both)
			s->uops[i].run = both;
	}
}

static bool
make_stream(struct nic_making *t)
{
	const size_t words = t->me->loaded_to - t->me->loaded_from + 1;

	memset(t->stream->entry, 0xff, sizeof(t->stream->entry));
	t->stream->cnt = 0;
	/* each instruction has at most one tail, and goes to one place from itself or its tail */
	t->tails = calloc(words, sizeof(*t->tails));
	t->fixups = calloc(words, sizeof(*t->fixups));
	if (t->tails && t->fixups) {
		put_straight(t);
		put_tails(t);
		fix_all(t);
		join_pairs(t->stream);
	}
	t->failed |= !t->tails || !t->fixups;
	free(t->tails);
	free(t->fixups);
	return !t->failed;
}

bool
nic_fast_translate(struct nic_me *me, uint32_t ctx)
{
	struct nic_making t = {
		.me = me, .fast = me->fast, .ctx = ctx, .handlers = nic_fast_handlers()
	};

	if (!me->fast->has_facts)
		find_facts(&t);
	t.stream = me->fast->streams[ctx];
	return make_stream(&t);
}
