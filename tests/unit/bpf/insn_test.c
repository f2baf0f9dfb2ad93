/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction table proves itself; the checks of whole programs say their sentences. */
#include "bpf/xb.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <string.h>

/* An instruction of a row: operands filled with what is allowed, constants as the row says. */
static struct bpf_insn
example(const struct xb_op_info *info)
{
	struct bpf_insn insn = { .code = info->code };

	insn.dst_reg = info->dst.kind == XB_ZERO ? 0 : 3;
	insn.src_reg = (uint8_t)((info->src.kind == XB_IS	     ? info->src.is
					 : info->src.kind == XB_ZERO ? 0
								     : 4) &
				 15);
	insn.off = (int16_t)(info->off.kind == XB_IS	? info->off.is
			     : info->off.kind == XB_ANY ? -8
							: 0);
	insn.imm = info->imm.kind == XB_IS    ? info->imm.is
		   : info->imm.kind == XB_ANY ? 0x12345678
					      : 0;
	return insn;
}

static void
every_row_decodes_to_itself(void **state)
{
	(void)state;
	for (int i = 0; i < XB_OP_CNT; i++) {
		struct bpf_insn insn[2] = { example(xb_op_info((enum xb_op)i)) };
		enum xb_op op = XB_OP_CNT;

		assert_null(xb_insn_decode(insn, 2, &op));
		assert_int_equal(op, i);
	}
}

static bool
field_matches(const struct xb_field_rule *rule, int32_t value, bool is_register)
{
	switch (rule->kind) {
	case XB_ZERO: return value == 0;
	case XB_IS: return value == rule->is;
	case XB_REG: return value <= 10;
	case XB_WREG: return value <= 9;
	default: return !is_register || value <= 15;
	}
}

/* A second, slow statement of what decode does: how many rows does this instruction fit? */
static int
rows_that_fit(const struct bpf_insn *insn)
{
	int n = 0;

	for (int i = 0; i < XB_OP_CNT; i++) {
		const struct xb_op_info *info = xb_op_info((enum xb_op)i);

		n += info->code == insn->code && field_matches(&info->dst, insn->dst_reg, true) &&
		     field_matches(&info->src, insn->src_reg, true) &&
		     field_matches(&info->off, insn->off, false) &&
		     field_matches(&info->imm, insn->imm, false);
	}
	return n;
}

/* Both statements of "what is an instruction" agree on this one; is it one? */
static int
is_one(struct bpf_insn insn)
{
	struct bpf_insn two[2] = { insn };
	enum xb_op op;
	int rows = rows_that_fit(&insn);

	assert_true(rows <= 1);
	assert_int_equal(xb_insn_decode(two, 2, &op) == NULL, rows);
	return rows;
}

static void
no_word_is_two_instructions(void **state)
{
	static const uint8_t dsts[] = { 0, 3, 10, 11 };
	static const int16_t offs[] = { 0, 1, 2, 8, 16, 32, -1 };
	static const int32_t imms[] = { 0, 1, 16, 32, 64, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe0,
		0xe1, 0xf0, 0xf1, -1 };
	int n = 0;

	(void)state;
	for (unsigned int i = 0; i < 256 * 16 * 4; i++)
		for (size_t o = 0; o < sizeof(offs) / sizeof(offs[0]); o++)
			for (size_t m = 0; m < sizeof(imms) / sizeof(imms[0]); m++)
				n += is_one((struct bpf_insn){ .code = (uint8_t)(i >> 6),
					.dst_reg = dsts[i & 3] & 15u,
					.src_reg = (i >> 2) & 15u,
					.off = offs[o],
					.imm = imms[m] });
	assert_true(n > 1000);
}

static void
every_row_has_a_text_of_its_own(void **state)
{
	char seen[XB_OP_CNT][96];

	(void)state;
	for (int i = 0; i < XB_OP_CNT; i++) {
		const struct xb_op_info *info = xb_op_info((enum xb_op)i);
		struct bpf_insn insn[2] = { example(info), { .imm = 1 } };

		assert_int_equal(
			xb_insn_format(insn, 2, seen[i], sizeof(seen[i])), info->wide ? 2 : 1);
		assert_null(strstr(seen[i], "dst 3 src"));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
}

static void
a_short_buffer_is_never_overrun(void **state)
{
	const struct bpf_insn insn = { .code = BPF_STX | BPF_MEM | BPF_DW, .off = -8 };
	char buf[8] = "zzzzzzz";

	(void)state;
	xb_insn_format(&insn, 1, buf, 6);
	assert_string_equal(buf, "*(u64");
	assert_int_equal(buf[6], 'z');
}

/* ---- whole programs ---- */

#define EXIT                                                                                       \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}
#define MOV0                                                                                       \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | BPF_K                                                \
	}

static void
expect(const struct bpf_insn *insns, uint32_t cnt, const char *sentence)
{
	struct xb_log log = { 0 };
	int err = xb_insns_check(insns, cnt, &log);

	assert_string_equal(xb_log_text(&log), sentence);
	assert_int_equal(err, sentence[0] ? -EINVAL : 0);
	xb_log_free(&log);
}

#define EXPECT(sentence, ...)                                                                      \
	do {                                                                                       \
		static const struct bpf_insn insns[] = { __VA_ARGS__ };                            \
		expect(insns, sizeof(insns) / sizeof(insns[0]), sentence);                         \
	} while (0)

static void
programs_are_refused_with_a_sentence(void **state)
{
	(void)state;
	EXPECT("", MOV0, EXIT);
	expect(NULL, 0, "the program is empty\n");
	EXPECT("insn 0: r0 = 0: control falls off the end of the program\n", MOV0);
	EXPECT("insn 0: goto pc+1: jump out of the program\n",
		{ .code = BPF_JMP | BPF_JA, .off = 1 }, EXIT);
	EXPECT("insn 0: goto pc-2: jump out of the program\n",
		{ .code = BPF_JMP | BPF_JA, .off = -2 }, EXIT);
	EXPECT("insn 0: goto pc+1: jump into the middle of an instruction\n",
		{ .code = BPF_JMP | BPF_JA, .off = 1 }, { .code = BPF_LD | BPF_IMM | BPF_DW },
		{ 0 }, EXIT);
	EXPECT("insn 0: call pc+5: jump out of the program\n",
		{ .code = BPF_JMP | BPF_CALL, .src_reg = 1, .imm = 5 }, EXIT);
	EXPECT("insn 0: (18) dst 0 src 0 off 0 imm 0: 64-bit immediate without its second half\n",
		{ .code = BPF_LD | BPF_IMM | BPF_DW });
	EXPECT("insn 0: (b7) dst 10 src 0 off 0 imm 0: frame pointer r10 is read only\n",
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 10 }, EXIT);
	EXPECT("insn 0: (b7) dst 0 src 0 off 3 imm 0: reserved offset field is not zero\n",
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .off = 3 }, EXIT);
	EXPECT("insn 0: (bf) dst 0 src 11 off 0 imm 0: there are only registers r0 to r10\n",
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .src_reg = 11 }, EXIT);
	EXPECT("insn 0: (95) dst 0 src 0 off 0 imm 1: reserved immediate field is not zero\n",
		{ .code = BPF_JMP | BPF_EXIT, .imm = 1 });
	EXPECT("insn 0: (ff) dst 0 src 0 off 0 imm 0: unknown opcode\n", { .code = 0xff }, EXIT);
	EXPECT("insn 0: (db) dst 0 src 0 off 0 imm 7: unknown operation in the source register, "
	       "offset or immediate field\n",
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .imm = 7 }, EXIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_decodes_to_itself),
		cmocka_unit_test(no_word_is_two_instructions),
		cmocka_unit_test(every_row_has_a_text_of_its_own),
		cmocka_unit_test(a_short_buffer_is_never_overrun),
		cmocka_unit_test(programs_are_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
