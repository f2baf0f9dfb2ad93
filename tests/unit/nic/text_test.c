/* SPDX-License-Identifier: BSD-2-Clause */
/* The notation: each kind of text there and back, errors with their place, files. */
#include "nic/nic.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Texts the JIT never makes; those it does are in golden_test.c. */
static void
what_no_jit_emits_reads_and_prints(void **state)
{
	static const char *const texts[] = {
		"alu[@gprA_100, *$index++, B-A, @gprB_127]",
		"alu[*n$index++, n$reg_31, +8, gprB_1], no_cc, predicate_cc",
		"alu[*l$index3--, --, ~B, *l$index0++], no_cc",
		"pop_count1[gprA_3]",
		"pop_count3[gprB_4, *l$index2[3]], gpr_wrboth",
		"ffs[gprA_1, $xfer_40]",
		"cam_clear",
		"cam_lookup[gprA_1, gprB_2], lm_addr3[2]",
		"cam_lookup[gprA_1, gprB_2]",
		"cam_write[gprB_1, gprA_2, 15]",
		"cam_write_state[*l$index0, 0]",
		"cam_read_tag[gprA_0, 0x7]",
		"cam_read_state[gprA_0, gprB_7]",
		"crc_be[crc_iscsi, gprA_1, gprB_2], bytes_0_2, bit_swap",
		"crc_le[--, --, $xfer_1]",
		"alu_shf[gprA_0, 0xff, ~AND, gprB_2, >>rot31]",
		"alu_shf[--, gprA_1, AND~, gprB_2, <<indirect]",
		"asr[gprA_0, gprB_2, >>indirect]",
		"dbl_shf[gprA_0, gprA_1, gprB_2, >>indirect]",
		"byte_align_le[gprA_0, gprA_1]",
		"byte_align_be[$xfer_3, gprB_1], enc[wr_both=0x1]",
		"ld_field_w_clr[gprA_0, 0110, gprB_2, >>dbl4], load_cc",
		"immed_b3[gprA_1, 0xff], gpr_wrboth",
		"immed_w0[$xfer_1, 0xffff]",
		"immed[--, 0xffff00ff, <<16]",
		"mul_step[gprA_1, gprB_2], 24x8_step1, no_cc",
		"mul_step[*l$index3[2], --], 24x8_last2",
		"local_csr_rd[0x7fc]",
		"local_csr_wr[Mailbox3, $xfer_2]",
		"br=ctx[3, .16383], defer[3]",
		"br_!signal[15, .0]",
		"br_inp_state[ctm_ring13_status, .7]",
		"br_!cls_state[cls_ring9_status, .7], defer[1]",
		"br!=byte[$xfer_1, 3, 0xfe, .9]",
		"jump[gprB_3, .131071], defer[2]",
		"jump[gprA_3, .1]",
		"ctx_arb[bpt]",
		"ctx_arb[voluntary], br[.77], defer[2]",
		"ctx_arb[kill]",
		"ctx_arb[--], any",
		"ctx_arb[sig1, sig15], any, br[.1]",
		"mem[emem.lookup/imem.lookup, $xfer_63, 0x1, <<8, gprB_1, 8], indirect_ref",
		"mem[read_le, $xfer_0, gprA_1, 0x0, 1], sig_done[sig3]",
		"mem[ctm.packet_free/emem.read_queue/imem.lb_write_desc, $xfer_0, gprA_1, 0x0, 1]",
		"mem[cam128_lookup32/cam384_lookup32, 0x7f, gprB_1, <<8, gprA_2, 4]",
		"cls[test_addsat_imm, $xfer_1, 0xffff, 3], ctx_swap[--]",
		"ct[xpb_write, 0x1234, 0x3fff], ctx_swap[--], defer[2]",
		"nbi[packet_ready_drop, 0x3fffff, --, 8], sig_done[sig15]",
		"mem[read32_swap, $xfer_0, 0x1, <<8, $xfer_1, 1], enc[a=0x81, b=0x21, mode=0x1]",
		".word 0x1fffffffffff",
	};
	struct nic_asm_error error;
	char text[NIC_TEXT_MAX];
	uint64_t word;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (nic_parse(texts[i], &word, &error))
			fail_msg("%s\n%u: %s", texts[i], error.column, error.text);
		nic_format(word, text);
		assert_string_equal(text, texts[i]);
	}
}

static void
blanks_comments_and_listings_are_read_over(void **state)
{
	static const char *const texts[] = {
		"br[.5],defer[1]",
		"  br[.5], defer[1]  ; to the end",
		"\tbr[ .5 ] , defer[1]\n",
		"  28:\t.5  br[.5], defer[1]",
		"28: br[.5], defer[1]\r\n",
		"br[.0x5], defer[1]",
	};
	struct nic_asm_error error;
	uint64_t word, want;

	(void)state;
	assert_int_equal(nic_parse("br[.5], defer[1]", &want, &error), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (nic_parse(texts[i], &word, &error))
			fail_msg("%s: %u: %s", texts[i], error.column, error.text);
		assert_int_equal(word, want);
	}
}

static void
errors_say_where_and_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		uint32_t column;
		const char *error;
	} cases[] = {
		{ "", 1, "no such instruction" },
		{ "frobnicate[gprA_0]", 1, "no such instruction" },
		{ "  add[gprA_0]", 3, "no such instruction" },
		{ "alu[gprC_0, --, B, 0x1]", 5, "expected `--` or a register" },
		{ "alu[gprA_32, --, B, 0x1]", 10, "expected GPR number 0 to 31" },
		{ "alu[gprA_0, --, Z, 0x1]", 17, "expected `B` or `~B`" },
		{ "alu[gprA_0, --, B, 0x100]", 20, "expected a number up to 0xff" },
		{ "alu[gprA_0, gprA_1, +, gprA_2]", 1,
			"both sources are of the same kind: one may come from each bank" },
		{ "alu[gprA_0, gprA_1, +, gprB_2", 30, "expected `]`" },
		{ "alu[gprA_0, gprA_1, +, gprB_2], now", 33,
			"expected no_cc, gpr_wrboth or predicate_cc" },
		{ "nop nop", 5, "expected the end of the instruction" },
		{ "br[152]", 4, "expected a target .0 to .16383" },
		{ "br[.16384]", 5, "expected a target .0 to .16383" },
		{ "br[.1], defer[3]", 15, "expected 0 to 2 instructions" },
		{ "asr[gprA_1, gprB_1, <<3]", 21, "expected `>>`" },
		{ "asr[gprA_1, gprB_1, >>0]", 23, "expected `indirect` or a shift of 1 to 31" },
		{ "immed[gprA_0, 0x12345678]", 15,
			"expected a number up to 0xffff, or from 0xffff0000" },
		{ "ld_field[gprA_0, 0120, gprB_0]", 20, "expected a byte mask of four 0 or 1" },
		{ "mem[read33, $xfer_0, gprA_0, 0x0, 1]", 5,
			"expected a command of this target (docs/isa.md)" },
		{ "mem[read32, $xfer_64, gprA_0, 0x0, 1]", 19,
			"expected a transfer register up to $xfer_63" },
		{ "mem[read32, $xfer_0, gprA_0, 0x0, 9]", 35, "expected a count of 1 to 8" },
		{ "mem[add, $xfer_0, gprA_0, 0x0, 5]", 1, "with this count it is another command" },
		{ "mem[read32, $xfer_0, gprB_0, 0x0, 1]", 1,
			"a GPR of bank A can only be the first of the two operands, one of bank B "
			"only the second" },
		{ "mem[read32, $xfer_0, gprA_0, 0x0, 1], ctx_swap[sig0]", 48,
			"expected `--` or a signal 1 to 15" },
		{ "local_csr_rd[ActLMAddr7]", 14,
			"expected a local CSR (ActLMAddr0, ...) or its address" },
		{ "local_csr_rd[0x65]", 14, "expected an address that is a multiple of 4" },
		{ "nop, enc[speed=0x1]", 10,
			"expected a field of this form (docs/isa.md) and its value" },
		{ "nop, enc[a=0x400]", 12, "expected a number that fits the field" },
		{ ".word 0x200000000000", 7, "expected a word of 45 bits in hex" },
		{ ".word 0x1 nop", 11, "expected the end of the line" },
	};
	struct nic_asm_error error;
	uint64_t word;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!nic_parse(cases[i].text, &word, &error))
			fail_msg("%s was read", cases[i].text);
		if (error.column != cases[i].column || !strstr(error.text, cases[i].error))
			fail_msg("%s\n%u: %s\nnot %u: %s", cases[i].text, error.column, error.text,
				cases[i].column, cases[i].error);
		assert_int_equal(error.line, 1);
	}
}

/* ---- files ---- */

typedef int file_fn(FILE *, const char *, FILE *, char *, size_t);

/* What the call makes of the text; to be freed. */
static char *
run(file_fn *call, const char *text, int want, char *message, size_t size)
{
	char *out = NULL;
	size_t out_size = 0;
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	FILE *to = open_memstream(&out, &out_size);

	assert_non_null(in);
	assert_non_null(to);
	message[0] = '\0';
	assert_int_equal(call(in, "x.asm", to, message, size), want);
	fclose(in);
	fclose(to);
	return out;
}

/* reference/nfp-isa.md 16: the XDP program "r0 = 2; exit" as it is loaded */
static const char image[] =
	"000f20f003f05bff\n000700b441605a20\n000502f0000c0800\n000cc2f0000c0001\n"
	"000ae0db02008038\n000060d800608038\n000a00a0000c0000\n000800c10c048a00\n"
	"000460aab0000303\n000540db01408125\n000da0f002200b82\n000b60f444400b11\n"
	"000b0081d0100200\n000200aa300c0001\n000bc094002409ff\n000060d800608038\n"
	"000a00a0000c0000\n000100c10c000a00\n000000f0000c0300\n000000f0000c0300\n"
	"000000f0000c0300\n000000f0000c0300\n000000f0000c0300\n000000f0000c0300\n"
	"000000f0000c0300\n000000f0000c0300\n";

static const char listing[] = "   0:\t .0  immed[gprB_22, 0x3fff]\n"
			      "   8:\t .1  alu[gprB_22, gprB_22, AND, *l$index1]\n"
			      "  10:\t .2  immed[gprA_0, 0x2], gpr_wrboth\n"
			      "  18:\t .3  immed[gprA_1, 0x0], gpr_wrboth\n"
			      "  20:\t .4  br[.3080]\n"
			      "  28:\t .5  br[.1], defer[2]\n"
			      "  30:\t .6  alu[gprA_0, --, B, 0x0]\n"
			      "  38:\t .7  ld_field[gprA_0, 1100, 0x82, <<16]\n"
			      "  40:\t .8  alu[--, 0x3, -, gprB_0]\n"
			      "  48:\t .9  bcc[.3077]\n"
			      "  50:\t.10  immed[gprB_2, 0x2282]\n"
			      "  58:\t.11  immed_w1[gprB_2, 0x4411]\n"
			      "  60:\t.12  alu_shf[gprA_1, --, B, gprB_0, <<3]\n"
			      "  68:\t.13  alu[--, gprA_1, OR, 0x0]\n"
			      "  70:\t.14  alu_shf[gprB_2, 0xff, AND, gprB_2, >>indirect]\n"
			      "  78:\t.15  br[.1], defer[2]\n"
			      "  80:\t.16  alu[gprA_0, --, B, 0x0]\n"
			      "  88:\t.17  ld_field[gprA_0, 1100, gprB_2, <<16]\n"
			      "  90:\t.18  nop\n"
			      "  98:\t.19  nop\n"
			      "  a0:\t.20  nop\n"
			      "  a8:\t.21  nop\n"
			      "  b0:\t.22  nop\n"
			      "  b8:\t.23  nop\n"
			      "  c0:\t.24  nop\n"
			      "  c8:\t.25  nop\n";

static void
an_image_is_listed_and_assembled_again(void **state)
{
	char message[256];
	char *text = run(nic_disasm_file, image, 0, message, sizeof(message));
	char *words = run(nic_asm_file, listing, 0, message, sizeof(message));

	(void)state;
	assert_string_equal(text, listing);
	assert_string_equal(words, image);
	free(text);
	free(words);
}

/* A destination of ld_field and immed stands in one of the two operand fields, and is named by it
 * also when both banks are written: so binutils prints these words, and so listings of the driver's
 * 64-bit byte swap that people published read, whose source is in bank A. */
static void
a_register_of_both_banks_is_named_by_the_field_it_stands_in(void **state)
{
	static const char words[] = "02c089001806\n02c08f081c06\n02c105081c07\n02f200000fb3\n";
	static const char text[] =
		"   0:\t.0  ld_field[gprA_6, 1001, gprB_6, >>rot8], gpr_wrboth\n"
		"   8:\t.1  ld_field[gprB_7, 1111, gprA_6, >>rot8], gpr_wrboth\n"
		"  10:\t.2  ld_field[gprB_7, 0101, gprA_7, >>rot16], gpr_wrboth\n"
		"  18:\t.3  immed[gprB_3, 0xb3, <<8], gpr_wrboth\n";
	char message[256];
	char *now = run(nic_disasm_file, words, 0, message, sizeof(message));

	(void)state;
	assert_string_equal(now, text);
	free(now);
}

static void
listings_remark_on_what_the_text_leaves_out(void **state)
{
	char message[256];
	char *text = run(nic_disasm_file,
		"020001dea6008038\n; a comment\n\n0x000f20f003f05bfe\n f0000c0300 ; "
		"nop\n1fffffffffff",
		0, message, sizeof(message));

	(void)state;
	assert_string_equal(text, "   0:\t.0  br[.15000] ; reloc out\n"
				  "   8:\t.1  immed[gprB_22, 0x3ffe] ; ECC 0x79 should be 0x7e\n"
				  "  10:\t.2  nop\n"
				  "  18:\t.3  .word 0x1fffffffffff\n");
	free(text);
}

static void
a_malformed_file_gets_a_sentence_and_nothing_is_written(void **state)
{
	static const struct {
		file_fn *call;
		const char *text, *message;
	} cases[] = {
		{ nic_asm_file, "nop\n\n  br[5]\n", "x.asm:3:6: expected a target .0 to .16383" },
		{ nic_asm_file, "nop\nhalt\n", "x.asm:2:1: no such instruction" },
		{ nic_disasm_file, "f0000c0300\nnop\n",
			"x.asm:2:1: expected a word of up to 16 hexadecimal digits and nothing "
			"else" },
		{ nic_disasm_file, "00000000f0000c0300\n",
			"x.asm:1:1: expected a word of up to 16 hexadecimal digits and nothing "
			"else" },
		{ nic_disasm_file, "1 2\n",
			"x.asm:1:1: expected a word of up to 16 hexadecimal digits and nothing "
			"else" },
		{ nic_disasm_file, "ff0000f0000c0300\n",
			"x.asm:1:1: bits 63:56 are no relocation type (0 to 8)" },
		{ nic_disasm_file, "001000f0000c0300\n", "x.asm:1:1: bits 55:52 must be 0" },
	};
	char message[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *out = run(cases[i].call, cases[i].text, -EINVAL, message, sizeof(message));

		assert_string_equal(message, cases[i].message);
		assert_string_equal(out, "");
		free(out);
	}
}

static void
a_file_holds_no_more_than_the_code_store(void **state)
{
	const size_t len = (NIC_CODE_WORDS + 1) * 4;
	char *text = malloc(len + 1), *out;
	char message[256];

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i += 4)
		memcpy(text + i, "nop\n", 4);
	text[len] = '\0';
	out = run(nic_asm_file, text, -EINVAL, message, sizeof(message));
	assert_string_equal(message, "x.asm:8193:1: more words than the code store's 8192");
	free(out);
	text[len - 4] = '\0';
	out = run(nic_asm_file, text, 0, message, sizeof(message));
	assert_int_equal(strlen(out), NIC_CODE_WORDS * 17);
	free(out);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_jit_emits_reads_and_prints),
		cmocka_unit_test(blanks_comments_and_listings_are_read_over),
		cmocka_unit_test(errors_say_where_and_what_was_expected),
		cmocka_unit_test(an_image_is_listed_and_assembled_again),
		cmocka_unit_test(a_register_of_both_banks_is_named_by_the_field_it_stands_in),
		cmocka_unit_test(listings_remark_on_what_the_text_leaves_out),
		cmocka_unit_test(a_malformed_file_gets_a_sentence_and_nothing_is_written),
		cmocka_unit_test(a_file_holds_no_more_than_the_code_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
