/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operand codes: the 10-bit "unrestricted" and the 8-bit "restricted" ones (nfp-isa.md 3.1, 3.2),
 * in 4-context mode. The encoder and the decoder need them.
 */
#include "nic/internal.h"

#include <stddef.h>

#define GPRS 32u      /* of a context in each bank */
#define ABS_GPRS 128u /* of a bank */
#define XFERS 64u     /* of a context, in and out counted separately */
#define NNS 32u
#define LM_POINTERS 4u

enum family {
	FAMILY_NONE,
	FAMILY_A,
	FAMILY_B,
	FAMILY_BOTH,
	FAMILY_XFER,
	FAMILY_LM,
	FAMILY_NN,
	FAMILY_IMM
};

static const enum family families[NIC_KIND_CNT] = {
	[NIC_GPR_A] = FAMILY_A,
	[NIC_ABS_A] = FAMILY_A,
	[NIC_GPR_B] = FAMILY_B,
	[NIC_ABS_B] = FAMILY_B,
	[NIC_GPR_BOTH] = FAMILY_BOTH,
	[NIC_GPR_BOTH_B] = FAMILY_B,
	[NIC_XFER] = FAMILY_XFER,
	[NIC_XFER_INDEX] = FAMILY_XFER,
	[NIC_LM] = FAMILY_LM,
	[NIC_NN] = FAMILY_NN,
	[NIC_NN_INDEX] = FAMILY_NN,
	[NIC_IMM] = FAMILY_IMM,
};

bool
nic_is_bank_a(enum nic_kind kind)
{
	return families[kind] == FAMILY_A;
}

bool
nic_is_bank_b(enum nic_kind kind)
{
	return families[kind] == FAMILY_B;
}

bool
nic_is_same_family(enum nic_kind a, enum nic_kind b)
{
	return families[a] != FAMILY_NONE && families[a] == families[b];
}

/* ---- codes of operands ---- */

/* What both formats ask of an operand. */
static const char *
check(const struct nic_reg *r, bool is_dst, uint32_t imm_max, uint32_t off_max)
{
	static const struct {
		uint32_t count;
		const char *reason;
	} limits[NIC_KIND_CNT] = {
		[NIC_GPR_A] = { GPRS, "there are GPRs 0 to 31" },
		[NIC_GPR_B] = { GPRS, "there are GPRs 0 to 31" },
		[NIC_GPR_BOTH] = { GPRS, "there are GPRs 0 to 31" },
		[NIC_GPR_BOTH_B] = { GPRS, "there are GPRs 0 to 31" },
		[NIC_ABS_A] = { ABS_GPRS, "there are absolute GPRs 0 to 127" },
		[NIC_ABS_B] = { ABS_GPRS, "there are absolute GPRs 0 to 127" },
		[NIC_XFER] = { XFERS, "there are transfer registers 0 to 63" },
		[NIC_LM] = { LM_POINTERS, "there are local-memory pointers 0 to 3" },
		[NIC_NN] = { NNS, "there are next-neighbour registers 0 to 31" },
	};

	if ((unsigned int)r->kind >= NIC_KIND_CNT)
		return "no such kind of operand";
	if (r->kind == NIC_IMM && is_dst)
		return "an immediate cannot be the destination";
	if (r->kind == NIC_IMM && r->num > imm_max)
		return "immediate too large";
	if (limits[r->kind].reason && r->num >= limits[r->kind].count)
		return limits[r->kind].reason;
	if (r->kind == NIC_NN_INDEX && r->post == NIC_POST_DEC)
		return "next-neighbour index cannot count down";
	if (r->kind == NIC_LM && r->post && r->off)
		return "LM offset in inc/dec mode";
	if (r->kind == NIC_LM && r->off > off_max)
		return "LM offset too large";
	return NULL;
}

static uint32_t
xfer_code(uint32_t num)
{
	return (num & 31) | (num & 32) << 1;
}

static const char *
put_unrestricted(const struct nic_reg *r, bool is_dst, uint32_t *code)
{
	switch (r->kind) {
	case NIC_NONE: *code = is_dst ? 0x300 : 0; break;
	case NIC_GPR_A:
	case NIC_GPR_B:
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B: *code = r->num; break;
	case NIC_ABS_A:
	case NIC_ABS_B: *code = 0x080 | r->num; break;
	case NIC_XFER_INDEX: *code = 0x100 | (uint32_t)r->post << 1; break;
	case NIC_XFER: *code = 0x180 | xfer_code(r->num); break;
	case NIC_LM:
		*code = 0x200 | (r->num & 1) << 5 | r->off;
		if (r->post)
			*code |= 0x10 | (r->post == NIC_POST_DEC);
		break;
	/* bit 0, which the vendor's assembler sets, is the one that tells it apart in the
	 * restricted format */
	case NIC_NN_INDEX: *code = 0x241 | (r->post ? 2 : 0); break;
	case NIC_NN: *code = 0x280 | r->num; break;
	case NIC_IMM: *code = 0x300 | r->num; break;
	default: *code = r->num; break;
	}
	return NULL;
}

static const char *
put_restricted(const struct nic_reg *r, bool is_dst, uint32_t *code)
{
	switch (r->kind) {
	case NIC_NONE: *code = is_dst ? 0x20 : 0; break;
	case NIC_GPR_A:
	case NIC_GPR_B:
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B: *code = r->num; break;
	case NIC_ABS_A:
	case NIC_ABS_B: return "absolute GPRs used with restricted encoding";
	case NIC_XFER_INDEX: *code = 0x40 | (uint32_t)r->post << 1; break;
	case NIC_NN_INDEX: *code = 0x41 | (r->post ? 2 : 0); break;
	case NIC_LM:
		if (r->post)
			return "bad LM mode for restricted operands";
		*code = 0x50 | (r->num & 1) << 3 | r->off;
		break;
	case NIC_XFER: *code = 0x80 | xfer_code(r->num); break;
	case NIC_NN: return "NNRs used with restricted encoding";
	case NIC_IMM: *code = 0x20 + (r->num & 0x1f) + ((r->num & 0x60) << 1); break;
	default: *code = r->num; break;
	}
	return NULL;
}

const char *
nic_code_put(enum nic_operands format, const struct nic_reg *reg, bool is_dst, uint32_t imm_max,
	uint32_t *code)
{
	bool is_unrestricted = format == NIC_OPERANDS_UR;
	const char *reason = check(reg, is_dst, imm_max, is_unrestricted ? 15 : 7);

	if (reason)
		return reason;
	return is_unrestricted ? put_unrestricted(reg, is_dst, code)
			       : put_restricted(reg, is_dst, code);
}

/* ---- operands of codes ---- */

static const char *const no_operand = "an operand field holds a code of no operand";

static const char *
index_get(enum nic_kind kind, uint32_t post, struct nic_reg *reg)
{
	if (post > NIC_POST_DEC || (kind == NIC_NN_INDEX && post == NIC_POST_DEC))
		return no_operand;
	*reg = (struct nic_reg){ .kind = kind, .post = (enum nic_post)post };
	return NULL;
}

static const char *
lm_get_unrestricted(uint32_t code, bool lmx, struct nic_reg *reg)
{
	*reg = nic_lm((code >> 5 & 1) + (lmx ? 2 : 0), code & 0xf);
	if (code & 0x10) {
		if (code & 0xe)
			return no_operand;
		reg->post = code & 1 ? NIC_POST_DEC : NIC_POST_INC;
		reg->off = 0;
	}
	return NULL;
}

static const char *
get_unrestricted(uint32_t code, bool is_bank_b, bool lmx, struct nic_reg *reg)
{
	switch (code >> 6) {
	case 0x0:
		*reg = nic_gpr(is_bank_b ? NIC_GPR_B : NIC_GPR_A, code & 0x1f);
		return code & 0x20 ? no_operand : NULL;
	case 0x2:
	case 0x3: *reg = nic_gpr(is_bank_b ? NIC_ABS_B : NIC_ABS_A, code & 0x7f); return NULL;
	case 0x4: return code & 0x39 ? no_operand : index_get(NIC_XFER_INDEX, code >> 1 & 3, reg);
	case 0x6:
	case 0x7:
		*reg = nic_xfer((code & 0x1f) | (code & 0x40) >> 1);
		return code & 0x20 ? no_operand : NULL;
	case 0x8: return lm_get_unrestricted(code, lmx, reg);
	case 0x9: return code & 0x3c ? no_operand : index_get(NIC_NN_INDEX, code >> 1 & 1, reg);
	case 0xa:
		*reg = (struct nic_reg){ .kind = NIC_NN, .num = code & 0x1f };
		return code & 0x20 ? no_operand : NULL;
	case 0xc:
	case 0xd:
	case 0xe:
	case 0xf: *reg = nic_imm(code & 0xff); return NULL;
	default: return no_operand;
	}
}

static const char *
get_restricted(uint32_t code, bool is_bank_b, bool lmx, bool i8, struct nic_reg *reg)
{
	if (code & 0x20) {
		*reg = nic_imm((code & 0x1f) | (code & 0xc0) >> 1 | (i8 ? 0x80 : 0));
		return NULL;
	}
	switch (code >> 5) {
	case 0: *reg = nic_gpr(is_bank_b ? NIC_GPR_B : NIC_GPR_A, code); return NULL;
	case 4:
	case 6: *reg = nic_xfer((code & 0x1f) | (code & 0x40) >> 1); return NULL;
	default: break;
	}
	if (code & 0x10) {
		*reg = nic_lm((code >> 3 & 1) + (lmx ? 2 : 0), code & 7);
		return NULL;
	}
	if (code & 1)
		return code & 0xc ? no_operand : index_get(NIC_NN_INDEX, code >> 1 & 1, reg);
	return code & 0x8 ? no_operand : index_get(NIC_XFER_INDEX, code >> 1 & 3, reg);
}

bool
nic_code_is_imm(enum nic_operands format, uint32_t code)
{
	return format == NIC_OPERANDS_UR ? (code & 0x300) == 0x300 : (code & 0x20) != 0;
}

const char *
nic_code_get(enum nic_operands format, uint32_t code, bool is_bank_b, bool lmx, bool i8,
	struct nic_reg *reg)
{
	if (format == NIC_OPERANDS_UR)
		return get_unrestricted(code, is_bank_b, lmx, reg);
	return get_restricted(code, is_bank_b, lmx, i8, reg);
}
