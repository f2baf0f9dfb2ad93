/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a word to what it says. What the encoder would have done otherwise is kept in
 * nic_insn.odd, so that encoding gives the same word again. Used by the printer, the simulator,
 * the JIT's passes.
 */
#include "nic/internal.h"

struct taking {
	uint64_t word;
	const struct nic_form_info *form;
	enum nic_form form_id;
	struct nic_insn *insn;
	const char *err;
};

static void
fail(struct taking *t, const char *reason)
{
	if (!t->err)
		t->err = reason;
}

static uint32_t
get(const struct taking *t, enum nic_field field)
{
	return nic_field_get(t->form_id, field, t->word);
}

static bool
is_imm(const struct taking *t, enum nic_field field)
{
	return nic_code_is_imm(t->form->operands, get(t, field));
}

static void
get_reg(struct taking *t, enum nic_field field, bool is_bank_b, enum nic_field lmx,
	struct nic_reg *reg)
{
	const char *reason = nic_code_get(t->form->operands, get(t, field), is_bank_b,
		get(t, lmx) != 0, get(t, NIC_F_I8) != 0, reg);

	if (reason)
		fail(t, reason);
}

static void
get_source(struct taking *t, enum nic_field field, struct nic_reg *reg)
{
	get_reg(t, field, field == NIC_F_B, NIC_F_SRC_LMX, reg);
}

/* A register that is written, from the field and bank that name it. */
static void
get_dst(struct taking *t, enum nic_field field, bool is_bank_b)
{
	struct nic_reg *dst = &t->insn->dst;

	if (is_imm(t, field)) /* whatever its value: no destination */
		return;
	get_reg(t, field, is_bank_b, NIC_F_DST_LMX, dst);
	if (get(t, NIC_F_WR_BOTH) && dst->kind == NIC_GPR_A)
		dst->kind = NIC_GPR_BOTH;
	if (get(t, NIC_F_WR_BOTH) && dst->kind == NIC_GPR_B)
		dst->kind = NIC_GPR_BOTH_B;
}

/* The B field holds the left operand. Where no bit says so, the immediate does. */
static bool
is_swapped(const struct taking *t)
{
	if (t->form->fields[NIC_F_SWAP][0].width)
		return get(t, NIC_F_SWAP) != 0;
	return t->form->place == NIC_PLACE_LEFT_RIGHT && is_imm(t, NIC_F_A);
}

static void
get_sources(struct taking *t)
{
	enum nic_field left = is_swapped(t) ? NIC_F_B : NIC_F_A;
	enum nic_field right = is_swapped(t) ? NIC_F_A : NIC_F_B;

	if (nic_op_has_letter(t->insn->op, 'L'))
		get_source(t, left, &t->insn->left);
	if (nic_op_has_letter(t->insn->op, 'R'))
		get_source(t, right, &t->insn->right);
}

/* cam_lookup: bits 0 and 1 say which local-memory pointer, bit 4 adds 2, bits 3:2 are its value. */
static void
get_cam_code(struct taking *t)
{
	uint32_t code = get(t, is_swapped(t) ? NIC_F_A : NIC_F_B);
	uint32_t pointer = code & 2 ? 2 : 1;

	t->insn->right.kind = NIC_CODE;
	if (code & 3)
		t->insn->right.num = (code & 0x1c) | pointer;
}

/* The one that is not the immediate is the register; where both are, there is none. */
static void
get_dst_immediate(struct taking *t)
{
	bool in_b = is_imm(t, NIC_F_B);

	if (!in_b && !is_imm(t, NIC_F_A))
		fail(t, "neither operand is the immediate");
	get_dst(t, in_b ? NIC_F_A : NIC_F_B, !in_b);
	t->insn->imm = get(t, in_b ? NIC_F_B : NIC_F_A) & 0xff;
	if (!nic_op_has_letter(t->insn->op, 'j')) /* of one byte the high one means nothing */
		t->insn->imm |= get(t, NIC_F_IMM_HI) << 8;
}

/* A register, and an immediate in the other field. */
static struct nic_reg
get_left_and_imm(struct taking *t)
{
	bool swapped = is_imm(t, NIC_F_A);
	struct nic_reg imm = { .kind = NIC_NONE };

	if (swapped == is_imm(t, NIC_F_B))
		fail(t, "one operand must be a register and the other an immediate");
	get_source(t, swapped ? NIC_F_B : NIC_F_A, &t->insn->left);
	get_source(t, swapped ? NIC_F_A : NIC_F_B, &imm);
	return imm;
}

static void
get_csr_source(struct taking *t)
{
	if (nic_op_has_letter(t->insn->op, 'L'))
		get_source(t, is_imm(t, NIC_F_A) && !is_imm(t, NIC_F_B) ? NIC_F_B : NIC_F_A,
			&t->insn->left);
}

static void
get_operands(struct taking *t)
{
	switch (t->form->place) {
	case NIC_PLACE_NOTHING: break;
	case NIC_PLACE_DST_LEFT_CODE: get_cam_code(t); /* fall through */
	case NIC_PLACE_DST_LEFT_RIGHT:
	case NIC_PLACE_DST_FIELDS_RIGHT:
		if (nic_op_has_letter(t->insn->op, 'D'))
			get_dst(t, NIC_F_DST, get(t, NIC_F_DST_BANK) != 0);
		get_sources(t);
		break;
	case NIC_PLACE_LEFT_RIGHT:
	case NIC_PLACE_FIXED: get_sources(t); break;
	case NIC_PLACE_DST_IS_LEFT:
		get_dst(t, is_swapped(t) ? NIC_F_B : NIC_F_A, is_swapped(t));
		get_sources(t);
		break;
	case NIC_PLACE_DST_IMMEDIATE: get_dst_immediate(t); break;
	case NIC_PLACE_LEFT_OFFSET:
		t->insn->imm = get(t, NIC_F_IMM_HI) << 8 | get_left_and_imm(t).num;
		break;
	case NIC_PLACE_LEFT_BIT: t->insn->bit = (get_left_and_imm(t).num - 1) & 31; break;
	case NIC_PLACE_SOURCE: get_csr_source(t); break;
	case NIC_PLACE_DST_IN_A: get_dst(t, NIC_F_A, get(t, NIC_F_DST_BANK) != 0); break;
	}
}

static void
get_fields(struct taking *t)
{
	uint64_t shown = nic_op_shows(t->insn->op);

	for (unsigned int f = 0; f < NIC_FIELD_LOGICAL_CNT; f++)
		if (shown >> f & 1 && f != NIC_F_IMM_HI)
			t->insn->field[f] = get(t, (enum nic_field)f);
	if (shown >> NIC_F_RESUME & 1 && !t->insn->resume) /* where nobody goes */
		t->insn->addr = 0;
	if (t->insn->sc == NIC_SC_LEFT)
		t->insn->shift = (32 - t->insn->shift) & 31;
}

/*
 * (B << 8) + A reads as (A << 8) + B where no bank tells them apart: it is the same address, so it
 * is taken for that.
 */
static enum nic_op
address_form(struct nic_insn *i)
{
	const struct nic_reg low = i->left;

	if (nic_is_bank_a(i->left.kind) || nic_is_bank_b(i->right.kind))
		return i->op;
	i->left = i->right;
	i->right = low;
	return i->op == NIC_OP_CMD_B40 ? NIC_OP_CMD_A40 : NIC_OP_CMD_THIRD_A;
}

/* The register of a swapped instruction, read through bank B's side, is of bank A. */
static void
swap_bank(struct nic_reg *reg)
{
	if (reg->kind == NIC_GPR_B)
		reg->kind = NIC_GPR_A;
	if (reg->kind == NIC_ABS_B)
		reg->kind = NIC_ABS_A;
}

/* Words that have a spelling of their own. */
static enum nic_op
spelling(struct nic_insn *i)
{
	if (i->op == NIC_OP_CMD_B40 || i->op == NIC_OP_CMD_THIRD_B)
		return address_form(i);
	if (i->op == NIC_OP_JUMP && i->imm == 0)
		return NIC_OP_RTN;
	if (i->op == NIC_OP_IMMED && i->dst.kind == NIC_NONE && !i->imm && !i->inv &&
		!i->imm_shift && !i->pred_cc)
		return NIC_OP_NOP;
	return i->op;
}

const char *
nic_decode(uint64_t word, struct nic_insn *insn)
{
	struct taking t = { .word = word & NIC_INSN_MASK, .insn = insn };
	uint64_t encoded = 0;
	const char *reason;

	*insn = (struct nic_insn){ .op = nic_op_find(t.word) };
	if (insn->op == NIC_OP_CNT)
		return "no such instruction";
	t.form_id = nic_op_info(insn->op)->form;
	t.form = nic_form_info(t.form_id);
	if (t.word & ~nic_form_bits(t.form_id))
		return "bits that must be 0 are set";
	t.word = nic_unswap_fields(t.word);
	get_operands(&t);
	get_fields(&t);
	if (t.word != (word & NIC_INSN_MASK))
		swap_bank(&insn->right);
	if (t.err)
		return t.err;
	insn->op = spelling(insn);
	reason = nic_encode(insn, &encoded);
	if (reason)
		return reason;
	insn->odd = (word & NIC_INSN_MASK) ^ encoded;
	return NULL;
}
