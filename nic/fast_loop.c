/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast mode's engine: threaded code over the micro-operations that fast_translate.c makes.
 * Called by fast.c with a context that has nothing under way (no deferred branch, no pointer on
 * its way, no CSR read) and pointers inside local memory, which is what makes its accesses safe.
 *
 * Nothing here is a device fault: a handler that cannot go on leaves before it has changed
 * anything, and the exact mode says what is wrong.
 *
 * Time is kept in two sums. `room` is end - instructions + pc, so a straight run does not change
 * it; `skew` is cycles - instructions, so only what loses cycles does.
 */
#include "nic/fast.h"
#include "nic/fast_do.h"

#include <stddef.h>
#include <string.h>

#define DISPATCH() goto * u->run
#define NEXT()                                                                                     \
	do {                                                                                       \
		u++;                                                                               \
		DISPATCH();                                                                        \
	} while (0)
#define INSNS (end - (uint64_t)room + u->pc) /* before the one of u */

/* Where control goes elsewhere the limit is looked at: could the straight run there pass it? */
#define BRANCH_BODY(condition)                                                                     \
	if (condition) {                                                                           \
		room += u->delta;                                                                  \
		skew += u->lost;                                                                   \
		if (unlikely(room < u->limit)) {                                                   \
			pc = u->to;                                                                \
			goto leave;                                                                \
		}                                                                                  \
		u += u->target;                                                                    \
		DISPATCH();                                                                        \
	}
#define BRANCH(name)                                                                               \
	name:                                                                                      \
	BRANCH_BODY(IF_##name)                                                                     \
	NEXT();
#define LABEL(name) &&name,

/* A constant, which has no source A and leaves that of the instruction before. */
#define CONSTANT(name, put, expr)                                                                  \
	name##_##put##_D:                                                                          \
	{                                                                                          \
		const uint32_t res = (expr);                                                       \
                                                                                                   \
		PUT_##put(res);                                                                    \
		NEXT();                                                                            \
	}                                                                                          \
	name##_##put##_P:                                                                          \
	{                                                                                          \
		prev_r = (expr);                                                                   \
		PUT_##put(prev_r);                                                                 \
		NEXT();                                                                            \
	}

/* What is also done as one of a pair. */
#define BODY_IMMED_R_D PUT_R(u->imm);
#define BODY_ADD_CARRY_RR_R_D ALU_BODY(ADD_CARRY, RR, R, D)
#define BODY_ADD_CARRY_RR_R_L ALU_BODY(ADD_CARRY, RR, R, L)
#define BODY_ADD_RR_R_D ALU_BODY(ADD, RR, R, D)
#define BODY_ADD_RR_R_L ALU_BODY(ADD, RR, R, L)
#define BODY_AND_RR_N_L ALU_BODY(AND, RR, N, L)
#define BODY_B_RR_R_D ALU_BODY(B, RR, R, D)
#define BODY_DBL_RR_R_D ALU_BODY(DBL, RR, R, D)
#define BODY_FIELD_RR_R_D ALU_BODY(FIELD, RR, R, D)
#define BODY_IND_RIGHT_RR_R_D ALU_BODY(IND_RIGHT, RR, R, D)
#define BODY_OR_RR_N_L ALU_BODY(OR, RR, N, L)
#define BODY_SHF_B_RR_R_D ALU_BODY(SHF_B, RR, R, D)
#define BODY_SUB_CARRY_RR_R_D ALU_BODY(SUB_CARRY, RR, R, D)
#define BODY_SUB_CARRY_RR_N_L ALU_BODY(SUB_CARRY, RR, N, L)
#define BODY_SUB_RR_R_L ALU_BODY(SUB, RR, R, L)
#define BODY_SUB_RR_N_L ALU_BODY(SUB, RR, N, L)
#define BODY_XOR_RR_N_L ALU_BODY(XOR, RR, N, L)
#define BODY_BEQ BRANCH_BODY(IF_BEQ)
#define BODY_BNE BRANCH_BODY(IF_BNE)
#define BODY_BCS BRANCH_BODY(IF_BCS)
#define BODY_BCC BRANCH_BODY(IF_BCC)
#define BODY_BGE BRANCH_BODY(IF_BGE)
#define BODY_BLT BRANCH_BODY(IF_BLT)
#define BODY_MUL_STEP                                                                              \
	if (unlikely(me->mul_steps != u->imm))                                                     \
		goto EXACT;                                                                        \
	me->mul_steps++;
#define BODY_ADDRESS_32 address = AT(u->l) + AT(u->r);
#define BODY_ADDRESS_40                                                                            \
	address = (((uint64_t)AT(u->l) << 8) + AT(u->r)) & ((UINT64_C(1) << NIC_ADDRESS_BITS) - 1);
#define BODY_PLACE                                                                                 \
	place = place_of(me->mem, (enum nic_target)u->mask, address, u->imm);                      \
	if (unlikely(!place))                                                                      \
		goto EXACT;
#define BODY_MOVE_IN copy(&AT(u->d), place, u->imm);
#define BODY_MOVE_OUT copy(place, &AT(u->d), u->imm);
#define BODY_SWAP goto SWAP;

#define ONE(name)                                                                                  \
	name:                                                                                      \
	BODY_##name NEXT();
#define PAIR(first, second)                                                                        \
	first##_##second : BODY_##first u++;                                                       \
	BODY_##second NEXT();
#define PAIR_ROW(first, second) { &&first, &&second, &&first##_##second },

/* What the translator must know of the handlers. */
struct handlers {
	const void *const *each; /* by number */
	const struct pair {
		const void *first, *second, *both;
	} * pairs;
	size_t pair_cnt;
};

/* No other context can run, so a swap only waits. */
static bool
is_alone(const struct nic_me *me)
{
	return !(me->living & (me->living - 1));
}

/* Most accesses are to the packet, */
static inline uint8_t *
place_of(struct nic_mem *mem, enum nic_target target, uint64_t address, uint32_t bytes)
{
	if (likely(target == NIC_TARGET_MEM && address >> 31 == 1))
		return nic_mem_packet_at(mem, (uint32_t)address, bytes);
	return nic_mem_at(mem, target, address, bytes);
}

/* and of a word or two. */
static inline void
copy(void *to, const void *from, uint32_t bytes)
{
	if (bytes == 4)
		memcpy(to, from, 4);
	else if (bytes == 8)
		memcpy(to, from, 8);
	else
		memcpy(to, from, bytes);
}

/* Of one command, bit n is signal n; NIC_NO_CYCLE: they came and were taken. */
static void
signals_come(struct nic_ctx *ctx, uint32_t signals, uint64_t due)
{
	for (uint32_t left = signals; left; left &= left - 1)
		ctx->signal_due[__builtin_ctz(left)] = due;
}

/* With me NULL it only says where its handlers are. */
static const struct handlers *
loop(struct nic_me *me, const struct nic_uop *u, const struct nic_stream *stream, uint64_t end)
{
	/* clang-format off */
	static const void *const each[] = {
#define X(op) NIC_FAST_SHAPES(ALU_LABEL, op)
		NIC_FAST_ALU_LIST(X)
#undef X
		NIC_FAST_BRANCH_LIST(LABEL)
		NIC_FAST_OTHER_LIST(LABEL)
	};
	static const struct pair pairs[] = { NIC_FAST_PAIR_LIST(PAIR_ROW) };
	/* clang-format on */
	uint64_t skew, address = 0;
	uint32_t prev_r, prev_a, to = 0, pc;
	struct nic_cc cc;
	uint8_t *place = NULL;
	int64_t room;
	bool alone;

	static const struct handlers handlers = {
		.each = each, .pairs = pairs, .pair_cnt = sizeof(pairs) / sizeof(pairs[0])
	};

	_Static_assert(sizeof(each) / sizeof(each[0]) == NIC_FAST_CNT, "one each");
	if (!me)
		return &handlers;
	cc = me->ctx->cc;
	prev_r = me->prev_result;
	prev_a = me->prev_a;
	pc = me->ctx->pc;
	room = (int64_t)(end - me->insns + pc);
	skew = me->cycles - me->insns;
	alone = is_alone(me);
	DISPATCH();

#define X(op) NIC_FAST_SHAPES(ALU, op)
	NIC_FAST_ALU_LIST(X)
#undef X
	NIC_FAST_BRANCH_LIST(BRANCH)
	NIC_FAST_PAIR_LIST(PAIR)

	ONE(MUL_STEP)
	ONE(ADDRESS_32)
	ONE(ADDRESS_40)
	ONE(PLACE)
	ONE(MOVE_IN)
	ONE(MOVE_OUT)
	CONSTANT(IMMED, R, u->imm)
	CONSTANT(IMMED, M, u->imm)
	CONSTANT(MERGE, R, (AT(u->l) & u->mask) | u->imm)
	CONSTANT(MERGE, M, (LM(u->d, u->e) & u->mask) | u->imm)

MUL_START:
	me->mul_a = AT(u->l);
	me->mul_b = AT(u->r);
	me->mul_steps = 1;
	NEXT();
PRODUCT:
	if (unlikely(me->mul_steps != u->off))
		goto EXACT;
	prev_r = (uint32_t)((uint64_t)(me->mul_a & u->imm) * (me->mul_b & u->mask) >> u->shift);
	cc = nic_cc_of(prev_r);
	PUT_R(prev_r);
	NEXT();

STEP_POINTER:
	AT(u->l) += u->imm;
	if (unlikely(AT(u->l) >= 4 * NIC_LM_WORDS)) {
		pc = u->pc + 1u;
		goto leave;
	}
	NEXT();
SET_POINTER:
	to = AT(u->r) & ~3u;
	if (unlikely(to >= 4 * NIC_LM_WORDS))
		goto EXACT;
	AT(u->d) = to;
	NEXT();

JUMP:
	to = AT(u->l) + u->imm;
	if (unlikely(to >= NIC_CODE_WORDS))
		goto EXACT;
	NEXT();
JUMP_GO:
	room += (int64_t)to - u->pc - 1;
	skew += u->lost;
	pc = to;
	if (unlikely(stream->entry[to] == NIC_FAST_NO_ENTRY || room < to + me->fast->run[to]))
		goto leave;
	u = stream->uops + stream->entry[to];
	DISPATCH();

ADDRESS_IMM:
	address = u->imm;
	NEXT();
DESCRIBE:
	me->prev_result = prev_r;
	place = nic_me_place_command(me, &me->insns_at[u->pc], address);
	if (unlikely(!place))
		goto EXACT;
	NEXT();
ACCESS:
	nic_mem_do(&me->command, place);
	me->command.command = NULL;
	NEXT();
SIGNAL:
	signals_come(me->ctx, u->want, INSNS + skew + NIC_COMMAND_CYCLES);
	NEXT();
SWAP:
	skew += u->lost;
	me->ctx->waits_for = u->want;
	me->ctx->waits_for_any = false;
	if (likely(alone && room > u->pc + 1)) { /* else it is still asleep when the run ends */
		skew += NIC_COMMAND_CYCLES;
		signals_come(me->ctx, u->want, NIC_NO_CYCLE);
		u += u->target;
		DISPATCH();
	}
	pc = u->pc + 1u;
	signals_come(me->ctx, u->want, INSNS + 1 + skew + NIC_COMMAND_CYCLES);
	me->ctx->state = NIC_CTX_ASLEEP;
	goto leave;

EXACT:
	pc = u->pc;
leave:
	me->insns = end - (uint64_t)room + pc;
	me->cycles = me->insns + skew;
	me->prev_result = prev_r;
	me->prev_a = prev_a;
	me->ctx->pc = pc;
	me->ctx->cc = cc;
	return &handlers;
}

const void *const *
nic_fast_handlers(void)
{
	return loop(NULL, NULL, NULL, 0)->each;
}

const void *
nic_fast_pair(const void *first, const void *second)
{
	const struct handlers *h = loop(NULL, NULL, NULL, 0);

	for (size_t i = 0; i < h->pair_cnt; i++)
		if (h->pairs[i].first == first && h->pairs[i].second == second)
			return h->pairs[i].both;
	return NULL;
}

void
nic_fast_loop(
	struct nic_me *me, const struct nic_uop *at, const struct nic_stream *stream, uint64_t end)
{
	loop(me, at, stream, end);
}
