/* SPDX-License-Identifier: BSD-2-Clause */
/* Words to instructions to text and back, by the million; NIC_SEED=N repeats a run. */
#include "nic/internal.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/random.h"

#include <string.h>

#define WORDS 1000000u
#define TEXTS 150000u
#define INSNS 500000u

/* A word of a random operation with random bits where the form has fields. */
static uint64_t
random_word(enum nic_op op)
{
	const struct nic_op_info *info = nic_op_info(op);
	uint64_t bits = nic_form_bits(info->form) & ~info->match.mask;

	return (random_bits() & bits) | info->match.value;
}

static enum nic_op
random_op(void)
{
	return (enum nic_op)random_below(NIC_OP_CNT);
}

static void
every_legal_word_is_encoded_as_it_was(void **state)
{
	static uint32_t legal[NIC_OP_CNT];
	struct nic_insn insn;
	uint64_t again;

	(void)state;
	for (uint32_t i = 0; i < WORDS; i++) {
		uint64_t word = random_word(random_op());

		if (nic_decode(word, &insn))
			continue;
		legal[insn.op]++;
		again = 0;
		if (nic_encode(&insn, &again) || again != word)
			fail_msg("%012llx became %012llx", (unsigned long long)word,
				(unsigned long long)again);
	}
	for (unsigned int op = 0; op < NIC_OP_CNT; op++)
		if (legal[op] < 50 && op != NIC_OP_NOP && op != NIC_OP_RTN)
			fail_msg("only %u legal words of %s", legal[op],
				nic_op_info((enum nic_op)op)->name);
}

static void
every_text_is_assembled_to_its_word(void **state)
{
	struct nic_asm_error error;
	char text[NIC_TEXT_MAX];
	struct nic_insn insn;
	uint32_t illegal = 0;
	uint64_t again;

	(void)state;
	for (uint32_t i = 0; i < TEXTS; i++) {
		uint64_t word = random_word(random_op());

		nic_format(word, text);
		assert_true(strlen(text) + 1 < sizeof(text));
		illegal += nic_decode(word, &insn) != NULL;
		assert_int_equal(!strncmp(text, ".word 0x", 8), nic_decode(word, &insn) != NULL);
		again = 0;
		if (nic_parse(text, &again, &error))
			fail_msg("%012llx: %s\n%u: %s", (unsigned long long)word, text,
				error.column, error.text);
		if (again != word)
			fail_msg("%012llx: %s became %012llx", (unsigned long long)word, text,
				(unsigned long long)again);
	}
	assert_in_range(illegal, TEXTS / 10, TEXTS - TEXTS / 10);
}

/* ---- the other way round: what an instruction says is in its word ---- */

static struct nic_reg
random_reg(bool is_dst)
{
	static const enum nic_kind kinds[] = { NIC_GPR_A, NIC_GPR_B, NIC_GPR_A, NIC_GPR_B,
		NIC_ABS_A, NIC_ABS_B, NIC_XFER, NIC_XFER_INDEX, NIC_LM, NIC_LM, NIC_NN,
		NIC_NN_INDEX, NIC_IMM, NIC_GPR_BOTH, NIC_GPR_BOTH_B, NIC_NONE };
	struct nic_reg reg = { .kind = kinds[random_below(is_dst ? 16 : 13)] };

	switch (reg.kind) {
	case NIC_NONE: break;
	case NIC_XFER: reg.num = random_below(64); break;
	case NIC_LM:
		reg.num = random_below(4);
		reg.post = random_below(2) ? (enum nic_post)random_below(3) : NIC_POST_NONE;
		reg.off = reg.post ? 0 : random_below(16);
		break;
	case NIC_XFER_INDEX: reg.post = (enum nic_post)random_below(3); break;
	case NIC_NN_INDEX: reg.post = (enum nic_post)random_below(2); break;
	case NIC_IMM: reg.num = random_below(256); break;
	default: reg.num = random_below(32); break;
	}
	return reg;
}

static void
fill_fields(struct nic_insn *insn)
{
	enum nic_form form = nic_op_info(insn->op)->form;

	for (unsigned int f = 0; f < NIC_FIELD_LOGICAL_CNT; f++) {
		unsigned int width = nic_field_width(form, (enum nic_field)f);

		if (nic_op_shows(insn->op) >> f & 1 && width)
			insn->field[f] = random_below(UINT32_C(1) << width);
	}
	if (nic_field_width(form, NIC_F_IMM_HI) && nic_op_shows(insn->op) >> NIC_F_IMM_HI & 1)
		insn->imm = nic_op_has_letter(insn->op, 'j') ? random_below(256)
							     : insn->imm << 8 | random_below(256);
	if (nic_op_has_letter(insn->op, 'u') && !insn->resume)
		insn->addr = 0;
	if (nic_op_has_letter(insn->op, 'B'))
		insn->bit = random_below(32);
	if (nic_op_has_letter(insn->op, 'a')) {
		insn->right.kind = NIC_CODE;
		insn->right.num = random_below(2) ? 0x11 : 0;
	}
}

static struct nic_insn
random_insn(enum nic_op op)
{
	struct nic_insn insn = { .op = op };

	if (nic_op_has_letter(op, 'D') || nic_op_has_letter(op, 'F'))
		insn.dst = random_reg(true);
	if (nic_op_has_letter(op, 'L'))
		insn.left = random_reg(false);
	if (nic_op_has_letter(op, 'R'))
		insn.right = random_reg(false);
	fill_fields(&insn);
	return insn;
}

/* An address whose halves no bank tells apart reads as the other form of the command. */
static bool
is_either(const struct nic_insn *insn)
{
	return (insn->op == NIC_OP_CMD_B40 || insn->op == NIC_OP_CMD_THIRD_B) &&
	       !nic_is_bank_a(insn->left.kind) && !nic_is_bank_b(insn->right.kind);
}

/* What the word cannot tell from another way of saying it. */
static void
normalise(struct nic_insn *insn)
{
	/* ld_field reads the one that the other source leaves it */
	if (insn->dst.kind == NIC_GPR_BOTH && nic_op_has_letter(insn->op, 'F') &&
		nic_is_bank_a(insn->right.kind))
		insn->dst.kind = NIC_GPR_BOTH_B;
	if (insn->op == NIC_OP_JUMP && insn->imm == 0)
		insn->op = NIC_OP_RTN;
	if (insn->op == NIC_OP_IMMED && insn->dst.kind == NIC_NONE && !insn->imm && !insn->inv &&
		!insn->imm_shift && !insn->pred_cc)
		insn->op = NIC_OP_NOP;
}

static void
assert_same_reg(const char *what, const struct nic_reg *a, const struct nic_reg *b)
{
	if (a->kind != b->kind || a->num != b->num || a->off != b->off || a->post != b->post)
		fail_msg("%s: kind %d num %u became kind %d num %u", what, (int)a->kind, a->num,
			(int)b->kind, b->num);
}

static void
every_instruction_is_in_its_word(void **state)
{
	static uint32_t encoded[NIC_OP_CNT];
	struct nic_insn out;
	uint64_t word;

	(void)state;
	for (uint32_t i = 0; i < INSNS; i++) {
		struct nic_insn in = random_insn(random_op());
		const char *name = nic_op_info(in.op)->name;

		if (nic_encode(&in, &word) || is_either(&in))
			continue;
		encoded[in.op]++;
		normalise(&in);
		if (nic_decode(word, &out))
			fail_msg("%s: %012llx is none", name, (unsigned long long)word);
		assert_int_equal(out.op, in.op);
		assert_same_reg(name, &in.dst, &out.dst);
		assert_same_reg(name, &in.left, &out.left);
		assert_same_reg(name, &in.right, &out.right);
		for (unsigned int f = 0; f < NIC_FIELD_LOGICAL_CNT; f++)
			if (in.field[f] != out.field[f])
				fail_msg("%s.%s: %u became %u", name,
					nic_field_name((enum nic_field)f), in.field[f],
					out.field[f]);
		assert_int_equal(in.bit, out.bit);
		assert_int_equal(out.odd, 0);
	}
	for (unsigned int op = 0; op < NIC_OP_CNT; op++)
		if (encoded[op] < 50)
			fail_msg("only %u of %s", encoded[op], nic_op_info((enum nic_op)op)->name);
}

/* Any 64 bits: the relocation type and the ECC are not the instruction's. */
static void
any_word_prints(void **state)
{
	struct nic_asm_error error;
	char text[NIC_TEXT_MAX];
	uint64_t again;

	(void)state;
	for (uint32_t i = 0; i < TEXTS; i++) {
		uint64_t word = random_bits();

		nic_format(word, text);
		assert_true(text[0]);
		assert_int_equal(nic_parse(text, &again, &error), 0);
		assert_int_equal(again, word & NIC_INSN_MASK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_legal_word_is_encoded_as_it_was),
		cmocka_unit_test(every_text_is_assembled_to_its_word),
		cmocka_unit_test(every_instruction_is_in_its_word),
		cmocka_unit_test(any_word_prints),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
