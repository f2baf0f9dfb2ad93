/* SPDX-License-Identifier: BSD-2-Clause */
/* The encoder places operands as the driver's does, and refuses what it refuses
 * (reference/nfp-isa.md 3.3); ECC and relocation type sit where they should. */
#include "nic/nic.h"
#include "tests/_cmocka.h"

#define A(n) nic_gpr(NIC_GPR_A, n)
#define B(n) nic_gpr(NIC_GPR_B, n)
#define BOTH(n) nic_gpr(NIC_GPR_BOTH, n)

static uint64_t
encoded(struct nic_insn insn)
{
	uint64_t word = 0;
	const char *reason = nic_encode(&insn, &word);

	if (reason)
		fail_msg("refused: %s", reason);
	return word;
}

static void
assert_refused(struct nic_insn insn, const char *reason)
{
	uint64_t word = 0;
	const char *now = nic_encode(&insn, &word);

	if (!now)
		fail_msg("made %012llx, not: %s", (unsigned long long)word, reason);
	assert_string_equal(now, reason);
	assert_int_equal(word, 0);
}

static uint32_t
field_of(uint64_t word, enum nic_field field)
{
	return nic_field_get(NIC_FORM_ALU, field, word);
}

static void
operands_go_where_their_banks_are(void **state)
{
	static const struct {
		struct nic_reg left, right;
		uint32_t a, b, swap;
	} cases[] = {
		{ { NIC_GPR_A, 1, 0, 0 }, { NIC_GPR_B, 2, 0, 0 }, 1, 2, 0 },
		{ { NIC_GPR_B, 1, 0, 0 }, { NIC_GPR_A, 2, 0, 0 }, 2, 1, 1 },
		{ { NIC_IMM, 5, 0, 0 }, { NIC_GPR_A, 2, 0, 0 }, 2, 0x305, 1 },
		{ { NIC_IMM, 5, 0, 0 }, { NIC_GPR_B, 2, 0, 0 }, 0x305, 2, 0 },
		{ { NIC_GPR_A, 1, 0, 0 }, { NIC_IMM, 5, 0, 0 }, 1, 0x305, 0 },
		{ { NIC_GPR_B, 1, 0, 0 }, { NIC_IMM, 5, 0, 0 }, 0x305, 1, 1 },
		{ { NIC_LM, 1, 3, 0 }, { NIC_GPR_B, 2, 0, 0 }, 0x223, 2, 0 },
		{ { NIC_GPR_B, 2, 0, 0 }, { NIC_LM, 1, 3, 0 }, 0x223, 2, 1 },
		{ { NIC_XFER, 40, 0, 0 }, { NIC_IMM, 255, 0, 0 }, 0x1c8, 0x3ff, 0 },
		{ { NIC_GPR_BOTH, 4, 0, 0 }, { NIC_GPR_A, 2, 0, 0 }, 2, 4, 1 },
		{ { NIC_GPR_B, 2, 0, 0 }, { NIC_GPR_BOTH, 4, 0, 0 }, 4, 2, 1 },
		{ { NIC_NN, 7, 0, 0 }, { NIC_LM, 0, 0, NIC_POST_DEC }, 0x287, 0x211, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t word = encoded((struct nic_insn){ .op = NIC_OP_ADD,
			.dst = A(0),
			.left = cases[i].left,
			.right = cases[i].right });

		assert_int_equal(field_of(word, NIC_F_A), cases[i].a);
		assert_int_equal(field_of(word, NIC_F_B), cases[i].b);
		assert_int_equal(field_of(word, NIC_F_SWAP), cases[i].swap);
	}
}

static void
a_missing_operand_is_0_and_a_missing_destination_is_an_immediate(void **state)
{
	(void)state;
	assert_int_equal(
		encoded((struct nic_insn){ .op = NIC_OP_B, .dst = BOTH(6), .right = B(8) }),
		0x02a000602000);
	assert_int_equal(encoded((struct nic_insn){ .op = NIC_OP_B, .right = A(1) }),
		0x00a000000000 | 0x300 << 20 | 1 << 30 | 1);
}

static void
destinations_say_their_bank(void **state)
{
	uint64_t word;

	(void)state;
	word = encoded((struct nic_insn){ .op = NIC_OP_B, .dst = B(3), .right = B(1) });
	assert_int_equal(field_of(word, NIC_F_DST_BANK), 1);
	assert_int_equal(field_of(word, NIC_F_WR_BOTH), 0);
	word = encoded((struct nic_insn){ .op = NIC_OP_B, .dst = BOTH(3), .right = B(1) });
	assert_int_equal(field_of(word, NIC_F_DST_BANK), 0);
	assert_int_equal(field_of(word, NIC_F_WR_BOTH), 1);
}

static void
pointers_2_and_3_set_the_extension_bits(void **state)
{
	uint64_t word;

	(void)state;
	word = encoded((struct nic_insn){
		.op = NIC_OP_ADD, .dst = nic_lm(3, 1), .left = nic_lm(1, 0), .right = B(1) });
	assert_int_equal(field_of(word, NIC_F_DST_LMX), 1);
	assert_int_equal(field_of(word, NIC_F_SRC_LMX), 0);
	assert_int_equal(field_of(word, NIC_F_DST), 0x221);
	word = encoded((struct nic_insn){
		.op = NIC_OP_ADD, .dst = nic_lm(0, 15), .left = A(0), .right = nic_lm(2, 1) });
	assert_int_equal(field_of(word, NIC_F_DST_LMX), 0);
	assert_int_equal(field_of(word, NIC_F_SRC_LMX), 1);
}

#define SAME_KIND "both sources are of the same kind: one may come from each bank"

static void
two_sources_of_one_kind_are_refused(void **state)
{
	const struct nic_reg pairs[][2] = {
		{ A(1), A(2) },
		{ B(1), B(2) },
		{ BOTH(1), BOTH(2) },
		{ nic_imm(1), nic_imm(1) },
		{ nic_lm(0, 0), nic_lm(1, 0) },
		{ nic_xfer(0), nic_xfer(1) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_refused((struct nic_insn){ .op = NIC_OP_ADD,
				       .dst = A(0),
				       .left = pairs[i][0],
				       .right = pairs[i][1] },
			SAME_KIND);
		assert_refused(
			(struct nic_insn){
				.op = NIC_OP_MUL_START, .left = pairs[i][0], .right = pairs[i][1] },
			SAME_KIND);
	}
	/* ld_field reads its destination */
	assert_refused(
		(struct nic_insn){ .op = NIC_OP_LD_FIELD, .dst = A(1), .right = A(2) }, SAME_KIND);
}

static void
unrestricted_operands_have_their_limits(void **state)
{
	struct nic_insn insn = { .op = NIC_OP_B, .dst = A(0) };

	(void)state;
	insn.right = nic_imm(255);
	encoded(insn);
	insn.right = nic_imm(256);
	assert_refused(insn, "immediate too large");
	insn.right = nic_lm(3, 15);
	encoded(insn);
	insn.right = nic_lm(3, 16);
	assert_refused(insn, "LM offset too large");
	insn.right = nic_lm(4, 0);
	assert_refused(insn, "there are local-memory pointers 0 to 3");
	insn.right = (struct nic_reg){ .kind = NIC_LM, .num = 0, .off = 1, .post = NIC_POST_INC };
	assert_refused(insn, "LM offset in inc/dec mode");
	insn.right = A(32);
	assert_refused(insn, "there are GPRs 0 to 31");
	insn.right = nic_xfer(64);
	assert_refused(insn, "there are transfer registers 0 to 63");
	insn.right = A(1);
	insn.dst = nic_imm(0);
	assert_refused(insn, "an immediate cannot be the destination");
}

static void
restricted_operands_have_fewer(void **state)
{
	struct nic_insn insn = { .op = NIC_OP_SHF_B, .dst = A(0) };

	(void)state;
	insn.right = nic_imm(255); /* the 8th bit is elsewhere in the word */
	assert_int_equal(nic_field_get(NIC_FORM_ALU_SHF, NIC_F_I8, encoded(insn)), 1);
	insn.right = nic_imm(256);
	assert_refused(insn, "immediate too large");
	insn.right = nic_lm(1, 8);
	assert_refused(insn, "LM offset too large");
	insn.right = (struct nic_reg){ .kind = NIC_LM, .num = 0, .post = NIC_POST_INC };
	assert_refused(insn, "bad LM mode for restricted operands");
	insn.right = (struct nic_reg){ .kind = NIC_NN, .num = 1 };
	assert_refused(insn, "NNRs used with restricted encoding");
	insn.right = nic_gpr(NIC_ABS_B, 1);
	assert_refused(insn, "absolute GPRs used with restricted encoding");
}

static struct nic_insn
command(struct nic_reg left, struct nic_reg right)
{
	return (struct nic_insn){ .op = NIC_OP_CMD_32,
		.left = left,
		.right = right,
		.tgt = 0x5c,
		.token = 2,
		.ctx = NIC_CTX_NO_SWAP };
}

static void
commands_swap_nothing_and_have_7_bit_immediates(void **state)
{
	(void)state;
	encoded(command(A(1), nic_imm(127)));
	assert_refused(command(A(1), nic_imm(128)), "immediate too large");
	assert_refused(command(B(1), nic_imm(1)), "a GPR of bank A can only be the first of the "
						  "two operands, one of bank B only the second");
	assert_refused(command(nic_imm(1), A(1)), "a GPR of bank A can only be the first of the "
						  "two operands, one of bank B only the second");
	assert_refused(command(nic_lm(2, 0), nic_imm(1)),
		"local-memory pointers 2 and 3 cannot be used here");
}

static void
only_commands_that_exist_are_made(void **state)
{
	struct nic_insn insn = command(A(1), B(1));

	(void)state;
	insn.tgt = 0x5e; /* meter, and that only with token 2 */
	encoded(insn);
	insn.token = 0;
	assert_refused(insn, "no such command");
	insn.tgt = 0x80;
	assert_refused(insn, "field tgt does not fit");
}

static void
more_deferred_instructions_than_slots_are_refused(void **state)
{
	static const struct {
		enum nic_op op;
		uint32_t max;
	} ops[] = { { NIC_OP_BR, 2 }, { NIC_OP_BEQ, 3 }, { NIC_OP_CTX_ARB_KILL, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		encoded((struct nic_insn){ .op = ops[i].op, .defer = ops[i].max });
		assert_refused((struct nic_insn){ .op = ops[i].op, .defer = ops[i].max + 1 },
			ops[i].max == 3 ? "field defer does not fit"
					: "more deferred instructions than it has slots");
	}
}

static void
branches_reach_the_whole_shared_store(void **state)
{
	(void)state;
	assert_int_equal(
		encoded((struct nic_insn){ .op = NIC_OP_BR, .addr = 15000 }), 0x01dea6008038);
	encoded((struct nic_insn){ .op = NIC_OP_BR, .addr = 0x3fff });
	assert_refused(
		(struct nic_insn){ .op = NIC_OP_BR, .addr = 0x4000 }, "field addr does not fit");
}

static void
a_bit_is_stored_one_higher(void **state)
{
	uint64_t word = encoded((struct nic_insn){ .op = NIC_OP_BR_BSET, .left = B(3), .bit = 31 });

	(void)state;
	assert_int_equal(nic_field_get(NIC_FORM_BR_BIT, NIC_F_A, word), 0x20 + ((32 & 0x60) << 1));
	assert_int_equal(nic_field_get(NIC_FORM_BR_BIT, NIC_F_B, word), 3);
	assert_refused((struct nic_insn){ .op = NIC_OP_BR_BSET, .left = B(3), .bit = 32 },
		"there are bits 0 to 31");
}

static void
shifts_to_the_left_store_the_rest_of_the_word(void **state)
{
	struct nic_insn insn = {
		.op = NIC_OP_SHF_B, .dst = A(0), .right = B(0), .sc = NIC_SC_LEFT, .shift = 8
	};

	(void)state;
	assert_int_equal(nic_field_get(NIC_FORM_ALU_SHF, NIC_F_SHIFT, encoded(insn)), 24);
	insn.shift = 0; /* by PREV_ALU */
	assert_int_equal(nic_field_get(NIC_FORM_ALU_SHF, NIC_F_SHIFT, encoded(insn)), 0);
	insn.shift = 32;
	assert_refused(insn, "field shift does not fit");
	insn.shift = 1;
	insn.sc = NIC_SC_DOUBLE; /* that is dbl_shf */
	assert_refused(insn, "a field holds what makes it no instruction, or another");
}

static void
what_an_instruction_does_not_have_is_refused(void **state)
{
	(void)state;
	assert_refused((struct nic_insn){ .op = NIC_OP_BR, .left = A(0) },
		"this instruction has no left operand");
	assert_refused((struct nic_insn){ .op = NIC_OP_ADD, .dst = A(0), .right = A(0) },
		"the left operand is missing");
	assert_refused((struct nic_insn){ .op = NIC_OP_RTN, .left = A(0), .imm = 1 },
		"a field is given that this instruction does not have");
	assert_refused(
		(struct nic_insn){ .op = NIC_OP_ADD, .left = A(0), .right = B(0), .defer = 1 },
		"a field is given that this instruction does not have");
	assert_refused((struct nic_insn){ .op = NIC_OP_POP_COUNT1, .dst = A(0), .right = B(0) },
		"this instruction has no destination");
	assert_refused((struct nic_insn){ .op = NIC_OP_LD_FIELD, .right = B(0) },
		"the destination must be a register");
	assert_refused((struct nic_insn){ .op = NIC_OP_CNT }, "no such instruction");
}

static void
illegal_words_are_refused_with_a_reason(void **state)
{
	static const struct {
		uint64_t word;
		const char *reason;
	} words[] = {
		{ 0x00a100000000, "no such instruction" },	   /* ALU operation 2 */
		{ 0x00f810000000, "no such instruction" },	   /* MUL with bits set */
		{ 0x00f010000300, "bits that must be 0 are set" }, /* IMMED bit 28 */
		/* a code between those of GPRs and absolute GPRs */
		{ 0x00a000008000 | 0x300 << 20, "an operand field holds a code of no operand" },
		{ 0x002000000000, "no such command" },
		{ 0x00d800308038, "more deferred instructions than it has slots" },
		{ 0x00a080000000 | 0x300 << 20 | 0x300 << 10 | 0x300, SAME_KIND },
	};
	struct nic_insn insn;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *reason = nic_decode(words[i].word, &insn);

		assert_non_null(reason);
		assert_string_equal(reason, words[i].reason);
	}
}

static void
the_ecc_of_a_word_is_the_hardwares(void **state)
{
	(void)state;
	assert_int_equal(nic_ecc(NIC_NOP), 0);
	assert_int_equal(nic_ecc_add(0x00f003f05bff), 0x000f20f003f05bff);
	assert_true(nic_ecc_is_right(0x000f20f003f05bff));
	assert_false(nic_ecc_is_right(0x000f20f003f05bfe));
	assert_false(nic_ecc_is_right(0x00f003f05bff));
	/* whatever was above the instruction is not in it */
	assert_int_equal(nic_ecc_add(UINT64_C(0x08ff00f003f05bff)), 0x000f20f003f05bff);
	for (unsigned int bit = 0; bit < NIC_INSN_BITS; bit++)
		assert_int_not_equal(nic_ecc(UINT64_C(1) << bit), 0);
}

static void
relocation_types_are_in_the_top_byte(void **state)
{
	uint64_t word = nic_reloc_set(NIC_NOP, NIC_RELOC_BR_HELPER);

	(void)state;
	assert_int_equal(word, UINT64_C(0x070000f0000c0300));
	assert_int_equal(nic_reloc_get(word), NIC_RELOC_BR_HELPER);
	assert_int_equal(nic_reloc_set(word, NIC_RELOC_NONE), NIC_NOP);
	assert_int_equal(nic_reloc_get(UINT64_C(0x09) << 56), NIC_RELOC_CNT);
	assert_string_equal(nic_reloc_name(NIC_RELOC_IMMED_REL), "immed");
	assert_null(nic_reloc_name(NIC_RELOC_CNT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands_go_where_their_banks_are),
		cmocka_unit_test(a_missing_operand_is_0_and_a_missing_destination_is_an_immediate),
		cmocka_unit_test(destinations_say_their_bank),
		cmocka_unit_test(pointers_2_and_3_set_the_extension_bits),
		cmocka_unit_test(two_sources_of_one_kind_are_refused),
		cmocka_unit_test(unrestricted_operands_have_their_limits),
		cmocka_unit_test(restricted_operands_have_fewer),
		cmocka_unit_test(commands_swap_nothing_and_have_7_bit_immediates),
		cmocka_unit_test(only_commands_that_exist_are_made),
		cmocka_unit_test(more_deferred_instructions_than_slots_are_refused),
		cmocka_unit_test(branches_reach_the_whole_shared_store),
		cmocka_unit_test(a_bit_is_stored_one_higher),
		cmocka_unit_test(shifts_to_the_left_store_the_rest_of_the_word),
		cmocka_unit_test(what_an_instruction_does_not_have_is_refused),
		cmocka_unit_test(illegal_words_are_refused_with_a_reason),
		cmocka_unit_test(the_ecc_of_a_word_is_the_hardwares),
		cmocka_unit_test(relocation_types_are_in_the_top_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
