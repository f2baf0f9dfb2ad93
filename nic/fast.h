/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to nic/fast*.c: micro-operations, what the code store is translated to for the fast mode.
 *
 * A micro-operation names its operands by their byte offset in struct nic_me, so registers of both
 * banks, transfer registers and immediates (a table of all 256) are one kind of operand, and a
 * stream of micro-operations is for one context. The other kind is a word of local memory through
 * a pointer. Handlers are the product of
 *
 *	operation	NIC_FAST_ALU_LIST: of l and r
 *	sources		RR, MR (l in local memory), RM (r)
 *	destination	R (written twice: two banks, or the same place again), M, N none
 *	what is kept	D nothing, P PREV_ALU, L condition codes and PREV_ALU
 */
#ifndef NIC_FAST_H
#define NIC_FAST_H

#include "nic/internal.h"

/*	X(name)		what each computes: DO_name in fast_do.h
 * SHF_*, FIELD: r is rotated by a constant and masked, which makes shifts and rotations of it.
 * IND_*: by source A of PREV_ALU. */
#define NIC_FAST_ALU_LIST(X)                                                                       \
	X(B)                                                                                       \
	X(NOT_B)                                                                                   \
	X(AND)                                                                                     \
	X(NOT_AND)                                                                                 \
	X(AND_NOT)                                                                                 \
	X(OR)                                                                                      \
	X(XOR)                                                                                     \
	X(SHF_B)                                                                                   \
	X(SHF_NOT_B)                                                                               \
	X(SHF_AND)                                                                                 \
	X(SHF_NOT_AND)                                                                             \
	X(SHF_AND_NOT)                                                                             \
	X(SHF_OR)                                                                                  \
	X(IND_RIGHT)                                                                               \
	X(IND_LEFT)                                                                                \
	X(DBL)                                                                                     \
	X(IND_DBL)                                                                                 \
	X(ASR)                                                                                     \
	X(IND_ASR)                                                                                 \
	X(FIELD)                                                                                   \
	X(ADD)                                                                                     \
	X(ADD8)                                                                                    \
	X(ADD16)                                                                                   \
	X(ADD_CARRY)                                                                               \
	X(SUB)                                                                                     \
	X(SUB_CARRY)                                                                               \
	X(B_SUB_A)

/* The product of one operation: sources, destination, what is kept. nic_fast_put.c counts on the
 * order. */
#define NIC_FAST_SHAPES(X, op)                                                                     \
	X(op, RR, R, D)                                                                            \
	X(op, RR, R, P)                                                                            \
	X(op, RR, R, L)                                                                            \
	X(op, MR, R, D)                                                                            \
	X(op, MR, R, P)                                                                            \
	X(op, MR, R, L)                                                                            \
	X(op, RM, R, D)                                                                            \
	X(op, RM, R, P)                                                                            \
	X(op, RM, R, L)                                                                            \
	X(op, RR, M, D)                                                                            \
	X(op, RR, M, P)                                                                            \
	X(op, RR, M, L)                                                                            \
	X(op, MR, M, D)                                                                            \
	X(op, MR, M, P)                                                                            \
	X(op, MR, M, L)                                                                            \
	X(op, RM, M, D)                                                                            \
	X(op, RM, M, P)                                                                            \
	X(op, RM, M, L)                                                                            \
	X(op, RR, N, D)                                                                            \
	X(op, RR, N, P)                                                                            \
	X(op, RR, N, L)                                                                            \
	X(op, MR, N, D)                                                                            \
	X(op, MR, N, P)                                                                            \
	X(op, MR, N, L)                                                                            \
	X(op, RM, N, D)                                                                            \
	X(op, RM, N, P)                                                                            \
	X(op, RM, N, L)
#define NIC_FAST_SHAPE_CNT 27
#define NIC_FAST_TO_M 9
#define NIC_FAST_TO_N 18

enum nic_fast_alu {
#define X(op, ...) NIC_FAST_##op,
	NIC_FAST_ALU_LIST(X)
#undef X
		NIC_FAST_ALU_CNT
};
enum nic_fast_sources { NIC_FAST_RR, NIC_FAST_MR, NIC_FAST_RM };
enum nic_fast_keep { NIC_FAST_D, NIC_FAST_P, NIC_FAST_L };

/*	X(name)		IF_name in fast_do.h */
#define NIC_FAST_BRANCH_LIST(X)                                                                    \
	X(BEQ)                                                                                     \
	X(BNE)                                                                                     \
	X(BMI)                                                                                     \
	X(BPL)                                                                                     \
	X(BCS)                                                                                     \
	X(BCC)                                                                                     \
	X(BVS)                                                                                     \
	X(BVC)                                                                                     \
	X(BGE)                                                                                     \
	X(BLT)                                                                                     \
	X(BLE)                                                                                     \
	X(BGT)                                                                                     \
	X(BR)                                                                                      \
	X(BR_BYTES)                                                                                \
	X(BR_NOT_BYTES)

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

/*	X(first, second)	handlers that often follow each other, done by one */
#define NIC_FAST_PAIR_LIST(X)                                                                      \
	X(IMMED_R_D, IMMED_R_D)                                                                    \
	X(IMMED_R_D, B_RR_R_D)                                                                     \
	X(IMMED_R_D, SUB_RR_N_L)                                                                   \
	X(B_RR_R_D, B_RR_R_D)                                                                      \
	X(B_RR_R_D, IMMED_R_D)                                                                     \
	X(FIELD_RR_R_D, IMMED_R_D)                                                                 \
	X(FIELD_RR_R_D, FIELD_RR_R_D)                                                              \
	X(ADD_RR_R_D, IMMED_R_D)                                                                   \
	X(SUB_RR_N_L, SUB_CARRY_RR_N_L)                                                            \
	X(SUB_RR_R_L, SUB_CARRY_RR_R_D)                                                            \
	X(ADD_RR_R_L, ADD_CARRY_RR_R_L)                                                            \
	X(ADD_RR_R_L, ADD_CARRY_RR_R_D)                                                            \
	X(DBL_RR_R_D, SHF_B_RR_R_D)                                                                \
	X(OR_RR_N_L, IND_RIGHT_RR_R_D)                                                             \
	X(MUL_STEP, MUL_STEP)                                                                      \
	X(ADDRESS_32, PLACE)                                                                       \
	X(ADDRESS_40, PLACE)                                                                       \
	X(MOVE_IN, SWAP)                                                                           \
	X(MOVE_OUT, SWAP)                                                                          \
	X(SUB_RR_N_L, BEQ)                                                                         \
	X(SUB_RR_N_L, BNE)                                                                         \
	X(SUB_RR_N_L, BCS)                                                                         \
	X(SUB_RR_N_L, BCC)                                                                         \
	X(SUB_RR_N_L, BGE)                                                                         \
	X(SUB_RR_N_L, BLT)                                                                         \
	X(SUB_CARRY_RR_N_L, BEQ)                                                                   \
	X(SUB_CARRY_RR_N_L, BNE)                                                                   \
	X(SUB_CARRY_RR_N_L, BCS)                                                                   \
	X(SUB_CARRY_RR_N_L, BCC)                                                                   \
	X(SUB_CARRY_RR_N_L, BGE)                                                                   \
	X(SUB_CARRY_RR_N_L, BLT)                                                                   \
	X(XOR_RR_N_L, BEQ)                                                                         \
	X(XOR_RR_N_L, BNE)                                                                         \
	X(XOR_RR_N_L, BCS)                                                                         \
	X(XOR_RR_N_L, BCC)                                                                         \
	X(XOR_RR_N_L, BGE)                                                                         \
	X(XOR_RR_N_L, BLT)                                                                         \
	X(OR_RR_N_L, BEQ)                                                                          \
	X(OR_RR_N_L, BNE)                                                                          \
	X(OR_RR_N_L, BCS)                                                                          \
	X(OR_RR_N_L, BCC)                                                                          \
	X(OR_RR_N_L, BGE)                                                                          \
	X(OR_RR_N_L, BLT)                                                                          \
	X(AND_RR_N_L, BEQ)                                                                         \
	X(AND_RR_N_L, BNE)                                                                         \
	X(AND_RR_N_L, BCS)                                                                         \
	X(AND_RR_N_L, BCC)                                                                         \
	X(AND_RR_N_L, BGE)                                                                         \
	X(AND_RR_N_L, BLT)

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
/* The handlers, by enum nic_fast_other and the products. */
const void *const *nic_fast_handlers(void);
/* The handler that does both; NULL when there is none. */
const void *nic_fast_pair(const void *first, const void *second);

#endif
