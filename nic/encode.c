/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what an instruction says to its word, placing the operands as the Linux driver's assembler
 * does (nfp-isa.md 3.3). Used by the JIT, the assembler, and the decoder, which asks what the
 * encoder would have made.
 */
#include "nic/internal.h"

/* A word in the making, of which fields not yet put are 0. The first thing that is wrong sticks. */
struct making {
	const struct nic_insn *insn;
	const struct nic_op_info *op;
	const struct nic_form_info *form;
	uint64_t word;
	const char *err;
};

static const char *const too_large[NIC_FIELD_CNT] = {
#define X(id, name, what) [NIC_F_##id] = "field " #name " does not fit",
	NIC_FIELD_LIST(X)
#undef X
};

static void
fail(struct making *m, const char *reason)
{
	if (!m->err)
		m->err = reason;
}

static bool
has_field(const struct making *m, enum nic_field field)
{
	return m->form->fields[field][0].width != 0;
}

static void
put(struct making *m, enum nic_field field, uint32_t value)
{
	if (value && !nic_field_put(m->op->form, field, value, &m->word))
		fail(m, too_large[field]);
}

/* The largest immediate operand: restricted ones have 7 bits, and an 8th in some forms. */
static uint32_t
imm_max(const struct making *m)
{
	return m->form->operands == NIC_OPERANDS_UR || has_field(m, NIC_F_I8) ? 255 : 127;
}

/* ---- operands ---- */

static void
put_lmx(struct making *m, enum nic_field field, const struct nic_reg *reg)
{
	if (reg->kind != NIC_LM || !(reg->num & 2))
		return;
	if (has_field(m, field))
		put(m, field, 1);
	else
		fail(m, "local-memory pointers 2 and 3 cannot be used here");
}

static void
put_source(struct making *m, enum nic_field field, const struct nic_reg *reg)
{
	const char *reason;
	uint32_t code = 0;

	reason = nic_code_put(m->form->operands, reg, false, imm_max(m), &code);
	if (reason)
		fail(m, reason);
	put(m, field, code);
	put_lmx(m, NIC_F_SRC_LMX, reg);
	if (reg->kind == NIC_IMM && reg->num > 127 && has_field(m, NIC_F_I8))
		put(m, NIC_F_I8, 1);
}

/* What the destination says of banks and pointers, wherever its code goes. */
static void
put_dst_bits(struct making *m)
{
	const struct nic_reg *dst = &m->insn->dst;

	if ((nic_is_bank_b(dst->kind)) && has_field(m, NIC_F_DST_BANK))
		put(m, NIC_F_DST_BANK, 1);
	if (dst->kind == NIC_GPR_BOTH || dst->kind == NIC_GPR_BOTH_B)
		put(m, NIC_F_WR_BOTH, 1);
	put_lmx(m, NIC_F_DST_LMX, dst);
}

static void
put_dst(struct making *m, enum nic_field field)
{
	const char *reason;
	uint32_t code = 0;

	reason = nic_code_put(m->form->operands, &m->insn->dst, true, 0, &code);
	if (reason)
		fail(m, reason);
	put(m, field, code);
	put_dst_bits(m);
}

/* Steps 2 to 4 of nfp-isa.md 3.3. */
static void
put_sources(struct making *m, const struct nic_reg *left, const struct nic_reg *right)
{
	bool swap = nic_is_bank_b(left->kind) || nic_is_bank_a(right->kind);

	if (nic_is_same_family(left->kind, right->kind)) {
		fail(m, "both sources are of the same kind: one may come from each bank");
		return;
	}
	put_source(m, NIC_F_A, swap ? right : left);
	put_source(m, NIC_F_B, swap ? left : right);
	if (swap && has_field(m, NIC_F_SWAP))
		put(m, NIC_F_SWAP, 1);
}

/* Forms that cannot say which operand is which. */
static void
put_sources_fixed(struct making *m)
{
	const struct nic_reg *left = &m->insn->left, *right = &m->insn->right;

	if (nic_is_bank_b(left->kind) || nic_is_bank_a(right->kind)) {
		fail(m, "a GPR of bank A can only be the first of the two operands, one of bank B "
			"only the second");
		return;
	}
	put_sources(m, left, right);
}

static void
put_csr_source(struct making *m)
{
	const struct nic_reg zero = nic_imm(0);

	if (m->insn->left.kind == NIC_IMM) {
		put_source(m, NIC_F_A, &m->insn->left);
		put_source(m, NIC_F_B, &m->insn->left);
	} else if (m->insn->left.kind != NIC_NONE) {
		put_sources(m, &m->insn->left, &zero);
	}
}

/* The low byte of an immediate is an operand, the rest a field. */
static void
put_immediate(struct making *m, const struct nic_reg *left)
{
	const struct nic_reg low = nic_imm(m->insn->imm & 0xff);
	uint32_t high = m->insn->imm >> 8;

	if (left->kind == NIC_NONE && m->form->place == NIC_PLACE_DST_IMMEDIATE) {
		put(m, NIC_F_A, 0x300);
		put_source(m, NIC_F_B, &low);
	} else {
		put_sources(m, left, &low);
	}
	if (nic_op_has_letter(m->insn->op, 'j') && high)
		fail(m, "immediate too large");
	put(m, NIC_F_IMM_HI, high);
}

/* The bit's number + 1: how far to rotate right to bring it to the sign. */
static void
put_bit(struct making *m)
{
	const struct nic_reg amount = nic_imm(m->insn->bit + 1);

	if (m->insn->bit > 31)
		fail(m, "there are bits 0 to 31");
	put_sources(m, &m->insn->left, &amount);
}

static void
put_operands(struct making *m)
{
	const struct nic_insn *i = m->insn;

	switch (m->form->place) {
	case NIC_PLACE_NOTHING: break;
	case NIC_PLACE_DST_LEFT_RIGHT:
	case NIC_PLACE_DST_LEFT_CODE:
		put_dst(m, NIC_F_DST);
		put_sources(m, &i->left, &i->right);
		break;
	case NIC_PLACE_LEFT_RIGHT:
		if (!has_field(m, NIC_F_SWAP) && i->right.kind != NIC_IMM)
			fail(m, "the right operand must be an immediate");
		put_sources(m, &i->left, &i->right);
		break;
	case NIC_PLACE_DST_IS_LEFT:
		put_sources(m, &i->dst, &i->right);
		put_dst_bits(m);
		break;
	case NIC_PLACE_DST_IMMEDIATE:
		put_immediate(m, &i->dst);
		put_dst_bits(m);
		break;
	case NIC_PLACE_LEFT_OFFSET: put_immediate(m, &i->left); break;
	case NIC_PLACE_LEFT_BIT: put_bit(m); break;
	case NIC_PLACE_SOURCE: put_csr_source(m); break;
	case NIC_PLACE_DST_FIELDS_RIGHT: /* swapped when all fields are there */
		put_dst(m, NIC_F_DST);
		put_source(m, NIC_F_B, &i->right);
		break;
	case NIC_PLACE_DST_IN_A: put_dst(m, NIC_F_A); break;
	case NIC_PLACE_FIXED: put_sources_fixed(m); break;
	}
}

/* ---- the instruction ---- */

/* What the operation has and what it has not. */
static void
check_operands(struct making *m)
{
	const struct nic_insn *i = m->insn;
	enum nic_op op = i->op;

	if (!nic_op_has_letter(op, 'D') && !nic_op_has_letter(op, 'F') && i->dst.kind != NIC_NONE)
		fail(m, "this instruction has no destination");
	if (nic_op_has_letter(op, 'F') && (i->dst.kind == NIC_NONE || i->dst.kind == NIC_IMM))
		fail(m, "the destination must be a register");
	if (nic_op_has_letter(op, 'L') != (i->left.kind != NIC_NONE))
		fail(m, i->left.kind == NIC_NONE ? "the left operand is missing"
						 : "this instruction has no left operand");
	if ((nic_op_has_letter(op, 'R') || nic_op_has_letter(op, 'a')) !=
		(i->right.kind != NIC_NONE))
		fail(m, i->right.kind == NIC_NONE ? "the right operand is missing"
						  : "this instruction has no right operand");
	if ((i->right.kind == NIC_CODE) != nic_op_has_letter(op, 'a') || i->left.kind == NIC_CODE ||
		i->dst.kind == NIC_CODE)
		fail(m, "no such kind of operand");
	if (i->bit && m->form->place != NIC_PLACE_LEFT_BIT)
		fail(m, "this instruction has no bit number");
}

/* The field as stored: a shift to the left is a rotation by the rest of the word. */
static uint32_t
stored(struct making *m, enum nic_field field)
{
	const struct nic_insn *i = m->insn;

	if (field != NIC_F_SHIFT || i->sc != NIC_SC_LEFT)
		return i->field[field];
	if (i->shift > 31)
		fail(m, too_large[NIC_F_SHIFT]);
	return (32 - i->shift) & 31;
}

static void
put_fields(struct making *m)
{
	uint64_t shown = nic_op_shows(m->insn->op);

	for (unsigned int f = 0; f < NIC_FIELD_LOGICAL_CNT; f++) {
		enum nic_field field = (enum nic_field)f;

		if (!m->insn->field[f])
			continue;
		if (!(shown >> f & 1) || !has_field(m, field)) {
			fail(m, "a field is given that this instruction does not have");
		} else if (field != NIC_F_IMM_HI) { /* put_immediate() */
			put(m, field, stored(m, field));
		}
	}
	if (m->insn->defer > m->op->defer_max)
		fail(m, "more deferred instructions than it has slots");
}

static void
check_command(struct making *m)
{
	const struct nic_insn *i = m->insn;
	uint32_t cnt = has_field(m, NIC_F_CNT) ? i->cnt : i->imm_data >> 7 & 7;

	if (has_field(m, NIC_F_TGT) && !nic_command_find(i->tgt, i->token, cnt))
		fail(m, "no such command");
}

const char *
nic_encode(const struct nic_insn *insn, uint64_t *word)
{
	struct making m = { .insn = insn };

	if ((unsigned int)insn->op >= NIC_OP_CNT)
		return "no such instruction";
	m.op = nic_op_info(insn->op);
	m.form = nic_form_info(m.op->form);
	check_operands(&m);
	if (m.err) /* put_operands() relies on it */
		return m.err;
	put_operands(&m);
	put_fields(&m);
	check_command(&m);
	m.word |= m.op->match.value | m.op->preset;
	if (m.op->unless.mask && (m.word & m.op->unless.mask) == m.op->unless.value)
		fail(&m, "a field holds what makes it no instruction, or another");
	if (m.err)
		return m.err;
	if (m.form->place == NIC_PLACE_DST_FIELDS_RIGHT && nic_is_bank_a(insn->right.kind)) {
		put(&m, NIC_F_SWAP, 1);
		m.word = nic_exchange(m.word);
	}
	if (insn->odd & ~NIC_INSN_MASK)
		return "bits above the instruction are given";
	*word = m.word ^ insn->odd;
	return NULL;
}
