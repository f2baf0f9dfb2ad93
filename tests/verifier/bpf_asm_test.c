/* SPDX-License-Identifier: BSD-2-Clause */
/* The assembler of the verifier's cases against our disassembler, over the whole table. */
#include "tests/verifier/bpf_asm.h"

#include "bpf/xb.h"
#include "tests/_cmocka.h"

#include <string.h>

#define OPERANDS 50 /* random operands a row */

static uint32_t
roll(void)
{
	static uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32);
}

static int32_t
roll_field(const struct xb_field_rule *rule, uint32_t bits)
{
	switch (rule->kind) {
	case XB_ANY: return (int32_t)(roll() << (32 - bits)) >> (32 - bits);
	case XB_IS: return rule->is;
	case XB_REG: return (int32_t)(roll() % 11);
	case XB_WREG: return (int32_t)(roll() % 10);
	default: return 0;
	}
}

static void
roll_insn(const struct xb_op_info *info, struct bpf_insn insn[2])
{
	insn[0] = (struct bpf_insn){
		.code = info->code,
		.dst_reg = (uint32_t)roll_field(&info->dst, 32) & 15u,
		.src_reg = (uint32_t)roll_field(&info->src, 32) & 15u,
		.off = (int16_t)roll_field(&info->off, 16),
		.imm = roll_field(&info->imm, 32),
	};
	if (info->off.kind == XB_ANY && !strstr(info->text, "%o"))
		insn[0].off = 0; /* a listing does not show it */
	insn[1] = (struct bpf_insn){ 0 };
	if (strstr(info->text, "%n") || strstr(info->text, "%I"))
		insn[1].imm = (int32_t)roll();
}

static void
every_instruction_printed_is_read_back_the_same(void **state)
{
	(void)state;
	for (int i = 0; i < XB_OP_CNT * OPERANDS; i++) {
		const struct xb_op_info *info = xb_op_info((enum xb_op)(i / OPERANDS));
		struct bpf_insn insn[2], back[2];
		unsigned int slots;
		char text[96], listed[128], err[128];

		roll_insn(info, insn);
		slots = xb_insn_format(insn, 2, text, sizeof(text));
		snprintf(listed, sizeof(listed), "%d: (%02x) %s", i, info->code, text);
		for (int with_prefix = 0; with_prefix < 2; with_prefix++) {
			memset(back, 0, sizeof(back));
			if (asm_parse(with_prefix ? listed : text, back, 2, err, sizeof(err)) !=
				(int)slots)
				fail_msg("%s: '%s': %s", info->name, text, err);
			if (memcmp(insn, back, slots * sizeof(*insn)))
				fail_msg("%s: '%s' is read as something else", info->name, text);
		}
	}
}

static void
bytes_that_are_no_instruction_are_read_back_the_same(void **state)
{
	const struct bpf_insn insn = {
		.code = 0xff, .dst_reg = 3, .src_reg = 12, .off = -7, .imm = 99
	};
	struct bpf_insn back;
	char text[96], err[128];

	(void)state;
	assert_int_equal(1, xb_insn_format(&insn, 1, text, sizeof(text)));
	assert_int_equal(1, asm_parse(text, &back, 1, err, sizeof(err)));
	assert_memory_equal(&insn, &back, sizeof(insn));
}

static void
labels_give_the_distance_from_the_next_slot(void **state)
{
	struct bpf_insn insns[8];
	char err[128];

	(void)state;
	assert_int_equal(7, asm_parse("again:\n"
				      "r1 = 0x100000000\n"
				      "if r1 == 0x0 goto pc@out\n"
				      "call pc@out\n"
				      "if w1 != 0x1 goto pc@again ; a loop\n"
				      "# comment\n"
				      "r0 = 0\n"
				      "out:\n"
				      "exit\n",
				    insns, 8, err, sizeof(err)));
	assert_int_equal(3, insns[2].off);
	assert_int_equal(2, insns[3].imm);
	assert_int_equal(-5, insns[4].off);
}

static void
what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "r0 = 0\nr0 = q\n", "line 2: no instruction is written 'r0 = q'" },
		{ "goto pc@nowhere\n", "line 1: there is no label 'nowhere'" },
		{ "(95) r0 = 0\n", "line 1: no instruction is written 'r0 = 0'" },
		{ "r1 = -r2\n", "line 1: no instruction is written 'r1 = -r2'" },
		{ "r1 = 2147483648\n", "line 1: no instruction is written 'r1 = 2147483648'" },
		{ "exit\nexit\nexit\n", "line 3: more than 2 instructions" },
	};
	struct bpf_insn insns[2];
	char err[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(-1, asm_parse(cases[i].text, insns, 2, err, sizeof(err)));
		assert_string_equal(cases[i].reason, err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instruction_printed_is_read_back_the_same),
		cmocka_unit_test(bytes_that_are_no_instruction_are_read_back_the_same),
		cmocka_unit_test(labels_give_the_distance_from_the_next_slot),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
