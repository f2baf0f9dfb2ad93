/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the code store to micro-operations for one context, once for each change of the code store
 * (fast.c). What has no rule here, or not in its surroundings, is left to the exact mode.
 *
 * Resolved here: operands; which results nobody can read; deferred instructions, which are copied
 * behind their branch; and a written local-memory pointer, which takes effect at once where nothing
 * in its delay can tell.
 */
#include "nic/fast.h"

#include <stdlib.h>
#include <string.h>

/* A branch whose deferred instructions stand at the end of the stream. */
struct tail {
	uint32_t from; /* micro-operation that goes there */
	uint32_t pc;
};

/* A micro-operation that goes to an instruction. */
struct fixup {
	uint32_t from, to_pc;
};

struct making {
	struct nic_me *me;
	struct nic_fast *fast;
	uint32_t ctx;
	struct nic_stream *stream; /* NULL: only to see what can be translated */
	const void *const *handlers;
	struct tail *tails;
	struct fixup *fixups;
	uint32_t tail_cnt, fixup_cnt;
	bool failed; /* no memory */
	struct nic_uop scratch;
};

typedef bool put_fn(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live);

struct rule {
	put_fn *put; /* NULL: left to the exact mode */
	uint16_t arg;
	uint8_t facts; /* enum nic_fast_fact */
};
static const struct rule rules[NIC_OP_CNT];

/* ---- micro-operations ---- */

static struct nic_uop *
put(struct making *t, unsigned int handler, uint32_t pc)
{
	struct nic_stream *s = t->stream;
	struct nic_uop *u = &t->scratch;

	if (s && s->cnt == s->room && !t->failed) {
		uint32_t room = s->room ? 2 * s->room : 256;
		struct nic_uop *uops = realloc(s->uops, room * sizeof(*uops));

		if (uops) {
			s->uops = uops;
			s->room = room;
		} else {
			t->failed = true;
		}
	}
	if (s && !t->failed)
		u = &s->uops[s->cnt++];
	*u = (struct nic_uop){ .run = t->handlers[handler], .pc = (uint16_t)pc };
	return u;
}

/* The last one put goes to that instruction. */
static void
fix(struct making *t, uint32_t pc)
{
	if (t->stream)
		t->fixups[t->fixup_cnt++] =
			(struct fixup){ .from = t->stream->cnt - 1, .to_pc = pc };
}

/* ---- operands ---- */

struct place {
	uint16_t at, also; /* R: both places of a destination; M: pointer and byte offset */
	bool is_lm;
};

static uint16_t
offset_of(const struct making *t, const void *p)
{
	return (uint16_t)((const uint8_t *)p - (const uint8_t *)t->me);
}

/* False for what only the exact mode knows. */
static bool
find(struct making *t, const struct nic_reg *reg, bool is_dst, struct place *place)
{
	struct nic_me *me = t->me;
	const uint32_t *at = NULL, *also = NULL;

	*place = (struct place){ 0 };
	switch (reg->kind) {
	case NIC_NONE: at = is_dst ? &me->nowhere : &me->immediates[0]; break;
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B: also = nic_me_gpr(me, t->ctx, true, reg->num); /* fall through */
	case NIC_GPR_A: at = nic_me_gpr(me, t->ctx, false, reg->num); break;
	case NIC_GPR_B: at = nic_me_gpr(me, t->ctx, true, reg->num); break;
	case NIC_ABS_A: at = &me->gpr[0][reg->num]; break;
	case NIC_ABS_B: at = &me->gpr[1][reg->num]; break;
	case NIC_XFER:
		at = is_dst ? &me->ctxs[t->ctx].xfer_out[reg->num]
			    : &me->ctxs[t->ctx].xfer_in[reg->num];
		break;
	case NIC_IMM: at = reg->num < 256 ? &me->immediates[reg->num] : NULL; break;
	case NIC_LM:
		*place = (struct place){ .at = offset_of(t, &me->ctxs[t->ctx].lm_addr[reg->num]),
			.also = (uint16_t)(4 * reg->off),
			.is_lm = true };
		return true;
	default: break;
	}
	if (!at)
		return false;
	if (!is_dst && reg->kind == NIC_GPR_BOTH_B)
		at = also;
	place->at = offset_of(t, at);
	place->also = offset_of(t, also ? also : at);
	return true;
}

/* A source that must not be in local memory: a word there is fetched first. */
static bool
find_register(
	struct making *t, const struct nic_reg *reg, uint32_t pc, unsigned int which, uint16_t *at)
{
	struct place place;
	struct nic_uop *u;

	if (reg->post || !find(t, reg, false, &place))
		return false;
	*at = place.at;
	if (!place.is_lm)
		return true;
	*at = offset_of(t, &t->me->fetched[which]);
	u = put(t, NIC_FAST_B * NIC_FAST_SHAPE_CNT + 3 * NIC_FAST_RM + NIC_FAST_D, pc);
	u->l = offset_of(t, &t->me->immediates[0]);
	u->r = place.at;
	u->off = place.also;
	u->d = u->e = *at;
	return true;
}

/* At most one operand moves its pointer, and no other operand has that pointer. */
static bool
is_post_simple(const struct nic_reg *const regs[3], const struct nic_reg **moves)
{
	*moves = NULL;
	for (unsigned int i = 0; i < 3; i++) {
		if (!regs[i]->post)
			continue;
		if (*moves || regs[i]->kind != NIC_LM)
			return false;
		*moves = regs[i];
	}
	for (unsigned int i = 0; *moves && i < 3; i++)
		if (regs[i] != *moves && regs[i]->kind == NIC_LM && regs[i]->num == (*moves)->num)
			return false;
	return true;
}

static void
put_step(struct making *t, const struct nic_reg *moves, uint32_t pc)
{
	struct nic_uop *u;

	if (!moves)
		return;
	u = put(t, NIC_FAST_STEP_POINTER, pc);
	u->l = offset_of(t, &t->me->ctxs[t->ctx].lm_addr[moves->num]);
	u->imm = moves->post == NIC_POST_INC ? 4 : -4u;
}

/* ---- what computes ---- */

struct alu {
	enum nic_fast_alu op;
	const struct nic_reg *left, *right; /* right NULL: what was fetched last */
	uint32_t imm, mask;
	uint8_t shift;
};

static enum nic_fast_keep
keep_of(const struct nic_insn *insn, bool sets_cc, unsigned int live)
{
	if (sets_cc && !insn->no_cc)
		return live ? NIC_FAST_L : NIC_FAST_D;
	return live & ~(unsigned int)NIC_FAST_LIVE_CC ? NIC_FAST_P : NIC_FAST_D;
}

static bool
put_computing(struct making *t, const struct nic_insn *insn, const struct alu *alu, uint32_t pc,
	unsigned int live)
{
	static const struct nic_reg none = { .kind = NIC_NONE };
	/* the field's old value is its destination's */
	const bool is_field = alu->op == NIC_FAST_FIELD;
	const struct nic_reg *const regs[3] = { alu->left, alu->right ? alu->right : &none,
		is_field ? &none : &insn->dst };
	enum nic_fast_sources sources = NIC_FAST_RR;
	struct place l, r, d;
	const struct nic_reg *moves;
	struct nic_uop *u;

	if (!is_post_simple(regs, &moves) ||
		(is_field && (insn->dst.post || insn->dst.kind == NIC_NONE)) ||
		!find(t, alu->left, false, &l) || !find(t, regs[1], false, &r) ||
		!find(t, &insn->dst, true, &d) || (l.is_lm && r.is_lm))
		return false;
	if (l.is_lm || r.is_lm)
		sources = l.is_lm ? NIC_FAST_MR : NIC_FAST_RM;
	if (moves)
		live = NIC_FAST_LIVE_ALL;
	u = put(t,
		(unsigned int)alu->op * NIC_FAST_SHAPE_CNT + (d.is_lm ? 9 : 0) + 3 * sources +
			keep_of(insn, !is_field, live),
		pc);
	u->l = l.at;
	u->r = alu->right ? r.at : offset_of(t, &t->me->fetched[0]);
	u->off = l.is_lm ? l.also : r.also;
	u->d = d.at;
	u->e = d.also;
	u->imm = alu->imm;
	u->mask = alu->mask;
	u->shift = alu->shift;
	put_step(t, moves, pc);
	return true;
}

static bool
put_alu(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const struct alu alu = { .op = (enum nic_fast_alu)rules[insn->op].arg,
		.left = &insn->left,
		.right = &insn->right };

	return put_computing(t, insn, &alu, pc, live);
}

static bool
is_indirect(const struct nic_insn *insn)
{
	return insn->shift == 0 &&
	       (insn->sc != NIC_SC_ROTATE || insn->op == NIC_OP_DBL_SHF || insn->op == NIC_OP_ASR);
}

/* A constant shift to either side is a rotation to the right and a mask. */
static void
turn(const struct nic_insn *insn, struct alu *alu)
{
	alu->imm = UINT32_MAX;
	alu->shift = (uint8_t)insn->shift;
	if (insn->sc == NIC_SC_RIGHT) {
		alu->imm = UINT32_MAX >> insn->shift;
	} else if (insn->sc == NIC_SC_LEFT) {
		alu->imm = UINT32_MAX << insn->shift;
		alu->shift = (uint8_t)(32 - insn->shift);
	}
}

/* The right operand, shifted by PREV_ALU, is fetched first. */
static bool
put_indirect(struct making *t, const struct nic_insn *insn, uint32_t pc)
{
	uint16_t at;
	struct nic_uop *u;

	if (!find_register(t, &insn->right, pc, 0, &at))
		return false;
	u = put(t,
		(insn->sc == NIC_SC_RIGHT ? NIC_FAST_IND_RIGHT : NIC_FAST_IND_LEFT) *
			NIC_FAST_SHAPE_CNT,
		pc);
	u->l = offset_of(t, &t->me->immediates[0]);
	u->r = at;
	u->d = u->e = offset_of(t, &t->me->fetched[0]);
	return true;
}

static bool
put_shift(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	static const struct {
		enum nic_fast_alu plain, turned;
	} ops[] = {
		{ NIC_FAST_B, NIC_FAST_SHF_B },
		{ NIC_FAST_NOT_B, NIC_FAST_SHF_NOT_B },
		{ NIC_FAST_AND, NIC_FAST_SHF_AND },
		{ NIC_FAST_NOT_AND, NIC_FAST_SHF_NOT_AND },
		{ NIC_FAST_AND_NOT, NIC_FAST_SHF_AND_NOT },
		{ NIC_FAST_OR, NIC_FAST_SHF_OR },
	};
	const unsigned int row = rules[insn->op].arg;
	struct alu alu = { .op = ops[row].plain, .left = &insn->left, .right = &insn->right };

	if (is_indirect(insn)) {
		if (!put_indirect(t, insn, pc))
			return false;
		alu.right = NULL;
	} else if (insn->shift) {
		alu.op = ops[row].turned;
		turn(insn, &alu);
	}
	return put_computing(t, insn, &alu, pc, live);
}

/* dbl_shf and asr: the row says which, indirect is the next. */
static bool
put_long_shift(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const struct alu alu = {
		.op = (enum nic_fast_alu)(rules[insn->op].arg + (insn->shift == 0)),
		.left = &insn->left,
		.right = &insn->right,
		.shift = (uint8_t)insn->shift,
	};

	return put_computing(t, insn, &alu, pc, live);
}

static bool
put_field(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	struct alu alu = {
		.op = NIC_FAST_FIELD, .left = &insn->dst, .right = &insn->right, .imm = UINT32_MAX
	};
	uint32_t mask = 0;

	for (unsigned int byte = 0; byte < 4; byte++)
		mask |= (insn->bmask >> byte & 1) * (UINT32_C(0xff) << 8 * byte);
	if (insn->load_cc || insn->sc == NIC_SC_DOUBLE)
		return false;
	if (is_indirect(insn)) {
		if (!put_indirect(t, insn, pc))
			return false;
		alu.right = NULL;
	} else {
		turn(insn, &alu);
	}
	alu.imm &= mask;
	alu.mask = rules[insn->op].arg ? 0 : ~mask;
	return put_computing(t, insn, &alu, pc, live);
}

/* immed: the row is for a register whose value is not kept. */
static bool
put_constant(struct making *t, const struct nic_insn *insn, unsigned int row, uint32_t value,
	uint32_t mask, uint32_t pc, unsigned int live)
{
	const struct nic_reg *const moves = insn->dst.post ? &insn->dst : NULL;
	struct place d, old;
	struct nic_uop *u;

	if ((moves && (insn->dst.kind != NIC_LM || mask)) || !find(t, &insn->dst, true, &d) ||
		!find(t, &insn->dst, false, &old))
		return false;
	if (!moves && insn->dst.kind == NIC_NONE && !(live & NIC_FAST_LIVE_RESULT))
		return true;
	u = put(t, row + (d.is_lm ? 2 : 0) + (moves || live & NIC_FAST_LIVE_RESULT), pc);
	u->d = d.at;
	u->e = d.also;
	u->l = old.at;
	u->imm = value;
	u->mask = mask;
	put_step(t, moves, pc);
	return true;
}

static bool
put_immed(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	uint32_t value = insn->imm << 8 * insn->imm_shift;

	return put_constant(t, insn, NIC_FAST_IMMED_R_D, insn->inv ? ~value : value, 0, pc, live);
}

/* The row says where the bits go (7:0) and how many they are (15:8). */
static bool
put_merge(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const unsigned int arg = rules[insn->op].arg, lo = arg & 0xff;
	const uint32_t mask = (UINT32_C(1) << (arg >> 8)) - 1;

	return insn->dst.kind != NIC_NONE &&
	       put_constant(t, insn, NIC_FAST_MERGE_R_D, (insn->imm & mask) << lo, ~(mask << lo),
		       pc, live);
}

/* ---- multiplication ---- */

static bool
put_start(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	uint16_t l, r;
	struct nic_uop *u;

	(void)live;
	if (!find_register(t, &insn->left, pc, 0, &l) || !find_register(t, &insn->right, pc, 1, &r))
		return false;
	u = put(t, NIC_FAST_MUL_START, pc);
	u->l = l;
	u->r = r;
	return true;
}

/* Sources of steps are read for nothing, but their pointers would move. */
static bool
put_mul_step(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	struct place place;

	(void)live;
	if (insn->left.post || insn->right.post || !find(t, &insn->left, false, &place) ||
		!find(t, &insn->right, false, &place))
		return false;
	put(t, NIC_FAST_MUL_STEP, pc)->imm = rules[insn->op].arg;
	return true;
}

/* The row's argument: steps in 3:0, the low bit of the result / 32 in 4, masks by index in 7:5. */
static bool
put_product(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	static const uint32_t masks[][2] = { { 0xffffff, 0xff }, { 0xffff, 0xffff },
		{ UINT32_MAX, UINT32_MAX } };
	const unsigned int arg = rules[insn->op].arg;
	struct place d;
	struct nic_uop *u;

	(void)live;
	if (insn->no_cc || insn->dst.post || !find(t, &insn->dst, true, &d) || d.is_lm)
		return false;
	u = put(t, NIC_FAST_PRODUCT, pc);
	u->d = d.at;
	u->e = d.also;
	u->off = (uint16_t)((arg & 0xf) + 1);
	u->shift = arg & 0x10 ? 32 : 0;
	u->imm = masks[arg >> 5][0];
	u->mask = masks[arg >> 5][1];
	return true;
}

/* ---- what goes elsewhere ---- */

static unsigned int
defer_of(const struct nic_insn *insn)
{
	if (nic_op_info(insn->op)->writes & NIC_E_MEMORY)
		return insn->ctx == NIC_CTX_NO_SWAP ? 0 : insn->ctx;
	return insn->defer;
}

static uint8_t
lost_by(const struct nic_insn *insn)
{
	const struct nic_op_info *info = nic_op_info(insn->op);

	return (uint8_t)(info->cycles_taken - info->cycles - defer_of(insn));
}

static unsigned int live_before(const struct nic_insn *insn, unsigned int live);

/* The deferred instructions of the one at pc; what is behind them may be anything. */
static void
put_deferred(struct making *t, uint32_t pc, unsigned int defer)
{
	for (uint32_t at = pc + 1; t->stream && at <= pc + defer; at++) {
		const struct nic_insn *insn = &t->me->insns_at[at];
		unsigned int live = NIC_FAST_LIVE_ALL;

		for (uint32_t later = pc + defer; later > at; later--)
			live = live_before(&t->me->insns_at[later], live);
		rules[insn->op].put(t, insn, at, live);
	}
}

/* Control goes to the target of the branch at pc, its deferred instructions being done. */
static struct nic_uop *
put_going(struct making *t, const struct nic_insn *insn, unsigned int handler, uint32_t pc)
{
	const uint32_t behind = pc + 1 + defer_of(insn);
	struct nic_uop *u = put(t, handler, pc);

	u->delta = (int16_t)((int32_t)insn->addr - (int32_t)behind);
	u->limit = (uint16_t)(insn->addr + t->fast->run[insn->addr]);
	u->to = (uint16_t)insn->addr;
	u->lost = lost_by(insn);
	fix(t, insn->addr);
	return u;
}

/* The deferred instructions of a conditional branch are out of the way, at the end. */
static struct nic_uop *
put_conditional(struct making *t, const struct nic_insn *insn, unsigned int handler, uint32_t pc)
{
	struct nic_uop *u;

	if (defer_of(insn) == 0)
		return put_going(t, insn, handler, pc);
	u = put(t, handler, pc);
	if (t->stream)
		t->tails[t->tail_cnt++] = (struct tail){ .from = t->stream->cnt - 1, .pc = pc };
	return u;
}

static bool
put_branch(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	(void)live;
	if (insn->addr >= NIC_CODE_WORDS)
		return false;
	if (insn->op == NIC_OP_BR) {
		put_deferred(t, pc, defer_of(insn));
		put_going(t, insn, NIC_FAST_BR, pc);
	} else {
		put_conditional(t, insn, rules[insn->op].arg, pc);
	}
	return true;
}

/* Bits of the operand under a mask are compared. */
static bool
put_test(struct making *t, const struct nic_insn *insn, uint32_t pc, uint32_t test, uint32_t want)
{
	struct nic_uop *u;
	uint16_t at;

	if (insn->addr >= NIC_CODE_WORDS || !find_register(t, &insn->left, pc, 0, &at))
		return false;
	u = put_conditional(t, insn, rules[insn->op].arg, pc);
	u->l = at;
	u->test = test;
	u->want = want;
	return true;
}

static bool
put_bit(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	(void)live;
	return put_test(t, insn, pc, UINT32_C(1) << insn->bit, 0);
}

static bool
put_byte(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	(void)live;
	return insn->right.kind == NIC_IMM &&
	       put_test(t, insn, pc, UINT32_C(0xff) << 8 * insn->byte,
		       insn->right.num << 8 * insn->byte);
}

static bool
put_jump(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const unsigned int defer = defer_of(insn);
	uint16_t at;
	struct nic_uop *u;

	(void)live;
	if (!find_register(t, &insn->left, pc, 0, &at))
		return false;
	u = put(t, NIC_FAST_JUMP, pc);
	u->l = at;
	u->imm = insn->imm;
	put_deferred(t, pc, defer);
	put(t, NIC_FAST_JUMP_GO, pc + defer)->lost = lost_by(insn);
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

static bool
put_csr(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const uint32_t pointer = pointer_written(insn);
	uint16_t at;
	struct nic_uop *u;

	(void)live;
	if (pointer == 4 || !find_register(t, &insn->left, pc, 0, &at))
		return false;
	u = put(t, NIC_FAST_SET_POINTER, pc);
	u->r = at;
	u->d = offset_of(t, &t->me->ctxs[t->ctx].lm_addr[pointer]);
	return true;
}

static bool
is_through(const struct nic_reg *reg, uint32_t pointer)
{
	return reg->kind == NIC_LM && reg->num == pointer;
}

/* Whether a pointer written at pc may take effect at once: what follows before it does neither
 * uses it nor can end. A branch that is taken takes longer than the delay. */
static bool
is_delay_unseen(const struct making *t, uint32_t pc)
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
put_address(struct making *t, const struct nic_insn *insn, uint32_t pc)
{
	const bool is_b40 = insn->op == NIC_OP_CMD_B40;
	uint16_t high, low;
	struct nic_uop *u;

	if (insn->op == NIC_OP_CMD_ADDRESS) {
		put(t, NIC_FAST_ADDRESS_IMM, pc)->imm = insn->imm_addr;
		return true;
	}
	if (!find_register(t, is_b40 ? &insn->right : &insn->left, pc, 0, &high) ||
		!find_register(t, is_b40 ? &insn->left : &insn->right, pc, 1, &low))
		return false;
	u = put(t, insn->op == NIC_OP_CMD_32 ? NIC_FAST_ADDRESS_32 : NIC_FAST_ADDRESS_40, pc);
	u->l = high;
	u->r = low;
	return true;
}

/* Nothing but bytes one way or the other: how many, else 0. */
static uint32_t
bytes_moved(const struct nic_insn *insn, const struct nic_command *command)
{
	uint32_t bytes;

	if (insn->indir || (command->does != NIC_DOES_READ && command->does != NIC_DOES_WRITE) ||
		command->how != NIC_HOW_SWAP || command->length_mask)
		return 0;
	bytes = (insn->cnt + 1) * command->unit;
	return insn->xfer + (bytes + 3) / 4 <= NIC_XFERS ? bytes : 0;
}

/* Before the deferred instructions: is there such memory. */
static void
put_check(struct making *t, const struct nic_command *command, uint32_t bytes, uint32_t pc)
{
	struct nic_uop *u = put(t, bytes ? NIC_FAST_PLACE : NIC_FAST_DESCRIBE, pc);

	u->imm = bytes;
	u->mask = command->target;
}

/* Behind them: the access. */
static void
put_access(struct making *t, const struct nic_insn *insn, const struct nic_command *command,
	uint32_t bytes, uint32_t pc)
{
	const bool is_in = command->does == NIC_DOES_READ;
	struct nic_uop *u = put(t,
		!bytes	? NIC_FAST_ACCESS
		: is_in ? NIC_FAST_MOVE_IN
			: NIC_FAST_MOVE_OUT,
		pc);

	u->imm = bytes;
	u->d = offset_of(t, is_in ? &t->me->ctxs[t->ctx].xfer_in[insn->xfer]
				  : &t->me->ctxs[t->ctx].xfer_out[insn->xfer]);
}

static bool
put_command(struct making *t, const struct nic_insn *insn, uint32_t pc, unsigned int live)
{
	const bool swaps = insn->ctx != NIC_CTX_NO_SWAP;
	const uint32_t last = pc + defer_of(insn);
	const struct nic_command *command = nic_command_find(insn->tgt, insn->token, insn->cnt);
	uint32_t bytes;
	struct nic_uop *u;

	(void)live;
	if (!command || (swaps && (!insn->sig || last + 1 >= NIC_CODE_WORDS)) ||
		!put_address(t, insn, pc))
		return false;
	bytes = bytes_moved(insn, command);
	put_check(t, command, bytes, pc);
	put_deferred(t, pc, defer_of(insn));
	put_access(t, insn, command, bytes, last);
	if (!swaps) {
		if (insn->sig)
			put(t, NIC_FAST_SIGNAL, pc)->want = nic_command_signals(command, insn->sig);
		return true;
	}
	u = put(t, NIC_FAST_SWAP, last);
	u->lost = lost_by(insn);
	u->want = nic_command_signals(command, insn->sig);
	fix(t, last + 1);
	return true;
}

/* ---- the rules ---- */

#define ALU(name) [NIC_OP_##name] = { put_alu, NIC_FAST_##name, 0 }
#define SHIFT(name, row) [NIC_OP_SHF_##name] = { put_shift, row, 0 }
#define MERGE(name, lo, width) [NIC_OP_IMMED_##name] = { put_merge, (width) << 8 | (lo), 0 }
#define STEP(name, number) [NIC_OP_MUL_##name] = { put_mul_step, number, NIC_FAST_MAY_LEAVE }
#define LAST(name, index, high, steps)                                                             \
	[NIC_OP_MUL_##                                                                             \
		name] = { put_product, (index) << 5 | (high) << 4 | (steps), NIC_FAST_MAY_LEAVE }
#define GOES(name) [NIC_OP_##name] = { put_branch, NIC_FAST_##name, NIC_FAST_IS_CONTROL }
#define TEST(name, fn, handler) [NIC_OP_##name] = { fn, NIC_FAST_##handler, NIC_FAST_IS_CONTROL }
#define JUMP(name) [NIC_OP_##name] = { put_jump, 0, NIC_FAST_IS_CONTROL | NIC_FAST_MAY_LEAVE }
#define COMMAND(name) [NIC_OP_##name] = { put_command, 0, NIC_FAST_MAY_LEAVE }

static const struct rule rules[NIC_OP_CNT] = {
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
	[NIC_OP_DBL_SHF] = { put_long_shift, NIC_FAST_DBL, 0 },
	[NIC_OP_ASR] = { put_long_shift, NIC_FAST_ASR, 0 },
	[NIC_OP_LD_FIELD] = { put_field, false, 0 },
	[NIC_OP_LD_FIELD_W_CLR] = { put_field, true, 0 },
	[NIC_OP_IMMED] = { put_immed, 0, 0 },
	[NIC_OP_NOP] = { put_immed, 0, 0 },
	MERGE(B0, 0, 8),
	MERGE(B1, 8, 8),
	MERGE(B2, 16, 8),
	MERGE(B3, 24, 8),
	MERGE(W0, 0, 16),
	MERGE(W1, 16, 16),
	[NIC_OP_MUL_START] = { put_start, 0, 0 },
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
	TEST(BR_BSET, put_bit, BR_NOT_BYTES),
	TEST(BR_BCLR, put_bit, BR_BYTES),
	TEST(BR_EQ_BYTE, put_byte, BR_BYTES),
	TEST(BR_NE_BYTE, put_byte, BR_NOT_BYTES),
	JUMP(JUMP),
	JUMP(RTN),
	[NIC_OP_LOCAL_CSR_WR] = { put_csr, 0, NIC_FAST_MAY_LEAVE },
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

	if (info->reads & NIC_E_PREV && is_indirect(insn))
		live |= NIC_FAST_LIVE_A;
	if (insn->op == NIC_OP_ASR)
		live |= NIC_FAST_LIVE_RESULT;
	return live;
}

static unsigned int
live_before(const struct nic_insn *insn, unsigned int live)
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
facts_alone(struct making *t, uint32_t pc)
{
	const struct nic_insn *insn = &t->me->insns_at[pc];
	const struct rule *rule;
	uint8_t facts;

	if (nic_me_decode_at(t->me, pc))
		return 0;
	rule = &rules[insn->op];
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
can_defer(const struct making *t, uint32_t pc)
{
	const unsigned int defer = defer_of(&t->me->insns_at[pc]);

	for (uint32_t at = pc + 1; at <= pc + defer; at++)
		if (at >= NIC_CODE_WORDS || t->fast->facts[at] != NIC_FAST_IS_FAST)
			return false;
	return true;
}

static uint32_t
run_of(const struct nic_fast *fast, const struct nic_insn *insn, uint32_t pc)
{
	const uint32_t shadow = 1 + defer_of(insn), next = 1u + fast->run[pc + 1];

	if (!(fast->facts[pc] & NIC_FAST_IS_CONTROL))
		return next;
	if (insn->op == NIC_OP_BR || insn->op == NIC_OP_JUMP || insn->op == NIC_OP_RTN)
		return shadow;
	if (nic_op_info(insn->op)->writes & NIC_E_MEMORY)
		return shadow + fast->run[pc + shadow];
	return shadow > next ? shadow : next;
}

static void
find_facts(struct making *t)
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
			!is_delay_unseen(t, pc))
			fast->facts[pc] = 0;
	memset(fast->run, 0, sizeof(fast->run));
	memset(fast->live, NIC_FAST_LIVE_ALL, sizeof(fast->live));
	for (uint32_t pc = me->loaded_to; pc-- > me->loaded_from;) {
		if (!fast->facts[pc] || me->is_stop[pc])
			continue;
		fast->run[pc] = (uint16_t)run_of(fast, &me->insns_at[pc], pc);
		if (fast->facts[pc] == NIC_FAST_IS_FAST)
			fast->live[pc] =
				(uint8_t)live_before(&me->insns_at[pc], fast->live[pc + 1]);
	}
	fast->has_facts = true;
}

/* ---- a stream ---- */

static void
put_straight(struct making *t)
{
	const struct nic_me *me = t->me;
	bool falls_in = false; /* the instruction before may come here */

	for (uint32_t pc = me->loaded_from; pc < me->loaded_to; pc++) {
		const struct nic_insn *insn = &me->insns_at[pc];

		if (t->fast->run[pc]) {
			t->stream->entry[pc] = t->stream->cnt;
			rules[insn->op].put(t, insn, pc, t->fast->live[pc + 1]);
		} else if (falls_in) {
			put(t, NIC_FAST_EXACT, pc);
		}
		falls_in = t->fast->run[pc] != 0;
	}
	put(t, NIC_FAST_EXACT, me->loaded_to);
}

static void
put_tails(struct making *t)
{
	for (uint32_t i = 0; i < t->tail_cnt && !t->failed; i++) {
		const struct tail *tail = &t->tails[i];
		const struct nic_insn *insn = &t->me->insns_at[tail->pc];

		t->stream->uops[tail->from].target = (int32_t)(t->stream->cnt - tail->from);
		put_deferred(t, tail->pc, defer_of(insn));
		put_going(t, insn, NIC_FAST_BR, tail->pc);
	}
}

/* What goes where there is nothing leaves. */
static void
fix_all(struct making *t)
{
	struct nic_stream *s = t->stream;

	for (uint32_t i = 0; i < t->fixup_cnt && !t->failed; i++) {
		const struct fixup *fixup = &t->fixups[i];
		uint32_t to = s->entry[fixup->to_pc];

		if (to == NIC_FAST_NO_ENTRY) {
			to = s->cnt;
			put(t, NIC_FAST_EXACT, fixup->to_pc);
		}
		s->uops[fixup->from].target = (int32_t)(to - fixup->from);
	}
}

static bool
make_stream(struct making *t)
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
	}
	t->failed |= !t->tails || !t->fixups;
	free(t->tails);
	free(t->fixups);
	return !t->failed;
}

bool
nic_fast_translate(struct nic_me *me, uint32_t ctx)
{
	struct making t = {
		.me = me, .fast = me->fast, .ctx = ctx, .handlers = nic_fast_handlers()
	};

	if (!me->fast->has_facts)
		find_facts(&t);
	t.stream = me->fast->streams[ctx];
	return make_stream(&t);
}
