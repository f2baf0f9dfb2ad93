/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to fast_loop.c: what its handlers do, as text. They stand in one function and share its
 * variables: me, u (the micro-operation), cc (condition codes), prev_a and prev_r (PREV_ALU).
 */
#ifndef NIC_FAST_DO_H
#define NIC_FAST_DO_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define SIGN (UINT32_C(1) << 31)
#define AT(offset) (*(uint32_t *)(void *)((uint8_t *)me + (offset)))
#define LM(pointer, off) AT(offsetof(struct nic_me, lm) + (AT(pointer) | (off)))

#define LEFT_RR AT(u->l)
#define LEFT_MR LM(u->l, u->off)
#define LEFT_RM AT(u->l)
#define RIGHT_RR AT(u->r)
#define RIGHT_MR AT(u->r)
#define RIGHT_RM LM(u->r, u->off)

#define PUT_R(value)                                                                               \
	do {                                                                                       \
		AT(u->d) = (value);                                                                \
		AT(u->e) = (value);                                                                \
	} while (0)
#define PUT_N(value) ((void)(value))
#define PUT_M(value) (LM(u->d, u->e) = (value))

/* Computed: res, and what the condition codes are of, s: a sum and its summands; or a result, of
 * which C and V are 0. */
#define RESULT(expr)                                                                               \
	const uint32_t res = (expr), v = res, w = 0;                                               \
	const uint64_t s = res
#define SUM(first, second, carry)                                                                  \
	const uint32_t v = (first), w = (second);                                                  \
	const uint64_t s = (uint64_t)v + w + (carry);                                              \
	const uint32_t res = (uint32_t)s

#define LONG(high, low) ((uint64_t)(high) << 32 | (low))
#define TURNED ((uint32_t)(LONG(r, r) >> u->shift) & u->imm)
#define SIGNED (prev_r & SIGN ? UINT32_MAX : 0)
#define BY_A (prev_a & 31)
#define CARRY nic_cc_c(cc)

#define DO_B RESULT(r)
#define DO_NOT_B RESULT(~r)
#define DO_AND RESULT(l &r)
#define DO_NOT_AND RESULT(~l &r)
#define DO_AND_NOT RESULT(l & ~r)
#define DO_OR RESULT(l | r)
#define DO_XOR RESULT(l ^ r)
#define DO_SHF_B RESULT(TURNED)
#define DO_SHF_NOT_B RESULT(~TURNED)
#define DO_SHF_AND RESULT(l &TURNED)
#define DO_SHF_NOT_AND RESULT(~l &TURNED)
#define DO_SHF_AND_NOT RESULT(l & ~TURNED)
#define DO_SHF_OR RESULT(l | TURNED)
#define DO_IND_RIGHT RESULT(r >> BY_A)
#define DO_IND_LEFT RESULT(r << BY_A)
#define DO_DBL RESULT((uint32_t)(LONG(l, r) >> u->shift))
#define DO_IND_DBL RESULT((uint32_t)(LONG(l, r) >> BY_A))
#define DO_ASR RESULT((uint32_t)(LONG(SIGNED, r) >> u->shift))
#define DO_IND_ASR RESULT((uint32_t)(LONG(SIGNED, r) >> BY_A))
#define DO_FIELD RESULT(TURNED | (l & u->mask))
#define DO_ADD SUM(l, r, 0)
#define DO_ADD8 SUM(l, r & 0xff, 0)
#define DO_ADD16 SUM(l, r & 0xffff, 0)
#define DO_ADD_CARRY SUM(l, r, CARRY)
#define DO_SUB SUM(l, ~r, 1)
#define DO_SUB_CARRY SUM(l, ~r, CARRY)
#define DO_B_SUB_A SUM(r, ~l, 1)

#define KEEP_D (void)s, (void)v, (void)w, (void)l, (void)r
#define KEEP_P KEEP_D, prev_a = l, prev_r = res
#define KEEP_L KEEP_P, cc.sum = s, cc.x = v, cc.y = w

#define ALU_BODY(op, sources, put, keep)                                                           \
	{                                                                                          \
		const uint32_t l = LEFT_##sources, r = RIGHT_##sources;                            \
		DO_##op;                                                                           \
                                                                                                   \
		PUT_##put(res);                                                                    \
		KEEP_##keep;                                                                       \
	}
#define ALU(op, sources, put, keep)                                                                \
	op##_##sources##_##put##_##keep : ALU_BODY(op, sources, put, keep) NEXT();
#define ALU_LABEL(op, sources, put, keep) &&op##_##sources##_##put##_##keep,

#define IS_N nic_cc_n(cc)
#define IS_Z nic_cc_z(cc)
#define IS_V nic_cc_v(cc)

/* Whether a branch is taken. */
#define IF_BEQ IS_Z
#define IF_BNE !IS_Z
#define IF_BMI IS_N
#define IF_BPL !IS_N
#define IF_BCS CARRY
#define IF_BCC !CARRY
#define IF_BVS IS_V
#define IF_BVC !IS_V
#define IF_BGE IS_N == IS_V
#define IF_BLT IS_N != IS_V
#define IF_BLE IS_Z || IS_N != IS_V
#define IF_BGT !IS_Z &&IS_N == IS_V
#define IF_BR true
#define IF_BR_BYTES (AT(u->l) & u->test) == u->want
#define IF_BR_NOT_BYTES (AT(u->l) & u->test) != u->want

#endif
