/* SPDX-License-Identifier: BSD-2-Clause */
/* Letters of operands, shifts and immediates (text.c). */
#include "nic/internal.h"

#include <ctype.h>

#define F(field) (UINT64_C(1) << NIC_F_##field)

/* ---- operands ---- */

static void
print_reg(struct nic_line *line, const struct nic_reg *reg)
{
	static const char *const posts[] = { "", "++", "--" };

	switch (reg->kind) {
	case NIC_GPR_A:
	case NIC_GPR_BOTH: nic_put(line, "gprA_%u", reg->num); break;
	case NIC_GPR_B:
	case NIC_GPR_BOTH_B: nic_put(line, "gprB_%u", reg->num); break;
	case NIC_ABS_A: nic_put(line, "@gprA_%u", reg->num); break;
	case NIC_ABS_B: nic_put(line, "@gprB_%u", reg->num); break;
	case NIC_XFER: nic_put(line, "$xfer_%u", reg->num); break;
	case NIC_XFER_INDEX: nic_put(line, "*$index%s", posts[reg->post]); break;
	case NIC_LM:
		nic_put(line, "*l$index%u%s", reg->num, posts[reg->post]);
		if (reg->off)
			nic_put(line, "[%u]", reg->off);
		break;
	case NIC_NN: nic_put(line, "n$reg_%u", reg->num); break;
	case NIC_NN_INDEX: nic_put(line, "*n$index%s", posts[reg->post]); break;
	case NIC_IMM: nic_put(line, "0x%x", reg->num); break;
	default: nic_put(line, "--"); break;
	}
}

static void
print_dst(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	print_reg(line, &insn->dst);
}

static void
print_source(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	print_reg(line, letter == 'L' ? &insn->left : &insn->right);
}

static void
read_post(struct nic_input *in, struct nic_reg *reg)
{
	if (nic_read_word(in, "++"))
		reg->post = NIC_POST_INC;
	else if (nic_read_word(in, "--"))
		reg->post = NIC_POST_DEC;
}

/* "*l$index0", then "++", "--" or "[3]" */
static bool
read_lm(struct nic_input *in, struct nic_reg *reg)
{
	if (!nic_read_number(in, 3, "local-memory pointer 0 to 3", &reg->num))
		return false;
	read_post(in, reg);
	if (reg->post || !nic_read_word(in, "["))
		return true;
	return nic_read_number(in, 15, "word offset 0 to 15", &reg->off) && nic_read_bracket(in);
}

static bool
read_reg(struct nic_input *in, struct nic_reg *reg)
{
	static const struct {
		const char *prefix;
		enum nic_kind kind;
		uint32_t max;
		const char *what;
	} names[] = {
		{ "gprA_", NIC_GPR_A, 31, "GPR number 0 to 31" },
		{ "gprB_", NIC_GPR_B, 31, "GPR number 0 to 31" },
		{ "@gprA_", NIC_ABS_A, 127, "absolute GPR number 0 to 127" },
		{ "@gprB_", NIC_ABS_B, 127, "absolute GPR number 0 to 127" },
		{ "$xfer_", NIC_XFER, 63, "transfer register number 0 to 63" },
		{ "n$reg_", NIC_NN, 31, "next-neighbour register number 0 to 31" },
	};

	*reg = (struct nic_reg){ .kind = NIC_NONE };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (nic_read_word(in, names[i].prefix)) {
			reg->kind = names[i].kind;
			return nic_read_number(in, names[i].max, names[i].what, &reg->num);
		}
	if (nic_read_word(in, "*l$index")) {
		reg->kind = NIC_LM;
		return read_lm(in, reg);
	}
	if (nic_read_word(in, "*$index"))
		reg->kind = NIC_XFER_INDEX;
	else if (nic_read_word(in, "*n$index"))
		reg->kind = NIC_NN_INDEX;
	else
		nic_expect(in, in->p, "a register");
	read_post(in, reg);
	return reg->kind != NIC_NONE;
}

static bool
read_dst(struct nic_input *in, char letter, struct nic_insn *insn)
{
	if (letter == 'D' && nic_read_word(in, "--")) {
		insn->dst.kind = NIC_NONE;
		return true;
	}
	if (letter == 'D')
		nic_expect(in, in->p, "`--`");
	return read_reg(in, &insn->dst);
}

static bool
read_source(struct nic_input *in, char letter, struct nic_insn *insn)
{
	struct nic_reg *reg = letter == 'L' ? &insn->left : &insn->right;

	if (!isdigit((unsigned char)*in->p)) {
		nic_expect(in, in->p, "a number");
		return read_reg(in, reg);
	}
	reg->kind = NIC_IMM;
	return nic_read_number(in, 255, "a number up to 0xff", &reg->num);
}

/* ---- shifts and immediates ---- */

static void
print_shift(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	static const char *const ways[] = { ">>rot", ">>", "<<", ">>dbl" };

	if (insn->sc == NIC_SC_ROTATE && !insn->shift)
		return;
	nic_put(line, ", %s", ways[insn->sc]);
	if (!insn->shift && insn->sc != NIC_SC_DOUBLE)
		nic_put(line, "indirect");
	else
		nic_put(line, "%u", insn->shift);
	(void)letter;
}

/* Behind ">>" or "<<". */
static bool
read_amount(struct nic_input *in, uint32_t *shift)
{
	const char *start = in->p;

	*shift = 0;
	if (nic_read_word(in, "indirect"))
		return true;
	nic_expect(in, in->p, "`indirect`");
	if (!nic_read_number(in, 31, "a shift of 1 to 31", shift))
		return false;
	if (!*shift)
		nic_expect(in, start, "a shift of 1 to 31");
	return *shift != 0;
}

static bool
read_shift(struct nic_input *in, char letter, struct nic_insn *insn)
{
	if (letter == 'S' && nic_read_option(in, ">>dbl")) {
		insn->sc = NIC_SC_DOUBLE;
		return nic_read_number(in, 31, "a shift of 0 to 31", &insn->shift);
	}
	if (nic_read_option(in, ">>rot"))
		return nic_read_number(in, 31, "a rotation of 0 to 31", &insn->shift);
	if (nic_read_option(in, ">>")) {
		insn->sc = NIC_SC_RIGHT;
		return read_amount(in, &insn->shift);
	}
	if (nic_read_option(in, "<<")) {
		insn->sc = NIC_SC_LEFT;
		return read_amount(in, &insn->shift);
	}
	return true;
}

static void
print_right_shift(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (insn->shift)
		nic_put(line, ">>%u", insn->shift);
	else
		nic_put(line, ">>indirect");
}

static bool
read_right_shift(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	if (nic_read_word(in, ">>"))
		return read_amount(in, &insn->shift);
	nic_expect(in, in->p, "`>>`");
	return false;
}

static void
print_imm(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	uint32_t value = insn->imm;

	if (letter == 'i' && insn->inv)
		value = (value ^ 0xffff) | 0xffff0000;
	nic_put(line, "0x%x", value);
}

static bool
read_imm(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const char *start = in->p;

	if (letter == 'j')
		return nic_read_number(in, 0xff, "a number up to 0xff", &insn->imm);
	if (letter == 'k')
		return nic_read_number(in, 0xffff, "a number up to 0xffff", &insn->imm);
	if (!nic_read_number(in, UINT32_MAX, "a number of 32 bits", &insn->imm))
		return false;
	if (insn->imm > 0xffff && insn->imm < 0xffff0000) {
		nic_expect(in, start, "a number up to 0xffff, or from 0xffff0000");
		return false;
	}
	insn->inv = insn->imm > 0xffff;
	if (insn->inv)
		insn->imm = ~insn->imm;
	return true;
}

static void
print_imm_shift(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (insn->imm_shift)
		nic_put(line, ", <<%u", 8 * insn->imm_shift);
}

static bool
read_imm_shift(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	if (nic_read_option(in, "<<8"))
		insn->imm_shift = 1;
	else if (nic_read_option(in, "<<16"))
		insn->imm_shift = 2;
	return true;
}

static void
print_mask(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	for (int byte = 3; byte >= 0; byte--)
		nic_put(line, "%u", insn->bmask >> byte & 1);
}

static bool
read_mask(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	for (unsigned int i = 0; i < 4; i++, in->p++) {
		if (*in->p != '0' && *in->p != '1') {
			nic_expect(in, in->p, "a byte mask of four 0 or 1");
			return false;
		}
		insn->bmask = insn->bmask << 1 | (uint32_t)(*in->p - '0');
	}
	return true;
}

/* ---- the CAM ---- */

static void
print_cam_lm(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	uint32_t code = insn->right.num;

	(void)letter;
	if (code)
		nic_put(line, ", lm_addr%u[%u]", (code >> 1 & 1) + (code >> 4 & 1) * 2,
			code >> 2 & 3);
}

static bool
read_cam_lm(struct nic_input *in, char letter, struct nic_insn *insn)
{
	uint32_t pointer, value;

	(void)letter;
	insn->right = (struct nic_reg){ .kind = NIC_CODE };
	if (!nic_read_option(in, "lm_addr"))
		return true;
	if (!nic_read_number(in, 3, "local-memory pointer 0 to 3", &pointer))
		return false;
	if (!nic_read_word(in, "[")) {
		nic_expect(in, in->p, "`[`");
		return false;
	}
	if (!nic_read_number(in, 3, "a number 0 to 3", &value))
		return false;
	insn->right.num = (pointer & 1 ? 2u : 1u) | value << 2 | (pointer & 2) << 3;
	return nic_read_bracket(in);
}

/* ---- the letters ---- */

const struct nic_letter nic_operand_letters[NIC_LETTER_CNT] = {
	['D'] = { 0, print_dst, read_dst },
	['F'] = { 0, print_dst, read_dst },
	['L'] = { 0, print_source, read_source },
	['R'] = { 0, print_source, read_source },
	['s'] = { F(SC) | F(SHIFT), print_shift, read_shift },
	['S'] = { F(SC) | F(SHIFT), print_shift, read_shift },
	['r'] = { F(SHIFT), print_right_shift, read_right_shift },
	['i'] = { F(IMM_HI) | F(INV), print_imm, read_imm },
	['j'] = { F(IMM_HI), print_imm, read_imm },
	['k'] = { F(IMM_HI), print_imm, read_imm },
	['h'] = { F(IMM_SHIFT), print_imm_shift, read_imm_shift },
	['m'] = { F(BMASK), print_mask, read_mask },
	['a'] = { 0, print_cam_lm, read_cam_lm },
};
