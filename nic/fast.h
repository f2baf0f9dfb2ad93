/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to nic/fast*.c: micro-operations, what the code store is translated to for the fast mode.
 *
 * A micro-operation names its operands by their byte offset in struct nic_me, so registers of both
 * banks, transfer registers and immediates (a table of all 256) are one kind of operand, and a
 * stream of micro-operations is for one context. The other kind is a word of local memory through
 * a pointer. Handlers are the product of
 *
 *	operation	NIC_FAST_ALU_LIST: what is computed of l and r
 *	sources		RR, MR (l in local memory), RM (r)
 *	destination	R (written twice: two banks, or the same place again), M
 *	what is kept	D nothing, P PREV_ALU, L condition codes and PREV_ALU
 */
#ifndef NIC_FAST_H
#define NIC_FAST_H

#include "nic/internal.h"

/*	X(name, how, expression of l and r: a result, or the three summands)
 * SHF_*: r is rotated by the constant and masked, which makes shifts and rotations of it. */
#define NIC_FAST_TURNED ((uint32_t)(((uint64_t)r << 32 | r) >> u->shift) & u->imm)
#define NIC_FAST_ALU_LIST(X)                                                                       \
	X(B, LOGIC, r)                                                                             \
	X(NOT_B, LOGIC, ~r)                                                                        \
	X(AND, LOGIC, l &r)                                                                        \
	X(NOT_AND, LOGIC, ~l &r)                                                                   \
	X(AND_NOT, LOGIC, l & ~r)                                                                  \
	X(OR, LOGIC, l | r)                                                                        \
	X(XOR, LOGIC, l ^ r)                                                                       \
	X(SHF_B, LOGIC, NIC_FAST_TURNED)                                                           \
	X(SHF_NOT_B, LOGIC, ~NIC_FAST_TURNED)                                                      \
	X(SHF_AND, LOGIC, l &NIC_FAST_TURNED)                                                      \
	X(SHF_NOT_AND, LOGIC, ~l &NIC_FAST_TURNED)                                                 \
	X(SHF_AND_NOT, LOGIC, l & ~NIC_FAST_TURNED)                                                \
	X(SHF_OR, LOGIC, l | NIC_FAST_TURNED)                                                      \
	X(IND_RIGHT, LOGIC, r >> (prev_a & 31))                                                    \
	X(IND_LEFT, LOGIC, r << (prev_a & 31))                                                     \
	X(DBL, LOGIC, (uint32_t)(((uint64_t)l << 32 | r) >> u->shift))                             \
	X(IND_DBL, LOGIC, (uint32_t)(((uint64_t)l << 32 | r) >> (prev_a & 31)))                    \
	X(ASR, LOGIC, (uint32_t)(((prev_r & SIGN ? TOP : 0) | r) >> u->shift))                     \
	X(IND_ASR, LOGIC, (uint32_t)(((prev_r & SIGN ? TOP : 0) | r) >> (prev_a & 31)))            \
	X(FIELD, LOGIC, (NIC_FAST_TURNED) | (l & u->mask))                                         \
	X(ADD, SUM, (l, r, 0))                                                                     \
	X(ADD8, SUM, (l, r & 0xff, 0))                                                             \
	X(ADD16, SUM, (l, r & 0xffff, 0))                                                          \
	X(ADD_CARRY, SUM, (l, r, (uint32_t)(sum >> 32)))                                           \
	X(SUB, SUM, (l, ~r, 1))                                                                    \
	X(SUB_CARRY, SUM, (l, ~r, (uint32_t)(sum >> 32)))                                          \
	X(B_SUB_A, SUM, (r, ~l, 1))

/* The product of one operation, in the order of nic_fast_alu(). */
#define NIC_FAST_SHAPES(X, op, how, expr)                                                          \
	X(op, RR, R, D, how, expr)                                                                 \
	X(op, RR, R, P, how, expr)                                                                 \
	X(op, RR, R, L, how, expr)                                                                 \
	X(op, MR, R, D, how, expr)                                                                 \
	X(op, MR, R, P, how, expr)                                                                 \
	X(op, MR, R, L, how, expr)                                                                 \
	X(op, RM, R, D, how, expr)                                                                 \
	X(op, RM, R, P, how, expr)                                                                 \
	X(op, RM, R, L, how, expr)                                                                 \
	X(op, RR, M, D, how, expr)                                                                 \
	X(op, RR, M, P, how, expr)                                                                 \
	X(op, RR, M, L, how, expr)                                                                 \
	X(op, MR, M, D, how, expr)                                                                 \
	X(op, MR, M, P, how, expr)                                                                 \
	X(op, MR, M, L, how, expr)                                                                 \
	X(op, RM, M, D, how, expr)                                                                 \
	X(op, RM, M, P, how, expr)                                                                 \
	X(op, RM, M, L, how, expr)
#define NIC_FAST_SHAPE_CNT 18

enum nic_fast_alu {
#define X(op, ...) NIC_FAST_##op,
	NIC_FAST_ALU_LIST(X)
#undef X
		NIC_FAST_ALU_CNT
};
enum nic_fast_sources { NIC_FAST_RR, NIC_FAST_MR, NIC_FAST_RM };
enum nic_fast_keep { NIC_FAST_D, NIC_FAST_P, NIC_FAST_L };

/* Conditions: of a 64-bit sum, its summands x and y, and the result n = its low word. */
#define NIC_FAST_BRANCH_LIST(X)                                                                    \
	X(BEQ, !(uint32_t)sum)                                                                     \
	X(BNE, (uint32_t)sum)                                                                      \
	X(BMI, IS_N)                                                                               \
	X(BPL, !IS_N)                                                                              \
	X(BCS, sum >> 32)                                                                          \
	X(BCC, !(sum >> 32))                                                                       \
	X(BVS, IS_V)                                                                               \
	X(BVC, !IS_V)                                                                              \
	X(BGE, IS_N == IS_V)                                                                       \
	X(BLT, IS_N != IS_V)                                                                       \
	X(BLE, !(uint32_t)sum || IS_N != IS_V)                                                     \
	X(BGT, (uint32_t)sum &&IS_N == IS_V)                                                       \
	X(BR, true)                                                                                \
	X(BR_BYTES, (AT(u->l) & u->test) == u->want)                                               \
	X(BR_NOT_BYTES, (AT(u->l) & u->test) != u->want)

/* The others. */
#define NIC_FAST_OTHER_LIST(X)                                                                     \
	X(EXACT)     /* the exact mode takes over before this instruction */                       \
	X(IMMED_R_D) /* a constant; PREV_ALU's source A stays */                                   \
	X(IMMED_R_P)                                                                               \
	X(IMMED_M_D)                                                                               \
	X(IMMED_M_P)                                                                               \
	X(MERGE_R_D) /* a constant into some of the bits */                                        \
	X(MERGE_R_P)                                                                               \
	X(MERGE_M_D)                                                                               \
	X(MERGE_M_P)                                                                               \
	X(MUL_START)                                                                               \
	X(MUL_STEP)                                                                                \
	X(PRODUCT)                                                                                 \
	X(STEP_POINTER) /* a local-memory pointer moves on */                                      \
	X(SET_POINTER)	/* and is written */                                                       \
	X(JUMP)		/* a target is computed, */                                                \
	X(JUMP_GO)	/* and after the deferred instructions gone to */                          \
	X(ADDRESS_32)	/* of a command: the address, */                                           \
	X(ADDRESS_40)                                                                              \
	X(ADDRESS_IMM)                                                                             \
	X(PLACE)    /* where that is in our memory, */                                             \
	X(DESCRIBE) /* or what the command is, with its override; */                               \
	X(MOVE_IN)  /* and after the deferred instructions the access */                           \
	X(MOVE_OUT)                                                                                \
	X(ACCESS)                                                                                  \
	X(SIGNAL) /* sent, to be waited for later */                                               \
	X(SWAP)	  /* or at once */

enum nic_fast_other {
	NIC_FAST_BRANCHES = NIC_FAST_ALU_CNT * NIC_FAST_SHAPE_CNT,
	NIC_FAST_BEFORE_FIRST_BRANCH = NIC_FAST_BRANCHES - 1,
#define X(name, ...) NIC_FAST_##name,
	NIC_FAST_BRANCH_LIST(X) NIC_FAST_OTHER_LIST(X)
#undef X
		NIC_FAST_CNT
};

struct nic_uop {
	const void *run; /* the handler: a label in fast_loop.c */
	uint16_t pc;
	uint16_t l; /* offset of the left operand; of a pointer to it, if in local memory */
	union {
		struct { /* what computes */
			uint16_t r;
			uint16_t d, e; /* both destinations; pointer and byte offset, if M */
			uint16_t off;  /* MR, RM: byte offset, ORed */
			uint32_t imm, mask;
			uint8_t shift;
		};
		struct {		/* what goes elsewhere */
			int16_t delta;	/* target less the instruction behind the shadow */
			uint16_t limit; /* target plus instructions until this is looked at again */
			int32_t target; /* micro-operations from here */
			uint32_t test, want;
			uint8_t lost; /* cycles */
			uint16_t to;  /* the target */
		};
	};
};
_Static_assert(sizeof(struct nic_uop) == 32, "two of them fill a cache line");

/* The code store for one context. */
struct nic_stream {
	struct nic_uop *uops; /* NULL: not made yet */
	uint32_t cnt, room;
	uint32_t entry[NIC_CODE_WORDS]; /* of each instruction, NIC_FAST_NO_ENTRY */
};
#define NIC_FAST_NO_ENTRY UINT32_MAX

/* What is known of each instruction. */
enum nic_fast_fact {
	NIC_FAST_IS_FAST = 1,	 /* has micro-operations */
	NIC_FAST_IS_CONTROL = 2, /* branch, jump or swap */
	NIC_FAST_MAY_LEAVE = 4,	 /* to the exact mode, before it has done anything */
};

struct nic_fast {
	struct nic_stream *streams[NIC_CONTEXTS];
	uint8_t facts[NIC_CODE_WORDS + 1];
	/* instructions that run from here at most before a limit is looked at */
	uint16_t run[NIC_CODE_WORDS + 1];
	uint8_t live[NIC_CODE_WORDS + 1]; /* enum nic_fast_live before it */
	bool has_facts;
};

/* What an instruction leaves that others may read. */
enum nic_fast_live {
	NIC_FAST_LIVE_CC = 1,
	NIC_FAST_LIVE_RESULT = 2, /* of PREV_ALU */
	NIC_FAST_LIVE_A = 4,	  /* likewise */
	NIC_FAST_LIVE_ALL = 7,
};

/* Makes me->fast->streams[ctx]; false without memory. */
bool nic_fast_translate(struct nic_me *me, uint32_t ctx);
/* Runs the active context from that micro-operation until the exact mode is needed, it sleeps or
 * stops, or the next straight run could pass `end` instructions. */
void nic_fast_loop(
	struct nic_me *me, const struct nic_uop *at, const struct nic_stream *stream, uint64_t end);
/* The handlers, by enum nic_fast_other and what nic_fast_translate() computes. */
const void *const *nic_fast_handlers(void);

#endif
