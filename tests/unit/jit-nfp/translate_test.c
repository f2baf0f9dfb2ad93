/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver's listings do not show of the translation: limits, failures, branches over some
 * distance, constants at the edges. Programs are short and their facts filled in by hand. */
#include "jit-nfp/internal.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct jit_card card = { .insns_max = 2560, .start = 3072, .done = 1 };

#define INSN(code_, dst_, src_, off_, imm_)                                                        \
	(struct bpf_insn)                                                                          \
	{                                                                                          \
		.code = (code_), .dst_reg = (dst_), .src_reg = (src_), .off = (off_),              \
		.imm = (imm_)                                                                      \
	}
#define MOV(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define JA(off) INSN(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define CNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static struct jit_prog *
prog_new(const struct bpf_insn *insns, uint32_t cnt, const struct jit_card *on)
{
	const struct jit_input input = {
		.insns = insns, .insn_cnt = cnt, .type = BPF_PROG_TYPE_XDP, .card = on
	};
	struct jit_prog *prog = jit_prog_new(&input);

	assert_non_null(prog);
	prog->verified = true;
	return prog;
}

static void
translate(struct jit_prog *prog, struct jit_image *image)
{
	assert_int_equal(jit_translate(prog, image), 0);
}

/* Why it failed: the finding's sentence, and where. */
static void
check_finding(const struct jit_prog *prog, uint32_t index, int32_t insn, const char *message)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(prog, &cnt);

	assert_true(index < cnt);
	assert_string_equal(findings[index].message, message);
	assert_int_equal(findings[index].insn, insn);
}

static void
check_failure(struct jit_prog *prog, int32_t insn, const char *message)
{
	struct jit_image image;
	uint32_t cnt;

	assert_int_equal(jit_translate(prog, &image), -EINVAL);
	assert_null(image.words);
	assert_null(image.insns);
	jit_prog_findings(prog, &cnt);
	assert_true(cnt > 0);
	check_finding(prog, cnt - 1, insn, message);
}

static void
check_text(const struct jit_image *image, uint32_t index, const char *text)
{
	char now[NIC_TEXT_MAX];

	assert_true(index < image->cnt);
	nic_format(image->words[index], now);
	assert_string_equal(now, text);
}

/* ---- what can be translated ---- */

static void
opcodes_translated_are_those_of_the_driver(void **state)
{
	/* nfp-isa.md 10.1 */
	static const uint8_t codes[] = { 0x04, 0x05, 0x07, 0x0c, 0x0f, 0x14, 0x15, 0x16, 0x17, 0x18,
		0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2c, 0x2d, 0x2e, 0x2f,
		0x30, 0x34, 0x35, 0x36, 0x37, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x44, 0x45, 0x46, 0x47,
		0x48, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x54, 0x55, 0x56, 0x57, 0x5c, 0x5d, 0x5e, 0x5f,
		0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
		0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f,
		0x84, 0x85, 0x87, 0x95, 0xa4, 0xa5, 0xa6, 0xa7, 0xac, 0xad, 0xae, 0xaf, 0xb4, 0xb5,
		0xb6, 0xb7, 0xbc, 0xbd, 0xbe, 0xbf, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xcc, 0xcd, 0xce,
		0xcf, 0xd5, 0xd6, 0xdb, 0xdc, 0xdd, 0xde };

	(void)state;
	for (unsigned int code = 0; code <= UINT8_MAX; code++) {
		bool is_driver = memchr(codes, (int)code, sizeof(codes)) != NULL;

		if ((jit_emitter_of((uint8_t)code) != NULL) != is_driver)
			fail_msg("%#04x: the driver does %stranslate it", code,
				is_driver ? "" : "not ");
	}
}

static void
an_opcode_without_emitter_fails_there(void **state)
{
	const struct bpf_insn insns[] = { MOV(0, 2), INSN(BPF_ALU64 | BPF_MOD | BPF_K, 0, 0, 0, 3),
		EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);

	(void)state;
	check_failure(prog, 1, "Translation failed with error -2 (translated: 1)");
	jit_prog_free(prog);
}

static void
what_the_verifier_refused_is_not_translated(void **state)
{
	const struct bpf_insn insns[] = { MOV(0, 2), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;

	(void)state;
	prog->verified = false;
	assert_int_equal(jit_translate(prog, &image), -EINVAL);
	prog->verified = true;
	prog->hook_failed = true;
	assert_int_equal(jit_translate(prog, &image), -EINVAL);
	prog->hook_failed = false;
	translate(prog, &image);
	jit_image_free(&image);
	jit_prog_free(prog);
}

/* ---- the limit: 2 words of intro, 3 of `r0 = 2; exit`, 13 of outro, 8 of padding ---- */

#define PASS_WORDS 26u

static int
translate_with_limit(uint32_t limit, struct jit_prog **prog, struct jit_image *image)
{
	static const struct bpf_insn insns[] = { MOV(0, 2), EXIT };
	static struct jit_card small;

	small = card;
	small.insns_max = limit;
	*prog = prog_new(insns, CNT(insns), &small);
	return jit_translate(*prog, image);
}

static void
a_program_as_long_as_the_limit_fits(void **state)
{
	struct jit_image image;
	struct jit_prog *prog;

	(void)state;
	assert_int_equal(translate_with_limit(PASS_WORDS, &prog, &image), 0);
	assert_int_equal(image.cnt, PASS_WORDS);
	jit_image_free(&image);
	jit_prog_free(prog);
}

static void
one_word_more_than_the_limit_does_not(void **state)
{
	static const struct {
		uint32_t limit;
		int32_t insn; /* whose word did not fit */
		const char *reached, *failed;
	} rows[] = {
		{ PASS_WORDS - 1, -1, "instruction limit reached (25 NFP instructions)",
			"Translation failed with error -28 (translated: 2)" },
		{ 4, 1, "instruction limit reached (4 NFP instructions)",
			"Translation failed with error -28 (translated: 1)" },
		{ 3, 0, "instruction limit reached (3 NFP instructions)",
			"Translation failed with error -28 (translated: 0)" },
		{ 1, -1, "instruction limit reached (1 NFP instructions)",
			"Translation failed with error -28 (translated: 0)" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		struct jit_image image;
		struct jit_prog *prog;

		assert_int_equal(translate_with_limit(rows[i].limit, &prog, &image), -EINVAL);
		check_finding(prog, 0, rows[i].insn, rows[i].reached);
		check_finding(prog, 1, rows[i].insn, rows[i].failed);
		jit_prog_free(prog);
	}
}

static void
who_goes_on_hears_how_long_the_program_is(void **state)
{
	(void)state;
	for (uint32_t limit = 0; limit < PASS_WORDS; limit++) {
		const struct bpf_insn insns[] = { MOV(0, 2), EXIT };
		struct jit_card small = card;
		struct jit_prog *prog;
		struct jit_image image;
		uint64_t words[PASS_WORDS];
		uint32_t cnt;

		small.insns_max = limit;
		prog = prog_new(insns, CNT(insns), &small);
		prog->input.go_on = true;
		translate(prog, &image);
		assert_int_equal(image.cnt, PASS_WORDS);
		assert_true(image.is_refused);
		assert_false(image.is_stubbed);
		assert_int_equal(jit_image_load(&image, &card, words), -EINVAL);
		jit_prog_findings(prog, &cnt);
		assert_int_equal(cnt, 2); /* the limit, and that it failed: once */
		jit_image_free(&image);
		jit_prog_free(prog);
	}
}

static void
who_goes_on_gets_a_word_for_what_has_none(void **state)
{
	const struct bpf_insn insns[] = { MOV(0, 2), INSN(BPF_ALU64 | BPF_MOD | BPF_K, 0, 0, 0, 3),
		INSN(BPF_ALU64 | BPF_MOD | BPF_K, 0, 0, 0, 3), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;
	uint32_t cnt;

	(void)state;
	prog->input.go_on = true;
	translate(prog, &image);
	assert_int_equal(image.cnt, PASS_WORDS + 2);
	assert_true(image.is_refused && image.is_stubbed);
	jit_prog_findings(prog, &cnt);
	assert_int_equal(cnt, 1);
	check_finding(prog, 0, 1, "Translation failed with error -2 (translated: 1)");
	jit_image_free(&image);
	jit_prog_free(prog);
}

static void
the_first_slot_of_a_wide_constant_counts_as_translated(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_LD | BPF_IMM | BPF_DW, 0, 0, 0, 1),
		INSN(0, 0, 0, 0, 2), EXIT };
	struct jit_card small = card;
	struct jit_prog *prog;

	(void)state;
	small.insns_max = 3;
	prog = prog_new(insns, CNT(insns), &small);
	check_failure(prog, 0, "Translation failed with error -28 (translated: 1)");
	jit_prog_free(prog);
}

/* ---- branches ---- */

static void
branches_go_forward_and_backward(void **state)
{
	/* 0: 2 words at 2; 1: 1 at 4; 2: 2 at 5; 3: 3 at 7; 4: at 10 */
	const struct bpf_insn insns[] = { MOV(0, 2), JA(1), MOV(0, 1),
		INSN(BPF_JMP | BPF_JGT | BPF_K, 0, 0, -2, 7), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;

	(void)state;
	translate(prog, &image);
	check_text(&image, 4, "br[.7]");
	check_text(&image, 9, "bcc[.5]");
	assert_int_equal(image.insns[9], 3);
	assert_int_equal(image.insns[0], JIT_NO_INSN);
	assert_int_equal(image.insns[image.abort], JIT_NO_INSN);
	jit_image_free(&image);
	jit_prog_free(prog);
}

/* Its words are those of the instruction behind it. */
static void
a_branch_to_an_instruction_of_no_words_goes_behind_it(void **state)
{
	const struct bpf_insn insns[] = { MOV(0, 2), JA(1), MOV(0, 1),
		INSN(BPF_ALU64 | BPF_OR | BPF_K, 0, 0, 0, 0), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;

	(void)state;
	translate(prog, &image);
	check_text(&image, 4, "br[.7]");
	check_text(&image, 7, "br[.15000]");
	jit_image_free(&image);
	jit_prog_free(prog);
}

/* The pass removes r6 = r1 where a program begins with it; a loop may go there. */
static void
a_branch_to_a_removed_instruction_is_refused(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0), MOV(0, 2),
		INSN(BPF_JMP | BPF_JGT | BPF_K, 0, 0, -3, 7), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);

	(void)state;
	check_failure(prog, -1, "Translation failed with error -40 (translated: 4)");
	check_finding(prog, 0, 2, "Branch landing on removed instruction!!");
	jit_prog_free(prog);
}

static void
a_block_of_a_jump_that_does_not_end_in_a_branch_is_refused(void **state)
{
	const struct bpf_insn insns[] = { MOV(0, 2), JA(0), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);

	(void)state;
	prog->insns[1].words_after_br = 1; /* as if a call had reckoned wrongly */
	check_failure(prog, -1, "Translation failed with error -40 (translated: 3)");
	check_finding(prog, 0, 1, "Fixup found block not ending in branch 3 05 000002f0000c0001!!");
	jit_prog_free(prog);
}

/* ---- constants ---- */

static void
maps_are_their_numbers(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_IDX, 0,
						  1),
		INSN(0, 0, 0, 0, 0), MOV(0, 2), EXIT };
	struct jit_map first = { .number = 7 }, second = { .number = 0x1234 };
	struct jit_map *const maps[] = { &first, &second };
	const struct jit_input input = { insns, CNT(insns), BPF_PROG_TYPE_XDP, maps, CNT(maps),
		&card, false };
	struct jit_prog *prog = jit_prog_new(&input);
	struct jit_image image;

	(void)state;
	assert_non_null(prog);
	prog->verified = true;
	translate(prog, &image);
	check_text(&image, 2, "immed[gprA_2, 0x1234], gpr_wrboth");
	check_text(&image, 3, "immed[gprA_3, 0x0], gpr_wrboth");
	assert_int_equal(image.insns[3], 0);
	jit_image_free(&image);
	jit_prog_free(prog);
}

static void
a_map_that_is_not_given_is_refused(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_IDX, 0,
						  0),
		INSN(0, 0, 0, 0, 0), MOV(0, 2), EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;

	(void)state;
	assert_int_equal(jit_translate(prog, &image), -EINVAL);
	jit_prog_free(prog);
}

static void
a_deep_frame_is_an_operand_to_be_loaded(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0), MOV(0, 2),
		EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;

	(void)state;
	prog->subprogs[0].stack_bytes = 509; /* a multiple of 4 */
	translate(prog, &image);
	check_text(&image, 2, "immed[gprB_21, 0x200]");
	check_text(&image, 3, "alu[gprA_4, gprA_22, +, gprB_21], gpr_wrboth");
	jit_image_free(&image);
	jit_prog_free(prog);
}

/* The driver keeps 8 bits of an amount the verifier knows; of 64 or more there is no word. */
static void
constant_amounts_of_shifts_have_eight_bits(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_ALU64 | BPF_RSH | BPF_X, 3, 4, 0, 0), MOV(0, 2),
		EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;
	uint32_t cnt;

	(void)state;
	prog->insns[0].umin_src = prog->insns[0].umax_src = 256 + 33;
	translate(prog, &image);
	check_text(&image, 2, "alu_shf[gprA_6, --, B, gprB_7, >>1], gpr_wrboth");
	jit_image_free(&image);
	prog->insns[0].umin_src = prog->insns[0].umax_src = 64;
	check_failure(prog, 0, "Translation failed with error -14 (translated: 0)");
	jit_prog_findings(prog, &cnt);
	check_finding(prog, cnt - 2, 0, "field shift does not fit");
	assert_int_equal(jit_prog_findings(prog, &cnt)[cnt - 2].rule, JIT_RULE_NO_WORD);
	jit_prog_free(prog);
}

static void
an_amount_below_or_above_32_spares_the_test_of_it(void **state)
{
	static const struct {
		uint64_t min, max;
		uint32_t words;
	} rows[] = { { 0, 31, 5 }, { 0, 32, 10 }, { 31, 63, 10 }, { 32, 63, 3 } };
	const struct bpf_insn insns[] = { INSN(BPF_ALU64 | BPF_LSH | BPF_X, 3, 4, 0, 0), MOV(0, 2),
		EXIT };

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
		struct jit_image image;

		prog->insns[0].umin_src = rows[i].min;
		prog->insns[0].umax_src = rows[i].max;
		translate(prog, &image);
		assert_int_equal(prog->insns[1].first - prog->insns[0].first, rows[i].words);
		jit_image_free(&image);
		jit_prog_free(prog);
	}
}

/* ---- division ---- */

static void
reciprocals_are_those_of_the_driver(void **state)
{
	/* nfp-isa.md 10.4; bits: 32 less the shift before */
	static const struct {
		uint32_t divisor, bits, multiplier, shift;
		bool is_wide;
	} rows[] = {
		{ 3, 32, 0xaaaaaaab, 1, false },
		{ 5, 32, 0xcccccccd, 2, false },
		{ 6, 32, 0xaaaaaaab, 2, false },
		{ 7, 32, 0x24924925, 3, true },
		{ 9, 32, 0x38e38e39, 1, false },
		{ 10, 32, 0xcccccccd, 3, false },
		{ 11, 32, 0xba2e8ba3, 3, false },
		{ 13, 32, 0x4ec4ec4f, 2, false },
		{ 7, 31, 0x92492493, 2, false }, /* 14, shifted by 1 before */
		{ 15, 32, 0x88888889, 3, false },
		{ 100, 32, 0x51eb851f, 5, false },
		{ 1000, 32, 0x10624dd3, 6, false },
		{ 1500, 32, 0x057619f1, 5, false },
		{ 65535, 32, 0x80008001, 15, false },
		{ 641, 32, 0x00663d81, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		struct jit_reciprocal r = jit_reciprocal_of(rows[i].divisor, rows[i].bits);

		assert_int_equal(r.multiplier, rows[i].multiplier);
		assert_int_equal(r.shift, rows[i].shift);
		assert_int_equal(r.is_wide, rows[i].is_wide);
	}
}

static uint32_t
divide(struct jit_reciprocal r, uint32_t n)
{
	uint64_t multiplier = r.multiplier | (uint64_t)r.is_wide << 32;

	return (uint32_t)(((unsigned __int128)n * multiplier >> 32) >> r.shift);
}

static void
check_divisor(uint32_t divisor)
{
	struct jit_reciprocal r = jit_reciprocal_of(divisor, 32);

	/* where a quotient changes, and the ends */
	for (uint32_t k = 1; k <= 64; k++) {
		uint32_t n = UINT32_MAX / divisor / 64 * k * divisor;

		assert_int_equal(divide(r, n), n / divisor);
		assert_int_equal(divide(r, n - 1), (n - 1) / divisor);
	}
	assert_int_equal(divide(r, 0), 0);
	assert_int_equal(divide(r, UINT32_MAX), UINT32_MAX / divisor);
}

static void
a_reciprocal_divides(void **state)
{
	(void)state;
	for (uint32_t divisor = 1; divisor < 5000; divisor++)
		check_divisor(divisor);
	for (uint32_t log = 13; log < 32; log++) {
		check_divisor((UINT32_C(1) << log) - 1);
		check_divisor(UINT32_C(1) << log);
		if (log < 31)
			check_divisor((UINT32_C(1) << log) + 1);
	}
}

/* A constant that is no unsigned word of 32 bits. */
static void
a_divisor_above_all_dividends_gives_zero(void **state)
{
	const struct bpf_insn insns[] = { INSN(BPF_ALU64 | BPF_DIV | BPF_K, 3, 0, 0, -2), MOV(0, 2),
		EXIT };
	struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
	struct jit_image image;

	(void)state;
	translate(prog, &image);
	check_text(&image, 2, "immed[gprA_6, 0x0], gpr_wrboth");
	assert_int_equal(image.insns[3], 1);
	jit_image_free(&image);
	jit_prog_free(prog);
}

/* ---- multiplication: 4 words where both operands have 16 bits, else 7 ---- */

static void
a_product_is_short_when_both_operands_are(void **state)
{
	static const struct {
		uint64_t dst, src;
		uint32_t words;
	} rows[] = { { 0xffff, 0xffff, 4 }, { 0x10000, 0xffff, 7 }, { 0xffff, 0x10000, 7 } };
	const struct bpf_insn insns[] = { INSN(BPF_ALU64 | BPF_MUL | BPF_X, 3, 4, 0, 0), MOV(0, 2),
		EXIT };

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		struct jit_prog *prog = prog_new(insns, CNT(insns), &card);
		struct jit_image image;

		prog->insns[0].umax_dst = rows[i].dst;
		prog->insns[0].umax_src = rows[i].src;
		translate(prog, &image);
		assert_int_equal(prog->insns[1].first - prog->insns[0].first, rows[i].words);
		jit_image_free(&image);
		jit_prog_free(prog);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opcodes_translated_are_those_of_the_driver),
		cmocka_unit_test(an_opcode_without_emitter_fails_there),
		cmocka_unit_test(what_the_verifier_refused_is_not_translated),
		cmocka_unit_test(a_program_as_long_as_the_limit_fits),
		cmocka_unit_test(one_word_more_than_the_limit_does_not),
		cmocka_unit_test(who_goes_on_hears_how_long_the_program_is),
		cmocka_unit_test(who_goes_on_gets_a_word_for_what_has_none),
		cmocka_unit_test(the_first_slot_of_a_wide_constant_counts_as_translated),
		cmocka_unit_test(branches_go_forward_and_backward),
		cmocka_unit_test(a_branch_to_an_instruction_of_no_words_goes_behind_it),
		cmocka_unit_test(a_branch_to_a_removed_instruction_is_refused),
		cmocka_unit_test(a_block_of_a_jump_that_does_not_end_in_a_branch_is_refused),
		cmocka_unit_test(maps_are_their_numbers),
		cmocka_unit_test(a_map_that_is_not_given_is_refused),
		cmocka_unit_test(a_deep_frame_is_an_operand_to_be_loaded),
		cmocka_unit_test(constant_amounts_of_shifts_have_eight_bits),
		cmocka_unit_test(an_amount_below_or_above_32_spares_the_test_of_it),
		cmocka_unit_test(reciprocals_are_those_of_the_driver),
		cmocka_unit_test(a_reciprocal_divides),
		cmocka_unit_test(a_divisor_above_all_dividends_gives_zero),
		cmocka_unit_test(a_product_is_short_when_both_operands_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
